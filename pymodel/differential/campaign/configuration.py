"""What a campaign is: all that its results depend on. It is fixed when the campaign begins."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pymodel.differential.campaign.blocks import GUIDED, Job, Plain
from pymodel.differential.campaign.settings import WorkerSettings
from pymodel.differential.campaign.shards import Shard
from pymodel.differential.corpus.guided import Material, Parent, guided_works, shape_of
from pymodel.differential.errors import BadInput
from pymodel.differential.generation.workload import BLOCK_PROGRAM_COUNT, block_workload
from pymodel.differential.programs.codec import encode_program
from pymodel.differential.programs.text import print_program
from pymodel.differential.running.findings import write_atomically
from pymodel.differential.targets.capabilities import Description

FILE_NAME = "campaign.json"
FORMAT = "scavdiff campaign 1"
# Enough programs to notice a generator that makes others, few enough to draw at every start.
DIGESTED_PROGRAM_COUNT = 48


@dataclass(frozen=True, slots=True)
class Configuration:
    """`programs` is a digest of the first programs of the seed; `targets` are the targets' names and versions.

    Both are empty until they are known.
    """

    seed: int
    shard: Shard
    settings: WorkerSettings
    block_program_count: int = BLOCK_PROGRAM_COUNT
    programs: str = ""
    targets: tuple[tuple[str, str], ...] = ()

    def to_plain(self) -> Plain:
        """The configuration as JSON has it."""
        settings = self.settings.to_plain()
        # Where a campaign is does not matter to it.
        del settings["findings_folder"]
        return {
            "format": FORMAT,
            "seed": self.seed,
            "shard": str(self.shard),
            "settings": settings,
            "block_program_count": self.block_program_count,
            "programs": self.programs,
            "targets": [list(target) for target in self.targets],
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any], folder: Path) -> Configuration:
        """The configuration of the campaign in `folder`; raises BadInput."""
        if plain.get("format") != FORMAT:
            raise BadInput(f"{folder} is no campaign that this scavdiff can go on with: {FORMAT!r} was expected")
        try:
            return cls(
                int(plain["seed"]),
                Shard.parse(plain["shard"]),
                WorkerSettings.from_plain({**plain["settings"], "findings_folder": str(folder / "findings")}),
                int(plain["block_program_count"]),
                str(plain["programs"]),
                tuple((str(name), str(version)) for name, version in plain["targets"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput(f"{folder / FILE_NAME} is damaged: {type(error).__name__}: {error}") from error

    def differences(self, other: Configuration) -> Iterator[str]:
        """What differs in `other`, a sentence each; what is not known yet does not differ."""
        mine, others = (dict(_in_words(each)) for each in (self, other))
        for name, value in mine.items():
            if value and others[name] and value != others[name]:
                yield f"{name}: {value} before, {others[name]} now"


def _in_words(configuration: Configuration) -> Iterator[tuple[str, str]]:
    settings = configuration.settings
    yield "seed", str(configuration.seed)
    yield "shard", str(configuration.shard)
    yield "targets named", " ".join((*(["model"] if settings.model else []), *settings.specs))
    yield "parts ignored", ", ".join(settings.ignored) or "none"
    yield "seconds to start", f"{settings.start_seconds:g}"
    yield "seconds for a program", f"{settings.program_seconds:g}"
    yield "MiB of memory for a target", str(settings.memory_mib_max)
    yield "guided by a corpus", "yes" if settings.guided else "no"
    yield "programs in a block", str(configuration.block_program_count)
    yield "programs that the seed makes (digest)", configuration.programs
    yield "targets and their versions", ", ".join(f"{name} {version}" for name, version in configuration.targets)


def with_programs(configuration: Configuration) -> Configuration:
    """The configuration with the digest of the programs that its seed makes now, from a corpus too if it is guided."""
    digest = hashlib.sha256()
    works = list(itertools.islice(block_workload(configuration.seed, 0), DIGESTED_PROGRAM_COUNT))
    if configuration.settings.guided:
        parents = [Parent(print_program(work.program), shape_of(work.source)) for work in works[:8]]
        job = Job(configuration.seed, 0, source=GUIDED, material=Material({}, (), parents).to_texts())
        works += itertools.islice(guided_works(job), DIGESTED_PROGRAM_COUNT)
    for work in works:
        digest.update(encode_program(work.program, work.number, work.checkpoint_interval))
    return replace(configuration, programs=digest.hexdigest()[:16])


def with_targets(configuration: Configuration, descriptions: Mapping[str, Description]) -> Configuration:
    """The configuration with the targets as they describe themselves."""
    targets = tuple(
        (name, f"{description.version} ({description.go_version or 'no Go version'})")
        for name, description in descriptions.items()
    )
    return replace(configuration, targets=targets)


def refuse_if_changed(before: Configuration, now: Configuration, folder: Path) -> None:
    """Raises BadInput, which says what differs, where a campaign is to go on as another."""
    differences = list(before.differences(now))
    if differences:
        raise BadInput(
            f"the campaign in {folder} was begun with another configuration; {'; '.join(differences)}; "
            "go on without these flags, or begin another campaign in another folder"
        )


def write_configuration(folder: Path, configuration: Configuration) -> None:
    """Keeps the configuration in the campaign's folder."""
    write_atomically(folder / FILE_NAME, json.dumps(configuration.to_plain(), indent=2) + "\n")


def read_configuration(folder: Path) -> Configuration | None:
    """The configuration kept in the folder; None if there is none. Raises BadInput for one that cannot be read."""
    path = folder / FILE_NAME
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadInput(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise BadInput(f"{path} is damaged: {error}") from error
    if not isinstance(plain, dict):
        raise BadInput(f"{path} is damaged: an object was expected")
    return Configuration.from_plain(plain, folder)

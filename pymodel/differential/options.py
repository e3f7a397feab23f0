"""Flags that several commands share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import click

from pymodel.differential.comparison.strictness import SCALAR_NAMES, Part
from pymodel.differential.targets.endpoints import START_SECONDS_MAX
from pymodel.differential.targets.target import PROGRAM_SECONDS_MAX

TARGET_HELP = """A target; may be given several times. go: Go's own code, started by scavdiff. model: the Python
specification. unix:/path or host:port: a server that runs already. 'exec:COMMAND ARGS': a server that scavdiff starts,
and that prints "listening on unix:/path" or "listening on tcp:host:port". 'stdio:COMMAND ARGS': a command that speaks
over its standard input and output."""
IGNORABLE = (*(part.value for part in Part), *SCALAR_NAMES)
EXIT_HELP = """Exit status: 0 no divergence; 1 a divergence, whatever else happened; 2 a harness error (a target that
died, hung or broke the protocol) or bad input; 130 interrupted."""


def target_options(default: Sequence[str]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The flags that say what is compared."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in (
            click.option(
                "--start-seconds",
                type=click.FloatRange(min=0, min_open=True),
                default=START_SECONDS_MAX,
                show_default=True,
                help="How long a target may take to start.",
            ),
            click.option(
                "--program-seconds",
                type=click.FloatRange(min=0, min_open=True),
                default=PROGRAM_SECONDS_MAX,
                show_default=True,
                help="How long a target may take for one program before it counts as hung.",
            ),
            click.option(
                "--model/--no-model",
                default=True,
                help="Whether the Python specification takes part. Without it, name two targets.",
            ),
            click.option(
                "--ignore",
                "ignored",
                multiple=True,
                metavar="PART",
                help=f"Let targets differ in this; may be given several times. One of: {', '.join(IGNORABLE)}.",
            ),
            click.option("--target", "specs", multiple=True, default=default, show_default=True, help=TARGET_HELP),
        ):
            command = option(command)
        return command

    return add

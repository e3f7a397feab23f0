"""Plants a fault into the specification by editing the source of one module as it is imported.

Nothing on disk changes, and only the process that calls `plant` before it imports the module is affected. An edit that
does not find its text exactly once is refused, so that a fault cannot quietly stop being planted.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType


@dataclass(frozen=True, slots=True)
class Edit:
    """In `module`, `right` is replaced by `wrong`."""

    module: str
    right: str
    wrong: str


def plant(*edits: Edit) -> None:
    """Makes the next imports of the modules of all `edits` import their edited forms."""
    for edit in edits:
        if edit.module in sys.modules:
            raise RuntimeError(f"{edit.module} is imported already")
    sys.meta_path.insert(0, _Finder(edits))


def edited_source(source: str, edit: Edit) -> str:
    """The source with the fault in it; raises RuntimeError if `right` is not there exactly once."""
    count = source.count(edit.right)
    if count != 1:
        raise RuntimeError(f"{edit.module} contains {edit.right!r} {count} times, not once")
    return source.replace(edit.right, edit.wrong)


def source_of(module: str) -> str:
    """The source of a module, which is found but not imported."""
    package, _, _ = module.rpartition(".")
    search = importlib.util.find_spec(package)
    assert search is not None
    spec = PathFinder.find_spec(module, search.submodule_search_locations)
    assert spec is not None and isinstance(spec.loader, SourceFileLoader)
    return spec.loader.get_data(spec.loader.path).decode()


class _Loader(SourceFileLoader):
    """Loads a module's edited source; no bytecode is read or kept."""

    def __init__(self, name: str, path: str, edits: Sequence[Edit]) -> None:
        super().__init__(name, path)
        self._edits = edits

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002  # the loader's signature
        source = self.get_data(self.path).decode()
        for edit in self._edits:
            source = edited_source(source, edit)
        return compile(source, self.path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    def __init__(self, edits: Sequence[Edit]) -> None:
        self._edits = edits

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        edits = [edit for edit in self._edits if edit.module == fullname]
        if not edits:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        assert spec is not None and spec.origin is not None
        spec.loader = _Loader(fullname, spec.origin, edits)
        return spec

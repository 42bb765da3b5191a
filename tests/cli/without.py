"""The command line where some packages are not installed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

from automap_tiles.cli import main as cli


class Gone:
    """A finder for which some packages are not there."""

    def __init__(self, packages: frozenset[str]) -> None:
        self._packages = packages

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        if name.partition(".")[0] in self._packages:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None


def main() -> int:
    """`automap` with the words after the first, which names the packages, parted by commas."""
    packages = frozenset(sys.argv.pop(1).split(","))
    there = packages & sys.modules.keys()
    assert not there, f"imported too early to be gone: {there}"
    sys.meta_path.insert(0, Gone(packages))
    return cli.main()

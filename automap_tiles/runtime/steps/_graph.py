"""Which step reads which: no circle, one result, and how far beyond a tile each is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter


class Circle(Exception):
    """Steps that wait for each other; `names` in the order in which they read, closed."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(" reads ".join(names))
        self.names = names


@dataclass(frozen=True, kw_only=True)
class Graph:
    """Steps by name, each with the names of the steps that it reads."""

    reads: Mapping[str, frozenset[str]]

    def order(self) -> tuple[str, ...]:
        """All steps, each after those that it reads, as the file has them; raises `Circle`."""
        sorter: TopologicalSorter[str] = TopologicalSorter()
        for name, sources in self.reads.items():
            sorter.add(name, *sorted(sources))
        try:
            return tuple(sorter.static_order())
        except CycleError as error:
            # graphlib lists each before the one that reads it
            raise Circle(list(reversed(error.args[1]))) from error

    def users(self, name: str) -> frozenset[str]:
        """The steps that read a step."""
        return frozenset(each for each, sources in self.reads.items() if name in sources)

    def ends(self) -> tuple[str, ...]:
        """The steps that no other reads, as the file has them."""
        return tuple(name for name in self.reads if not self.users(name))

    def margins(self, buffers: Mapping[str, int]) -> dict[str, int]:
        """Pixels around a tile that others need of each step.

        `buffers` is how far each looks beyond what is wanted of itself. An end is wanted on its
        tile alone.
        """
        found: dict[str, int] = {}
        for name in reversed(self.order()):
            found[name] = max((buffers[user] + found[user] for user in self.users(name)), default=0)
        return found

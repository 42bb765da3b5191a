"""The inputs of a process: readers by name, in groups, some only at some zooms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from automap_tiles.formats import RememberedReader
from automap_tiles.runtime.zooms import ZoomValues, leaves

if TYPE_CHECKING:
    from automap_tiles.formats import Reader
    from automap_tiles.grid import Tile


@dataclass(frozen=True)
class InputTree:
    """Readers by name; a dict of readers is a group."""

    values: ZoomValues
    """Leaves are readers."""

    @cached_property
    def _by_zoom(self) -> dict[int, dict[str, Any]]:
        return {}

    def at_zoom(self, zoom: int) -> dict[str, Any]:
        """Name to reader or group of readers; inputs that do not exist at a zoom are left out."""
        found = self._by_zoom.get(zoom)
        if found is None:
            found = self._by_zoom[zoom] = self.values.at(zoom)
        return found

    def at(self, tile: Tile) -> dict[str, Any]:
        """What the user's function receives: inputs on a tile; a group is a list of pairs."""
        return {name: _open(node, tile) for name, node in self.at_zoom(tile.zoom).items()}

    def readers(self, zoom: int | None = None) -> list[tuple[str, Reader]]:
        """(name, reader) of all inputs of a zoom or of all zooms; a group's are `group/name`."""
        tree = self.values.tree if zoom is None else self.at_zoom(zoom)
        return list(leaves(tree))

    def fingerprints(self) -> dict[str, str]:
        """What changes when the data of an input do, by its name; in the order of the names."""
        named = sorted(self.readers(), key=lambda pair: pair[0])
        return {name: reader.fingerprint() for name, reader in named}

    def earlier_fingerprints(self) -> dict[str, str] | None:
        """`fingerprints` as earlier versions made them; None where these were the same."""
        earlier = {
            name: stamp
            for name, reader in self.readers()
            if isinstance(reader, RememberedReader)
            and (stamp := reader.earlier_fingerprint()) is not None
        }
        return {**self.fingerprints(), **earlier} if earlier else None

    def __bool__(self) -> bool:
        return bool(self.readers())

    def __getstate__(self) -> dict[str, Any]:
        return {"values": self.values}


def _open(node: Any, tile: Tile) -> Any:
    if isinstance(node, dict):
        return [(name, _open(member, tile)) for name, member in node.items()]
    return node.at(tile)

"""Inputs that consist of parts, such as scenes, and which parts have changed since a run.

A tile is made from the parts that intersect it. If the parts that an output was made from are
known, tiles that no changed part intersects need not be remade.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from affine import Affine
from rasterio.crs import CRS

from automap_tiles.grid import Grid, Tile


@dataclass(frozen=True, slots=True, kw_only=True)
class InputPart:
    """One part of an input, such as a scene."""

    name: str
    version: str
    """Changes if its pixels may have changed."""
    group: int
    """Rank of its group among all groups: parts of one group, such as an overpass, have one
    date."""
    day: str
    """ISO date of its group."""
    grid: Grid
    """Its extent."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """All parts of an input, in order."""

    frame: str
    """Properties common to all of them, such as the grid that they are read on."""
    parts: tuple[InputPart, ...]

    def to_text(self) -> str:
        """Text form for storage."""
        crs: dict[str, int] = {}
        rows = [
            [
                part.name,
                part.version,
                part.group,
                part.day,
                crs.setdefault(part.grid.crs.to_wkt(), len(crs)),
                list(part.grid.transform)[:6],
                list(part.grid.shape),
            ]
            for part in self.parts
        ]
        return json.dumps({"frame": self.frame, "crs": list(crs), "parts": rows})

    @classmethod
    def from_text(cls, text: str) -> Manifest:
        """Inverse of `to_text`."""
        said: Mapping[str, Any] = json.loads(text)
        known = [CRS.from_wkt(wkt) for wkt in said["crs"]]
        return cls(
            frame=said["frame"],
            parts=tuple(
                InputPart(
                    name=name,
                    version=version,
                    group=group,
                    day=day,
                    grid=Grid(known[crs], Affine(*transform), (shape[0], shape[1])),
                )
                for name, version, group, day, crs, transform, shape in said["parts"]
            ),
        )


@dataclass(frozen=True, kw_only=True)
class Changes:
    """Changes of parts since a manifest."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    """Including those whose date has changed."""
    grids: tuple[Grid, ...] | None = ()
    """Their extents before and now; None: any tile may be affected."""

    def __str__(self) -> str:
        said = [
            f"{len(names)} {word} ({', '.join(names[:3])}{', …' if len(names) > 3 else ''})"
            for word, names in (
                ("added", self.added),
                ("gone", self.removed),
                ("replaced", self.replaced),
            )
            if names
        ]
        if not said and self.grids is None:
            return "all are read in another way"
        return ", ".join(said)

    def __bool__(self) -> bool:
        """Whether there are any changes."""
        return self.grids != () or bool(self.added or self.removed or self.replaced)


def changes(before: Manifest, now: Manifest, *, order_counts: bool = False) -> Changes:
    """The changes; `order_counts`: pixels depend on the ranks of the groups."""
    old = {part.name: part for part in before.parts}
    new = {part.name: part for part in now.parts}
    common = old.keys() & new.keys()
    ranks, ranks_now = _ranks(before, common), _ranks(now, common)
    replaced = [
        name
        for name in new
        if name in common
        and (
            (old[name].version, old[name].day, old[name].grid, ranks[name])
            != (new[name].version, new[name].day, new[name].grid, ranks_now[name])
        )
    ]
    added = [name for name in new if name not in old]
    removed = [name for name in old if name not in new]
    places_differ = [(part.name, part.group) for part in before.parts] != [
        (part.name, part.group) for part in now.parts
    ]
    grids: dict[Grid, None] | None = None
    if before.frame == now.frame and not (order_counts and places_differ):
        grids = dict.fromkeys([old[name].grid for name in (*removed, *replaced)])
        grids |= dict.fromkeys([new[name].grid for name in (*added, *replaced)])
    return Changes(
        added=tuple(added),
        removed=tuple(removed),
        replaced=tuple(replaced),
        grids=None if grids is None else tuple(grids),
    )


def _ranks(manifest: Manifest, names: set[str]) -> dict[str, tuple[int, int]]:
    """(rank of the group, rank in the group) of some of the parts, among these only."""
    groups = sorted({part.group for part in manifest.parts if part.name in names})
    rank = {group: number for number, group in enumerate(groups)}
    met: dict[int, int] = {}
    found: dict[str, tuple[int, int]] = {}
    for part in manifest.parts:
        if part.name in names:
            place = met[part.group] = met.get(part.group, -1) + 1
            found[part.name] = rank[part.group], place
    return found


@runtime_checkable
class Divided(Protocol):
    """A reader whose data consist of many parts."""

    def manifest(self) -> Manifest:
        """Its current parts; raises `InputError`."""
        ...

    def reaches(self, grid: Grid, tile: Tile) -> bool:
        """Whether a part on a grid can affect pixels of a tile."""
        ...

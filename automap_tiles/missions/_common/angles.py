"""From where the sun shone on a scene and from where it was seen, at the nodes of a wide grid."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from automap_tiles.grid import Grid
    from automap_tiles.missions._common.scene import Scene

Degrees = np.ndarray[Any, np.dtype[np.float64]]
Pair = tuple[Degrees, Degrees]
"""Zenith and azimuth."""


@dataclass(frozen=True, kw_only=True)
class Nodes:
    """Crossings of a grid over a scene, row by row from its upper left corner."""

    crs: str
    """`EPSG:32633`."""
    left: float
    top: float
    """Of the first node, in units of the CRS."""
    step: tuple[float, float]
    """(x, y) between nodes, in units of the CRS; rows go south."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Angles:
    """Of sun and view, seen from the ground: zenith, and azimuth clockwise from north; degrees.

    NaN where an angle is not known.
    """

    nodes: Nodes
    sun_zenith: Degrees
    sun_azimuth: Degrees
    """(row, column)."""
    view_zenith: Degrees
    view_azimuth: Degrees
    """(part, row, column): each part of the instrument saw a strip of the scene."""
    parts: tuple[int, ...] = (0,)
    """Numbers of the parts."""
    places: str | None = None
    """Address of the raster of the number of the part that saw a pixel; None: nothing says it."""
    guessed: str = ""
    """What of them is not from the product's own metadata, in words."""

    @classmethod
    def of_parts(
        cls,
        nodes: Nodes,
        sun: Pair,
        view: Mapping[int, Pair],
        places: str | None,
        unsaid: str,
    ) -> Angles:
        """Of the view by the number of a part; `unsaid`: what is guessed where `places` is None."""
        parts = tuple(sorted(view))
        return cls(
            nodes=nodes,
            sun_zenith=sun[0],
            sun_azimuth=sun[1],
            view_zenith=np.stack([view[part][0] for part in parts]),
            view_azimuth=np.stack([view[part][1] for part in parts]),
            parts=parts,
            places=places,
            guessed="" if places is not None or len(parts) == 1 else unsaid,
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class NadirFactor:
    """What the reflectance of a band is to be multiplied by, to be as seen from straight above."""

    nodes: Nodes
    mean: Degrees
    """(row, column), of all parts that saw a place; no node is NaN."""
    values: Degrees
    """(part, row, column), as `Angles.view_zenith`."""
    parts: tuple[int, ...]
    places: str | None
    guessed: str
    """As in `Angles`."""


class AngleFiles(Protocol):
    """What a mission reads of the files that a scene names under `angles` in its metadata."""

    def read(self, name: str) -> bytes:
        """A small file, by its word; raises `InputError`."""
        ...

    def degrees(self, name: str, grid: Grid) -> Degrees:
        """A band of angles, in hundredths of a degree, at the pixels of a grid; NaN: no data."""
        ...

    def plane(self, name: str, array: str, indexes: Sequence[int] = ()) -> Degrees:
        """The last two dimensions (one row, of one) of an array in a folder of Zarr, by its word.

        `indexes` are places in the other dimensions. Raises `InputError`.
        """
        ...


ReadAngles = Callable[["Scene", Sequence[str], AngleFiles], Mapping[str, Angles]]
"""Angles of some bands (the mission's own names) of a scene whose CRS and grids are known.

Raises `InputError` with the reason where they cannot be known.
"""

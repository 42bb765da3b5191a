"""Sun and view angles of a scene at the nodes of a coarse grid."""

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
    """Nodes of a regular grid over a scene, row by row from the upper left corner."""

    crs: str
    """`EPSG:32633`."""
    left: float
    top: float
    """y of the first node, in units of the CRS."""
    step: tuple[float, float]
    """(x, y) between nodes, in units of the CRS; rows go south."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Angles:
    """Sun and view angles seen from the ground: zenith, and azimuth clockwise from north; degrees.

    NaN where an angle is unknown.
    """

    nodes: Nodes
    sun_zenith: Degrees
    sun_azimuth: Degrees
    """(row, column)."""
    view_zenith: Degrees
    view_azimuth: Degrees
    """(part, row, column): each part of the instrument (detector) sees a strip of the scene."""
    parts: tuple[int, ...] = (0,)
    """Numbers of the parts."""
    places: str | None = None
    """Href of the raster with the number of the part that saw each pixel; None: unknown."""
    guessed: str = ""
    """Which angles do not come from the product's own metadata, in words."""

    @classmethod
    def of_parts(
        cls,
        nodes: Nodes,
        sun: Pair,
        view: Mapping[int, Pair],
        places: str | None,
        unsaid: str,
    ) -> Angles:
        """Angles with one view per part; `unsaid` names the estimate used if `places` is None."""
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
    """Factor that converts a band's reflectance to nadir view."""

    nodes: Nodes
    mean: Degrees
    """(row, column), mean over the parts that saw a node; never NaN."""
    values: Degrees
    """(part, row, column), as `Angles.view_zenith`."""
    parts: tuple[int, ...]
    places: str | None
    guessed: str
    """As in `Angles`."""


class AngleFiles(Protocol):
    """File access for a mission that reads angles from the files in a scene's `angles` metadata."""

    def read(self, name: str) -> bytes:
        """Content of a small file by its key; raises `InputError`."""
        ...

    def degrees(self, name: str, grid: Grid) -> Degrees:
        """An angle band, stored in hundredths of a degree, on a grid, in degrees; NaN: no data."""
        ...

    def plane(self, name: str, array: str, indexes: Sequence[int] = ()) -> Degrees:
        """The last two dimensions of a Zarr array by its key (a single row for a 1-D array).

        `indexes` select in the other dimensions. Raises `InputError`.
        """
        ...


ReadAngles = Callable[["Scene", Sequence[str], AngleFiles], Mapping[str, Angles]]
"""Angles of bands (the mission's own names) of a scene with known CRS and grids.

Raises `InputError` with the reason if they are not available.
"""

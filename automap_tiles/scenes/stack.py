"""A stack of dates on the same pixel grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from automap_tiles.errors import MissingExtra
from automap_tiles.grid import Grid
from automap_tiles.raster import Raster

if TYPE_CHECKING:
    from affine import Affine

    from automap_tiles.scenes.lattice import Lattice, Window

Array = np.ndarray[Any, Any]
Bools = np.ndarray[Any, np.dtype[np.bool_]]
Picture = np.ma.MaskedArray[Any, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Stack:
    """Reflectance of several dates; only dates with at least one valid pixel are included."""

    values: Array
    """(time, band, y, x) reflectance times `scale`; 0 where not valid."""
    valid: Bools
    """(time, y, x): all bands have data, and no selected flag is set."""
    bands: tuple[str, ...]
    """Names as requested."""
    times: tuple[datetime, ...]
    """UTC, ascending unless requested otherwise."""
    scene_ids: tuple[tuple[str, ...], ...]
    """For each date, its scenes with pixels here."""
    indexes: tuple[int, ...]
    """For each date, its index among all dates of the input, the same on every tile."""
    grid: Grid
    scale: float = 1.0
    """Value of reflectance 1."""
    cloud_distance: Array | None = None
    """(time, y, x) float32 metres to the nearest cloud or shadow, if requested."""
    members: Array | None = None
    """(time, y, x) uint16 index into the date's `scene_ids` for each valid sample; None if no date
    has more than one scene here."""
    lattice: Lattice | None = None
    """If the grid is a window of the sensor's own; None on the grid of a tile."""
    window: Window | None = None

    @property
    def data(self) -> Picture:
        """(time, band, y, x), masked where not valid; the mask is read-only."""
        mask = np.broadcast_to(~self.valid[:, np.newaxis], self.values.shape)
        return np.ma.MaskedArray(self.values, mask=mask, copy=False)

    def band(self, name: str) -> Picture:
        """One band, (time, y, x) with a mask; raises `ValueError` if it is not in the stack."""
        return np.ma.MaskedArray(self.values[:, self._place(name)], mask=~self.valid, copy=False)

    @property
    def is_empty(self) -> bool:
        """Whether it has no dates."""
        return len(self.times) == 0

    def __len__(self) -> int:
        return len(self.times)

    def raster(self, picture: Picture | Array) -> Raster:
        """A result on the stack's grid, as a process may return it; it is warped onto the tile.

        `picture` is (band, y, x) or (y, x).
        """
        return Raster(picture, self.grid, self.anchor)

    @property
    def anchor(self) -> Affine | None:
        """Anchor of rasters on the stack's grid."""
        return None if self.lattice is None else self.lattice.transform

    def without_dates(self) -> Stack:
        """The same place without any date, which takes no memory."""
        return replace(
            self,
            values=self.values[:0].copy(),
            valid=self.valid[:0].copy(),
            times=(),
            scene_ids=(),
            indexes=(),
            cloud_distance=None,
            members=None,
        )

    def day_of_year(self) -> np.ndarray[Any, np.dtype[np.uint16]]:
        """(time,) day of year of each date, from 1."""
        days = [time.astimezone(UTC).timetuple().tm_yday for time in self.times]
        return np.array(days, dtype=np.uint16)

    def to_xarray(self) -> Any:
        """The stack as an `xarray.DataArray` (time, band, y, x), NaN where not valid.

        Coordinates are dates, band names and pixel centres; the CRS is in `spatial_ref` (CF
        conventions), as rioxarray reads it. Raises `MissingExtra` without xarray.
        """
        try:
            import xarray
        except ImportError as error:
            raise MissingExtra("xarray", "xarray") from error
        height, width = self.grid.shape
        transform = self.grid.transform
        values = np.where(self.valid[:, np.newaxis], self.values, np.nan)
        return xarray.DataArray(
            values.astype(np.float32, copy=False),
            dims=("time", "band", "y", "x"),
            coords={
                "time": np.array(
                    [time.astimezone(UTC).replace(tzinfo=None) for time in self.times],
                    dtype="datetime64[ns]",
                ),
                "band": list(self.bands),
                "y": transform.f + (np.arange(height) + 0.5) * transform.e,
                "x": transform.c + (np.arange(width) + 0.5) * transform.a,
                "scene": ("time", ["+".join(ids) for ids in self.scene_ids]),
                "spatial_ref": ((), 0, self.grid.cf_attributes()),
            },
            attrs={
                "grid_mapping": "spatial_ref",
                "crs": self.grid.crs.to_string(),
                "transform": tuple(transform)[:6],
                "scale": self.scale,
            },
        )

    def _place(self, name: str) -> int:
        if name not in self.bands:
            raise ValueError(f"the stack has {', '.join(self.bands)}, not {name}")
        return self.bands.index(name)


def empty_stack(bands: Sequence[str], grid: Grid, dtype: np.dtype[Any], scale: float) -> Stack:
    """A stack without dates."""
    height, width = grid.shape
    return Stack(
        values=np.empty((0, len(bands), height, width), dtype=dtype),
        valid=np.empty((0, height, width), dtype=bool),
        bands=tuple(bands),
        times=(),
        scene_ids=(),
        indexes=(),
        grid=grid,
        scale=scale,
    )

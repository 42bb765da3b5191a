"""The grid of composites, if it is not that of the scenes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from affine import Affine

from automap_tiles.errors import ConfigError
from automap_tiles.grid import metres_per_unit
from automap_tiles.runtime.area import parse_crs
from automap_tiles.scenes.lattice import Lattice

if TYPE_CHECKING:
    from rasterio.crs import CRS

_SAME = 1.01
"""Pixels longer than this, in scene pixels, are averages of scene pixels."""


@dataclass(frozen=True)
class TargetGrid:
    """The requested grid; pixels are aligned to the CRS origin, so that composites fit together.

    Without a CRS they are aligned to the scenes' own grid.
    """

    crs: CRS | None
    resolution: float | None
    """Pixel size in units of the CRS; None: about that of the scenes."""

    @classmethod
    def of(cls, crs: str | None, resolution: float | None) -> TargetGrid | None:
        """From the values of an order; None if nothing is requested. Raises `ConfigError`."""
        if crs is None and resolution is None:
            return None
        parsed = None if crs is None else parse_crs(crs, "crs")
        if parsed is not None and not (parsed.is_geographic or parsed.is_projected):
            raise ConfigError(
                "is neither projected nor geographic", key="crs", found=crs, remedy="EPSG:3035"
            )
        return cls(parsed, resolution)

    def lattice(self, shared: Lattice) -> Lattice:
        """The lattice of composites; `shared` is the one that most scenes share."""
        if self.crs is None:
            x, y = shared.transform.c, shared.transform.f
            return _pixels(shared.crs, self.resolution or min(shared.pixel), (x, y))
        size = self.resolution or _metres(shared) / metres_per_unit(self.crs)
        return _pixels(self.crs, size, (0.0, 0.0))

    def reading(self, shared: Lattice) -> dict[str, Any]:
        """Keys of the `scenes` input: coarser pixels are averages, so no scene pixel is skipped."""
        wanted = self.lattice(shared)
        times = _metres(wanted) / _metres(shared)
        if times <= _SAME:
            return {}
        return {"resolution": min(shared.pixel) * times, "resampling": "average"}

    def to_json(self) -> dict[str, Any]:
        """For items and records."""
        epsg = None if self.crs is None else self.crs.to_epsg()
        crs = None if self.crs is None else f"EPSG:{epsg}" if epsg else self.crs.to_wkt()
        return {"crs": crs, "resolution": self.resolution}


def _pixels(crs: CRS, size: float, corner: tuple[float, float]) -> Lattice:
    return Lattice(crs=crs, transform=Affine(size, 0, corner[0], 0, -size, corner[1]))


def _metres(lattice: Lattice) -> float:
    return min(lattice.pixel) * metres_per_unit(lattice.crs)

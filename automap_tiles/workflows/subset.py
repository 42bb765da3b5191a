"""The subset of a pyramid that an order applies to: zooms and an area."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from automap_tiles.errors import ConfigError
from automap_tiles.workflows._bounds import Zooms, all_zooms
from automap_tiles.workflows._order import Part

Value: TypeAlias = str | int | float | bool | None
"""A plain value of a dictionary in an order."""


@dataclass(frozen=True, kw_only=True)
class Subset(Part):
    """Zooms and an area; what is not given is not restricted."""

    zooms: Zooms | None = None
    """One, or the first and the last; stored as all between them, ascending."""
    bounds: tuple[float, float, float, float] | None = None
    """left, bottom, right, top."""
    bounds_crs: str | None = None
    """CRS of `bounds`; None: that of the pyramid."""
    area: str | None = None
    """WKT, GeoJSON geometry or path of a vector file."""
    area_crs: str | None = None
    """CRS of an area given as WKT; None: that of the pyramid."""
    point: tuple[float, float] | None = None
    """x, y; excludes `bounds` and `area`."""
    point_crs: str | None = None
    """CRS of `point`; None: that of the pyramid."""

    def __post_init__(self) -> None:
        if self.zooms:
            object.__setattr__(self, "zooms", all_zooms(self.zooms))

    def check(self) -> None:
        """Raise `ConfigError` for a CRS without the place that it belongs to."""
        for name in ("bounds", "area", "point"):
            crs = getattr(self, f"{name}_crs")
            if crs is not None and getattr(self, name) is None:
                raise ConfigError(
                    f"is the CRS of {name}, which is not given",
                    key=f"{name}_crs",
                    found=crs,
                    remedy=f"give {name} too, or leave it out",
                )

    @property
    def is_everywhere(self) -> bool:
        """Whether nothing is excluded."""
        return all(each is None for each in (self.zooms, self.bounds, self.area, self.point))

"""A box in the units of a CRS."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from shapely import Polygon


class Bounds(NamedTuple):
    """A box in CRS units; `left < right` and `bottom < top` for a box that has an area."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.top - self.bottom

    def overlaps(self, other: Bounds) -> bool:
        """Whether the two boxes share area; touching edges do not count."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.bottom < other.top
            and other.bottom < self.top
        )

    def intersection(self, other: Bounds) -> Bounds | None:
        """The shared box, or None when no area is shared."""
        if not self.overlaps(other):
            return None
        return Bounds(
            max(self.left, other.left),
            max(self.bottom, other.bottom),
            min(self.right, other.right),
            min(self.top, other.top),
        )

    def union(self, other: Bounds) -> Bounds:
        """The smallest box around both."""
        return Bounds(
            min(self.left, other.left),
            min(self.bottom, other.bottom),
            max(self.right, other.right),
            max(self.top, other.top),
        )

    def polygon(self) -> Polygon:
        """The box as a polygon."""
        from shapely import box

        return box(*self)

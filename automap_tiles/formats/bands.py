"""What a raster says of its bands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from automap_tiles.raster import RasterInfo


@dataclass(frozen=True, kw_only=True, slots=True)
class BandTable:
    """Names and units of the bands of a raster, in their order."""

    names: tuple[str, ...]
    """`band_1` … where the source has none."""
    scales: tuple[float, ...]
    """Value = number · scale + offset, as in GDAL; 1 where the source does not say."""
    offsets: tuple[float, ...]

    @classmethod
    def of(cls, info: RasterInfo) -> BandTable:
        """Of a source that has been looked at."""
        said = info.descriptions or (None,) * info.count
        return cls(
            names=tuple(name or _by_place(number) for number, name in enumerate(said, start=1)),
            scales=info.scales or (1.0,) * info.count,
            offsets=info.offsets or (0.0,) * info.count,
        )

    def numbers(self, names: Sequence[str]) -> list[int]:
        """Where bands are, from 1; raises `KeyError` with the first that is not there.

        `ValueError` for a name that several bands have.
        """
        found = []
        for name in names:
            places = [number for number, one in enumerate(self.names, start=1) if one == name]
            if not places:
                raise KeyError(name)
            if len(places) > 1:
                raise ValueError(f"bands {places} are all named {name}")
            found += places
        return found

    def units(self, names: Sequence[str]) -> tuple[tuple[float, float], ...]:
        """(scale, offset) of bands; raises as `numbers` does."""
        places = [number - 1 for number in self.numbers(names)]
        return tuple((self.scales[place], self.offsets[place]) for place in places)

    def unnamed(self, names: Sequence[str]) -> tuple[str, ...]:
        """Those of these names that say nothing but the place of the band."""
        by_place = {_by_place(number) for number in range(1, len(self.names) + 1)}
        return tuple(
            name for name in names if name in by_place and name == _by_place(*self.numbers([name]))
        )


def _by_place(number: int) -> str:
    """What a band is called that has no name of its own; `number` counts from 1."""
    return f"band_{number}"

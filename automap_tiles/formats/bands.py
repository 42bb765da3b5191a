"""Names, scales, offsets and units of the bands of a raster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from automap_tiles.errors import ConfigError
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.raster import RasterInfo

_PLAIN = (1.0, 0.0)
"""Scale and offset of a source that declares none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BandTable:
    """Names and units of the bands of a raster, in order."""

    names: tuple[str, ...]
    """`band_1` … if the source has none."""
    scales: tuple[float, ...]
    """Value = number · scale + offset, as in GDAL; 1 and 0 if the source declares none."""
    offsets: tuple[float, ...]

    @classmethod
    def of(cls, info: RasterInfo) -> BandTable:
        """From an inspected source."""
        said = info.descriptions or (None,) * info.count
        return cls(
            names=tuple(name or _by_place(number) for number, name in enumerate(said, start=1)),
            scales=info.scales or (1.0,) * info.count,
            offsets=info.offsets or (0.0,) * info.count,
        )

    def numbers(self, names: Sequence[str]) -> list[int]:
        """Band numbers of names, from 1; raises `KeyError` with the first that does not exist.

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
        """The names that only state the number of the band."""
        by_place = {_by_place(number) for number in range(1, len(self.names) + 1)}
        return tuple(
            name for name in names if name in by_place and name == _by_place(*self.numbers([name]))
        )


def check_bands_alike(
    tables: Mapping[str, BandTable], key: str, numbers: Sequence[int] | None = None
) -> None:
    """Raise `ConfigError` when bands matched by number are not the same in all sources.

    `tables` by the names of the sources, all compared with the first; `numbers` are the bands to
    check, from 1 (None: all). Different units, or a name that the first source has at another
    position, are rejected; if only one of them declares a unit, a note says that it is assumed for
    both.
    """
    if not tables:
        return
    (first, own), *others = tables.items()
    silent: list[str] = []
    for name, table in others:
        for number in numbers or range(1, min(len(own.names), len(table.names)) + 1):
            if not 1 <= number <= min(len(own.names), len(table.names)):
                continue  # Rejected when it is read.
            place = number - 1
            one, two = own.names[place], table.names[place]
            if one != two and (two in own.names or one in table.names):
                raise ConfigError(
                    f"band {number} of {first} is {one}, and of {name} {two}: they are taken by "
                    "their place",
                    key=key,
                    remedy="rasters whose bands have the same order",
                )
            units = [(each.scales[place], each.offsets[place]) for each in (own, table)]
            if units[0] != units[1] and _PLAIN not in units:
                raise ConfigError(
                    f"band {number} has another unit in {first} than in {name}",
                    key=key,
                    found=" and ".join(f"scale {scale:g}, offset {add:g}" for scale, add in units),
                    remedy="rasters of one unit",
                )
            if units[0] != units[1]:
                silent.append(f"band {number} of {name if units[1] == _PLAIN else first}")
    if silent:
        tell(
            Note.of(
                silent,
                fate=Fate.GUESSED,
                subject=Subject.BANDS,
                reason="they say no scale, and another raster does: taken for the same unit",
                remedy="rasters that all say their scale and offset, or none of them",
            )
        )


def _by_place(number: int) -> str:
    """Default name of a band without one; `number` counts from 1."""
    return f"band_{number}"

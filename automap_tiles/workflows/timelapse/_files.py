"""Rasters with dates in their names, as they are displayed."""

from __future__ import annotations

import glob
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from automap_tiles import raster
from automap_tiles.errors import ConfigError, InputError
from automap_tiles.grid import Bounds, Grid
from automap_tiles.layers.dates_in_names import date_in, days_in
from automap_tiles.missions import grid_of
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.raster import RasterInfo
from automap_tiles.scenes.lattice import Lattice, check_upright
from automap_tiles.scenes.reflectance import coarser
from automap_tiles.stopping import raise_if_stopped
from automap_tiles.workflows.timelapse._dates import DateShown, box_of, hull

_COLOURS = ("red", "green", "blue")
"""Default bands."""
_PLAIN = frozenset({1, 3, 4})
"""Numbers of bands of grey or colour images, whose order is standard."""


@dataclass(frozen=True, kw_only=True)
class FileDates:
    """Rasters with dates in their names; all valid pixels count as clear."""

    files: tuple[tuple[str, str], ...]
    """(name of the date, path), by time."""
    bands: tuple[str, ...]
    boundary: str | None
    size: int

    credit = ""
    scale = 1.0

    @cached_property
    def grid(self) -> Grid:
        """Grid of the first raster, extended to all of them or clipped to the boundary."""
        first = grid_of(self.files[0][1])
        check_upright(first, self.files[0][1])
        lattice = Lattice.of(first)
        box = box_of(self.boundary, lattice) or self._reach(lattice)
        window = lattice.window(box, (-0.01, -0.01))
        factor = max(1, -(-max(len(span) for span in window) // self.size))
        lattice = coarser(lattice, factor)
        return lattice.grid(lattice.window(box, (-0.01, -0.01)))

    def __len__(self) -> int:
        return len(self.files)

    def __iter__(self) -> Iterator[DateShown]:
        indexes = self._indexes()
        dtype = self._dtype(indexes)
        for (name, path), info, bands in zip(self.files, self._infos, indexes, strict=True):
            raise_if_stopped()
            method = "average" if self.grid.transform.a > 1.5 * info.transform.a else "nearest"
            pixels = raster.read(path, self.grid, indexes=bands, resampling=method)
            seen = ~np.logical_or.reduce(np.ma.getmaskarray(pixels))
            values: np.ndarray[Any, Any] = np.ma.getdata(pixels).astype(dtype, copy=False)
            yield DateShown(name=name, values=values, seen=seen, clear=seen)

    @cached_property
    def _infos(self) -> tuple[RasterInfo, ...]:
        return tuple(raster.inspect(path) for _, path in self.files)

    def _reach(self, lattice: Lattice) -> Bounds:
        boxes = [lattice.extent(grid_of(path)) for _, path in self.files]
        return hull(box for box in boxes if box is not None)

    def _indexes(self) -> list[tuple[int, ...]]:
        """Band numbers of each raster, equally many; raises `ConfigError`."""
        found = [self._of_names(info) for info in self._infos]
        for info, bands in zip(self._infos, found, strict=True):
            if len(bands) != len(found[0]):
                raise ConfigError(
                    f"{info.path} has {info.count} bands, {self._infos[0].path} has "
                    f"{self._infos[0].count}: not all dates can be in colour",
                    key="bands",
                    found=", ".join(self.bands),
                    remedy="one band that all of them have, such as 1",
                )
        self._tell_guessed()
        self._tell_units(found)
        return found

    def _of_names(self, info: RasterInfo) -> tuple[int, ...]:
        if self._is_guessed(info):
            return (1, 2, 3) if info.count >= 3 else (1,)
        said: dict[str, int] = {}
        for place, name in enumerate(info.descriptions, 1):
            if name in said and name in self.bands:
                raise ConfigError(
                    f"{info.path} has several bands of that name",
                    key="bands",
                    found=name,
                    remedy="their numbers",
                )
            if name:
                said[name] = place
        found = [said.get(name) or (int(name) if name.isdecimal() else 0) for name in self.bands]
        for name, index in zip(self.bands, found, strict=True):
            if not 1 <= index <= info.count:
                raise ConfigError(
                    f"{info.path} has no such band",
                    key="bands",
                    found=name,
                    remedy=", ".join(said) or f"1 to {info.count}",
                )
        return tuple(found)

    def _is_guessed(self, info: RasterInfo) -> bool:
        """Whether red, green and blue are not declared."""
        return self.bands == _COLOURS and not any(info.descriptions)

    def _dtype(self, indexes: list[tuple[int, ...]]) -> np.dtype[Any]:
        """The dtype that holds the numbers of all dates."""
        pairs = zip(self._infos, indexes, strict=True)
        return np.result_type(*(info.dtypes[band - 1] for info, bands in pairs for band in bands))

    def _tell_guessed(self) -> None:
        guessed = [info for info in self._infos if self._is_guessed(info)]
        unusual = [info.path for info in guessed if info.count not in _PLAIN]
        if len(guessed) < len(self._infos):  # declarations of the others need not apply to these
            unusual = [info.path for info in guessed]
        if unusual:
            tell(
                Note.of(
                    unusual,
                    fate=Fate.GUESSED,
                    subject=Subject.BANDS,
                    reason="bands have no names: the first ones are shown as red, green and blue, "
                    "or the first alone in grey",
                    remedy="--bands with the numbers of three bands, or of one",
                )
            )

    def _tell_units(self, indexes: list[tuple[int, ...]]) -> None:
        units = [
            tuple((_at(info.scales, band, 1.0), _at(info.offsets, band, 0.0)) for band in bands)
            for info, bands in zip(self._infos, indexes, strict=True)
        ]
        others = [info.path for info, unit in zip(self._infos, units, strict=True)
                  if unit != units[0]]  # fmt: skip
        if others:
            tell(
                Note.of(
                    others,
                    fate=Fate.IGNORED,
                    subject=Subject.FILES,
                    reason="their scale or offset is not that of the first date: shown by their "
                    "stored numbers all the same",
                    remedy="rasters of one unit",
                )
            )


def dated_files(pattern: str) -> tuple[tuple[str, str], ...]:
    """(date, path) of files that match a pattern, by date.

    Raises `InputError` if one has no date.
    """
    found: list[tuple[str, str]] = []
    several: list[str] = []
    for path in sorted(glob.glob(_escaped(pattern), recursive=True)):  # noqa: PTH207 - absolute too
        own = Path(path).name
        name = date_in(own) or date_in(Path(path).parent.name)
        if name is None:
            raise InputError("no date in its name, such as 2018-04-21 or 20180421", path)
        if len(days_in(own)) > 1:
            several.append(own)
        found.append((name, path))
    _tell_several(several)
    if not found:
        raise InputError("no file is named so", pattern)
    return tuple(sorted(found))


def is_pattern(text: str) -> bool:
    """Whether a text is a glob pattern rather than an existing file."""
    if "*" in text:
        return True
    return "://" not in text and bool(set("?[") & set(text)) and not Path(text).exists()


def _escaped(pattern: str) -> str:
    """The pattern with special characters of existing folders, such as `out [1]`, escaped."""
    path = Path(pattern)
    folder = next((each for each in path.parents if each.is_dir()), None)
    if folder is None or str(folder) == ".":
        return pattern
    return str(Path(glob.escape(str(folder)), path.relative_to(folder)))


def _tell_several(names: list[str]) -> None:
    if names:
        tell(
            Note.of(
                names,
                fate=Fate.GUESSED,
                subject=Subject.FILES,
                reason="their names hold several days: the first is taken for theirs",
                remedy="names with one day",
            )
        )


def _at(values: tuple[float, ...], band: int, plain: float) -> float:
    return values[band - 1] if values else plain

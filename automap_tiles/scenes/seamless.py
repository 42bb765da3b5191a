"""Tonal balancing of scenes: a gain for each band of a scene, and an offset for visible bands.

They are estimated once for all scenes together, from overlaps at the scale of an overview, and
stored with the scenes (`Scene.tones`): results do not depend on how the work is split. Applied
after the view correction (`scenes.nadir`), which varies within a scene.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from automap_tiles.analysis.radiometry.overlaps import (
    Overlap,
    Tones,
    anchors_of,
    overlap_of,
    solve_tones,
)
from automap_tiles.missions import Scene
from automap_tiles.notes import Fate, Note, Subject
from automap_tiles.scenes.frames import NativeFrame
from automap_tiles.scenes.lattice import Lattice, Window, intersection, slices
from automap_tiles.scenes.reading import Reading, lattice_of, read_dates
from automap_tiles.scenes.reflectance import band_grid, coarser
from automap_tiles.scenes.select import overpasses
from automap_tiles.stopping import raise_if_stopped

Array = np.ndarray[Any, Any]
Bools = np.ndarray[Any, np.dtype[np.bool_]]

_SIZE = 256
"""Pixels along the longer side of the largest scene's overview."""
_NEAREST = 6
"""Number of overlapping scenes that each one is compared with, nearest in time."""
_KEPT = 64
"""Overviews kept in memory, some hundred kilobytes per band each."""
_HAZY = frozenset({"coastal", "blue", "green", "red"})
"""Bands that haze brightens so much that they need an offset."""


def toned(scenes: Sequence[Scene], reading: Reading) -> tuple[Scene, ...]:
    """The scenes with their gains and offsets, in the same order.

    Reads an overview of every scene, masked as in `reading`. Raises `InputError` for a file that
    cannot be read.
    """
    looks = _Overviews.of(scenes, reading)
    found: dict[str, list[Overlap]] = {name: [] for name in reading.bands}
    for one, two in _pairs(scenes, looks.windows):
        raise_if_stopped()
        for name, overlap in looks.overlaps(one, two).items():
            found[name].append(overlap)
    count = len(scenes)
    anchors = anchors_of(count, found[reading.bands[0]])
    tones = {
        name: solve_tones(count, overlaps, with_offsets=_is_hazy(scenes[0], name), anchors=anchors)
        for name, overlaps in found.items()
    }
    return tuple(replace(scene, tones=_of_scene(scene, place, tones))
                 for place, scene in enumerate(scenes))  # fmt: skip


def notes_of(scenes: Sequence[Scene], before: Sequence[Scene] = ()) -> Iterator[Note]:
    """Notes on scenes left unchanged because no overlap relates their brightness to others.

    `before`: the same scenes without the new gains; None: they had none.
    """
    had = {scene.id: scene.tones or {} for scene in before}
    lone = [
        scene.id
        for scene in scenes
        if scene.tones is not None and scene.tones == had.get(scene.id, {})
    ]
    if lone and len(scenes) > 1:
        yield Note.of(
            lone,
            fate=Fate.IGNORED,
            subject=Subject.SCENES,
            reason="not made as bright as the others: they overlap with none in clear pixels",
            remedy="more dates, or a larger area, may join them",
        )


def _of_scene(scene: Scene, place: int, tones: dict[str, Tones]) -> dict[str, tuple[float, float]]:
    """(gain, offset) by the mission's own band name; unchanged for a scene without overlap."""
    return dict(scene.tones or {}) | {
        scene.instrument.band(name).name: _behind(
            scene, name, (float(found.gains[place]), float(found.offsets[place]))
        )
        for name, found in tones.items()
        if place not in found.lone
    }


def _behind(scene: Scene, name: str, tone: tuple[float, float]) -> tuple[float, float]:
    """A gain and offset applied after those that the scene already has, as in the overview."""
    before = (scene.tones or {}).get(scene.instrument.band(name).name)
    if before is None:
        return tone
    return tone[0] * before[0], tone[0] * before[1] + tone[1]


def _is_hazy(scene: Scene, name: str) -> bool:
    return scene.instrument.band(name).common in _HAZY


def _pairs(scenes: Sequence[Scene], windows: Sequence[Window]) -> list[tuple[int, int]]:
    """Pairs of indexes of overlapping scenes, each with those nearest in time; sorted."""
    found: set[tuple[int, int]] = set()
    for place, window in enumerate(windows):
        near = [other for other in range(len(scenes))
                if other != place and intersection(window, windows[other]) is not None]  # fmt: skip
        near.sort(key=lambda other: (_days(scenes[place], scenes[other]), other))
        found |= {(min(place, other), max(place, other)) for other in near[:_NEAREST]}
    return sorted(found)


def _days(one: Scene, two: Scene) -> float:
    return abs((one.time - two.time).total_seconds()) / 86_400


@dataclass(frozen=True, kw_only=True, eq=False)
class _Overviews:
    """Overviews of the scenes on one coarse lattice."""

    scenes: Sequence[Scene]
    reading: Reading
    lattice: Lattice
    windows: tuple[Window, ...]

    @classmethod
    def of(cls, scenes: Sequence[Scene], reading: Reading) -> _Overviews:
        native = lattice_of(scenes, reading)
        boxes = [native.extent(band_grid(scene, scene.band(reading.bands[0]))) for scene in scenes]
        longest = max(max(len(span) for span in native.window(box)) for box in boxes if box)
        lattice = coarser(native, max(1, -(-longest // _SIZE)))
        nowhere = range(0), range(0)
        return cls(
            scenes=scenes,
            reading=replace(reading, whole=False, resampling="average"),
            lattice=lattice,
            windows=tuple(lattice.window(box) if box else nowhere for box in boxes),
        )

    def overlaps(self, one: int, two: int) -> dict[str, Overlap]:
        """Overlaps for all bands, or none if the two share too little in one of them."""
        shared = intersection(self.windows[one], self.windows[two])
        if shared is None:
            return {}
        parts = []
        for place in (one, two):
            values, valid = self._look(place)
            rows, cols = slices(shared, self.windows[place])
            parts.append((values[:, rows, cols], valid[rows, cols]))
        both = parts[0][1] & parts[1][1]
        days = _days(self.scenes[one], self.scenes[two])
        found: dict[str, Overlap] = {}
        for number, name in enumerate(self.reading.bands):
            pictures = parts[0][0][number], parts[1][0][number]
            overlap = overlap_of((one, two), pictures, both, days)
            if overlap is None:
                return {}
            found[name] = overlap
        return found

    @cached_property
    def _look(self) -> Callable[[int], tuple[Array, Bools]]:
        """Returns overviews by index; some are cached for its lifetime."""
        return lru_cache(maxsize=_KEPT)(self._read)

    def _read(self, place: int) -> tuple[Array, Bools]:
        """Values (band, y, x) and where (y, x) they are clear."""
        frame = NativeFrame(self.lattice, self.windows[place])
        dates = overpasses([self.scenes[place]])
        stack = read_dates(dates, frame, self.reading, target=frame.grid)
        if stack.is_empty:
            shape = frame.shape
            return np.zeros((len(self.reading.bands), *shape)), np.zeros(shape, dtype=bool)
        return stack.values[0], stack.valid[0]

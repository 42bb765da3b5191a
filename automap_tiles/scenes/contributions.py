"""The contribution of each scene to a result, in pixels of the result.

Each tile pixel stands for the nearest pixel of the sensor's grid. So counts of neighbouring tiles
add up however the work is split; for a result resampled with nearest, they are the sums of its
`valid_count` and the frequencies of dates in its `scene_index`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from automap_tiles.grid import Tile
from automap_tiles.raster import times_picked
from automap_tiles.scenes.frames import Frame, NativeFrame

if TYPE_CHECKING:
    from automap_tiles.missions import Scene
    from automap_tiles.scenes.select import Overpass
    from automap_tiles.scenes.stack import Stack

Array = np.ndarray[Any, Any]
Bools = np.ndarray[Any, np.dtype[np.bool_]]

Counts = Mapping[str, Mapping[str, int]]
"""Statistic → `key_of` the scene → pixels. Journals of earlier versions use the scene's position in
the input, in digits, in place of the key."""

SAMPLES = "samples"
"""Valid samples: a pixel counts once for every date on which it is valid."""

# From this many on, one pass over all pixels is faster than one per scene.
_FEW = 8


@dataclass
class Tally:
    """Counts of one tile, accumulated stack by stack."""

    frame: Frame | None
    tile: Tile
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._taken = None if self.frame is None else taken(self.frame, self.tile)
        times: Array = np.array([], dtype=np.int64)
        if self._taken is not None:
            times = np.flatnonzero(np.bincount(self._taken.reshape(-1))[1:]) + 1
        self._few = times if len(times) <= _FEW else None

    def add(self, stack: Stack, chosen: Mapping[str, Any] | None = None) -> None:
        """Count the valid samples of all dates, for the whole frame or a strip of its rows.

        `chosen`: method → (y, x) masked, the position in the stack of the date that was used.
        """
        if self._taken is None or stack.is_empty:
            return
        part = self._taken[self._rows(stack)]
        weights = _Weights(part, self._few)
        for date in range(len(stack)):
            self._count(SAMPLES, stack, date, stack.valid[date], weights)
        for name, index in (chosen or {}).items():
            there = ~np.ma.getmaskarray(index)
            for date in range(len(stack)):
                samples = there & (np.ma.getdata(index) == date)
                self._count(name, stack, date, samples, weights)

    def _rows(self, stack: Stack) -> slice:
        if stack.window is None or not isinstance(self.frame, NativeFrame):
            return slice(None)
        start = stack.window[0].start - self.frame.window[0].start
        return slice(start, start + stack.grid.height)

    def _count(self, name: str, stack: Stack, date: int, samples: Bools, weights: _Weights) -> None:
        ids = stack.scene_ids[date]
        for member, scene in enumerate(ids):
            own = samples
            if stack.members is not None and len(ids) > 1:
                own = samples & (stack.members[date] == member)
            pixels = weights.sum(own)
            if pixels:
                of_name = self.counts.setdefault(name, {})
                key = key_of(scene)
                of_name[key] = of_name.get(key, 0) + pixels


class _Weights:
    """How often each pixel counts, (y, x)."""

    def __init__(self, taken: Array, few: Array | None) -> None:
        self._taken = taken
        self._masks = None if few is None else [(int(times), taken == times) for times in few]

    def sum(self, samples: Bools) -> int:
        if self._masks is None:
            return int(self._taken[samples].sum())
        return sum(times * int(np.count_nonzero(samples & mask)) for times, mask in self._masks)


@lru_cache(maxsize=4096)
def key_of(scene: str) -> str:
    """Key of a scene's counts, from its id: independent of the other scenes."""
    return hashlib.sha256(scene.encode()).hexdigest()[:12]


def taken(frame: Frame, tile: Tile) -> Array:
    """(y, x) number of tile pixels, without buffer, that are nearest to each pixel of a frame."""
    height, width = frame.shape
    if not isinstance(frame, NativeFrame):
        top, bottom, left, right = tile.buffer_margins
        own = np.zeros((height, width), dtype=np.int64)
        own[top : height - bottom, left : width - right] = 1
        return own
    return times_picked(frame.grid, tile.unbuffered())


def contributions(
    scenes: Sequence[Scene], dates: Sequence[Overpass], counts: Counts
) -> list[dict[str, Any]]:
    """Contribution of every scene considered, by time, as plain JSON values.

    `date` is the position of its overpass, as in the band `scene_index`. `samples` is the number of
    its valid samples, `share` their fraction of those of all scenes. `chosen` has, for every method
    that takes a pixel from one date, the number of pixels taken from it and their fraction of the
    total.
    """
    samples = counts.get(SAMPLES, {})
    methods = sorted(counts.keys() - {SAMPLES})
    date_of = {each.id: place for place, date in enumerate(dates) for each in date.scenes}
    result = []
    for place, scene in enumerate(scenes):
        said: dict[str, Any] = {
            "id": scene.id,
            "time": scene.time.isoformat().replace("+00:00", "Z"),
            "sensor": scene.sensor,
            "date": date_of[scene.id],
            "samples": _pixels(samples, scene.id, place),
            "share": _share(samples, scene.id, place),
        }
        if scene.shift != (0.0, 0.0):
            said["shift"] = [round(each, 3) for each in scene.shift]
        if methods:
            said["chosen"] = {
                name: {
                    "pixels": _pixels(counts[name], scene.id, place),
                    "share": _share(counts[name], scene.id, place),
                }
                for name in methods
            }
        result.append(said)
    return result


def _pixels(counts: Mapping[str, int], scene: str, place: int) -> int:
    return counts.get(key_of(scene), 0) + counts.get(str(place), 0)


def _share(counts: Mapping[str, int], scene: str, place: int) -> float:
    total = sum(counts.values())
    return round(_pixels(counts, scene, place) / total, 6) if total else 0.0

"""The contribution of each scene to a result, in pixels of the result.

A pixel of a tile stands for the pixel of the sensor's grid that is nearest to it. So the counts of
neighbouring tiles add up however the work is cut, and for a result that is resampled with nearest
they are the sums of its `valid_count`, and how often a date stands in its `scene_index`.
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
"""What was counted → `key_of` the scene → pixels. Journals of earlier versions have its place among
those of the input in place of the key, in digits."""

SAMPLES = "samples"
"""Valid samples: a pixel counts once for every date on which it is valid."""

# From so many on, one pass over all pixels is faster than one for each of them.
_FEW = 8


@dataclass
class Tally:
    """Counts of one tile; filled stack by stack."""

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
        """Count the valid samples of all dates of the whole frame, or of a strip of its rows.

        `chosen`: method → (y, x) masked, the place in the stack of the date that it took.
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
    """What a scene is counted under, by its id: the same whatever other scenes there are."""
    return hashlib.sha256(scene.encode()).hexdigest()[:12]


def taken(frame: Frame, tile: Tile) -> Array:
    """(y, x) how many pixels of a tile, without its buffer, each pixel of a frame is nearest to."""
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
    """What each scene gave, plain JSON values: all that were considered, by time.

    `date` is the place of its overpass, which is what bands `scene_index` tell. `samples` is the
    number of its valid samples, `share` their part of those of all scenes. Under `chosen`, for
    every method that takes a pixel from one date, the pixels taken from it and their part of all
    that the method took.
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

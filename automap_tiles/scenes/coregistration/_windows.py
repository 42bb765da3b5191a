"""The windows of a scene from which its shift is estimated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np

from automap_tiles.grid import Bounds
from automap_tiles.missions import Flag, Scene
from automap_tiles.scenes._link_signing import resolve
from automap_tiles.scenes.frames import FrameSource, NativeFrame
from automap_tiles.scenes.lattice import Lattice, Window, intersection
from automap_tiles.scenes.masks import WIDEST, FlagSource, MaskRule, masked
from automap_tiles.scenes.reflectance import band_grid, pixel_metres

Picture = np.ma.MaskedArray[Any, Any]

SIZE = 256
"""Window size, pixels."""
_STEP = 128
"""Smallest distance between windows, pixels."""
_MOST = 4
"""Largest number of windows along a scene's edge."""
_DILATION = 5
"""Dilation of masks in pixels: the fringes of clouds are brighter than the ground, too."""
_SAME_PLACE = 0.5
"""Share of the smaller scene's area."""
_HIDDEN = Flag.CLOUD | Flag.CIRRUS | Flag.SHADOW | Flag.SNOW | Flag.WATER
"""Surfaces that change or move between dates, including waves and sun glint."""


@dataclass(frozen=True, kw_only=True)
class SceneWindows:
    """Windows of the scenes of one place: their band, masks and grid."""

    band: str
    lattice: Lattice
    windows: tuple[Window, ...]
    making: FlagSource

    @classmethod
    def of(cls, scenes: Sequence[Scene], band: str, making: FlagSource) -> SceneWindows:
        """Windows all over the scenes' extent, on the grid of the first one."""
        grids = [band_grid(scene, scene.band(band)) for scene in scenes]
        lattice = Lattice.of(grids[0])
        boxes = [lattice.extent(grid) or grid.bounds for grid in grids]
        reach = lattice.window(reduce(Bounds.union, boxes), (-0.01, -0.01))
        return cls(band=band, lattice=lattice, windows=_spread(reach), making=making)

    def within(self, box: Bounds) -> SceneWindows:
        """The windows for a box; empty if it does not intersect the scenes."""
        rows, cols = zip(*self.windows, strict=True)
        whole = (range(rows[0].start, rows[-1].stop), range(cols[0].start, cols[-1].stop))
        shared = intersection(whole, self.lattice.window(box, (-0.01, -0.01)))
        return replace(self, windows=() if shared is None else _spread(shared))

    def read(self, scene: Scene, window: Window) -> Picture:
        """(y, x) of the band at the file's georeference.

        Clouds, shadows, snow and water are masked.
        """
        frame = NativeFrame(self.lattice, window)
        file = scene.band(self.band)
        source = FrameSource(
            href=resolve(file.href, scene.access),
            grid=band_grid(scene, file),
            indexes=(file.index,),
            nodata=None if file.scaling is None else file.scaling.nodata,
        )
        pixels = frame.read(source, "cubic")[0]
        widened = _DILATION * min(pixel_metres(self.lattice))
        rule = MaskRule(flags=_HIDDEN, dilation=min(widened, WIDEST), making=self.making)
        hidden = masked(scene, frame, rule)
        mask = np.ma.getmaskarray(pixels) if hidden is None else np.ma.getmaskarray(pixels) | hidden
        return np.ma.MaskedArray(np.ma.getdata(pixels).astype(np.float32), mask=mask)


def of_one_place(scenes: Sequence[Scene], band: str) -> Iterator[list[Scene]]:
    """Scenes that cover about the same area, in their order, if no tile id tells them apart.

    A scene joins the largest one that covers half of it.
    """
    boxes = [band_grid(scene, scene.band(band)).bounds for scene in scenes]

    def order(place: int) -> tuple[float, Bounds, str]:
        box = boxes[place]
        return -box.width * box.height, box, scenes[place].id

    groups: list[list[int]] = []
    for place in sorted(range(len(scenes)), key=order):
        for group in groups:
            shared = boxes[group[0]].intersection(boxes[place])
            own = boxes[place].width * boxes[place].height
            if shared is not None and shared.width * shared.height >= _SAME_PLACE * own:
                group.append(place)
                break
        else:
            groups.append([place])
    yield from ([scenes[place] for place in sorted(group)] for group in groups)


def _spread(reach: Window) -> tuple[Window, ...]:
    rows, cols = map(_spans, reach)
    return tuple((row, col) for row in rows for col in cols)


def _spans(reach: range) -> list[range]:
    """Windows along one side, evenly spaced from end to end."""
    size = min(SIZE, len(reach))
    room = len(reach) - size
    count = min(_MOST, room // _STEP + 1)
    starts = [reach.start + (room * number // (count - 1) if count > 1 else room // 2)
              for number in range(count)]  # fmt: skip
    return [range(start, start + size) for start in starts]

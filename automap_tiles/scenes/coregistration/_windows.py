"""The windows of a scene that its shift is found from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from automap_tiles.missions import Flag, Scene
from automap_tiles.scenes._link_signing import resolve
from automap_tiles.scenes.frames import FrameSource, NativeFrame
from automap_tiles.scenes.lattice import Lattice, Window
from automap_tiles.scenes.masks import WIDEST, FlagSource, MaskRule, masked
from automap_tiles.scenes.reflectance import band_grid, pixel_metres

Picture = np.ma.MaskedArray[Any, Any]

SIZE = 256
"""Pixels along the edge of a window."""
_STEP = 128
"""Pixels between windows at the least."""
_MOST = 4
"""Windows along the edge of a scene."""
_DILATION = 5
"""Pixels that masks are widened by: the rims of clouds are brighter than the ground as well."""
_HIDDEN = Flag.CLOUD | Flag.CIRRUS | Flag.SHADOW | Flag.SNOW | Flag.WATER
"""What changes or moves between dates: waves and glint as well."""


@dataclass(frozen=True, kw_only=True)
class SceneWindows:
    """How the windows of the scenes of one place are read; their band, their masks, their grid."""

    band: str
    lattice: Lattice
    windows: tuple[Window, ...]
    making: FlagSource

    @classmethod
    def of(cls, scenes: Sequence[Scene], band: str, making: FlagSource) -> SceneWindows:
        """Windows all over what the scenes reach, on the grid of the first of them."""
        grids = [band_grid(scene, scene.band(band)) for scene in scenes]
        lattice = Lattice.of(grids[0])
        reach = [lattice.window(grid.bounds, (-0.01, -0.01)) for grid in grids]
        rows, cols = (
            _spans(range(min(span.start for span in spans), max(span.stop for span in spans)))
            for spans in zip(*reach, strict=True)
        )
        return cls(
            band=band,
            lattice=lattice,
            windows=tuple((row, col) for row in rows for col in cols),
            making=making,
        )

    def read(self, scene: Scene, window: Window) -> Picture:
        """(y, x) of the band where the file says it lies, clouds, shadows, snow, water masked."""
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


def _spans(reach: range) -> list[range]:
    """Windows along one side, evenly spread from end to end."""
    size = min(SIZE, len(reach))
    room = len(reach) - size
    count = min(_MOST, room // _STEP + 1)
    starts = [reach.start + (room * number // (count - 1) if count > 1 else room // 2)
              for number in range(count)]  # fmt: skip
    return [range(start, start + size) for start in starts]

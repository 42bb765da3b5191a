"""Which pixels of a scene count: its quality layers, chosen by name and cleaned.

Everything with a neighbourhood is computed on the scene's own grid, on a window that is wider by
the neighbourhood, never on a tile alone: there are no seams.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from automap_tiles import raster
from automap_tiles.errors import ConfigError
from automap_tiles.grid import Grid
from automap_tiles.scenes.access import resolve
from automap_tiles.scenes.frames import Array, Frame
from automap_tiles.scenes.lattice import Lattice, Window, slices, widened
from automap_tiles.scenes.outlines import grid_of
from automap_tiles.scenes.scene import QualityFile, Scene
from automap_tiles.sensors.flags import Flag, combine
from automap_tiles.sensors.quality import LEVELS, Confidence
from automap_tiles.sensors.quality_tables import layer as quality_layer
from automap_tiles.vector import burn

if TYPE_CHECKING:
    from collections.abc import Sequence

Bools = np.ndarray[Any, np.dtype[np.bool_]]

DEFAULT = (Flag.CLOUD, Flag.CIRRUS, Flag.SHADOW)
_METRES_IN_DEGREE = 111_320.0


@dataclass(frozen=True, kw_only=True)
class MaskRule:
    """What makes a pixel not count, besides having no data."""

    flags: Flag = DEFAULT[0] | DEFAULT[1] | DEFAULT[2]
    confidence: Confidence = "medium"
    """Lowest that sets a flag, where a layer has confidences."""
    opening: float = 0.0
    """Metres: what is narrower than twice this is taken for noise and counts again."""
    dilation: float = 0.0
    """Metres that the mask is widened by, after the opening."""

    def __post_init__(self) -> None:
        if self.confidence not in LEVELS:
            raise ConfigError(
                "is no confidence",
                key="confidence",
                found=self.confidence,
                remedy="low, medium or high",
            )
        if not (0 <= self.opening <= 10_000 and 0 <= self.dilation <= 10_000):
            raise ConfigError("must be 0 to 10000 metres", key="opening, dilation")

    @property
    def is_cleaned(self) -> bool:
        return self.opening > 0 or self.dilation > 0


def parse_flags(names: Sequence[str] | None) -> Flag:
    """Flags of a user's list; None is the default: clouds, cirrus and shadows."""
    return combine(DEFAULT) if names is None else combine(names)


def masked(scene: Scene, frame: Frame, rule: MaskRule) -> Bools | None:
    """(y, x), True where a pixel does not count; None where nothing says so.

    Of several quality layers the best that the scene has is taken; Landsat's saturation layer is
    added to it.
    """
    found: Bools | None = None
    layers = _layers(scene)
    for number, file in enumerate(layers):
        own = _by_layer(scene, file, frame, rule if number == 0 else _plain(rule))
        found = own if found is None else found | own
    if not layers and scene.clouds is not None:
        found = _by_polygons(scene, frame, rule)
    return found


def _plain(rule: MaskRule) -> MaskRule:
    return MaskRule(flags=rule.flags, confidence=rule.confidence)


def _layers(scene: Scene) -> list[QualityFile]:
    ranks = {name: number for number, name in enumerate(scene.instrument.quality)}
    saturation = [file for file in scene.quality if "radsat" in file.layer]
    others = [file for file in scene.quality if "radsat" not in file.layer]
    others.sort(key=lambda file: ranks.get(file.layer, -1))  # -1: a maker's own comes first
    return [*others[:1], *saturation]


def _by_layer(scene: Scene, file: QualityFile, frame: Frame, rule: MaskRule) -> Bools:
    href = resolve(file.href, scene.access)
    lattice = Lattice.of(file.grid or grid_of(href))
    layer = quality_layer(file.layer)

    def compute(window: Window) -> Array:
        codes = raster.read(href, lattice.grid(window), indexes=file.indexes)
        # A code is a value also where it equals the file's nodata value: 0 is often "clear".
        inside = _inside(window, file.grid or grid_of(href))
        plain = np.ma.getdata(codes) if layer.kind == "bands" else np.ma.getdata(codes)[0]
        flags = layer.to_flags(plain, rule.confidence)
        flags[~inside] = Flag.FILL
        return flags

    return _cleaned(lattice, compute, frame, rule)


def _by_polygons(scene: Scene, frame: Frame, rule: MaskRule) -> Bools:
    """Clouds as polygons, on the grid of the scene's coarsest band that has one."""
    file = next(iter(scene.bands.values()))
    lattice = Lattice.of(file.grid or grid_of(resolve(file.href, scene.access)))

    def compute(window: Window) -> Array:
        flags = np.zeros((len(window[0]), len(window[1])), dtype=np.uint16)
        for flag in (Flag.CLOUD, Flag.CIRRUS):
            shapes = [
                shapely.Polygon(cloud.exterior, cloud.holes)
                for cloud in scene.clouds or ()
                if cloud.flag == flag
            ]
            flags[burn(shapes, lattice.grid(window))] |= np.uint16(flag)
        return flags

    return _cleaned(lattice, compute, frame, rule)


def _cleaned(lattice: Lattice, compute: Any, frame: Frame, rule: MaskRule) -> Bools:
    """Flags become a mask, which is cleaned on a wider window and brought onto the frame."""
    opening, dilation = (_pixels(lattice, metres) for metres in (rule.opening, rule.dilation))
    margin = 2 * opening + dilation

    def mask(window: Window) -> Array:
        wide = widened(window, margin)
        flags = compute(wide)
        chosen = (flags & np.uint16(rule.flags & ~Flag.FILL)) != 0
        if margin:
            from automap_tiles.analysis import masks as mask_tools

            chosen = mask_tools.clean(chosen, opening=opening, dilation=dilation)
        chosen |= (flags & np.uint16(Flag.FILL)) != 0
        return np.ascontiguousarray(chosen[slices(window, wide)])

    return frame.bring(lattice, mask).astype(bool, copy=False)


def _pixels(lattice: Lattice, metres: float) -> int:
    size = lattice.pixel[0] * (_METRES_IN_DEGREE if lattice.crs.is_geographic else 1.0)
    return math.ceil(metres / size - 1e-9)


def _inside(window: Window, grid: Grid) -> Bools:
    """Where the window lies within the file."""
    inside = np.zeros((len(window[0]), len(window[1])), dtype=bool)
    rows, cols = (
        slice(max(0, -span.start), max(0, min(len(span), size - span.start)))
        for span, size in zip(window, grid.shape, strict=True)
    )
    inside[rows, cols] = True
    return inside

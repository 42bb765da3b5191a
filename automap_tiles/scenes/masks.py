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
from automap_tiles.analysis import masks as tools
from automap_tiles.errors import ConfigError
from automap_tiles.grid import Grid
from automap_tiles.scenes.access import resolve
from automap_tiles.scenes.frames import Array, Compute, Frame
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
Flags = np.ndarray[Any, np.dtype[np.uint16]]

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
        own_rule = rule if number == 0 else _plain(rule)
        own = _cleaned(*_of_layer(scene, file, rule.confidence), frame, own_rule)
        found = own if found is None else found | own
    if not layers and scene.clouds is not None:
        found = _cleaned(*_of_polygons(scene), frame, rule)
    return found


def _plain(rule: MaskRule) -> MaskRule:
    return MaskRule(flags=rule.flags, confidence=rule.confidence)


def _layers(scene: Scene) -> list[QualityFile]:
    ranks = {name: number for number, name in enumerate(scene.instrument.quality)}
    saturation = [file for file in scene.quality if "radsat" in file.layer]
    others = [file for file in scene.quality if "radsat" not in file.layer]
    others.sort(key=lambda file: ranks.get(file.layer, -1))  # -1: a maker's own comes first
    return [*others[:1], *saturation]


def flag_picture(scene: Scene, frame: Frame, confidence: Confidence = "medium") -> Flags:
    """(y, x) uint16: every flag that the quality layers of `masked` set; nothing is cleaned.

    Where nothing says anything no flag is set, and beyond the layer's edge it is `FILL`.
    """
    flags = np.zeros(frame.shape, dtype=np.uint16)
    layers = _layers(scene)
    for file in layers:
        flags |= frame.bring(*_of_layer(scene, file, confidence))
    if not layers and scene.clouds is not None:
        flags |= frame.bring(*_of_polygons(scene))
    return flags


def _of_layer(scene: Scene, file: QualityFile, confidence: Confidence) -> tuple[Lattice, Compute]:
    """The grid of a quality layer, and its flags on a window of it."""
    href = resolve(file.href, scene.access)
    grid = file.grid or grid_of(href)
    lattice = Lattice.of(grid)
    layer = quality_layer(file.layer)

    def compute(window: Window) -> Array:
        codes = raster.read(href, lattice.grid(window), indexes=file.indexes)
        # A code is a value also where it equals the file's nodata value: 0 is often "clear".
        plain = np.ma.getdata(codes) if layer.kind == "bands" else np.ma.getdata(codes)[0]
        flags = layer.to_flags(plain, confidence)
        flags[~_inside(window, grid)] = Flag.FILL
        return flags

    return lattice, compute


def _of_polygons(scene: Scene) -> tuple[Lattice, Compute]:
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

    return lattice, compute


def _cleaned(lattice: Lattice, compute: Compute, frame: Frame, rule: MaskRule) -> Bools:
    """Flags become a mask, which is cleaned on a wider window and brought onto the frame."""
    size = _pixel_size(lattice)
    opening = rule.opening / min(size)
    margin = 2 * math.ceil(opening) + math.ceil(rule.dilation / min(size))

    def mask(window: Window) -> Array:
        wide = widened(window, margin)
        flags = compute(wide)
        fill = (flags & np.uint16(Flag.FILL)) != 0
        chosen = (flags & np.uint16(rule.flags & ~Flag.FILL)) != 0
        if opening:
            # What lies beyond the data counts as covered, so that a cloud at the edge stays.
            chosen = tools.open_disk(chosen | fill, opening) & ~fill
        if rule.dilation:
            chosen = tools.dilate(chosen, rule.dilation, size)
        return np.ascontiguousarray((chosen | fill)[slices(window, wide)])

    return frame.bring(lattice, mask).astype(bool, copy=False)


def cloud_distance(scene: Scene, frame: Frame, limit: float) -> Array:
    """(y, x) float32 metres to the next cloud, cirrus or shadow of the scene, at most `limit`."""
    layers = _layers(scene)
    if layers:
        lattice, compute = _of_layer(scene, layers[0], "medium")
    elif scene.clouds is not None:
        lattice, compute = _of_polygons(scene)
    else:
        return np.full(frame.shape, limit, dtype=np.float32)
    size = _pixel_size(lattice)
    margin = math.ceil(limit / min(size))

    def distance(window: Window) -> Array:
        wide = widened(window, margin)
        covered = (compute(wide) & np.uint16(combine(DEFAULT))) != 0
        metres = tools.distance(covered, size, limit=limit)
        return np.ascontiguousarray(metres[slices(window, wide)])

    return frame.bring(lattice, distance)


def _pixel_size(lattice: Lattice) -> tuple[float, float]:
    """(height, width) in metres."""
    width, height = lattice.pixel
    if lattice.crs.is_geographic:
        return height * _METRES_IN_DEGREE, width * _METRES_IN_DEGREE
    return height, width


def _inside(window: Window, grid: Grid) -> Bools:
    """Where the window lies within the file."""
    inside = np.zeros((len(window[0]), len(window[1])), dtype=bool)
    rows, cols = (
        slice(max(0, -span.start), max(0, min(len(span), size - span.start)))
        for span, size in zip(window, grid.shape, strict=True)
    )
    inside[rows, cols] = True
    return inside

"""Masks of invalid pixels from the quality layers of a scene, selected by name and cleaned.

Neighbourhood operations run on the scene's own grid, on a window padded by their radius, never on a
tile alone: there are no seams.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from automap_tiles import raster
from automap_tiles.analysis.shapes import distance as distances
from automap_tiles.analysis.shapes import masks as tools
from automap_tiles.errors import ConfigError, InputError
from automap_tiles.grid import Grid
from automap_tiles.missions import (
    LEVELS,
    Confidence,
    Flag,
    QualityFile,
    Scene,
    combine,
    grid_of,
    quality_layer,
)
from automap_tiles.scenes._link_signing import resolve
from automap_tiles.scenes._shadows import BANDS as SHADOW_BANDS
from automap_tiles.scenes._shadows import check as check_sun
from automap_tiles.scenes._shadows import with_shadows
from automap_tiles.scenes.frames import Array, Compute, Frame
from automap_tiles.scenes.lattice import Lattice, Window, slices, widened
from automap_tiles.scenes.maskers import Masking
from automap_tiles.scenes.reflectance import pixel_metres
from automap_tiles.vector import burn

if TYPE_CHECKING:
    from collections.abc import Sequence

Bools = np.ndarray[Any, np.dtype[np.bool_]]
Codes = np.ndarray[Any, np.dtype[np.uint8]]
Flags = np.ndarray[Any, np.dtype[np.uint16]]
Judge = Callable[[Flags], Codes]
"""Maps flags to codes, pixel by pixel."""

DEFAULT = (Flag.CLOUD, Flag.CIRRUS, Flag.SHADOW)

_KERNEL = 2
"""Radius of cubic convolution, pixels."""
WIDEST = 10_000.0
"""Largest dilation of a mask, metres."""
NOT_SEEN, RULED_OUT, AT_EDGE = np.uint8(1), np.uint8(2), np.uint8(4)
"""Codes of `judged`: no data; flagged, after cleaning; so near to pixels without data that a flag
beyond the edge might have reached it."""

CONFIDENCE: Confidence = "medium"
"""Default confidence from which a flag is set."""


@dataclass(frozen=True, kw_only=True)
class FlagSource:
    """How a scene's flags are made, if not from its own layers alone."""

    masking: Masking | None = None
    """A masker that replaces the scene's own layers."""
    project_shadow: bool = False
    """Whether to detect the shadows of clouds, see `scenes._shadows`."""

    @property
    def label(self) -> str:
        """Name of the method: `csmask`, `s2cloudless 60 shadow`; empty: a scene's own layers."""
        parts = [] if self.masking is None else [self.masking.label]
        return " ".join([*parts, *(["shadow"] if self.project_shadow else [])])

    @property
    def bands(self) -> tuple[str, ...]:
        """Bands that a scene must have; raises `MissingExtra`."""
        masker = () if self.masking is None else self.masking.bands
        return (*masker, *(SHADOW_BANDS if self.project_shadow else ()))

    def __repr__(self) -> str:
        """As written by versions before 0.1.0, since fingerprints of inputs contain it."""
        return f"Making(masking={self.masking!r}, project_shadow={self.project_shadow!r})"

    def check(self, scenes: Sequence[Scene]) -> None:
        """Raise `ConfigError` if these scenes do not allow it, or `MissingExtra`."""
        if self.masking is not None:
            self.masking.check(scenes)
        if self.project_shadow:
            check_sun(scenes)


OWN_LAYERS = FlagSource()


@dataclass(frozen=True, kw_only=True)
class _Flags:
    """Source of flags, on its own lattice."""

    lattice: Lattice
    compute: Compute
    """Flags (y, x) of a window."""
    straight: Callable[[Window, Judge], Codes] | None = None
    """Codes of a window computed directly, without flags in between; None: not available."""

    def judged(self, window: Window, judge: Judge) -> Codes:
        """Codes (y, x) from the flags of a window."""
        if self.straight is not None:
            return self.straight(window, judge)
        return judge(self.compute(window))


@dataclass(frozen=True, kw_only=True)
class MaskRule:
    """What excludes a pixel, besides missing data."""

    flags: Flag = DEFAULT[0] | DEFAULT[1] | DEFAULT[2]
    confidence: Confidence = CONFIDENCE
    """Lowest confidence that sets a flag, where a layer has confidences."""
    opening: float = 0.0
    """Metres: anything narrower than twice this is noise and counts again."""
    dilation: float = 0.0
    """Metres to dilate the mask by, after the opening."""
    making: FlagSource = OWN_LAYERS

    def __post_init__(self) -> None:
        if self.confidence not in LEVELS:
            raise ConfigError(
                "unknown confidence",
                key="confidence",
                found=self.confidence,
                remedy="low, medium or high",
            )
        if not (0 <= self.opening <= WIDEST and 0 <= self.dilation <= WIDEST):
            raise ConfigError("must be 0 to 10000 metres", key="opening, dilation")


def parse_flags(names: Sequence[str] | None) -> Flag:
    """Flags by name; None is the default: clouds, cirrus and shadows."""
    return combine(DEFAULT) if names is None else combine(names)


def masked(scene: Scene, frame: Frame, rule: MaskRule) -> Bools | None:
    """(y, x), True where a pixel does not count; None without any mask.

    Uses the scene's best quality layer, or a masker in its place; saturation layers are added. For
    a shifted scene, masks grow by the radius of the resampling kernel.
    """
    found = judged(scene, frame, rule)
    return None if found is None else rules_out(found)


def rules_out(codes: Codes) -> Bools:
    """Where codes of `judged` exclude a pixel."""
    found: Bools = (codes & (NOT_SEEN | RULED_OUT)) != 0
    return found


def judged(scene: Scene, frame: Frame, rule: MaskRule) -> Codes | None:
    """Like `masked` (y, x), as codes that combine `NOT_SEEN`, `RULED_OUT` and `AT_EDGE`."""
    found: Codes | None = None
    wider = _kernel(scene)
    rule = replace(rule, dilation=min(rule.dilation + wider, WIDEST))
    for number, source in enumerate(_sources(scene, rule.confidence, rule.making)):
        own_rule = rule if number == 0 else MaskRule(flags=rule.flags, dilation=wider)
        own = _cleaned(source, frame, own_rule)
        found = own if found is None else found | own
    return found


def _kernel(scene: Scene) -> float:
    """Radius of the cubic kernel in metres; it would spread bright clouds into rims."""
    if scene.shift == (0.0, 0.0):
        return 0.0
    file = next(iter(scene.bands.values()))
    lattice = Lattice.of(file.grid or grid_of(resolve(file.href, scene.access)))
    return min(_KERNEL * max(pixel_metres(lattice)), WIDEST)


def _sources(scene: Scene, confidence: Confidence, making: FlagSource) -> list[_Flags]:
    """Sources of flags, the one with clouds first; empty without any.

    Windows use the rows and columns of the files, regardless of a shift of the scene.
    """
    layers = layers_used(scene)
    saturation = [file for file in layers if _is_saturation(file)]
    others = [file for file in layers if not _is_saturation(file)]
    first: list[_Flags] = []
    if making.masking is not None:
        lattice, compute = making.masking.of(scene)
        first = [_Flags(lattice=lattice, compute=compute)]
    elif others:
        first = [_of_layer(scene, others[0], confidence)]
    elif scene.clouds is not None:
        first = [_of_polygons(scene)]
    if making.project_shadow:
        cast = [with_shadows(scene, each.lattice, each.compute) for each in first]
        first = [_Flags(lattice=lattice, compute=compute) for lattice, compute in cast]
    found = [*first, *(_of_layer(scene, file, confidence) for file in saturation)]
    return [replace(each, lattice=each.lattice.moved(scene.shift)) for each in found]


def layers_used(scene: Scene) -> list[QualityFile]:
    """The scene's best layer, and the saturation layers that complement it."""
    ranks = {name: number for number, name in enumerate(scene.instrument.quality)}
    # -1: a layer of the producer of these files comes first
    ordered = sorted(scene.quality, key=lambda file: ranks.get(file.layer, -1))
    others = [file for file in ordered if not _is_saturation(file)]
    return [*others[:1], *(file for file in ordered if _is_saturation(file))]


def _is_saturation(file: QualityFile) -> bool:
    return quality_layer(file.layer).is_added


def flag_picture(
    scene: Scene,
    frame: Frame,
    confidence: Confidence = CONFIDENCE,
    making: FlagSource = OWN_LAYERS,
) -> Flags:
    """(y, x) uint16: all flags that `masked` uses, without cleaning.

    No flag is set without any mask; pixels beyond the layer's edge are `FILL`.
    """
    flags = np.zeros(frame.shape, dtype=np.uint16)
    for source in _sources(scene, confidence, making):
        flags |= frame.bring(source.lattice, source.compute)
    return flags


def _of_layer(scene: Scene, file: QualityFile, confidence: Confidence) -> _Flags:
    """The grid of a quality layer, and its flags on a window of it."""
    href = resolve(file.href, scene.access)
    grid = file.grid or grid_of(href)
    lattice = Lattice.of(grid)
    layer = quality_layer(file.layer)

    def codes(window: Window) -> Array:
        read = _stored(href, lattice.grid(window), file.indexes)
        return read if layer.kind == "bands" else read[0]

    def compute(window: Window) -> Array:
        with _told_by(file):
            flags = layer.to_flags(codes(window), confidence)
        _set_beyond(flags, window, grid, Flag.FILL)
        return flags

    def straight(window: Window, judge: Judge) -> Codes:
        with _told_by(file):
            found = layer.judged(codes(window), judge, confidence)
        _set_beyond(found, window, grid, int(judge(np.array([Flag.FILL], np.uint16))[0]))
        return found

    return _Flags(lattice=lattice, compute=compute, straight=straight)


@contextmanager
def _told_by(file: QualityFile) -> Iterator[None]:
    """Add the file to errors about codes."""
    try:
        yield
    except InputError as error:
        if error.path is not None:
            raise
        raise InputError(error.message, file.href) from error


def _stored(href: str, grid: Grid, indexes: Sequence[int]) -> Array:
    """Codes (band, y, x) of a file as stored, including those equal to its nodata value.

    0 often means "clear". Values beyond the file are arbitrary.
    """
    dtypes = {raster.inspect(href).dtypes[index - 1] for index in indexes}
    out = np.empty((len(indexes), *grid.shape), dtype=min(dtypes))
    found = raster.read_into(href, grid, out, indexes=indexes) if len(dtypes) == 1 else None
    return np.ma.getdata(raster.read(href, grid, indexes=indexes)) if found is None else found[0]


def _of_polygons(scene: Scene) -> _Flags:
    """Cloud polygons, on the grid of the scene's first band."""
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

    return _Flags(lattice=lattice, compute=compute)


def _cleaned(source: _Flags, frame: Frame, rule: MaskRule) -> Codes:
    """Flags turned into a mask, cleaned on a padded window and brought to the frame, as codes."""
    if not (rule.opening or rule.dilation):
        return frame.bring(
            source.lattice, lambda window: source.judged(window, partial(_as_they_are, rule.flags))
        ).astype(np.uint8, copy=False)
    size = pixel_metres(source.lattice)
    opening = rule.opening / min(size)
    margin = 2 * math.ceil(opening) + math.ceil(rule.dilation / min(size))

    def mask(window: Window) -> Array:
        wide = widened(window, margin)
        flags = source.compute(wide)
        fill = (flags & np.uint16(Flag.FILL)) != 0
        chosen = (flags & np.uint16(rule.flags & ~Flag.FILL)) != 0
        if opening:
            # Pixels beyond the data count as masked, so that a cloud at the edge survives the
            # opening.
            chosen = tools.open_disk(chosen | fill, opening) & ~fill
        if rule.dilation:
            chosen = tools.dilate(chosen, rule.dilation, size)
        near = tools.dilate(fill, 2 * opening * min(size) + rule.dilation, size)
        codes = fill * NOT_SEEN | chosen * RULED_OUT | near * AT_EDGE
        return np.ascontiguousarray(codes[slices(window, wide)])

    return frame.bring(source.lattice, mask).astype(np.uint8, copy=False)


def _as_they_are(chosen: Flag, flags: Flags) -> Codes:
    """Codes of flags without neighbourhood operations."""
    fill = (flags & np.uint16(Flag.FILL)) != 0
    ruled_out = (flags & np.uint16(chosen & ~Flag.FILL)) != 0
    codes: Codes = fill * (NOT_SEEN | AT_EDGE) | ruled_out * RULED_OUT
    return codes


def cloud_distance(
    scene: Scene,
    frame: Frame,
    limit: float,
    making: FlagSource = OWN_LAYERS,
    opening: float = 0.0,
) -> Array:
    """(y, x) float32 metres to the nearest cloud, cirrus or shadow of the scene, at most `limit`.

    With an `opening` in metres (`MaskRule`), isolated pixels flagged as cloud are ignored here too,
    since each would blank a disk of radius `limit`.
    """
    sources = _sources(scene, "medium", making)
    if not sources:
        return np.full(frame.shape, limit, dtype=np.float32)
    lattice, compute = sources[0].lattice, sources[0].compute
    size = pixel_metres(lattice)
    cleaned = opening / min(size)
    margin = math.ceil(limit / min(size)) + 2 * math.ceil(cleaned)

    def measured(window: Window) -> Array:
        wide = widened(window, margin)
        flags = compute(wide)
        covered = (flags & np.uint16(combine(DEFAULT))) != 0
        if cleaned:
            fill = (flags & np.uint16(Flag.FILL)) != 0
            covered = tools.open_disk(covered | fill, cleaned) & ~fill
        metres = distances.distance(covered, size, limit=limit)
        return np.ascontiguousarray(metres[slices(window, wide)])

    return frame.bring(lattice, measured)


def _set_beyond(array: Array, window: Window, grid: Grid, value: int) -> None:
    """Set a value where (y, x) of the window lies outside the file."""
    for axis, (span, size) in enumerate(zip(window, grid.shape, strict=True)):
        along = np.moveaxis(array, axis, 0)
        along[: max(0, -span.start)] = value
        along[max(0, size - span.start) :] = value

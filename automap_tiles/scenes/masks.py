"""Masks of invalid pixels from the quality layers of a scene, selected by name and cleaned.

Everything with a neighbourhood is computed on the scene's own grid, on a window that is wider by
the neighbourhood, never on a tile alone: there are no seams.
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
"""Makes codes of flags, each pixel by itself."""

DEFAULT = (Flag.CLOUD, Flag.CIRRUS, Flag.SHADOW)

_KERNEL = 2
"""Pixels to each side that cubic convolution takes."""
WIDEST = 10_000.0
"""Metres that a mask is widened by at the most."""
NOT_SEEN, RULED_OUT, AT_EDGE = np.uint8(1), np.uint8(2), np.uint8(4)
"""What `judged` says of a pixel: no data; one of the flags, after cleaning; so near to pixels
without data that a flag beyond them might have reached it."""

CONFIDENCE: Confidence = "medium"
"""From which on a flag is set where nobody says otherwise."""


@dataclass(frozen=True, kw_only=True)
class FlagSource:
    """How a scene's flags are made, where its own layers are not enough."""

    masking: Masking | None = None
    """A masker in place of the scene's own layers."""
    project_shadow: bool = False
    """Whether the shadows of the clouds are looked for: see `scenes._shadows`."""

    @property
    def label(self) -> str:
        """The same for the same way: `csmask`, `s2cloudless 60 shadow`; empty for a scene's own."""
        parts = [] if self.masking is None else [self.masking.label]
        return " ".join([*parts, *(["shadow"] if self.project_shadow else [])])

    @property
    def bands(self) -> tuple[str, ...]:
        """Bands that a scene must have for it; raises `MissingExtra`."""
        masker = () if self.masking is None else self.masking.bands
        return (*masker, *(SHADOW_BANDS if self.project_shadow else ()))

    def __repr__(self) -> str:
        """As versions before 0.1.0 wrote it, which fingerprints of inputs are made of."""
        return f"Making(masking={self.masking!r}, project_shadow={self.project_shadow!r})"

    def check(self, scenes: Sequence[Scene]) -> None:
        """Raise `ConfigError` where it cannot be done with these scenes, or `MissingExtra`."""
        if self.masking is not None:
            self.masking.check(scenes)
        if self.project_shadow:
            check_sun(scenes)


OWN_LAYERS = FlagSource()


@dataclass(frozen=True, kw_only=True)
class _Flags:
    """What makes flags, on a lattice of its own."""

    lattice: Lattice
    compute: Compute
    """Flags (y, x) of a window."""
    straight: Callable[[Window, Judge], Codes] | None = None
    """What is made of the flags of a window, without making them first; None: not known."""

    def judged(self, window: Window, judge: Judge) -> Codes:
        """What (y, x) is made of the flags of a window."""
        if self.straight is not None:
            return self.straight(window, judge)
        return judge(self.compute(window))


@dataclass(frozen=True, kw_only=True)
class MaskRule:
    """What makes a pixel not count, besides having no data."""

    flags: Flag = DEFAULT[0] | DEFAULT[1] | DEFAULT[2]
    confidence: Confidence = CONFIDENCE
    """Lowest that sets a flag, where a layer has confidences."""
    opening: float = 0.0
    """Metres: what is narrower than twice this is taken for noise and counts again."""
    dilation: float = 0.0
    """Metres that the mask is widened by, after the opening."""
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
    """Flags of a user's list; None is the default: clouds, cirrus and shadows."""
    return combine(DEFAULT) if names is None else combine(names)


def masked(scene: Scene, frame: Frame, rule: MaskRule) -> Bools | None:
    """(y, x), True where a pixel does not count; None where nothing says so.

    Of several quality layers the best that the scene has is taken, or a masker in place of them;
    layers of saturation are added to it. Of a scene that is moved the masks are wider by what its
    resampled pixels are made of.
    """
    found = judged(scene, frame, rule)
    return None if found is None else rules_out(found)


def rules_out(codes: Codes) -> Bools:
    """Where codes of `judged` say that a pixel does not count."""
    found: Bools = (codes & (NOT_SEEN | RULED_OUT)) != 0
    return found


def judged(scene: Scene, frame: Frame, rule: MaskRule) -> Codes | None:
    """(y, x) the same in codes, with why: `NOT_SEEN`, `RULED_OUT`, `AT_EDGE`, and sums of them."""
    found: Codes | None = None
    wider = _kernel(scene)
    rule = replace(rule, dilation=min(rule.dilation + wider, WIDEST))
    for number, source in enumerate(_sources(scene, rule.confidence, rule.making)):
        own_rule = rule if number == 0 else MaskRule(flags=rule.flags, dilation=wider)
        own = _cleaned(source, frame, own_rule)
        found = own if found is None else found | own
    return found


def _kernel(scene: Scene) -> float:
    """Metres around a pixel from which a cubic kernel takes: bright clouds would stay as rims."""
    if scene.shift == (0.0, 0.0):
        return 0.0
    file = next(iter(scene.bands.values()))
    lattice = Lattice.of(file.grid or grid_of(resolve(file.href, scene.access)))
    return min(_KERNEL * max(pixel_metres(lattice)), WIDEST)


def _sources(scene: Scene, confidence: Confidence, making: FlagSource) -> list[_Flags]:
    """What makes the flags, the one that knows of clouds first; none where nothing does.

    Windows are counted in the rows and columns of the files, wherever their pixels are moved to.
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
    """The best of the scene's layers, and those of saturation, which are added to it."""
    ranks = {name: number for number, name in enumerate(scene.instrument.quality)}
    # -1: a maker's own comes first
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
    """(y, x) uint16: every flag of what `masked` looks at; nothing is cleaned.

    Where nothing says anything no flag is set, and beyond the layer's edge it is `FILL`.
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
    """Errors of codes say which file has them."""
    try:
        yield
    except InputError as error:
        if error.path is not None:
            raise
        raise InputError(error.message, file.href) from error


def _stored(href: str, grid: Grid, indexes: Sequence[int]) -> Array:
    """Codes (band, y, x) of a file as they are stored: also those that equal its nodata value.

    0 is often "clear". Beyond the file there may be anything.
    """
    dtypes = {raster.inspect(href).dtypes[index - 1] for index in indexes}
    out = np.empty((len(indexes), *grid.shape), dtype=min(dtypes))
    found = raster.read_into(href, grid, out, indexes=indexes) if len(dtypes) == 1 else None
    return np.ma.getdata(raster.read(href, grid, indexes=indexes)) if found is None else found[0]


def _of_polygons(scene: Scene) -> _Flags:
    """Clouds as polygons, on the grid of the first of the scene's bands."""
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
    """Flags become a mask, cleaned on a wider window and brought onto the frame, in codes."""
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
            # What lies beyond the data counts as covered, so that a cloud at the edge stays.
            chosen = tools.open_disk(chosen | fill, opening) & ~fill
        if rule.dilation:
            chosen = tools.dilate(chosen, rule.dilation, size)
        near = tools.dilate(fill, 2 * opening * min(size) + rule.dilation, size)
        codes = fill * NOT_SEEN | chosen * RULED_OUT | near * AT_EDGE
        return np.ascontiguousarray(codes[slices(window, wide)])

    return frame.bring(source.lattice, mask).astype(np.uint8, copy=False)


def _as_they_are(chosen: Flag, flags: Flags) -> Codes:
    """The codes of flags that nothing around them changes."""
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
    """(y, x) float32 metres to the next cloud, cirrus or shadow of the scene, at most `limit`.

    With an `opening` in metres (`MaskRule`) single pixels that are taken for clouds, of which each
    would keep a disk of the radius `limit` away, are no clouds here either.
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
    """Write a value where (y, x) of the window there is no pixel of the file."""
    for axis, (span, size) in enumerate(zip(window, grid.shape, strict=True)):
        along = np.moveaxis(array, axis, 0)
        along[: max(0, -span.start)] = value
        along[max(0, size - span.start) :] = value

"""From pixel values to colours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from automap_tiles.pictures.colormaps import Classes, ColorMap, Intervals, Ramp
from automap_tiles.pictures.style import Style

Bytes: TypeAlias = NDArray[np.uint8]

_OPAQUE = 255

# The opaque value of an alpha band of another type than bytes (GDAL, GDALWarpOptions,
# SRC_ALPHA_MAX).
_LARGEST_ALPHA = {"uint16": 65_535, "int16": 32_767}


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """The image of one tile."""

    planes: Bytes
    """(1 or 3, y, x): grey, palette index, or RGB."""
    palette: Bytes | None = None
    """(number, 4) RGBA of the indexes; only for a single plane."""
    opaque: NDArray[np.bool_] | None = None
    """(y, x) False where transparent; None: opaque everywhere."""
    alpha: Bytes | None = None
    """(y, x) opacity, 255 being opaque, where `opaque` is True; None: fully opaque."""

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        height, width = self.planes.shape[-2:]
        return height, width

    @property
    def is_plain(self) -> bool:
        """Whether it is RGB and opaque everywhere."""
        parts = self.palette, self.opaque, self.alpha
        return len(self.planes) == 3 and all(part is None for part in parts)

    def rgba(self) -> Bytes:
        """RGBA, (4, y, x)."""
        rgba: Bytes
        if self.palette is not None:
            rgba = np.moveaxis(self.palette[self.planes[0]], -1, 0).copy()
        else:
            rgba = np.full((4, *self.shape), 255, np.uint8)
            rgba[:3] = self.planes
        if self.alpha is not None:
            whole = rgba[3] == _OPAQUE
            part = (rgba[3].astype(np.uint32) * self.alpha + _OPAQUE // 2) // _OPAQUE
            rgba[3] = np.where(whole, self.alpha, part)
        if self.opaque is not None:
            rgba[3] *= self.opaque
        return rgba


def render(data: np.ma.MaskedArray[Any, Any], style: Style) -> Picture:
    """The image of the bands `style.needed` (band, y, x), in that order.

    A value v becomes 255 · ((v − low) / (high − low)) ^ (1 / gamma), rounded and clipped to 0 to
    255; without `rescale` low and high are the limits of the type for integers, 0 and 1 for floats.
    A pixel is transparent if one of its planes is masked or NaN, and according to the band
    `style.alpha`. Classes and intervals apply to the values unless they are rescaled.
    """
    if style.alpha is not None:
        return _through(render(data[:-1], replace(style, alpha=None)), np.ma.getdata(data)[-1])
    planes = data if style.expression is None else style.expression.evaluate(data)
    opaque = _opaque(planes, style)
    values: NDArray[Any] = np.ma.getdata(planes)
    if isinstance(style.colormap, Classes | Intervals):
        if style.rescale:
            values = _stretched(values, style)
        return _coloured(values[0], style.colormap, opaque)
    grey = _stretched(values, style)
    palette = style.colormap.table if isinstance(style.colormap, Ramp) else None
    return Picture(planes=grey, palette=palette, opaque=opaque)


def _through(picture: Picture, alpha: NDArray[Any]) -> Picture:
    """An image with the opacity of the source's alpha band."""
    level = _level_of(alpha)
    seen = level != 0
    if not seen.all():
        opaque = seen if picture.opaque is None else picture.opaque & seen
        picture = replace(picture, opaque=opaque)
    if (level[seen] == _OPAQUE).all():
        return picture
    own = level if picture.alpha is None else np.minimum(level, picture.alpha)
    return replace(picture, alpha=own)


def _level_of(alpha: NDArray[Any]) -> Bytes:
    """0 to 255 from an alpha band."""
    if alpha.dtype == np.uint8:
        return alpha
    largest = _LARGEST_ALPHA.get(alpha.dtype.name, _OPAQUE)
    return _levels(alpha, 0.0, float(largest), 1.0)


def _opaque(planes: np.ma.MaskedArray[Any, Any], style: Style) -> NDArray[np.bool_] | None:
    if not style.return_mask:
        return None
    hidden = np.ma.getmaskarray(planes).any(axis=0)
    if planes.dtype.kind == "f":  # NaN besides a declared nodata value has no colour either
        hidden |= np.isnan(np.ma.getdata(planes)).any(axis=0)
    return np.asarray(~hidden) if hidden.any() else None


def _stretched(values: NDArray[Any], style: Style) -> Bytes:
    """Levels of the planes, each stretched between its limits."""
    if len(style.rescale) <= 1 and (table := _table_of(values, style, 0)) is not None:
        return np.take(table, values.view(f"u{values.dtype.itemsize}"))
    out = np.empty(values.shape, np.uint8)
    for number, plane in enumerate(values):
        table = _table_of(values, style, number)
        if table is not None:
            out[number] = np.take(table, plane.view(f"u{values.dtype.itemsize}"))
        else:
            out[number] = _levels(plane, *_limits(style, number, values.dtype), style.gamma)
    return out


def _table_of(values: NDArray[Any], style: Style, number: int) -> Bytes | None:
    """Lookup table of the levels of a plane; None if there are too many values."""
    if values.dtype.kind not in "iu" or values.dtype.itemsize > 2:
        return None
    return _table(values.dtype, *_limits(style, number, values.dtype), style.gamma)


def _limits(style: Style, number: int, dtype: np.dtype[Any]) -> tuple[float, float]:
    if style.rescale:
        return style.rescale[number if len(style.rescale) > 1 else 0]
    if dtype.kind not in "iu":
        return 0.0, 1.0
    limits = np.iinfo(dtype)
    return float(limits.min), float(limits.max)


def _levels(values: NDArray[Any], low: float, high: float, gamma: float) -> Bytes:
    part = values.astype(np.float64)
    part -= low
    part /= high - low
    np.fmax(part, 0, out=part)  # 0 for NaN: transparent, so that any colour will do
    np.minimum(part, 1, out=part)
    if gamma != 1:
        part **= 1 / gamma
    part *= 255
    part += 0.5
    return part.astype(np.uint8)


@lru_cache(maxsize=64)
def _table(dtype: np.dtype[Any], low: float, high: float, gamma: float) -> Bytes:
    """The level of each value of an 8 or 16 bit type, by its bit pattern."""
    bits = np.arange(256**dtype.itemsize, dtype=f"u{dtype.itemsize}")
    return _levels(bits.view(dtype), low, high, gamma)


def _coloured(values: NDArray[Any], colours: ColorMap, opaque: NDArray[np.bool_] | None) -> Picture:
    """Palette index 0 stands for values without a colour."""
    if isinstance(colours, Classes):
        index, table = _of_classes(values, colours)
    else:
        index, table = _of_intervals(values, colours)  # type: ignore[arg-type]
    palette = np.array([(0, 0, 0, 0), *table], np.uint8)
    if len(palette) <= 256:
        return Picture(planes=index.astype(np.uint8)[None], palette=palette, opaque=opaque)
    rgba = palette[index]
    return _through(Picture(planes=np.moveaxis(rgba[..., :3], -1, 0), opaque=opaque), rgba[..., 3])


def _of_classes(values: NDArray[Any], classes: Classes) -> tuple[NDArray[Any], list[Any]]:
    wanted = np.array([value for value, _ in classes.colours])
    place = np.searchsorted(wanted, values)
    found = wanted[np.minimum(place, len(wanted) - 1)] == values
    return np.where(found, place + 1, 0), [colour for _, colour in classes.colours]


def _of_intervals(values: NDArray[Any], intervals: Intervals) -> tuple[NDArray[Any], list[Any]]:
    index = np.zeros(values.shape, np.intp)
    for number, (low, high, _) in reversed(list(enumerate(intervals.colours, start=1))):
        index[(values >= low) & (values < high)] = number
    return index, [colour for _, _, colour in intervals.colours]

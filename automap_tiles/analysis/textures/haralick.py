"""The textures of Haralick, Shanmugam and Dinstein 1973 in a window around every pixel.

R. M. Haralick, K. Shanmugam, I. Dinstein, Textural Features for Image Classification, IEEE
Transactions on Systems, Man and Cybernetics SMC-3(6), 1973, doi:10.1109/TSMC.1973.4309314: f1 to
f13, by their definitions there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from automap_tiles.accelerate import is_wanted
from automap_tiles.analysis._blocks import BlockMemory
from automap_tiles.analysis._dates import Array, Bools
from automap_tiles.analysis.textures._cooccurrence import INVERSE_UNIT, Grey, Pairs
from automap_tiles.analysis.textures._windows import parts

Texture: TypeAlias = Literal[
    "asm",
    "contrast",
    "correlation",
    "variance",
    "idm",
    "sum_average",
    "sum_variance",
    "sum_entropy",
    "entropy",
    "difference_variance",
    "difference_entropy",
    "imc1",
    "imc2",
]
TEXTURES: tuple[Texture, ...] = get_args(Texture)
"""f1 to f13 in the order of the paper."""
MAX_LEVELS = 256
MAX_RADIUS = 22
"""Sums over larger windows may exceed 32 bits."""
# Bytes per pixel in the working memory of a part.
_PIXEL_BYTES = 24
_PIXEL_SECONDS = 12e-6
"""NumPy, measured for windows of 7 by 7 pixels: one texture takes 11 of it, all of them 15."""


@dataclass(frozen=True, kw_only=True)
class Quantisation:
    """Conversion of values to grey levels, the same everywhere, so that tiles have no seams.

    Values from `low` to `high` are divided into `levels` equal steps, values beyond get the first
    or last level. Raises `ValueError` for levels outside 2 to 256 and for an empty range.
    """

    low: float
    high: float
    levels: int = 32

    def __post_init__(self) -> None:
        if not 2 <= self.levels <= MAX_LEVELS:
            raise ValueError(f"grey levels are 2 to {MAX_LEVELS}, not {self.levels}")
        if not self.low < self.high < float("inf") or not self.low > float("-inf"):
            raise ValueError(f"grey levels need low < high, not {self.low} and {self.high}")

    def grey(self, plane: NDArray[np.float32]) -> NDArray[np.int32]:
        """Grey levels of values, from 0; NaN becomes 0."""
        step = np.float32(self.levels / (self.high - self.low))
        scaled = (plane - np.float32(self.low)) * step
        np.clip(scaled, 0, self.levels - 1, out=scaled)
        levels: NDArray[np.int32] = np.nan_to_num(scaled, copy=False).astype(np.int32)
        return levels

    @classmethod
    def spanning(
        cls, values: NDArray[np.float32], *, levels: int = 32, percent: float = 1.0
    ) -> Quantisation:
        """Grey levels for a set of values without NaN, clipping `percent` of them at either end.

        To be made once, from training samples, and then kept. Nearly constant values get steps
        around them. Raises `ValueError` if there are no values.
        """
        numbers = values[np.isfinite(values)].astype(np.float64)
        if numbers.size == 0:
            raise ValueError("grey levels need at least one value")
        low, high = np.percentile(numbers, (percent, 100 - percent)).tolist()
        least = max(abs(low), abs(high), 1e-6) * 1e-3
        if high - low < least:
            low, high = low - least, high + least
        return cls(low=low, high=high, levels=levels)


def haralick(
    plane: NDArray[np.float32],
    valid: Bools,
    radius: int,
    quantisation: Quantisation,
    features: Sequence[Texture] = TEXTURES,
    *,
    distance: int = 1,
    fast: bool | None = None,
) -> dict[str, NDArray[np.float32]]:
    """Textures of a plane (y, x) by their names, 0 where it is not valid.

    Of the window of 2 · radius + 1 pixels around each pixel, the symmetric matrix of pairs
    `distance` pixels apart is taken for each of the directions 0, 45, 90 and 135 degrees, and the
    texture is the mean of those of the four matrices. Pairs with a pixel that is not valid or
    beyond the picture do not count; a direction without a pair does not either, and a pixel without
    any has the textures of a window in its own grey level. What the paper leaves open:

    * levels count from 1 (`sum_average` is 2 to twice their number);
    * logarithms are natural, as the exponential in f13;
    * f7 is the variance of i + j: the f8 printed there is a misprint of f6;
    * f10 is the variance of the distribution of |i - j|, not of its probabilities;
    * the correlation of a single level is 1, and its f12 and f13 are 0.

    A value depends on its window alone, bit by bit. `fast` as in `accelerate`. Raises `ValueError`
    for a radius outside 1 to 22, a distance that the window does not hold, unknown names.
    """
    if not 1 <= radius <= MAX_RADIUS:
        raise ValueError(f"the radius of textures is 1 to {MAX_RADIUS}, not {radius}")
    if not 1 <= distance <= 2 * radius:
        raise ValueError(f"a distance at radius {radius} is 1 to {2 * radius}, not {distance}")
    if unknown := [name for name in features if name not in _TABLE]:
        raise ValueError(f"unknown texture {unknown[0]!r}; known: {', '.join(TEXTURES)}")
    levels = quantisation.grey(plane)
    found: dict[str, NDArray[np.float32]] = {
        name: np.zeros(plane.shape, dtype=np.float32) for name in features
    }
    scratch, is_fast = BlockMemory(), is_wanted(fast, plane.size * _PIXEL_SECONDS)
    for part in parts((plane.shape[0], plane.shape[1]), radius, _PIXEL_BYTES):
        here = part.cut(valid, False)
        if not here.any():
            continue
        grey = Grey(
            grey=part.cut(levels),
            valid=None if here.all() else here,
            levels=quantisation.levels,
            size=2 * radius + 1,
            fast=is_fast,
            scratch=scratch,
        )
        place = part.rows, part.columns
        alone = _ALONE | {"sum_average": 2.0 * (levels[place] + 1)}
        for name, values in _averages(grey, distance, features, alone).items():
            found[name][place] = np.where(valid[place], values, 0)
    return found


def _averages(
    part: Grey, distance: int, features: Sequence[Texture], alone: Mapping[str, Array | float]
) -> dict[str, Array]:
    """Means over the directions with a pair, and `alone` where there is none."""
    height, width = part.grey.shape[0] - part.size + 1, part.grey.shape[1] - part.size + 1
    totals: dict[str, Array] = {name: np.zeros((height, width)) for name in features}
    directions = np.zeros((height, width))
    needs = {need for name in features for need in _TABLE[name].needs}
    for pairs in part.directions(distance, needs):
        some = pairs.some
        directions += 1 if some is None else some
        for name, total in totals.items():
            value = _TABLE[name].formula(pairs)
            np.add(total, value if some is None else np.where(some, value, 0), out=total)
    none = directions == 0
    for name, total in totals.items():
        np.divide(total, np.maximum(directions, 1), out=total)
        if none.any():
            np.copyto(total, alone[name], where=none)
    return totals


@dataclass(frozen=True)
class _Formula:
    formula: Callable[[Pairs], Array]
    needs: tuple[str, ...]
    """Names of the required moments and tallies."""


def _spread_of_sums(pairs: Pairs) -> Array:
    """N² times the variance of i + j, exact."""
    result: Array = pairs.number * pairs["square_sums"] - pairs["sums"] ** 2
    return result


def _correlation(pairs: Pairs) -> Array:
    apart = pairs.number * pairs["square_differences"]
    spread = _spread_of_sums(pairs) + apart  # four times N² times the variance of i
    uniform = spread == 0
    result: Array = (spread - 2 * apart + uniform) / (spread + uniform)
    return result


def _variance(pairs: Pairs) -> Array:
    apart = pairs.number * pairs["square_differences"]
    result: Array = (_spread_of_sums(pairs) + apart) / (4 * pairs.number**2)
    return result


def _difference_variance(pairs: Pairs) -> Array:
    spread = pairs.number * pairs["square_differences"] - pairs["differences"] ** 2
    result: Array = spread / pairs.number**2
    return result


def _imc1(pairs: Pairs) -> Array:
    """(HXY - HXY1) / max(HX, HY); the matrix is symmetric, so HXY1 = HXY2 = 2 HX and HY = HX."""
    single = pairs.entropy_of_levels
    result: Array = (pairs.entropy - 2 * single) / (single + (single == 0))
    return result


def _imc2(pairs: Pairs) -> Array:
    """√(1 - exp(-2 (HXY2 - HXY)))."""
    shared = np.maximum(2 * pairs.entropy_of_levels - pairs.entropy, 0)
    result: Array = np.sqrt(-np.expm1(-2 * shared))
    return result


_SUMS, _APART = ("sums", "square_sums"), "square_differences"
_TABLE: Mapping[str, _Formula] = {
    "asm": _Formula(lambda pairs: pairs["squares"] / (4 * pairs.number**2), ("squares",)),
    "contrast": _Formula(lambda pairs: pairs[_APART] / pairs.number, (_APART,)),
    "correlation": _Formula(_correlation, (*_SUMS, _APART)),
    "variance": _Formula(_variance, (*_SUMS, _APART)),
    "idm": _Formula(
        lambda pairs: pairs["inverse_differences"] / (pairs.number * INVERSE_UNIT),
        ("inverse_differences",),
    ),
    "sum_average": _Formula(lambda pairs: pairs["sums"] / pairs.number + 2, ("sums",)),
    "sum_variance": _Formula(lambda pairs: _spread_of_sums(pairs) / pairs.number**2, _SUMS),
    "sum_entropy": _Formula(lambda pairs: pairs.entropy_of_sums, ("sum",)),
    "entropy": _Formula(lambda pairs: pairs.entropy, ("joint",)),
    "difference_variance": _Formula(_difference_variance, ("differences", _APART)),
    "difference_entropy": _Formula(lambda pairs: pairs.entropy_of_differences, ("difference",)),
    "imc1": _Formula(_imc1, ("joint", "marginal")),
    "imc2": _Formula(_imc2, ("joint", "marginal")),
}
# A window of one level; its sum_average is twice the level.
_ALONE: dict[str, Array | float] = {
    **dict.fromkeys(TEXTURES, 0.0),
    "asm": 1.0,
    "correlation": 1.0,
    "idm": 1.0,
}

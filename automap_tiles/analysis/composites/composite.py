"""One picture from many dates: statistics of the samples that count, band by band.

All of them walk over the picture in blocks of rows that stay in the processor's cache and call
NumPy on whole blocks, without a copy of the stack. Every function takes

* `stack`: (time, band, y, x) or (time, y, x), integers or floats, masked or not;
* `valid`: (time, y, x) for all bands, or in the shape of the stack: True where a sample counts.
  The mask of the stack and NaN are honoured as well;

and gives (band, y, x) or (y, x), masked where no date is valid. With `rounded` the results of
integers keep their type and halves are rounded up; otherwise they are float32 for samples of up to
16 bits and for float32, and float64 for others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from automap_tiles.analysis._blocks import Block, blocks_of
from automap_tiles.analysis._dates import Array, Bools, SampleType, samples_of
from automap_tiles.analysis._ordered import Percentiles, fill_median, parse_percentile
from automap_tiles.analysis.composites._moments import (
    fill_count,
    fill_maximum,
    fill_mean,
    fill_minimum,
    fill_std,
)

Stack: TypeAlias = np.ndarray[Any, Any] | np.ma.MaskedArray[Any, Any]
Picture: TypeAlias = np.ma.MaskedArray[Any, Any]
_Fill = Callable[[Block, Array], None]


@dataclass(frozen=True, kw_only=True)
class _Statistic:
    """How a statistic fills a block."""

    fill: _Fill
    dtype: Callable[[SampleType, bool], np.dtype[Any]]
    """Result type for a type of samples, rounded or not."""
    empty: bool = True
    """Whether pixels without a sample are masked."""


def _middle(kind: SampleType, rounded: bool) -> np.dtype[Any]:
    return kind.dtype if rounded and not kind.is_float else kind.mean_dtype


def _same(kind: SampleType, rounded: bool) -> np.dtype[Any]:  # noqa: ARG001 - as the others
    return kind.dtype


def _spread(kind: SampleType, rounded: bool) -> np.dtype[Any]:  # noqa: ARG001 - as the others
    return kind.mean_dtype


def _number(kind: SampleType, rounded: bool) -> np.dtype[Any]:  # noqa: ARG001 - as the others
    return np.dtype(np.uint16)


_TABLE = {
    "median": _Statistic(fill=fill_median, dtype=_middle),
    "mean": _Statistic(fill=fill_mean, dtype=_middle),
    "std": _Statistic(fill=fill_std, dtype=_spread),
    "min": _Statistic(fill=fill_minimum, dtype=_same),
    "max": _Statistic(fill=fill_maximum, dtype=_same),
    "count": _Statistic(fill=fill_count, dtype=_number, empty=False),
}
STATISTICS = tuple(_TABLE)
"""Names accepted by `reduce`, besides `p0` to `p100` for percentiles, such as `p2.5`."""


def check_statistics(names: Sequence[str]) -> None:
    """Raise `ValueError` for a name that `reduce` does not accept, and for an empty list."""
    if not names:
        raise ValueError(f"no statistic is asked for; known: {_known()}")
    for name in names:
        if name not in _TABLE and parse_percentile(name) is None:
            raise ValueError(f"unknown statistic {name!r}; known: {_known()}")


def _known() -> str:
    return ", ".join((*STATISTICS, "p0 to p100"))


def reduce(
    stack: Stack,
    valid: Bools | None = None,
    statistics: Sequence[str] = ("median",),
    *,
    rounded: bool = False,
) -> dict[str, Picture]:
    """Several statistics in one pass over the stack, by name.

    They share reads and mask information; all percentiles share one sort. Memory besides the stack
    and the results does not depend on the height of the raster.
    """
    check_statistics(statistics)
    samples = samples_of(stack, valid)
    chosen = _statistics(statistics)
    results = {
        name: np.empty(samples.shape, dtype=statistic.dtype(samples.kind, rounded))
        for name, statistic in chosen.items()
    }
    missing = np.zeros(samples.shape, dtype=bool)
    for band, rows, block in blocks_of(samples, samples.data.shape[0] + 1):
        for name, statistic in chosen.items():
            statistic.fill(block, results[name][band, rows])
        if block.masks.missing is not None:
            missing[band, rows] = block.masks.missing
    pictures = {}
    masks = _masks(missing)
    for name, statistic in chosen.items():
        mask = next(masks) if statistic.empty else np.zeros(samples.shape, dtype=bool)
        pictures[name] = np.ma.MaskedArray(results[name], mask=mask)
    if samples.flat:
        return {name: picture[0] for name, picture in pictures.items()}
    return pictures


def _masks(missing: Bools) -> Iterator[Bools]:
    """The mask and copies of it, so that masking one result does not affect the others."""
    yield missing
    while True:
        yield missing.copy()


def _statistics(names: Iterable[str]) -> dict[str, _Statistic]:
    percents = {name: parse_percentile(name) for name in names if name not in _TABLE}
    several = Percentiles([percent for percent in percents.values() if percent is not None])
    found = {}
    for name in names:
        percent = percents.get(name)
        if percent is None:
            found[name] = _TABLE[name]
        else:
            found[name] = _Statistic(fill=partial(several.fill, percent), dtype=_middle)
    return found


def median(stack: Stack, valid: Bools | None = None, *, rounded: bool = False) -> Picture:
    """Median of the valid samples; for an even number, the mean of the two middle ones."""
    return reduce(stack, valid, ("median",), rounded=rounded)["median"]


def mean(stack: Stack, valid: Bools | None = None, *, rounded: bool = False) -> Picture:
    """Mean of the valid samples, summed exactly for integers of up to 32 bits."""
    return reduce(stack, valid, ("mean",), rounded=rounded)["mean"]


def std(stack: Stack, valid: Bools | None = None) -> Picture:
    """Population standard deviation of the valid samples (NumPy's `ddof=0`)."""
    return reduce(stack, valid, ("std",))["std"]


def percentile(
    stack: Stack, percent: float, valid: Bools | None = None, *, rounded: bool = False
) -> Picture:
    """Percentile of the valid samples, with linear interpolation (NumPy's default)."""
    if not 0 <= percent <= 100:
        raise ValueError(f"a percentile is 0 to 100, not {percent}")
    name = f"p{percent!r}"
    return reduce(stack, valid, (name,), rounded=rounded)[name]


def minimum(stack: Stack, valid: Bools | None = None) -> Picture:
    """Minimum of the valid samples, in their type."""
    return reduce(stack, valid, ("min",))["min"]


def maximum(stack: Stack, valid: Bools | None = None) -> Picture:
    """Maximum of the valid samples, in their type."""
    return reduce(stack, valid, ("max",))["max"]


def count(stack: Stack, valid: Bools | None = None) -> Picture:
    """Number of valid samples as uint16; no pixel is masked, as 0 is a valid result."""
    return reduce(stack, valid, ("count",))["count"]

"""Bayesian smoothing of class probabilities: empirical Bayes on logits.

Camara, Assuncao, Carvalho, Simoes, Souza, Carlos, Appel 2024, "Bayesian inference for
post-processing of remote-sensing image classification", Remote Sensing 16(23) 4572; the method of
the R package sits. For every class, the logits of the more certain half of the window are taken as
samples of a normal prior with mean m0 and variance s0; the logit x of the pixel becomes w x + (1 -
w) m0 with w = s0 / (s0 + smoothness). Where neighbours agree (small s0) they dominate; at the
border between two fields s0 is large and the pixel keeps its own value.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

WINDOW = 9
"""Pixels along the edge of the window, sits' default."""
SMOOTHNESS = 20.0
"""Variance of the logits of one class in one field, sits' default."""
LEAST = 1e-4
"""Probabilities are clipped to this distance from 0 and 1; sits stores four digits."""
_SUREST = np.float32(math.log((1 - LEAST) / LEAST))  # logit of 1 - LEAST
_BLOCK = 8192  # pixels whose windows are sorted at a time, so that they stay in the cache


def margin(window: int = WINDOW) -> int:
    """Pixels around a pixel that affect its result; raises `ValueError` for an even window."""
    if window < 3 or window % 2 == 0:
        raise ValueError(f"the window is an odd number of pixels from 3, not {window}")
    return window // 2


def smooth(
    probabilities: Floats,
    valid: Bools,
    *,
    window: int = WINDOW,
    smoothness: float = SMOOTHNESS,
) -> Floats:
    """Smoothed probabilities (class, y, x), which sum to 1 where `valid` (y, x), else 0.

    Invalid pixels, and those beyond the array, are not neighbours. The result of a pixel depends
    only on its window, bit by bit.
    """
    if smoothness <= 0:
        raise ValueError(f"the smoothness is more than 0, not {smoothness}")
    radius = margin(window)
    padded = np.pad(valid, radius)
    counts = _counts(padded, window)
    odds = np.empty_like(probabilities)
    for plane, out in zip(probabilities, odds, strict=True):
        _smooth_class(_logit(plane, valid), radius, counts, smoothness, out)
    return _normalised(odds, valid)


def _logit(plane: Floats, valid: Bools) -> Floats:
    """Logarithm of the odds; minus infinity, less than any other value, where not valid.

    The logits are clipped rather than the probabilities: float32 represents 1 - `LEAST` with an
    error of a sixth of a thousandth of `LEAST`, so that clipped probabilities would be slightly
    less certain of 1 than of 0.
    """
    probabilities = np.clip(plane, np.float32(0), np.float32(1))
    with np.errstate(divide="ignore"):  # of 0 and 1, whose infinities are clipped
        logits: Floats = np.log(probabilities) - np.log1p(-probabilities)
    np.clip(logits, -_SUREST, _SUREST, out=logits)
    logits[~valid] = -np.inf
    return logits


def _counts(padded: Bools, window: int) -> NDArray[np.int32]:
    """(y, x) valid pixels in the window of each valid pixel; 0 for invalid ones."""
    radius = window // 2
    height, width = padded.shape[0] - 2 * radius, padded.shape[1] - 2 * radius
    down = np.zeros((height, padded.shape[1]), dtype=np.int32)
    for row in range(window):
        down += padded[row : row + height]
    counts = np.zeros((height, width), dtype=np.int32)
    for col in range(window):
        counts += down[:, col : col + width]
    counts[~padded[radius : radius + height, radius : radius + width]] = 0
    return counts


def _smooth_class(
    logits: Floats, radius: int, counts: NDArray[np.int32], smoothness: float, out: Floats
) -> None:
    """One class: writes the new logits of the valid pixels into `out`."""
    size = 2 * radius + 1
    padded = np.pad(logits, radius, constant_values=-np.inf)
    windows = sliding_window_view(padded, (size, size))
    rows = max(1, _BLOCK // max(1, logits.shape[1]))
    out[...] = 0
    for top in range(0, len(logits), rows):
        block = slice(top, top + rows)
        # Pixels with equal numbers of neighbours are processed together: nearly all have the full
        # window.
        for count in np.unique(counts[block]):
            if count:
                here = counts[block] == count
                ranked = windows[block][here].reshape(-1, size * size)
                ranked.sort(axis=1)
                best = ranked[:, -((int(count) + 1) // 2) :]
                out[block][here] = _bayes(logits[block][here], best, smoothness)


def _bayes(own: Floats, best: Floats, smoothness: float) -> Floats:
    """Weighted mean of the own logits (pixel,) and those of the best neighbours (pixel, n)."""
    number = np.float32(best.shape[1])
    mean = best.sum(axis=1) / number
    apart = best - mean[:, np.newaxis]
    variance = np.square(apart, out=apart).sum(axis=1) / max(number - 1, np.float32(1))
    weight = variance / (variance + np.float32(smoothness))
    result: Floats = weight * own + (1 - weight) * mean
    return result


def _normalised(logits: Floats, valid: Bools) -> Floats:
    """Logits of all classes to probabilities that sum to 1, in place."""
    result: NDArray[Any] = np.negative(logits, out=logits)
    np.exp(result, out=result)
    result += 1
    np.reciprocal(result, out=result)
    total = result[0].copy()
    for plane in result[1:]:  # sequentially, so that the sum of a pixel has a fixed order
        total += plane
    result /= total
    result[:, ~valid] = 0
    return result

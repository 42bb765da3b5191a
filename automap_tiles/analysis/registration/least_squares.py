"""Least squares matching: the shift, gain and offset that leave the smallest differences.

Gruen 1985, "Adaptive least squares correlation", with the weights of Huber 1964 against what
changed between the dates. Only pixels count whose neighbours are valid as well.
"""

from __future__ import annotations

import numpy as np

from automap_tiles.analysis.registration._pair import Bools, Floats, Pair, Picture
from automap_tiles.analysis.registration.translate import moved

_STEPS = 30
_DONE = 1e-3
"""Pixels below which a step is the last."""
_FARTHEST = 2.0
"""Pixels: farther it is not at the place that was found before."""
_HUBER = 1.345
"""Standard deviations; 95 % efficiency for normal errors (Huber 1964)."""
_WEIGHINGS = 2
"""Fits of one step: the weights are those of the rest of the one before."""
_FEWEST = 64
"""Pixels for four unknowns."""


def matched_shift(
    reference: Picture, moving: Picture, start: tuple[float, float] = (0.0, 0.0)
) -> tuple[float, float] | None:
    """(rows, columns) by which `moving` is to be moved; None where it comes to no end.

    `start` is at most about a pixel away.
    """
    return matched(Pair.of(reference, moving), start)


def matched(pair: Pair, start: tuple[float, float] = (0.0, 0.0)) -> tuple[float, float] | None:
    """As `matched_shift`, of a pair."""
    reference, reference_valid = _smoothed(pair.reference, pair.reference_valid)
    moving, moving_valid = _smoothed(pair.moving, pair.moving_valid)
    shift: Floats = np.array(start)
    for _ in range(_STEPS):
        there, known = moved(moving, moving_valid, (float(shift[0]), float(shift[1])))
        step = _step(reference, there, _inner(known & reference_valid))
        if step is None:
            return None
        shift += step
        if np.abs(shift - start).max() > _FARTHEST:
            return None
        if np.abs(step).max() < _DONE:
            return float(shift[0]), float(shift[1])
    return None


def _step(reference: Floats, there: Floats, counts: Bools) -> Floats | None:
    """(rows, columns) that the date is to be moved further, by one weighted linear fit."""
    if np.count_nonzero(counts) < _FEWEST:
        return None
    down, right = (np.asarray(np.gradient(there, axis=axis)) for axis in (0, 1))
    values = there[counts]
    # moved further by d, the date is there − ∇there·d
    unknowns = np.stack([-down[counts], -right[counts], values, np.ones_like(values)])
    target = reference[counts]
    weights = np.ones_like(target)
    for _ in range(_WEIGHINGS):
        normal = (unknowns * weights) @ unknowns.T
        if np.linalg.cond(normal * _scaling(normal)) > 1e10:
            return None
        found = np.linalg.solve(normal, (unknowns * weights) @ target)
        rest = np.abs(target - found @ unknowns)
        spread = 1.4826 * float(np.median(rest))
        if spread == 0:
            break
        weights = np.minimum(1.0, _HUBER * spread / np.maximum(rest, 1e-300))
    gain = float(found[2])
    # a date that is the reference's negative is no match
    return None if gain <= 0 else np.asarray(found[:2] / gain)


def _scaling(normal: Floats) -> Floats:
    """Makes the diagonal 1."""
    size = np.sqrt(np.maximum(np.diag(normal), 1e-300))
    return np.asarray(1.0 / np.outer(size, size))


def _smoothed(values: Floats, valid: Bools) -> tuple[Floats, Bools]:
    """Means with weights 1 2 1 both ways, so that moving by parts of a pixel loses little."""
    out, known = values, valid
    for axis in (0, 1):
        before, after = np.roll(out, 1, axis), np.roll(out, -1, axis)
        out = (before + 2 * out + after) / 4
        known = known & np.roll(known, 1, axis) & np.roll(known, -1, axis)
        edge = np.moveaxis(known, axis, 0)
        edge[[0, -1]] = False
    return np.where(known, out, 0.0), known


def _inner(valid: Bools) -> Bools:
    """Pixels whose neighbours in rows and columns are valid, of which there is a gradient."""
    out = valid.copy()
    out[[0, -1]] = out[:, [0, -1]] = False
    out[1:-1] &= valid[:-2] & valid[2:]
    out[:, 1:-1] &= valid[:, :-2] & valid[:, 2:]
    return out

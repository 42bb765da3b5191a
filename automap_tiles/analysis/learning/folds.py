"""Which samples are held out together.

Neighbouring pixels resemble each other, so a pixel held out beside a training pixel of its own
polygon is recognised rather than classified. Whole polygons, or whole blocks of land, are held out
instead (Roberts et al. 2017, Ecography 40: 913-929).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST_GROUPS = 3
"""Polygons or blocks of a class whose accuracy can be told."""

LEAST_HELD_OUT = 2
"""Polygons or blocks of a class of which one can be held out, to compare ways to learn from the
other: choices that saw some of the classes only would favour these."""

# How often groups are dealt out anew before giving up: with blocks that hold several classes one
# deal may leave a fold without a class that another deal gives it.
_DEALS = 20


class FoldError(ValueError):
    """The samples cannot be divided so that every fold holds every class."""


def spatial_blocks(
    x: NDArray[np.float64], y: NDArray[np.float64], size: float
) -> NDArray[np.int64]:
    """(sample,) number of the square block of a side of `size` that each position lies in.

    Blocks lie on multiples of `size`, so they do not depend on which samples there are. Numbers
    count from 0 in the order of x, then y.
    """
    if not size > 0:
        raise ValueError(f"a block has a side of more than 0, not {size}")
    cells = np.stack([np.floor(x / size), np.floor(y / size)], axis=1)
    return np.unique(cells, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def blocked_folds(
    classes: NDArray[Any], groups: NDArray[Any], n: int, seed: int
) -> NDArray[np.int64]:
    """(sample,) number of the fold, 0 to n - 1, that holds each sample out.

    No group is divided, and every fold holds every class. Folds get similar numbers of samples of
    each class. The same seed gives the same folds. Raises `FoldError` when there are fewer than
    two classes, or a class has too few groups, or no deal gives every fold every class.
    """
    if n < 2:
        raise ValueError(f"there must be 2 folds or more, not {n}")
    counts = _counts(classes, groups)
    _require_enough(counts, np.unique(classes), n)
    random = np.random.default_rng(seed)
    for _ in range(_DEALS):
        fold_of_group, held = _deal(counts, n, random)
        if (held > 0).all():
            members = np.unique(groups, return_inverse=True)[1].reshape(-1)
            return fold_of_group[members]
    fold, column = np.argwhere(held == 0)[0]
    raise FoldError(
        f"class {np.unique(classes)[column]} is missing from fold {fold + 1} of {n}, however the "
        f"{len(counts)} groups are dealt out; take fewer folds or smaller blocks"
    )


def repeated_folds(
    classes: NDArray[Any], groups: NDArray[Any], n: int, repeats: int, seed: int
) -> NDArray[np.int64]:
    """(repeat, sample) number of the fold that holds each sample out, -1 where none does.

    Classes of fewer than `LEAST_HELD_OUT` groups are never held out: nothing would be left to learn
    them from. All folds leave some groups of every class to learn from; a fold need not hold every
    class. No group is divided, but for the samples of a class that is never held out. Raises
    `FoldError` where no class has `LEAST_GROUPS`.
    """
    counts = _counts(classes, groups)
    values, column = np.unique(classes, return_inverse=True)
    if len(values) < 2:
        found = "there are no samples" if not len(values) else f"all are of class {values[0]}"
        raise FoldError(f"there must be samples of 2 classes or more, but {found}")
    of_class = (counts > 0).sum(axis=0)
    if not (of_class >= LEAST_GROUPS).any():
        raise FoldError(
            f"no class comes from {LEAST_GROUPS} polygons or blocks, so none can be held out"
        )
    covered = of_class >= LEAST_HELD_OUT
    counts = counts * covered
    folds = min(n, int((counts.sum(axis=1) > 0).sum()))
    members = np.unique(groups, return_inverse=True)[1].reshape(-1)
    random = np.random.default_rng(seed)
    found_of = np.stack([_dealt(counts, folds, random)[members] for _ in range(repeats)])
    found_of[:, ~covered[column.reshape(-1)]] = -1
    return found_of


def _dealt(counts: NDArray[np.int64], n: int, random: np.random.Generator) -> NDArray[np.int64]:
    """(group,) folds that all leave groups of every class to learn from.

    A fold holds groups of as many classes as can be, for all of them to be learnt from fewer groups
    at a time: a class that alone lacks some would lose to the others what it does not lose later.
    """
    has = counts > 0
    for folds in range(min(n, max(2, int(has.sum(axis=0).max()))), 1, -1):
        for _ in range(_DEALS):
            fold_of = np.full(len(counts), -1, dtype=np.int64)
            held = np.zeros((folds, counts.shape[1]), dtype=np.int64)
            for column in np.argsort(has.sum(axis=0), kind="stable"):
                for group in random.permutation(np.flatnonzero(has[:, column] & (fold_of < 0))):
                    others = -(held > 0).sum(axis=1)
                    order = (random.random(folds), others, held[:, column])
                    fold_of[group] = np.lexsort(order)[0]
                    held[fold_of[group]] += has[group]
            if (held < np.maximum(has.sum(axis=0), 1)).all():
                return _without_gaps(fold_of)
    raise FoldError(
        f"however the {len(counts)} groups are dealt out, a class is only in those held out; take "
        "smaller blocks"
    )


def _without_gaps(fold_of: NDArray[np.int64]) -> NDArray[np.int64]:
    """Folds numbered anew: blocks of several classes, or few samples, may leave some empty."""
    used = np.unique(fold_of[fold_of >= 0])
    found: NDArray[np.int64] = np.where(fold_of < 0, -1, np.searchsorted(used, fold_of))
    return found


def random_folds(classes: NDArray[Any], n: int, seed: int) -> NDArray[np.int64]:
    """(sample,) number of the fold of each sample, dealt out by chance within each class.

    Only for showing how much such folds flatter: neighbours end up on both sides.
    """
    random = np.random.default_rng(seed)
    folds = np.empty(len(classes), dtype=np.int64)
    for value in np.unique(classes):
        rows = np.flatnonzero(classes == value)
        folds[random.permutation(rows)] = (np.arange(len(rows)) + random.integers(n)) % n
    return _without_gaps(folds)


def groups_per_class(classes: NDArray[Any], groups: NDArray[Any]) -> dict[int, int]:
    """Number of a class -> how many groups have samples of it."""
    counted = (_counts(classes, groups) > 0).sum(axis=0)
    return dict(zip(np.unique(classes).tolist(), counted.tolist(), strict=True))


def _counts(classes: NDArray[Any], groups: NDArray[Any]) -> NDArray[np.int64]:
    """(group, class) number of samples."""
    values, column = np.unique(classes, return_inverse=True)
    names, row = np.unique(groups, return_inverse=True)
    counts = np.zeros((len(names), len(values)), dtype=np.int64)
    np.add.at(counts, (row.reshape(-1), column.reshape(-1)), 1)
    return counts


def _require_enough(counts: NDArray[np.int64], values: NDArray[Any], n: int) -> None:
    if len(values) < 2:
        found = "there are no samples" if not len(values) else f"all are of class {values[0]}"
        raise FoldError(f"there must be samples of 2 classes or more, but {found}")
    of_class = (counts > 0).sum(axis=0)
    for value, groups in zip(values, of_class, strict=True):
        if groups < n:
            found = "one polygon or block" if groups == 1 else f"{groups} polygons or blocks"
            raise FoldError(f"class {value} comes from {found}, and {n} folds need {n} of each")


def _deal(
    counts: NDArray[np.int64], n: int, random: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(group,) fold of each group, and (fold, class) samples that the folds hold.

    Classes of few groups choose first. Large groups are dealt out first, with some chance in it,
    each to the fold that holds least of the class.
    """
    fold_of = np.full(len(counts), -1, dtype=np.int64)
    held = np.zeros((n, counts.shape[1]), dtype=np.int64)
    size = counts * random.uniform(0.5, 1.5, size=(len(counts), 1))
    for column in np.argsort((counts > 0).sum(axis=0), kind="stable"):
        members = np.flatnonzero((counts[:, column] > 0) & (fold_of < 0))
        for group in members[np.argsort(-size[members, column], kind="stable")]:
            fold = np.lexsort((random.random(n), held.sum(axis=1), held[:, column]))[0]
            fold_of[group] = fold
            held[fold] += counts[group]
    return fold_of, held

"""Cross-validation folds of whole polygons or blocks.

Neighbouring pixels are correlated, so a held-out pixel next to a training pixel of its own polygon
is recognised rather than classified. Therefore whole polygons, or whole spatial blocks, are held
out (Roberts et al. 2017, Ecography 40: 913-929).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LEAST_GROUPS = 3
"""Polygons or blocks of a class from which its accuracy can be estimated."""

LEAST_HELD_OUT = 2
"""Polygons or blocks of a class from which one can be held out to compare setups: a comparison on
some of the classes only would favour these."""

# Attempts to assign groups to folds: with blocks that contain several classes, one assignment may
# leave a fold without a class that another one gives it.
_DEALS = 20


class FoldError(ValueError):
    """The samples cannot be divided so that every fold contains every class."""


def spatial_blocks(
    x: NDArray[np.float64], y: NDArray[np.float64], size: float
) -> NDArray[np.int64]:
    """(sample,) number of the square block with an edge of `size` that contains each position.

    Blocks are aligned to multiples of `size`, so they do not depend on the samples. They are
    numbered from 0 in the order of x, then y.
    """
    if not size > 0:
        raise ValueError(f"a block has a side of more than 0, not {size}")
    cells = np.stack([np.floor(x / size), np.floor(y / size)], axis=1)
    return np.unique(cells, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def blocked_folds(
    classes: NDArray[Any], groups: NDArray[Any], n: int, seed: int
) -> NDArray[np.int64]:
    """(sample,) number of the fold, 0 to n - 1, in which each sample is held out.

    Groups are not divided, and every fold contains every class. Folds get similar numbers of
    samples of each class. The same seed gives the same folds. Raises `FoldError` if there are fewer
    than two classes, a class has too few groups, or no assignment gives every fold every class.
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
    """(repeat, sample) number of the fold in which each sample is held out, -1 for none.

    Classes of fewer than `LEAST_HELD_OUT` groups are never held out: nothing would be left to train
    on. All folds leave some groups of every class for training; a fold need not contain every
    class. Groups are not divided, except for samples of a class that is never held out. Raises
    `FoldError` if no class has `LEAST_GROUPS`.
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
    """(group,) folds that all leave groups of every class for training.

    A fold holds groups of as many classes as possible, so that all of them are trained on fewer
    groups at the same time: if only one class lacked groups it would lose to the others more than
    it does in the final model.
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
    """Folds renumbered: blocks of several classes, or few samples, may leave some empty."""
    used = np.unique(fold_of[fold_of >= 0])
    found: NDArray[np.int64] = np.where(fold_of < 0, -1, np.searchsorted(used, fold_of))
    return found


def random_folds(classes: NDArray[Any], n: int, seed: int) -> NDArray[np.int64]:
    """(sample,) number of the fold of each sample, assigned at random within each class.

    Only to show how optimistic such folds are: neighbouring pixels are in both sets.
    """
    random = np.random.default_rng(seed)
    folds = np.empty(len(classes), dtype=np.int64)
    for value in np.unique(classes):
        rows = np.flatnonzero(classes == value)
        folds[random.permutation(rows)] = (np.arange(len(rows)) + random.integers(n)) % n
    return _without_gaps(folds)


def groups_per_class(classes: NDArray[Any], groups: NDArray[Any]) -> dict[int, int]:
    """Number of a class -> number of groups with samples of it."""
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
    """(group,) fold of each group, and (fold, class) samples per fold.

    Classes with few groups are assigned first. Large groups come first, with some randomness, each
    to the fold with the fewest samples of the class.
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

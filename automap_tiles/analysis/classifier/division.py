"""How samples are divided into those to learn from and those held out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.folds import (
    FoldError,
    blocked_folds,
    groups_per_class,
    spatial_blocks,
)
from automap_tiles.analysis.sample_table import SampleTable

# Blocks of this share of the larger side of the samples' extent, the first that gives every fold
# every class: large blocks part training and test best.
_BLOCK_SHARES = (1 / 4, 1 / 6, 1 / 8, 1 / 12, 1 / 16, 1 / 24, 1 / 32)

# Fewer samples per polygon than this on average: they are points, not polygons.
_POINTS = 2


class Split(StrEnum):
    """What is held out as a whole."""

    AUTO = "auto"
    """Polygons where the samples come from polygons, blocks where they are points."""
    POLYGONS = "polygons"
    BLOCKS = "blocks"
    """Squares of land."""


@dataclass(frozen=True, kw_only=True)
class Division:
    """Samples divided into folds."""

    fold_of: NDArray[np.int64]
    """(sample,) fold that holds the sample out, from 0."""
    groups: NDArray[np.int64]
    """(sample,) polygon or block."""
    split: Split
    """`POLYGONS` or `BLOCKS`."""
    block_size: float | None
    """Side of the blocks, in the unit of the samples' CRS."""

    @property
    def folds(self) -> int:
        return int(self.fold_of.max()) + 1


def divide(
    table: SampleTable,
    *,
    split: Split = Split.AUTO,
    folds: int = 5,
    block_size: float | None = None,
    seed: int = 0,
) -> Division:
    """Folds of whole polygons or blocks that each hold every class.

    There are fewer folds where a class has fewer polygons or blocks, but at least two. A block
    size that is given means blocks. Raises `FoldError` when that cannot be.
    """
    if split is Split.AUTO:
        split = Split.BLOCKS if block_size is not None or _are_points(table) else Split.POLYGONS
    if split is Split.POLYGONS:
        if block_size is not None:
            raise FoldError("a block size is for samples split by blocks, not by polygons")
        return _divided(table, table.groups, split, None, folds, seed)
    if block_size is not None:
        blocks = spatial_blocks(table.x, table.y, block_size)
        return _divided(table, blocks, split, block_size, folds, seed)
    return _largest_blocks(table, folds, seed)


def _largest_blocks(table: SampleTable, folds: int, seed: int) -> Division:
    """Blocks as large as every fold can hold every class with; fewer folds where none can."""
    extent = max(float(np.ptp(table.x)), float(np.ptp(table.y))) if len(table) else 0.0
    if extent == 0:
        raise FoldError("all samples lie on one spot: no blocks can be made of them")
    last: FoldError | None = None
    for wanted in range(folds, 1, -1):
        for share in _BLOCK_SHARES:
            blocks = spatial_blocks(table.x, table.y, extent * share)
            try:
                fold_of = blocked_folds(table.classes, blocks, wanted, seed)
            except FoldError as error:
                last = error
                continue
            return Division(
                fold_of=fold_of, groups=blocks, split=Split.BLOCKS, block_size=extent * share
            )
    raise FoldError(f"{last}; give a block size, or more samples far from each other")


def _divided(
    table: SampleTable,
    groups: NDArray[np.int64],
    split: Split,
    block_size: float | None,
    folds: int,
    seed: int,
) -> Division:
    fewest = min(groups_per_class(table.classes, groups).values(), default=0)
    wanted = min(folds, max(2, fewest))
    fold_of = blocked_folds(table.classes, groups, wanted, seed)
    return Division(fold_of=fold_of, groups=groups, split=split, block_size=block_size)


def _are_points(table: SampleTable) -> bool:
    return len(table) < _POINTS * len(np.unique(table.groups))

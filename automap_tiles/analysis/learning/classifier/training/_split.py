"""How samples are divided into those to learn from and those held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning._correlation import correlation_range
from automap_tiles.analysis.learning.folds import (
    LEAST_GROUPS,
    FoldError,
    groups_per_class,
    repeated_folds,
    spatial_blocks,
)
from automap_tiles.analysis.learning.sample_table import SampleTable
from automap_tiles.notes import Fate, Note, Subject

# Blocks of this share of the larger side of the samples' extent, the first of which every class has
# enough: large blocks part training and test best.
_BLOCK_SHARES = (1 / 4, 1 / 6, 1 / 8, 1 / 12, 1 / 16, 1 / 24, 1 / 32)

# Blocks wider than this share of the extent would leave too few to hold any out.
_WIDEST = 1 / 4

# Fewer samples per polygon than this on average: they are points, not polygons.
_POINTS = 2

# Polygons or blocks up to which there are so many folds, dealt out so often. Of few polygons few
# are held out at a time, or the rest would tell much less than all do.
_USUAL_FOLDS = ((40, 10, 2), (200, 5, 2))
_FOLDS = 5


class Split(StrEnum):
    """What is held out as a whole."""

    AUTO = "auto"
    """Polygons where the samples come from polygons, blocks where they are points."""
    POLYGONS = "polygons"
    BLOCKS = "blocks"
    """Squares of land; a polygon belongs to the one that its middle lies in."""


@dataclass(frozen=True, kw_only=True)
class Division:
    """Samples divided into folds, again and again."""

    fold_of: NDArray[np.int64]
    """(repeat, sample) fold that holds the sample out, from 0; -1 where none does. No repeat where
    no class has enough polygons or blocks."""
    groups: NDArray[np.int64]
    """(sample,) polygon or block, from 0."""
    split: Split
    """`POLYGONS` or `BLOCKS`."""
    block_size: float | None
    """Side of the blocks, in the unit of the samples' CRS."""
    notes: tuple[Note, ...] = ()
    """What was done otherwise than was asked for, so that the estimate is true."""

    @property
    def folds(self) -> int:
        """Of one repeat."""
        return int(self.fold_of.max(initial=-1)) + 1


def divide(
    table: SampleTable,
    *,
    split: Split = Split.AUTO,
    folds: int | None = None,
    block_size: float | None = None,
    window: float = 0.0,
    seed: int = 0,
) -> Division:
    """Repeated folds of whole polygons or blocks; see `folds.repeated_folds`.

    `window` is how far the features of a sample look, in CRS units. Blocks are not narrower than
    the window and the range of spatial correlation, or the largest polygon. A block size that is
    given means blocks; `folds` None are the usual ones of so many polygons. Raises `FoldError` for
    samples of a single class, and for blocks of which none can be held out.
    """
    if split is Split.AUTO:
        split = Split.BLOCKS if block_size is not None or _are_points(table) else Split.POLYGONS
    if split is Split.POLYGONS:
        if block_size is not None:
            raise FoldError("a block size is for samples split by blocks, not by polygons")
        groups = np.unique(table.groups, return_inverse=True)[1].reshape(-1).astype(np.int64)
        return _divided(table, groups, split, None, folds, seed)
    return _in_blocks(table, folds, block_size, window, seed)


def _in_blocks(
    table: SampleTable, folds: int | None, block_size: float | None, window: float, seed: int
) -> Division:
    extent = max(float(np.ptp(table.x)), float(np.ptp(table.y))) if len(table) else 0.0
    if extent == 0:
        raise FoldError("all samples lie on one spot: no blocks can be made of them")
    x, y, widest = _middles(table)
    alike = (
        widest
        if widest > 0
        else correlation_range(table.x, table.y, table.values, table.classes, seed)
    )
    least = min(window + alike, extent * _WIDEST)
    if block_size is not None:
        size = max(block_size, least)
        blocks = spatial_blocks(x, y, size)
        _require_some(table, blocks)
        return _divided(table, blocks, Split.BLOCKS, size, folds, seed, _widened(block_size, size))
    sizes = [size for share in _BLOCK_SHARES if (size := extent * share) >= least] or [least]
    each = [spatial_blocks(x, y, size) for size in sizes]
    best = max(range(len(sizes)), key=lambda place: (_covered(table, each[place]), -place))
    _require_some(table, each[best])
    return _divided(table, each[best], Split.BLOCKS, sizes[best], folds, seed)


def _widened(asked: float, size: float) -> tuple[Note, ...]:
    if size <= asked:
        return ()
    note = Note(
        fate=Fate.REPLACED,
        subject=Subject.SAMPLES,
        reason="blocks narrower than the window and what is alike around a sample would flatter "
        "the accuracy: wider ones are held out",
        count=1,
        examples=(f"{size:g} for {asked:g}",),
        remedy="leave out the block size",
    )
    return (note,)


def _middles(
    table: SampleTable,
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Position of the polygon of each sample, and the widest polygon: no block divides one."""
    _, member, counts = np.unique(table.groups, return_inverse=True, return_counts=True)
    member = member.reshape(-1)
    middles, widest = [], 0.0
    for column in (table.x, table.y):
        sums = np.bincount(member, column)
        middles.append((sums / counts)[member])
        low, high = np.full(len(counts), np.inf), np.full(len(counts), -np.inf)
        np.minimum.at(low, member, column)
        np.maximum.at(high, member, column)
        widest = max(widest, float((high - low).max(initial=0.0)))
    return middles[0], middles[1], 0.0 if _are_points(table) else widest


def _covered(table: SampleTable, groups: NDArray[np.int64]) -> int:
    """How many classes have enough groups."""
    counts = groups_per_class(table.classes, groups).values()
    return sum(count >= LEAST_GROUPS for count in counts)


def _require_some(table: SampleTable, blocks: NDArray[np.int64]) -> None:
    if not _covered(table, blocks):
        counts = groups_per_class(table.classes, blocks)
        most = max(counts.values(), default=0)
        found = "one polygon or block" if most == 1 else f"{most} polygons or blocks"
        raise FoldError(f"no class comes from more than {found}, and {LEAST_GROUPS} are needed")


def _divided(
    table: SampleTable,
    groups: NDArray[np.int64],
    split: Split,
    block_size: float | None,
    folds: int | None,
    seed: int,
    notes: Sequence[Note] = (),
) -> Division:
    number = len(np.unique(groups))
    usual = ((many, times) for most, many, times in _USUAL_FOLDS if number <= most)
    many, repeats = next(usual, (_FOLDS, 1))
    folds = many if folds is None else folds
    if len(np.unique(table.classes)) >= 2 and not _covered(table, groups):
        repeats, fold_of = 0, np.zeros((0, len(table)), dtype=np.int64)
    else:
        fold_of = repeated_folds(table.classes, groups, folds, repeats, seed)
    return Division(
        fold_of=fold_of, groups=groups, split=split, block_size=block_size, notes=tuple(notes)
    )


def _are_points(table: SampleTable) -> bool:
    return len(table) < _POINTS * len(np.unique(table.groups))

"""Division of samples into training and held-out sets."""

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

# Block edges, as fractions of the longer side of the samples' extent; the first one with enough
# blocks for every class is used: large blocks separate training and test best.
_BLOCK_SHARES = (1 / 4, 1 / 6, 1 / 8, 1 / 12, 1 / 16, 1 / 24, 1 / 32)

# Wider blocks, as a fraction of the extent, would be too few to hold any out.
_WIDEST = 1 / 4

# With fewer samples per polygon than this on average, they are points rather than polygons.
_POINTS = 2

# (up to so many polygons or blocks, folds, repeats). With few polygons few are held out at a time:
# otherwise the remaining ones would represent the classes much worse than all do.
_USUAL_FOLDS = ((40, 10, 2), (200, 5, 2))
_FOLDS = 5


class Split(StrEnum):
    """The units that are held out as a whole."""

    AUTO = "auto"
    """Polygons if the samples come from polygons, blocks if they are points."""
    POLYGONS = "polygons"
    BLOCKS = "blocks"
    """Square blocks; a polygon belongs to the block that contains its centre."""


@dataclass(frozen=True, kw_only=True)
class Division:
    """Repeated divisions of the samples into folds."""

    fold_of: NDArray[np.int64]
    """(repeat, sample) fold in which the sample is held out, from 0; -1 if in none. No repeat if no
    class has enough polygons or blocks."""
    groups: NDArray[np.int64]
    """(sample,) polygon or block, from 0."""
    split: Split
    """`POLYGONS` or `BLOCKS`."""
    block_size: float | None
    """Edge of the blocks, in the unit of the samples' CRS."""
    notes: tuple[Note, ...] = ()
    """Where the division differs from the request, so that the estimate is unbiased."""

    @property
    def folds(self) -> int:
        """Number of folds per repeat."""
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

    `window` is the radius of the features' neighbourhood, CRS units. Blocks are not narrower than
    this window, the range of spatial correlation and the largest polygon. If a block size is given,
    blocks are used; `folds` None: the usual number for the number of polygons. Raises `FoldError`
    for samples of a single class, and for blocks of which none can be held out.
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
    """Centre of the polygon of each sample, and the width of the largest polygon.

    No block divides a polygon.
    """
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
    """Number of classes that have enough groups."""
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

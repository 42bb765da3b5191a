"""Pairs of pixels at a fixed offset, and the statistics counted from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from automap_tiles.analysis._blocks import BlockMemory
from automap_tiles.analysis._dates import Array, Bools
from automap_tiles.analysis.textures._windows import window_sums

Tally: TypeAlias = Literal["joint", "squares", "marginal", "sum", "difference"]
TALLIES: tuple[Tally, ...] = ("joint", "squares", "marginal", "sum", "difference")
"""Σ c ln c over the entries c of the symmetric matrix, Σ c² over them, and Σ c ln c over how often
each level, each sum and each difference occurs. Matrix and levels count each pair twice."""


@dataclass(frozen=True, kw_only=True)
class PairWork:
    """The pairs of a part in one direction."""

    first: Array
    second: Array
    """(y, x) int32 grey levels of the two."""
    counts: Bools | None
    """Valid pairs; None if all are."""
    levels: int
    size: tuple[int, int]
    """Number of pairs along the height and the width of a window."""
    scratch: BlockMemory

    @property
    def most(self) -> int:
        """Number of pairs in a window."""
        return self.size[0] * self.size[1]

    def sums(self, values: Array, largest: int, name: str) -> Array:
        """Window sums of integers up to `largest`."""
        values = values.astype(np.uint16 if largest * self.most < 2**16 else np.int32)
        if self.counts is not None:
            values *= self.counts
        return window_sums(values, self.size, self.scratch, name)

"""Two dates of the same pixels, of which one may have to be moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Picture = np.ma.MaskedArray[Any, Any]


@dataclass(frozen=True, slots=True)
class Pair:
    """A reference and a date beside it, (y, x) of one shape; 0 where they are not valid.

    Both are given as differences from the mean of their valid pixels.
    """

    reference: Floats
    moving: Floats
    reference_valid: Bools
    moving_valid: Bools

    @classmethod
    def of(cls, reference: Picture, moving: Picture) -> Pair:
        """Masked, or not finite, is not valid; raises `ValueError` for other shapes than (y, x)."""
        if reference.ndim != 2 or reference.shape != moving.shape:
            raise ValueError(f"two pictures (y, x), not {reference.shape} and {moving.shape}")
        first, first_valid = _centred(reference)
        second, second_valid = _centred(moving)
        return cls(first, second, first_valid, second_valid)

    def aligned(self, shift: tuple[int, int]) -> Pair:
        """What both have once the date is moved by whole (rows, columns)."""
        first, second = _overlap(self.reference.shape, shift)
        return Pair(
            self.reference[first],
            self.moving[second],
            self.reference_valid[first],
            self.moving_valid[second],
        )

    @property
    def common(self) -> Bools:
        """Where both are valid as they lie."""
        return self.reference_valid & self.moving_valid


def _centred(picture: Picture) -> tuple[Floats, Bools]:
    values = np.ma.getdata(picture).astype(np.float64)
    valid = ~np.ma.getmaskarray(picture) & np.isfinite(values)
    count = np.count_nonzero(valid)
    mean = values.sum(where=valid) / count if count else 0.0
    return np.where(valid, values - mean, 0.0), valid


def _overlap(
    shape: tuple[int, ...], shift: tuple[int, int]
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Places in the reference, and those of the date that come to lie there."""
    first, second = zip(
        *(
            (slice(max(0, way), size + min(0, way)), slice(max(0, -way), size + min(0, -way)))
            for size, way in zip(shape, shift, strict=True)
        ),
        strict=True,
    )
    return (first[0], first[1]), (second[0], second[1])

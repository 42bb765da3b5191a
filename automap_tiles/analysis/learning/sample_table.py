"""Table of samples: one row of features per pixel of known class."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.notes import Note, Notes


class Reason(StrEnum):
    """Why a sample is not in a table."""

    OUTSIDE = "outside"
    """It lies outside the raster."""
    NODATA = "nodata"
    """The raster, or a feature, has no value there."""
    EDGE = "edge"
    """It lies at the edge of its polygon."""
    MIXED = "mixed"
    """The pixel belongs to two classes."""
    REPEATED = "repeated"
    """The pixel is already in the table, with the same class."""
    CAPPED = "capped"
    """The requested number of samples per class or polygon is exceeded."""
    EMPTY = "empty"
    """The shape contains no pixel centre, or has no geometry, or no class."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Loss:
    """Number of samples of a class dropped for one reason."""

    value: int
    """Number of the class."""
    reason: Reason
    count: int
    """Pixels or points; for `Reason.EMPTY` shapes."""


@dataclass(frozen=True, kw_only=True)
class SampleTable:
    """Samples in rows; raises `ValueError` if its arrays are inconsistent."""

    values: NDArray[np.float32]
    """(sample, feature)."""
    classes: NDArray[np.uint8]
    """(sample,), 1 to 255."""
    groups: NDArray[np.int64]
    """(sample,) number of the polygon or point that the sample belongs to."""
    x: NDArray[np.float64]
    """(sample,) pixel centre, in `crs`."""
    y: NDArray[np.float64]
    crs: str
    """WKT or EPSG:n."""
    features: tuple[str, ...]
    """Names of the features, in the order of the columns."""
    names: Mapping[int, str] = field(default_factory=dict)
    """Number of a class -> its name, if the samples provide one."""
    losses: tuple[Loss, ...] = ()
    notes: tuple[Note, ...] = ()
    """Samples that are not in the table, and assumptions made, in words."""

    edge: NDArray[np.bool_] | None = None
    """(sample,) whether it lies at the edge of a polygon that is wide enough to have an interior;
    None if that is not known."""
    stands_for: NDArray[np.float32] | None = None
    """(sample,) pixels of its polygon that it represents, if a limit excluded some; None: one."""

    def __post_init__(self) -> None:
        rows = len(self.classes)
        if self.values.shape != (rows, len(self.features)):
            raise ValueError(
                f"values of shape {self.values.shape} do not fit {rows} classes and "
                f"{len(self.features)} features"
            )
        if any(len(column) != rows for column in (self.groups, self.x, self.y)):
            raise ValueError("groups, x and y must be as long as classes")
        if rows and int(self.classes.min()) == 0:
            raise ValueError("class 0 means no data: classes go from 1 to 255")

    def __len__(self) -> int:
        return len(self.classes)

    @property
    def counts(self) -> dict[int, int]:
        """Number of a class -> its number of samples, ascending."""
        values, counts = np.unique(self.classes, return_counts=True)
        return dict(zip(values.tolist(), counts.tolist(), strict=True))

    @property
    def fingerprint(self) -> str:
        """SHA-256 of everything that affects a training."""
        digest = hashlib.sha256("\n".join((self.crs, *self.features)).encode())
        for name, dtype in _COLUMNS:
            column = getattr(self, name).astype(dtype, copy=False)
            digest.update(f"{name} {column.shape}".encode())
            digest.update(np.ascontiguousarray(column).tobytes())
        return digest.hexdigest()

    def take(self, rows: NDArray[Any]) -> SampleTable:
        """The samples of these rows: indices, or a boolean mask."""
        columns = {name: getattr(self, name)[rows] for name, _ in _COLUMNS}
        beside = {name: getattr(self, name) for name in _BESIDE}
        columns |= {name: each[rows] for name, each in beside.items() if each is not None}
        return replace(self, **columns)

    def sorted(self) -> SampleTable:
        """The same samples in an order that does not depend on how they were collected.

        From north to south, west to east, by class and group: the order in which tiles were read
        has no effect on training.
        """
        return self.take(np.lexsort((self.groups, self.classes, self.x, -self.y)))


# Little-endian, so that a fingerprint is the same on every machine.
_COLUMNS = (
    ("values", "<f4"),
    ("classes", "u1"),
    ("groups", "<i8"),
    ("x", "<f8"),
    ("y", "<f8"),
)


# Not part of the fingerprint, so that models of earlier versions still recognise their samples.
_BESIDE = ("edge", "stands_for")


def joined(tables: Sequence[SampleTable]) -> SampleTable:
    """Tables concatenated and sorted; losses of the same class and reason are summed.

    Raises `ValueError` if there are none or they differ in features or CRS. Groups keep their
    numbers: the same number means the same polygon.
    """
    if not tables:
        raise ValueError("there are no samples")
    first = tables[0]
    for other in tables[1:]:
        if (other.features, other.crs) != (first.features, first.crs):
            raise ValueError("tables of different features or CRS cannot be joined")
    columns = {
        name: np.concatenate([getattr(table, name) for table in tables]) for name, _ in _COLUMNS
    }
    for name in _BESIDE:
        parts = [getattr(table, name) for table in tables]
        if all(part is not None for part in parts):
            columns[name] = np.concatenate(parts)
    names = {value: name for table in tables for value, name in table.names.items()}
    losses = added([loss for table in tables for loss in table.losses])
    return SampleTable(
        crs=first.crs,
        features=first.features,
        names=names,
        losses=losses,
        notes=Notes(note for table in tables for note in table.notes).grouped(),
        **columns,
    ).sorted()


def added(losses: Sequence[Loss]) -> tuple[Loss, ...]:
    """Losses summed per class and reason, by class."""
    sums: dict[tuple[int, Reason], int] = {}
    for loss in losses:
        key = (loss.value, loss.reason)
        sums[key] = sums.get(key, 0) + loss.count
    return tuple(
        Loss(value=value, reason=reason, count=count)
        for (value, reason), count in sorted(sums.items())
        if count
    )

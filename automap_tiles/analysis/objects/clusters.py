"""Kinds of pixels that nobody has named: k-means, fitted once and applied to every tile.

Lloyd 1982, IEEE Transactions on Information Theory 28: 129-137, from seeds far apart (k-means++,
Arthur & Vassilvitskii 2007, ACM-SIAM Symposium on Discrete Algorithms: 1027-1035); in small
batches, or joined by Ward's method. Centres are ordered by brightness, so that a number means the
same whatever the seed happened to be first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.objects import _ward
from automap_tiles.analysis.objects._mini_batch import mini_batches
from automap_tiles.analysis.objects._nearest import nearest

Floats = NDArray[np.float64]
Picture = np.ma.MaskedArray[Any, Any]

MOST = 255
_ROUNDS = 300
_DECIMALS = 6
"""Of centres: what another order of sums changes lies behind."""
_DIGITS = 4
"""Of how far centres are apart in a band, at least: units may be small (mol/m², m/s)."""


class Way(StrEnum):
    """How centres are found."""

    K_MEANS = "k-means"
    MINI_BATCH = "mini-batch"
    """K-means of a thousand samples at a time: quicker, a little less exact."""
    WARD = "ward"
    """Of 500 centres of k-means those are joined by which the squares grow least: clusters may be
    of other shapes than round, and small ones that lie apart stay."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Clusters:
    """Centres of the kinds, in the unit of the values."""

    centres: tuple[tuple[float, ...], ...]
    """Of each kind the value of every band, the darkest first."""

    @classmethod
    def fit(cls, rows: NDArray[Any], count: int, seed: int = 0, way: Way = Way.K_MEANS) -> Clusters:
        """Of samples (sample, band) without gaps: of some 50 000 from all over the picture.

        The same samples and seed give the same centres. Fewer where there are fewer samples that
        differ. Raises `ValueError` for samples that are not finite, none of them, or a count that
        is not 1 to 255.
        """
        values = np.asarray(rows, dtype=np.float64)
        if values.ndim != 2 or not len(values) or not np.isfinite(values).all():
            raise ValueError("clusters need samples (sample, band) of finite values")
        if not 1 <= count <= MOST:
            raise ValueError(f"clusters are 1 to {MOST}, not {count}")
        random = np.random.default_rng(seed)
        if way is Way.MINI_BATCH:
            return cls._numbered(mini_batches(values, _far_apart(values, count, random), random))
        if way is Way.WARD:
            many = max(count, min(_ward.MOST, len(values)))
            fine = np.array(cls.from_centres(values, _far_apart(values, many, random)).centres)
            sizes = np.bincount(nearest(values.T, fine), minlength=len(fine))
            kept = sizes > 0
            return cls._numbered(_ward.joined(fine[kept], sizes[kept].astype(np.float64), count))
        return cls.from_centres(values, _far_apart(values, count, random))

    @classmethod
    def from_centres(cls, rows: NDArray[Any], centres: NDArray[Any]) -> Clusters:
        """Of samples (sample, band), from centres (cluster, band) to begin with."""
        values, found = np.asarray(rows, dtype=np.float64), np.array(centres, dtype=np.float64)
        own = np.full(len(values), -1)
        for _ in range(_ROUNDS):
            before, own = own, nearest(values.T, found)
            if (own == before).all():
                break
            number = np.bincount(own, minlength=len(found))
            for band, plane in enumerate(values.T):
                sums = np.bincount(own, plane, len(found))
                # one that nothing is near to stays where it is
                found[:, band] = np.where(number > 0, sums / np.maximum(number, 1), found[:, band])
        return cls._numbered(found)

    @classmethod
    def _numbered(cls, centres: Floats) -> Clusters:
        """By brightness, each once."""
        planes = [np.round(plane, _decimals(plane)) for plane in centres.T]
        rounded = np.unique(np.stack(planes, axis=1), axis=0)
        order = np.argsort(rounded.sum(axis=1), kind="stable")
        return cls(centres=tuple(tuple(row) for row in rounded[order].tolist()))

    def assign(self, picture: Picture) -> NDArray[np.uint8]:
        """(y, x) number of the nearest centre, from 1, the lower of equals; 0 without data.

        `picture` (band, y, x). A pixel depends on no other. Raises `ValueError` for other bands
        than those of the samples.
        """
        if picture.ndim != 3 or len(picture) != len(self.centres[0]):
            raise ValueError(
                f"clusters of {len(self.centres[0])} bands do not fit a picture of shape "
                f"{picture.shape}"
            )
        missing = np.ma.getmaskarray(picture).any(axis=0)
        values = np.ma.getdata(picture).astype(np.float64).reshape(len(picture), -1)
        missing |= ~np.isfinite(values).all(axis=0).reshape(missing.shape)
        values[:, missing.reshape(-1)] = 0
        found = nearest(values, np.array(self.centres)).reshape(missing.shape) + 1
        return np.where(missing, 0, found).astype(np.uint8)

    def to_dict(self) -> dict[str, Any]:
        """For JSON; `from_dict` gives an equal one."""
        return {"centres": [list(centre) for centre in self.centres]}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Clusters:
        """From what `to_dict` gave; raises `KeyError`, `TypeError` or `ValueError`."""
        centres = tuple(tuple(float(one) for one in centre) for centre in content["centres"])
        if not centres or len({len(centre) for centre in centres}) > 1 or not centres[0]:
            raise ValueError("centres of clusters have as many bands as each other")
        return cls(centres=centres)


def _decimals(plane: Floats) -> int:
    """Of the centres (cluster,) in a band."""
    apart = float(np.ptp(plane))
    if not 0 < apart < np.inf:
        return _DECIMALS
    return max(_DECIMALS, _DIGITS - math.floor(math.log10(apart)))


def _far_apart(values: Floats, count: int, random: np.random.Generator) -> Floats:
    """(cluster, band) samples, each drawn the more likely the farther from those before."""
    found = [values[random.integers(len(values))]]
    away = ((values - found[0]) ** 2).sum(axis=1)
    while len(found) < count and away.max() > 0:
        place = int(np.searchsorted(np.cumsum(away), random.random() * away.sum(), side="right"))
        found.append(values[min(place, len(values) - 1)])
        away = np.minimum(away, ((values - found[-1]) ** 2).sum(axis=1))
    return np.array(found)

"""Linear discriminant analysis: linear boundaries between classes.

With few polygons linear boundaries often generalise better than trees. The within-class covariance
is shrunk towards a multiple of the identity, with the analytical shrinkage of Ledoit & Wolf (2004,
Journal of Multivariate Analysis 88: 365-411).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Relative to the largest spread: rounding error of a constant feature.
_CONSTANT = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Linear:
    """Weights of features for each class."""

    weights: Floats
    """(class, feature)."""
    offsets: Floats
    """(class,)."""

    @classmethod
    def fit(
        cls,
        values: NDArray[np.float32],
        labels: NDArray[np.int64],
        weights: NDArray[np.float32],
        classes: int,
    ) -> Linear:
        """Fit to samples (sample, feature) of classes 0 to `classes` - 1.

        A class without samples, such as one whose only sample is held out, has a probability of 0.
        """
        x, w = values.astype(np.float64), weights.astype(np.float64)
        middle = np.average(x, axis=0, weights=w)
        spread = x.std(axis=0)
        varies = spread > _CONSTANT * np.maximum(np.abs(middle), 1.0)
        scale = np.where(varies, spread, 1.0)
        x = np.where(varies, (x - middle) / scale, 0.0)
        shares = np.bincount(labels, w, classes)
        sums = np.stack([np.bincount(labels, w * column, classes) for column in x.T], axis=1)
        has_samples = shares > 0
        means: Floats = sums / np.where(has_samples, shares, 1.0)[:, None]
        covariance = shrunk(x - means[labels], w)
        solved: Floats = np.linalg.solve(covariance, means.T).T.astype(np.float64)
        priors = np.full(classes, -np.inf)
        np.log(shares / shares.sum(), out=priors, where=has_samples)
        offsets = priors - 0.5 * (solved * means).sum(axis=1)
        own: Floats = solved / scale
        return cls(weights=own, offsets=offsets - own @ middle)

    def probabilities(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """(sample, class) from (sample, feature); rows are independent of each other, bit by bit.

        The order of summation of a matrix product depends on the number of rows, so sums are taken
        feature by feature.
        """
        planes = np.ascontiguousarray(values.T, dtype=np.float64)
        sums = np.empty((len(self.offsets), planes.shape[1]))
        part = np.empty(planes.shape[1])
        for total, offset, weights in zip(sums, self.offsets, self.weights, strict=True):
            total[:] = offset
            for plane, weight in zip(planes, weights, strict=True):
                np.multiply(plane, weight, out=part)
                np.add(total, part, out=total)
        sums -= sums.max(axis=0)
        np.exp(sums, out=sums)
        whole = sums[0].copy()
        for plane in sums[1:]:
            whole += plane
        return np.ascontiguousarray((sums / whole).T.astype(np.float32))

    def to_bytes(self) -> bytes:
        """JSON; floats are restored exactly."""
        content = {"weights": self.weights.tolist(), "offsets": self.offsets.tolist()}
        return json.dumps(content).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Linear:
        """Restore what `to_bytes` returned; raises `ValueError` for anything else."""
        try:
            content = json.loads(data)
            weights = np.array(content["weights"], dtype=np.float64)
            offsets = np.array(content["offsets"], dtype=np.float64)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not the weights of a linear classifier: {error!r}") from error
        if weights.ndim != 2 or offsets.shape != weights.shape[:1]:
            raise ValueError("weights of a linear classifier that do not fit together")
        return cls(weights=weights, offsets=offsets)


def shrunk(centred: Floats, weights: Floats) -> Floats:
    """(feature, feature) covariance of centred rows (sample, feature), shrunk after Ledoit & Wolf.

    1e-6 of the mean variance is added to the diagonal, so that it can be inverted if features are
    collinear.
    """
    w = weights / weights.sum()
    count, features = centred.shape
    sample = (centred * w[:, None]).T @ centred
    mean = np.trace(sample) / features
    distance = ((sample - mean * np.eye(features)) ** 2).sum()
    squares = (centred**2 * w[:, None]).T @ centred**2
    noise = (squares - sample**2).sum() / count
    share = 1.0 if distance == 0 else float(np.clip(noise / distance, 0, 1))
    identity = np.eye(features)
    found: Floats = (1 - share) * sample + (share * mean + 1e-6 * max(mean, 1e-6)) * identity
    return found

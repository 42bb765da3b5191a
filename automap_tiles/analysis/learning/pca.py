"""Principal components: fitted once to training samples, applied to every raster.

The components are the eigenvectors of the covariance of the standardised features (mean 0, standard
deviation 1), computed by NumPy in float64, in descending order of variance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis._dates import Array, l2_bytes

Floats = NDArray[np.float64]
# Relative to the largest standard deviation: rounding error of a constant feature.
_CONSTANT = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Pca:
    """Fitted components."""

    mean: Floats
    """(feature,)"""
    scale: Floats
    """(feature,) standard deviation that features are divided by; 1 for constant ones."""
    components: Floats
    """(component, feature) unit vectors whose largest entry is positive."""
    explained: Floats
    """(component,) fraction of the variance of the standardised features."""

    @classmethod
    def fit(cls, rows: Array, components: float) -> Pca:
        """Fit components to samples (sample, feature): a number of them, or a fraction of variance.

        `components` is an int from 1 to the number of features, or a float above 0 and up to 1: the
        fewest components whose fractions of variance reach it. Raises `ValueError` for other
        numbers, fewer than 2 samples, non-finite samples, and if all features are constant.
        """
        values = np.asarray(rows, dtype=np.float64)
        if values.ndim != 2 or len(values) < 2 or not values.shape[1]:
            raise ValueError(f"components need at least 2 samples of features, not {values.shape}")
        if not np.isfinite(values).all():
            raise ValueError("components need samples without NaN and infinity")
        _check_wish(components, values.shape[1])
        mean = values.mean(axis=0)
        spread = values.std(axis=0)
        varies = spread > _CONSTANT * np.maximum(np.abs(mean), np.finfo(np.float64).tiny)
        if not varies.any():
            raise ValueError("no feature of the samples varies")
        scale = np.where(varies, spread, 1.0)
        standard = np.where(varies, (values - mean) / scale, 0.0)
        variances, vectors = np.linalg.eigh(standard.T @ standard / len(standard))
        shares = np.maximum(variances[::-1], 0) / np.maximum(variances, 0).sum()
        count = _count(components, shares)
        chosen = vectors.T[::-1][:count]
        largest = np.abs(chosen).argmax(axis=1)
        signs = np.sign(chosen[np.arange(count), largest])
        return cls(
            mean=mean,
            scale=scale,
            components=np.ascontiguousarray(chosen * signs[:, None]),
            explained=shares[:count].copy(),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the components: pc1, pc2 and so on."""
        return tuple(f"pc{number}" for number in range(1, len(self.components) + 1))

    def apply(self, planes: Array) -> NDArray[np.float32]:
        """Components (component, y, x) from features (feature, y, x), float32.

        Pixels are independent of each other, bit by bit; with a matrix product they would not be,
        because its order of summation depends on the number of pixels. Sums are taken feature by
        feature. Raises `ValueError` for another number of features.
        """
        if len(planes) != len(self.mean):
            raise ValueError(f"components of {len(self.mean)} features, not of {len(planes)}")
        matrix = (self.components / self.scale).astype(np.float32)
        mean = self.mean.astype(np.float32)
        flat = planes.reshape(len(planes), -1)
        out = np.empty((len(matrix), flat.shape[1]), dtype=np.float32)
        step = max(64, l2_bytes() // (4 * (len(matrix) + 3)))
        centred, part = np.empty((2, step), dtype=np.float32)
        for first in range(0, flat.shape[1], step):
            pixels = slice(first, min(first + step, flat.shape[1]))
            count = pixels.stop - first
            _project(flat[:, pixels], mean, matrix, out[:, pixels], centred[:count], part[:count])
        return out.reshape(len(matrix), *planes.shape[1:])

    def apply_rows(self, rows: Array) -> NDArray[np.float32]:
        """Components (sample, component) from samples (sample, feature), same bits as `apply`."""
        return np.ascontiguousarray(self.apply(rows.T).T)

    def to_dict(self) -> dict[str, Any]:
        """For JSON; floats are restored exactly."""
        return {
            "mean": self.mean.tolist(),
            "scale": self.scale.tolist(),
            "components": self.components.tolist(),
            "explained": self.explained.tolist(),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Pca:
        """Restore what `to_dict` returned.

        Raises `ValueError` if something is missing or inconsistent.
        """
        try:
            arrays = {
                name: np.array(content[name], dtype=np.float64)
                for name in ("mean", "scale", "components", "explained")
            }
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"not the components of features: {error!r}") from error
        shapes = [array.shape for array in arrays.values()]
        features, count = shapes[0], shapes[3]
        if shapes[1] != features or shapes[2] != (*count, *features) or len(features) != 1:
            raise ValueError(f"components whose parts do not fit together: {shapes}")
        return cls(**arrays)


def _project(
    planes: Array, mean: Array, matrix: Array, out: Array, centred: Array, part: Array
) -> None:
    for feature, plane in enumerate(planes):
        np.subtract(plane, mean[feature], out=centred, casting="same_kind")
        for component, weights in enumerate(matrix):
            if feature == 0:
                np.multiply(centred, weights[0], out=out[component])
            else:
                np.multiply(centred, weights[feature], out=part)
                np.add(out[component], part, out=out[component])


def _check_wish(components: float, features: int) -> None:
    if isinstance(components, bool) or not np.isfinite(components):
        raise ValueError(f"components are a number or a share, not {components}")
    if isinstance(components, int):
        if not 1 <= components <= features:
            raise ValueError(f"components of {features} features are 1 to {features}")
    elif not 0 < components <= 1:
        raise ValueError(f"a share of the variance is above 0 and up to 1, not {components}")


def _count(components: float, shares: Floats) -> int:
    if isinstance(components, int):
        return components
    reached = np.cumsum(shares) >= components - 1e-12
    return int(reached.argmax()) + 1 if reached.any() else len(shares)

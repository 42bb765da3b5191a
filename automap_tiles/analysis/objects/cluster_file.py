"""Clusters that were fitted once, in a file: JSON, without code, that every tile is given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.recipe import Features, Recipe
from automap_tiles.analysis.objects.clusters import Clusters, Way
from automap_tiles.errors import InputError
from automap_tiles.storage import Address

_KIND = "automap-tiles clusters"
_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class ClusterFile:
    """Kinds of pixels, and the features by which they are told apart."""

    recipe: Recipe
    factors: tuple[float, ...]
    """What each feature is multiplied with before distances are taken; 1 as they are."""
    clusters: Clusters
    """Of the features times their factors."""
    shares: tuple[float, ...]
    """Of the samples that each cluster was nearest to."""
    way: Way
    samples: int
    picture: str
    """That they were fitted on."""

    @classmethod
    def fit(
        cls,
        rows: NDArray[np.float32],
        recipe: Recipe,
        *,
        count: int,
        way: Way = Way.K_MEANS,
        standardised: bool = False,
        seed: int = 0,
        picture: str = "",
    ) -> ClusterFile:
        """Of samples (sample, feature), with each feature by its standard deviation if asked for.

        Raises `ValueError` as `Clusters.fit` does.
        """
        values = np.asarray(rows, dtype=np.float64)
        spread = values.std(axis=0) if len(values) else np.zeros(len(recipe.names))
        factors = np.ones(len(recipe.names))
        if standardised:
            factors = 1 / np.where(spread > 0, spread, 1.0)
        clusters = Clusters.fit(values * factors, count, seed, way)
        nearest = clusters.assign(np.ma.MaskedArray((values * factors).T[:, None, :]))
        number = np.bincount(nearest.reshape(-1), minlength=len(clusters.centres) + 1)[1:]
        return cls(
            recipe=recipe,
            factors=tuple(factors.tolist()),
            clusters=clusters,
            shares=tuple((number / max(1, len(values))).tolist()),
            way=way,
            samples=len(values),
            picture=picture,
        )

    @property
    def centres(self) -> NDArray[np.float64]:
        """(cluster, feature) in the unit of the features."""
        found: NDArray[np.float64] = np.array(self.clusters.centres) / np.array(self.factors)
        return found

    def times_larger(self, bands: Mapping[str, NDArray[Any]]) -> float | None:
        """How many times larger values of bands are than the centres, by the median of the bands.

        None where no band tells.
        """
        middles = np.abs(np.array(self.shares) @ self.centres)
        ratios = [
            float(np.median(np.abs(values))) / middle
            for name, middle in zip(self.recipe.bands, middles.tolist(), strict=False)
            if (values := bands.get(name)) is not None and values.size and middle
        ]
        found = float(np.median(ratios)) if ratios else 0.0
        return found if np.isfinite(found) and found > 0 else None

    def assign(self, features: Features) -> NDArray[np.uint8]:
        """(y, x) number of the nearest cluster, from 1; 0 where the features are not valid."""
        scaled = features.data.astype(np.float64) * np.array(self.factors)[:, None, None]
        missing = np.broadcast_to(~features.valid, scaled.shape)
        return self.clusters.assign(np.ma.MaskedArray(scaled, mask=missing))

    def to_bytes(self) -> bytes:
        """Content of the file."""
        content = {
            "kind": _KIND,
            "version": _VERSION,
            "recipe": self.recipe.to_dict(),
            "factors": list(self.factors),
            **self.clusters.to_dict(),
            "shares": list(self.shares),
            "way": self.way.value,
            "samples": self.samples,
            "picture": self.picture,
        }
        return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False).encode()

    @classmethod
    def open(cls, path: Path | str) -> ClusterFile:
        """Read a file; raises `InputError` that says what is wrong with it."""
        data = Address.of(path).read()
        if data is None:
            raise InputError("there are no such clusters", path)
        try:
            content = json.loads(data)
        except ValueError as error:
            raise InputError(f"is not a file of clusters: {error}", path) from error
        if not isinstance(content, dict) or content.get("kind") != _KIND:
            raise InputError("is not a file of `automap clusters`", path)
        if content.get("version") != _VERSION:
            raise InputError(
                f"is of version {content.get('version')!r}, this one reads {_VERSION}: update "
                "automap-tiles, or fit the clusters again",
                path,
            )
        try:
            return cls._of(content)
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"is a damaged file of clusters: {error!r}", path) from error

    @classmethod
    def _of(cls, content: Mapping[str, Any]) -> ClusterFile:
        found = cls(
            recipe=Recipe.from_dict(content["recipe"]),
            factors=tuple(float(one) for one in content["factors"]),
            clusters=Clusters.from_dict(content),
            shares=tuple(float(one) for one in content["shares"]),
            way=Way(content["way"]),
            samples=int(content["samples"]),
            picture=str(content["picture"]),
        )
        features = len(found.recipe.names)
        if len(found.factors) != features or len(found.clusters.centres[0]) != features:
            raise ValueError("clusters and their recipe have other features")
        return found

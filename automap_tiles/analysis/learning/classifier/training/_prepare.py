"""Preparation of a sample table for training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from automap_tiles.analysis.learning.classifier._classes import LandClass
from automap_tiles.analysis.learning.classifier.training._mixed import mixed_pixels
from automap_tiles.analysis.learning.classifier.training._options import TrainOptions
from automap_tiles.analysis.learning.classifier.training._tryout import Samples
from automap_tiles.analysis.learning.pca import Pca
from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.analysis.learning.sample_table import SampleTable


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """Samples and the names of their features and classes."""

    table: SampleTable
    samples: Samples
    names: tuple[str, ...]
    """Of the columns."""
    classes: tuple[LandClass, ...]
    pca: Pca | None


def check(table: SampleTable, recipe: Recipe) -> None:
    """Raise `ValueError` for samples that cannot be used for training."""
    if not len(table):
        raise ValueError("there are no samples to train on")
    if table.features != recipe.names:
        raise ValueError("the samples were not made by this recipe: their features differ")
    if not np.isfinite(table.values).all():
        raise ValueError("features of samples must be finite numbers")


def prepare(
    table: SampleTable,
    groups: NDArray[np.int64],
    options: TrainOptions,
    known: Sequence[LandClass],
    optional: Mapping[str, Sequence[str]],
) -> Prepared:
    """Samples with groups (sample,) that are held out together.

    `optional` names features that are only used if they improve the result. Principal components
    are computed from all features, none of which is optional then.
    """
    values, labels = np.unique(table.classes, return_inverse=True)
    of_value = {one.value: one for one in known}
    if missing := [value for value in values.tolist() if value not in of_value]:
        raise ValueError(f"samples are of class {missing[0]}, which is not among the classes given")
    pca, columns, names = None, table.values, table.features
    if options.components is not None:
        pca = Pca.fit(table.values, options.components)
        columns, names, optional = pca.apply_rows(table.values), pca.names, {}
    labels = labels.reshape(-1).astype(np.int64)
    places = _columns(names, optional)
    plain = table.values if pca is not None else columns[:, list(places[""])]
    samples = Samples(
        values=np.ascontiguousarray(columns, dtype=np.float32),
        labels=labels,
        stands_for=_ones(len(labels)) if table.stands_for is None else table.stands_for,
        groups=groups,
        mixed=_mixed(plain, labels, table, options),
        columns=places,
        classes=len(values),
        group_count=int(groups.max()) + 1,
    )
    classes = tuple(of_value[value] for value in values.tolist())
    return Prepared(table=table, samples=samples, names=names, classes=classes, pca=pca)


def _columns(
    names: Sequence[str], optional: Mapping[str, Sequence[str]]
) -> dict[str, tuple[int, ...]]:
    taken = {name for several in optional.values() for name in several}
    found = {"": tuple(place for place, name in enumerate(names) if name not in taken)}
    for group, several in optional.items():
        found[group] = tuple(names.index(name) for name in several)
    return found


def _mixed(
    values: NDArray[np.float32],
    labels: NDArray[np.int64],
    table: SampleTable,
    options: TrainOptions,
) -> NDArray[np.bool_]:
    if table.edge is None or options.clean is False:
        return np.zeros(len(labels), dtype=bool)
    return mixed_pixels(values, labels, table.groups, table.edge)


def _ones(count: int) -> NDArray[np.float32]:
    return np.ones(count, dtype=np.float32)

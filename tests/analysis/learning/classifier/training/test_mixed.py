"""Mixed pixels at edges."""

from __future__ import annotations

import numpy as np

from automap_tiles.analysis.learning.classifier.training._mixed import LEAST_KEPT, mixed_pixels


def _polygons(shift: float) -> tuple[np.ndarray, ...]:
    """Six polygons of two classes, 30 pixels inside and 20 at the edge; half of these shifted."""
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(6), 50)
    labels = groups % 2
    edge = np.tile(np.arange(50) >= 30, 6)
    spoilt = np.tile(np.arange(50) >= 40, 6)
    values = random.normal(labels[:, None], 0.05, (300, 3)) + spoilt[:, None] * shift
    return values.astype(np.float32), labels.astype(np.int64), groups, edge, spoilt


def test_pixels_at_the_edge_that_look_otherwise_are_mixed() -> None:
    values, labels, groups, edge, spoilt = _polygons(0.5)
    found = mixed_pixels(values, labels, groups, edge)
    assert found[spoilt].all()
    assert not found[~edge].any()
    # a few of the good ones are as far as 5 % inside are
    assert found[edge & ~spoilt].mean() < 0.2


def test_good_edges_stay() -> None:
    values, labels, groups, edge, _ = _polygons(0.0)
    assert mixed_pixels(values, labels, groups, edge).sum() <= 0.2 * edge.sum()
    assert not mixed_pixels(values, labels, groups, np.zeros(300, bool)).any()


def test_never_more_than_half_of_a_polygon() -> None:
    values, labels, groups, edge, _ = _polygons(0.0)
    edge[groups == 2] = np.arange(50) >= 5
    values[(groups == 2) & edge] += 3
    found = mixed_pixels(values, labels, groups, edge)
    assert found[groups == 2].sum() == 25
    assert (~found[labels == 0]).mean() >= LEAST_KEPT

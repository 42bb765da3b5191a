"""K-means against scikit-learn."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, ward
from sklearn.cluster import KMeans  # type: ignore[import-untyped]

from automap_tiles.analysis.objects._ward import joined
from automap_tiles.analysis.objects.clusters import Clusters, Way

Array = np.ndarray[Any, Any]


def samples(seed: int, kinds: int = 4, count: int = 300) -> Array:
    random = np.random.default_rng(seed)
    middles = random.uniform(0, 1, (kinds, 3))
    found: Array = middles[random.integers(0, kinds, count)] + random.normal(0, 0.05, (count, 3))
    return found


@pytest.mark.parametrize("count", [1, 2, 4, 6])
@pytest.mark.parametrize("seed", range(6))
def test_centres_are_those_of_scikit_learn(seed: int, count: int) -> None:
    """Of seeds for which no centre loses all of its samples: scikit-learn moves such a one."""
    rows = samples(seed)
    start = rows[:count]
    theirs = KMeans(count, init=start, n_init=1, max_iter=300, tol=0, algorithm="lloyd").fit(rows)
    wanted = theirs.cluster_centers_
    wanted = wanted[np.argsort(wanted.sum(axis=1))]
    found = Clusters.from_centres(rows, start)
    np.testing.assert_allclose(found.centres, wanted, atol=2e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 9999), st.integers(1, 20))
def test_each_pixel_has_the_nearest_and_depends_on_no_other(seed: int, cut: int) -> None:
    random = np.random.default_rng(seed)
    found = Clusters.fit(samples(seed), 5, seed)
    data = random.uniform(0, 1, (3, 12, 21)).astype(np.float32)
    picture = np.ma.MaskedArray(data, mask=random.random(data.shape) < 0.03)
    whole = found.assign(picture)
    away = ((data[None].astype("f8") - np.array(found.centres)[:, :, None, None]) ** 2).sum(axis=1)
    gaps = np.ma.getmaskarray(picture).any(axis=0)
    np.testing.assert_array_equal(whole, np.where(gaps, 0, away.argmin(axis=0) + 1))
    parts = [found.assign(picture[..., :cut]), found.assign(picture[..., cut:])]
    np.testing.assert_array_equal(np.concatenate(parts, axis=-1), whole)


def test_kinds_are_found_whatever_the_seed_and_numbered_by_brightness() -> None:
    random = np.random.default_rng(1)
    middles = np.array([[0.1, 0.1], [0.2, 0.6], [0.9, 0.8]])
    rows = middles.repeat(200, axis=0) + random.normal(0, 0.01, (600, 2))
    for seed in range(5):
        found = Clusters.fit(rows, 3, seed)
        np.testing.assert_allclose(found.centres, middles, atol=0.005)
    assert Clusters.fit(rows, 3, 2) == Clusters.fit(rows.copy(), 3, 2)


def test_alike_samples_and_one_sample() -> None:
    assert Clusters.fit(np.full((50, 2), 0.25), 4).centres == ((0.25, 0.25),)
    assert Clusters.fit(np.array([[0.1, 0.2]]), 3).centres == ((0.1, 0.2),)
    two = Clusters.fit(np.repeat([[0.0], [1.0]], 10, axis=0), 5)
    assert two.centres == ((0.0,), (1.0,))
    empty = np.ma.MaskedArray(np.zeros((1, 2, 2)), mask=True)
    assert not two.assign(empty).any()
    half = np.ma.MaskedArray(np.array([[[0.5, np.nan]]]))
    assert two.assign(half).tolist() == [[1, 0]]


def test_they_go_through_json() -> None:
    found = Clusters.fit(samples(3), 4)
    assert Clusters.from_dict(json.loads(json.dumps(found.to_dict()))) == found
    with pytest.raises(ValueError, match="as many bands"):
        Clusters.from_dict({"centres": [[0.1], [0.1, 0.2]]})


def test_what_cannot_be_is_named() -> None:
    rows: Any
    for rows, count, said in (
        (np.zeros((0, 2)), 3, "finite values"),
        (np.full((4, 2), np.nan), 3, "finite values"),
        (np.zeros(4), 3, "finite values"),
        (np.zeros((4, 2)), 0, "1 to 255, not 0"),
    ):
        with pytest.raises(ValueError, match=said):
            Clusters.fit(rows, count)
    with pytest.raises(ValueError, match="of 2 bands do not fit"):
        Clusters.fit(np.zeros((4, 2)), 1).assign(np.ma.MaskedArray(np.zeros((3, 2, 2))))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("count", [1, 3, 8])
def test_joined_centres_are_those_of_scipy(seed: int, count: int) -> None:
    """Centres that stand for several samples are these samples on one spot."""
    random = np.random.default_rng(seed)
    centres, sizes = random.uniform(0, 1, (30, 3)), random.integers(1, 6, 30)
    rows = centres.repeat(sizes, axis=0)
    label = fcluster(ward(rows), count, "maxclust")
    wanted = np.array([rows[label == one].mean(axis=0) for one in np.unique(label)])
    found = joined(centres, sizes.astype(float), count)
    np.testing.assert_allclose(np.sort(found, axis=0), np.sort(wanted, axis=0), atol=1e-12)


def squares(rows: Array, found: Clusters) -> float:
    away = ((rows[:, None] - np.array(found.centres)) ** 2).sum(axis=2)
    return float(away.min(axis=1).sum())


@pytest.mark.parametrize("way", list(Way))
def test_every_way_finds_the_kinds_and_the_same_twice(way: Way) -> None:
    rows = samples(3, kinds=6, count=4000)
    found = Clusters.fit(rows, 6, 1, way)
    assert found == Clusters.fit(rows, 6, 1, way)
    assert len(found.centres) == 6
    best = min(squares(rows, Clusters.fit(rows, 6, seed)) for seed in range(5))
    assert squares(rows, found) < 1.1 * best


def test_ward_keeps_a_small_kind_that_lies_apart() -> None:
    random = np.random.default_rng(0)
    rows = np.concatenate([random.normal(0, 1, (5000, 2)), random.normal(9, 0.1, (20, 2))])
    found = Clusters.fit(rows, 4, 0, Way.WARD)
    assert np.abs(np.array(found.centres)[-1] - 9).max() < 0.3


@pytest.mark.parametrize("way", list(Way))
def test_fewer_samples_than_clusters(way: Way) -> None:
    rows = np.array([[0.0, 1.0], [0.0, 1.0], [2.0, 3.0]])
    assert Clusters.fit(rows, 5, 0, way).centres == ((0.0, 1.0), (2.0, 3.0))


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("unit", [3e-5, 2e-9])
def test_centres_of_small_numbers_stay_apart(way: Way, unit: float) -> None:
    """Columns of a trace gas in mol/m², rates in m/s: a millionth is not nothing beside them."""
    plain = samples(5, count=120) + np.array([0, 7, 0])
    found = np.array(Clusters.fit(plain * unit, 4, 2, way).centres) / unit
    wanted = np.array(Clusters.fit(plain, 4, 2, way).centres)
    np.testing.assert_allclose(found, wanted, rtol=2e-3)

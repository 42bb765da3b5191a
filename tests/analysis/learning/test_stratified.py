"""Estimates for strata that are not the map's classes, against published figures and others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automap_tiles.analysis.learning.accuracy import confusion, map_accuracy
from automap_tiles.analysis.learning.stratified import StratifiedSample, stratified_accuracy

# The example of Stehman 2014, tables 2 and 3: four strata of ten points each.
TRUTH = ("AAAAACBABC", "ABBBBBAABB", "CCCCCDDBBA", "DDDDDDDCCB")
MAPPED = ("AAAAAAABBB", "ABBBBBBBBB", "BBCCCCCCBB", "DDDDDDDDDD")
SIZES = np.array([40_000.0, 30_000.0, 20_000.0, 10_000.0])


def numbers(rows: tuple[str, ...]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(["ABCD".index(letter) + 1 for letter in "".join(rows)])


EXAMPLE = StratifiedSample(
    strata=np.repeat(np.arange(4), 10),
    mapped=numbers(MAPPED),
    truth=numbers(TRUTH),
    sizes=SIZES,
    weights=SIZES / SIZES.sum(),
)


def test_the_published_example() -> None:
    found = stratified_accuracy(EXAMPLE, [1, 2, 3, 4])
    told = {
        "overall": found.overall,
        "area of A": found.shares[0],
        "user's B": found.users[1],
        "producer's B": found.producers[1],
    }
    rounded = {name: (round(one.value, 4), round(one.error, 4)) for name, one in told.items()}
    assert rounded == {
        "overall": (0.63, 0.0846),
        "area of A": (0.35, 0.0822),
        "user's B": (0.5745, 0.1248),
        "producer's B": (0.7941, 0.1165),
    }
    assert found.proportions.sum() == pytest.approx(1)
    assert np.trace(found.proportions) == pytest.approx(found.overall.value)
    np.testing.assert_allclose(
        found.proportions.sum(axis=0), [one.value for one in found.shares], rtol=1e-12
    )


@given(st.data())
@settings(max_examples=60)
def test_classes_of_the_map_as_strata(data: st.DataObject) -> None:
    """As Olofsson et al. 2014, which knows no end of the population."""
    classes = list(range(1, data.draw(st.integers(2, 5)) + 1))
    mapped, truth = [], []
    for value in classes:
        own = data.draw(st.lists(st.sampled_from(classes), min_size=2, max_size=12))
        mapped += [value] * len(own)
        truth += own
    raw = np.array(data.draw(st.lists(
        st.floats(0.05, 1), min_size=len(classes), max_size=len(classes)
    )))  # fmt: skip
    weights = raw / raw.sum()
    sample = StratifiedSample(
        strata=np.array(mapped) - 1,
        mapped=np.array(mapped),
        truth=np.array(truth),
        sizes=np.full(len(classes), np.inf),
        weights=weights,
    )
    found = stratified_accuracy(sample, classes)
    wanted = map_accuracy(confusion(sample.mapped, sample.truth, classes), weights)
    pairs = [
        (found.overall, wanted.overall),
        *zip(found.users, wanted.users, strict=True),
        *zip(found.producers, wanted.producers, strict=True),
        *zip(found.shares, wanted.shares, strict=True),
    ]
    for ours, theirs in pairs:
        np.testing.assert_allclose(
            [ours.value, ours.error], [theirs.value, theirs.error], rtol=1e-9, atol=1e-9
        )
    np.testing.assert_allclose(found.proportions, wanted.proportions, atol=1e-12)


def test_a_sample_of_everything_has_no_error() -> None:
    rng = np.random.default_rng(4)
    strata = rng.integers(0, 3, 500)
    sizes = np.bincount(strata).astype(float)
    sample = StratifiedSample(
        strata=strata,
        mapped=rng.integers(1, 4, 500),
        truth=rng.integers(1, 4, 500),
        sizes=sizes,
        weights=sizes / sizes.sum(),
    )
    found = stratified_accuracy(sample, [1, 2, 3])
    assert found.overall.value == pytest.approx((sample.mapped == sample.truth).mean())
    assert found.overall.error == 0
    assert found.shares[2].value == pytest.approx((sample.truth == 3).mean())
    mapped = sample.mapped == 2
    assert found.users[1].value == pytest.approx((sample.truth[mapped] == 2).mean())


def test_where_the_map_has_no_class_nothing_is_right_or_wrong() -> None:
    """Of 100 000 pixels the map covers those of stratum A and half of stratum B."""
    mapped = np.array([1] * 10 + [1] * 5 + [0] * 5)
    truth = np.array([1] * 8 + [2] * 2 + [1] * 2 + [2] * 3 + [1] * 5)
    sample = StratifiedSample(
        strata=np.repeat([0, 1], 10), mapped=mapped, truth=truth,
        sizes=np.array([60_000.0, 40_000.0]), weights=np.array([0.6, 0.4]),
    )  # fmt: skip
    found = stratified_accuracy(sample, [1, 2])
    # 0.6 of the area at 80 %, 0.4 · 1/2 of it at 40 %, over the 0.8 that the map covers
    assert found.overall.value == pytest.approx((0.6 * 0.8 + 0.2 * 0.4) / 0.8)
    assert found.shares[1].value == pytest.approx((0.6 * 0.2 + 0.2 * 0.6) / 0.8)


def test_the_intervals_hold_the_truth() -> None:
    """A map made anew: drawn in the old classes, about 95 % of intervals of 400 samples hold it."""
    rng = np.random.default_rng(11)
    truth = rng.choice([1, 2, 3], 30_000, p=[0.6, 0.3, 0.1])
    old = np.where(rng.random(30_000) < 0.7, truth, rng.integers(1, 4, 30_000))
    new = np.where(rng.random(30_000) < 0.85, truth, rng.integers(1, 4, 30_000))
    sizes = np.bincount(old - 1).astype(float)
    held = {"overall": 0, "area": 0, "user's": 0, "producer's": 0}
    for _ in range(400):
        drawn = np.concatenate(
            [rng.choice(np.flatnonzero(old == value), 300, replace=False) for value in (1, 2, 3)]
        )
        found = stratified_accuracy(
            StratifiedSample(
                strata=old[drawn] - 1, mapped=new[drawn], truth=truth[drawn],
                sizes=sizes, weights=sizes / sizes.sum(),
            ),
            [1, 2, 3],
        )  # fmt: skip
        pairs = {
            "overall": (found.overall, (new == truth).mean()),
            "area": (found.shares[2], (truth == 3).mean()),
            "user's": (found.users[1], (truth[new == 2] == 2).mean()),
            "producer's": (found.producers[1], (new[truth == 2] == 2).mean()),
        }
        for name, (one, wanted) in pairs.items():
            held[name] += abs(one.value - wanted) <= one.half_width
    assert all(366 <= number <= 393 for number in held.values()), held


def test_one_point_in_a_stratum_tells_no_error() -> None:
    sample = StratifiedSample(
        strata=np.array([0, 0, 1]), mapped=np.array([1, 2, 1]), truth=np.array([1, 1, 1]),
        sizes=np.array([50.0, 50.0]), weights=np.array([0.5, 0.5]),
    )  # fmt: skip
    found = stratified_accuracy(sample, [1, 2, 3])
    assert found.overall.value == pytest.approx(0.75)
    assert np.isnan(found.overall.error)
    assert np.isnan(found.users[2].value)


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"weights": np.array([0.5, 0.4])}, "add up to 1"),
        ({"strata": np.array([0, 0, 0])}, "stratum number 2"),
        ({"strata": np.array([0, 1, 2])}, "has no size"),
        ({"truth": np.array([1, 1])}, "unlike length"),
    ],
)
def test_samples_that_cannot_be(changed: dict[str, object], word: str) -> None:
    good: dict[str, object] = {
        "strata": np.array([0, 0, 1]), "mapped": np.array([1, 2, 1]),
        "truth": np.array([1, 1, 1]), "sizes": np.array([50.0, 50.0]),
        "weights": np.array([0.5, 0.5]),
    }  # fmt: skip
    with pytest.raises(ValueError, match=word):
        StratifiedSample(**{**good, **changed})  # type: ignore[arg-type]


def test_a_map_without_a_class_anywhere() -> None:
    sample = StratifiedSample(
        strata=np.array([0, 0]), mapped=np.array([0, 0]), truth=np.array([1, 1]),
        sizes=np.array([50.0]), weights=np.array([1.0]),
    )  # fmt: skip
    with pytest.raises(ValueError, match="no class"):
        stratified_accuracy(sample, [1])

"""Calibration against scikit-learn, and what must hold of every calibration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.calibration import CalibratedClassifierCV  # type: ignore[import-untyped]
from sklearn.frozen import FrozenEstimator  # type: ignore[import-untyped]
from sklearn.isotonic import IsotonicRegression  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.naive_bayes import GaussianNB  # type: ignore[import-untyped]

from automap_tiles.analysis.learning.confidence.calibration import (
    Isotonic,
    Temperature,
    fit_isotonic,
    fit_temperature,
    held_back,
)
from automap_tiles.analysis.learning.confidence.reliability import reliability

shares = hnp.arrays(
    np.float32, st.tuples(st.integers(1, 5), st.integers(1, 40)), elements=st.floats(0, 1, width=32)
)


def drawn(probabilities: np.ndarray, seed: int) -> np.ndarray:
    """(sample,) labels by chance."""
    random = np.random.default_rng(seed)
    return random.integers(0, len(probabilities), (probabilities.shape[1],))


def distorted(power: float, count: int = 4000, classes: int = 4, seed: int = 0) -> tuple:
    """Probabilities (class, sample) that are true ones to a power, and labels drawn by the true."""
    random = np.random.default_rng(seed)
    true = random.dirichlet(np.ones(classes) * 0.7, count).T
    labels = (random.random(count) > np.cumsum(true, axis=0)).sum(axis=0).clip(0, classes - 1)
    raised = np.maximum(true, 1e-6) ** power
    return (raised / raised.sum(axis=0)).astype(np.float32), labels.astype(np.int64), true


@pytest.mark.parametrize("power", [0.4, 1.0, 2.5])
def test_the_temperature_undoes_what_was_done(power: float) -> None:
    probabilities, labels, true = distorted(power, 20_000)
    found = fit_temperature(probabilities, labels)
    assert found.value == pytest.approx(power, rel=0.05)
    np.testing.assert_allclose(found.apply(probabilities), true, atol=0.05)


@pytest.mark.parametrize("power", [0.5, 1.7])
def test_the_temperature_is_that_of_scikit_learn(power: float) -> None:
    random = np.random.default_rng(1)
    features = random.normal(size=(1500, 3))
    labels = (features @ random.normal(size=(3, 4)) + random.normal(size=(1500, 4))).argmax(axis=1)
    model = LogisticRegression(C=10**power).fit(features[:100], labels[:100])
    theirs = CalibratedClassifierCV(FrozenEstimator(model), method="temperature")
    theirs.fit(features[100:], labels[100:])
    probabilities = model.predict_proba(features[100:]).T
    ours = fit_temperature(probabilities, labels[100:])
    np.testing.assert_allclose(
        ours.apply(probabilities).T, theirs.predict_proba(features[100:]), atol=2e-4
    )


@given(shares, st.integers(0, 2**32 - 1))
def test_no_other_temperature_has_less_loss(probabilities: np.ndarray, seed: int) -> None:
    random = np.random.default_rng(seed)
    labels = drawn(probabilities, seed)
    weights = random.random(len(labels)) + 0.1

    def loss(value: float) -> float:
        found = Temperature(value=value).apply(probabilities).astype(np.float64)
        return float(
            -np.average(np.log(found[labels, np.arange(len(labels))] + 1e-30), weights=weights)
        )

    found = fit_temperature(probabilities, labels, weights)
    others = [loss(found.value * factor) for factor in (0.9, 0.99, 1.01, 1.1)
              if 0.05 <= found.value * factor <= 20]  # fmt: skip
    assert loss(found.value) <= min(others, default=np.inf) + 1e-5


@given(shares, st.floats(0.05, 20))
def test_the_first_class_stays_the_first(probabilities: np.ndarray, value: float) -> None:
    found = Temperature(value=value).apply(probabilities)
    np.testing.assert_allclose(found.sum(axis=0), 1, rtol=1e-5)
    first = probabilities.argmax(axis=0)
    columns = np.arange(probabilities.shape[1])
    assert (found[first, columns] >= found.max(axis=0)).all()
    order = np.argsort(probabilities, axis=0, kind="stable")
    assert (np.diff(np.take_along_axis(found, order, axis=0), axis=0) >= 0).all()


@given(shares, st.data())
def test_a_pixel_depends_on_no_other(probabilities: np.ndarray, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, probabilities.shape[1]))
    curves = Isotonic(curves=(((0.0, 0.4, 1.0), (0.0, 0.1, 0.9)),) * len(probabilities))
    for one in (Temperature(value=1.7), curves):
        whole = one.apply(probabilities)
        parts = [one.apply(probabilities[:, :cut]), one.apply(probabilities[:, cut:])]
        np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)


def test_nothing_to_tell_leaves_all_as_it_is() -> None:
    """One class, and a classifier that has no opinion."""
    for probabilities in (np.ones((1, 9)), np.full((3, 9), 1 / 3)):
        labels = np.arange(9) % len(probabilities)
        assert fit_temperature(probabilities, labels).value == 1


def test_few_samples_that_are_right_say_little() -> None:
    probabilities, labels = np.array([[0.9] * 5, [0.1] * 5]), np.zeros(5, np.int64)
    assert fit_temperature(probabilities, labels).value < 0.1
    found = [fit_temperature(probabilities, labels, caution=some).value for some in (0.1, 1, 10)]
    assert found == sorted(found)
    assert 0.1 < found[0] < found[-1] < 1
    assert fit_temperature(probabilities, labels, caution=1e9).value == pytest.approx(1)


@given(shares, st.floats(0.01, 100), st.integers(0, 999))
def test_caution_only_holds_back(probabilities: np.ndarray, caution: float, seed: int) -> None:
    labels = drawn(probabilities, seed)
    free = np.log(fit_temperature(probabilities, labels).value)
    held = np.log(fit_temperature(probabilities, labels, caution=caution).value)
    assert -1e-6 <= held * np.sign(free) <= abs(free) + 1e-6


def test_what_groups_do_not_agree_on_is_held_back() -> None:
    """Groups of alike samples tell no more than one sample each; many groups tell it all."""
    probabilities, labels, _ = distorted(1.8, 60, seed=8)
    alike = probabilities.repeat(50, axis=1), labels.repeat(50), np.ones(3000)
    few = held_back(fit_temperature(*alike), *alike, np.arange(60).repeat(50))
    each = held_back(fit_temperature(*alike), *alike, np.arange(3000))
    free = fit_temperature(*alike).value
    assert 1 < few.value < each.value < free


def test_what_is_no_larger_than_its_error_is_one() -> None:
    found = []
    for seed in range(30):
        probabilities, labels, _ = distorted(1.0, 60, seed=seed)
        alike = probabilities.repeat(9, axis=1), labels.repeat(9), np.ones(540)
        free = fit_temperature(*alike)
        found.append(held_back(free, *alike, np.arange(60).repeat(9)).value)
    assert sum(one == 1 for one in found) > 15  # two of three, where it is normal


@given(shares, st.integers(0, 999))
def test_held_back_lies_between(probabilities: np.ndarray, seed: int) -> None:
    random = np.random.default_rng(seed)
    labels = drawn(probabilities, seed)
    groups, weights = random.integers(0, 5, (len(labels),)), random.random(len(labels)) + 0.1
    free = fit_temperature(probabilities, labels, weights)
    found = np.log(held_back(free, probabilities, labels, weights, groups).value)
    assert -1e-9 <= found * np.sign(np.log(free.value)) <= abs(np.log(free.value)) + 1e-9


@pytest.mark.parametrize("weighted", [False, True])
def test_curves_are_those_of_scikit_learn(weighted: bool) -> None:
    probabilities, labels, _ = distorted(2.0, 1500, seed=3)
    probabilities = np.round(probabilities, 2)  # many are equal
    weights = np.random.default_rng(0).random(1500) + 0.1 if weighted else None
    found = fit_isotonic(probabilities, labels, weights)
    at = np.linspace(-0.1, 1.1, 500)
    for place, curve in enumerate(found.curves):
        theirs = IsotonicRegression(out_of_bounds="clip")
        theirs.fit(probabilities[place].astype(np.float64), labels == place, sample_weight=weights)
        np.testing.assert_allclose(np.interp(at, *curve), theirs.predict(at), atol=1e-7)


def test_curves_calibrate_as_scikit_learn_does() -> None:
    random = np.random.default_rng(5)
    features = random.normal(size=(2000, 3))
    labels = (features @ random.normal(size=(3, 4)) + random.normal(size=(2000, 4))).argmax(axis=1)
    model = GaussianNB().fit(features[:100], labels[:100])
    theirs = CalibratedClassifierCV(FrozenEstimator(model), method="isotonic", ensemble=False)
    theirs.fit(features[100:], labels[100:])
    probabilities = model.predict_proba(features[100:]).T
    ours = fit_isotonic(probabilities, labels[100:]).apply(probabilities)
    wanted = theirs.predict_proba(features[100:]).T
    np.testing.assert_allclose(ours, wanted, atol=1e-6)


def test_where_curves_leave_nothing_probabilities_stay() -> None:
    curves = Isotonic(curves=(((0.5, 0.9), (0.0, 1.0)),) * 2)
    probabilities = np.array([[0.5, 0.9], [0.5, 0.1]], dtype=np.float32)
    np.testing.assert_array_equal(
        curves.apply(probabilities), np.array([[0.5, 1.0], [0.5, 0.0]], dtype=np.float32)
    )


@given(shares, st.integers(0, 2**32 - 1))
def test_curves_never_fall(probabilities: np.ndarray, seed: int) -> None:
    labels = drawn(probabilities, seed)
    for x, y in fit_isotonic(probabilities, labels).curves:
        assert (np.diff(x) > 0).all()
        assert (np.diff(y) >= 0).all()
        assert 0 <= y[0] <= y[-1] <= 1


def test_isotonic_beats_the_temperature_where_the_shape_is_another() -> None:
    probabilities, labels, _ = distorted(1.0, 20_000, classes=2, seed=2)
    bent = (probabilities[1] ** 6).astype(np.float32)
    bent = np.stack([1 - bent, bent])
    losses = [
        reliability(one.apply(bent), labels).log_loss
        for one in (fit_temperature(bent, labels), fit_isotonic(bent, labels))
    ]
    assert losses[1] < losses[0] - 0.01


def test_they_go_through_json() -> None:
    probabilities, labels, _ = distorted(2.0, 300)
    temperature, curves = (
        fit_temperature(probabilities, labels),
        fit_isotonic(probabilities, labels),
    )
    assert Temperature.from_dict(temperature.to_dict()) == temperature
    assert Isotonic.from_dict(curves.to_dict()) == curves
    with pytest.raises(ValueError, match="temperature of 0"):
        Temperature.from_dict({"temperature": 0})
    with pytest.raises(ValueError, match="fit together"):
        Isotonic.from_dict({"curves": [[[0.0, 1.0], [0.5]]]})

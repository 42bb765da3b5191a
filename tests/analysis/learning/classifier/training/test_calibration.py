"""A temperature is taken where folds that had no say in it are better off, and else told."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automap_tiles.analysis.learning.classifier.training._calibration import Held, calibrate
from automap_tiles.analysis.learning.classifier.training._evidence import draws_of
from automap_tiles.analysis.learning.confidence.reliability import reliability

CLASSES = 3


def held_out(
    power: float | np.ndarray, seed: int = 0, polygons: int = 60, pixels: int = 15
) -> Held:
    """Of polygons whose pixels are alike; their probabilities are the true ones to a power."""
    random = np.random.default_rng(seed)
    true = random.dirichlet(np.ones(CLASSES), polygons)
    labels = (random.random((polygons, 1)) > true.cumsum(axis=1)).sum(axis=1).clip(0, CLASSES - 1)
    raised = np.maximum(true, 1e-4) ** np.broadcast_to(power, polygons)[:, None]
    shares = (raised / raised.sum(axis=1, keepdims=True)).repeat(pixels, axis=0)
    groups = np.arange(polygons).repeat(pixels)
    return Held(
        probabilities=np.ascontiguousarray(shares.T.astype(np.float32)),
        labels=labels.repeat(pixels).astype(np.int64),
        weights=np.ones(len(groups), np.float32),
        groups=groups,
        folds=groups % 5,
        repeats=np.zeros(len(groups), np.int64),
    )


def draws(held: Held) -> np.ndarray:
    first = np.unique(held.groups, return_index=True)[1]
    return draws_of(held.labels[first], 1)


@pytest.mark.parametrize("power", [0.3, 3.0])
def test_what_helps_is_taken(power: float) -> None:
    held = held_out(power, polygons=200)
    found = calibrate(held, draws(held))
    assert found.gain.is_real
    assert found.temperature == found.found
    assert found.temperature.value == pytest.approx(power, rel=0.35)
    assert found.after.log_loss == pytest.approx(found.plain.log_loss - found.gain.mean, abs=1e-5)


def test_what_helps_some_folds_and_harms_the_others_is_not() -> None:
    """The polygons of one fold are far too sure, those of the others not sure enough by a little.

    Together they ask for a temperature, and each fold is worse off by that of the others.
    """
    for seed in range(20):
        powers = np.where(np.arange(60) % 5 == 0, 6.0, 0.8)
        held = held_out(powers, seed)
        found = calibrate(held, draws(held))
        if found.found.value != 1 and not found.gain.is_real:
            break
    else:
        pytest.fail("every temperature was shown to help")
    assert found.temperature.value == 1
    assert found.after == found.plain
    np.testing.assert_array_equal(found.probabilities, held.probabilities)
    assert found.to_dict()["found"] == found.found.value
    assert found.to_dict()["gain"] == {
        "gain": found.gain.mean, "standard_error": found.gain.error}  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.floats(0.2, 5), st.integers(0, 9999), st.integers(6, 40))
def test_folds_are_never_worse_off(power: float, seed: int, polygons: int) -> None:
    held = held_out(power, seed, polygons)
    found = calibrate(held, draws(held))
    assert found.after.log_loss <= found.plain.log_loss
    again = reliability(found.probabilities, held.labels, held.weights)
    assert again == found.after
    first = held.probabilities.argmax(axis=0)
    assert (found.probabilities.argmax(axis=0) == first).all()


def test_other_polygons_are_better_off_or_left_alone() -> None:
    """Of models that are right about how sure they are, and of those that are not."""
    harmed = []
    for seed in range(60):
        power = (0.4, 1.0, 2.5)[seed % 3]
        held, others = held_out(power, seed, 100), held_out(power, 1000 + seed, 400)
        taken = calibrate(held, draws(held)).temperature
        before, after = (
            reliability(one, others.labels).log_loss
            for one in (others.probabilities, taken.apply(others.probabilities))
        )
        harmed.append(after - before)
    assert np.mean(harmed) < -0.02
    assert max(harmed) < 0.03
    assert np.mean(harmed[1::3]) < 0.002  # nothing was wrong with these

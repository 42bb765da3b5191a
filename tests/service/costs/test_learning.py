"""Ranges that finished jobs teach, held against laws that are known."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from automap_service.costs.learning import FEWEST, HELD, Sample, foretold, rank_of


def job(rng: random.Random) -> dict[str, float]:
    """Sizes as they come: from a field to a country, a week to three years."""
    return {
        "megapixels": 10 ** rng.uniform(-1, 3),
        "days": float(rng.randint(7, 1000)),
        "layers": float(rng.randint(1, 4)),
        "masker": float(rng.random() < 0.3),
    }


def rate(sizes: dict[str, float]) -> float:
    """Scenes come every eight days and are prepared, then merged layer by layer."""
    scenes = sizes["days"] / 8
    work = scenes * sizes["megapixels"] * (0.2 + 0.3 * sizes["masker"])
    return 8 + work + 0.05 * sizes["layers"] * scenes * sizes["megapixels"]


def power(sizes: dict[str, float]) -> float:
    return float(3 * sizes["megapixels"] ** 0.7 * sizes["days"] ** 0.9)


def flat(sizes: dict[str, float]) -> float:
    """What does not depend on any size."""
    return 120.0


def runs_over(rng: random.Random) -> float:
    """One in ten takes three times as long: an archive was slow."""
    return rng.lognormvariate(0, 0.2) * (3 if rng.random() < 0.1 else 1)


LAWS = {"rate": rate, "power": power, "flat": flat}
NOISES = {
    "calm": lambda rng: rng.lognormvariate(0, 0.05),
    "usual": lambda rng: rng.lognormvariate(0, 0.3),
    "wild": lambda rng: rng.lognormvariate(0, 0.8),
    "even": lambda rng: rng.uniform(0.5, 1.5),
    "stalls": runs_over,
}


def held(law: str, noise: str, seed: int, learnt: int = 20, asked: int = 10) -> int:
    """How many of the next jobs lie in the range that the first ones have taught."""
    rng = random.Random(seed)

    def one() -> Sample:
        sizes = job(rng)
        return Sample(features=sizes, took=LAWS[law](sizes) * NOISES[noise](rng))

    samples = [one() for _ in range(learnt)]
    count = 0
    for _ in range(asked):
        new = one()
        found = foretold(new.features, samples)
        assert found is not None
        count += found[0] <= new.took <= found[2]
        samples.append(new)
    return count


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("law", LAWS)
def test_after_twenty_jobs_the_range_holds_at_least_seven_of_the_next_ten(
    law: str, noise: str
) -> None:
    found = [held(law, noise, seed) for seed in range(40)]
    assert sum(each >= 7 for each in found) >= 36, found
    assert np.mean(found) / 10 >= HELD


@pytest.mark.parametrize("noise", ["calm", "usual"])
def test_the_range_is_no_wider_than_the_law_is_uncertain(noise: str) -> None:
    rng = random.Random(1)
    samples = []
    for _ in range(200):
        sizes = job(rng)
        samples.append(Sample(features=sizes, took=power(sizes) * NOISES[noise](rng)))
    sizes = {"megapixels": 30.0, "days": 90.0, "layers": 1.0, "masker": 0.0}
    found = foretold(sizes, samples)
    assert found is not None
    assert found[1] == pytest.approx(power(sizes), rel=0.2)
    sigma = {"calm": 0.05, "usual": 0.3}[noise]
    exact = 2 * stats.norm.ppf(0.9) * sigma
    assert math.log(found[2] / found[0]) < max(2.2 * exact, 0.5)


def test_what_lies_far_from_all_that_is_known_has_a_wider_range() -> None:
    rng = random.Random(2)
    samples = []
    for _ in range(30):
        sizes = {"megapixels": rng.uniform(1, 3)}
        samples.append(
            Sample(features=sizes, took=sizes["megapixels"] * rng.lognormvariate(0, 0.3))
        )
    near, far = (foretold({"megapixels": each}, samples) for each in (2.0, 2000.0))
    assert near is not None
    assert far is not None
    assert far[2] / far[0] > 3 * near[2] / near[0]


@pytest.mark.parametrize("count", range(FEWEST))
def test_too_few_jobs_teach_nothing(count: int) -> None:
    samples = [Sample(features={"days": 3.0}, took=1.0)] * count
    assert foretold({"days": 3.0}, samples) is None


def test_jobs_that_are_all_alike_still_have_a_range() -> None:
    found = foretold({"days": 3.0}, [Sample(features={"days": 3.0}, took=100.0)] * 30)
    assert found is not None
    assert found == pytest.approx((100 / 1.1, 100, 110))


def test_sizes_that_few_have_are_left_out_of_account() -> None:
    rng = random.Random(3)
    samples = [
        Sample(
            features={"days": 10.0, **({"scenes": 5.0} if number < 2 else {})},
            took=50 * rng.lognormvariate(0, 0.1),
        )
        for number in range(20)
    ]
    found = foretold({"days": 10.0, "scenes": 1e6}, samples)
    assert found is not None
    assert found[1] == pytest.approx(50, rel=0.2)


def test_what_costs_nothing_is_foretold_to_cost_nothing() -> None:
    assert foretold({"days": 3.0}, [Sample(features={"days": 3.0}, took=0.0)] * 9) == (0, 0, 0)


@given(
    st.lists(
        st.tuples(*[st.floats(0, 1e12)] * 3).map(
            lambda found: Sample(features={"a": found[0], "b": found[1]}, took=found[2])
        ),
        min_size=FEWEST,
        max_size=30,
    ),
    st.floats(0, 1e15),
    st.floats(0, 1e15),
)
def test_ranges_are_ordered_and_finite_whatever_is_known(
    samples: list[Sample], one: float, other: float
) -> None:
    found = foretold({"a": one, "b": other}, samples)
    assert found is not None
    assert 0 <= found[0] <= found[1] <= found[2] < math.inf


@pytest.mark.parametrize("count", [18, 20, 25, 40, 75, 120, 200])
def test_the_samples_that_bound_the_range_are_those_of_a_tolerance_interval(count: int) -> None:
    def certainty(rank: int) -> float:
        return float(stats.beta(count - 2 * rank + 1, 2 * rank).sf(HELD))

    rank = rank_of(count)
    assert certainty(rank) >= 0.9
    assert certainty(rank + 1) < 0.9

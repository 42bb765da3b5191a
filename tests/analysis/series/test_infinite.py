"""Samples that are infinite are none, for whatever is laid through the dates."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from automap_tiles.analysis.series.gaps import METHODS, fill
from automap_tiles.analysis.series.harmonic import harmonic
from automap_tiles.analysis.series.phenology import phenology
from automap_tiles.analysis.series.savitzky_golay import savitzky_golay
from automap_tiles.analysis.series.temporal import temporal
from automap_tiles.notes import collecting

DAYS = np.cumsum([11.0, 16, 16, 30, 5, 16, 32, 16, 9, 27, 16, 21])
WAYS: dict[str, Callable[..., Any]] = {
    "temporal": temporal,
    "harmonic": harmonic,
    "phenology": phenology,
    "savitzky_golay": savitzky_golay,
    **{
        method: lambda stack, days, valid, method=method: fill(
            stack, days, days + 1, valid, method=method
        )
        for method in METHODS
    },
}


@pytest.mark.parametrize(
    ("way", "bands"), [*((way, False) for way in WAYS), ("temporal", True), ("akima", True)]
)
def test_infinite_samples_do_not_count(way: str, bands: bool) -> None:
    random = np.random.default_rng(len(way))
    season = 0.2 + 0.5 * np.exp(-(((DAYS - 120) / 45) ** 2))
    stack = season[:, None, None] + random.normal(0, 0.02, (12, 3, 4))
    valid = random.random(stack.shape) > 0.1
    wild = random.random(stack.shape) < 0.1
    spoilt = np.where(wild, random.choice([np.inf, -np.inf], stack.shape), stack)
    if bands:
        spoilt, stack = (np.stack([each, each + 0.1], axis=1) for each in (spoilt, stack))
        wild = np.stack([wild, wild], axis=1)
    without = valid[:, None] & ~wild if bands else valid & ~wild
    with collecting():
        found, wanted = WAYS[way](spoilt, DAYS, valid), WAYS[way](stack, DAYS, without)
    planes = zip(found.values(), wanted.values(), strict=True) if isinstance(found, dict) else None
    for one, other in planes or [(found, wanted)]:
        assert np.isfinite(one.data).all()
        assert (one.mask == other.mask).all()
        assert one.data.tobytes() == other.data.tobytes()

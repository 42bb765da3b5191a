"""Small samples that can be learnt."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.analysis.learning.sample_table import SampleTable

MakeTable = Callable[..., SampleTable]

BANDS = ("red", "nir", "swir1", "swir2")


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    return Recipe(bands=BANDS)


@pytest.fixture(scope="session")
def make_table() -> MakeTable:
    """A function that makes samples of some classes; all pixels of a polygon resemble each other.

    Feature 0 tells the classes apart, with noise of polygons and pixels; feature 3 is noise.
    """

    def make(
        classes: tuple[int, ...] = (2, 5, 9),
        polygons: int = 8,
        pixels: int = 12,
        seed: int = 0,
    ) -> SampleTable:
        random = np.random.default_rng(seed)
        shapes = len(classes) * polygons
        groups = np.repeat(np.arange(shapes), pixels)
        place = groups % len(classes)
        of_shape = random.normal(0, 0.5, (shapes, 4))[groups]
        values = of_shape + random.normal(0, 0.3, (len(groups), 4))
        values[:, 0] += place
        values[:, 1] -= 0.5 * place
        return SampleTable(
            values=values.astype(np.float32),
            classes=np.array(classes, dtype=np.uint8)[place],
            groups=groups.astype(np.int64),
            x=1000.0 * (groups % 5) + 10.0 * np.tile(np.arange(pixels), shapes) + 5,
            y=(1000.0 * (groups // 5) + 5.0).astype(np.float64),
            crs="EPSG:32633",
            features=BANDS,
            names={2: "water", 5: "forest"},
        )

    return make

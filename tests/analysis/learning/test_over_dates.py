"""Features over the dates of a picture, as a recipe has them."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import pytest

from automap_tiles.analysis.indices import spectral_index
from automap_tiles.analysis.learning.over_dates import OverDates
from automap_tiles.analysis.learning.recipe import MissingBands, Recipe
from automap_tiles.analysis.series.harmonic import harmonic
from automap_tiles.analysis.series.phenology import SEASON, phenology
from automap_tiles.analysis.series.temporal import FEATURES, temporal
from automap_tiles.notes import collecting

DAYS = [dt.date(2018, 1, 1) + dt.timedelta(days=24 * n) for n in range(16)]
DATES = tuple((f"_{n}", day) for n, day in enumerate(DAYS))
NAMES = tuple(f"{band}_{n}" for n in range(16) for band in ("red", "nir"))


def picture(share: float = 0.2, seed: int = 0) -> Any:
    """(band, y, x) whole numbers: fields that green in spring and fade in autumn."""
    random = np.random.default_rng(seed)
    day = np.arange(16)[:, None, None] * 24 + 1
    rise = 1 / (1 + np.exp(-0.08 * (day - 120))) + 1 / (1 + np.exp(0.08 * (day - 260))) - 1
    nir = 2500 + 3000 * rise + random.normal(0, 100, (16, 9, 11))
    red = 1500 - 900 * rise + random.normal(0, 50, (16, 9, 11))
    data = np.stack([red, nir], axis=1).reshape(32, 9, 11).astype("u2")
    gaps = (random.random((16, 9, 11)) < share).repeat(2, axis=0)
    return np.ma.MaskedArray(data, mask=gaps)


def ndvi(of: Any) -> Any:
    planes = [
        spectral_index("ndvi", {"red": of[2 * n] * np.float32(1e-4),
                                "nir": of[2 * n + 1] * np.float32(1e-4)})
        for n in range(16)
    ]  # fmt: skip
    masks = np.stack([np.ma.getmaskarray(one) for one in planes])
    return np.ma.MaskedArray(np.stack([one.data for one in planes]), mask=masks)


DAY_NUMBERS = [1.0 + 24 * n for n in range(16)]


@pytest.mark.parametrize("method", ["temporal", "harmonic", "season"])
def test_they_are_those_of_the_functions(method: str) -> None:
    one = OverDates(of="ndvi", dates=DATES, method=method, modes=2, trend=True)
    pixels = picture()
    with collecting():
        found = Recipe(over_dates=(one,)).compute(pixels, NAMES, scale=1e-4)
        if method == "temporal":
            wanted = temporal(ndvi(pixels), DAY_NUMBERS)
        elif method == "season":
            wanted = phenology(ndvi(pixels), DAY_NUMBERS)
        else:
            wanted = harmonic(ndvi(pixels), DAY_NUMBERS, modes=2, trend=True)
    assert found.valid.all()
    assert len(found.data) == len(wanted) == len(one.names)
    for plane, name in zip(found.data, wanted, strict=True):
        np.testing.assert_array_equal(plane, wanted[name].filled(0))
    assert np.isfinite(found.data).all()


def test_names_tell_what_they_are() -> None:
    wave = OverDates(of="ndvi", dates=DATES, method="harmonic", features=("amplitude_1", "peak_1"))
    season = OverDates(of="nir", dates=DATES, method="season", features=("start",))
    plain = OverDates(of="red", dates=DATES, features=("mean",))
    recipe = Recipe(bands=("red_0",), over_dates=(wave, season, plain))
    assert recipe.names == (
        "red_0", "ndvi_wave_amplitude_1", "ndvi_wave_peak_1", "nir_season_start", "red_mean"
    )  # fmt: skip
    assert set(recipe.needs) == set(NAMES)
    kept = recipe.of(["red_0", "ndvi_wave_peak_1"])
    assert kept.names == ("red_0", "ndvi_wave_peak_1")
    assert OverDates(of="ndvi", dates=DATES).wanted == FEATURES
    assert OverDates(of="ndvi", dates=DATES, method="season").wanted == SEASON


def test_gaps_of_some_dates_are_no_gaps_of_the_pixel() -> None:
    one = OverDates(of="ndvi", dates=DATES, features=("mean", "maximum"))
    pixels = picture(0.0)
    pixels[:30, 0, 0] = np.ma.masked  # one date left
    pixels[:, 0, 1] = np.ma.masked
    pixels[1, 0, 2] = np.ma.masked  # a band that is a feature by itself
    found = Recipe(bands=("nir_0",), over_dates=(one,)).compute(pixels, NAMES, scale=1e-4)
    assert found.valid[0, :4].tolist() == [False, False, False, True]
    alone = Recipe(over_dates=(one,)).compute(pixels, NAMES, scale=1e-4)
    assert alone.valid[0, :4].tolist() == [True, False, True, True]
    assert (alone.data[:, 0, 1] == 0).all()
    assert alone.data[0, 0, 0] == alone.data[1, 0, 0] > 0


def test_a_pixel_depends_on_no_other() -> None:
    recipe = Recipe(over_dates=tuple(
        OverDates(of="ndvi", dates=DATES, method=method) for method in ("harmonic", "season")
    ))  # fmt: skip
    pixels = picture(0.3)
    with collecting():
        whole = recipe.compute(pixels, NAMES, scale=1e-4)
        parts = [recipe.compute(pixels[..., part], NAMES, scale=1e-4).data
                 for part in (slice(0, 4), slice(4, 11))]  # fmt: skip
    assert recipe.margin == 0
    np.testing.assert_array_equal(np.concatenate(parts, axis=-1), whole.data)


def test_it_goes_through_json_and_recipes_without_stay_as_they_were() -> None:
    one = OverDates(of="ndvi", dates=DATES, method="harmonic", modes=3, features=("rmse",))
    recipe = Recipe(bands=("red_0",), over_dates=(one,))
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe
    assert "over_dates" not in Recipe(bands=("red",)).to_dict()
    written = {
        "over_dates": [
            {
                "of": "nir",
                "dates": {"_1": dt.datetime(2018, 5, 1, 10, tzinfo=dt.UTC), "_2": "2018-08-25"},
            }
        ]
    }
    assert Recipe.from_dict(written).needs == ("nir_1", "nir_2")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"method": "wavelet"}, "unknown method 'wavelet'"),
        ({"features": ["mean", "peak_1"]}, "unknown feature 'peak_1' over dates; known: minimum"),
        ({"method": "harmonic", "features": ["peak_2"]}, "unknown feature 'peak_2'"),
        ({"modes": 4}, "1 to 3, not 4"),
        ({"dates": {"_1": "2018-05-01"}}, "two or more that ascend"),
        ({"dates": {"_1": "2018-05-02", "_2": "2018-05-01"}}, "two or more that ascend"),
        ({"dates": {"_1": "in May", "_2": "2018-05-01"}}, "2018-05-22, not 'in May'"),
        ({"dates": ["2018-05-01"]}, "needs dates"),
        ({"of": 3}, "needs of"),
        ({"features": "mean"}, "a list of names"),
        ({"wave": 1}, "unknown key 'wave'"),
    ],
)
def test_what_cannot_be_is_named(content: dict[str, Any], said: str) -> None:
    usual = {"of": "ndvi", "dates": {"_1": "2018-05-01", "_2": "2018-08-25"}}
    with pytest.raises(ValueError, match=said):
        Recipe.from_dict({"over_dates": [usual | content]})


def test_bands_of_a_date_that_are_missing_are_named() -> None:
    recipe = Recipe(over_dates=(OverDates(of="ndvi", dates=DATES[:2]),))
    with pytest.raises(MissingBands, match="no band nir_1"):
        recipe.check(["nir_0", "red_0", "red_1"])

"""Recipes by words and by file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from automap_tiles.analysis.learning.neighbourhood import Neighbourhood
from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.errors import ConfigError
from automap_tiles.workflows.train import RecipeRequest, make_recipe, read_recipe

BANDS = ("green", "red", "nir")


def test_what_nobody_asks_for_is_offered() -> None:
    offer = make_recipe(RecipeRequest(), BANDS)
    assert offer.recipe.bands == BANDS
    assert offer.optional == {
        "indices": ("ndvi", "ndwi"),  # ndmi needs swir1
        "means of 3 pixels": ("green_mean_r1", "red_mean_r1", "nir_mean_r1"),
        "means of 5 pixels": ("green_mean_r2", "red_mean_r2", "nir_mean_r2"),
    }


def test_what_is_asked_for_is_used() -> None:
    assert make_recipe(RecipeRequest(indices=("ndvi",), radii=(3,)), BANDS).optional == {}
    offer = make_recipe(RecipeRequest(indices=()), BANDS)
    assert sorted(offer.optional) == ["means of 3 pixels", "means of 5 pixels"]
    assert make_recipe(RecipeRequest(bands=(), radii=()), BANDS).optional == {}


def test_what_is_asked_for() -> None:
    wish = RecipeRequest(
        bands=("red",),
        indices=(),
        radii=(1, 4),
        statistics=("range",),
        textures=("contrast",),
        texture_of=("ndvi",),
    )
    assert make_recipe(wish, BANDS).recipe.names == (
        "red",
        "red_range_r1",
        "ndvi_contrast_r1",
        "red_range_r4",
        "ndvi_contrast_r4",
    )
    assert make_recipe(RecipeRequest(radii=(), indices=()), BANDS).recipe == Recipe(bands=BANDS)


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"bands": ("swir1",)}, "--bands: there is no 'swir1'.*\n.*green, red, nir"),
        ({"indices": ("nvdi",)}, "--indices: there is no 'nvdi'"),
        ({"indices": ("ndmi",)}, "no band swir1"),
        ({"texture_of": ("x",), "textures": ("contrast",)}, "--texture-of: there is no 'x'"),
        ({"textures": ("contrast",)}, "textures need to be of something"),
        ({"textures": ("contrast",), "texture_of": ("red",), "radii": ()}, "need a window"),
        ({"statistics": ("median",)}, "unknown statistic 'median'"),
    ],
)
def test_wrong_words(wish: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_recipe(RecipeRequest(**wish), BANDS)


def test_a_file(tmp_path: Path) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(
        "bands: [red]\nneighbourhood:\n- {statistic: mean, of: nir, radius: 3}\ncomponents: 0.9\n"
    )
    around = (Neighbourhood(statistic="mean", of="nir", radius=3),)
    assert read_recipe(path) == (Recipe(bands=("red",), neighbourhood=around), 0.9)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("bands: [red", "not valid YAML"),
        ("- red", "is not a recipe"),
        ("bands: red", "list"),
        ("band: [red]", "unknown key 'band'"),
        ("bands: [red]\ncomponents: many", "components"),
    ],
)
def test_wrong_files(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message) as error:
        read_recipe(path)
    assert str(path) in str(error.value)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_recipe(tmp_path / "missing.yaml")

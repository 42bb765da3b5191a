"""Colours that all eyes can tell apart."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from skimage.color import rgb2lab  # type: ignore[import-not-found,import-untyped,unused-ignore]

from automap_tiles.analysis.learning.classifier._classes import land_classes
from automap_tiles.analysis.learning.classifier._colours import APART, distance, seen


def test_cielab_is_that_of_scikit_image() -> None:
    colours = ["#2b7bba", "#1d7a3a", "#f2d15c", "#000000", "#ffffff", "#ff0000"]
    rgb = np.array([list(bytes.fromhex(one[1:])) for one in colours]) / 255
    assert seen(colours)[0] == pytest.approx(rgb2lab(rgb), abs=0.05)


def test_red_and_green_of_one_lightness_are_near_for_some_eyes() -> None:
    red, green = "#c84848", "#787832"
    usual = np.linalg.norm(np.subtract(*seen([red, green])[0]))
    assert distance(red, green) < usual / 2


@pytest.mark.parametrize(
    "names",
    [
        ("water", "forest", "crop", "urban", "grassland", "bare", "wetland", "meadow"),
        ("forest", "built", "lake", "river", "pond", "pine wood", "oak wood"),
        tuple("abcdefghijkl"),
    ],
)
def test_classes_are_told_apart_by_all_eyes(names: tuple[str, ...]) -> None:
    numbered = dict(enumerate(names, 1))
    classes = land_classes(numbered, numbered)
    for one, other in itertools.combinations(classes, 2):
        assert distance(one.colour, other.colour) >= APART, (one, other)


def test_hundreds_are_at_least_different() -> None:
    assert len({one.colour for one in land_classes(range(1, 256))}) == 255

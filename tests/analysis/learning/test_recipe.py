from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automap_tiles.analysis.indices import spectral_index
from automap_tiles.analysis.learning.neighbourhood import Neighbourhood
from automap_tiles.analysis.learning.recipe import MissingBands, Recipe, RepeatedBands
from automap_tiles.analysis.textures.binary_patterns import binary_patterns
from automap_tiles.analysis.textures.boxes import box_mean_std, box_range
from automap_tiles.analysis.textures.filters import FILTERS
from automap_tiles.analysis.textures.haralick import Quantisation, haralick
from automap_tiles.notes import collecting

Array = np.ndarray[Any, Any]
Picture = np.ma.MaskedArray[Any, Any]
NAMES = ("blue", "green", "red", "nir")


def _around(statistic: str, of: str, radius: int, **more: Any) -> Neighbourhood:
    return Neighbourhood(statistic=statistic, of=of, radius=radius, **more)


RECIPE = Recipe(
    bands=("red", "nir"),
    indices=("ndvi",),
    neighbourhood=(
        _around("mean", "red", 2),
        _around("contrast", "ndvi", 1),
        _around("std", "red", 2),
        _around("range", "ndwi", 3),
        _around("entropy", "nir", 2, quantisation=Quantisation(low=0, high=0.5, levels=8)),
        _around("asm", "nir", 2, quantisation=Quantisation(low=0, high=0.5, levels=8)),
    ),
)


def _picture(shape: tuple[int, int], share: float = 0.0, seed: int = 1) -> Picture:
    rng = np.random.default_rng(seed)
    data = rng.integers(0, 5000, (4, *shape), dtype=np.uint16)
    return np.ma.MaskedArray(data, mask=rng.random(data.shape) < share)


def test_features_are_those_of_the_parts() -> None:
    picture = _picture((20, 30), 0.05)
    got = RECIPE.compute(picture, NAMES, scale=1e-4)
    valid = np.logical_not(np.ma.getmaskarray(picture)[1:].any(axis=0))  # blue is not needed
    np.testing.assert_array_equal(got.valid, valid)
    assert got.data.dtype == np.float32
    assert (got.data[:, ~valid] == 0).all()
    planes: dict[str, Any] = {
        name: np.ma.MaskedArray(band.data * np.float32(1e-4), mask=~valid).astype("f4")
        for name, band in zip(NAMES, picture, strict=True)
    }
    for name in ("ndvi", "ndwi"):
        planes[name] = spectral_index(name, planes)
    features = dict(zip(RECIPE.names, got.data, strict=True))
    assert list(features) == [
        *("red", "nir", "ndvi", "red_mean_r2", "ndvi_contrast_r1", "red_std_r2"),
        *("ndwi_range_r3", "nir_entropy_r2", "nir_asm_r2"),
    ]
    mean, std = box_mean_std(planes["red"], 2)
    levels = Quantisation(low=0, high=0.5, levels=8)
    textures = haralick(planes["nir"].filled(0), valid, 2, levels, ["asm", "entropy"])
    contrast = haralick(
        planes["ndvi"].filled(0), valid, 1, Quantisation(low=-1, high=1), ["contrast"]
    )
    for name, wanted in {
        "red": planes["red"].filled(0),
        "ndvi": planes["ndvi"].filled(0),
        "red_mean_r2": mean.filled(0),
        "red_std_r2": std.filled(0),
        "ndwi_range_r3": box_range(planes["ndwi"], 3).filled(0),
        "ndvi_contrast_r1": contrast["contrast"],
        "nir_entropy_r2": textures["entropy"],
        "nir_asm_r2": textures["asm"],
    }.items():
        np.testing.assert_allclose(features[name], wanted, rtol=1e-6, atol=1e-7, err_msg=name)


@pytest.mark.parametrize("fast", [False, True], ids=["numpy", "numba"])
def test_a_part_with_the_margin_has_the_bits_of_the_whole(fast: bool) -> None:
    if fast:
        pytest.importorskip("numba")
    assert RECIPE.margin == 3

    @settings(max_examples=15, deadline=None)
    @given(top=st.integers(3, 30), left=st.integers(3, 270), share=st.sampled_from([0.0, 0.2]))
    def check(top: int, left: int, share: float) -> None:
        picture = _picture((40, 300), share)
        whole = RECIPE.compute(picture, NAMES, scale=1e-4, fast=False)
        part = RECIPE.compute(
            picture[:, top - 3 : top + 10, left - 3 : left + 26], NAMES, scale=1e-4, fast=fast
        )
        inner = np.ascontiguousarray(part.data[:, 3:10, 3:26])
        place = slice(top, top + 7), slice(left, left + 23)
        assert inner.tobytes() == np.ascontiguousarray(whole.data[:, *place]).tobytes()
        np.testing.assert_array_equal(part.valid[3:10, 3:26], whole.valid[place])

    check()


def test_the_order_of_bands_and_others_beside_them_do_not_matter() -> None:
    picture = _picture((9, 9))
    wanted = RECIPE.compute(picture, NAMES, scale=1e-4)
    order = [3, 0, 2, 1, 0]
    names = ("nir", "blue", "red", "green", "thermal")
    got = RECIPE.compute(picture[order], names, scale=1e-4)
    assert got.data.tobytes() == wanted.data.tobytes()


def test_scale_and_offset_give_reflectance() -> None:
    stored = _picture((8, 8))
    reflectance = np.ma.MaskedArray(stored.data.astype("f4") * np.float32(2e-5) + np.float32(-0.1))
    wanted = RECIPE.compute(reflectance, NAMES)
    got = RECIPE.compute(stored, NAMES, scale=2e-5, offset=-0.1)
    assert got.data.tobytes() == wanted.data.tobytes()


def test_an_index_without_a_value_is_zero_and_none_leaves_its_range() -> None:
    data = np.zeros((4, 1, 4), dtype="f4")
    data[2, 0], data[3, 0] = [0, 0.1, -0.1, 0.1], [0, 0.3, 0.3, -0.1]
    got = Recipe(indices=("ndvi",)).compute(np.ma.MaskedArray(data), NAMES)
    assert got.valid.all()
    np.testing.assert_allclose(got.data[0, 0], [0, 0.5, 1, 0], rtol=1e-6)


def test_what_is_not_finite_has_no_data() -> None:
    picture: Picture = np.ma.MaskedArray(_picture((5, 5)).data.astype("f4"))
    picture[2, 1, 1], picture[3, 2, 3] = np.nan, np.inf
    got = RECIPE.compute(picture, NAMES, scale=1e-4)
    assert sorted(zip(*np.nonzero(~got.valid), strict=True)) == [(1, 1), (2, 3)]
    assert np.isfinite(got.data).all()


def test_a_recipe_comes_back_from_json() -> None:
    assert Recipe.from_dict(json.loads(json.dumps(RECIPE.to_dict()))) == RECIPE
    assert Recipe.from_dict({"bands": ["b1"]}) == Recipe(bands=("b1",))


def test_bands_that_are_missing_are_named() -> None:
    assert RECIPE.needs == ("red", "nir", "green")
    RECIPE.check(NAMES)
    with pytest.raises(MissingBands, match="no band nir, green; it has red, blue") as caught:
        RECIPE.compute(_picture((3, 3))[:2], ("red", "blue"))
    assert caught.value.missing == ("nir", "green")
    with pytest.raises(RepeatedBands, match="several bands named nir") as repeated:
        RECIPE.check(("red", "nir", "green", "nir", "blue", "blue"))
    assert repeated.value.repeated == ("nir",)
    with pytest.raises(ValueError, match="3 names do not fit"):
        RECIPE.compute(_picture((3, 3)), ("red", "nir", "green"))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "at least one"),
        ({"bands": "red"}, "is a list"),
        ({"bands": [1]}, "are names"),
        ({"band": ["red"]}, "unknown key 'band'"),
        ({"bands": ["red", "red"]}, "asked for twice"),
        ({"indices": ["ndvj"]}, "unknown index 'ndvj'"),
        ({"neighbourhood": ["mean"]}, "is a mapping"),
        ({"neighbourhood": [{"of": "red", "radius": 1}]}, "needs statistic"),
        ({"neighbourhood": [{"statistic": "mode", "of": "red", "radius": 1}]}, "unknown statistic"),
        ({"neighbourhood": [{"statistic": "mean", "of": "red", "radius": 0}]}, "1 to 100, not 0"),
        ({"neighbourhood": [{"statistic": "asm", "of": "red", "radius": 23}]}, "1 to 22, not 23"),
        ({"neighbourhood": [{"statistic": "mean", "of": "red", "radius": 1.0}]}, "not 1.0"),
        ({"neighbourhood": [{"statistic": "mean", "of": 3, "radius": 1}]}, "are names"),
        (
            {"neighbourhood": [{"statistic": "asm", "of": "r", "radius": 1, "quantisation": 3}]},
            "low and high",
        ),
        (
            {
                "neighbourhood": [
                    {
                        "statistic": "mean",
                        "of": "red",
                        "radius": 1,
                        "quantisation": {"low": 0, "high": 1},
                    }
                ]
            },
            "takes no quantisation",
        ),
        (
            {
                "neighbourhood": [
                    {
                        "statistic": "asm",
                        "of": "red",
                        "radius": 1,
                        "quantisation": {"low": 0, "high": 1, "levels": 2.5},
                    }
                ]
            },
            "are numbers",
        ),
    ],
)
def test_what_is_wrong_with_a_recipe_is_said(content: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Recipe.from_dict(content)


def test_patterns_are_features() -> None:
    levels = Quantisation(low=0, high=0.5, levels=16)
    recipe = Recipe(
        neighbourhood=(
            _around("lbp", "red", 2, quantisation=levels),
            _around("lbp", "ndvi", 1),
            _around("mean", "red", 2),
        )
    )
    picture = _picture((20, 24), 0.02, 7)
    found = recipe.compute(picture, NAMES, scale=1e-4)
    assert recipe.names == ("red_lbp_r2", "ndvi_lbp_r1", "red_mean_r2")
    assert recipe.margin == 2
    red = np.where(found.valid, picture.data[2] * np.float32(1e-4), 0)
    wanted = binary_patterns(red, found.valid, levels, radius=2).filled(0)
    np.testing.assert_array_equal(found.data[0], wanted)
    assert set(np.unique(found.data[1])) <= set(range(10))
    part = recipe.compute(picture[:, :, 5:], NAMES, scale=1e-4)
    np.testing.assert_array_equal(part.data[:, :, 2:], found.data[:, :, 7:])
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


def test_filters_are_features() -> None:
    around = tuple(_around(name, "red", 1 if name == "gradient" else 2) for name in FILTERS)
    recipe = Recipe(bands=("red",), neighbourhood=(*around, _around("mean", "red", 2)))
    picture = _picture((90, 90), 0.02, 7)
    found = recipe.compute(picture, NAMES, scale=1e-4)
    assert recipe.names[1:3] == ("red_gradient_r1", "red_opening_r2")
    red = np.where(found.valid, picture.data[2] * np.float32(1e-4), 0)
    for place, name in enumerate(FILTERS, start=1):
        wanted = FILTERS[name].make(red, found.valid, 1 if name == "gradient" else 2)
        np.testing.assert_array_equal(found.data[place], wanted, name)
        assert found.data[place][found.valid].std() > 0
    assert recipe.margin == max(one.margin for one in around) > 2
    part = recipe.compute(picture[:, :, 5:], NAMES, scale=1e-4)
    own, cut = slice(recipe.margin, None), slice(recipe.margin + 5, None)
    np.testing.assert_array_equal(part.data[:, :, own], found.data[:, :, cut])
    assert Recipe.from_dict(json.loads(json.dumps(recipe.to_dict()))) == recipe


@pytest.mark.parametrize(("name", "radius", "largest"), [("gradient", 2, 1), ("log", 21, 20)])
def test_the_largest_radius_is_that_of_the_filter(name: str, radius: int, largest: int) -> None:
    with pytest.raises(ValueError, match=f"radius of {name} is 1 to {largest}, not {radius}"):
        _around(name, "red", radius)


@pytest.mark.parametrize("statistic", ["lbp", "contrast"])
@pytest.mark.parametrize(
    ("low", "high", "scale", "told"),
    [
        (0.01, 0.5, 1.0, False),
        (100, 5000, 1e-4, False),
        (100, 5000, 1.0, True),
        (0.7, 1.4, 1.0, False),  # clouds
    ],
)
def test_numbers_far_beyond_the_grey_levels_are_told(
    statistic: str, low: float, high: float, scale: float, told: bool
) -> None:
    picture = np.random.default_rng(0).uniform(low, high, (1, 12, 14)).astype(np.float32)
    masked = np.ma.MaskedArray(picture, mask=np.zeros(picture.shape, bool))
    masked[0, :3] = np.ma.masked
    one = Neighbourhood(statistic=statistic, of="red", radius=1)
    with collecting() as notes:
        Recipe(neighbourhood=(one,)).compute(masked, ("red",), scale=scale)
    assert [note.count for note in notes] == [9 * 14] * told

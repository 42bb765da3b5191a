from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from automap_processes.composite import check_parameters
from automap_processes.composite import execute as execute_typed
from automap_tiles import ConfigError, Empty, Pyramid, Tile
from tests.processes.fakes import FakeRaster

execute: Any = execute_typed  # fakes are no inputs to mypy
TILE = Pyramid.from_grid("mercator", tile_size=64).tile(8, 100, 100)
SCL_MASKED = [0, 1, 3, 8, 9, 10, 11]


def _scenes(
    dates: int = 7, *, dtype: str = "u2", tile: Tile = TILE, seed: int = 0
) -> list[tuple[str, Any]]:
    """Four bands and a class band; some pixels of every date without data."""
    rng = np.random.default_rng(seed)
    scenes = []
    for date in range(dates):
        bands = rng.integers(1, 9000, (4, *tile.shape)).astype(dtype)
        classes = rng.integers(0, 12, (1, *tile.shape)).astype(dtype)
        pixels = np.concatenate([bands, classes])
        mask = np.broadcast_to(rng.random(tile.shape) < 0.1, pixels.shape).copy()
        mask[4] |= pixels[4] == 0  # the class 0 equals the file's nodata
        scenes.append((f"date{date}", FakeRaster(tile, np.ma.MaskedArray(pixels, mask=mask))))
    return scenes


def _by_numpy(
    scenes: list[tuple[str, Any]], function: Any, ruled_out: list[int], bands: list[int]
) -> Any:
    planes = []
    for _, scene in scenes:
        bad = np.isin(scene.pixels.data[4], ruled_out)
        planes.append([np.where(scene.pixels.mask[b - 1] | bad, np.nan, scene.pixels.data[b - 1])
                       for b in bands])  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return function(np.array(planes, dtype="f8"), axis=0)


@pytest.mark.parametrize("method", ["median", "mean"])
@pytest.mark.parametrize("dates", [1, 2, 7, 8])
@pytest.mark.parametrize("resampling", ["nearest", "bilinear"])
def test_composite_of_the_samples_that_count(method: str, dates: int, resampling: str) -> None:
    scenes = _scenes(dates)
    got = execute(
        scenes,
        method=method,
        mask_band=5,
        masked_values=SCL_MASKED,
        indices=["ndvi"],
        red=3,
        nir=4,
        resampling=resampling,
    )
    function = {"median": np.nanmedian, "mean": np.nanmean}[method]
    wanted = _by_numpy(scenes, function, SCL_MASKED, [1, 2, 3, 4])
    assert got.shape == (5, 64, 64)
    np.testing.assert_array_equal(got.mask[:4], np.isnan(wanted))
    off = np.abs(got[:4].filled(0) - np.floor(np.nan_to_num(wanted) + 0.5))
    # a mean that ends in .5 may be rounded to the other side in float32
    assert off.max() <= (method == "mean")
    assert (off > 0).mean() < 1e-3
    ndvi = 10000 * (wanted[3] - wanted[2]) / (wanted[3] + wanted[2])
    np.testing.assert_array_equal(got.mask[4], np.isnan(ndvi))
    assert np.abs(got[4].filled(0) - np.nan_to_num(ndvi)).max() <= 0.501


def test_the_class_band_is_always_read_with_nearest() -> None:
    scenes = _scenes(1)
    options: dict[str, Any] = {"mask_band": 5, "masked_values": [8], "resampling": "cubic"}
    execute(scenes, bands=[4, 2], **options)
    execute(scenes, **options)
    for indexes, resampling in scenes[0][1].reads:
        assert (resampling == "nearest") == (indexes == 5)


def test_all_is_read_at_once_where_it_can_be() -> None:
    scenes = _scenes(1)
    execute(scenes, bands=[4, 2], mask_band=5, masked_values=[8])
    assert scenes[0][1].reads == [([4, 2, 5], "nearest")]


def test_chosen_bands_in_their_order() -> None:
    scenes = _scenes()
    every = execute(scenes, mask_band=5, masked_values=SCL_MASKED)
    two = execute(
        scenes,
        bands=[4, 3],
        mask_band=5,
        valid_values=[2, 4, 5, 6, 7],
        indices=["ndvi"],
        red=3,
        nir=4,
    )
    assert every.shape[0] == 4
    np.testing.assert_array_equal(two[:2].filled(-1), every[[3, 2]].filled(-1))


def test_class_zero_can_be_the_clear_one() -> None:
    pixels = np.full((2, *TILE.shape), 500, dtype="u2")
    pixels[1] = 0
    pixels[1, :10] = 1
    mask = np.zeros(pixels.shape, dtype=bool)
    mask[1] = pixels[1] == 0
    scene = FakeRaster(TILE, np.ma.MaskedArray(pixels, mask=mask))
    for choice in ({"masked_values": [1]}, {"valid_values": [0]}):
        got = execute([("one", scene)], mask_band=2, **choice)
        assert got.mask[0, :10].all()
        assert not got.mask[0, 10:].any()


def test_one_band_without_data_does_not_drop_the_others() -> None:
    scenes = _scenes(3)
    for _, scene in scenes:
        scene.pixels.mask[1, :20] = True
    got = execute(scenes, bands=[1, 2])
    assert got.mask[1, :20].all()
    assert not got.mask[0, :20].all()


def test_floats_stay_as_they_are() -> None:
    scenes = [
        (name, FakeRaster(TILE, (scene.pixels / 10000).astype("f4"))) for name, scene in _scenes()
    ]
    got = execute(scenes, bands=[3, 4], indices=["ndvi", "evi2"], red=3, nir=4, scale=1)
    wanted = _by_numpy(scenes, np.nanmedian, [], [3, 4])
    np.testing.assert_allclose(got[:2].filled(0), np.nan_to_num(wanted), rtol=1e-6)
    red, nir = wanted
    np.testing.assert_allclose(
        got[3].filled(0), np.nan_to_num(2.5 * (nir - red) / (nir + 2.4 * red + 1)), atol=1e-5
    )


def test_integers_are_rounded_unless_asked_not_to() -> None:
    scenes = _scenes(2)
    for options, whole in (
        ({}, True),
        ({"scale": 1.0}, False),
        ({"rounded": False}, False),
        ({"rounded": True, "scale": 1.0}, True),
    ):
        got = execute(scenes, bands=[1, 2], **options)
        assert (got.data == np.floor(got.data)).all() == whole


def test_nothing_to_write() -> None:
    with pytest.raises(Empty):
        execute([])
    with pytest.raises(Empty):
        execute(_scenes(2), mask_band=5, masked_values=list(range(12)))
    nothing = FakeRaster(TILE, np.ma.MaskedArray(np.zeros((5, 64, 64), "u2"), mask=True))
    with pytest.raises(Empty):
        execute([("a", nothing)])
    scenes = _scenes(3)
    np.testing.assert_array_equal(
        execute([*scenes, ("a", nothing)], mask_band=5, masked_values=[8]).filled(0),
        execute(scenes, mask_band=5, masked_values=[8]).filled(0),
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"masked_values": [1]}, "mask_band: masked_values and valid_values need it"),
        ({"mask_band": 5}, "mask_band: needs either"),
        ({"mask_band": 5, "masked_values": [1], "valid_values": [2]}, "needs either"),
        ({"indices": ["ndvi"], "red": 3}, "indices: ndvi needs nir, red"),
        ({"bands": [1, 2], "red": 3, "nir": 4}, r"red: is not among the bands \[1, 2\]"),
        ({"statistics": ["median"]}, "statistics: needs an input of scenes"),
        ({"provenance": ["valid_count"]}, "provenance: needs an input of scenes"),
    ],
)
def test_what_is_wrong_is_named(options: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_parameters({"date0": None}, **options)


def test_scenes_must_be_alike() -> None:
    scenes = [*_scenes(1), ("odd", _scenes(1, dtype="i2")[0][1])]
    with pytest.raises(ValueError, match="scene odd has 5 bands of int16, scene date0 5 of uint16"):
        execute(scenes)

"""Superpixels as maps: the same bytes for any metatile, and classes smoothed by them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from automap_processes import segments, smooth_by_objects
from automap_tiles import ConfigError, Pyramid, open_process
from automap_tiles.formats import InputSpec
from automap_tiles.formats.registry import open_input
from automap_tiles.notes import collecting

SIZE, TILES = 32, 8
GRID = {"shape": [TILES, TILES], "bounds": [0, 0, 2560, 2560], "srs": {"epsg": 32633}}
HOW: dict[str, Any] = {"size": 4, "rounds": 1, "compactness": 0.1}


def scene(folder: Path) -> dict[str, str]:
    """256 pixels of two bands and a map of classes with single pixels that are wrong."""
    random = np.random.default_rng(0)
    fields = random.integers(1, 4, (16, 16)).repeat(16, axis=0).repeat(16, axis=1)
    pixels = fields * 1500 + random.normal(0, 150, (2, 256, 256))
    pixels[:, 100:120, 30:60] = 0
    others = random.integers(1, 4, fields.shape)
    classes = np.where(random.random(fields.shape) < 0.2, others, fields)
    there = {"crs": "EPSG:32633", "transform": from_origin(0, 2560, 10, 10), "driver": "GTiff"}
    for name, data in (
        ("picture", pixels.astype("u2")),
        ("classes", classes[None].astype("u1")),
        ("truth", fields[None].astype("u1")),
    ):
        with rasterio.open(folder / f"{name}.tif", "w", width=256, height=256, count=len(data),
                           dtype=data.dtype, nodata=0, **there) as file:  # fmt: skip
            file.write(data)
    return {name: str(folder / f"{name}.tif") for name in ("picture", "classes", "truth")}


def made(folder: Path, process: str, inputs: dict[str, str], metatiling: int, **more: Any) -> Any:
    target = folder / f"{process}{metatiling}.tif"
    output = {"format": "GTiff", "path": str(target), "extent": "area"}
    output |= more.pop("output")
    config = {
        "process": process, "input": inputs, "zoom_levels": 0, "output": output,
        "pyramid": {"grid": GRID, "tile_size": SIZE, "metatiling": metatiling},
        "process_parameters": {**HOW, "scale": 1e-4, **more},
    }  # fmt: skip
    list(open_process(config).execute(concurrency="none"))
    with rasterio.open(target) as file:
        return file.read(), file.descriptions


def test_the_same_bytes_for_any_metatile(tmp_path: Path) -> None:
    inputs = {"picture": scene(tmp_path)["picture"]}
    output = {"bands": 6, "dtype": "float32", "nodata": -1}
    found = [
        made(tmp_path, "segments", inputs, metatiling, deviation=True, seeds=True, output=output)
        for metatiling in (1, 2, 4, 8)
    ]
    assert found[0][1][2:] == (
        *(f"deviation of {name}" for name in found[0][1][:2]),
        *("row of the seed", "column of the seed"),
    )  # fmt: skip
    pixels, seeds = found[0][0][:2], found[0][0][4:].astype(int)
    np.testing.assert_array_equal(found[0][0][0] == -1, seeds[0] == -1)
    assert (found[0][0][0] == -1).sum() == 600
    for other, _ in found[1:]:
        np.testing.assert_array_equal(other, found[0][0])
    with rasterio.open(inputs["picture"]) as file:
        data = file.read()
    inside = seeds[0] >= 0
    number = (seeds[0] * 1000 + seeds[1])[inside]
    _, place = np.unique(number, return_inverse=True)
    mean = np.bincount(place, data[0][inside]) / np.bincount(place)
    np.testing.assert_allclose(pixels[0][inside], mean[place], rtol=1e-6)
    assert 2000 < len(mean) < 4200  # of 64 x 64 cells


def test_wrong_pixels_take_the_class_of_their_object(tmp_path: Path) -> None:
    files = scene(tmp_path)
    inputs = {name: files[name] for name in ("classes", "picture")}
    output = {"bands": 1, "dtype": "uint8", "nodata": 0}
    found = [made(tmp_path, "smooth_by_objects", inputs, metatiling, output=output)[0]
             for metatiling in (1, 8)]  # fmt: skip
    np.testing.assert_array_equal(*found)
    before, truth = (rasterio.open(files[name]).read(1) for name in ("classes", "truth"))
    wrong, left = (before != truth).mean(), (found[0][0] != truth).mean()
    assert wrong > 0.12
    assert left < wrong / 5
    empty = slice(100, 120), slice(30, 60)
    np.testing.assert_array_equal(found[0][0][empty], before[empty])


def test_values_have_the_unit_that_the_bands_say(tmp_path: Path) -> None:
    """Without `scale` whole numbers of a scale are what floats of reflectance are."""
    files = scene(tmp_path)
    with rasterio.open(files["picture"]) as file:
        data, profile = file.read(), file.profile
    with rasterio.open(tmp_path / "scaled.tif", "w", **profile) as file:
        file.write(data)
        file.scales = (1e-4, 1e-4)
    output = {"bands": 4, "dtype": "float32", "nodata": -1}
    found = [
        made(tmp_path, "segments", {"picture": str(tmp_path / name)}, cut, seeds=True, scale=scale,
             output=output)[0]
        for cut, name, scale in ((1, "picture.tif", 1e-4), (2, "scaled.tif", None),
                                 (4, "picture.tif", None))
    ]  # fmt: skip
    np.testing.assert_array_equal(found[0], found[1])
    assert (found[0][2:] != found[2][2:]).any()  # its bands say nothing of a scale


@pytest.mark.parametrize(("seed", "exact"), [(2**24 - 1, True), (2**24, False)])
def test_seeds_are_numbered_exactly_or_not_at_all(seed: int, exact: bool) -> None:
    seeds = np.array([[[0, seed]], [[3, 4]]])
    if exact:
        np.testing.assert_array_equal(segments._exact(seeds), seeds)
        return
    with pytest.raises(ConfigError, match="cannot number"):
        segments._exact(seeds)


@pytest.mark.parametrize(
    ("name", "scale", "said"),
    [
        ("scaled.tif", None, None),
        ("picture.tif", 1e-4, None),
        ("picture.tif", None, "follow values alone"),
        ("scaled.tif", 1e-9, "are squares"),
    ],
)
def test_a_compactness_that_does_nothing_is_told(
    tmp_path: Path, name: str, scale: float | None, said: str | None
) -> None:
    files = scene(tmp_path)
    with rasterio.open(files["picture"]) as file:
        data, profile = file.read(), file.profile
    with rasterio.open(tmp_path / "scaled.tif", "w", **profile) as file:
        file.write(data)
        file.scales = (1e-4, 1e-4)
    reader: Any = open_input(
        InputSpec.from_value("picture", str(tmp_path / name)), tmp_path,
        Pyramid.from_grid(GRID, tile_size=SIZE),
    )  # fmt: skip
    for process in (segments, smooth_by_objects):
        with collecting() as notes:
            process.check_parameters(reader, scale=scale)
        assert [said in note.reason for note in notes if said] == [True] * bool(said)
        assert len(notes) == bool(said)
        with pytest.raises(ConfigError, match="more than 0"):
            process.check_parameters(reader, scale=0.0)


@pytest.mark.parametrize(
    ("dtype", "value"), [("uint16", 311), ("int16", -2), ("float32", 1.5), ("int32", 256)]
)
def test_values_that_are_not_classes_are_refused(tmp_path: Path, dtype: str, value: float) -> None:
    files = scene(tmp_path)
    with rasterio.open(files["classes"]) as file:
        data, profile = file.read(), file.profile
    data = data.astype(dtype)
    data[0, 50, 60] = value
    with rasterio.open(tmp_path / "codes.tif", "w", **{**profile, "dtype": dtype}) as file:
        file.write(data)
    inputs = {"classes": str(tmp_path / "codes.tif"), "picture": files["picture"]}
    config = {
        "process": "smooth_by_objects", "input": inputs, "zoom_levels": 0,
        "output": {"format": "GTiff", "path": str(tmp_path / "out"), "bands": 1, "dtype": "uint8",
                   "nodata": 0},
        "pyramid": {"grid": GRID, "tile_size": SIZE},
        "process_parameters": {**HOW, "scale": 1e-4},
    }  # fmt: skip
    process = open_process(config)
    with pytest.raises(ConfigError, match="not classes from 1 to 255") as error:
        process.compute((0, 1, 1))
    assert error.value.found == value
    found = process.compute((0, 7, 7))
    assert found is not None
    with rasterio.open(files["classes"]) as file:
        assert set(np.unique(found.compressed())) <= set(np.unique(file.read()))


@pytest.mark.parametrize(
    ("values", "key"),
    [({"size": 1}, "size"), ({"compactness": -1.0}, "compactness"), ({"rounds": -1}, "rounds")],
)
def test_what_cannot_work_is_refused(values: Any, key: str) -> None:
    for process in (segments.pixelbuffer, smooth_by_objects.pixelbuffer):
        with pytest.raises(ConfigError) as error:
            process(**values)
        assert error.value.key == f"process_parameters.{key}"


def test_means_have_the_unit_of_the_picture(tmp_path: Path) -> None:
    inputs = {"picture": scene(tmp_path)["picture"]}
    with rasterio.open(inputs["picture"], "r+") as file:
        file.scales, file.offsets = (0.5, 1), (-3, 0)
    output = {"bands": 6, "dtype": "float32", "nodata": -1}
    made(tmp_path, "segments", inputs, 8, output=output, deviation=True, seeds=True)
    with rasterio.open(tmp_path / "segments8.tif") as found:
        assert found.scales == (0.5, 1, 0.5, 1, 1, 1)
        assert found.offsets == (-3, 0, 0, 0, 0, 0)

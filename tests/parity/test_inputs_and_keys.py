"""Keywords of inputs and keys of files as mapchete has them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import fiona
import numpy as np
import pytest
import rasterio
import shapely

from automap_tiles import mapchete as ours
from automap_tiles import open_process
from automap_tiles.errors import ConfigError
from automap_tiles.notes import Fate, collecting
from automap_tiles.runtime import LegacyKeyWarning

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")

INDEX = (4, 4, 16)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(3).integers(0, 200, (2, 400, 400)).astype(np.uint8)
    with rasterio.open(
        tmp_path / "image.tif",
        "w",
        driver="GTiff",
        height=400,
        width=400,
        count=2,
        dtype="uint8",
        nodata=0,
        crs="EPSG:4326",
        transform=rasterio.transform.from_bounds(0, 20, 20, 40, 400, 400),
    ) as sink:
        sink.write(pixels)
    with fiona.open(
        tmp_path / "shapes.gpkg",
        "w",
        driver="GPKG",
        crs="EPSG:4326",
        schema={"geometry": "Polygon", "properties": {}},
    ) as sink:
        shape = shapely.geometry.mapping(shapely.box(1, 25, 9, 38))
        sink.write({"geometry": shape, "properties": {}})
    return tmp_path


def config(files: Path, body: str, name: str = "work", **more: Any) -> dict[str, Any]:
    text = "import numpy as np\n\n\ndef execute(raster, shapes=None):\n"
    (files / f"{name}.py").write_text(text + "".join(f"    {line}\n" for line in body.split("; ")))
    given: dict[str, Any] = {
        "process": str(files / f"{name}.py"),
        "pyramid": {"grid": "geodetic"},
        "zoom_levels": {"min": 4, "max": 5},
        "input": {"raster": str(files / "image.tif"), "shapes": str(files / "shapes.gpkg")},
        "output": {
            "path": str(files / name), "format": "GTiff", "bands": 1, "dtype": "uint8", "nodata": 0
        },
    }  # fmt: skip
    for key, value in more.items():
        given[key] = {**given[key], **value} if isinstance(given.get(key), dict) else value
    return given


def both(files: Path, body: str, **more: Any) -> tuple[Any, Any]:
    """The same tile by both."""
    import mapchete

    more = {"config_dir": str(files), **more}
    with (
        ours.open(config(files, body, **more), mode="memory") as mine,
        mapchete.open(config(files, body, **more), mode="memory") as other,
    ):
        return mine.execute_tile(INDEX), other.execute_tile(INDEX)


@pytest.mark.parametrize(
    "words",
    [
        "matching_method='gdal'",
        "matching_method='min', matching_precision=8",
        "matching_max_zoom=5, fallback_to_higher_zoom=True",
    ],
)
def test_a_file_is_read_the_same(files: Path, words: str) -> None:
    mine, other = both(files, f"return raster.read(1, {words})")
    np.testing.assert_array_equal(mine.filled(0), other.filled(0))


@pytest.mark.parametrize(
    "body",
    [
        "assert raster.profile['count'] == 2; assert raster.profile['width'] == 400"
        "; assert raster.profile['dtype'] == 'uint8'; return raster.read(2)",
        "assert raster.bbox.bounds == (0, 20, 20, 40); return raster.read(1)",
        "assert shapes.shape == (256, 256); assert shapes.bounds[0] == 0"
        "; assert shapes.crs.to_epsg() == 4326; assert shapes.transform[2] == 0"
        "; assert shapes.bbox.bounds == (1, 25, 9, 38); return raster.read(1)",
    ],
)
def test_inputs_tell_the_same(files: Path, body: str) -> None:
    mine, other = both(files, body)
    np.testing.assert_array_equal(mine.filled(0), other.filled(0))


def test_is_empty_takes_the_keywords(files: Path) -> None:
    body = "return np.full((1, 256, 256), 1 + raster.is_empty(indexes=1), np.uint8)"
    mine, other = both(files, body)
    np.testing.assert_array_equal(mine, other)


def test_another_value_under_the_mask(files: Path) -> None:
    body = "found = raster.read(1, dst_nodata=9); assert found.mask.any(); return found.data[None]"
    with ours.open(config(files, body), mode="memory") as mp:
        found = mp.execute_tile(INDEX)
    with ours.open(config(files, "return raster.read(1)"), mode="memory") as mp:
        plain = mp.execute_tile(INDEX)
    np.testing.assert_array_equal(found.data, np.where(plain.mask, 9, plain.data))


def test_options_of_gdal_count_while_pixels_are_read(files: Path) -> None:
    body = (
        "from rasterio.env import getenv; raster.read(1, gdal_opts={'GDAL_NUM_THREADS': 3})"
        "; assert 'GDAL_NUM_THREADS' not in getenv(); return raster.read(1)"
    )
    more = {"raster": {"path": str(files / "image.tif"), "gdal_options": {"NONSENSE_ON": True}}}
    with ours.open(config(files, body, input=more), mode="memory") as mp:
        assert not mp.execute_tile(INDEX).mask.all()
    process = open_process(config(files, body, input=more)).process
    ((_, reader),) = [each for each in process.inputs.readers() if each[0] == "raster"]
    assert dict(vars(reader)["gdal_options"]) == {"NONSENSE_ON": "YES"}


def test_a_folder_of_tiles_is_read_with_the_keywords(files: Path) -> None:
    given = config(files, "return raster.read(1)")
    with ours.open(given) as mp:
        list(mp.execute())
    body = "assert raster.profile['count'] == 1; return raster.read(1, dst_nodata=7, gdal_opts={})"
    more = {"raster": str(files / "work")}
    with ours.open(config(files, body, "again", input=more), mode="memory") as mp:
        again = mp.execute_tile(INDEX)
    with ours.open(given, mode="readonly") as mp:
        stored = mp.read(INDEX)
    np.testing.assert_array_equal(again.filled(0), stored.filled(0))


def test_the_old_name_of_the_dtype(files: Path) -> None:
    given = config(files, "return raster.read(1)")
    given["output"]["data_type"] = given["output"].pop("dtype")
    with pytest.warns(LegacyKeyWarning, match="output.data_type is now output.dtype"):
        process = open_process(given)
    assert not process.compute(INDEX).mask.all()


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"max_workers": 4}, "max_workers"),
        ({"dask_specs": {"worker_cores": 1}}, "dask_specs"),
        ({"output": {"storage_options": {"key": "s"}}}, "output.storage_options"),
        ({"output": {"stac": {"id": "x"}}}, "output.stac"),
        ({"output": {"in_memory": True}}, "output.in_memory"),
        ({"input": {"raster": {"path": "image.tif", "cache": {"path": "c.tif"}}}},
         "input.raster.cache"),
        ({"input": {"shapes": {"path": "shapes.gpkg", "gdal_options": {"A": 0}}}},
         "input.shapes.gdal_options"),
        ({"input": {"raster": {"path": "image.tif", "storage_options": {"key": "s"}}}},
         "input.raster.storage_options"),
    ],
)  # fmt: skip
def test_what_has_no_effect_is_told(files: Path, more: dict[str, Any], name: str) -> None:
    with collecting() as notes:
        open_process(config(files, "return raster.read(1)", config_dir=str(files), **more))
    (note,) = [each for each in notes if each.fate is Fate.IGNORED]
    assert note.examples == (name,)
    assert "s" not in note.examples[0].split(".")


@pytest.mark.parametrize("place", ["input", "output"])
def test_credentials_of_a_store_are_refused(files: Path, place: str) -> None:
    path = "s3://bucket/there.tif" if place == "input" else "s3://bucket/there"
    said = {"path": path, "storage_options": {"key": "hidden"}}
    more = {"input": {"raster": said}} if place == "input" else {"output": said}
    with pytest.raises(ConfigError, match="show-env") as caught:
        open_process(config(files, "return raster.read(1)", **more))
    assert "hidden" not in str(caught.value)


def test_masked_throughout_is_empty_whatever_the_bands(files: Path) -> None:
    process = open_process(config(files, "return np.ma.masked_all((4, 256, 256), np.uint8)"))
    assert process.compute(INDEX) is None
    process = open_process(config(files, "return np.ma.ones((4, 256, 256), np.uint8)", "four"))
    with pytest.raises(Exception, match="4 bands"):
        process.compute(INDEX)


def test_a_shading_as_png(files: Path) -> None:
    """Its opacity is that of mapchete's tile; black and clear besides."""
    import mapchete

    body = "return raster.read(1)[None]"
    output = {"format": "PNG_hillshade", "old_band_num": True}
    mine, other = (
        config(files, body, name, config_dir=str(files), output={**output, "path": str(files / n)})
        for name, n in (("shade", "mine"), ("shade", "theirs"))
    )
    for given in (mine, other):
        for key in ("bands", "dtype", "nodata"):
            del given["output"][key]
    with ours.open(mine, mode="overwrite") as mp:
        mp.write(INDEX, _pixels())
    with mapchete.open(other, mode="overwrite") as mp:
        mp.write(mp.config.process_pyramid.tile(*INDEX), _pixels())
    with (
        rasterio.open(files / "mine/4/4/16.png") as a,
        rasterio.open(files / "theirs/4/4/16.png") as b,
    ):
        np.testing.assert_array_equal(a.read(4), b.read(4))
        assert not a.read([1, 2, 3]).any()


def _pixels() -> Any:
    return np.ma.MaskedArray(np.arange(256 * 256, dtype=np.uint8).reshape(1, 256, 256), mask=False)

"""What a job has made so far, and pictures of it."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.warp import transform_bounds

from automap_tiles.errors import OutputError
from automap_tiles.jobs import SceneFate
from automap_tiles.jobs.picture import picture_of
from automap_tiles.jobs.rasters import rasters
from tests.jobs.parts import make, new_job, running


def write(path: Path, left: float, top: float, values: np.ndarray) -> None:
    """One band in UTM, 100 m."""
    path.parent.mkdir(parents=True, exist_ok=True)
    profile = {
        "driver": "GTiff", "width": values.shape[1], "height": values.shape[0], "count": 1,
        "dtype": "uint8", "crs": "EPSG:32618", "nodata": 0,
        "transform": rasterio.Affine(100, 0, left, 0, -100, top),
    }  # fmt: skip
    with rasterio.open(path, "w", **profile) as out:
        out.write(values, 1)


def seen(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))


def test_a_picture_lies_where_its_raster_does(tmp_path: Path) -> None:
    values = np.zeros((100, 100), np.uint8)
    values[:, :50] = np.arange(1, 101, dtype=np.uint8)[:, None]
    write(tmp_path / "x.tif", 600_000, 4_500_000, values)
    found = picture_of(tmp_path / "x.tif")
    assert found is not None
    pixels = seen(found.content)
    west, _, _, north = found.extent
    size = (found.extent[2] - west) / pixels.shape[1]
    rows, columns = np.nonzero(pixels[..., 3])
    box = transform_bounds("EPSG:32618", "EPSG:3857", 600_000, 4_490_000, 605_000, 4_500_000)
    drawn = (
        west + columns.min() * size,
        north - (rows.max() + 1) * size,
        west + (columns.max() + 1) * size,
        north - rows.min() * size,
    )
    assert drawn == pytest.approx(box, abs=250)  # 100 m, turned a little against the web map


def test_tiles_of_a_result_that_is_being_made_are_shown_together(tmp_path: Path) -> None:
    full = np.full((50, 50), 7, np.uint8)
    write(tmp_path / "x.tif.parts" / "5" / "0" / "0.tif", 600_000, 4_500_000, full)
    one = picture_of(tmp_path / "x.tif.parts")
    write(tmp_path / "x.tif.parts" / "5" / "0" / "2.tif", 610_000, 4_500_000, full)
    two = picture_of(tmp_path / "x.tif.parts")
    assert one is not None
    assert two is not None

    def ground(found: object) -> float:
        picture = seen(found.content)  # type: ignore[attr-defined]
        west, _, east, _ = found.extent  # type: ignore[attr-defined]
        return float((picture[..., 3] > 0).sum() * ((east - west) / picture.shape[1]) ** 2)

    assert ground(two) == pytest.approx(2 * ground(one), rel=0.05)


def test_what_is_no_raster_or_empty_has_no_picture(tmp_path: Path) -> None:
    (tmp_path / "broken.tif").write_bytes(b"no")
    with pytest.raises(OutputError, match="no picture"):
        picture_of(tmp_path / "broken.tif")
    write(tmp_path / "empty.tif", 600_000, 4_500_000, np.zeros((9, 9), np.uint8))
    assert picture_of(tmp_path / "empty.tif") is None
    (tmp_path / "none").mkdir()
    assert picture_of(tmp_path / "none") is None


def test_a_job_has_its_own_composite_and_scenes(shared: Path, tmp_path: Path) -> None:
    parts = make(tmp_path)
    job = parts.store.add(new_job(shared))
    folder = parts.place.workspaces / job.workspace
    assert rasters(job, folder, []) == []
    with running(parts.runner()):
        job = parts.wait(job.id)
    scenes = parts.store.scenes(job.id)
    found = rasters(job, folder, scenes)
    made = {each.scene for each in scenes if each.status == "written"}
    assert found[0].name == "landsat-8/composite"
    assert {each.name for each in found[1:]} == {f"landsat-8/{name}" for name in made}
    assert all(each.path.is_file() for each in found)
    of_another_time = replace(job, order={**job.order, "end": "2018-06-01"})
    assert rasters(of_another_time, folder, []) == []
    absent = SceneFate(scene="x", satellite="landsat-8", status="failed")
    assert rasters(job, folder, [absent]) == found[:1]


def test_a_result_counts_its_tiles_while_it_is_made(shared: Path, tmp_path: Path) -> None:
    parts = make(tmp_path)
    job = parts.store.add(new_job(shared))
    path = tmp_path / "landsat-8" / "composite_20180401_20180531_median.tif.parts"
    for number in range(3):
        write(path / "0" / "0" / f"{number}.tif", 0, 4_000_000, np.ones((2, 2), np.uint8))
    (found,) = rasters(job, tmp_path, [])
    assert (found.title, found.path) == ("landsat-8 composite, 3 tiles so far", path)
    shutil.rmtree(path)
    assert rasters(job, tmp_path, []) == []

"""Pictures of real scenes against their formulas, computed by hand from the files."""

from __future__ import annotations

import math
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.features import rasterize
from rasterio.warp import transform_geom
from shapely.geometry import box, mapping

from automap_tiles.errors import Empty
from automap_tiles.missions import Flag, Scene, quality_layer
from automap_tiles.missions.landsat._bands import LANDSAT_8
from automap_tiles.scenes import find, prepare
from automap_tiles.scenes.prepared import NODATA, planes

LANDSAT = "landsat/rio_tiler_pds_LC08_016037_C1_L1TP_900m"
SENTINEL = "sentinel2/eodatasets3_T55HFA_20201011_l1c"


@cache
def only(folder: Path) -> Scene:
    """The scene in a folder, looked for once."""
    (scene,) = find.products(folder).scenes
    return scene


def scene_grid(scene: Scene) -> Any:
    with rasterio.open(scene.band("red").href) as file:
        return file.transform


def written(path: Path) -> tuple[dict[str, Any], Any]:
    with rasterio.open(path) as file:
        return dict(zip(planes(LANDSAT_8), file.read(), strict=True)), file.profile


def test_landsat_by_the_numbers_of_its_metadata(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / LANDSAT
    picture = prepare.write(tmp_path / "out.tif", only(folder), None)
    planes, _ = written(tmp_path / "out.tif")
    (mtl,) = folder.glob("*_MTL.txt")
    said = dict(re.findall(r"(\w+) = ([-\d.E]+)\s", mtl.read_text()))
    sine = math.sin(math.radians(float(said["SUN_ELEVATION"])))
    bands = {"blue": 2, "green": 3, "red": 4, "nir": 5, "swir1": 6, "swir2": 7}
    exact = {}
    seen = np.ones(picture.grid.shape, dtype=bool)
    for name, number in bands.items():
        with rasterio.open(next(folder.glob(f"*_B{number}.TIF"))) as file:
            numbers = file.read(1).astype(float)
        multiply = float(said[f"REFLECTANCE_MULT_BAND_{number}"])
        exact[name] = (numbers * multiply + float(said[f"REFLECTANCE_ADD_BAND_{number}"])) / sine
        seen &= numbers != 0
    for name, values in exact.items():
        np.testing.assert_array_equal(planes[name] != NODATA, seen)
        off = np.abs(planes[name] * 1e-4 - values)[seen]
        assert off.max() <= 0.5e-4 + 1e-9
    with rasterio.open(next(folder.glob("*_BQA.TIF"))) as file:
        flags = quality_layer("bqa_c1").to_flags(file.read(1))
    np.testing.assert_array_equal(planes["mask"][seen], flags[seen])
    assert (planes["mask"][~seen] & Flag.FILL).all()
    assert picture.pixels == (seen & (flags & Flag.FILL == 0)).sum()
    for name, first, second in (("ndvi", "nir", "red"), ("ndwi", "green", "nir")):
        # before rounding: of rounded bands it would be off by up to 18
        a, b = exact[first], exact[second]
        means = seen & (a + b > 0) & (np.abs(a - b) <= a + b)
        there = planes[name] != NODATA
        wanted = (a - b)[there] / (a + b)[there] * 10_000
        assert np.abs(planes[name][there] - wanted).max() <= 0.501
        np.testing.assert_array_equal(there, means)


def test_sentinel_at_one_resolution(shared: Path, tmp_path: Path) -> None:
    scene = only(shared / "data" / SENTINEL)
    left, top = 650_000, 6_050_000
    area = box(left + 10, top - 9_990, left + 9_990, top - 10)
    lonlat = transform_geom("EPSG:32755", "EPSG:4326", mapping(area))
    from shapely.geometry import shape

    picture = prepare.write(tmp_path / "out.tif", scene, shape(lonlat))
    planes, profile = written(tmp_path / "out.tif")
    assert profile["transform"].a == 50  # the finest, though swir has 100 m
    assert picture.grid.bounds.left <= left
    fine = rasterio.transform.rowcol(profile["transform"], left + 5_025, top - 5_025)
    for name, size in (("red", 50), ("swir1", 100)):
        with rasterio.open(scene.band(name).href) as file:
            assert file.res[0] == size
            row, col = file.index(left + 5_025, top - 5_025)
            number = file.read(1)[row, col]
        assert planes[name][fine] == number  # L1C before the offset: reflectance × 10000
    inside = rasterize(
        [transform_geom("EPSG:4326", "EPSG:32755", lonlat)],
        picture.grid.shape,
        transform=profile["transform"],
    ).astype(bool)
    there = np.ones((2196, 2196), dtype=bool)
    for name in ("blue", "green", "red", "nir", "swir1", "swir2"):
        with rasterio.open(scene.band(name).href) as file:
            numbers = file.read(1)
        factor = 2196 // len(numbers)
        there &= numbers.repeat(factor, 0).repeat(factor, 1) != 0
    row, col = rasterio.transform.rowcol(scene_grid(scene), *(profile["transform"] @ (0.5, 0.5)))
    height, width = inside.shape
    there = there[row : row + height, col : col + width]
    assert there[inside].mean() > 0.9
    np.testing.assert_array_equal((planes["red"] != NODATA)[inside], there[inside])
    outside = planes["mask"] == Flag.FILL
    assert not outside[inside & there].any()
    assert (planes["red"][outside] == NODATA).all()


def test_strips_do_not_show(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = only(shared / "data" / SENTINEL)
    prepare.write(tmp_path / "whole.tif", scene, None)
    monkeypatch.setattr(prepare, "_STRIP_PIXELS", 1)
    prepare.write(tmp_path / "strips.tif", scene, None)
    whole, strips = (written(tmp_path / f"{name}.tif")[0] for name in ("whole", "strips"))
    for name in planes(LANDSAT_8):
        np.testing.assert_array_equal(whole[name], strips[name])


def test_clouds_given_as_polygons_are_in_the_mask(shared: Path, tmp_path: Path) -> None:
    from dataclasses import replace

    from automap_tiles.missions import CloudPolygon

    scene = only(shared / "data" / SENTINEL)
    ring = ((650_000, 6_000_000), (660_000, 6_000_000), (660_000, 6_010_000), (650_000, 6_010_000))
    cloud = CloudPolygon(flag=Flag.CLOUD, exterior=ring, holes=())
    picture = prepare.write(tmp_path / "out.tif", replace(scene, clouds=(cloud,)), None)
    assert picture.cloudy == pytest.approx(200 * 200, abs=800)


def test_nothing_there(shared: Path, tmp_path: Path) -> None:
    with pytest.raises(Empty):
        prepare.write(tmp_path / "out.tif", only(shared / "data" / LANDSAT), box(10, 50, 11, 51))


def test_an_area_of_half_the_globe(shared: Path, tmp_path: Path) -> None:
    """Most of it lies where the zone of the scene means nothing."""
    scene = only(shared / "data/landsat/rio_tiler_pds_LC08_016037_C1_L1TP_900m")
    prepare.write(tmp_path / "all.tif", scene, None)
    prepare.write(tmp_path / "cut.tif", scene, box(-180, -80, 20, 84))
    assert (tmp_path / "all.tif").read_bytes() == (tmp_path / "cut.tif").read_bytes()

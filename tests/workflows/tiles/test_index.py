"""Indexes of existing tiles, read back by GDAL."""

from __future__ import annotations

import os
from pathlib import Path

import fiona
import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp
from rasterio.merge import merge

from automap_tiles.engine.journal import hold, place_of
from automap_tiles.errors import OutputBusy
from automap_tiles.workflows.events import Finished
from automap_tiles.workflows.tiles.index import IndexKind, IndexOrder, check, run
from automap_tiles.workflows.tiles.stored_tiles import open_stored_tiles
from tests.workflows.directories import MakeDirectory

TILES = [(4, 3, 15), (4, 3, 16), (4, 4, 16), (5, 7, 31)]


def write(folder: Path, kind: IndexKind, target: Path, **options: object) -> list[Path]:
    order = IndexOrder(tiles=str(folder), kinds=(kind,), folder=str(target), **options)  # type: ignore[arg-type]
    planned = check(order)
    *_, last = run(order)
    assert isinstance(last, Finished)
    assert last.outcome == planned
    return [file.path for file in planned.files]


@pytest.mark.parametrize("kind", [IndexKind.GEOJSON, IndexKind.GPKG, IndexKind.FGB])
@pytest.mark.parametrize("grid", ["geodetic", "mercator"])
def test_footprints(
    kind: IndexKind, grid: str, make_directory: MakeDirectory, tmp_path: Path
) -> None:
    folder = make_directory("tiles", TILES if grid == "geodetic" else [(4, 3, 5)], grid=grid)
    directory = open_stored_tiles(str(folder))
    written = write(folder, kind, tmp_path / "index", fieldname="where")
    for path in written:
        with fiona.open(path) as source:
            assert rasterio.CRS.from_user_input(source.crs_wkt) == directory.pyramid.crs
            features = list(source)
        for feature in features:
            properties = feature["properties"]
            index = properties["zoom"], properties["row"], properties["col"]
            tile = directory.pyramid.tile(*index)
            assert properties["tile_id"] == str(tile.index)
            assert Path(properties["where"]).is_file()
            points = np.array(feature["geometry"]["coordinates"][0])
            box = (*points.min(axis=0), *points.max(axis=0))
            assert np.allclose(box, tile.bounds, rtol=1e-12)
    if grid == "geodetic":
        assert [path.name for path in written] == [f"4.{kind.value}", f"5.{kind.value}"]


def test_text(make_directory: MakeDirectory, tmp_path: Path) -> None:
    folder = make_directory("tiles", TILES)
    four, five = write(folder, IndexKind.TXT, tmp_path, basepath="https://example.org/t/")
    assert four.read_text().splitlines() == [
        f"https://example.org/t/{z}/{r}/{c}.tif" for z, r, c in TILES[:3]
    ]
    write(folder, IndexKind.TXT, tmp_path)
    assert five.read_text() == f"{folder}/5/7/31.tif\n"


@pytest.mark.parametrize("pixelbuffer", [0, 3])
def test_vrt_shows_all_tiles(
    pixelbuffer: int, make_directory: MakeDirectory, tmp_path: Path
) -> None:
    folder = make_directory("tiles", TILES[:3], pixelbuffer=pixelbuffer)
    (path,) = write(folder, IndexKind.VRT, folder)
    with rasterio.open(path) as source:
        found = source.read(1)
        assert source.nodata == 0
        transform, bounds = source.transform, source.bounds
    paths = [folder / f"{z}/{r}/{c}.tif" for z, r, c in TILES[:3]]
    expected, expected_transform = merge(paths, method="last")
    assert transform.almost_equals(expected_transform, 1e-9)
    assert np.array_equal(found, expected[0])
    assert bounds.left < bounds.right
    # Relative paths: the folder can be moved.
    folder.rename(tmp_path / "moved")
    with rasterio.open(tmp_path / "moved/4.vrt") as source:
        assert np.array_equal(source.read(1), found)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "complex64"])
def test_a_vrt_says_of_its_bands_what_the_tiles_do(
    dtype: str, make_directory: MakeDirectory, tmp_path: Path
) -> None:
    """Names, units, scales, tags, colours; complex numbers ended in a traceback."""
    folder = make_directory("tiles", TILES[:2])
    for zoom, row, col in TILES[:2]:
        path = folder / f"{zoom}/{row}/{col}.tif"
        with rasterio.open(path) as file:
            profile = {**file.profile, "count": 2, "dtype": dtype, "nodata": 0}
        with rasterio.open(path, "w", **profile) as file:
            file.write(np.full((2, 256, 256), 7, dtype))
            file.descriptions = ("kind", "height")
            file.units = ("", "m")
            file.scales, file.offsets = (1.0, 0.1), (0.0, -5.0)
            file.update_tags(2, wavelength="842")
            if dtype == "uint8":
                file.write_colormap(1, {0: (0, 0, 0, 255), 7: (200, 10, 0, 255)})
    (path,) = write(folder, IndexKind.VRT, tmp_path)
    with rasterio.open(path) as source:
        assert source.dtypes == (dtype, dtype)
        assert source.descriptions == ("kind", "height")
        assert source.units[1] == "m"
        assert (source.scales, source.offsets) == ((1.0, 0.1), (0.0, -5.0))
        assert source.tags(2)["wavelength"] == "842"
        assert (source.read() == 7).all()
        if dtype == "uint8":
            assert source.colorinterp[0] is ColorInterp.palette
            assert source.colormap(1)[7] == (200, 10, 0, 255)
            assert source.colorinterp[1] is not ColorInterp.palette


def test_an_index_is_written_anew(make_directory: MakeDirectory) -> None:
    folder = make_directory("tiles", TILES[:3])
    write(folder, IndexKind.GPKG, folder)
    (folder / "4/3/15.tif").unlink()
    (path,) = write(folder, IndexKind.GPKG, folder)
    with fiona.open(path) as source:
        assert sorted(feature["properties"]["col"] for feature in source) == [16, 16]
    assert not list(folder.glob(".index-*"))


def test_no_tiles_no_index(make_directory: MakeDirectory, tmp_path: Path) -> None:
    assert write(make_directory("tiles", []), IndexKind.VRT, tmp_path) == []


def test_an_output_that_is_being_written_gets_no_index(
    make_directory: MakeDirectory, tmp_path: Path
) -> None:
    folder = make_directory("tiles", TILES)
    with hold(place_of(str(folder))):
        with pytest.raises(OutputBusy, match="another run"):
            write(folder, IndexKind.TXT, folder)
        # elsewhere it is nobody's
        assert len(write(folder, IndexKind.TXT, tmp_path / "index")) == 2
    left = folder / ".4.txt.otherhost-1-deadbeef-0.part"
    left.write_bytes(b"half")
    os.utime(left, (1e9, 1e9))
    write(folder, IndexKind.TXT, folder)
    names = {path.name for path in folder.iterdir() if path.is_file()}
    assert names == {"4.txt", "5.txt", "journal.sqlite", "metadata.json"}

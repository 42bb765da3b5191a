"""Overviews whose tiles have a pixel buffer: its pixels are those of the neighbours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from rasterio.warp import Resampling, reproject

from automap_tiles.cli.main import main
from automap_tiles.grid import Pyramid, Tile, TileIndex

MODULE = """\
import numpy as np
from automap_tiles import Tile

def execute(tile: Tile):
    row, col = tile.pixel_offset
    height, width = tile.pyramid.pixel_shape(tile.zoom)
    y, x = np.ogrid[row : row + tile.height, col : col + tile.width]
    x = x % width
    data = 20_000 + 9_000 * np.sin(x / 11) * np.cos(y / 7) + (x * 31 + y * 17) % 97
    gaps = ((x // 9 + y // 13) % 5 == 0) | ((x // 70 + y // 90) % 3 == 0)
    return np.ma.MaskedArray(data.astype("uint16"), mask=gaps)[None]
"""

Tiles = dict[TileIndex, Any]
SMALL, LARGE = (3, 41, 20, 56), (3, 41, 32, 62)


def project(
    folder: Path,
    *,
    buffer: int,
    grid: str = "geodetic",
    process: tuple[int, int] = (2, 16),
    zooms: tuple[int, int] = (2, 5),
    base: int = 5,
    lower: str = "average",
    higher: str = "nearest",
    metatiling: int = 1,
    bounds: tuple[float, ...] | None = SMALL,
) -> str:
    folder.mkdir(parents=True)
    (folder / "work.py").write_text(MODULE)
    config: dict[str, Any] = {
        "process": "./work.py",
        "pyramid": {
            "grid": grid, "metatiling": process[0], "pixelbuffer": process[1], "tile_size": 64,
        },
        "zoom_levels": {"min": zooms[0], "max": zooms[1]},
        "baselevels": {"min": base, "max": base, "lower": lower, "higher": higher},
        "output": {
            "format": "GTiff", "path": "tiles", "bands": 1, "dtype": "uint16", "nodata": 0,
            "metatiling": metatiling, "pixelbuffer": buffer,
        },
    }  # fmt: skip
    if bounds is not None:
        config["bounds"] = list(bounds)
    path = folder / "work.mapchete"
    path.write_text(json.dumps(config))
    return str(path)


def run(config: str, *options: str) -> int:
    return main(["execute", config, "--no-progress", "--concurrency", "none", *options])


def stored(config: str) -> Tiles:
    found = {}
    root = Path(config).with_name("tiles")
    for path in root.rglob("*.tif"):
        zoom, row, col = (int(part) for part in path.relative_to(root).with_suffix("").parts)
        with rasterio.open(path) as file:
            found[TileIndex(zoom, row, col)] = file.read(1)
    return found


def content(config: str) -> dict[str, bytes]:
    root = Path(config).with_name("tiles")
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*.tif")}


def mosaic(tiles: Tiles, pyramid: Pyramid, zoom: int) -> Any:
    """The pixels of a whole zoom, buffers cut off."""
    out = np.zeros(pyramid.pixel_shape(zoom), "uint16")
    for index, data in tiles.items():
        if index.zoom == zoom:
            tile = Tile(pyramid, index)
            top, _, left, _ = tile.buffer_margins
            bare = tile.unbuffered()
            row, col = bare.pixel_offset
            height, width = bare.shape
            out[row : row + height, col : col + width] = data[
                top : top + height, left : left + width
            ]
    return out


def assert_cut_out(tiles: Tiles, pyramid: Pyramid, zoom: int, whole: Any) -> int:
    """Each tile with its buffer as it lies in the pixels of the zoom; how many were compared."""
    world = whole if not pyramid.is_global else np.hstack([whole] * 3)
    turn = whole.shape[1] if pyramid.is_global else 0
    number = 0
    for index, data in tiles.items():
        if index.zoom == zoom:
            tile = Tile(pyramid, index)
            row, col = tile.pixel_offset[0], tile.pixel_offset[1] + turn
            expected = world[row : row + tile.height, col : col + tile.width]
            np.testing.assert_array_equal(data, expected, err_msg=str(index))
            number += 1
    return number


LOCAL = ["nearest", "average", "max", "mode"]


@pytest.mark.parametrize("lower", [*LOCAL, "bilinear", "cubic", "lanczos"])
@pytest.mark.parametrize("metatiling", [1, 2])
def test_the_buffer_is_what_the_neighbours_have(
    tmp_path: Path, lower: str, metatiling: int
) -> None:
    bare = project(tmp_path / "bare", buffer=0, lower=lower, metatiling=metatiling)
    wide = project(tmp_path / "wide", buffer=10, lower=lower, metatiling=metatiling)
    assert run(bare) == run(wide) == 0
    pyramid = Pyramid.from_grid("geodetic", tile_size=64, metatiling=metatiling)
    buffered = pyramid.replace(pixelbuffer=10)
    plain, found = stored(bare), stored(wide)
    assert set(plain) <= set(found)
    filled = 0
    for zoom in (4, 3, 2):
        assert assert_cut_out(found, buffered, zoom, mosaic(plain, pyramid, zoom)) > 0
        filled += sum(int((data[:10] > 0).sum()) for i, data in found.items() if i.zoom == zoom)
    assert filled > 1000


@pytest.mark.parametrize("lower", ["nearest", "average", "max"])
def test_as_gdal_shrinks_the_mosaic_of_base_tiles(tmp_path: Path, lower: str) -> None:
    config = project(tmp_path / "wide", buffer=7, lower=lower)
    assert run(config) == 0
    pyramid = Pyramid.from_grid("geodetic", tile_size=64)
    found = stored(config)
    whole = mosaic(found, pyramid.replace(pixelbuffer=7), 5)
    for zoom in (4, 3, 2):
        half = np.zeros(pyramid.pixel_shape(zoom), "uint16")
        size = pyramid.pixel_size(zoom)[0]
        reproject(
            whole, half, resampling=Resampling[lower], src_nodata=0, dst_nodata=0,
            src_crs="EPSG:3857", dst_crs="EPSG:3857",
            src_transform=rasterio.Affine(size / 2, 0, 500, 0, -size / 2, 500),
            dst_transform=rasterio.Affine(size, 0, 500, 0, -size, 500),
        )  # fmt: skip
        assert assert_cut_out(found, pyramid.replace(pixelbuffer=7), zoom, half) > 0
        whole = half


@pytest.mark.parametrize("lower", ["average", "cubic"])
def test_the_same_bytes_however_it_is_cut(tmp_path: Path, lower: str) -> None:
    contents = []
    for number, (process, options) in enumerate(
        [
            ((1, 12), ("--concurrency", "none")),
            ((2, 12), ("--concurrency", "none")),
            ((4, 30), ("--concurrency", "threads", "--workers", "3")),
            ((1, 12), ("--concurrency", "processes", "--workers", "2")),
        ]
    ):
        # all of the globe: larger tiles would reach further beyond an area
        config = project(
            tmp_path / str(number),
            buffer=12,
            process=process,
            lower=lower,
            zooms=(0, 2),
            base=2,
            bounds=None,
        )
        assert main(["execute", config, "--no-progress", *options]) == 0
        contents.append(content(config))
    assert contents[0] == contents[1] == contents[2] == contents[3]


@pytest.mark.parametrize("grid", ["geodetic", "mercator"])
@pytest.mark.parametrize("lower", ["average", "bilinear"])
def test_around_the_globe(tmp_path: Path, grid: str, lower: str) -> None:
    """The edges at 180 degrees are neighbours; beyond the poles there is nothing."""
    options: dict[str, Any] = {
        "grid": grid, "zooms": (0, 2), "base": 2, "bounds": None, "lower": lower
    }  # fmt: skip
    bare = project(tmp_path / "bare", buffer=0, **options)
    wide = project(tmp_path / "wide", buffer=9, **options)
    assert run(bare) == run(wide) == 0
    pyramid = Pyramid.from_grid(grid, tile_size=64)
    plain, found = stored(bare), stored(wide)
    for zoom in (1, 0):
        whole = mosaic(plain, pyramid, zoom)
        number = assert_cut_out(found, pyramid.replace(pixelbuffer=9), zoom, whole)
        assert number == 4**zoom * (2 if grid == "geodetic" else 1)


@pytest.mark.parametrize("higher", ["nearest", "bilinear"])
def test_finer_zooms(tmp_path: Path, higher: str) -> None:
    options: dict[str, Any] = {"zooms": (3, 6), "base": 4, "higher": higher, "bounds": LARGE}
    bare = project(tmp_path / "bare", buffer=0, **options)
    wide = project(tmp_path / "wide", buffer=11, **options)
    assert run(bare) == run(wide) == 0
    pyramid = Pyramid.from_grid("geodetic", tile_size=64)
    plain, found = stored(bare), stored(wide)
    for zoom in (5, 6):
        whole = mosaic(plain, pyramid, zoom)
        inside = {
            index: data
            for index, data in found.items()
            # where all neighbours are stored as well: beyond the area the buffer goes on
            if all(
                TileIndex(zoom, index.row + y, index.col + x) in found
                for y in (-1, 0, 1)
                for x in (-1, 0, 1)
            )
        }
        assert assert_cut_out(inside, pyramid.replace(pixelbuffer=11), zoom, whole) > 5


def test_parts_make_the_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A tile is made anew when a neighbour's tiles come later; then nothing is left to do."""
    whole = project(tmp_path / "whole", buffer=10, bounds=LARGE)
    assert run(whole) == 0
    parts = project(tmp_path / "parts", buffer=10, bounds=LARGE)
    for west, east in ((3, 12), (22, 32), (12, 22)):
        assert run(parts, "-b", str(west), "41", str(east), "62") == 0
    assert run(parts) == 0
    assert content(parts) == content(whole)
    capsys.readouterr()
    assert run(parts) == run(whole) == 0
    told = capsys.readouterr().out
    assert told.count("0 written, 0 empty") == 2


def test_a_missing_tile_renews_what_is_made_of_it(tmp_path: Path) -> None:
    config = project(tmp_path / "whole", buffer=10, bounds=LARGE)
    assert run(config) == 0
    before = content(config)
    root = Path(config).with_name("tiles")
    lost = next(index for index in sorted(stored(config)) if index.zoom == 5)
    gone = root / f"5/{lost.row}/{lost.col}.tif"
    gone.unlink()
    times = {path: path.stat().st_mtime_ns for path in root.rglob("*.tif")}
    assert run(config) == 0
    assert content(config) == before
    renewed = {
        str(path.relative_to(root))
        for path, time in times.items()
        if path.stat().st_mtime_ns > time
    }
    assert 3 <= len(renewed) < len(times) / 2

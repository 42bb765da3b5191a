"""Parity with mapchete: the same configuration, run by both, gives the same tiles.

Every tile is compared: which there are, arrays, masks, transforms, CRS, dtype and nodata.

GDAL's approximating transformer depends a little on the window it is asked for, so that mapchete
gives other pixels for another metatiling or pixel buffer when the source must be reprojected
(measured: 1.2 % of the pixels with nearest). Ours does not: everything is warped in the single
tiles of the pyramid, whatever the cut. Within one CRS its cubic depends on the window as well: of
`degrees` at zoom 6 in tiles of 128 pixels, 55 % of mapchete's pixels differ between metatiling 1
and 4 (none of ours, which are those of metatiling 1), and none in tiles of 256. Therefore

- where source and grid share the CRS, both run with the same metatiling and pixel buffer, and the
  files are compared one to one;
- where a reprojection is needed, our result for *any* metatiling and pixel buffer is compared with
  mapchete's for metatiling 1 and no buffer, exactly. The same goes for overviews.

A difference of 1 is allowed only where overviews were resampled. The sources have no overviews of
their own: ours reads decimated from them where there are any, mapchete always from the full
resolution.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.warp import transform_bounds

from tests.imagery.place import need_real
from tests.parity.cases import REPROJECTED, SAME_CRS, SINGLE, Case, Cut, config, gtiff, shared_group
from tests.parity.compare import assert_same_array, assert_same_raster, assert_same_tiles, tiles
from tests.parity.engines import cut, run_automap, run_mapchete, with_output
from tests.parity.sources import Sources

pytestmark = pytest.mark.parity
Folders = tuple[Path, Path]
Writer = Callable[..., Path]
CRS_OF = {"geodetic": "EPSG:4326", "mercator": "EPSG:3857"}
BOUNDS = [11.3, 45.1, 17.2, 49.9]


def _pairs(cases: tuple[Case, ...]) -> list[object]:
    return [
        pytest.param(case, one, id=f"{case.name}, metatiling {one[0]}, buffer {one[1]}")
        for case in cases
        for one in case.cuts
    ]


@pytest.mark.parametrize(("case", "portions"), _pairs(SAME_CRS))
def test_same_portions(case: Case, portions: Cut, sources: Sources, folders: Folders) -> None:
    ours, theirs = folders
    work = cut(case.config(sources), *portions)
    run_mapchete(work, theirs, case.steps)
    run_automap(work, ours)
    # of so many tiles one is the whole of some cases
    assert_same_tiles(ours, theirs, within=case.within, least=1 if portions[0] >= 4 else 2)


@pytest.mark.parametrize("case", REPROJECTED, ids=lambda case: case.name)
def test_any_portions(case: Case, sources: Sources, folders: Folders) -> None:
    ours, theirs = folders
    run_mapchete(cut(case.config(sources), *SINGLE), theirs)
    for metatiling, pixelbuffer in case.cuts:
        portion = ours / f"{metatiling}_{pixelbuffer}"
        run_automap(
            cut(case.config(sources), metatiling, pixelbuffer, output_metatiling=1), portion
        )
        assert_same_tiles(portion, theirs)


def test_group_of_real_dates(shared: Path, folders: Folders) -> None:
    need_real("sentinel2/eolearn_slovenia_l1c")
    ours, theirs = folders
    work = shared_group(shared)
    run_mapchete(cut(work, *SINGLE), theirs)
    run_automap(cut(work, 4, 0, output_metatiling=1), ours)
    assert_same_tiles(ours, theirs)


@pytest.mark.parametrize("cog", [False, True])
def test_single_geotiff(cog: bool, sources: Sources, folders: Folders) -> None:
    ours, theirs = (folder.with_suffix(".tif") for folder in folders)
    output = gtiff(3, cog=True) if cog else gtiff(3)
    work = config("read", {"raster": str(sources.degrees)}, output, zooms=7)
    work["bounds"] = BOUNDS
    run_mapchete(work, theirs)
    run_automap(work, ours)
    assert_same_raster(ours, theirs)


@pytest.mark.parametrize("writer", [run_automap, run_mapchete])
def test_tiles_as_input(writer: Writer, sources: Sources, tmp_path: Path) -> None:
    """Each engine reads the tiles of either: a folder, and a process file on the same grid."""
    first = cut(config("read", {"raster": str(sources.degrees)}, gtiff(3)), 2, 0)
    made = writer(first, tmp_path / "made")
    file = tmp_path / "made.mapchete"
    file.write_text(json.dumps(with_output(first, made)))
    for source, grid in ((made, "geodetic"), (made, "mercator"), (file, "geodetic")):
        second = config("read", {"raster": str(source)}, gtiff(3), grid=grid)
        # mapchete overlooks bounds_crs
        second["bounds"] = list(transform_bounds("EPSG:4326", CRS_OF[grid], *BOUNDS))
        theirs = run_mapchete(second, tmp_path / "theirs" / grid / source.name)
        ours = run_automap(second, tmp_path / "ours" / grid / source.name)
        assert_same_tiles(ours, theirs)


def test_process_file_on_another_grid(sources: Sources, tmp_path: Path) -> None:
    """Here mapchete finds nothing; ours is the same as from the folder."""
    first = cut(config("read", {"raster": str(sources.degrees)}, gtiff(3)), 2, 0)
    made = run_automap(first, tmp_path / "made")
    file = tmp_path / "made.mapchete"
    file.write_text(json.dumps(with_output(first, made)))
    outputs = []
    for source in (made, file):
        second = config("read", {"raster": str(source)}, gtiff(3), grid="mercator")
        second.update(bounds=BOUNDS, bounds_crs="EPSG:4326")
        outputs.append(run_automap(second, tmp_path / "again" / source.name))
    assert_same_tiles(*outputs)


@pytest.mark.parametrize("buffer", [0, 6])
def test_tiles_as_input_of_a_buffered_process(
    buffer: int, sources: Sources, tmp_path: Path
) -> None:
    first = config("read", {"raster": str(sources.degrees)}, gtiff(3), zooms=6)
    made = run_automap(cut(first, 2, 0), tmp_path / "made")
    second = config("neighbourhood", {"raster": str(made)}, gtiff(1, "float32", nodata=-1))
    second = {**cut(second, 1, buffer), "bounds": BOUNDS}
    theirs = run_mapchete(second, tmp_path / "theirs")
    ours = run_automap(second, tmp_path / "ours")
    assert_same_tiles(ours, theirs)


def test_vector_tiles_as_input(sources: Sources, tmp_path: Path) -> None:
    schema = {"geometry": "Polygon", "properties": {"id": "int", "name": "str"}}
    output = {"format": "GeoJSON", "schema": schema}
    first = config("features", {"shapes": str(sources.shapes)}, output, zooms=6)
    made = run_automap(first, tmp_path / "made")
    second = config("features", {"shapes": str(made)}, output, zooms=6, bounds=BOUNDS)
    theirs = run_mapchete(second, tmp_path / "theirs")
    ours = run_automap(second, tmp_path / "ours")
    assert_same_tiles(ours, theirs)


def test_mapchete_opens_ours(sources: Sources, tmp_path: Path) -> None:
    """Its own Python interface, on the folder and on the process file."""
    import mapchete

    work = cut(config("read", {"raster": str(sources.degrees)}, gtiff(3)), 2, 0)
    ours = run_automap(work, tmp_path / "tiles")
    process_file = {**with_output(work, ours), "config_dir": str(tmp_path)}
    for source, options in ((str(ours), {"zoom": 6}), (process_file, {"mode": "readonly"})):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            process = mapchete.open(source, **options)
            found = {
                name: process.config.output.read(
                    process.config.output_pyramid.tile(*map(int, Path(name).with_suffix("").parts))
                )
                for name in tiles(ours)
            }
        assert len(found) > 2
        for name, data in found.items():
            with rasterio.open(ours / name) as file:
                assert_same_array(data, file.read(masked=True), where=name)


def test_we_go_on_where_mapchete_stopped(sources: Sources, tmp_path: Path) -> None:
    """Tiles that mapchete wrote are not computed again, nor touched."""
    work = config("read", {"raster": str(sources.degrees)}, gtiff(3))
    whole = run_mapchete(work, tmp_path / "whole")
    part = run_mapchete({**work, "bounds": [11.3, 45.1, 14.0, 49.9]}, tmp_path / "part")
    before = {name: path.stat().st_mtime_ns for name, path in tiles(part).items()}
    assert 0 < len(before) < len(tiles(whole))
    run_automap(work, part)
    after = tiles(part)
    assert {name: after[name].stat().st_mtime_ns for name in before} == before
    assert_same_tiles(part, whole)


def test_mapchete_goes_on_where_we_stopped(sources: Sources, tmp_path: Path) -> None:
    work = config("read", {"raster": str(sources.degrees)}, gtiff(3))
    whole = run_automap(work, tmp_path / "whole")
    part = run_automap({**work, "bounds": [11.3, 45.1, 14.0, 49.9]}, tmp_path / "part")
    before = {name: path.stat().st_mtime_ns for name, path in tiles(part).items()}
    assert 0 < len(before) < len(tiles(whole))
    run_mapchete(work, part)
    after = tiles(part)
    assert {name: after[name].stat().st_mtime_ns for name in before} == before
    assert_same_tiles(part, whole)


def test_tags_are_those_of_mapchete(sources: Sources, folders: Folders) -> None:
    ours, theirs = folders
    work = config("special", {"raster": str(sources.degrees)}, gtiff(3, "int32", nodata=-7))
    run_mapchete(work, theirs)
    run_automap(work, ours)
    expected, found = tiles(theirs), tiles(ours)
    assert expected
    for name, path in expected.items():
        with rasterio.open(path) as other, rasterio.open(found[name]) as mine:
            wanted = {key: other.tags()[key] for key in ("zoom", "width")}
            assert {key: mine.tags().get(key) for key in wanted} == wanted


def test_the_comparison_can_fail(sources: Sources, folders: Folders) -> None:
    """One changed pixel, or one missing tile, is noticed."""
    ours, theirs = folders
    work = config("read", {"raster": str(sources.degrees)}, gtiff(3))
    run_mapchete(work, ours)
    run_mapchete(work, theirs)
    assert_same_tiles(ours, theirs)
    name, path = list(tiles(ours).items())[3]
    with rasterio.open(path) as file:
        data, profile = file.read(), file.profile
    band, row, col = np.argwhere(data > 1)[0]
    data[band, row, col] -= 1
    with rasterio.open(path, "w", **profile) as file:
        file.write(data)
    with pytest.raises(AssertionError, match="1 of"):
        assert_same_tiles(ours, theirs)
    path.unlink()
    with pytest.raises(AssertionError, match=name):
        assert_same_tiles(ours, theirs)


@pytest.mark.parametrize("lower", ["nearest", "average"])
def test_overviews_with_a_buffer(lower: str, sources: Sources, folders: Folders) -> None:
    """What ours has is mapchete's.

    That goes on beyond the tiles of the area with what their buffers hold, which depends on how the
    work is cut; ours ends where the tiles do.
    """
    ours, theirs = folders
    output = {**gtiff(3), "pixelbuffer": 8}
    work = config("read", {"raster": str(sources.degrees)}, output, zooms={"min": 4, "max": 6})
    work["bounds"] = [10.5, 46.5, 16.5, 50.0]
    work["baselevels"] = {"min": 6, "max": 6, "lower": lower}
    work = cut(work, 1, 8)
    run_mapchete(work, theirs, (6, 5, 4))
    run_automap(work, ours)
    expected, found = tiles(theirs), tiles(ours)
    assert set(expected) == set(found)
    compared = 0
    for name in expected:
        with rasterio.open(expected[name]) as other, rasterio.open(found[name]) as mine:
            assert (mine.transform, mine.shape) == (other.transform, other.shape)
            theirs_is, ours_is = other.read(masked=True), mine.read(masked=True)
        valid = ~np.ma.getmaskarray(ours_is)
        assert not (valid & np.ma.getmaskarray(theirs_is)).any()
        difference = np.abs(theirs_is.data.astype(float) - ours_is.data)[valid]
        assert difference.max() <= (0 if lower == "nearest" else 1)
        core = np.zeros(valid.shape, dtype=bool)
        core[:, 8:-8, 8:-8] = True
        compared += int((valid & ~core).sum()) if not name.startswith("6/") else 0
    assert compared > 10_000

"""Parity with mapchete: the same configuration, run by both, gives the same tiles.

Every tile is compared: which there are, arrays, masks, transforms, CRS, dtype and nodata.

GDAL's approximating transformer depends a little on the window it is asked for, so that mapchete
gives other pixels for another metatiling or pixel buffer when the source must be reprojected
(measured: 1.2 % of the pixels with nearest). Ours does not: everything is warped in the single
tiles of the pyramid, whatever the cut. Therefore

- where source and grid share the CRS, both run with the same metatiling and pixel buffer, and the
  files are compared one to one;
- where a reprojection is needed, our result for *any* metatiling and pixel buffer is compared with
  mapchete's for metatiling 1 and no buffer, exactly. The same goes for overviews.

A difference of 1 is allowed only where overviews were resampled.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio

from tests.parity.cases import REPROJECTED, SAME_CRS, SINGLE, Case, Cut, config, gtiff, shared_group
from tests.parity.compare import assert_same_array, assert_same_raster, assert_same_tiles, tiles
from tests.parity.engines import cut, run_automap, run_mapchete, with_output
from tests.parity.sources import Sources

pytestmark = pytest.mark.parity
Folders = tuple[Path, Path]
Writer = Callable[..., Path]


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
    run_mapchete(work, theirs)
    run_automap(work, ours)
    assert_same_tiles(ours, theirs, within=case.within, least=1)


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
    work["bounds"] = [11.3, 45.1, 17.2, 49.9]
    run_mapchete(work, theirs)
    run_automap(work, ours)
    assert_same_raster(ours, theirs)


@pytest.mark.parametrize("writer", [run_automap, run_mapchete])
@pytest.mark.parametrize("kind", ["directory", "process file"])
def test_tiles_as_input(writer: Writer, kind: str, sources: Sources, tmp_path: Path) -> None:
    """Each engine reads the tiles of either, from the same and from another zoom and grid."""
    first = config("read", {"raster": str(sources.degrees)}, gtiff(3), zooms=6)
    made = writer(cut(first, 2, 0), tmp_path / "made")
    if kind == "process file":
        source = tmp_path / "made.mapchete"
        source.write_text(json.dumps(with_output(cut(first, 2, 0), made)))
    else:
        source = made
    for zoom in (6, 7):
        second = config("read", {"raster": str(source)}, gtiff(3), zooms=zoom)
        second["bounds"] = [11.3, 45.1, 17.2, 49.9]
        theirs = run_mapchete(second, tmp_path / f"theirs_{zoom}")
        ours = run_automap(second, tmp_path / f"ours_{zoom}")
        assert_same_tiles(ours, theirs)


@pytest.mark.parametrize("buffer", [0, 6])
def test_tiles_as_input_of_a_buffered_process(
    buffer: int, sources: Sources, tmp_path: Path
) -> None:
    first = config("read", {"raster": str(sources.degrees)}, gtiff(3), zooms=6)
    made = run_automap(cut(first, 2, 0), tmp_path / "made")
    second = config("neighbourhood", {"raster": str(made)}, gtiff(1, "float32", nodata=-1))
    second = cut(second, 1, buffer)
    theirs = run_mapchete(second, tmp_path / "theirs")
    ours = run_automap(second, tmp_path / "ours")
    assert_same_tiles(ours, theirs)


def test_vector_tiles_as_input(sources: Sources, tmp_path: Path) -> None:
    schema = {"geometry": "Polygon", "properties": {"id": "int", "name": "str"}}
    output = {"format": "GeoJSON", "schema": schema}
    first = config("features", {"shapes": str(sources.shapes)}, output, zooms=6)
    made = run_automap(first, tmp_path / "made")
    inputs = {"raster": str(sources.degrees), "shapes": str(made)}
    second = config("clipped", inputs, gtiff(4), zooms=6)
    theirs = run_mapchete(second, tmp_path / "theirs")
    ours = run_automap(second, tmp_path / "ours")
    assert_same_tiles(ours, theirs)


def test_mapchete_opens_ours(sources: Sources, tmp_path: Path) -> None:
    """Its own Python interface, on the folder and on the process file."""
    import mapchete

    work = cut(config("read", {"raster": str(sources.degrees)}, gtiff(3)), 2, 0)
    ours = run_automap(work, tmp_path / "tiles")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for source in (ours, {**with_output(work, ours), "config_dir": str(tmp_path)}):
            with mapchete.open(
                source if isinstance(source, dict) else str(source), mode="readonly"
            ) as mp:
                seen = 0
                for name, path in tiles(ours).items():
                    index = map(int, Path(name).with_suffix("").parts)
                    data = mp.config.output_reader.read(mp.config.output_pyramid.tile(*index))
                    with rasterio.open(path) as file:
                        assert_same_array(data, file.read(masked=True), where=name)
                    seen += 1
                assert seen > 2


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
    with rasterio.open(path, "r+") as file:
        band = file.read(1)
        row, col = np.argwhere(band > 1)[0]
        band[row, col] -= 1
        file.write(band, 1)
    with pytest.raises(AssertionError, match="1 of"):
        assert_same_tiles(ours, theirs)
    path.unlink()
    with pytest.raises(AssertionError, match=name):
        assert_same_tiles(ours, theirs)

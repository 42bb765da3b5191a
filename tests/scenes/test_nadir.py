"""`brdf`: what is read, against the factor reckoned pixel by pixel."""

from __future__ import annotations

import pickle
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from automap_tiles import raster
from automap_tiles.analysis.brdf.nadir import nadir_factor
from automap_tiles.errors import ConfigError, InputError
from automap_tiles.grid import Pyramid
from automap_tiles.missions import Scene
from automap_tiles.notes import Fate
from automap_tiles.scenes import find, nadir
from automap_tiles.scenes.frames import NativeFrame, TileFrame
from automap_tiles.scenes.lattice import Lattice
from automap_tiles.scenes.reading import Reading, read_dates, read_stack
from automap_tiles.scenes.select import overpasses
from tests.imagery.place import need_real
from tests.missions.sentinel2.test_angles import granule, grids
from tests.scenes.samples import BANDS, grid_at, make_scene, reflectance, write
from tests.scenes.test_reading import tile_over

GRID = grid_at(size=500)
PLAIN = Reading(bands=BANDS, mask=None)
VIEWS = grids(1, 7, "5 6\n7 8") + grids(3, 7, "5 6\n7 8") + grids(3, 9, "9 9\n9 9")


def seen(folder: Path, views: str = VIEWS, **said: str) -> Scene:
    (folder / "MTD_TL.xml").write_bytes(granule(views))
    scene = make_scene(folder, grid=GRID)
    return replace(scene, metadata={"angles": {"granule": str(folder / "MTD_TL.xml"), **said}})


def by_hand(band: str, zenith: Any, azimuth: float = 100.0) -> Any:
    """Factors at the four corners of the square of nodes, between them bilinear."""
    sun, aside = np.array([[40.0, 41], [42, 43]]), np.array([[150.0, 151], [152, 153]])
    corners = nadir_factor(band, sun, zenith, azimuth - aside)
    place = (np.arange(500) + 0.5) * 10 / 5000
    down, right = place[:, None], place
    return (
        corners[0, 0] * (1 - down) * (1 - right)
        + corners[0, 1] * (1 - down) * right
        + corners[1, 0] * down * (1 - right)
        + corners[1, 1] * down * right
    )


def read(
    scene: Scene, reading: Reading = PLAIN, rows: Any = range(500), cols: Any = range(500)
) -> Any:
    frame = NativeFrame(Lattice.of(GRID), (rows, cols))
    return read_dates(overpasses([scene]), frame, reading, target=frame.grid)


def test_reflectance_is_that_seen_from_above(tmp_path: Path) -> None:
    plain = seen(tmp_path)
    scene = nadir.factors_of(plain, ["blue"])
    zenith = np.array([[5.0, 6], [7, 8]])
    stack = read(scene)
    wanted = reflectance(plain, "blue").astype("f8") * by_hand("blue", zenith)
    ok = stack.valid[0]
    np.testing.assert_allclose(stack.band("blue")[0].data[ok], wanted.data[ok], atol=2e-7)
    # bands that were not asked for stay as they were
    assert (stack.band("red")[0].data[ok] == reflectance(plain, "red").data[ok]).all()


def test_whole_numbers_are_rounded_once(tmp_path: Path) -> None:
    plain = seen(tmp_path)
    stack = read(nadir.factors_of(plain, ["blue"]), replace(PLAIN, whole=True))
    numbers = raster.read(plain.band("blue").href, GRID)[0].data.astype("f8")
    exact = (numbers * 1e-4 - 0.1) * 10_000 * by_hand("blue", np.array([[5.0, 6], [7, 8]]))
    ok = stack.valid[0]
    apart = np.abs(stack.values[0, 0][ok] - exact[ok])
    assert apart.max() <= 0.5 + 1e-6


def test_the_detector_that_saw_a_pixel_counts(tmp_path: Path) -> None:
    numbers = np.full((1, 500, 500), 7, dtype="u1")
    numbers[0, :, 250:] = 9
    raster_of = write(tmp_path / "MSK_DETFOO_B04.tif", numbers, GRID, nodata=None)
    plain = seen(tmp_path, detectors_B04=raster_of)
    stack = read(nadir.factors_of(plain, ["red"]))
    first = by_hand("red", np.array([[5.0, 6], [7, 8]]))
    wanted = np.where(np.arange(500) < 250, first, by_hand("red", np.full((2, 2), 9.0)))
    wanted = reflectance(plain, "red").astype("f8") * wanted
    ok = stack.valid[0]
    np.testing.assert_allclose(stack.band("red")[0].data[ok], wanted.data[ok], atol=2e-7)


def test_the_same_whatever_window_asks(tmp_path: Path) -> None:
    scene = nadir.factors_of(seen(tmp_path), BANDS)
    whole = read(scene).values[0]
    part = read(scene, rows=range(37, 300), cols=range(101, 333)).values[0]
    assert (part == whole[:, 37:300, 101:333]).all()
    tiles = {level: tile_over(GRID, level) for level in (13, 14)}
    pyramid = Pyramid.from_grid("mercator", metatiling=2)
    for tile in tiles.values():
        found = nadir.factor_at(scene, "red", TileFrame(tile))
        assert found is not None
        row, col = tile.index.row // 2, tile.index.col // 2
        larger = pyramid.tile(tile.zoom, row, col)
        around = nadir.factor_at(scene, "red", TileFrame(larger))
        assert around is not None
        down, right = (tile.index.row % 2) * 256, (tile.index.col % 2) * 256
        assert (around[down : down + 256, right : right + 256] == found).all()


def test_it_travels_and_says_when_it_changes(tmp_path: Path) -> None:
    scene = nadir.factors_of(seen(tmp_path), BANDS)
    there = pickle.loads(pickle.dumps(scene))
    assert nadir.digest(there) == nadir.digest(scene)
    other = nadir.factors_of(seen(tmp_path, grids(1, 7, "5 6\n7 9")), BANDS)
    assert nadir.digest(other) != nadir.digest(scene)


def test_metadata_in_an_archive(tmp_path: Path) -> None:
    scene = seen(tmp_path)
    with zipfile.ZipFile(tmp_path / "product.zip", "w") as archive:
        archive.write(tmp_path / "MTD_TL.xml", "inner/MTD_TL.xml")
    href = f"/vsizip/{{{tmp_path}/product.zip}}/inner/MTD_TL.xml"
    packed = replace(scene, metadata={"angles": {"granule": href}})
    assert nadir.digest(nadir.factors_of(packed, BANDS)) == nadir.digest(
        nadir.factors_of(scene, BANDS)
    )


def test_what_cannot_be_corrected_is_refused_or_told(tmp_path: Path) -> None:
    scene = seen(tmp_path)
    with pytest.raises(ConfigError, match="from straight above already: NBAR") as caught:
        nadir.factors_of(replace(scene, is_from_above="NBAR"), BANDS)
    assert caught.value.key == "brdf"
    with pytest.raises(InputError, match=r"no MTD_TL\.xml"):
        nadir.factors_of(replace(scene, metadata={}), BANDS)
    corrected = nadir.factors_of(scene, ["blue"])
    notes = list(nadir.notes_of([corrected], ["blue", "cirrus"]))
    assert [(note.fate, note.examples) for note in notes] == [(Fate.IGNORED, ("cirrus",))]
    guessed = nadir.factors_of(scene, ["red"])
    (note,) = nadir.notes_of([guessed], ["red"])
    assert note.fate is Fate.GUESSED
    assert "MSK_DETFOO" in note.reason


def test_two_orbits_over_33twl(shared: Path) -> None:
    """Two days and the sun's side apart: what the view does to bare ground and vegetation goes."""
    need_real("sentinel2/mapchete_eo_33TWL_l2a_120m")
    folder = shared / "data/sentinel2/mapchete_eo_33TWL_l2a_120m"
    names = ("S2B_33TWL_20230813_0_L2A", "S2A_33TWL_20230815_0_L2A")
    scenes = [find.products(folder / name, bands=BANDS).scenes[0] for name in names]
    grid = scenes[0].band("red").grid
    assert grid is not None

    def steps(pair: list[Scene]) -> dict[int, list[float]]:
        one, two = (read_stack([scene], grid, bands=BANDS) for scene in pair)
        classes = [raster.read(scene.quality[0].href, one.grid)[0].data for scene in pair]
        both = one.valid[0] & two.valid[0] & (classes[0] == classes[1])
        ratio = two.values[0] / np.where(both, one.values[0], 1)
        return {
            cover: [float(np.median(band[both & (classes[0] == cover)])) for band in ratio]
            for cover in (4, 5)
        }

    before, after = steps(scenes), steps([nadir.factors_of(each, BANDS) for each in scenes])
    assert min(before[5]) > 1.065
    assert max(after[5]) < 1.015  # bare ground, every band
    assert before[4][3] > 1.06
    assert after[4][3] < 1.01  # near infrared of vegetation

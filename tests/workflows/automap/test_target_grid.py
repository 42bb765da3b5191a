"""`--crs` and `--resolution` of a run: composites on another grid than that of their scenes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
import rasterio.warp
from affine import Affine
from rasterio.crs import CRS
from shapely.geometry import MultiPoint, MultiPolygon, box, mapping, shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from automap_tiles.errors import ConfigError
from automap_tiles.grid import Grid
from automap_tiles.scenes import find
from automap_tiles.vector import reproject_geometry
from automap_tiles.workflows import run
from automap_tiles.workflows.automap import CompositeOrder, _composite
from automap_tiles.workflows.automap.parameters import parameters_of
from automap_tiles.workflows.events import Finished
from tests.scenes.samples import grid_at, write
from tests.workflows.automap.test_seamless import DESCRIPTION, SIX

SIZE = 64
LON_LAT = CRS.from_epsg(4326)


def products(folder: Path, days: dict[str, tuple[Grid, Any]]) -> Path:
    """Scenes of days, of the same pixels in all bands; the last date's cloud is in its corner."""
    for day, (grid, pixels) in days.items():
        for name in SIX:
            write(folder / day / f"{name}.tif", np.asarray(pixels, "u2")[None], grid)
        classes = np.full((1, *grid.shape), 4, "u1")
        classes[0, :5, :7] = 9
        write(folder / day / "scl.tif", classes, grid)
    (folder / "scenes.yaml").write_text(json.dumps(DESCRIPTION))
    return folder


def composite(
    folder: Path, output: Path, around: BaseGeometry | None = None, **options: Any
) -> Path:
    scenes = find.products(folder).scenes
    area = output.with_suffix(".json")
    outlines = [box(*scene.footprint.bounds) for scene in scenes if scene.footprint]
    area.write_text(json.dumps(mapping(around or unary_union(outlines))))
    order = CompositeOrder(
        satellites=("2",), start="2020-01-01", end="2020-12-31", boundary=str(area),
        input=str(folder), output=str(output), workers=1, **options,
    )  # fmt: skip
    *_, last = list(run(order))
    assert isinstance(last, Finished)
    (path,) = (output / "sentinel-2").glob("*.tif")
    return path


def noise(seed: int) -> Any:
    return np.random.default_rng(seed).integers(1000, 6000, (SIZE, SIZE))


@pytest.mark.parametrize(
    ("crs", "pixel"), [("EPSG:3035", 10.0), ("4326", 10 / 111_319.4907932736), ("EPSG:3857", 10.0)]
)
def test_scenes_of_two_zones_on_a_third_grid(crs: str, pixel: float, tmp_path: Path) -> None:
    """Values stay those of the scenes, and pixels count from the origin of the CRS."""
    left, right = grid_at(size=SIZE, crs=CRS.from_epsg(32633)), CRS.from_epsg(32634)
    place = box(*left.bounds)
    there = reproject_geometry(place, left.crs, right).bounds
    other = grid_at(there[0] // 10 * 10, there[3] // 10 * 10, SIZE, crs=right)
    source = products(
        tmp_path / "in",
        {"20200601": (left, np.full((SIZE, SIZE), 2000)),
         "20200611": (other, np.full((SIZE, SIZE), 4000))},
    )  # fmt: skip
    with rasterio.open(composite(source, tmp_path / "out", crs=crs)) as file:
        assert file.crs == CRS.from_user_input(int(crs.removeprefix("EPSG:")))
        assert file.transform.a == pytest.approx(pixel)
        assert -file.transform.e == pytest.approx(file.transform.a)
        corner = np.array([file.transform.c, file.transform.f]) / file.transform.a
        assert np.allclose(corner, corner.round(), atol=1e-6)
        found = dict(zip(file.descriptions, file.read(masked=True), strict=True))
    count = found["valid_count"].filled(0)
    assert set(np.unique(count)) <= {0, 1, 2}
    assert (count == 2).mean() > 0.3
    assert set(found["median_red"][count == 2].compressed()) == {3000}
    assert set(found["median_red"][count == 1].compressed()) == {2000, 4000}


def test_coarser_pixels_are_means(tmp_path: Path) -> None:
    grid = grid_at(size=SIZE)
    source = products(tmp_path / "in", {"20200601": (grid, noise(1))})
    with rasterio.open(composite(source, tmp_path / "fine")) as file:
        fine, corner = file.read(1, masked=True), file.transform
    with rasterio.open(composite(source, tmp_path / "coarse", resolution=40)) as file:
        coarse, transform = file.read(1, masked=True), file.transform
    assert (transform.a, transform.e) == (40, -40)
    offset = [(transform.f - corner.f) / corner.e, (transform.c - corner.c) / corner.a]
    row, col = map(round, offset)
    assert np.allclose(offset, (row, col))
    seen = 0
    for y in range(coarse.shape[0]):
        for x in range(coarse.shape[1]):
            top, west = row + 4 * y, col + 4 * x
            if top < 0 or west < 0:
                continue
            block = fine[top : top + 4, west : west + 4]
            if block.shape == (4, 4) and not np.ma.getmaskarray(block).any():
                seen += 1
                assert coarse[y, x] == pytest.approx(block.mean(), abs=1)
    assert seen > 100


def test_another_grid_in_the_same_output_is_refused_and_the_item_says_which(
    tmp_path: Path,
) -> None:
    source = products(tmp_path / "in", {"20200601": (grid_at(size=SIZE), noise(2))})
    path = composite(source, tmp_path / "out", crs="EPSG:3035", resolution=20)
    item = json.loads(path.with_suffix(".json").read_text())
    assert item["properties"]["automap:grid"] == {"crs": "EPSG:3035", "resolution": 20}
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="on another grid"):
        composite(source, tmp_path / "out", crs="EPSG:3035", resolution=30)
    with pytest.raises(ConfigError, match="on another grid"):
        composite(source, tmp_path / "out")
    assert composite(source, tmp_path / "out", crs="3035", resolution=20).read_bytes() == before
    anew = composite(source, tmp_path / "out", crs="3035", resolution=30, overwrite=True)
    with rasterio.open(anew) as file:
        assert file.res == (30, 30)


@pytest.mark.parametrize("crs", ["EPSG:1", "the usual one", "EPSG:4978"])
def test_what_is_not_a_map_is_refused_before_anything_is_fetched(crs: str, tmp_path: Path) -> None:
    source = products(tmp_path / "in", {"20200601": (grid_at(size=SIZE), noise(3))})
    with pytest.raises(ConfigError, match="crs"):
        composite(source, tmp_path / "out", crs=crs)
    assert not (tmp_path / "out").exists()


WEST = grid_at(819_180, 8_118_320, SIZE, crs=CRS.from_epsg(32760))  # at 17° south
EAST = grid_at(180_180, 8_118_320, SIZE, crs=CRS.from_epsg(32701))
BOTH_SIDES = MultiPolygon([box(179.9, -17.1, 180, -16.9), box(-180, -17.1, -179.9, -16.9)])


def both_sides(folder: Path) -> Path:
    """Scenes that meet at the antimeridian."""
    return products(
        folder,
        {"20200601": (WEST, np.full((SIZE, SIZE), 2000)),
         "20200611": (EAST, np.full((SIZE, SIZE), 4000))},
    )  # fmt: skip


# true at the equator, true here, and by the series for lengths of degrees (WGS 84, at 17°)
@pytest.mark.parametrize(
    ("crs", "true"),
    [
        ("EPSG:3832", np.cos(np.radians(17)) ** 2),
        (None, 1.0),
        ("EPSG:3857", np.cos(np.radians(17)) ** 2),
        ("EPSG:4326", 110_669.0 * 106_485.0),
    ],
)
def test_scenes_of_both_sides_of_the_antimeridian(
    crs: str | None, true: float, tmp_path: Path
) -> None:
    """No pixel of theirs is lost: neither where scenes are cut to the area nor in the composite.

    Of longitudes those beyond 180 degrees go on in one file that is no wider than the scenes.
    """
    path = composite(both_sides(tmp_path / "in"), tmp_path / "out", BOTH_SIDES, crs=crs)
    with rasterio.open(path) as file:
        found = dict(zip(file.descriptions, file.read(masked=True), strict=True))
        metres = abs(file.transform.a * file.transform.e) * true
        assert max(file.shape) < 1.3 * SIZE
        assert file.bounds.left > 0
        rows, cols = np.nonzero((found["median_red"] == 4000).filled(False))
        x, y = rasterio.transform.xy(file.transform, rows, cols)
        there = rasterio.warp.transform(file.crs, EAST.crs, np.ravel(x), np.ravel(y))
        assert box(*EAST.bounds).buffer(10).contains(MultiPoint(np.column_stack(there)))
    hidden = 5 * 7  # of a cloud in each
    for value in (2000, 4000):
        only = (found["median_red"] == value).filled(False).sum()
        both = (found["median_red"] == 3000).filled(False).sum()
        seen = (only + both) * metres / 100
        assert seen == pytest.approx(SIZE**2 - hidden, rel=0.01)
    for item in (path.with_suffix(".json"), *(path.parent / "scenes").glob("in_*.json")):
        said = json.loads(item.read_text())
        left, _, right, _ = shape(said["geometry"]).bounds
        assert (left, right) == (-180, 180)
        assert -180 < said["bbox"][2] < 0 < said["bbox"][0] < 180


def test_scenes_apart_on_both_sides_of_the_antimeridian(tmp_path: Path) -> None:
    """In one file no wider than they are; one around the world, of an earlier version, goes on."""
    west = grid_at(810_180, 8_118_320, SIZE, crs=WEST.crs)
    east = grid_at(189_180, 8_118_320, SIZE, crs=EAST.crs)
    source = products(
        tmp_path / "in",
        {"20200601": (west, np.full((SIZE, SIZE), 2000)),
         "20200611": (east, np.full((SIZE, SIZE), 4000))},
    )  # fmt: skip
    grid: dict[str, Any] = {"crs": "EPSG:4326", "resolution": 0.0002}
    path = composite(source, tmp_path / "out", BOTH_SIDES, **grid)
    order = CompositeOrder(
        satellites=("2",), start="2020-01-01", end="2020-12-31", input=str(tmp_path / "in"),
        boundary=str(tmp_path / "out.json"), output=str(path.parents[1]), **grid,
    )  # fmt: skip
    run = parameters_of(order)
    with rasterio.open(path) as file:
        red = file.read(file.descriptions.index("median_red") + 1)
        assert file.bounds.right - file.bounds.left < 0.21
        assert 179.8 < file.bounds.left < 180 < file.bounds.right < 180.2
    assert (red == 2000).sum() == pytest.approx((red == 4000).sum(), rel=0.05)
    assert (red == 2000).sum() > 600

    def width(*, anew: bool) -> float:
        left, _, right, _ = _composite.composite_config(run, "sentinel-2", anew=anew)["bounds"]
        return float(right - left)

    assert width(anew=False) == width(anew=True) < 0.21
    write(path, np.ones((1, 2, 36), "i2"), Grid(LON_LAT, Affine(10, 0, -180, 0, -10, 0), (2, 36)))
    assert width(anew=False) == pytest.approx(360, abs=0.001)
    assert width(anew=True) < 0.21

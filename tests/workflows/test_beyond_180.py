"""One file over the antimeridian, its longitudes going on beyond 180: all that reads it agrees."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
import rasterio.warp
from affine import Affine
from click.testing import CliRunner
from rasterio.crs import CRS
from shapely.geometry import MultiPolygon, Point, box, shape

from automap_tiles.cli.main import automap
from automap_tiles.workflows.automap._stac import collection
from automap_tiles.workflows.samples import look_at
from automap_tiles.workflows.samples.pixels import place
from automap_tiles.workflows.tiles.stac import ItemRequest, item_of
from tests.workflows.samples.scenes import samples_of

PIXEL = 360 / 2**13 / 256
"""Of zoom 12 of the geodetic pyramid."""
WIDTH, HEIGHT = 60, 40
LEFT, TOP = 180 - 20 * PIXEL, 16 * PIXEL


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A third of its columns are west of the antimeridian."""
    path = tmp_path_factory.mktemp("beyond") / "map.tif"
    values = np.arange(1, WIDTH * HEIGHT + 1, dtype="u2").reshape(1, HEIGHT, WIDTH)
    with rasterio.open(
        path, "w", driver="GTiff", count=1, dtype="uint16", width=WIDTH, height=HEIGHT, nodata=0,
        crs="EPSG:4326", transform=Affine(PIXEL, 0, LEFT, 0, -PIXEL, TOP),
    ) as file:  # fmt: skip
        file.write(values)
    return path


@pytest.fixture(scope="module")
def tiles(picture: Path) -> Path:
    folder = picture.with_name("tiles")
    done(
        "convert", str(picture), str(folder), "--output-pyramid", "geodetic", "-z", "12",
        "--concurrency", "none", "--no-progress",
    )  # fmt: skip
    return folder


def done(*line: str) -> str:
    found = CliRunner().invoke(automap, list(line))
    assert found.exit_code == 0, found.output
    return found.output


def test_tiles_of_both_sides_have_all_pixels(picture: Path, tiles: Path) -> None:
    seen = {}
    for path in tiles.rglob("*.tif"):
        with rasterio.open(path) as file:
            (band,) = file.read()
            for row, col in np.argwhere(band != file.nodata).tolist():
                x, y = file.xy(row, col)
                seen[round(x % 360 / PIXEL, 3), round(y / PIXEL, 3)] = int(band[row, col])
    with rasterio.open(picture) as file:
        (band,) = file.read()
        wanted = {}
        for row, col in np.ndindex(band.shape):
            x, y = file.xy(row, col)
            wanted[round(x / PIXEL, 3), round(y / PIXEL, 3)] = int(band[row, col])
    assert seen == wanted
    assert "0 damaged" in done("verify", str(tiles))


def test_the_item_of_tiles_is_no_wider_than_they_are(tiles: Path) -> None:
    _, item = item_of(ItemRequest(tiles=str(tiles), metadata={"datetime": "2026-01-01T00:00:00Z"}))
    west, _, east, _ = item["bbox"]
    side = 256 * PIXEL
    assert (west, east) == (180 - side, -180 + side)
    halves = shape(item["geometry"])
    assert halves.area == pytest.approx(2 * side * 2 * side)
    assert halves.bounds[::2] == (-180, 180)


def test_pictures_for_web_maps_lie_on_both_sides(picture: Path, tmp_path: Path) -> None:
    done("export", str(picture), "-o", str(tmp_path / "xyz"), "-z", "12", "--stac", "--time",
         "2026-01-01")  # fmt: skip
    columns: dict[str, int] = {}
    for path in (tmp_path / "xyz" / "12").rglob("*.png"):
        with rasterio.open(path) as file:
            painted = int((file.read()[-1] > 0).sum())
        columns[path.parent.name] = columns.get(path.parent.name, 0) + painted
    assert set(columns) == {"0", str(2**12 - 1)}
    assert columns["0"] == pytest.approx(2 * columns[str(2**12 - 1)], rel=0.05)
    item = json.loads((tmp_path / "xyz" / "item.json").read_text())
    assert item["bbox"][0] == pytest.approx(LEFT)
    assert item["bbox"][2] == pytest.approx(LEFT + WIDTH * PIXEL - 360)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32601"])
def test_samples_of_the_other_side_lie_in_it(picture: Path, crs: str) -> None:
    """Their longitudes are those of everybody: -179.99, not 180.01."""
    rows, cols = np.array([3, 20, 30]), np.array([4, 30, 59])
    x = LEFT + (cols + 0.5) * PIXEL
    y = TOP - (rows + 0.5) * PIXEL
    x = (x + 180) % 360 - 180
    if crs != "EPSG:4326":
        x, y = (np.array(each) for each in rasterio.warp.transform("EPSG:4326", crs, x, y))
    found = place(
        samples_of(
            [Point(*each) for each in zip(x, y, strict=True)], [1, 2, 3], CRS.from_user_input(crs)
        ),
        look_at(picture),
    )
    assert found.claims.rows.tolist() == rows.tolist()
    assert found.claims.cols.tolist() == cols.tolist()
    assert not found.losses


def test_a_polygon_of_both_sides_is_one(picture: Path) -> None:
    """Cut at the antimeridian, as GeoJSON wants it; the cut is no edge of it."""
    half = 5 * PIXEL
    area = MultiPolygon([box(180 - half, 0, 180, half), box(-180, 0, -180 + half, half)])
    found = place(samples_of([area], [1], CRS.from_epsg(4326)), look_at(picture))
    assert len(found.claims) == 8 * 3  # without the pixels at its edge
    assert found.claims.cols.min() == 16
    assert found.claims.cols.max() == 23


def test_the_collection_of_scenes_reaches_over_the_antimeridian() -> None:
    boxes = [[179.5, 0, 180, 1], [179.9, 0, -179.9, 1], [-180, 0, -179.5, 2]]
    items = [
        (f"{number}.json", {"bbox": each, "properties": {"datetime": f"2020-01-0{number + 1}"}})
        for number, each in enumerate(boxes)
    ]

    def extent(*which: int) -> list[float]:
        found = collection([items[each] for each in which], "x")["extent"]["spatial"]["bbox"]
        return list(found[0])

    assert extent(0, 1, 2) == [179.5, 0, -179.5, 2]
    assert extent(0, 1) == pytest.approx([179.5, 0, -179.9, 1])
    assert extent(2) == [-180, 0, -179.5, 2]

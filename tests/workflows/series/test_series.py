"""Series of real scenes against what stands in their files."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.warp import transform
from shapely.geometry import Point, box

from automap_tiles.errors import ConfigError, MissingExtra
from automap_tiles.missions import Scene, quality_layer
from automap_tiles.scenes.masks import MaskRule
from automap_tiles.scenes.select import Selection
from automap_tiles.workflows import run
from automap_tiles.workflows.automap.discover import scenes_of
from automap_tiles.workflows.series import SeriesOrder
from automap_tiles.workflows.series._moments import needed_bands, series, to_csv
from automap_tiles.workflows.series._plot import SIZE, to_png
from tests.scenes.samples import grid_at, make_scene, reflectance

LANDSAT = "data/landsat/rio_tiler_pds_LC08_016037_C1_L1TP_900m"


@pytest.fixture
def one(shared: Path) -> tuple[Scene, ...]:
    return scenes_of(str(shared / LANDSAT), Selection(), ("red", "nir")).scenes


def lonlat(crs: str, x: float, y: float) -> Point:
    xs, ys = transform(crs, "EPSG:4326", [x], [y])
    return Point(xs[0], ys[0])


def test_a_point_is_the_pixel_it_lies_in(one: tuple[Scene, ...]) -> None:
    (scene,) = one
    file = scene.band("red")
    with rasterio.open(file.href) as source:
        numbers = source.read(1)
        rows, cols = np.nonzero(numbers)
        row, col = rows[len(rows) // 3], cols[len(cols) // 3]
        x, y = source.transform @ (col + 0.7, row + 0.2)
    assert file.scaling is not None
    (moment,) = series(one, lonlat("EPSG:32617", x, y), ["red"])
    wanted = file.scaling.slope * numbers[row, col] + file.scaling.offset
    assert moment.values[0] == pytest.approx(wanted, abs=1e-6)
    assert (moment.valid, moment.satellite, moment.scenes) == (1.0, "landsat-8", (scene.id,))


def test_an_area_is_the_mean_of_its_clear_pixels(one: tuple[Scene, ...]) -> None:
    (scene,) = one
    rule = MaskRule()
    rows, cols = slice(100, 140), slice(90, 150)
    planes = {}
    for name in ("red", "nir"):
        file = scene.band(name)
        assert file.scaling is not None
        with rasterio.open(file.href) as source:
            planes[name] = source.read(1)[rows, cols] * file.scaling.slope + file.scaling.offset
            corners = source.transform @ (89.9, 139.9), source.transform @ (149.9, 99.9)
    with rasterio.open(scene.quality[0].href) as source:
        flags = quality_layer(scene.quality[0].layer).to_flags(source.read(1)[rows, cols])
    clear = (flags & np.uint16(rule.flags | 1)) == 0
    assert 0 < clear.sum() < clear.size
    lower, upper = (lonlat("EPSG:32617", *corner) for corner in corners)
    place = box(lower.x, lower.y, upper.x, upper.y)
    (moment,) = series(one, place, ["ndvi", "red"], rule)
    ndvi = (planes["nir"] - planes["red"]) / (planes["nir"] + planes["red"])
    # the box in degrees is not quite that of the pixels
    assert moment.values[0] == pytest.approx(ndvi[clear].mean(), abs=0.01)
    assert moment.values[1] == pytest.approx(planes["red"][clear].mean(), abs=0.005)
    assert moment.valid == pytest.approx(clear.mean(), abs=0.03)


def test_dates_as_csv_and_png(shared: Path) -> None:
    folder = shared / "data" / "landsat" / "gdalcubes_L8NY18"
    place = Point(-73.95, 40.75)
    scenes = scenes_of(str(folder), Selection(area=place), ("red", "nir")).scenes
    moments = series(scenes, place, ["ndvi", "red"], MaskRule())
    rows = list(csv.DictReader(io.StringIO(to_csv(moments, ["ndvi", "red"]))))
    assert len(rows) == len(moments) > 10
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)
    clouded = [row for row in rows if row["ndvi"] == ""]
    assert clouded
    assert all(row["valid"] == "0" and row["red"] == "" for row in clouded)
    seen = [float(row["ndvi"]) for row in rows if row["ndvi"]]
    assert all(-1 <= value <= 1 for value in seen)
    with Image.open(io.BytesIO(to_png(moments, ["ndvi", "red"], "New York"))) as image:
        assert image.size == SIZE
        assert image.format == "PNG"
        colours = {colour for _, colour in image.getcolors(1 << 16) or ()}
    assert {(0x00, 0x9E, 0x73), (0x00, 0x72, 0xB2)} <= colours


def test_a_clouded_place_has_no_plot(shared: Path) -> None:
    folder = shared / "data" / "landsat" / "gdalcubes_L8NY18"
    place = Point(-73.95, 40.75)
    scenes = scenes_of(str(folder), Selection(area=place), ("red", "nir")).scenes
    moments = series(scenes, place, ["red"], MaskRule())
    with pytest.raises(ConfigError, match="nothing to plot"):
        to_png([moment for moment in moments if moment.values[0] is None], ["red"])


def test_needed_bands() -> None:
    assert needed_bands(["nbr", "red"]) == ("red", "nir", "swir2")
    for wrong in (["ndre"], ["b4"], []):
        with pytest.raises(ConfigError):
            needed_bands(wrong)


def test_too_large_for_a_series(one: tuple[Scene, ...]) -> None:
    with pytest.raises(ConfigError, match="too much"):
        series(one, box(-140, 0, -10, 60), ["red"])


@pytest.mark.parametrize("where", [(-178.99, -16.4), (181.02, -16.41), (-178.985, -16.395)])
def test_a_point_beside_the_edge_of_a_zone_has_its_own_pixel_of_every_scene(
    tmp_path: Path, where: tuple[float, float]
) -> None:
    """Of a grid that most scenes share it had the pixel beside its own of all others."""
    scenes = []
    for day, zone in enumerate((32760, 32701, 32760, 32601), start=1):
        crs = rasterio.CRS.from_epsg(zone)
        (x,), (y,) = transform("EPSG:4326", crs, [where[0]], [where[1]])
        grid = grid_at(round(x, -2) - 317, round(y, -2) + 323, 64, 10, crs)
        scene = make_scene(
            tmp_path, str(day), day, grid, day=day, bands=("red",), crs=f"EPSG:{zone}"
        )
        scenes.append(scene)
    moments = series(scenes, Point(where), ["red"])
    assert len(moments) == 4
    for scene, moment in zip(scenes, moments, strict=True):
        (x,), (y,) = transform("EPSG:4326", scene.crs, [where[0]], [where[1]])
        with rasterio.open(scene.band("red").href) as file:
            row, col = file.index(x, y)
        assert moment.values[0] == pytest.approx(reflectance(scene, "red")[row, col], abs=1e-6)


@pytest.mark.parametrize("point", [(16.4, 148.2), (float("nan"), 48.0), (16.4, float("nan"))])
def test_a_point_that_is_none(point: tuple[float, float], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="latitude from -90 to 90"):
        list(run(SeriesOrder(input=str(tmp_path), point=point)))


def test_a_missing_library_is_told_before_anything_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.ImageDraw", None)
    order = SeriesOrder(input=str(tmp_path / "nowhere"), point=(1.0, 2.0), plot="plot.png")
    with pytest.raises(MissingExtra, match="Pillow"):
        list(run(order))

"""Small inputs for the scenarios, each written into the working directory."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fiona
import numpy as np
import rasterio
from rasterio.transform import from_bounds
from rasterio.warp import transform_bounds

from tests.workflows.assess.maps import NAMES, classes, write_map

LEFT, TOP, PIXEL, SIDE = 500_000.0, 6_000_000.0, 30.0, 40

WORK = """\
from pathlib import Path
import numpy as np
from automap_tiles import Empty, Tile

def execute(tile: Tile, *, value: int = 7):
    here = Path(__file__).parent
    if (here / "interrupt").exists() and tile.zoom == 2:
        raise KeyboardInterrupt
    if tile.col == 0:
        raise Empty
    if (here / "bad").exists() and str(tile.index) in (here / "bad").read_text().split():
        raise ValueError(f"bad tile {tile.index}")
    return np.full((1, *tile.shape), value, np.uint8)
"""

CONFIG = """\
process: ./work.py
pyramid: {grid: geodetic}
zoom_levels: {min: 1, max: 2}
output: {format: GTiff, path: tiles, bands: 1, dtype: uint8}
process_parameters: {value: 7}
"""


def work() -> None:
    """work.mapchete: 40 tiles, of which those of the first column are empty."""
    Path("work.py").write_text(WORK)
    Path("work.mapchete").write_text(CONFIG)


def change(name: str, old: str, new: str) -> Callable[[], None]:
    """Something that replaces a text in a file."""

    def happens() -> None:
        text = Path(name).read_text()
        assert old in text
        Path(name).write_text(text.replace(old, new))

    return happens


def write(name: str, text: str = "") -> Callable[[], None]:
    """Something that writes a file."""

    def happens() -> None:
        Path(name).write_text(text)

    return happens


def remove(name: str) -> Callable[[], None]:
    """Something that deletes a file."""
    return lambda: Path(name).unlink()


def truncate(name: str, size: int = 500) -> Callable[[], None]:
    """Something that cuts a file off after so many bytes."""
    return lambda: _keep(Path(name), size)


def _keep(path: Path, size: int) -> None:
    path.write_bytes(path.read_bytes()[:size])


def image() -> None:
    """image.tif: 64 × 64 pixels on the grid of geodetic zoom 8, three bands, a corner of nodata."""
    size = 180 / 256 / 2**8 * 64
    rows, cols = np.mgrid[0:64, 0:64]
    data = np.stack([1000 + 10 * rows, 1500 + 10 * cols, 3000 - 5 * rows]).astype("uint16")
    data[:, :8, :8] = 0
    with rasterio.open(
        "image.tif", "w", driver="GTiff", count=3, dtype="uint16", nodata=0, width=64, height=64,
        crs="EPSG:4326", transform=from_bounds(0, 0, size, size, 64, 64),
    ) as file:  # fmt: skip
        file.write(data)
        file.descriptions = ("red", "green", "blue")


def fields() -> None:
    """fields.geojson: two boxes with a name each, and one feature without a place."""
    boxes = {"north": (0.02, 0.1, 0.06, 0.16), "south": (0.02, 0.02, 0.1, 0.06)}
    features: list[dict[str, Any]] = [
        {"type": "Feature", "properties": {"name": name}, "geometry": _box(*box)}
        for name, box in boxes.items()
    ]
    features.append({"type": "Feature", "properties": {"name": "lost"}, "geometry": None})
    collection = {"type": "FeatureCollection", "features": features}
    Path("fields.geojson").write_text(json.dumps(collection))


def _box(left: float, bottom: float, right: float, top: float) -> dict[str, Any]:
    ring = [[left, bottom], [right, bottom], [right, top], [left, top], [left, bottom]]
    return {"type": "Polygon", "coordinates": [ring]}


STACK = """\
sensor: landsat-8
level: L1TP
time: "%Y%m%d"
path: L8_{time}.tif
bands: [blue, green, red, nir, swir1, swir2]
mask: {path: "QA_{time}.tif", layer: qa_pixel}
scale: 0.0001
nodata: 0
"""
CLEAR, CLOUD = 21824, 22280  # Landsat's QA_PIXEL


def move(source: str, word: str, target: str) -> Callable[[], None]:
    """Bring the files of a folder with a word in their name into another one."""

    def happens() -> None:
        Path(target).mkdir(exist_ok=True)
        for path in Path(source).glob(f"*{word}*"):
            path.rename(Path(target, path.name))

    return happens


def scenes() -> None:
    """A folder `in` with four days of Landsat 8 in 40 × 40 pixels, one cloudy; area.geojson.

    Also samples.csv with points of two classes by the contract of `automap run`, and a broken
    description beside it in `bad`.
    """
    for folder in ("in", "bad"):
        Path(folder).mkdir()
        Path(folder, "scenes.yaml").write_text(STACK)
    forest = np.indices((SIDE, SIDE)).sum(axis=0) // 10 % 2 == 0
    noise = np.random.default_rng(1).integers(0, 200, (6, SIDE, SIDE))
    for number, day in enumerate(("20201005", "20201006", "20201007", "20201008")):
        numbers = np.where(forest, 800, 2500)[None] + 100 * number + noise
        numbers[3] = np.where(forest, 4000, 2600) + 100 * number
        _plane(Path("in", f"L8_{day}.tif"), numbers, nodata=0)
        _plane(
            Path("in", f"QA_{day}.tif"), np.full((1, SIDE, SIDE), CLOUD if number == 3 else CLEAR)
        )
    _plane(Path("bad", "L8_20201005.tif"), noise, nodata=0)
    truncate("bad/L8_20201005.tif", 9000)()
    box = transform_bounds(
        "EPSG:32755", "EPSG:4326",
        LEFT + 2 * PIXEL, TOP - (SIDE - 2) * PIXEL, LEFT + (SIDE - 2) * PIXEL, TOP - 2 * PIXEL,
    )  # fmt: skip
    Path("area.geojson").write_text(json.dumps(_box(*box)))
    _points(forest)


def _points(forest: np.ndarray) -> None:
    from rasterio.warp import transform

    rows, cols = (each.ravel() for each in np.mgrid[3 : SIDE - 3 : 3, 3 : SIDE - 3 : 3])
    x, y = LEFT + (cols + 0.5) * PIXEL, TOP - (rows + 0.5) * PIXEL
    lon, lat = transform("EPSG:32755", "EPSG:4326", x, y)
    lines = [
        f"{a:.7f},{b:.7f},{1 if forest[row, col] else 2}"
        for a, b, row, col in zip(lon, lat, rows, cols, strict=True)
    ]
    Path("samples.csv").write_text("\n".join(["X,Y,2020", "147.0,-20.0,1", *lines]) + "\n")


def _plane(path: Path, data: np.ndarray, **facts: Any) -> None:
    with rasterio.open(
        path, "w", driver="GTiff", width=data.shape[2], height=data.shape[1], count=len(data),
        dtype="uint16", crs="EPSG:32755",
        transform=rasterio.Affine(PIXEL, 0, LEFT, 0, -PIXEL, TOP), **facts,
    ) as file:  # fmt: skip
        file.write(data.astype("uint16"))


def scene_and_fields() -> None:
    """picture.tif (green, red, nir) and samples.gpkg: twelve fields of two kinds, one outside."""
    side, random = 96, np.random.default_rng(0)
    data = random.normal(0.2, 0.02, (3, side, side))
    shapes = []
    for number in range(12):
        row, col, kind = 24 * (number // 4), 24 * (number % 4), (number + number // 4) % 2
        data[2, row : row + 20, col : col + 20] += 0.2 * kind
        data[1, row : row + 20, col : col + 20] -= 0.05 * kind
        left, top = 5e5 + 10 * col, 5.4e6 - 10 * row
        shapes.append((_box(left, top - 200, left + 200, top), ("bare", "forest")[kind]))
    shapes.append((_box(6e5, 5.4e6, 6e5 + 100, 5.4e6 + 100), "forest"))
    with rasterio.open(
        "picture.tif", "w", driver="GTiff", width=side, height=side, count=3, dtype="float32",
        crs="EPSG:32633", transform=rasterio.Affine(10, 0, 5e5, 0, -10, 5.4e6),
    ) as file:  # fmt: skip
        file.write(data.astype("float32"))
        file.descriptions = ("green", "red", "nir")
    schema = {"geometry": "Polygon", "properties": {"kind": "str"}}
    with fiona.open("samples.gpkg", "w", driver="GPKG", schema=schema, crs="EPSG:32633") as layer:
        for shape, kind_name in shapes:
            layer.write({"geometry": shape, "properties": {"kind": kind_name}})


def class_map() -> None:
    """map.tif: large patches of three classes."""
    write_map(Path("map.tif"), classes(), names=NAMES)


def interpreted(name: str) -> Callable[[], None]:
    """Something that fills in a file of points as an interpreter who finds forest everywhere."""

    def happens() -> None:
        first, *rest = Path(name).read_text("utf-8").splitlines()
        Path(name).write_text("\n".join([first, *(f"{line}forest" for line in rest)]), "utf-8")

    return happens

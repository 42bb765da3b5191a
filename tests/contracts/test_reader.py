"""What every reader promises."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fiona
import numpy as np
import pytest
import rasterio
from rasterio.control import GroundControlPoint
from rasterio.transform import from_origin
from shapely import box
from shapely.geometry import mapping

from automap_tiles.errors import AutomapError, InputError
from automap_tiles.formats import InputSpec, OutputKind, OutputSpec, Reader
from automap_tiles.formats.context import ResolvedProcess
from automap_tiles.formats.registry import open_input, open_output
from automap_tiles.grid import Pyramid, Tile, cover
from automap_tiles.storage import open_storage
from automap_tiles.testing import ReaderContract
from automap_tiles.testing._readers import read
from tests.storage.s3 import BUCKET

ZOOM = 8
UTM = "EPSG:32633"
LEFT, TOP, PIXEL, SIZE = 300_000, 5_100_000, 300.0, 700
AREA = box(12.45, 44.15, 15.2, 46.0)
SCHEMA = {"geometry": "Polygon", "properties": {"number": "int"}}


def pixels() -> np.ndarray:
    """Two bands that look the same nowhere; a part without data."""
    values = np.random.default_rng(5).integers(1, 30_000, (2, SIZE, SIZE)).astype("int16")
    values[:, 100:150, 200:260] = 0
    return values


def raster_file(folder: Path) -> str:
    path = folder / "data.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=2, height=SIZE, width=SIZE, dtype="int16", nodata=0,
        crs=UTM, transform=from_origin(LEFT, TOP, PIXEL, PIXEL),
    ) as file:  # fmt: skip
        file.write(pixels())
    return str(path)


def points_file(folder: Path) -> str:
    path = folder / "points.tif"
    corners = [(0, 0), (0, SIZE), (SIZE, 0), (SIZE, SIZE)]
    points = [
        GroundControlPoint(row, col, LEFT + col * PIXEL, TOP - row * PIXEL) for row, col in corners
    ]
    with rasterio.open(
        path, "w", driver="GTiff", count=2, height=SIZE, width=SIZE, dtype="int16", nodata=0,
        gcps=points, crs=UTM,
    ) as file:  # fmt: skip
        file.write(pixels())
    return str(path)


def vector_file(folder: Path, driver: str = "GPKG", name: str = "data.gpkg") -> str:
    path = folder / name
    with fiona.open(path, "w", driver=driver, schema=SCHEMA, crs=UTM) as file:
        for number in range(40):
            x, y = LEFT + 4_700 * number, TOP - 5_000 * (number % 40)
            shapes = mapping(box(x, y - 30_000, x + 9_000, y))
            file.write({"geometry": shapes, "properties": {"number": number}})
    return str(path)


def tiles_of(options: dict[str, Any], source: str, folder: str, metatiling: int = 2) -> Any:
    """A tile directory of another input; its writer."""
    pyramid = Pyramid.from_grid("geodetic", metatiling=metatiling)
    spec = OutputSpec.from_mapping({**options, "path": folder}, base=Path("/"), zooms=(ZOOM,))
    writer = open_output(spec, pyramid)
    writer.prepare()
    reader = open_input(InputSpec.from_value("made", source), Path("/"), pyramid)
    for index in cover.tiles(pyramid, AREA, ZOOM):
        tile = Tile(pyramid, index)
        view: Any = reader.at(tile)
        data = writer.convert(tile, view.read())
        if data is not None:
            writer.write(tile, data)
    writer.finish()
    return writer


GTIFF = {"format": "GTiff", "bands": 2, "dtype": "int16"}
GEOJSON = {"format": "GeoJSON", "schema": SCHEMA}


def raster_tiles(folder: Path) -> str:
    return str(tiles_of(GTIFF, raster_file(folder), str(folder / "tiles")).path)


def s3_tiles(folder: Path) -> str:
    name = f"s3://{BUCKET}/{uuid.uuid4().hex}"
    return str(tiles_of(GTIFF, raster_file(folder), name, metatiling=8).path)


def feature_tiles(folder: Path) -> str:
    return str(tiles_of(GEOJSON, vector_file(folder), str(folder / "tiles")).path)


def plain_tiles(folder: Path) -> dict[str, Any]:
    """No metadata.json, columns before rows, as other programs write them."""
    options = {**GTIFF, "tile_path_schema": "{zoom}/{col}/{row}.{extension}"}
    tiles_of(options, raster_file(folder), str(folder / "plain"), metatiling=1)
    (folder / "plain" / "metadata.json").unlink()
    return {
        "path": str(folder / "plain"),
        "format": "TileDirectory",
        "grid": "geodetic",
        "extension": "tif",
        "tile_path_schema": "{zoom}/{col}/{row}.{extension}",
    }


def process_file(folder: Path) -> str:
    (folder / "other.mapchete").write_text("# resolved by the test")
    return str(folder / "other.mapchete")


@dataclass(frozen=True)
class Kind:
    make: Callable[[Path], Any]
    kind: OutputKind = OutputKind.RASTER
    other: Callable[[Path], Any] | None = None
    """Makes the writer of another process, for inputs that are its output."""
    remote: bool = False


KINDS = {
    "raster file": Kind(raster_file),
    "raster with control points": Kind(points_file),
    "geopackage": Kind(vector_file, OutputKind.VECTOR),
    "shapefile": Kind(
        lambda folder: vector_file(folder, "ESRI Shapefile", "data.shp"), OutputKind.VECTOR
    ),
    "tiles": Kind(raster_tiles),
    "tiles on s3": Kind(s3_tiles, remote=True),
    "feature tiles": Kind(feature_tiles, OutputKind.VECTOR),
    "plain tiles": Kind(plain_tiles),
    "process": Kind(
        process_file, other=lambda f: tiles_of(GTIFF, raster_file(f), str(f / "out"))
    ),
    "process of features": Kind(
        process_file,
        OutputKind.VECTOR,
        other=lambda f: tiles_of(GEOJSON, vector_file(f), str(f / "out")),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Made:
    kind: Kind
    folder: Path
    source: Any
    writer: Any

    def open(self, pyramid: Pyramid | None = None) -> Reader:
        def resolve(path: Path) -> ResolvedProcess:
            return ResolvedProcess(writer=self.writer, zooms=(ZOOM,), area=AREA)

        return open_input(
            InputSpec.from_value("data", self.source),
            self.folder,
            pyramid or Pyramid.from_grid("geodetic"),
            resolve_process=resolve,
        )


@pytest.fixture(scope="module", params=list(KINDS))
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    kind = KINDS[request.param]
    if kind.remote:
        request.getfixturevalue("s3")
    folder = tmp_path_factory.mktemp("source")
    writer = kind.other(folder) if kind.other else None
    return Made(kind, folder, kind.make(folder), writer)


class TestReaders(ReaderContract):
    @pytest.fixture
    def reader(self, made: Made) -> Reader:
        return made.open()

    def test_kind(self, reader: Reader, made: Made) -> None:
        assert reader.kind is made.kind.kind


# The rest changes the sources and makes its own.


def _fresh(name: str, tmp_path: Path) -> Made:
    kind = KINDS[name]
    writer = kind.other(tmp_path) if kind.other else None
    return Made(kind, tmp_path, kind.make(tmp_path), writer)


LOCAL = [name for name, kind in KINDS.items() if not kind.remote]


@pytest.mark.parametrize("name", LOCAL)
def test_fingerprint_changes_with_the_data(name: str, tmp_path: Path) -> None:
    made = _fresh(name, tmp_path)
    reader = made.open()
    time.sleep(0.05)  # the clock of a file system ticks slowly
    before = reader.fingerprint()
    assert reader.fingerprint() == before
    place = tmp_path / "out" if made.writer else Path(_path(made))
    if place.is_dir():
        victim = next(path for path in sorted(place.rglob("*.*")) if path.parent != place)
        key = str(victim.relative_to(place))
        open_storage(place).put(key, victim.read_bytes())
    else:
        status = place.stat()
        os.utime(place, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert reader.fingerprint() != before


def test_fingerprint_changes_with_the_objects_of_a_store(s3: object, tmp_path: Path) -> None:
    made = _fresh("tiles on s3", tmp_path)
    reader = made.open()
    before = reader.fingerprint()
    assert reader.fingerprint() == before
    store = open_storage(_path(made))
    key = next(key for key in sorted(store.list()) if key.endswith(".tif"))
    store.put(key, store.get(key) + b"\0")
    changed = reader.fingerprint()
    assert changed != before
    store.delete(key)
    assert reader.fingerprint() not in (before, changed)


@pytest.mark.parametrize("name", LOCAL)
def test_missing(name: str, tmp_path: Path) -> None:
    made = _fresh(name, tmp_path)
    Path(_path(made)).rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="no such"):
        made.open()


@pytest.mark.parametrize("name", [*LOCAL[:2], *LOCAL[4:]])
def test_truncated(name: str, tmp_path: Path) -> None:
    """An error of this package that names the file; never pixels that are not there."""
    made = _fresh(name, tmp_path)
    reader = made.open()
    place = tmp_path / "out" if made.writer else Path(_path(made))
    endings = (".tif", ".geojson")
    for path in place.rglob("*") if place.is_dir() else [place]:
        if path.suffix in endings:
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    pyramid = Pyramid.from_grid("geodetic", metatiling=2)
    wanted = [Tile(pyramid, index) for index in cover.tiles(pyramid, AREA.buffer(-0.4), ZOOM)]
    with pytest.raises(AutomapError) as caught:
        [read(reader, tile) for tile in wanted]
    assert str(tmp_path) in str(caught.value)


def _path(made: Made) -> str:
    return str(made.source["path"] if isinstance(made.source, dict) else made.source)

"""Files on a web map, against rasterio and against the stored tiles themselves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.vrt import WarpedVRT

from automap_tiles.errors import InputError
from automap_tiles.grid import Bounds, Tile, cover
from automap_tiles.layers.files import FileLayer
from automap_tiles.layers.layer import LayerKind
from automap_tiles.layers.open import open_layers, safe_name
from automap_tiles.layers.persistence import Keep
from automap_tiles.layers.web import LON_LAT, pixel_zoom, web_pyramid
from automap_tiles.vector import reproject_geometry
from tests.engine.projects import make_project, make_raster


def only(path: Path) -> FileLayer:
    (layer,), remarks = open_layers([path])
    assert remarks == ()
    assert isinstance(layer, FileLayer)
    return layer


def middle(layer: FileLayer, zoom: int) -> Tile:
    pyramid = web_pyramid()
    area = reproject_geometry(layer.info.bounds.polygon(), LON_LAT, pyramid.crs).centroid.buffer(1)
    return pyramid.tile(*next(iter(cover.tiles(pyramid, area, zoom))))


def test_a_raster(tmp_path: Path) -> None:
    layer = only(make_raster(tmp_path / "some image.tif"))
    info = layer.info
    assert (info.name, info.title, info.nodata) == ("some-image", "some image.tif", 0)
    assert [band.name for band in info.bands] == ["b1", "b2"]
    # 10 m at 47.8° north: 156543 m · cos(47.8°) / 2^13.36
    assert info.max_zoom == 14
    tile = middle(layer, info.max_zoom)
    found = layer.read(tile, [2, 1])
    assert found is not None
    with (
        rasterio.open(tmp_path / "some image.tif") as source,
        WarpedVRT(
            source, crs=tile.crs, transform=tile.transform, height=256, width=256, nodata=0
        ) as warped,
    ):
        wanted = warped.read([2, 1])
    assert (found.filled(0) == wanted).mean() > 0.999  # nearest: a rounding apart at most
    assert layer.read(web_pyramid().tile(14, 3, 3), [1]) is None


def test_a_folder_of_tiles_at_any_zoom(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p", zooms=(11, 13))
    assert project.run("--concurrency", "none").returncode == 0
    layer = only(project.output)
    assert layer.info.pyramid is not None
    west, south, east, north = layer.info.bounds
    assert (west < 16.34, south < 47.79, east > 16.42, north > 47.84) == (True,) * 4
    assert east - west < 0.5
    assert layer.info.kind is LayerKind.OUTPUT
    for zoom in range(layer.info.min_zoom, layer.info.max_zoom + 3):
        found = layer.read(middle(layer, zoom), [1])
        assert found is not None, zoom
        assert found.shape == (1, 256, 256)
    for zoom in range(layer.info.min_zoom - 2, -1, -1):
        assert layer.read(middle(layer, zoom), [1]) is None


def test_the_version_follows_the_file(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p", zooms=(11, 12))
    config = json.loads(project.config.read_text())
    config["pyramid"]["grid"] = "mercator"
    project.config.write_text(json.dumps(config))
    assert project.run("--concurrency", "none").returncode == 0
    layer = only(project.output)
    tile = middle(layer, 12)
    before = layer.version(tile)
    assert before == layer.version(tile)
    path = project.output / f"12/{tile.row}/{tile.col}.tif"
    content = path.read_bytes()
    path.unlink()
    assert layer.version(tile) != before
    assert layer.read(tile, [1]) is None
    path.write_bytes(content)
    assert layer.version(tile) != before


def test_names_are_safe_and_each_has_its_own(tmp_path: Path) -> None:
    paths = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        paths.append(make_raster(tmp_path / folder / "käse & brot.tif", size=64))
    layers, _ = open_layers(paths)
    assert [layer.info.name for layer in layers] == ["k-se-brot", "k-se-brot-2"]
    assert safe_name("../..") == "layer"


def test_a_process_with_its_inputs(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    layers, remarks = open_layers([project.config], Keep.READONLY)
    assert [layer.info.kind for layer in layers] == [LayerKind.PROCESS, LayerKind.INPUT]
    assert [layer.info.name for layer in layers] == ["double", "double-image"]
    assert remarks == ()


def test_features_are_burnt(tmp_path: Path) -> None:
    square = [[10, 45], [10.1, 45], [10.1, 45.1], [10, 45.1], [10, 45]]
    content = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {},
                "geometry": {"type": "Polygon", "coordinates": [square]},
            }
        ],
    }
    (tmp_path / "area.geojson").write_text(json.dumps(content))
    layer = only(tmp_path / "area.geojson")
    found = layer.read(middle(layer, 10), [1])
    assert found is not None
    assert set(np.unique(found.compressed())) == {1}


def test_what_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        open_layers([tmp_path / "nothing.tif"])


def test_zooms_by_pixel_size() -> None:
    pyramid = web_pyramid()
    bounds = Bounds(10.0, 47.0, 11.0, 48.0)
    for zoom in (0, 5, 14):
        size = pyramid.pixel_size(zoom)[0]
        assert pixel_zoom(pyramid.crs, size, bounds) == pytest.approx(zoom, abs=1e-6)
    assert pixel_zoom(LON_LAT, 360 / 256 / 2**9, bounds) == pytest.approx(9, abs=1e-3)

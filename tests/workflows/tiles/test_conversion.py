"""What a conversion is turned into, before anything runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import fiona
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_bounds

from automap_tiles.errors import AutomapError, ConfigError, InputError
from automap_tiles.grid import Pyramid
from automap_tiles.notes import Fate, collecting
from automap_tiles.workflows.subset import Subset
from automap_tiles.workflows.tiles._conversion import conversion_config
from automap_tiles.workflows.tiles._convert_order import ConvertOrder
from automap_tiles.workflows.tiles.facts import best_zoom
from tests.workflows.directories import MakeDirectory

BOX = (10.0, 45.0, 11.0, 46.0)


@pytest.fixture
def raster(tmp_path: Path) -> str:
    path = tmp_path / "scene.tif"
    profile: dict[str, Any] = {
        "driver": "GTiff",
        "count": 3,
        "dtype": "int16",
        "nodata": -999,
        "width": 100,
        "height": 100,
        "crs": "EPSG:4326",
        "transform": from_bounds(*BOX, 100, 100),
    }
    with rasterio.open(path, "w", **profile) as target:
        target.write(np.ones((3, 100, 100), np.int16))
    return str(path)


@pytest.fixture
def features(tmp_path: Path) -> str:
    path = tmp_path / "fields.geojson"
    schema = {"geometry": "Point", "properties": {"crop": "str", "area": "float"}}
    with fiona.open(path, "w", driver="GeoJSON", schema=schema, crs="EPSG:4326") as target:
        for x, y in ((10.2, 45.2), (10.4, 45.6)):
            geometry = {"type": "Point", "coordinates": (x, y)}
            target.write({"geometry": geometry, "properties": {"crop": "a", "area": 1.5}})
    return str(path)


def test_raster_file_to_tiles(raster: str, tmp_path: Path) -> None:
    config = conversion_config(
        ConvertOrder(source=raster, target=str(tmp_path / "out"), pyramid="geodetic")
    )
    assert config["input"] == {"inp": raster}
    assert config["pyramid"] == {"grid": "geodetic"}
    # 0.01° a pixel; zoom 6 has 0.011° and zoom 7 0.0055°.
    assert config["zoom_levels"] == {"min": 0, "max": 6}
    assert np.allclose(config["bounds"], BOX)
    assert config["output"] == {
        "format": "GTiff",
        "path": str(tmp_path / "out"),
        "bands": 3,
        "dtype": "int16",
        "nodata": -999,
    }
    assert config["process_parameters"] == {"resampling": "nearest"}


def test_options_say_otherwise(raster: str) -> None:
    config = conversion_config(
        ConvertOrder(
            source=raster,
            target="out",
            pyramid="mercator",
            where=Subset(zooms=(3, 4, 5)),
            metatiling=4,
            bands=(3, 1),
            dtype="float32",
            nodata=-1.0,
            resampling="cubic",
            scale_ratio=0.1,
            scale_offset=5.0,
            creation_options=(("compress", "lzw"),),
        )
    )
    assert config["zoom_levels"] == {"min": 3, "max": 5}
    assert config["pyramid"] == {"grid": "mercator", "metatiling": 4}
    output = config["output"]
    assert (output["bands"], output["dtype"], output["nodata"]) == (2, "float32", -1.0)
    assert (output["metatiling"], output["compress"]) == (4, "lzw")
    assert output["path"] == str(Path("out").absolute())
    assert config["process_parameters"] == {
        "resampling": "cubic",
        "band_indexes": [3, 1],
        "scale_ratio": 0.1,
        "scale_offset": 5.0,
    }


def test_single_file(raster: str) -> None:
    config = conversion_config(
        ConvertOrder(source=raster, target="out.tif", pyramid="geodetic", cog=True)
    )
    assert config["zoom_levels"] == {"min": 6, "max": 6}
    assert config["output"]["cog"] is True
    assert config["output"]["format"] == "GTiff"


def test_tile_directory_keeps_its_pyramid_and_options(make_directory: MakeDirectory) -> None:
    folder = make_directory("tiles", [(4, 3, 7), (6, 3, 16)], metatiling=2, pixelbuffer=5)
    config = conversion_config(ConvertOrder(source=str(folder), target="out"))
    assert config["zoom_levels"] == {"min": 4, "max": 6}
    pyramid = Pyramid.from_grid(**config["pyramid"])
    assert (pyramid.name, pyramid.metatiling, pyramid.pixelbuffer) == ("geodetic", 2, 0)
    assert config["output"]["dtype"] == "uint16"
    # Only as far as there are tiles, so that a single file does not become as large as the world.
    bare = pyramid.replace(pixelbuffer=0)
    first, second = bare.tile(4, 3, 7).bounds, bare.tile(6, 3, 16).bounds
    assert tuple(config["bounds"]) == first.union(second)
    png = conversion_config(ConvertOrder(source=str(folder), target="out", format="PNG"))
    assert png["output"]["format"] == "PNG"


def test_features(features: str) -> None:
    config = conversion_config(
        ConvertOrder(source=features, target="out", pyramid="mercator", where=Subset(zooms=(5,)))
    )
    assert config["output"]["format"] == "GeoJSON"
    assert config["output"]["schema"]["geometry"] == "Point"
    assert set(config["output"]["schema"]["properties"]) == {"crop", "area"}
    assert config["process_parameters"] == {}


def test_grid_from_a_file(raster: str, tmp_path: Path) -> None:
    grid = {"shape": [1, 1], "bounds": [10, 45, 11, 46], "srs": {"epsg": 4326}, "is_global": False}
    path = tmp_path / "grid.json"
    path.write_text(json.dumps(grid))
    config = conversion_config(ConvertOrder(source=raster, target="out", pyramid=str(path)))
    assert config["pyramid"]["grid"] == grid


def test_clip_narrows_the_bounds(raster: str, features: str) -> None:
    config = conversion_config(
        ConvertOrder(source=raster, target="out", pyramid="geodetic", clip=features)
    )
    assert config["input"] == {"inp": raster, "clip": features}
    assert np.allclose(config["bounds"], [10.2, 45.2, 10.4, 45.6])


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"pyramid": None}, ConfigError, "output-pyramid"),
        ({"pyramid": "nonsense"}, ConfigError, "output-pyramid"),
        ({"format": "GeoJSON"}, ConfigError, "vector"),
        ({"cog": True}, ConfigError, "single GeoTIFF"),
        ({"overviews": "nearest"}, ConfigError, "single GeoTIFF"),
        ({"source": "missing.tif"}, InputError, "missing.tif"),
        ({"source": "."}, ConfigError, r"metadata\.json"),
    ],
)
def test_what_cannot_be(
    changes: dict[str, Any], error: type[AutomapError], words: str, raster: str
) -> None:
    wanted: dict[str, Any] = {"source": raster, "target": "out", "pyramid": "mercator"}
    with pytest.raises(error, match=words):
        conversion_config(ConvertOrder(**{**wanted, **changes}))


def test_features_need_zooms(features: str) -> None:
    with pytest.raises(ConfigError, match="zoom"):
        conversion_config(ConvertOrder(source=features, target="out", pyramid="mercator"))


@pytest.mark.parametrize("zoom", [3, 7, 12])
@pytest.mark.parametrize("grid", ["geodetic", "mercator"])
def test_best_zoom_of_a_tile_is_its_own(grid: str, zoom: int, tmp_path: Path) -> None:
    tile = Pyramid.from_grid(grid).tile(zoom, 3, 5)
    profile = {"driver": "GTiff", "count": 1, "dtype": "uint8", "width": 256, "height": 256}
    with rasterio.open(
        tmp_path / "tile.tif", "w", crs=tile.crs, transform=tile.transform, **profile
    ) as target:
        target.write(np.ones((1, 256, 256), np.uint8))
    assert best_zoom(str(tmp_path / "tile.tif"), Pyramid.from_grid(grid)) == zoom


def test_a_picture_has_no_use_for_a_nodata_value_it_cannot_hold(raster: str) -> None:
    wanted = ConvertOrder(source=raster, target="out", pyramid="mercator", format="PNG")
    # what the source masks is transparent anyhow, and 0 is a colour like any other
    assert conversion_config(wanted)["output"]["nodata"] is None


def test_what_says_nothing_of_the_source_is_told(
    raster: str, features: str, tmp_path: Path
) -> None:
    def ignored(source: str, **more: Any) -> set[str]:
        target = str(tmp_path / "out")
        where = Subset(zooms=(3,))
        with collecting() as notes:
            conversion_config(
                ConvertOrder(source=source, target=target, pyramid="mercator", where=where, **more)
            )
        kinds = [note for note in notes if note.fate is Fate.IGNORED]
        return {name for note in kinds for name in note.examples}

    assert ignored(features) == ignored(raster) == set()
    of_pixels: dict[str, Any] = {"bands": (2,), "nodata": 7.0, "scale_ratio": 2.0}
    assert ignored(features, **of_pixels) == {"--bidx", "--output-nodata", "--scale-ratio"}
    assert ignored(features, geometry_type="Point", resampling="mode") == {"--resampling-method"}
    assert ignored(raster, geometry_type="Point", **of_pixels) == {"--output-geometry-type"}

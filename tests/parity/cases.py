"""The configurations, without output path; each is run by both engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.parity.engines import Config
from tests.parity.sources import Sources

Cut = tuple[int, int]  # metatiling, pixel buffer

SINGLE: Cut = (1, 0)
# 100 m pixels of zone 33 at zoom 0, from a corner of the made raster
UTM_GRID = {
    "shape": [3, 2],
    "bounds": [400_000, 5_292_800, 451_200, 5_369_600],
    "srs": {"epsg": 32633},
    "is_global": False,
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One process, run by both engines in the same portions, or by ours in several."""

    name: str
    config: Callable[[Sources], Config]
    cuts: tuple[Cut, ...] = (SINGLE,)
    within: float = 0
    steps: tuple[Any, ...] = (None,)
    """Zooms of mapchete's runs: it makes a zoom above the base only when that below is there."""


def gtiff(bands: int, dtype: str = "uint16", **more: Any) -> Config:
    return {"format": "GTiff", "bands": bands, "dtype": dtype, **more}


def config(
    process: str,
    inputs: Config,
    output: Config,
    *,
    zooms: Any = 6,
    grid: str | Config = "geodetic",
    parameters: Config | None = None,
    **more: Any,
) -> Config:
    built: Config = {
        "process": process,
        "pyramid": {"grid": grid},
        "zoom_levels": zooms,
        "input": inputs,
        "output": output,
        **more,
    }
    if parameters:
        built["process_parameters"] = parameters
    return built


def _smaller(built: Config) -> Config:
    """Of tiles with a quarter of the pixels, which compare as well."""
    built["pyramid"]["tile_size"] = built["output"]["tile_size"] = 128
    return built


def _small_read(resampling: str, source: str = "degrees", **more: Any) -> Callable[..., Config]:
    read = _read(resampling, source, **more)
    return lambda sources: _smaller(read(sources))


def _read(resampling: str, source: str = "degrees", **more: Any) -> Callable[[Sources], Config]:
    bands = 1 if source == "world" else 3
    output = gtiff(bands, "int16", nodata=-1) if source == "world" else gtiff(bands)

    def made(sources: Sources) -> Config:
        inputs = {"raster": str(getattr(sources, source))}
        return config("read", inputs, output, parameters={"resampling": resampling}, **more)

    return made


def _neighbourhood(sources: Sources) -> Config:
    output = gtiff(1, "float32", nodata=-9999)
    inputs = {"raster": str(sources.degrees)}
    return config("neighbourhood", inputs, output, zooms=7, bounds=SMALL)


def _utm_grid(sources: Sources) -> Config:
    inputs = {"raster": str(sources.utm)}
    parameters = {"resampling": "bilinear", "indexes": [3, 1]}
    return config("read", inputs, gtiff(2), zooms=[0, 1], grid=UTM_GRID, parameters=parameters)


def _one_band(sources: Sources) -> Config:
    inputs = {"raster": str(sources.degrees)}
    return config("read", inputs, gtiff(1), parameters={"indexes": 2}, bounds=SMALL)


def _zoom_dependent(sources: Sources) -> Config:
    inputs = {"raster": {"zoom<=5": str(sources.world), "zoom>5": str(sources.degrees)}}
    parameters = {"factor": {"zoom=4": 1, "zoom=5": 2.5, "zoom>=6": -3}, "offset": {"zoom>6": 7}}
    bounds = [10.5, 44.0, 18.0, 50.0]
    output = gtiff(1, "int32", nodata=0)
    built = config("scaled", inputs, output, zooms={"min": 4, "max": 5}, parameters=parameters)
    built["bounds"] = bounds
    return built


def _zoom_parameters(sources: Sources) -> Config:
    parameters = {"factor": {"zoom<6": 2.5, "zoom>=6": -3}, "offset": {"zoom<=6": 0, "zoom>6": 7}}
    inputs = {"raster": str(sources.degrees)}
    output = gtiff(3, "int32")
    zooms = {"min": 4, "max": 7}
    return _smaller(
        config("scaled", inputs, output, zooms=zooms, bounds=SMALL, parameters=parameters)
    )


def _area(sources: Sources) -> Config:
    inputs = {"raster": str(sources.degrees)}
    return config("read", inputs, gtiff(3), zooms=6, area=str(sources.shapes))


def _clipped(all_touched: bool, invert: bool) -> Callable[[Sources], Config]:
    def made(sources: Sources) -> Config:
        inputs = {"raster": str(sources.degrees), "shapes": str(sources.shapes)}
        parameters = {"all_touched": all_touched, "invert": invert}
        return config("clipped", inputs, gtiff(4), zooms=7, parameters=parameters, bounds=SMALL)

    return made


def _builtin(name: str, **parameters: Any) -> Callable[[Sources], Config]:
    def made(sources: Sources) -> Config:
        inputs = {"inp": str(sources.degrees), "clip": str(sources.shapes)}
        return config(f"mapchete.processes.{name}", inputs, gtiff(3), parameters=parameters)

    return made


def _old_style(sources: Sources) -> Config:
    # a parameter at the top level, as in former days
    return {
        "process": "old_style",
        "pyramid": {"grid": "geodetic"},
        "zoom_levels": 6,
        "bounds": SMALL,
        "input": {"raster": str(sources.degrees)},
        "output": gtiff(3),
        "resampling": "cubic",
    }


def _special(sources: Sources) -> Config:
    output = gtiff(3, "int32", nodata=-7)
    return config("special", {"raster": str(sources.degrees)}, output, bounds=SMALL)


def _baselevels(lower: str, higher: str) -> Callable[[Sources], Config]:
    def made(sources: Sources) -> Config:
        inputs = {"raster": str(sources.degrees)}
        built = config("read", inputs, gtiff(3), zooms={"min": 3, "max": 8})
        # Over 11.25° E: where only the eastern child is there, mapchete's average reaches one pixel
        # beyond it.
        built["bounds"] = [10.5, 49.3, 12.0, 50.0]
        built["baselevels"] = {"min": 6, "max": 6, "lower": lower, "higher": higher}
        return _smaller(built)

    return made


def _png(bands: int) -> Callable[[Sources], Config]:
    def made(sources: Sources) -> Config:
        output = {"format": "PNG", "bands": bands}
        parameters = {"indexes": list(range(1, bands + 1))}
        inputs = {"raster": str(sources.degrees.with_name("bytes.tif"))}
        return config("read", inputs, output, parameters=parameters, bounds=SMALL)

    return made


def _vectors(extension: str) -> Callable[[Sources], Config]:
    def made(sources: Sources) -> Config:
        schema = {"geometry": "Polygon", "properties": {"id": "int", "name": "str"}}
        output = {"format": extension, "schema": schema}
        return config("features", {"shapes": str(sources.shapes)}, output, zooms=[4, 6])

    return made


def _mode(sources: Sources) -> Config:
    # Tiles of 32 pixels around the hole, 0.022 degrees each: GDAL takes two seconds for one of 256.
    built = _read("mode", zooms=8, bounds=[13.0, 46.8, 15.6, 48.6])(sources)
    built["pyramid"]["tile_size"] = built["output"]["tile_size"] = 32
    return built


def _tile_size(sources: Sources) -> Config:
    built = _read("nearest", bounds=SMALL)(sources)
    # mapchete's writer forgets the process's tile size, which should be the default
    built["pyramid"]["tile_size"] = built["output"]["tile_size"] = 512
    return built


def _made(sources: Sources) -> Config:
    built = config("made", {}, gtiff(1, "float32", nodata=-1), zooms=[1, 2])
    built["bounds"] = [-180, -90, 180, 90]
    return built


STEPS = ([3, 6], 7, 8)
SMALL = [10.5, 46.5, 16.5, 50.0]
"""Six tiles of `degrees` at zoom 6: the hole, a part of the wedge, parts of all polygons."""
ALL_CUTS = (SINGLE, (2, 5), (4, 16), (8, 3))

SAME_CRS = (
    Case(name="nearest", config=_small_read("nearest", zooms=[5, 6]), cuts=ALL_CUTS),
    Case(name="bilinear", config=_read("bilinear", bounds=SMALL), cuts=ALL_CUTS),
    Case(name="cubic", config=_read("cubic", bounds=SMALL), cuts=((1, 0), (4, 0), (8, 7))),
    Case(name="average of a finer source", config=_read("average", zooms=4), cuts=((1, 0), (2, 9))),
    Case(name="mode", config=_mode, cuts=((1, 0), (2, 0))),
    Case(
        name="over the antimeridian and the poles",
        config=_read("nearest", "world", zooms=1),
        cuts=((1, 0), (1, 10), (2, 20), (8, 0)),
    ),
    Case(name="neighbourhood", config=_neighbourhood, cuts=((1, 2), (4, 1))),
    Case(name="custom grid of the source", config=_utm_grid, cuts=((1, 0), (2, 6), (4, 0))),
    Case(name="one band by its number", config=_one_band, cuts=((1, 0), (4, 3))),
    Case(name="zoom-dependent inputs", config=_zoom_dependent),
    Case(name="zoom-dependent parameters", config=_zoom_parameters, cuts=((1, 0), (4, 2))),
    Case(name="area", config=_area, cuts=((1, 0), (2, 0))),
    Case(name="inside polygons", config=_clipped(False, False), cuts=((1, 0), (4, 4))),
    Case(name="touched by polygons", config=_clipped(True, False), cuts=((1, 0), (2, 0))),
    Case(name="outside of polygons", config=_clipped(False, True)),
    Case(name="mapchete.processes.clip", config=_builtin("clip"), cuts=((1, 0), (4, 0))),
    Case(
        name="mapchete.processes.convert",
        config=_builtin("convert", resampling="bilinear", band_indexes=[1, 2, 3]),
        cuts=((1, 0), (2, 1)),
    ),
    Case(name="old style", config=_old_style),
    Case(name="special arguments and tags", config=_special, cuts=((1, 0), (2, 3))),
    Case(name="no input", config=_made, cuts=((1, 0), (4, 7))),
    Case(name="tile size", config=_tile_size, cuts=((1, 0), (2, 4))),
    Case(name="png of one band", config=_png(1), cuts=((1, 0), (4, 2))),
    Case(name="png of three bands", config=_png(3)),
    Case(name="geojson", config=_vectors("GeoJSON"), cuts=((1, 0), (2, 0))),
    Case(name="flatgeobuf", config=_vectors("FlatGeobuf")),
    Case(name="overviews, nearest", config=_baselevels("nearest", "nearest"), steps=STEPS),
    Case(
        name="overviews, average and bilinear",
        config=_baselevels("average", "bilinear"),
        within=1,
        steps=STEPS,
    ),
    Case(
        name="overviews, mode and cubic",
        config=_baselevels("mode", "cubic"),
        within=1,
        steps=STEPS,
    ),
)
"""Source and grid share the CRS: run by both in the same portions."""

REPROJECTED = (
    Case(
        name="mercator, nearest",
        config=_small_read("nearest", "utm", grid="mercator", zooms=[9, 10]),
        cuts=ALL_CUTS,
    ),
    Case(
        name="mercator, bilinear, decimated",
        config=_read("bilinear", "utm", grid="mercator", zooms=8),
        cuts=((1, 0), (4, 8)),
    ),
    Case(
        name="geodetic, cubic", config=_small_read("cubic", "utm", zooms=9), cuts=((1, 0), (8, 5))
    ),
    Case(
        name="mercator from degrees",
        config=_small_read("nearest", grid="mercator", zooms=[6, 7]),
        cuts=((1, 4), (4, 0)),
    ),
    Case(
        name="the world in mercator",
        config=_small_read("bilinear", "world", grid="mercator", zooms=2),
        cuts=((1, 0), (2, 12)),
    ),
    Case(
        name="custom grid of another CRS",
        config=_small_read("average", grid=UTM_GRID, zooms=[0, 1]),
        cuts=((1, 0), (2, 3)),
    ),
)
"""A warp is needed: ours in any portions against mapchete's single tiles."""


def shared_group(shared: Path) -> Config:
    """Ten real dates of Sentinel-2 as a group."""
    folder = shared / "data" / "sentinel2" / "eolearn_slovenia_l1c" / "derived_geotiff"
    dates = {path.stem[7:15]: str(path) for path in sorted(folder.glob("*_13bands.tif"))}
    return config("latest", {"dates": dates}, gtiff(3), zooms=[13, 14], grid="mercator")

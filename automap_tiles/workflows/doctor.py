"""The workflow `doctor`: which optional packages and resources this machine has."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from automap_tiles.engine.pools.choice import usable_processors
from automap_tiles.errors import EXTRAS, ConfigError
from automap_tiles.version import VERSION
from automap_tiles.workflows.events import Json

_PACKAGES = ("rasterio", "numpy", "fiona", "shapely", "pydantic", "click")
_DRIVERS = {
    "GTiff": "tiles and single files",
    "COG": "Cloud Optimized GeoTIFFs",
    "JP2OpenJPEG": "bands of Sentinel-2 products",
    "VRT": "tiles as one raster",
    "PNG": "pictures",
    "JPEG": "pictures",
    "WEBP": "compressed GeoTIFFs",
    "netCDF": "inputs",
    "HDF5": "inputs",
}
"""GDAL drivers and their purpose."""
_REQUIRED = ("GTiff", "COG", "VRT")
_BLOCK = 1 << 20
_BLOCKS = 64
"""Megabytes written and read to measure the speed of a disk."""
_SLOW = 50e6
"""Bytes per second: below that the disk, not the CPU, limits the speed of a run."""
_TEMPORARY = ("TMPDIR", "TEMP", "TMP")
"""Environment variables for the folder of temporary files; the first one set is used."""
_LITTLE = 2e9
"""Bytes that a scene and its composite easily need."""


@dataclass(frozen=True, kw_only=True)
class Disk:
    """A folder, and the speed of its disk."""

    what: str
    path: str
    free: int
    """Bytes."""
    written: float | None
    """Bytes per second, including flushing; None: not writable."""
    read: float | None


@dataclass(frozen=True, kw_only=True)
class Health:
    """Findings and problems."""

    versions: Mapping[str, str]
    drivers: Mapping[str, bool]
    """Of GDAL."""
    extras: Mapping[str, tuple[str, ...]]
    """By name: missing packages; empty if it is installed."""
    disks: tuple[Disk, ...]
    credentials: tuple[str, ...]
    """Names of variables and files with credentials; their content is not read."""
    problems: tuple[str, ...]
    """Errors and performance problems, each with a remedy."""

    def to_json(self) -> Json:
        return asdict(self)


def examine(folders: Mapping[str, str], variables: Iterable[str]) -> Health:
    """Examine this machine; `folders` by purpose, `variables` may hold credentials.

    Raises `ConfigError` for a folder in an object store.
    """
    for path in folders.values():
        if "://" in path:
            raise ConfigError(
                "is not of this machine",
                key="--folder",
                found=path,
                remedy="a folder of this machine",
            )
    drivers = _drivers()
    disks = tuple(_disk(what, path) for what, path in folders.items())
    extras = _extras()
    return Health(
        versions=_versions(),
        drivers=drivers,
        extras=extras,
        disks=disks,
        credentials=tuple(_credentials(variables)),
        problems=tuple(_problems(drivers, disks)),
    )


def purpose_of(driver: str) -> str:
    """Purpose of a driver."""
    return _DRIVERS[driver]


def _versions() -> dict[str, str]:
    import rasterio

    found = {
        "AutoMap": VERSION,
        "Python": f"{platform.python_version()} ({sys.executable})",
        "GDAL": str(rasterio.__gdal_version__),
        "PROJ": str(rasterio.__proj_version__),
        "GEOS": str(rasterio.__geos_version__),
    }
    found |= {name: metadata.version(name) for name in _PACKAGES}
    return found | {
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": f"{usable_processors()} of {os.cpu_count()}",
    }


def _extras() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for module, extra in EXTRAS.items():
        missing = found.setdefault(extra, [])
        if importlib.util.find_spec(module) is None:
            missing.append(module)
    return {extra: tuple(sorted(missing)) for extra, missing in sorted(found.items())}


def _drivers() -> dict[str, bool]:
    from automap_tiles.raster.drivers import drivers_here

    there = drivers_here()
    return {name: name in there for name in _DRIVERS}


def _disk(what: str, path: str) -> Disk:
    """For a missing folder the nearest existing parent is measured.

    Unwritable ones are reported.
    """
    whole = Path(path).absolute()
    folder = next(each for each in (whole, *whole.parents) if each.is_dir())
    free = shutil.disk_usage(folder).free
    if any(each.is_file() for each in (whole, *whole.parents)):  # no folder can be created there
        return Disk(what=what, path=path, free=free, written=None, read=None)
    try:
        written, read = _speed(folder)
    except OSError:
        return Disk(what=what, path=str(folder), free=free, written=None, read=None)
    return Disk(what=what, path=str(folder), free=free, written=written, read=read)


def _speed(folder: Path) -> tuple[float, float]:
    """Bytes per second of writing to the disk, and of reading (mostly from the cache)."""
    block = os.urandom(_BLOCK)  # random, since some disks compress
    with tempfile.TemporaryFile(dir=folder) as file:
        start = time.perf_counter()
        for _ in range(_BLOCKS):
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
        written = time.perf_counter() - start
        file.seek(0)
        start = time.perf_counter()
        while file.read(_BLOCK):
            pass
        read = time.perf_counter() - start
    return _BLOCK * _BLOCKS / written, _BLOCK * _BLOCKS / read


def _credentials(variables: Iterable[str]) -> Iterator[str]:
    yield from (name for name in variables if os.environ.get(name))
    home = Path.home()
    for file in (".aws/credentials", ".config/gcloud/application_default_credentials.json",
                 ".netrc", ".azure"):  # fmt: skip
        if (home / file).exists():
            yield f"~/{file}"


def _problems(drivers: Mapping[str, bool], disks: Iterable[Disk]) -> Iterator[str]:
    for name, there in drivers.items():
        if not there:
            weight = "is needed for" if name in _REQUIRED else "would be needed for"
            yield (
                f"GDAL has no driver {name}, which {weight} {_DRIVERS[name]}: take the rasterio of "
                "PyPI or conda-forge"
            )
    for disk in disks:
        if disk.written is None:
            yield f"nothing can be written to {disk.path} ({disk.what})"
            continue
        if disk.free < _LITTLE:
            yield f"{disk.path} ({disk.what}) has only {disk.free / 1e9:.1f} GB left"
        if disk.written < _SLOW:
            yield (
                f"{disk.path} ({disk.what}) takes {disk.written / 1e6:.0f} MB/s: runs wait for it; "
                "another folder helps (TMPDIR, XDG_CACHE_HOME, --output)"
            )
    given = next((os.environ[name] for name in _TEMPORARY if os.environ.get(name)), None)
    if given and not os.access(given, os.W_OK | os.X_OK):
        yield (
            f"TMPDIR says {given}, where nothing can be written: {tempfile.gettempdir()} is taken "
            "instead; make that folder, or unset it"
        )
    cache = os.environ.get("XDG_CACHE_HOME")
    if cache and not Path(cache).is_absolute():
        yield f"XDG_CACHE_HOME is not an absolute path ({cache}): ~/.cache is taken; give one"
    if os.environ.get("PROJ_DATA") or os.environ.get("PROJ_LIB") or os.environ.get("GDAL_DATA"):
        yield (
            "GDAL_DATA, PROJ_DATA or PROJ_LIB is set: data of another GDAL or PROJ than that of "
            "rasterio lead to wrong or missing coordinate systems; unset it unless it is meant"
        )

"""Check that cluster workers have the same package versions as the client.

Other versions give other pixels, or none: that is said before the first tile, of all workers at
once, and of one that comes later when it is given its first tiles.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from automap_tiles.errors import ConfigError

# Packages that pixels depend on, by the module that tells whether a process uses them.
_COMPUTING = {
    "xgboost": ("xgboost", "xgboost-cpu"),
    "scipy": ("scipy",),
    "sklearn": ("scikit-learn",),
    "numba": ("numba",),
    "s2cloudless": ("s2cloudless",),
    "onnxruntime": ("onnxruntime",),
    "ukis_csmask": ("ukis-csmask",),
    "mapchete": ("mapchete",),
    "obstore": ("obstore",),
}

_MOST = 3
"""Most workers named in a message."""

Versions = Mapping[str, str | None]
"""Version by package name; None: not installed."""


def local_versions() -> Versions:
    """Versions that workers must have: those of all packages loaded in this process."""
    loaded = [module for module in _COMPUTING if module in sys.modules]
    return versions_of(["automap-tiles", "numpy", "rasterio", *loaded])


def versions_of(names: list[str]) -> Versions:
    """Versions of packages, Python and GDAL in this process."""
    import rasterio

    found: dict[str, str | None] = {
        "Python": ".".join(platform.python_version_tuple()[:2]),
        "GDAL": str(rasterio.__gdal_version__),
    }
    packages = [name for name in names if name not in found]
    return {**found, **{name: _version(_COMPUTING.get(name, (name,))) for name in packages}}


def check_versions(here: Versions, workers: Mapping[str, Versions | BaseException]) -> None:
    """Raise one `ConfigError` for all workers that differ; `workers` by their addresses."""
    wrong = {address: words for address, make in workers.items() if (words := _differs(here, make))}
    if not wrong:
        return
    groups: dict[str, list[str]] = {}
    for address, words in wrong.items():
        groups.setdefault(words, []).append(address)
    said = "; ".join(
        f"{', '.join(addresses[:_MOST])}{', …' * (len(addresses) > _MOST)}: {words}"
        for words, addresses in groups.items()
    )
    raise ConfigError(
        f"{len(wrong)} of {len(workers)} workers are not as it is here: {said}",
        key="dask-scheduler",
        remedy="install the same versions and extras for the workers, and start them again",
    )


def _differs(here: Versions, there: Versions | BaseException) -> str:
    if isinstance(there, BaseException):
        return f"cannot load automap-tiles ({there})"
    return ", ".join(
        f"{name} {there.get(name) or 'missing'} (here {wanted or 'missing'})"
        for name, wanted in here.items()
        if there.get(name) != wanted
    )


def _version(distributions: tuple[str, ...]) -> str | None:
    for name in distributions:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return None

"""What the record of a run keeps for reproducing it: checksums, versions, the order itself."""

from __future__ import annotations

import importlib.metadata
import platform
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automap_tiles.engine.journal import JournalReader, has_journal, place_of
from automap_tiles.runtime.function import FunctionRef
from automap_tiles.scenes.download.address import safe_name
from automap_tiles.scenes.prepared import read_items
from automap_tiles.storage import Address, checksum, checksum_of_file
from automap_tiles.version import VERSION
from automap_tiles.workflows.automap import _stac
from automap_tiles.workflows.automap.folders import scenes_folder
from automap_tiles.workflows.automap.order import ClassificationOrder, DownloadOrder

if TYPE_CHECKING:
    from automap_tiles.missions import Scene

PACKAGES = ("numpy", "rasterio", "shapely", "pyproj", "scikit-learn", "scipy", "xgboost", "numba")
"""Packages whose versions may affect pixels."""
_PROCESSES = {
    "composite": "automap_processes.composite",
    "classify": "automap_processes.classify",
    "samples": "automap_processes.samples",
}
Stored = Mapping[str, int]
"""`size` in bytes and `crc32`."""


def made_by() -> dict[str, str]:
    """Versions of everything that affects pixels, and digests of the processes."""
    import rasterio

    found = {
        "automap-tiles": VERSION,
        "Python": platform.python_version(),
        "GDAL": str(rasterio.__gdal_version__),
    }
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    for name, module in _PROCESSES.items():
        found[f"process {name}"] = FunctionRef.from_builtin(module).digest[:16]
    return found


def files_of_scene(scene: Scene, bands: Sequence[str]) -> list[dict[str, Any]]:
    """Name, size and checksum of a scene's local files, by name.

    For an archive, those of the archive; remote files are left out.
    """
    hrefs = [file.href for band in bands if (file := scene.find(band)) is not None]
    hrefs += [file.href for file in scene.quality]
    paths = {Path(href.partition("{")[2].partition("}")[0] or href) for href in hrefs}
    return [
        {"name": path.name, **stored_file(path)}
        for path in sorted(paths, key=lambda path: (path.name, path))
        if path.is_file()
    ]


def stored_file(path: Path) -> dict[str, int]:
    """Size and checksum of a local file."""
    size, value = checksum_of_file(path)
    return {"size": size, "crc32": value}


def stored(address: Address) -> dict[str, int] | None:
    """Size and checksum of a result, from the journal for large ones; None if it does not exist."""
    if not address.is_remote:
        path = Path(address.text)
        return stored_file(path) if path.is_file() else None
    place = place_of(address.text)
    if has_journal(place):
        with JournalReader.at(place) as journal:
            for file in journal.single_files():
                if not file.key:
                    return {"size": file.size, "crc32": file.checksum}
    content = address.read()
    return None if content is None else {"size": len(content), "crc32": checksum(content)}


def given_files(order: DownloadOrder) -> dict[str, str]:
    """Files besides the boundary that an order names, by option."""
    if not isinstance(order, ClassificationOrder):
        return {}
    named = {
        "samples": order.samples,
        "classes": order.learn.classes,
        "recipe": order.learn.recipe,
    }
    return {word: path for word, path in named.items() if path is not None}


def scenes_made_of(
    output: Address, satellite: str, scenes: Iterable[str]
) -> dict[str, dict[str, Any]]:
    """Scene id → what its item records of product, files and raster."""
    folder = scenes_folder(output, satellite)
    names = {scene: f"{safe_name(scene)}.json" for scene in scenes}
    items = read_items(folder, list(names.values()))
    found: dict[str, dict[str, Any]] = {}
    for scene, name in names.items():
        said = (items.get(name) or {}).get("properties", {})
        keys = {"product": _stac.PRODUCT, "files": _stac.FILES, "picture": _stac.PICTURE}
        found[scene] = {word: said[key] for word, key in keys.items() if key in said}
    return found

"""EOPF stores (ESA's successor of SAFE) by file name.

A store is a Zarr version 2 folder: arrays are folders, their chunks files.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePosixPath

from automap_tiles.missions._common.layout import ProductLayout
from automap_tiles.missions.sentinel2._bands import BAND_NAMES, SENTINEL_2A
from automap_tiles.missions.sentinel2._quality import EOPF_CLASSI

FAMILY = "eopf"
STORE = "store"
"""Role of the consolidated metadata."""
VERSION_3 = "version 3"
"""Role of the root metadata file of a Zarr version 3 store."""
_METADATA = {".zmetadata": STORE, "zarr.json": VERSION_3}

_ARRAY = re.compile(
    r"(?P<root>.+?)/(?P<array>"
    r"measurements/reflectance/r(?P<size>[126]0)m/(?P<band>b\w+)"
    r"|conditions/mask/detector_footprint/r[126]0m/(?P<detectors>b\w+)"
    r"|conditions/mask/(?P<mask>l2a_classification/r[26]0m/scl|l1c_classification/r60m/b00)"
    r")/(?P<file>.+)"
)
_LAYERS = {"scl": "scl", "b00": EOPF_CLASSI.name}
# S2A_MSIL2A_20251008T100041_N0511_R122_T32TQM_20251008T122613
_NAME = re.compile(
    r"S2(?P<letter>[A-D])_MSI(?P<level>L1C|L2A)_(?P<day>\d{8})T\d{6}_N(?P<version>\d{4})_R\d{3}"
    r"_T(?P<tile>\d\d[A-Z]{3})_\w+"
)


@dataclass
class _Store:
    """Arrays of one store as they are collected, by name relative to the store."""

    sizes: dict[str, int] = field(default_factory=dict)
    """Pixel size of the finest array of each band, metres."""
    bands: dict[str, str] = field(default_factory=dict)
    quality: dict[str, str] = field(default_factory=dict)
    detectors: dict[str, str] = field(default_factory=dict)
    chunks: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def find(names: Sequence[str]) -> Iterator[ProductLayout]:
    """Sentinel-2 stores in a list of file names."""
    stores: dict[str, _Store] = defaultdict(_Store)
    for name in names:
        if found := _ARRAY.fullmatch(name):
            _enter(stores[found["root"]], found)
    if not stores:
        return
    there = set(names)
    for root, store in stores.items():
        if store.bands:
            yield _layout(root, store, there)


def own_band(array: str) -> str | None:
    """`B8A` for `b8a`; None if it is not a band of the instrument."""
    return array.upper() if array.upper() in BAND_NAMES else None


def _enter(store: _Store, found: re.Match[str]) -> None:
    array = found["array"]
    store.chunks[array].add(found["file"])
    if found["band"]:
        name, size = own_band(found["band"]), int(found["size"])
        if name and size <= store.sizes.get(name, size):
            store.sizes[name], store.bands[name] = size, array
    elif found["detectors"]:
        store.detectors[found["detectors"].upper()] = array
    elif found["mask"]:
        # r20m comes before r60m
        store.quality.setdefault(_LAYERS[PurePosixPath(array).name], array)


def _layout(root: str, store: _Store, there: set[str]) -> ProductLayout:
    stem = PurePosixPath(root).name.removesuffix(".zarr").removesuffix(".SAFE")
    parts = _NAME.fullmatch(stem)
    version = parts["version"] if parts else None

    def files(arrays: dict[str, str]) -> dict[str, str]:
        return {name: f"{root}/{arrays[name]}/{MARK}" for name in sorted(arrays)}

    return ProductLayout(
        family=FAMILY,
        id=stem,
        sensor=f"sentinel-2{parts['letter'].lower()}" if parts else None,
        level=parts["level"] if parts else None,
        version=f"{version[:2]}.{version[2:]}" if version else None,
        date=_day(parts["day"]) if parts else None,
        tile=parts["tile"] if parts else None,
        bands=files(store.bands),
        quality=files(store.quality),
        angles={f"detectors_{name}": file for name, file in files(store.detectors).items()},
        metadata={
            role: f"{root}/{name}" for name, role in _METADATA.items() if f"{root}/{name}" in there
        },
        parts={f"{root}/{array}/{MARK}": frozenset(files) for array, files in store.chunks.items()},
        like=SENTINEL_2A,
        needs=(STORE,),
    )


MARK = ".zarray"
"""Present in every array folder."""


def _day(text: str) -> date | None:
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None

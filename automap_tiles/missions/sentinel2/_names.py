"""Sentinel-2 products by file name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import PurePosixPath
from typing import Literal

from automap_tiles.missions._common.layout import ProductLayout
from automap_tiles.missions.sentinel2._bands import SENTINEL_2A

Family = Literal["safe", "aws", "cog", "bands"]
"""ESA SAFE; JPEG 2000 tiles of AWS; GeoTIFFs of Earth Search; ESA-named bands without metadata."""

_BAND = r"(?P<band>B0[1-9]|B1[0-2]|B8A|SCL|QA60|MSK_CLASSI_B00|MSK_CLOUDS_B00)"
_SIZE = r"(?:_(?P<size>10|20|60)m)?"
# T33UUU_20170216T102101_B04.jp2, L2A_T32TPP_..._B04_10m.jp2
_COMPACT = re.compile(
    rf"(?:L2A_)?T(?P<tile>\d\d[A-Z]{{3}})_(?P<time>\d{{8}}T\d{{6}})_{_BAND}{_SIZE}\.(?:jp2|tiff?)",
    re.IGNORECASE,
)
# S2A_OPER_MSI_L1C_TL_SGS__20160929T154211_A006640_T32TPP_B04.jp2, before December 2016
_LONG = re.compile(
    rf"S2(?P<letter>[A-D])_\w+_MSI_L\w\w_TL_\w+_T(?P<tile>\d\d[A-Z]{{3}})_{_BAND}{_SIZE}"
    r"\.(?:jp2|tiff?)",
    re.IGNORECASE,
)
# B04.jp2, SCL_20m.jp2, MSK_CLASSI_B00.jp2, MSK_CLOUDS_B00.gml
_FLAT = re.compile(rf"{_BAND}{_SIZE}\.(?P<ending>jp2|tiff?|gml)", re.IGNORECASE)
# MSK_DETFOO_B04.jp2, MSK_DETFOO_B04_10m.jp2; before baseline 04.00 they are polygons
_DETECTORS = re.compile(
    r"MSK_DETFOO_(?P<band>B0[1-9]|B1[0-2]|B8A)(?:_\d\dm)?\.(?:jp2|tiff?)", re.IGNORECASE
)
_LONG_CLOUDS = re.compile(r"S2[A-D]_\w+_MSK_CLOUDS_\w+_B00_MSIL1C\.gml", re.IGNORECASE)

_PRODUCT_XML = re.compile(
    r"MTD_MSI(?P<level>L1C|L2A)\.xml|S2[A-D]_\w+_MTD_SAF(?P<old>L1C|L2A)_\w+\.xml", re.IGNORECASE
)
_GRANULE_XML = re.compile(
    r"MTD_TL\.xml|metadata\.xml|granule_metadata\.xml|S2[A-D]_\w+_MTD_L\w\w_TL_\w+\.xml",
    re.IGNORECASE,
)
_TILE_INFO = re.compile(r"tileInfo\.json|tileinfo_metadata\.json", re.IGNORECASE)

# S2A_MSIL1C_20210908T042701_N0301_R133_T46RER_20210908T070248
_NAME = re.compile(
    r"S2(?P<letter>[A-D])_MSI(?P<level>L1C|L2A)_(?P<day>\d{8})T\d{6}_N(?P<version>\d{4})_R\d{3}"
    r"_T(?P<tile>\d\d[A-Z]{3})_\w+"
)
# S2A_OPER_PRD_MSIL1C_PDMC_20160929T185902_R065_V20160929T102022_20160929T102344
_OLD_NAME = re.compile(r"S2(?P<letter>[A-D])_\w+_PRD_MSI(?P<level>L1C|L2A)_\w+_V(?P<day>\d{8})T\w+")
# S2A_33TWL_20230815_0_L2A
_COG_NAME = re.compile(
    r"S2(?P<letter>[A-D])_(?P<tile>\d{1,2}[A-Z]{3})_(?P<day>\d{8})_\d+_(?P<level>L1C|L2A)"
)
# tiles/10/S/DG/2018/12/31/0
_AWS_PATH = re.compile(
    r"(?:^|/)tiles/(?P<zone>\d{1,2})/(?P<band>[A-Z])/(?P<square>[A-Z]{2})"
    r"/(?P<year>\d{4})/(?P<month>\d{1,2})/(?P<dom>\d{1,2})/(?P<number>\d+)"
)
# S2B_OPER_MSI_L1C_DS_VGS4_20210908T070248_S20210908T042658_N03.01: seen since
_DATASTRIP = re.compile(r"_S(?P<seen>\d{8}T\d{6})(?:_N[\d.]+)?$")
# Folders within a granule that do not identify it.
_INNER = re.compile(r"IMG_DATA|QI_DATA|R(?:10|20|60)m|qi|auxiliary|AUX_DATA", re.IGNORECASE)


@dataclass
class _Granule:
    """Files of one granule as they are collected."""

    root: PurePosixPath
    files: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Band or mask → (resolution, name)."""
    spare: list[str] = field(default_factory=list)
    """Files passed over for another one of the same band or mask and resolution."""
    metadata: dict[str, str] = field(default_factory=dict)
    detectors: dict[str, str] = field(default_factory=dict)
    """Detector footprint raster by band."""
    letter: str | None = None
    tile: str | None = None
    day: str | None = None
    esa: bool = False
    """Whether the bands have ESA's names."""

    def add(self, kind: str, size: str | None, name: str) -> None:
        resolution = int(size) if size else _resolution_of_folder(name)
        kind = kind.upper()
        there = self.files.get(kind)
        if there is None or resolution < there[0]:
            self.files[kind] = (resolution, name)
        elif resolution == there[0]:
            self.spare.append(name)


def datastrip_start(name: str) -> datetime | None:
    """Start of a datastrip, from its name; None if the name does not tell."""
    found = _DATASTRIP.search(name)
    if found is None:
        return None
    try:
        return datetime.strptime(found["seen"], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def find(names: Sequence[str]) -> Iterator[ProductLayout]:
    """Sentinel-2 products in a list of file names, one per tile."""
    granules: dict[tuple[PurePosixPath, str], _Granule] = {}
    by_root: dict[PurePosixPath, list[_Granule]] = defaultdict(list)
    others: list[PurePosixPath] = []
    for name in names:
        path = PurePosixPath(name)
        found = _COMPACT.fullmatch(path.name) or _LONG.fullmatch(path.name)
        found = found or _FLAT.fullmatch(path.name)
        if found is None or "gml" in path.suffix.lower():
            others.append(path)
            continue
        parts = found.groupdict()
        if "tile" not in parts and parts["band"].upper().startswith("MSK"):
            others.append(path)
            continue
        root = _root(path)
        key = (root, f"{parts.get('tile')} {parts.get('time')}")
        if key not in granules:
            granules[key] = _Granule(root)
            by_root[root].append(granules[key])
        _enter(granules[key], parts, name)
    for path in others:
        _assign(path, by_root)
    for granule in granules.values():
        layout = _layout(granule)
        if layout is not None:
            yield layout


def _enter(granule: _Granule, parts: dict[str, str | None], name: str) -> None:
    granule.add(parts["band"] or "", parts.get("size"), name)
    granule.tile = (parts.get("tile") or granule.tile or "").upper() or None
    granule.letter = parts.get("letter") or granule.letter
    granule.day = (parts.get("time") or granule.day or "")[:8] or None
    granule.esa = granule.esa or "tile" in parts


def _root(path: PurePosixPath) -> PurePosixPath:
    """The granule folder of a path."""
    root = path.parent
    while _INNER.fullmatch(root.name):
        root = root.parent
    return root


def _resolution_of_folder(name: str) -> int:
    found = re.search(r"/R(10|20|60)m/", f"/{name}", re.IGNORECASE)
    return int(found[1]) if found else 0


def _assign(path: PurePosixPath, by_root: dict[PurePosixPath, list[_Granule]]) -> None:
    """Assign metadata and masks to their granules."""
    if _PRODUCT_XML.fullmatch(path.name):
        for root, granules in by_root.items():
            if root == path.parent or path.parent in root.parents:
                for granule in granules:
                    granule.metadata["product"] = str(path)
        return
    for granule in by_root.get(_root(path), ()):
        flat = _FLAT.fullmatch(path.name)
        role = _role(path.name, granule)
        detectors = _DETECTORS.fullmatch(path.name)
        if detectors:
            granule.detectors[detectors["band"].upper()] = str(path)
        elif role is not None:
            granule.metadata[role] = str(path)
        elif flat:
            granule.add(flat["band"], flat["size"], str(path))


def _role(name: str, granule: _Granule) -> str | None:
    """Role of a file in a granule; None for bands, masks and unused files."""
    if _LONG_CLOUDS.fullmatch(name) or name.upper() == "MSK_CLOUDS_B00.GML":
        return "clouds"
    if _GRANULE_XML.fullmatch(name):
        return "granule"
    if _TILE_INFO.fullmatch(name):
        return "tile_info"
    return "stac" if name == f"{granule.root.name}.json" else None


def _layout(granule: _Granule) -> ProductLayout | None:
    bands = {
        kind: granule.files[kind][1]
        for kind in sorted(granule.files)
        if re.fullmatch(r"B\d[\dA]", kind)
    }
    family = _family(granule, bands)
    if not bands or family is None:
        return None
    layers = {"SCL": "scl", "QA60": "qa60", "MSK_CLASSI_B00": "msk_classi"}
    name, parts = _identity(granule)
    tile = parts.get("tile") or granule.tile
    letter = parts.get("letter") or granule.letter
    version = parts.get("version")
    return ProductLayout(
        family=family,
        id=_unique(granule, name, tile),
        sensor=f"sentinel-2{letter.lower()}" if letter else None,
        level=parts.get("level") or _level(granule),
        version=f"{version[:2]}.{version[2:]}" if version else None,
        date=_day(parts.get("day") or granule.day),
        tile=f"{tile:0>5}" if tile else None,
        bands=bands,
        quality={layers[kind]: file for kind, (_, file) in granule.files.items() if kind in layers},
        angles=_angles(granule),
        metadata=granule.metadata,
        spare=tuple(granule.spare),
        like=SENTINEL_2A,
        needs=("product", "granule") if family == "safe" else (),
    )


def _angles(granule: _Granule) -> dict[str, str]:
    """Files with sun and view angles, by the keys of `_angles`."""
    own = {f"detectors_{band}": file for band, file in sorted(granule.detectors.items())}
    told = granule.metadata.get("granule")
    return own if told is None else {"granule": told, **own}


def _family(granule: _Granule, bands: dict[str, str]) -> Family | None:
    """File layout; None: file names too short to identify them as Sentinel-2."""
    if granule.esa:
        is_safe = "GRANULE" in granule.root.parts or "product" in granule.metadata
        return "safe" if is_safe else "bands"
    is_jp2 = any(name.lower().endswith(".jp2") for name in bands.values())
    if not granule.metadata and not _COG_NAME.fullmatch(granule.root.name):
        return None
    return "aws" if is_jp2 else "cog"


def _identity(granule: _Granule) -> tuple[str | None, dict[str, str]]:
    """The product name and its parts, from the folders above the files."""
    folders = [part.removesuffix(".SAFE") for part in reversed(granule.root.parts)]
    for pattern in (_NAME, _COG_NAME, _OLD_NAME):
        for folder in folders:
            if found := pattern.fullmatch(folder):
                return folder, {key: value for key, value in found.groupdict().items() if value}
    if found := _AWS_PATH.search(str(granule.root)):
        tile = f"{int(found['zone']):02}{found['band']}{found['square']}"
        day = f"{found['year']}{int(found['month']):02}{int(found['dom']):02}"
        return f"{tile}_{day}_{found['number']}", {"tile": tile, "day": day}
    return None, {}


def _unique(granule: _Granule, name: str | None, tile: str | None) -> str:
    """A unique id: products before December 2016 hold several tiles, each a product here."""
    if name is None:
        parts = [part for part in (granule.tile, granule.day) if part]
        name = "_".join(parts) or granule.root.name or "product"
    return name if tile is None or tile in name else f"{name}_T{tile}"


def _level(granule: _Granule) -> str | None:
    """Level, from the metadata file's name or from files that only one level has."""
    if product := granule.metadata.get("product"):
        found = _PRODUCT_XML.fullmatch(PurePosixPath(product).name)
        if found:
            return (found["level"] or found["old"]).upper()
    if "SCL" in granule.files or any(size for size, _ in granule.files.values()):
        return "L2A"
    return "L1C" if "B10" in granule.files or granule.esa else None


def _day(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:8]))
    except ValueError:
        return None

"""Landsat products by file name."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import PurePosixPath

from automap_tiles.errors import InputError
from automap_tiles.missions._common.layout import OneOfEach, ProductLayout
from automap_tiles.missions.landsat._bands import BY_KEY, LANDSAT_8

# LC08_L1TP_014031_20180106_20180119_01_T1: in some copies without processing date and collection.
_NEW = re.compile(
    r"L(?P<kind>[COTEM])0(?P<digit>\d)_(?P<level>L\d\w\w)_(?P<tile>\d{6})_(?P<day>\d{8})"
    r"(?:_\d{8}_(?P<version>\d\d)_(?:T1|T2|RT|A1|A2))?"
)
# LC80900842013284LGN00
_PRE = re.compile(r"L(?P<kind>[COTEM])(?P<digit>\d)(?P<tile>\d{6})(?P<day>\d{7})[A-Z]{3}\d\d")
# L5090081_08120090407 (path 090, row 081 to 081); Landsat 7 has two halves, L71 and L72
_OLD = re.compile(r"L(?P<digit>5|7(?=[12]))[12]?(?P<tile>\d{6})_\d{3}(?P<day>\d{8})")

_DELIVERY = re.compile(
    r"L[COTEM]0\d_L\d\w\w_\d{6}_\d{8}_(?P<processed>\d{8})_(?P<collection>\d\d)"
    r"_(?P<tier>T1|T2|RT|A1|A2)(?![A-Z0-9])",
    re.IGNORECASE,
)

_SUFFIX = re.compile(
    r"(?P<prefix>.+?)_"
    r"(?:(?P<surface>SR)_)?"
    r"(?:"
    r"(?:B|BAND)(?P<band>\d{1,2}|6_VCID_[12])|(?P<thermal>ST_B\d\d?)"
    r"|(?P<quality>BQA|QA_PIXEL|QA_RADSAT|PIXEL_QA|RADSAT_QA|CFMASK|FMASK)"
    r"|(?P<angle>[SV][ZA]A)|(?P<mtl>MTL)"
    r")\.(?P<ending>TIFF?|TXT|JSON|XML|JP2)",
    re.IGNORECASE,
)
_ANGLES = {"SZA": "sun_zenith", "SAA": "sun_azimuth", "VZA": "view_zenith", "VAA": "view_azimuth"}
_QUALITY = {
    "QA_PIXEL": "qa_pixel",
    "QA_RADSAT": "qa_radsat",
    "PIXEL_QA": "pixel_qa",
    "CFMASK": "cfmask",
    "FMASK": "cfmask",
}
_THEMATIC_MAPPERS = frozenset({"landsat-4", "landsat-5", "landsat-7"})
_MTL_ENDINGS = ("TXT", "XML", "JSON")  # best first: every product has the text

_Files = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """Processing information in a Collection product name."""

    processed: str
    """Processing date: `20201106`."""
    collection: str
    """`01`, `02`."""
    tier: str
    """`T1`, `T2`, `RT`."""


def is_mss(name: str) -> bool:
    """Whether a product name is of the multispectral scanner (MSS) of Landsat 1 to 5.

    Its B1 is green, B2 red, B3 and B4 near infrared (Landsat 1 to 3: B4 to B7), so it must not be
    read with the thematic mapper's bands.
    """
    found = _parse(name)
    return found is not None and found[1].groupdict().get("kind") == "M"


def delivery(name: str) -> Delivery | None:
    """Parts of `LC08_L1TP_092084_20201029_20201106_02_T1`; None for other names."""
    found = _DELIVERY.search(name)
    if found is None:
        return None
    return Delivery(
        processed=found["processed"],
        collection=found["collection"],
        tier=found["tier"].upper(),
    )


def refuse_mss(satellite: str) -> InputError:
    """Error for a scene of the multispectral scanner, which is not supported."""
    return InputError(
        f"Landsat {satellite} MSS (multispectral scanner): it has neither blue nor short-wave "
        "infrared, and its band numbers mean other colours than those of TM"
    )


def of_generation(layer: str, sensor: str) -> str:
    """The sensor's variant of a quality layer: Landsat 4 to 7 have their own tables."""
    return f"{layer}_tm" if sensor in _THEMATIC_MAPPERS else layer


def find(names: Sequence[str]) -> Iterator[ProductLayout]:
    """Landsat products in a list of file names."""
    groups: dict[tuple[str, str], list[tuple[str, re.Match[str]]]] = defaultdict(list)
    for name in names:
        path = PurePosixPath(name)
        if found := _SUFFIX.fullmatch(path.name):
            groups[str(path.parent), _prefix(found["prefix"])].append((name, found))
    for (folder, prefix), members in groups.items():
        layout = _layout(PurePosixPath(folder).name, prefix, members)
        if layout is not None:
            yield layout


def _prefix(prefix: str) -> str:
    """Both halves of an old Landsat 7 product use the prefix of the first."""
    return f"L71{prefix[3:]}" if re.match(r"L72\d{6}_", prefix, re.IGNORECASE) else prefix


def _layout(
    folder: str, prefix: str, members: list[tuple[str, re.Match[str]]]
) -> ProductLayout | None:
    is_old = _OLD.match(prefix.upper()) is not None
    bands, surface, quality, angles, metadata, spare = _sort(members, is_old)
    identity = _identity(folder, prefix)
    has_level_1 = bool(metadata or quality)
    if not (bands or surface) or not (identity or metadata) or not (has_level_1 or surface):
        return None
    name, found = identity or (prefix, None)
    version = _version(found, quality)
    level = found.groupdict().get("level") if found else None
    digit = found["digit"] if found else None
    if not (level or "").upper().startswith("L2") and _on_demand(surface, quality, metadata):
        level = "SR"
    return ProductLayout(
        family="landsat",
        id=name,
        sensor=f"landsat-{digit}" if f"landsat-{digit}" in BY_KEY else None,
        level=level.upper() if level else None,
        version=version,
        date=_day(found["day"]) if found else None,
        tile=found["tile"] if found else None,
        bands=dict(sorted((surface or bands).items(), key=_mission_order)),
        quality=_named(quality, digit, version),
        angles=angles,
        metadata=metadata,
        spare=spare,
        like=BY_KEY.get(f"landsat-{digit}", LANDSAT_8),
        needs=("mtl",),
    )


def _on_demand(surface: _Files, quality: _Files, metadata: _Files) -> bool:
    """Surface reflectance ordered before Collection 2 has the name of the level 1 product.

    CFmask and pixel_qa only come with it.
    """
    return bool(surface) or (not metadata and bool({"CFMASK", "FMASK", "PIXEL_QA"} & set(quality)))


def _sort(
    members: list[tuple[str, re.Match[str]]], is_old: bool
) -> tuple[_Files, _Files, _Files, _Files, _Files, tuple[str, ...]]:
    """Files sorted into bands, surface reflectance bands, quality, angles, metadata, and others."""
    kinds = bands, surface, thermal, quality, angles = tuple(OneOfEach() for _ in range(5))
    mtl: _Files = {}
    for name, found in members:
        ending = found["ending"].upper()
        if found["mtl"]:
            if ending in _MTL_ENDINGS:
                mtl[ending] = name
        elif ending not in ("TIF", "TIFF", "JP2"):
            continue
        elif found["band"]:
            (surface if found["surface"] else bands).add(_band(found["band"], is_old), name)
        elif found["thermal"]:
            thermal.add(found["thermal"].upper(), name)
        elif found["angle"]:
            angles.add(_ANGLES[found["angle"].upper()], name)
        else:
            quality.add(found["quality"].upper(), name)
    best = next((mtl[ending] for ending in _MTL_ENDINGS if ending in mtl), None)
    return (
        bands.best,
        surface.best | thermal.best if surface.best else {},
        quality.best,
        angles.best,
        {"mtl": best} if best else {},
        tuple(name for kind in kinds for name in kind.spare),
    )


def _mission_order(item: tuple[str, str]) -> tuple[int, str]:
    """Sort key: B2 before B10."""
    return len(item[0]), item[0]


def _band(number: str, is_old: bool) -> str:
    """`4` → `B4`; in the oldest names `40` → `B4`, `10` → `B1`, `61` → `B6_VCID_1`."""
    number = number.upper()
    if number in ("61", "62"):
        return f"B6_VCID_{number[1]}"
    return f"B{number.removesuffix('0')}" if is_old else f"B{number}"


def _identity(folder: str, prefix: str) -> tuple[str, re.Match[str]] | None:
    """Parts of the product name, from the folder if that has more."""
    inner = _parse(prefix)
    outer = _parse(folder)
    if outer and (inner is None or inner[1].groupdict().get("version") is None):
        same = inner is None or outer[0].startswith(inner[0])
        return outer if same else inner
    return inner


def _parse(name: str) -> tuple[str, re.Match[str]] | None:
    for pattern in (_NEW, _PRE, _OLD):
        if found := pattern.match(name.upper()):
            return found[0], found
    return None


def _version(found: re.Match[str] | None, quality: _Files) -> str | None:
    """Collection, from the name or the type of quality band."""
    if found is None:
        return None
    parts = found.groupdict()
    if "level" not in parts:
        return "00"
    if parts["version"]:
        return str(parts["version"])
    return "02" if "QA_PIXEL" in quality else "01" if quality else None


def _named(quality: _Files, digit: str | None, version: str | None) -> _Files:
    """Quality files by layer name; Landsat 4 to 7 have their own tables."""
    key = f"landsat-{digit}"
    layers: _Files = {}
    for kind, name in quality.items():
        if kind == "BQA":
            # Before the collections only Landsat 8 had a quality band.
            is_old = version in ("00", None)
            layers["bqa_pre" if is_old else of_generation("bqa_c1", key)] = name
        elif kind in _QUALITY:
            layer = _QUALITY[kind]
            layers[layer if layer == "cfmask" else of_generation(layer, key)] = name
    return layers


def _day(text: str) -> date | None:
    """`20180106`, or year and day of year `2013284`."""
    try:
        if len(text) == 7:
            return date(int(text[:4]), 1, 1) + timedelta(days=int(text[4:]) - 1)
        return datetime.strptime(text, "%Y%m%d").date()  # noqa: DTZ007  # a day, no time
    except ValueError:
        return None

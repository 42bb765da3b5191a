"""Which satellite saw an item's scene, of which tile, and what product it is."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from automap_tiles.errors import ConfigError, InputError
from automap_tiles.missions import by_key
from automap_tiles.missions.landsat.names import is_mss
from automap_tiles.missions.registry import refuse_mss
from automap_tiles.scenes.catalogue import dea
from automap_tiles.scenes.catalogue.item import Item

# S2B_MSIL2A_20190629T212529_N0212_R043_T06VVN_20201006T080531; some leave the baseline out
_SENTINEL = re.compile(
    r"S2(?P<letter>[A-D])_MSI(?P<level>L1C|L2A)_\d{8}T\d{6}(?:_N(?P<baseline>\d{4}))?"
    r"(?:_R(?P<orbit>\d{3}))?(?:_T(?P<tile>\d{2}[A-Z]{3}))?"
)
# S2A_33TWL_20230815_0_L2A, S2B_T33TWL_20230815T100031_L2A
_SENTINEL_SHORT = re.compile(
    r"S2(?P<letter>[A-D])_T?(?P<tile>\d{1,2}[A-Z]{3})_\d{8}(?:T\d{6})?(?:_\d+)?_(?P<level>L1C|L2A)"
)
_LANDSAT = re.compile(
    r"L[COTEM]0(?P<digit>\d)_(?P<level>L\d\w\w)_(?P<tile>\d{6})_\d{8}"
    r"_\d{8}_(?P<collection>\d\d)_(?P<tier>T1|T2|RT)"
)
# landsat-8, LANDSAT_8, L8, LC08; Sentinel-2B, sentinel2b, S2B, 2B
_PLATFORM = re.compile(
    r"(?:landsat|l[cote]?)[-_ ]?0?(?P<landsat>[1-9])|(?:sentinel|s)?[-_ ]?(?P<sentinel>2[a-d])",
    re.IGNORECASE,
)

_PRODUCT = ("s2:product_uri", "s2:product_id", "sentinel:product_id", "landsat:product_id")


@dataclass(frozen=True, kw_only=True)
class Identity:
    """What an item is; None: nothing says."""

    sensor: str
    """Key."""
    product: str | None = None
    """The producer's own name."""
    level: str | None = None
    tile: str | None = None
    """`33TWL`, `016037`."""
    orbit: int | None = None
    baseline: str | None = None
    """Of Sentinel-2's processing, `05.09`."""
    collection: str | None = None
    """Of Landsat, `02`."""
    tier: str | None = None
    """Of Landsat, `T1`, `T2`, `RT`."""


def identify(item: Item) -> Identity:
    """Raises `InputError` when no known satellite saw it."""
    found = _identify(item)
    # What such an item says of level and baseline is that of the product it was made of.
    return replace(found, level=dea.LEVEL, baseline=None) if dea.is_ard(item) else found


def _identify(item: Item) -> Identity:
    _refuse_mss(item)
    sensor = _sensor(item)
    if sensor.startswith("landsat"):
        parts = _parts(item, _LANDSAT)
        tile = _path_row(item) or parts.get("tile")
        return Identity(
            sensor=sensor,
            product=parts.get("product"),
            level=parts.get("level") or item.text("landsat:correction"),
            tile=tile,
            orbit=int(tile[:3]) if tile else None,
            collection=parts.get("collection") or item.text("landsat:collection_number"),
            tier=parts.get("tier") or item.text("landsat:collection_category"),
        )
    parts = _parts(item, _SENTINEL) or _parts(item, _SENTINEL_SHORT)
    return Identity(
        sensor=sensor,
        product=parts.get("product"),
        level=parts.get("level") or _sentinel_level(item),
        tile=_mgrs(item) or _padded(parts.get("tile")),
        orbit=_orbit(item, parts),
        baseline=_baseline(item, parts),
    )


def parse_tile(text: str | int) -> str:
    """A tile as scenes have it: `33TWL` of `T33TWL`, `MGRS-33TWL`; `016037` of `16/37`, `16,37`.

    Raises `ConfigError`.
    """
    own = str(text).strip().upper()
    if found := re.fullmatch(r"(?:MGRS-)?T?(\d{1,2})([C-HJ-NP-X][A-HJ-NP-Z]{2})", own):
        return f"{int(found[1]):02}{found[2]}"
    found = re.fullmatch(r"(\d{1,3})[/, _-]+(\d{1,3})", own) or re.fullmatch(r"(\d{3})(\d{3})", own)
    if found:
        return f"{int(found[1]):03}{int(found[2]):03}"
    raise ConfigError(
        "is no tile", key="tiles", found=text, remedy="33TWL (Sentinel-2) or 16/37 (Landsat)"
    )


def _parts(item: Item, pattern: re.Pattern[str]) -> dict[str, str]:
    """What the names of product, item and files say; the first that says something counts."""
    names = [*(item.text(name) or "" for name in _PRODUCT), item.id]
    names.extend(asset.href for asset in item.assets)
    for name in names:
        if found := pattern.search(name):
            parts = {key: value for key, value in found.groupdict().items() if value}
            whole = re.match(r"[\w.]+", name[found.start() :])
            if pattern is _LANDSAT:
                parts["product"] = found[0]
            elif pattern is _SENTINEL and whole:
                parts["product"] = whole[0].removesuffix(".SAFE")
            return parts
    return {}


def _refuse_mss(item: Item) -> None:
    """Raise `InputError` for a scene of Landsat's multispectral scanner, by name or instrument."""
    said = item.first("instruments", "eo:instrument", "instrument")
    instruments = said if isinstance(said, list) else [said]
    names = [*(item.text(name) or "" for name in _PRODUCT), item.id]
    named = next((name for name in names if is_mss(name)), None)
    if named is not None or any(str(each).lower() == "mss" for each in instruments):
        platform = re.search(r"\d", item.text("platform", "eo:platform") or named or "")
        raise refuse_mss(platform[0] if platform else "1 to 5")


def _sensor(item: Item) -> str:
    platform = item.text("platform", "eo:platform") or ""
    found = _PLATFORM.fullmatch(platform.strip())
    if found:
        family = "landsat" if found["landsat"] else "sentinel"
        key = f"{family}-{found['landsat'] or found['sentinel']}".lower()
    elif platform and not re.search(r"landsat|sentinel|\bs2\b", platform, re.IGNORECASE):
        raise InputError(f"{platform[:80]} is no satellite that is known here")
    else:
        key = _sensor_of_names(item) or ""
        if not key:
            raise InputError(f"does not say which satellite saw it (platform: {platform[:80]!r})")
    try:
        return by_key(key).key
    except ConfigError as error:
        raise InputError(f"{key} is no satellite that is known here") from error


def _sensor_of_names(item: Item) -> str | None:
    for pattern in (_SENTINEL, _SENTINEL_SHORT):
        if letter := _parts(item, pattern).get("letter"):
            return f"sentinel-2{letter.lower()}"
    digit = _parts(item, _LANDSAT).get("digit")
    return None if digit is None else f"landsat-{digit}"


def _path_row(item: Item) -> str | None:
    path = item.number("landsat:wrs_path", "eo:wrs_path")
    row = item.number("landsat:wrs_row", "eo:wrs_row")
    return None if path is None or row is None else f"{int(path):03}{int(row):03}"


def _mgrs(item: Item) -> str | None:
    whole = item.text("s2:mgrs_tile", "grid:code", "tileId", "odc:region_code")
    found = re.fullmatch(r"(?:MGRS-)?T?(\d{1,2}[A-Z]{3})", (whole or "").upper())
    if found:
        return _padded(found[1])
    zone = item.number("mgrs:utm_zone", "sentinel:utm_zone")
    band = item.text("mgrs:latitude_band", "sentinel:latitude_band")
    square = item.text("mgrs:grid_square", "sentinel:grid_square")
    return None if zone is None or not band or not square else f"{int(zone):02}{band}{square}"


def _padded(tile: str | None) -> str | None:
    return f"{tile:0>5}" if tile else None


def _sentinel_level(item: Item) -> str | None:
    said = " ".join(
        filter(None, (item.text("s2:product_type", "processing:level"), item.collection))
    )
    found = re.search(r"(?:MSI|L|-l)(1C|2A)\b", said, re.IGNORECASE)
    return f"L{found[1].upper()}" if found else None


def _orbit(item: Item, parts: dict[str, str]) -> int | None:
    orbit = item.number("sat:relative_orbit")
    return (
        int(orbit if orbit is not None else parts["orbit"]) if orbit or "orbit" in parts else None
    )


def _baseline(item: Item, parts: dict[str, str]) -> str | None:
    said = item.text("s2:processing_baseline", "processing:version", "sentinel:processing_baseline")
    found = re.fullmatch(r"N?(\d{2})\.?(\d{2})", said or "")
    if found:
        return f"{found[1]}.{found[2]}"
    own = parts.get("baseline")
    return f"{own[:2]}.{own[2:]}" if own else None

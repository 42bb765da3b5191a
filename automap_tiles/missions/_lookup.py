"""Look-ups over all missions: satellites by any name, sensors, products, STAC items, tiles."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from automap_tiles.errors import ConfigError, InputError
from automap_tiles.missions._common.known import answer_with
from automap_tiles.missions._common.layout import ProductLayout
from automap_tiles.missions._common.mission import Collection, Mission, Satellite
from automap_tiles.missions._common.quality import QualityLayer
from automap_tiles.missions._common.sensor import CommonName, Sensor
from automap_tiles.missions._common.stac import Dialect, Identity, Item
from automap_tiles.missions._registry import EVERYTHING, known, missions

_Named = TypeVar("_Named")


def satellites() -> dict[str, Satellite]:
    """All satellites by name."""
    return dict(known().satellites)


def satellite_of(word: str) -> Satellite:
    """The satellite with this name or alias; raises `ConfigError`."""
    own = word.strip().lower()
    satellite = known().satellites.get(own) or known().aliases.get(own)
    if satellite is None:
        raise _no_satellite(word)
    return satellite


def parse_satellites(value: str | int | Iterable[str | int]) -> frozenset[str]:
    """Satellite names from `2578`, `[2, landsat]`, `all` or `sentinel-2`; raises `ConfigError`.

    A mission's group name and `all` select only the satellites that are part of groups.
    Single-letter aliases may be written without a separator.
    """
    items = [value] if isinstance(value, str | int) else list(value)
    table = known()
    words = {name: {name} for name in table.satellites}
    words |= {alias: {each.name} for alias, each in table.aliases.items()}
    words |= _groups()
    found: set[str] = set()
    for item in items:
        text = str(item).strip().lower()
        if text in words:
            found |= words[text]
        elif text and all(len(letter) == 1 and letter in words for letter in text):
            found |= set().union(*(words[letter] for letter in text))
        else:
            raise _no_satellite(item)
    return frozenset(found)


def common_bands(satellite: str) -> tuple[CommonName, ...]:
    """The bands of `COMMON` that all sensors of a satellite have."""
    return satellite_of(satellite).common_bands


def sensors() -> tuple[Sensor, ...]:
    """All sensors of all satellites."""
    return tuple(known().sensors.values())


def sensor_of(key: str) -> Sensor:
    """The sensor with this key; raises `ConfigError` if there is none."""
    return _one(known().sensors, key, what="sensor", key="sensor", near=0.6)


def mission_of(sensor: str) -> Mission:
    """The mission of the sensor with this key; raises `ConfigError` if there is none."""
    own = sensor_of(sensor)
    return next(
        mission
        for mission in missions()
        for satellite in mission.satellites
        if own in satellite.sensors
    )


def quality_layer(name: str) -> QualityLayer:
    """The quality layer with this name; raises `ConfigError` if there is none."""
    return _one(known().layers, name, what="quality layer", key="mask", near=0.5)


def quality_layers() -> dict[str, QualityLayer]:
    """All quality layers by name."""
    return dict(known().layers)


def find_products(names: Sequence[str]) -> list[tuple[Mission, ProductLayout]]:
    """All products found in a list of file names, sorted by id; other files are ignored.

    Names are relative paths with `/` and should start with the product's own folder, whose name
    often holds what the file names lack. Nothing is opened.
    """
    listed = sorted(names)
    found = [
        (mission, layout) for mission in missions() for layout in mission.products.find(listed)
    ]
    return sorted(found, key=lambda pair: pair[1].id)


def rivals(products: Iterable[tuple[Mission, ProductLayout]]) -> dict[str, tuple[str, ...]]:
    """Ids of products with files that another mission claims too, with the groups of both."""
    claims: dict[str, set[str]] = {}
    listed = [(mission.group, layout) for mission, layout in products]
    for group, layout in listed:
        for file in layout.files:
            claims.setdefault(file, set()).add(group)
    found: dict[str, set[str]] = {}
    for _, layout in listed:
        groups = set().union(*(claims[file] for file in layout.files))
        if len(groups) > 1:
            found.setdefault(layout.id, set()).update(groups)
    return {name: tuple(sorted(groups)) for name, groups in found.items()}


def recognise(item: Item) -> tuple[Dialect, Identity]:
    """The dialect that an item is written in, and its identity.

    Raises `InputError` if no mission recognises the item, or if two do: only the user can decide
    between them.
    """
    found: dict[str, tuple[Dialect, Identity]] = {}
    refused: InputError | None = None
    for mission in missions():
        try:
            known = _identified(mission, item)
        except InputError as error:  # another mission may recognise it
            refused = refused or error
        else:
            if known is not None:
                found[mission.group] = known
    if len(found) > 1:
        raise InputError(two_know(found))
    for known in found.values():
        return known
    if refused is not None:
        raise refused
    platform = item.platform
    if platform:
        raise InputError(f"{platform[:80]} is not a known satellite")
    raise InputError("does not say which satellite saw it (platform: '')")


def two_know(groups: Iterable[str]) -> str:
    """Message for a product or item that two missions recognise."""
    return (
        f"several missions take it for theirs: {', '.join(sorted(groups))}; "
        "remove the packages of all but one"
    )


def _identified(mission: Mission, item: Item) -> tuple[Dialect, Identity] | None:
    for dialect in mission.dialects:
        identity = dialect.identify(item)
        if identity is not None:
            return dialect, identity
    return None


def collections(catalogue: str) -> tuple[Collection, ...]:
    """All missions' collections in a known catalogue."""
    return tuple(
        each
        for mission in missions()
        for each in mission.collections
        if each.catalogue == catalogue
    )


def parse_tile(text: str | int) -> str:
    """The tile id as scenes write it: `33TWL` for `T33TWL` or `MGRS-33TWL`; `016037` for `16/37`.

    Raises `ConfigError` if no mission recognises the tile, unless some mission takes tile ids as
    its metadata writes them.
    """
    own = str(text).strip()
    named = [mission.tiles for mission in missions()]
    for tiles in named:
        if tiles is not None and (found := tiles.parse(own.upper())):
            return found
    if own and None in named:
        return own
    examples = " or ".join(tiles.example for tiles in named if tiles is not None)
    raise ConfigError("not a tile", key="tiles", found=text, remedy=examples)


def _groups() -> dict[str, set[str]]:
    groups: dict[str, set[str]] = {EVERYTHING: set()}
    for mission in missions():
        own = {each.name for each in mission.satellites if each.in_groups}
        if own:
            groups.setdefault(mission.group, set()).update(own)
            groups[EVERYTHING] |= own
    return groups


def _no_satellite(word: object) -> ConfigError:
    """Message that lists the known names: `2 (sentinel-2), ..., or landsat, sentinel, all`."""
    known = sorted(
        f"{each.aliases[0]} ({name})" if each.aliases else name
        for name, each in satellites().items()
    )
    groups = sorted(_groups(), key=lambda name: name == EVERYTHING)
    return ConfigError(
        "not a known satellite",
        key="satellites",
        found=word,
        remedy=f"{', '.join(known)}, or {', '.join(groups)}",
    )


def _one(known: Mapping[str, _Named], name: str, *, what: str, key: str, near: float) -> _Named:
    found = known.get(name) or known.get(name.lower())
    if found is None:
        close = difflib.get_close_matches(name.lower(), known, 1, near)
        remedy = f"{close[0]}?" if close else f"one of {', '.join(known)}"
        raise ConfigError(f"unknown {what}", key=key, found=name, remedy=remedy)
    return found


answer_with(sensor_of)

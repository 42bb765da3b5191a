"""The missions there are: our own in one table, and those that other packages bring along."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from automap_tiles.errors import ConfigError, InputError
from automap_tiles.missions.common.known import answer_with
from automap_tiles.missions.common.layers import LAYERS
from automap_tiles.missions.common.layout import ProductLayout
from automap_tiles.missions.common.mission import Collection, Mission, Satellite
from automap_tiles.missions.common.quality import QualityLayer
from automap_tiles.missions.common.sensor import CommonName, Sensor
from automap_tiles.missions.common.stac import Dialect, Identity, Item
from automap_tiles.missions.landsat import MISSION as LANDSAT
from automap_tiles.missions.sentinel2 import MISSION as SENTINEL_2

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_OWN: tuple[Mission, ...] = (
    LANDSAT,
    SENTINEL_2,
)

ENTRY_POINTS = "automap_tiles.missions"
"""Group of entry points; each names a `Mission`."""

_EVERYTHING = "all"

_MEMBERS = (
    "group",
    "satellites",
    "quality",
    "products",
    "dialects",
    "collections",
    "deliveries",
    "tiles",
)

_registered: list[Mission] = []

_Named = TypeVar("_Named")


def missions() -> tuple[Mission, ...]:
    """All of them, our own first.

    Raises `ConfigError` when two have a satellite, a sensor or a quality layer of one name.
    """
    return _known().missions


def register(mission: Mission) -> None:
    """Make a mission known in this Python process; for all workers use an entry point.

    Raises `ConfigError` when something of it has a name that is taken.
    """
    if any(mission is each for each in _registered):
        return
    _registered.append(mission)
    _known.cache_clear()
    try:
        _known()
    except ConfigError:
        unregister(mission)
        raise


def unregister(mission: Mission) -> None:
    """Undo `register`."""
    _registered[:] = [each for each in _registered if each is not mission]
    _known.cache_clear()


def satellites() -> dict[str, Satellite]:
    """All satellites by name."""
    return dict(_known().satellites)


def satellite_of(word: str) -> Satellite:
    """A satellite by its name or by what else it answers to; raises `ConfigError`."""
    own = word.strip().lower()
    satellite = _known().satellites.get(own) or _known().aliases.get(own)
    if satellite is None:
        raise _no_satellite(word)
    return satellite


def parse_satellites(value: str | int | Iterable[str | int]) -> frozenset[str]:
    """Names of satellites: of `2578`, `[2, landsat]`, `all`, `sentinel-2`; raises `ConfigError`.

    Words of missions and `all` mean those of their satellites that are in groups. Several aliases
    of one letter may be written without anything between them.
    """
    items = [value] if isinstance(value, str | int) else list(value)
    known = _known()
    words = {name: {name} for name in known.satellites}
    words |= {alias: {each.name} for alias, each in known.aliases.items()}
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
    """Those of `COMMON` that all sensors of a satellite have."""
    return satellite_of(satellite).common_bands


def satellite_name(word: str) -> str:
    """`sentinel-2` of any word for a satellite, as in the names of folders and results."""
    return satellite_of(word).name


def sensors() -> tuple[Sensor, ...]:
    """All sensors of all satellites."""
    return tuple(_known().sensors.values())


def sensor_of(key: str) -> Sensor:
    """A sensor by its key; raises `ConfigError` when there is none."""
    return _one(_known().sensors, key, what="sensor", key="sensor", near=0.6)


def mission_of(sensor: str) -> Mission:
    """The mission of a sensor by its key; raises `ConfigError` when there is none."""
    own = sensor_of(sensor)
    return next(
        mission
        for mission in missions()
        for satellite in mission.satellites
        if own in satellite.sensors
    )


def quality_layer(name: str) -> QualityLayer:
    """A quality layer; raises `ConfigError` when there is none of that name."""
    return _one(_known().layers, name, what="quality layer", key="mask", near=0.5)


def quality_layers() -> dict[str, QualityLayer]:
    """All quality layers by name."""
    return dict(_known().layers)


def find_products(names: Sequence[str]) -> list[tuple[Mission, ProductLayout]]:
    """All products among these names of files, in the order of their ids; others are left alone.

    Names are relative paths with `/`, and best begin with the product's own folder, which often
    says what the files in it do not. Nothing is opened.
    """
    listed = sorted(names)
    found = [
        (mission, layout) for mission in missions() for layout in mission.products.find(listed)
    ]
    return sorted(found, key=lambda pair: pair[1].id)


def recognise(item: Item) -> tuple[Dialect, Identity]:
    """The dialect that an item is written in, and what it is.

    Raises `InputError` when no mission knows it.
    """
    for mission in missions():
        for dialect in mission.dialects:
            identity = dialect.identify(item)
            if identity is not None:
                return dialect, identity
    platform = item.platform
    if platform:
        raise InputError(f"{platform[:80]} is not a known satellite")
    raise InputError("does not say which satellite saw it (platform: '')")


def collections(catalogue: str) -> tuple[Collection, ...]:
    """What a catalogue that is known by name has of all missions."""
    return tuple(
        each
        for mission in missions()
        for each in mission.collections
        if each.catalogue == catalogue
    )


def parse_tile(text: str | int) -> str:
    """A tile as scenes have it: `33TWL` of `T33TWL`, `MGRS-33TWL`; `016037` of `16/37`, `16,37`.

    Raises `ConfigError` for what no mission knows, unless there are missions that call their tiles
    as their metadata call them.
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
    groups: dict[str, set[str]] = {_EVERYTHING: set()}
    for mission in missions():
        own = {each.name for each in mission.satellites if each.in_groups}
        if own:
            groups.setdefault(mission.group, set()).update(own)
            groups[_EVERYTHING] |= own
    return groups


def _no_satellite(word: object) -> ConfigError:
    """With `2 (sentinel-2), 4 (landsat-4), ..., or landsat, sentinel, all`."""
    known = sorted(
        f"{each.aliases[0]} ({name})" if each.aliases else name
        for name, each in satellites().items()
    )
    groups = sorted(_groups(), key=lambda name: name == _EVERYTHING)
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


@dataclass(frozen=True, kw_only=True)
class _Known:
    """The missions, and what is in them by name."""

    missions: tuple[Mission, ...]
    satellites: dict[str, Satellite]
    aliases: dict[str, Satellite]
    sensors: dict[str, Sensor]
    layers: dict[str, QualityLayer]


@lru_cache(maxsize=1)
def _known() -> _Known:
    """Looked for once; raises `ConfigError` when two have something of one name."""
    found = (*_OWN, *_plugins(), *_registered)
    satellites = [each for mission in found for each in mission.satellites]
    sensors = [sensor for each in satellites for sensor in each.sensors]
    layers = [*LAYERS, *(layer for mission in found for layer in mission.quality)]
    words = [word for each in satellites for word in {each.name, *each.aliases}]
    _check_once("satellite", words)
    _check_once("sensor", [sensor.key for sensor in sensors])
    _check_once("quality layer", [layer.name for layer in layers])
    return _Known(
        missions=found,
        satellites={each.name: each for each in satellites},
        aliases={alias: each for each in satellites for alias in each.aliases},
        sensors={sensor.key: sensor for sensor in sensors},
        layers={layer.name: layer for layer in layers},
    )


def _check_once(what: str, names: Sequence[str]) -> None:
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        raise ConfigError(
            f"two missions have a {what} of this name",
            key=ENTRY_POINTS,
            found=", ".join(twice),
            remedy="remove one of the packages that bring missions along",
        )


def _plugins() -> tuple[Mission, ...]:
    from importlib.metadata import entry_points

    return tuple(_loaded(entry) for entry in entry_points(group=ENTRY_POINTS))


def _loaded(entry: EntryPoint) -> Mission:
    try:
        loaded = entry.load()
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"the mission of another package cannot be loaded: {error}",
            key=ENTRY_POINTS,
            found=entry.value,
            remedy="mend the package, or remove it",
        ) from error
    lacks = [name for name in _MEMBERS if not hasattr(loaded, name)]
    if lacks:
        raise ConfigError(
            f"is not a Mission: it has no {', '.join(lacks)}",
            key=ENTRY_POINTS,
            found=entry.value,
            remedy="missions.PlainMission has all members",
        )
    mission: Mission = loaded
    return mission


answer_with(sensor_of)

"""The available missions: the built-in table and those of other packages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from automap_tiles.errors import ConfigError
from automap_tiles.missions._common.layers import LAYERS
from automap_tiles.missions._common.mission import Mission, Satellite
from automap_tiles.missions._common.quality import QualityLayer
from automap_tiles.missions._common.sensor import Sensor
from automap_tiles.missions.hls import MISSION as HLS
from automap_tiles.missions.landsat import MISSION as LANDSAT
from automap_tiles.missions.sentinel2 import MISSION as SENTINEL_2
from automap_tiles.plugins import plugins

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_OWN: tuple[Mission, ...] = (
    LANDSAT,
    SENTINEL_2,
    HLS,
)

ENTRY_POINTS = "automap_tiles.missions"
"""Entry point group; each entry point names a `Mission`."""

EVERYTHING = "all"
"""Selects the satellites of all groups."""

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


def missions() -> tuple[Mission, ...]:
    """All missions, built-in ones first.

    Raises `ConfigError` if two missions share the name of a satellite, sensor or quality layer.
    """
    return known().missions


def register(mission: Mission) -> None:
    """Register a mission in this Python process; use an entry point to reach all workers.

    Raises `ConfigError` if any of its names is taken.
    """
    if any(mission is each for each in _registered):
        return
    _registered.append(mission)
    known.cache_clear()
    try:
        known()
    except ConfigError:
        unregister(mission)
        raise


def unregister(mission: Mission) -> None:
    """Undo `register`."""
    _registered[:] = [each for each in _registered if each is not mission]
    known.cache_clear()


@dataclass(frozen=True, kw_only=True)
class KnownMissions:
    """The missions and their members by name."""

    missions: tuple[Mission, ...]
    satellites: dict[str, Satellite]
    aliases: dict[str, Satellite]
    sensors: dict[str, Sensor]
    layers: dict[str, QualityLayer]


@lru_cache(maxsize=1)
def known() -> KnownMissions:
    """The missions, collected once; raises `ConfigError` if two of them share a name."""
    found = (*_OWN, *_plugins(), *_registered)
    satellites = [each for mission in found for each in mission.satellites]
    sensors = [sensor for each in satellites for sensor in each.sensors]
    layers = [*LAYERS, *(layer for mission in found for layer in mission.quality)]
    words = [word for each in satellites for word in {each.name, *each.aliases}]
    _check_once("satellite", [*words, *_groups_of_others(found)])
    _check_once("sensor", [sensor.key for sensor in sensors])
    _check_once("quality layer", [layer.name for layer in layers])
    return KnownMissions(
        missions=found,
        satellites={each.name: each for each in satellites},
        aliases={alias: each for each in satellites for alias in each.aliases},
        sensors={sensor.key: sensor for sensor in sensors},
        layers={layer.name: layer for layer in layers},
    )


def _groups_of_others(found: Sequence[Mission]) -> set[str]:
    """Group names that satellites of other missions must not use; a mission may use its own."""
    groups = {
        mission.group
        for mission in found
        if mission.group not in {satellite.name for satellite in mission.satellites}
    }
    return groups | {EVERYTHING}


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
    return tuple(_loaded(entry) for entry in plugins(ENTRY_POINTS).values())


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

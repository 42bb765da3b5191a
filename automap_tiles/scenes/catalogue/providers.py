"""Catalogues known by name; the missions define what their collections hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from automap_tiles import missions
from automap_tiles.errors import ConfigError
from automap_tiles.missions import Level


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A public STAC API."""

    name: str
    url: str
    access: str | None = None
    """Access method of its files (`scenes._link_signing`)."""


PROVIDERS = (
    Provider(name="earth-search", url="https://earth-search.aws.element84.com/v1"),
    Provider(
        name="planetary-computer",
        url="https://planetarycomputer.microsoft.com/api/stac/v1",
        access="planetary-computer",
    ),
    Provider(name="usgs", url="https://landsatlook.usgs.gov/stac-server"),
)


def by_name(name: str) -> Provider | None:
    """A provider by its name, or by an address below its own."""
    for provider in PROVIDERS:
        same_host = urlsplit(name).netloc == urlsplit(provider.url).netloc
        if name == provider.name or ("://" in name and same_host):
            return provider
    return None


def has(provider: Provider, satellite: str, level: Level) -> bool:
    """Whether it has a satellite's products of this level."""
    return satellite in _having(provider, level)


def collections(
    provider: Provider, satellites: Iterable[str] | None, level: Level | None
) -> tuple[str, ...]:
    """Collections to search; raises `ConfigError` for what the provider does not have."""
    asked = None if satellites is None else set(satellites)
    wanted = dict.fromkeys(
        each.name
        for each in missions.collections(provider.name)
        if (asked is None or not asked.isdisjoint(each.satellites)) and level in (None, each.level)
    )
    lacking = (asked or set()) - _having(provider, level)
    if not wanted or (level and lacking):
        raise ConfigError(
            f"{provider.name} has no such products",
            key="satellites",
            found=f"{', '.join(sorted(lacking)) or 'any'} ({level or 'any level'})",
            remedy="another catalogue or level",
        )
    return tuple(wanted)


def tile_property(provider: Provider, satellite: str) -> tuple[str, str] | None:
    """The property with the tile id in a satellite's items, and its format."""
    return next(
        (
            each.tile
            for each in missions.collections(provider.name)
            if satellite in each.satellites and each.tile is not None
        ),
        None,
    )


def _having(provider: Provider, level: Level | None) -> set[str]:
    """Satellites for which it has products of a level; None: any level."""
    return {
        satellite
        for each in missions.collections(provider.name)
        if level in (None, each.level)
        for satellite in each.satellites
    }

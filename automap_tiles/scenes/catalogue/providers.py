"""Catalogues that are known by name, and which of their collections hold what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from automap_tiles.errors import ConfigError
from automap_tiles.missions import Level


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A public STAC API."""

    name: str
    url: str
    collections: Mapping[tuple[str, Level], str]
    """By satellite and level."""
    access: str | None = None
    """Way to its files (`scenes.link_signing`)."""
    tile_property: Mapping[str, tuple[str, str]]
    """By satellite: the property that names the tile, and how it is written."""


def _landsat(satellites: str, level: Level, collection: str) -> dict[tuple[str, Level], str]:
    return {(satellite, level): collection for satellite in satellites}


PROVIDERS = (
    Provider(
        name="earth-search",
        url="https://earth-search.aws.element84.com/v1",
        collections={
            ("2", "toa"): "sentinel-2-l1c",
            ("2", "surface"): "sentinel-2-l2a",
            **_landsat("45789", "surface", "landsat-c2-l2"),
        },
        tile_property={"2": ("grid:code", "MGRS-{}")},
    ),
    Provider(
        name="planetary-computer",
        url="https://planetarycomputer.microsoft.com/api/stac/v1",
        collections={
            ("2", "surface"): "sentinel-2-l2a",
            **_landsat("45789", "surface", "landsat-c2-l2"),
        },
        access="planetary-computer",
        tile_property={"2": ("s2:mgrs_tile", "{}")},
    ),
    Provider(
        name="usgs",
        url="https://landsatlook.usgs.gov/stac-server",
        collections={
            **_landsat("45789", "toa", "landsat-c2l1"),
            **_landsat("45789", "surface", "landsat-c2l2-sr"),
        },
        tile_property={},
    ),
)


def by_name(name: str) -> Provider | None:
    """A provider by its name, or by an address below its own."""
    for provider in PROVIDERS:
        same_host = urlsplit(name).netloc == urlsplit(provider.url).netloc
        if name == provider.name or ("://" in name and same_host):
            return provider
    return None


def collections(
    provider: Provider, satellites: Iterable[str] | None, level: Level | None
) -> tuple[str, ...]:
    """What to search in; raises `ConfigError` for what the provider does not have."""
    wanted = {
        collection: key
        for key, collection in provider.collections.items()
        if (satellites is None or key[0] in satellites) and (level is None or key[1] == level)
    }
    absent = sorted(set(satellites or ()) - {satellite for satellite, _ in provider.collections})
    if not wanted or (level and satellites and _without(provider, satellites, level)):
        lost = absent or sorted(_without(provider, satellites or (), level or "toa"))
        raise ConfigError(
            f"{provider.name} has no such products",
            key="satellites",
            found=f"{', '.join(lost) or 'any'} ({level or 'any level'})",
            remedy="another catalogue or level",
        )
    return tuple(wanted)


def _without(provider: Provider, satellites: Iterable[str], level: Level) -> set[str]:
    return {satellite for satellite in satellites if (satellite, level) not in provider.collections}

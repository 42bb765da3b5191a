"""Scenes from STAC catalogues (files and APIs), searched by place, time, satellite and cloud."""

from automap_tiles.missions import parse_tile
from automap_tiles.scenes.catalogue._area import from_bounds, item_bbox, normalised
from automap_tiles.scenes.catalogue._search import SearchOptions, search
from automap_tiles.scenes.catalogue.providers import PROVIDERS, Provider
from automap_tiles.scenes.catalogue.verify import check, verified

__all__ = [
    "PROVIDERS",
    "Provider",
    "SearchOptions",
    "check",
    "from_bounds",
    "item_bbox",
    "normalised",
    "parse_tile",
    "search",
    "verified",
]

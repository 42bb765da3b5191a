"""Scenes from a catalogue: a STAC file or a STAC API."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from automap_tiles.errors import AutomapError, InputError
from automap_tiles.missions import Item, Level, Scene, parse_tile
from automap_tiles.scenes._choose import Candidates, Failure, choose, refused_by
from automap_tiles.scenes.catalogue import _api, _static
from automap_tiles.scenes.catalogue.convert import Sketch, refused, sketch, to_scene
from automap_tiles.scenes.catalogue.item import read_item
from automap_tiles.scenes.catalogue.providers import Provider, by_name, collections, tile_property
from automap_tiles.scenes.catalogue.verify import Verify, verified
from automap_tiles.scenes.download.address import shown
from automap_tiles.scenes.download.private_network import PUBLIC, is_allowed, is_public, schemes_of
from automap_tiles.scenes.download.small_files import read_bytes
from automap_tiles.scenes.failures import check_own
from automap_tiles.scenes.funnel import Funnel
from automap_tiles.scenes.report import SearchReport, Wanted, wanted_of
from automap_tiles.scenes.select import Selection

_WORKERS = 16


@dataclass(frozen=True, kw_only=True)
class SearchOptions:
    """Search options."""

    tiles: Sequence[str] = ()
    """`33TWL`, `16/37`; empty: all."""
    collections: Sequence[str] | None = None
    """Collections of an API; None: those that a known catalogue has for the satellites, or all."""
    level: Level | None = None
    """None: any."""
    bands: Wanted | None = None
    """Bands that a scene must have."""
    verify: Verify = "doubtful"
    """Which scenes to check for the offset of Sentinel-2."""
    alternate: str | None = None
    """Name of the alternate asset addresses to prefer: `s3`."""
    limit: int | None = None
    """Maximum number of items to request."""
    page: int = _api.PAGE


def search(
    source: str | Path, selection: Selection | None = None, options: SearchOptions | None = None
) -> SearchReport:
    """Scenes from a STAC file, a STAC API, or a catalogue known by name (`providers`).

    Unusable items are in `rejected` with the reason; the funnel, which starts with what the server
    sent, tells where the others were removed. Raises `InputError` if the catalogue itself cannot be
    read, `ConfigError` for something it does not offer, and `MissingExtra`.
    """
    options = options or SearchOptions()
    selection = replace(
        selection or Selection(),
        tiles=frozenset(map(parse_tile, options.tiles)),
        level=options.level,
    )
    provider = by_name(str(source))
    address = _address(source, provider)
    access = provider.access if provider is not None else None
    if access is None and is_public(address):
        access = PUBLIC
    items = _items(address, provider, selection, options)
    read = partial(read_item, alternate=options.alternate, schemes=schemes_of(address))
    found = _drawn(items, selection, read, access)
    drawn = {id(each.scene): each for each in found.sketches}

    def finish(scene: Scene) -> Scene:
        own = drawn[id(scene)]
        whole = to_scene(own, partial(read_bytes, access=access))
        bands = wanted_of(whole, options.bands) or ()
        lost = [band for band in bands if whole.find(band) is None]
        if lost:
            raise InputError(f"has no {', '.join(lost)}{refused(own.item)}")
        return whole

    candidates = Candidates(
        scenes=tuple(each.scene for each in found.sketches),
        rejected=tuple(found.rejected),
        refused=found.refused,
    )
    result = choose(candidates, selection, finish, workers=_WORKERS)
    return replace(result, scenes=tuple(verified(result.scenes, options.verify)))


@dataclass(kw_only=True)
class _Drawn:
    """Items received so far; only matching ones are kept, as there may be a hundred thousand."""

    sketches: list[Sketch] = field(default_factory=list)
    rejected: list[Failure] = field(default_factory=list)
    refused: Funnel = field(default_factory=Funnel)


def _drawn(
    items: Iterable[_static.ReadItem],
    selection: Selection,
    read: Callable[[Mapping[str, Any], str], Item],
    access: str | None,
) -> _Drawn:
    found = _Drawn()
    for each in items:
        name = shown(each.href)
        try:
            if each.data is None:
                raise InputError(each.error or "cannot be read")
            name = str(each.data.get("id") or name)
            own = sketch(read(each.data, each.href), access)
        except AutomapError as error:
            check_own(error)
            # its traceback references the item
            found.rejected.append((name, error.with_traceback(None)))
            continue
        refusal = selection.refusal(own.scene)
        if refusal is None:
            found.sketches.append(own)
        else:
            found.refused = refused_by(found.refused, own.scene, refusal)
    return found


def _address(source: str | Path, provider: Provider | None) -> str:
    return provider.url if provider is not None and source == provider.name else str(source)


def _reader(href: str) -> Callable[[str], bytes]:
    """A function that reads linked documents, limited to permitted addresses."""
    schemes, access = schemes_of(href), PUBLIC if is_public(href) else None

    def read(link: str) -> bytes:
        if not is_allowed(link, schemes):
            raise InputError("a catalogue far away must not link to such an address", shown(link))
        return read_bytes(link, access)

    return read


def _items(
    href: str, provider: Provider | None, selection: Selection, options: SearchOptions
) -> Iterator[_static.ReadItem]:
    read = _reader(href)
    document = _static.read_document(href, read)
    if not _static.is_api(document):
        return _static.items(document, href, read)
    if options.collections is not None:
        names: Sequence[str] | None = options.collections
    elif provider is not None:
        names = collections(provider, selection.satellites, options.level)
    else:
        names = None
    request = _api.Request(
        collections=names,
        area=selection.area,
        period=selection.period,
        max_cloud_cover=selection.max_cloud_cover,
        equals=_tile_properties(provider, selection.satellites, options.tiles),
        page=options.page,
        limit=options.limit,
    )
    return (
        _static.ReadItem(href=_own_address(item) or href, data=item)
        for item in _api.search(href, request)
    )


def _own_address(item: Mapping[str, Any]) -> str | None:
    """The item's own address, the base of its relative links."""
    links = item.get("links")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, Mapping) and link.get("rel") == "self":
            return str(link.get("href"))
    return None


def _tile_properties(
    provider: Provider | None, satellites: Iterable[str] | None, tiles: Sequence[str]
) -> dict[str, list[str]]:
    """Filter for a single satellite; several satellites may name their tiles differently."""
    wanted = set(satellites or ())
    if provider is None or len(wanted) != 1 or not tiles:
        return {}
    known = tile_property(provider, wanted.pop())
    return {} if known is None else {known[0]: [known[1].format(parse_tile(t)) for t in tiles]}

"""Search of a STAC API."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import InputError, MissingExtra
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.scenes.catalogue._area import server_parts
from automap_tiles.scenes.download.address import shown
from automap_tiles.scenes.download.http import hide_queries, reason
from automap_tiles.scenes.download.retry_policy import Patience
from automap_tiles.scenes.select import Period
from automap_tiles.stopping import raise_if_stopped

if TYPE_CHECKING:
    from pystac_client import Client
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.scenes.catalogue._retrying_io import RetryingIO

PAGE = 100
"""Page size; servers allow between 100 and 10000."""

_ATTEMPTS = 7
_ALWAYS = Period()


@dataclass(frozen=True, kw_only=True)
class Request:
    """Query for a server; criteria that it does not support are filtered afterwards."""

    collections: Sequence[str] | None = None
    """None: all."""
    area: BaseGeometry | None = None
    """Longitude and latitude."""
    period: Period = _ALWAYS
    max_cloud_cover: float | None = None
    """Per cent; servers that filter by it drop items that state no cover."""
    equals: Mapping[str, Sequence[str]] | None = None
    """Properties and their permitted values."""
    page: int = PAGE
    limit: int | None = None
    """Maximum number of items for each part of the area."""
    backoff: float = 1.0
    """Initial pause in seconds after a temporary failure; doubled every time."""


def search(url: str, request: Request) -> Iterator[Mapping[str, Any]]:
    """Items page by page, without duplicates.

    Temporary failures are retried with growing pauses, or after the pause that the server requests.
    Raises `InputError` if the server cannot be reached or refuses, and `MissingExtra`.
    """
    try:
        import pystac_client  # noqa: F401
    except ImportError as error:
        raise MissingExtra("pystac-client", "stac") from error
    hide_queries()
    seen: set[tuple[str, str]] = set()
    parts = (None,) if request.area is None else server_parts(request.area)
    with warnings.catch_warnings():
        # Extensions that a server does not conform to are only requested where it does.
        warnings.simplefilter("ignore")
        with _opened(url, request.backoff) as client:
            for part in parts:
                for item in _items(client, url, _arguments(client, request, part)):
                    key = (str(item.get("collection")), str(item.get("id")))
                    if key not in seen:
                        seen.add(key)
                        yield item


@contextmanager
def _opened(url: str, backoff: float) -> Iterator[Client]:
    from automap_tiles.scenes.catalogue._retrying_io import RetryingIO

    asking = RetryingIO(url, Patience(attempts=_ATTEMPTS, first=backoff))
    with closing(asking.session):
        yield _client(url, asking)


def _client(url: str, asking: RetryingIO) -> Client:
    from pystac.errors import STACError, STACTypeError
    from pystac_client import Client
    from pystac_client.exceptions import APIError

    try:
        return Client.open(url, stac_io=asking)
    except (
        APIError,
        STACError,
        STACTypeError,
        OSError,
        ValueError,
        KeyError,
        RecursionError,
    ) as error:
        raise _refused(url, error) from None


def _arguments(client: Client, request: Request, area: BaseGeometry | None) -> dict[str, Any]:
    from shapely.geometry import mapping

    arguments: dict[str, Any] = {"limit": request.page, "max_items": request.limit}
    if request.collections is not None:
        arguments["collections"] = list(request.collections)
    if area is not None:
        arguments["intersects"] = mapping(area)
    if request.period != _ALWAYS:
        arguments["datetime"] = _interval(request.period)
    return arguments | _selection(client, request)


def _interval(period: Period) -> str:
    first = f"{period.first}T00:00:00Z" if period.first else ".."
    last = f"{period.last}T23:59:59.999999Z" if period.last else ".."
    return f"{first}/{last}"


def _selection(client: Client, request: Request) -> dict[str, Any]:
    """Filter by properties in a query language of the server; empty if it has none."""
    equals = request.equals or {}
    if request.max_cloud_cover is None and not equals:
        return {}
    if client.conforms_to("FILTER"):
        terms: list[dict[str, Any]] = [
            {"op": "in", "args": [{"property": name}, list(values)]}
            for name, values in equals.items()
        ]
        if request.max_cloud_cover is not None:
            cover = {"property": "eo:cloud_cover"}
            terms.append({"op": "<=", "args": [cover, request.max_cloud_cover]})
        return {"filter": {"op": "and", "args": terms}, "filter_lang": "cql2-json"}
    if client.conforms_to("QUERY"):
        query: dict[str, Any] = {name: {"in": list(values)} for name, values in equals.items()}
        if request.max_cloud_cover is not None:
            query["eo:cloud_cover"] = {"lte": request.max_cloud_cover}
        return {"query": query}
    return {}


def _items(client: Client, url: str, arguments: dict[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Items of all pages, until one is repeated."""
    from pystac_client.exceptions import APIError

    seen: set[str] = set()
    try:
        for page in client.search(**arguments).pages_as_dicts():
            raise_if_stopped()
            features = page.get("features") or []
            ids = json.dumps([[item.get("collection"), item.get("id")] for item in features])
            if ids in seen:
                tell(_ENDLESS)
                return
            seen.add(ids)
            yield from features
    except (APIError, OSError, ValueError, KeyError, RecursionError, NotImplementedError) as error:
        raise _refused(url, error) from None


_ENDLESS = Note(
    fate=Fate.GUESSED,
    subject=Subject.SCENES,
    reason="the catalogue sends the same page again and again: it is taken for its last one",
)


def _refused(url: str, error: Exception) -> InputError:
    return InputError(f"the catalogue cannot be searched: {reason(error)}", shown(url))

"""STAC files: an item, an ItemCollection, or a collection or catalogue with its links."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from automap_tiles.errors import InputError
from automap_tiles.parsing import parse_json
from automap_tiles.scenes.download.address import resolve, shown

_WORKERS = 16
"""Small remote files are bound by latency, not CPU."""


@dataclass(frozen=True, kw_only=True)
class ReadItem:
    """One item, or why it could not be read."""

    href: str
    """Address it was read from."""
    data: Mapping[str, Any] | None = None
    error: str | None = None


def read_document(href: str, read: Callable[[str], bytes]) -> Mapping[str, Any]:
    """A JSON object; raises `InputError`."""
    try:
        data = parse_json(read(href))
    except ValueError as error:
        raise InputError(f"not valid JSON: {error}", shown(href)) from error
    if not isinstance(data, Mapping):
        raise InputError("not a STAC file: not a JSON object", shown(href))
    return data


def is_api(document: Mapping[str, Any]) -> bool:
    """Whether it is the landing page of a STAC API with item search."""
    return any(link.get("rel") == "search" for link in _links(document))


def items(
    document: Mapping[str, Any], href: str, read: Callable[[str], bytes]
) -> Iterator[ReadItem]:
    """Items of a document and of those it links to, each file once.

    Unreadable links are reported and do not stop the others. Raises `InputError` if the document
    itself is not STAC.
    """
    if _own_items(document) is None and not _is_parent(document):
        kind = document.get("type")
        raise InputError(f"not a STAC item, ItemCollection or collection ({kind})", shown(href))
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="stac") as pool:
        seen = {href}
        level: list[tuple[str, Mapping[str, Any] | str]] = [(href, document)]
        while level:
            following: list[str] = []
            for place, found in level:
                if isinstance(found, str):
                    yield ReadItem(href=place, error=found)
                    continue
                yield from (ReadItem(href=place, data=item) for item in _own_items(found) or ())
                for link in _children(found, place):
                    if link not in seen:
                        seen.add(link)
                        following.append(link)
            level = list(zip(following, pool.map(_reader(read), following), strict=True))


def _reader(
    read: Callable[[str], bytes],
) -> Callable[[str], Mapping[str, Any] | str]:
    def one(href: str) -> Mapping[str, Any] | str:
        try:
            return read_document(href, read)
        except InputError as error:
            return error.message

    return one


def _own_items(document: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """Items in the document itself; None if it is of another type."""
    if document.get("type") == "Feature":
        return [document]
    features = document.get("features")
    if document.get("type") == "FeatureCollection" and isinstance(features, list):
        return [feature for feature in features if isinstance(feature, Mapping)]
    return None


def _is_parent(document: Mapping[str, Any]) -> bool:
    named = document.get("type") in ("Catalog", "Collection")
    return named or ("stac_version" in document and "links" in document)


def _children(document: Mapping[str, Any], href: str) -> list[str]:
    if document.get("type") == "Feature":
        return []
    wanted = {"item", "items", "child"} if document.get("type") != "FeatureCollection" else {"next"}
    return [
        resolve(href, str(link["href"]))
        for link in _links(document)
        if link.get("rel") in wanted and link.get("href")
    ]


def _links(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    links = document.get("links")
    return [link for link in links if isinstance(link, Mapping)] if isinstance(links, list) else []

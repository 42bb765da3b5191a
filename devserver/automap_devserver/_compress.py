"""Compresses text for clients that accept it; pictures are compressed already."""

from __future__ import annotations

import gzip
from functools import lru_cache

from flask import Request, Response

_TYPES = frozenset(
    (
        "application/geo+json",
        "application/javascript",
        "application/json",
        "application/xml",
        "image/svg+xml",
        "text/css",
        "text/html",
        "text/javascript",
    )
)
_SMALLEST = 1000
"""Bytes; smaller responses fit into one packet anyway."""
_LARGEST = 1 << 24
_LEVEL = 5
"""zlib level; 9 takes twice the time for one per cent."""


def compress(request: Request, response: Response) -> Response:
    """The response unchanged, or with its text compressed."""
    if response.status_code != 200 or response.mimetype not in _TYPES:
        return response
    response.headers.add("Vary", "Accept-Encoding")
    length = response.content_length or 0  # unknown for streams
    if (
        request.method != "GET"
        or not _SMALLEST <= length <= _LARGEST
        or not request.accept_encodings["gzip"]
    ):
        return response
    response.direct_passthrough = False  # files would be sent unchanged
    etag, weak = response.get_etag()
    response.set_data(_compressed(response.get_data()))
    if etag is not None and not weak:
        response.set_etag(etag, weak=True)  # different bytes of the same content
    response.headers["Content-Encoding"] = "gzip"
    return response


@lru_cache(maxsize=16)
def _compressed(content: bytes) -> bytes:
    return gzip.compress(content, _LEVEL, mtime=0)

"""Text compressed for those that take it; pictures are compressed already."""

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
"""Bytes; less fits into one packet anyway."""
_LARGEST = 1 << 24
_LEVEL = 5
"""Of zlib; 9 takes twice the time for one per cent."""


def compress(request: Request, response: Response) -> Response:
    """The answer as it is, or with its text compressed."""
    if response.status_code != 200 or response.mimetype not in _TYPES:
        return response
    response.headers.add("Vary", "Accept-Encoding")
    length = response.content_length or 0  # of streams it is not known
    if (
        request.method != "GET"
        or not _SMALLEST <= length <= _LARGEST
        or not request.accept_encodings["gzip"]
    ):
        return response
    response.direct_passthrough = False  # of files, which would be sent as they are
    etag, weak = response.get_etag()
    response.set_data(_compressed(response.get_data()))
    if etag is not None and not weak:
        response.set_etag(etag, weak=True)  # other bytes of the same content
    response.headers["Content-Encoding"] = "gzip"
    return response


@lru_cache(maxsize=16)
def _compressed(content: bytes) -> bytes:
    return gzip.compress(content, _LEVEL, mtime=0)

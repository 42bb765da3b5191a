"""Files on http and https servers.

Proxies, `~/.netrc` and certificates come from the environment, as `requests` reads them; none of it
is stored or shown.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from automap_tiles.errors import InputError, MissingExtra
from automap_tiles.scenes.download._stream import CHUNK, Stream
from automap_tiles.scenes.download.address import name_of, scrubbed, shown
from automap_tiles.scenes.download.private_network import guard
from automap_tiles.scenes.download.retry_policy import Changed, TryAgain, retry_after
from automap_tiles.version import VERSION

if TYPE_CHECKING:
    from requests import Response, Session

TIMEOUT = (10.0, 60.0)
"""Seconds to wait for the connection, and between two parts of a response."""

LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Status codes of temporary failures."""

_NO_PAGES = (".tif", ".tiff", ".jp2", ".zip", ".tar", ".gz", ".xml", ".json", ".txt")

# One session per process: its connection pool serves all threads. Sessions of the process that this
# one was forked from are kept but never used.
_sessions: dict[tuple[int, bool], Session] = {}
_lock = threading.Lock()


@contextmanager
def open_http(
    href: str, start: int, validator: str | None, *, public: bool = False
) -> Iterator[Stream]:
    """Like `_open.open_stream`."""
    headers: dict[str, str] = {}
    if start and validator:
        headers = {"Range": f"bytes={start}-", "If-Range": validator}
    elif start:
        headers = {"Range": f"bytes={start}-"}
    response = _get(href, headers, public)
    with response:
        if response.status_code == 416:
            yield _nothing_left(response, start, validator)
            return
        _check_answer(href, response)
        yield Stream(
            start=_start(href, response, start, validator),
            size=_size(response),
            validator=_validator(response),
            chunks=_chunks(response),
        )


def size_of(href: str, *, public: bool = False) -> int | None:
    """Size of a file in bytes; None if the server does not state it.

    Requests a single byte, because links signed for GET reject HEAD.
    """
    with _get(href, {"Range": "bytes=0-0"}, public) as response:
        if response.status_code == 416:  # not even one byte
            return _size(response)
        _check_answer(href, response)
        return _size(response)


def session(*, public: bool = False) -> Session:
    """The session of this process, with connection reuse; `public` refuses internal addresses."""
    key = os.getpid(), public
    made = _sessions.get(key)
    if made is None:
        with _lock:
            made = _sessions.get(key) or _new_session(public)
            _sessions[key] = made
    return made


def _new_session(public: bool) -> Session:
    try:
        import requests
        from requests.adapters import HTTPAdapter
    except ImportError as error:
        raise MissingExtra("requests", "stac") from error
    made = requests.Session()
    made.max_redirects = 10
    for scheme in ("http://", "https://"):
        made.mount(scheme, HTTPAdapter(pool_connections=32, pool_maxsize=64))
    if public:
        guard(made)
    # Bytes as stored: sizes and ranges of compressed bytes would be meaningless.
    made.headers["Accept-Encoding"] = "identity"
    made.headers["User-Agent"] = f"automap-tiles/{VERSION}"
    hide_queries()
    return made


def _get(href: str, headers: dict[str, str], public: bool) -> Response:
    own = session(public=public)
    from requests import exceptions

    try:
        return own.get(href, headers=headers, stream=True, timeout=TIMEOUT)
    except (exceptions.ConnectionError, exceptions.Timeout, exceptions.ChunkedEncodingError) as no:
        raise TryAgain(reason(no)) from None
    except exceptions.RequestException as no:
        raise InputError(f"cannot be fetched: {reason(no)}", shown(href)) from None


def _check_answer(href: str, response: Response) -> None:
    status = response.status_code
    if status in LATER:
        wait = retry_after(response.headers.get("Retry-After"))
        raise TryAgain(f"the server answers {status} {response.reason}", wait)
    if status in (404, 410):
        raise InputError("no such file", shown(href))
    if status in (401, 403):
        raise InputError(f"may not be read: the server answers {status}", shown(href))
    if status not in (200, 206):
        raise InputError(
            f"cannot be fetched: the server answers {status} {response.reason}", shown(href)
        )
    is_page = response.headers.get("Content-Type", "").lower().startswith("text/html")
    if is_page and name_of(href).lower().endswith(_NO_PAGES):
        raise InputError("the server sends a web page instead, perhaps for a login", shown(href))


def _nothing_left(response: Response, start: int, validator: str | None) -> Stream:
    """Accept a status 416 if the file is already complete; otherwise raises `Changed`."""
    now = _validator(response)
    if _size(response) != start or (validator and now and validator != now):
        raise Changed("the file has changed meanwhile")
    return Stream(start=start, size=start, validator=validator, chunks=iter(()))


def _start(href: str, response: Response, start: int, validator: str | None) -> int:
    """Offset of the response; raises `Changed` if it is of another version."""
    if response.status_code == 200:
        return 0
    found = re.fullmatch(r"bytes (\d+)-\d+/(?:\d+|\*)", response.headers.get("Content-Range", ""))
    if found is None or int(found[1]) != start:
        raise InputError("the server sends another part than the one asked for", shown(href))
    now = _validator(response)
    if validator is not None and now is not None and now != validator:
        raise Changed("the file has changed meanwhile")
    return start


def _size(response: Response) -> int | None:
    if response.headers.get("Content-Encoding", "identity") != "identity":
        return None
    total = re.fullmatch(r"bytes [\d*-]+/(\d+)", response.headers.get("Content-Range", ""))
    if total:
        return int(total[1])
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdigit() and response.status_code == 200 else None


def _validator(response: Response) -> str | None:
    """A strong ETag, or else the modification date."""
    tag = response.headers.get("ETag", "")
    if tag.startswith('"'):
        return tag
    return response.headers.get("Last-Modified")


def _chunks(response: Response) -> Iterator[bytes]:
    from urllib3.exceptions import HTTPError

    try:
        # read1 returns what has arrived; read would wait for a whole chunk and lose it on a broken
        # connection.
        while data := response.raw.read1(CHUNK, decode_content=True):
            yield data
    except (HTTPError, OSError) as error:
        raise TryAgain(f"the connection broke: {reason(error)}") from None


def reason(error: BaseException) -> str:
    """Type and first line of an error, without queries and user names."""
    lines = str(error).strip().splitlines()
    # urllib3 starts with its pool; the actual error follows.
    first = lines[0].rpartition("Caused by ")[2] if lines else ""
    return f"{type(error).__name__}: {scrubbed(first)[:300]}"


class _WithoutQueries(logging.Filter):
    """Removes queries from the http client's log lines, which name every address."""

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        if "?" in text:
            record.msg, record.args = scrubbed(text), None
        return True


_without_queries = _WithoutQueries()


def hide_queries() -> None:
    """Keep signatures out of the logs of the http packages."""
    for name in ("urllib3.connectionpool", "urllib3.util.retry", "pystac_client.stac_api_io"):
        logging.getLogger(name).addFilter(_without_queries)

"""Files in object stores: `s3://`, `gs://`, `az://`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from automap_tiles.errors import InputError, OutputError
from automap_tiles.scenes.download._stream import Stream
from automap_tiles.scenes.download.retry_policy import TryAgain


@contextmanager
def open_object(href: str, start: int, validator: str | None) -> Iterator[Stream]:
    """Like `_open.open_stream`; the store's client does its own retries."""
    from automap_tiles.storage.remote import ObjectStorage

    root, key = split(href)
    try:
        begin, size, tag, chunks = ObjectStorage(root).stream(key, start, validator)
    except FileNotFoundError:
        raise InputError("no such file", href) from None
    except OutputError as error:
        raise InputError(error.message, href) from None
    yield Stream(start=begin, size=size, validator=tag, chunks=_read_on(chunks))


def _read_on(chunks: Iterator[bytes]) -> Iterator[bytes]:
    try:
        yield from chunks
    except InputError as error:  # it existed when it was opened
        raise TryAgain(error.message) from None


def split(href: str) -> tuple[str, str]:
    """`s3://bucket` and the key within it."""
    scheme, _, rest = href.partition("://")
    bucket, _, key = rest.partition("/")
    return f"{scheme}://{bucket}", key

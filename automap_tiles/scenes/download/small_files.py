"""Reads small files as a whole: STAC items, metadata."""

from __future__ import annotations

from automap_tiles.errors import InputError
from automap_tiles.scenes._link_signing import resolve
from automap_tiles.scenes.download._open import open_stream
from automap_tiles.scenes.download.address import shown
from automap_tiles.scenes.download.private_network import PUBLIC
from automap_tiles.scenes.download.retry_policy import Patience, TryAgain, announce
from automap_tiles.stopping import sleep

LARGEST = 256 << 20
"""Bytes; larger files are neither catalogues nor metadata."""


def read_bytes(
    href: str,
    access: str | None = None,
    *,
    patience: Patience | None = None,
    largest: int = LARGEST,
) -> bytes:
    """All bytes of a local path, `file://`, `http(s)://`, `s3://`, `gs://` or `az://`.

    Raises `InputError` if it cannot be read, also after retries, or is too large.
    """
    patience = patience or Patience(attempts=4)
    failures = 0
    while True:
        try:
            return _read(href, access, largest)
        except TryAgain as error:
            failures += 1
            if failures >= patience.attempts:
                raise InputError(f"cannot be read: {error}", shown(href)) from None
            pause = patience.pause(failures, error.wait)
            announce(shown(href), error, pause)
            sleep(pause)


def _read(href: str, access: str | None, largest: int) -> bytes:
    pieces: list[bytes] = []
    total = 0
    with open_stream(resolve(href, access), public=access == PUBLIC) as stream:
        for chunk in stream.chunks:
            total += len(chunk)
            if total > largest:
                raise InputError(f"larger than {largest} bytes", shown(href))
            pieces.append(chunk)
    if stream.size is not None and total < stream.size:
        raise TryAgain(f"the connection ended after {total} of {stream.size} bytes")
    return b"".join(pieces)

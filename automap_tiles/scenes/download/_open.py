"""Opens any file as a byte stream, local or remote."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from automap_tiles.errors import InputError
from automap_tiles.scenes.download._stream import CHUNK, Stream
from automap_tiles.scenes.download.address import kind_of, local_path, shown


def open_stream(
    href: str, start: int = 0, validator: str | None = None, *, public: bool = False
) -> AbstractContextManager[Stream]:
    """The bytes from `start` on, if the file still matches `validator`.

    `public`: refuses http addresses inside the local network, also in redirects.

    Raises `InputError` if the file does not exist or may not be read, `TryAgain` for a temporary
    failure, and `MissingExtra`.
    """
    return _opener(href, public)(href, start, validator)


def _opener(
    href: str, public: bool
) -> Callable[[str, int, str | None], AbstractContextManager[Stream]]:
    kind = kind_of(href)
    if kind == "http":
        from automap_tiles.scenes.download.http import open_http

        return partial(open_http, public=public)
    if kind == "object":
        from automap_tiles.scenes.download._objects import open_object

        return open_object
    return _open_file


@contextmanager
def _open_file(href: str, start: int, validator: str | None) -> Iterator[Stream]:
    path = local_path(href)
    try:
        file = path.open("rb")
    except (FileNotFoundError, NotADirectoryError):
        raise InputError("no such file", shown(href)) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", shown(href)) from error
    with file:
        size = file.seek(0, 2)
        mark = f"{size} {path.stat().st_mtime_ns}"
        begin = start if mark == validator and start <= size else 0
        file.seek(begin)
        chunks = iter(lambda: file.read(CHUNK), b"")
        yield Stream(start=begin, size=size, validator=mark, chunks=chunks)

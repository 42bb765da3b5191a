"""Whether a failure is the scene's own, or one of this machine that every scene would share."""

from __future__ import annotations

import errno
import os
import re

from automap_tiles.errors import AutomapError, ResourceError

_WITHOUT_HANDLES = (errno.EMFILE, errno.ENFILE)
_WORDS = re.compile("|".join(re.escape(os.strerror(code)) for code in _WITHOUT_HANDLES))


def check_own(error: AutomapError) -> None:
    """Raise `ResourceError` for a failure that is none of the scene's own.

    The process cannot open any further file then, and every scene would fail likewise.
    """
    if isinstance(error, ResourceError):
        raise error
    if _is_without_handles(error):
        raise ResourceError.without_handles() from error


def reason_of(error: AutomapError) -> str:
    """Why a scene is set aside, without the path: the same words for the same cause."""
    return str(getattr(error, "message", "")) or str(error)


def _is_without_handles(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.errno in _WITHOUT_HANDLES:
            return True
        if _WORDS.search(str(cause)):
            return True
        cause = cause.__cause__ or cause.__context__
    return _is_exhausted()


def _is_exhausted() -> bool:
    """GDAL says "no such file" of a file that it has no handle for; so a handle is asked for."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno in _WITHOUT_HANDLES
    return False

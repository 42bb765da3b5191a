"""Tell failures of a single scene from failures of this machine, which concern all scenes."""

from __future__ import annotations

from automap_tiles.errors import AutomapError, ResourceError, is_without_handles


def check_own(error: AutomapError) -> None:
    """Raise `ResourceError` for a failure that the scene did not cause.

    The process then cannot open any more files, and every scene would fail the same way.
    """
    if isinstance(error, ResourceError):
        raise error
    if is_without_handles(error):
        raise ResourceError.without_handles() from error


def reason_of(error: AutomapError) -> str:
    """Why a scene is set aside, without its path: equal causes give equal text."""
    return str(getattr(error, "message", "")) or str(error)

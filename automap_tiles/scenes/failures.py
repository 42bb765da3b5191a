"""Whether a failure is the scene's own, or one of this machine that every scene would share."""

from __future__ import annotations

from automap_tiles.errors import AutomapError, ResourceError, is_without_handles


def check_own(error: AutomapError) -> None:
    """Raise `ResourceError` for a failure that is none of the scene's own.

    The process cannot open any further file then, and every scene would fail likewise.
    """
    if isinstance(error, ResourceError):
        raise error
    if is_without_handles(error):
        raise ResourceError.without_handles() from error


def reason_of(error: AutomapError) -> str:
    """Why a scene is set aside, without the path: the same words for the same cause."""
    return str(getattr(error, "message", "")) or str(error)

"""Several deliveries of one acquisition: how to tell them apart and rank them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from automap_tiles.missions._common.scene import Scene

SAME_TIME = timedelta(seconds=10)
"""Two observations of a place within this time are one acquisition."""


@dataclass(frozen=True, kw_only=True)
class Merit:
    """One criterion by which deliveries of an acquisition are compared."""

    word: str
    """Name for messages: `tier`, `baseline`."""
    rank: tuple[int, ...]
    """Higher is better."""
    said: str | None
    """The value as the producer writes it; None: not stated."""


class Deliveries:
    """Default rules, without knowledge of the producer: the latest processing wins."""

    def merits(self, scene: Scene) -> tuple[Merit, ...]:
        """Criteria by decreasing weight, the same ones for all scenes of a sensor."""
        del scene
        return ()

    def processed(self, scene: Scene) -> str:
        """Processing time, ISO 8601; empty: unknown."""
        return str(scene.metadata.get("created") or "")

    def tolerance(self, scene: Scene) -> timedelta:
        """Largest time difference between two deliveries of one acquisition."""
        del scene
        return SAME_TIME

    def began(self, scene: Scene) -> datetime | None:
        """Start of the strip the scene was cut from, where a tile may be split over two strips."""
        del scene
        return None


def utc(text: str) -> str:
    """A time in UTC whose text sorts chronologically; empty if `text` is not a time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC).isoformat()

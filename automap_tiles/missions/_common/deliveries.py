"""One acquisition that comes several times: how its deliveries are told apart and compared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from automap_tiles.missions._common.scene import Scene

SAME_TIME = timedelta(seconds=10)
"""What is seen of one place within it is one acquisition."""


@dataclass(frozen=True, kw_only=True)
class Merit:
    """One thing in which deliveries of an acquisition differ."""

    word: str
    """`tier`, `baseline`: for people."""
    rank: tuple[int, ...]
    """The greater the better."""
    said: str | None
    """As the producer writes it; None: it is not said."""


class Deliveries:
    """As far as nothing is known of the producer: what was processed last is the best."""

    def merits(self, scene: Scene) -> tuple[Merit, ...]:
        """In the order of their weight, the same words for all scenes of a sensor."""
        del scene
        return ()

    def processed(self, scene: Scene) -> str:
        """When the delivery was made, ISO 8601; empty: not known."""
        return str(scene.metadata.get("created") or "")

    def tolerance(self, scene: Scene) -> timedelta:
        """How far the times of two deliveries of one acquisition may differ."""
        del scene
        return SAME_TIME

    def began(self, scene: Scene) -> datetime | None:
        """When the strip begins that the scene is cut of, where a tile may end in two of them."""
        del scene
        return None


def utc(text: str) -> str:
    """A time in UTC, such that texts sort by time; empty for what is not a time."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC).isoformat()

"""How the server is run."""

from __future__ import annotations

from dataclasses import dataclass

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, kw_only=True)
class PreviewSettings:
    """Settings of one server."""

    host: str = "127.0.0.1"
    port: int = 8080
    seconds: float = 60.0
    """Longest time for a request to compute a tile; then 503, and the work continues."""
    patient: bool = False
    """Whether requests wait for tiles in the queue: for maps that do not ask again."""
    largest: int = 1024
    """Largest picture, pixels along an edge."""
    base_map: str | None = None
    """XYZ tiles below the layers, such as https://…/{z}/{x}/{y}.png; None: none."""
    base_map_attribution: str = ""
    max_age: int = 0
    """Seconds for which browsers may cache a tile without asking again."""

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect."""
        return self.host in LOOPBACK

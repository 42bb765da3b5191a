"""How the server is run."""

from __future__ import annotations

from dataclasses import dataclass

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, kw_only=True)
class PreviewSettings:
    """Of one server."""

    host: str = "127.0.0.1"
    port: int = 8080
    seconds: float = 60.0
    """Longest time that a request may take to make a tile; then 503, and the work goes on."""
    patient: bool = False
    """Whether a tile that has to be made waits for its turn: for maps that do not ask again."""
    largest: int = 1024
    """Pixels along the edge of a picture."""
    base_map: str | None = None
    """Address of XYZ tiles below the layers, such as https://…/{z}/{x}/{y}.png; None: none."""
    base_map_attribution: str = ""
    max_age: int = 0
    """Seconds that browsers may show a tile without asking again."""

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can connect."""
        return self.host in LOOPBACK

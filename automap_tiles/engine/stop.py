"""How somebody outside says that a piece of work shall end."""

from __future__ import annotations

from typing import Protocol


class StopToken(Protocol):
    """Asked now and then by whoever works; a `threading.Event` is one."""

    def is_set(self) -> bool:
        """Whether the work shall end now. All that is done is kept."""
        ...


class Never:
    """The token of those who do not stop."""

    def is_set(self) -> bool:
        return False


NEVER = Never()

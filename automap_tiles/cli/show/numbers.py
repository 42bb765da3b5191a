"""Format numbers for people."""

from __future__ import annotations

# What is shown of an error in a list; `automap info --errors` shows all of it.
_LONGEST = 300

_UNITS = ("kB", "MB", "GB", "TB")


def duration(seconds: float) -> str:
    """`8.3 s`, `2:05 min`, `3:00:12 h`."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02d} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d} h"


def size(count: float) -> str:
    """Bytes as `512 B`, `3.4 MB`, in powers of 1000."""
    if count < 1000:
        return f"{count:.0f} B"
    for unit in _UNITS:
        count /= 1000
        if count < 1000 or unit == _UNITS[-1]:
            break
    return f"{count:.1f} {unit}"


def tiles(count: int) -> str:
    """`1 tile`, `12 345 tiles`."""
    return plural(count, "tile")


def plural(count: int, noun: str) -> str:
    """The number with the noun, which takes an s."""
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def number(count: int) -> str:
    """With a narrow gap between thousands."""
    return f"{count:,}".replace(",", " ")


def last_line(error: str | None) -> str:
    """What a traceback ends with: kind and message."""
    lines = [line.strip() for line in (error or "").splitlines() if line.strip()]
    last = lines[-1] if lines else "no message"
    return last if len(last) <= _LONGEST else f"{last[: _LONGEST - 1]}…"

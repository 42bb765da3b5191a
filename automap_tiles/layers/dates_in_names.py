"""Dates in file names, as in series of rasters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

_DAY = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)(?!\d)")
_TIME = re.compile(r"T\d{4,6}")
"""The time of day that may follow, as ESA writes it."""
_MONTH = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_.]([01]\d)(?!\d)")
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")


def days_in(name: str) -> set[str]:
    """All days in a name, ISO 8601; including invalid dates."""
    return {"-".join(each.groups()) for each in _DAY.finditer(name)}


def date_in(name: str) -> str | None:
    """The day, month or year in a name, as `2018-04-21`, `2018-04`, `2018`; None without one.

    An invalid day is not interpreted as a month.
    """
    wrong: list[range] = []
    for match, day in _days(name):
        if day is not None:
            return day
        wrong.append(range(*match.span()))
    for month in _MONTH.finditer(name):
        if 1 <= int(month[2]) <= 12 and not any(month.start() in each for each in wrong):
            return f"{month[1]}-{month[2]}"
    years = (each for each in _YEAR.finditer(name) if not any(each.start() in w for w in wrong))
    year = next(years, None)
    return None if year is None else year[1]


def day_of(name: str) -> tuple[str, str] | None:
    """The day in a name (ISO 8601), and the name without it; None if there is none.

    Of several it is the first with a time of day, or else the first.
    """
    first: tuple[str, str] | None = None
    for match, day in _days(name):
        if day is None:
            continue
        time = _TIME.match(name, match.end())
        end = match.end() if time is None else time.end()
        rest = re.sub(r"[-_.\s]+", "_", name[: match.start()] + "_" + name[end:])
        found = day, rest.strip("_- /")
        if time is not None:
            return found
        first = first or found
    return first


def _days(name: str) -> Iterator[tuple[re.Match[str], str | None]]:
    """Text that looks like a day, and the day in ISO 8601; None for an invalid one."""
    for match in _DAY.finditer(name):
        year, month, day = map(int, match.groups())
        try:
            yield match, date(year, month, day).isoformat()
        except ValueError:  # such as 31 February
            yield match, None

"""Plug-ins of other packages, found by entry points: missions, formats, processes, maskers.

Nothing that a package offers is passed over in silence: a name that is taken, a name that two
packages want, a group that nobody reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from importlib import metadata
from typing import TYPE_CHECKING

from automap_tiles.errors import ConfigError
from automap_tiles.notes import Fate, Note, Subject, tell

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

_PREFIX = "automap_tiles."

GROUPS = {
    "automap_tiles.missions": "satellites",
    "automap_tiles.formats": "formats of tiles",
    "automap_tiles.processes": "processes",
    "automap_tiles.maskers": "maskers of clouds",
    "automap_tiles.observers": "observers of runs",
}
"""Each group of entry points, and what stands in it."""

_EARLIER = {"automap_tiles.sensors": "automap_tiles.missions"}
"""Groups of other names, and where the same stands now."""


def plugins(group: str, own: Collection[str] = ()) -> dict[str, EntryPoint]:
    """The entry points of a group by name; looking for them takes some 30 ms.

    `own` are our names, which stay ours: what other packages have under them is told of as ignored,
    and so are groups that nobody reads. Raises `ConfigError` when two packages have one name.
    """
    installed = metadata.entry_points()
    unread = [name for name in installed.groups if name.startswith(_PREFIX) and name not in GROUPS]
    for name in sorted(unread):
        _tell_unread(name, [entry.value for entry in installed.select(group=name)])
    found = list(installed.select(group=group))
    _check_once(group, found)
    taken = [f"{entry.name} = {entry.value}" for entry in found if entry.name in own]
    if taken:
        tell(
            Note.of(
                taken,
                fate=Fate.IGNORED,
                subject=Subject.PLUGINS,
                reason="another package brings one along under a name of our own",
                remedy="its author has to give it another name",
            )
        )
    return {entry.name: entry for entry in found if entry.name not in own}


def _tell_unread(group: str, values: list[str]) -> None:
    now = _EARLIER.get(group)
    groups = ", ".join(sorted(GROUPS))
    tell(
        Note.of(
            values,
            fate=Fate.IGNORED,
            subject=Subject.PLUGINS,
            reason=f"another package brings them along in {group}, which is not read",
            remedy=f"they belong in {now}" if now else f"the groups that are read: {groups}",
        )
    )


def _check_once(group: str, found: list[EntryPoint]) -> None:
    counts = Counter(entry.name for entry in found)
    twice = [entry for entry in found if counts[entry.name] > 1]
    if twice:
        raise ConfigError(
            "two packages bring something along under one name",
            key=group,
            found=", ".join(f"{entry.name} = {entry.value}" for entry in twice),
            remedy="remove one of them",
        )

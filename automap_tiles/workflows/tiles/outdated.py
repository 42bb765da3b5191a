"""Stored tiles that are outdated according to the journal of their directory."""

from __future__ import annotations

from collections import Counter

from automap_tiles.engine.journal import JournalReader, has_journal
from automap_tiles.grid import TileIndex
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.workflows.tiles.stored_tiles import StoredTiles, TileSelection

DAMAGED = "they were found damaged, and not made again"
FAILED = "they failed when they were made last; what lies there is from before"
STALE = "they are to be made anew and were not yet; what lies there is from before"


def outdated_reasons(journal: JournalReader) -> dict[TileIndex, str]:
    """Why stored tiles are outdated, by process tile."""
    found = {failed.index: DAMAGED if failed.is_damaged else FAILED for failed in journal.failed()}
    for zoom in journal.counts():
        for index in journal.unfinished(zoom):
            found.setdefault(index, STALE)
    return found


def report_outdated(directory: StoredTiles, selection: TileSelection | None = None) -> None:
    """Report outdated tiles among those that are read as they are."""
    if not has_journal(directory.place):
        return
    with JournalReader.at(directory.place) as journal:
        reasons = outdated_reasons(journal)
    if not reasons:
        return
    tiles = directory.existing(selection or TileSelection())
    owners = {index: directory.owner(index) for index in tiles}
    old = [(index, reasons[owner]) for index, owner in owners.items() if owner in reasons]
    for reason, count in Counter(reason for _, reason in old).items():
        keys = [directory.layout.key(index) for index, why in old if why == reason]
        tell(
            Note(
                fate=Fate.REPLACED,
                subject=Subject.TILES,
                count=count,
                reason=f"{reason}; they are taken as they are",
                examples=tuple(keys[:3]),
                remedy="the next run of their process makes them anew",
            )
        )

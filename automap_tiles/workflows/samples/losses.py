"""Notes on samples that are not in a table: whole classes first."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from automap_tiles.analysis.learning.sample_table import Loss, Reason
from automap_tiles.notes import Fate, Note, Subject

WORDS: Mapping[Reason, str] = {
    Reason.OUTSIDE: "outside the picture",
    Reason.NODATA: "the picture has no data there",
    Reason.EDGE: "at the edge of their polygon",
    Reason.MIXED: "two classes claim the pixel",
    Reason.REPEATED: "the same pixel again",
    Reason.CAPPED: "more than were asked for",
    Reason.EMPTY: "no class or no place",
}
_AS_ASKED = (Reason.EDGE, Reason.REPEATED, Reason.CAPPED)
"""Reasons due to options or duplicates: no information is lost."""


def notes_of(
    losses: Sequence[Loss],
    names: Mapping[int, str],
    kept: Collection[int],
    words: Mapping[Reason, str] = WORDS,
    subject: Subject = Subject.SAMPLES,
) -> Iterator[Note]:
    """One note for the classes without remaining samples, then one per reason.

    `kept` are the remaining classes. Samples that never had a class (`Loss.value` 0) are reported
    when the file is read.
    """
    of_class = [loss for loss in losses if loss.value]
    gone = sorted({loss.value for loss in of_class} - set(kept))
    if gone:
        yield Note(
            fate=Fate.LOST,
            subject=Subject.CLASSES,
            reason=f"none of their {subject} is left",
            count=len(gone),
            examples=tuple(_why(value, of_class, names, words) for value in gone),
            remedy="look at both on a map",
        )
    for reason in Reason:
        own = [loss for loss in of_class if loss.reason is reason]
        if own:
            yield Note(
                fate=Fate.IGNORED if reason in _AS_ASKED else Fate.LOST,
                subject=subject,
                reason=words[reason],
                count=sum(loss.count for loss in own),
                examples=tuple(f"{loss.count} of {_name(loss.value, names)}" for loss in own),
            )


def _why(
    value: int, losses: Sequence[Loss], names: Mapping[int, str], words: Mapping[Reason, str]
) -> str:
    """`3 water: 12 outside the picture, 4 at the edge …`."""
    reasons = [f"{loss.count} {words[loss.reason]}" for loss in losses if loss.value == value]
    return f"{_name(value, names)}: {', '.join(reasons)}"


def _name(value: int, names: Mapping[int, str]) -> str:
    return f"{value} {names.get(value, '')}".rstrip()

"""Notes: what was lost, replaced, ignored, guessed or repeated; grouped, counted and recorded.

A step that drops, replaces, ignores, guesses or repeats something says so with a `Note`, wherever
it is:

- a step that returns a result of its own hands its notes up in it;
- a step deep below a user's function, where no result of ours goes up, calls `tell`.

Who runs a piece of work stands around it with `collecting` and gets what was told in it, grouped:
the same thing that happened 5 000 times is one note with a count of 5 000. A note that nobody
collects goes to the log, never into silence.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from automap_tiles.errors import writable

_log = logging.getLogger(__name__)

_EXAMPLES = 3

# Threads of one piece of work, such as questions to an object store, tell side by side.
_counting = threading.Lock()


class Fate(StrEnum):
    """What became of it."""

    LOST = "lost"
    """Left out or set aside; it is not in the result."""
    REPLACED = "replaced"
    """Something else stands in its place."""
    IGNORED = "ignored"
    """It was given and has no effect."""
    GUESSED = "guessed"
    """Nobody said it; a default or an assumption was taken."""
    REPEATED = "repeated"
    """It failed at first and was done again; all of it is in the result, later than it could be."""


class Subject(StrEnum):
    """What a note is about; in the plural, because they are counted."""

    SATELLITES = "satellites"
    SCENES = "scenes"
    MASKS = "masks"
    BANDS = "bands"
    PIXELS = "pixels"
    TILES = "tiles"
    FEATURES = "features"
    ATTRIBUTES = "attributes"
    SAMPLES = "samples"
    REFERENCE_POINTS = "reference points"
    CLASSES = "classes"
    OPTIONS = "options"
    FILES = "files"
    REQUESTS = "requests"
    TASKS = "tasks"
    LAYERS = "layers"
    PLUGINS = "plug-ins"
    STEPS = "steps"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """One thing that happened, how often, and why."""

    fate: Fate
    subject: Subject
    reason: str
    """Why. The same words for the same cause: what differs from case to case is an example."""
    count: int = 1
    """How many of the subject it was."""
    examples: tuple[str, ...] = ()
    """Some of them, by name."""
    remedy: str | None = None
    """What one can do about it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", writable(self.reason))
        object.__setattr__(self, "examples", tuple(map(writable, self.examples)))
        if self.remedy is not None:
            object.__setattr__(self, "remedy", writable(self.remedy))

    def __str__(self) -> str:
        names = ", ".join(self.examples)
        more = self.count - len(self.examples)
        if names and more > 0:
            names += ", …"
        named = f" ({names})" if names else ""
        text = f"{self.fate.capitalize()}: {self.count} {self._noun}{named}: {self.reason}"
        return f"{text}; {self.remedy}" if self.remedy else text

    @classmethod
    def of(
        cls,
        names: Sequence[str],
        *,
        fate: Fate,
        subject: Subject,
        reason: str,
        remedy: str | None = None,
    ) -> Note:
        """A note of things that have names: how many they are, the first of them as examples."""
        return cls(
            fate=fate,
            subject=subject,
            reason=reason,
            count=len(names),
            examples=tuple(names[:_EXAMPLES]),
            remedy=remedy,
        )

    @property
    def _noun(self) -> str:
        if self.count != 1:
            return self.subject.value
        return {Subject.CLASSES: "class"}.get(self.subject, self.subject.value.removesuffix("s"))

    @property
    def cause(self) -> tuple[Fate, Subject, str, str | None]:
        """Notes of one cause are counted together."""
        return self.fate, self.subject, self.reason, self.remedy

    def to_json(self) -> dict[str, Any]:
        """For JSON lines, records and reports."""
        return {
            "fate": self.fate.value,
            "subject": self.subject.value,
            "reason": self.reason,
            "count": self.count,
            "examples": list(self.examples),
            **({} if self.remedy is None else {"remedy": self.remedy}),
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Note:
        """The note that `to_json` wrote."""
        return cls(
            fate=Fate(said["fate"]),
            subject=Subject(said["subject"]),
            reason=said["reason"],
            count=said["count"],
            examples=tuple(said["examples"]),
            remedy=said.get("remedy"),
        )


class Notes:
    """Notes of a piece of work, those of one cause as one.

    `first`: called with the first note of each cause, as soon as it comes.
    """

    def __init__(
        self, notes: Iterable[Note] = (), *, first: Callable[[Note], None] | None = None
    ) -> None:
        self._by_cause: dict[tuple[Fate, Subject, str, str | None], Note] = {}
        self._first = first
        self.extend(notes)

    def add(self, note: Note) -> bool:
        """Take a note in; whether it is the first of its cause."""
        with _counting:
            before = self._by_cause.get(note.cause, replace(note, count=0))
            is_first = note.cause not in self._by_cause
            named = dict.fromkeys((*before.examples, *note.examples))
            self._by_cause[note.cause] = now = replace(
                before, count=before.count + note.count, examples=tuple(named)[:_EXAMPLES]
            )
        if is_first and self._first is not None:
            self._first(now)
        return is_first

    def extend(self, notes: Iterable[Note]) -> None:
        """Take several in."""
        for note in notes:
            self.add(note)

    def grouped(self) -> tuple[Note, ...]:
        """One note for each cause, in the order in which they came up."""
        return tuple(self._by_cause.values())

    def __iter__(self) -> Iterator[Note]:
        return iter(self.grouped())

    def __len__(self) -> int:
        return len(self._by_cause)


_collector: ContextVar[Notes | None] = ContextVar("notes", default=None)


@contextmanager
def collecting(first: Callable[[Note], None] | None = None) -> Iterator[Notes]:
    """Collect what is told inside of the block, in this thread; `first` as in `Notes`.

    Blocks nest: the inner one gets it all, and whoever stands around it decides what goes on up.
    Never leave one open over a `yield` of a generator: the caller would be inside of it.
    """
    found = Notes(first=first)
    token = _collector.set(found)
    try:
        yield found
    finally:
        _collector.reset(token)


def tell(*notes: Note) -> None:
    """Say what was lost, replaced, ignored or guessed."""
    collector = _collector.get()
    for note in notes:
        if collector is None:
            _log.warning("%s", note)
        else:
            collector.add(note)

"""YAML scalars that keep the text they were written as.

YAML takes `1.10` for the number 1.1, `0123` for 83, `no` for false. What a function asks for as a
text is what its user wrote; until that is known, both travel together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

KEY = "[key]"
"""Behind a key: not its value is meant but the key itself. pydantic names it so."""

Place = tuple[Any, ...]
"""Keys and numbers that lead to something within a value."""


@dataclass(frozen=True, slots=True)
class YamlScalar:
    """A scalar, or a key, that YAML does not take for a text."""

    value: Any
    text: str

    def __str__(self) -> str:
        return str(self.value)


def written(value: Any, texts: Mapping[Place, str], place: Place = ()) -> Any:
    """A value of a document with the texts that stand there, by place."""
    if isinstance(value, Mapping):
        return {
            _paired(key, texts.get((*place, key, KEY))): written(item, texts, (*place, key))
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [written(item, texts, (*place, number)) for number, item in enumerate(value)]
    return _paired(value, texts.get(place))


def _paired(value: Any, text: str | None) -> Any:
    return value if text is None else YamlScalar(value, text)


def plain(value: Any) -> Any:
    """The value as YAML means it."""
    if isinstance(value, YamlScalar):
        return value.value
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def with_texts(value: Any, places: frozenset[Place] | None = None, place: Place = ()) -> Any:
    """The value with texts at some places, as YAML means it at all others; None: everywhere."""
    if isinstance(value, YamlScalar):
        return value.text if places is None or place in places else value.value
    if isinstance(value, dict):
        return {
            with_texts(key, places, (*place, plain(key), KEY)): with_texts(
                item, places, (*place, plain(key))
            )
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [with_texts(item, places, (*place, number)) for number, item in enumerate(value)]
    return value


def scalars(value: Any, place: Place = ()) -> Iterator[tuple[Place, YamlScalar]]:
    """All scalars and keys that YAML does not take for texts, by place."""
    if isinstance(value, YamlScalar):
        yield place, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from scalars(key, (*place, plain(key), KEY))
            yield from scalars(item, (*place, plain(key)))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from scalars(item, (*place, number))

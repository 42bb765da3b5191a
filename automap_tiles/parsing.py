"""Parse untrusted JSON and YAML: bounded in depth and size, with errors that explain.

The parsers of Python give up on deep nesting with `RecursionError`, which no reader expects, and
take a YAML file of a few lines for billions of values (aliases of aliases). Here both are a
`ValueError` with a text, as all else that is wrong. And true and false are no numbers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

MAX_DEPTH = 100
"""Levels of lists and mappings; GeoJSON has about ten."""
MAX_VALUES = 200_000
"""Values in a YAML file, aliases counted as often as they are used."""
MAX_YAML = 4 * 2**20
"""Bytes of a YAML file. The parser takes about a minute for that much."""

# Python's own reading also takes 1_1 for 11, and digits of all scripts for these ten.
_NUMBER = re.compile(
    r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*|\s*[+-]?(nan|inf|infinity)\s*",
    re.ASCII | re.IGNORECASE,
)

TOO_DEEP = "values are nested too deeply"
TOO_MANY = f"these are more than {MAX_VALUES} values, those counted that aliases repeat"


def parse_number(found: object) -> float | None:
    """A number, also as tables and attributes write it; None of all else, such as the name 1_1."""
    if isinstance(found, str) and not _NUMBER.fullmatch(found):
        return None
    return float(found) if isinstance(found, str | int | float) else None


def parse_json(text: str | bytes) -> Any:
    """What stands in a JSON text; raises `ValueError`."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError(TOO_DEEP) from error


def parse_yaml(text: str, *, numbers_as_written: bool = False) -> Any:
    """What stands in a YAML text, by YAML 1.2; raises `ValueError`.

    `numbers_as_written`: numbers and times become the texts that stand there, for `1.10` is not
    1.1, `0123` not 123 and `2024_05` not 202405 where a name is meant.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    if len(text) > MAX_YAML:
        raise ValueError(f"the text has {len(text)} characters, more than {MAX_YAML}")
    try:
        yaml: Any = YAML(typ="safe", pure=True) if numbers_as_written else YAML(typ="safe")
        if numbers_as_written:
            yaml.Constructor = _as_written()
        value = yaml.load(text)
    except YAMLError as error:
        raise ValueError(" ".join(str(error).split())) from error
    except RecursionError as error:
        raise ValueError(TOO_DEEP) from error
    _check(value)
    return value


@cache
def _as_written() -> Any:
    """What makes texts of numbers and times."""
    from ruamel.yaml.constructor import SafeConstructor

    class AsWritten(SafeConstructor):
        """Leaves all but truth values and null as the texts that they are."""

    for kind in ("int", "float", "timestamp"):
        AsWritten.add_constructor(f"tag:yaml.org,2002:{kind}", lambda _, node: node.value)
    return AsWritten


def _check(value: Any) -> None:
    """Raise `ValueError` for what is nested too deeply or has too many values."""
    waiting = [iter((value,))]
    count = 0
    while waiting:
        for item in waiting[-1]:
            count += 1
            if count > MAX_VALUES:
                raise ValueError(TOO_MANY)
            if (inner := _inside(item)) is not None:
                if len(waiting) > MAX_DEPTH:
                    raise ValueError(TOO_DEEP)
                waiting.append(inner)
                break
        else:
            waiting.pop()


def _inside(item: Any) -> Iterator[Any] | None:
    if isinstance(item, Mapping):
        return iter(item.values())
    return iter(item) if isinstance(item, list | tuple | set) else None


NO_NUMBER = "a number is wanted, not true or false"


def truth_as_number(said: Any, found: Any) -> tuple[int | str, ...] | None:
    """Where true or false was taken for a number: the way to it; None: nowhere.

    `found` is what pydantic made of `said`. For it `true` is 1, unless it is told to take no text
    for a number either; in a file or an order it is a slip.
    """
    if isinstance(said, bool):
        return () if isinstance(found, int | float) and not isinstance(found, bool) else None
    if isinstance(said, Mapping):
        inner = ((key, each, _member(found, key)) for key, each in said.items())
    elif isinstance(said, list | tuple) and isinstance(found, list | tuple):
        inner = ((number, *pair) for number, pair in enumerate(zip(said, found, strict=False)))
    else:
        return None
    for key, each, made in inner:
        if (way := truth_as_number(each, made)) is not None:
            return (key, *way)
    return None


def _member(found: Any, key: Any) -> Any:
    return found.get(key) if isinstance(found, Mapping) else getattr(found, str(key), None)

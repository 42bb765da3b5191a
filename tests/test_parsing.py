"""JSON and YAML from elsewhere: bounded, and wrong in words."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from automap_tiles.parsing import (
    MAX_DEPTH,
    MAX_YAML,
    TOO_DEEP,
    TOO_MANY,
    parse_json,
    parse_number,
    parse_yaml,
    truth_as_number,
)


def bomb(levels: int, width: int = 9) -> str:
    """`a0` a list of texts, `a1` of nine times `a0`, …"""
    lines = [
        f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * width)}]"
        for level in range(1, levels)
    ]
    return "\n".join(["a0: &a0 [lol]", *lines])


def test_what_is_right_is_read() -> None:
    value = {"a": [1, {"b": None}], "c": "d"}
    assert parse_json(json.dumps(value)) == parse_yaml(json.dumps(value)) == value
    assert parse_yaml("0123: yes") == {123: "yes"}  # YAML 1.2
    assert parse_yaml("[" * MAX_DEPTH + "]" * MAX_DEPTH)
    assert parse_yaml(bomb(4))["a3"][8][8][8] == ["lol"]


def test_numbers_as_they_are_written() -> None:
    text = "0123: [1.10, 2024_05, 2018-04-01, true, null, .inf]\na: &a {b: 1}\nc: {<<: *a}"
    assert parse_yaml(text, numbers_as_written=True) == {
        "0123": ["1.10", "2024_05", "2018-04-01", True, None, ".inf"],
        "a": {"b": "1"},
        "c": {"b": "1"},
    }


@pytest.mark.parametrize("text", ["[" * 200_000, "[" * 5000 + "]" * 5000, '{"a":' * 100_000])
def test_json_that_is_nested_too_deeply(text: str) -> None:
    with pytest.raises(ValueError, match=TOO_DEEP):
        parse_json(text)
    with pytest.raises(ValueError, match=TOO_DEEP):
        parse_json(text.encode())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 150 + "]" * 150, TOO_DEEP),
        ("- " * 400 + "a", TOO_DEEP),
        ("[" * 20_000, TOO_DEEP),
        (bomb(9), TOO_MANY),
        (bomb(40, 2), TOO_MANY),
        ("a: [1", "expected"),
        ("x" * (MAX_YAML + 1), "characters"),
    ],
)
def test_yaml_that_is_too_much(text: str, words: str) -> None:
    started = time.process_time()
    with pytest.raises(ValueError, match=words):
        parse_yaml(text)
    assert time.process_time() - started < 20


@pytest.mark.parametrize(
    ("said", "found", "way"),
    [
        (True, 1, ()),
        (True, True, None),
        ({"a": {"b": [2, False]}}, {"a": {"b": (2, 0.0)}}, ("a", "b", 1)),
        ({"a": [True], "b": 1}, {"a": [True], "b": True}, None),
        ({"real": True}, 5, ("real",)),
        (1, True, None),
    ],
)
def test_truths_are_no_numbers(said: Any, found: Any, way: tuple[int | str, ...] | None) -> None:
    assert truth_as_number(said, found) == way


@pytest.mark.parametrize(
    ("found", "number"),
    [
        *((text, float(text)) for text in ("1", " -1.5e3 ", "+.5", "7.", "0017", "inf")),
        *((text, None) for text in ("1_1", "", ".", "1,5", "0x1", "\uff11", "1 2", "e5")),
        (3, 3.0),
        (None, None),
        ([1], None),
    ],
)
def test_numbers_of_tables(found: object, number: float | None) -> None:
    """Not what else Python takes for one: names such as 1_1 are names."""
    assert parse_number(found) == number

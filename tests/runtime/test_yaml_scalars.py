"""Parameters that YAML takes for numbers, truth values or dates, and a function for texts."""

from __future__ import annotations

import datetime as dt
import json
import textwrap
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from automap_tiles.errors import ConfigError
from automap_tiles.runtime import Process, open_process
from automap_tiles.runtime._binding import check
from automap_tiles.runtime._yaml_scalars import scalars, written
from automap_tiles.runtime.convert import convert
from automap_tiles.runtime.document import read_document
from automap_tiles.runtime.hooks import signature_of


class Release(Enum):
    FIRST = "1.0"
    TENTH = "1.10"


class Model(BaseModel):
    code: str
    weight: float


def value(folder: Path, text: str) -> Any:
    """As a parameter of a process file."""
    file = folder / "a.mapchete"
    file.write_text(f"process_parameters:\n  code: {text}\n")
    document = read_document(file)
    return written(
        document.values["process_parameters"]["code"],
        document.texts,
        ("process_parameters", "code"),
    )


TEXTS = [
    "1.10", "0123", "1e3", "1E+3", "yes", "No", "on", "OFF", "true", "2018-01-01", "1_000",
    "12:30:45", "190:20:30", "~", "null", "NULL", "0x1F", "0b11", "0o17", "-0", "+5", "1.", ".5",
    ".inf", "-.INF", ".NaN", "2018-01-01 10:00:00", "2001-12-14t21:59:43.10-05:00", "00", "1e-3",
    "y", "N", "6.8523015e+5", "100_000.5", "plain",
]  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_what_is_written(tmp_path: Path, text: str) -> None:
    assert convert("code", value(tmp_path, text), str) == text
    assert convert("code", value(tmp_path, f"{text}   # so"), str) == text
    assert convert("code", value(tmp_path, f"'{text}'"), str) == text
    assert convert("code", value(tmp_path, f"[a, {text}]"), list[str]) == ["a", text]
    assert convert("code", value(tmp_path, f"[{text}, a]"), tuple[str, ...]) == (text, "a")
    assert convert("code", value(tmp_path, f"{{a: {text}}}"), dict[str, str]) == {"a": text}
    assert convert("code", value(tmp_path, f"{{{text}: 1}}"), dict[str, int]) == {text: 1}
    assert convert("code", value(tmp_path, text), Literal["other", text]) == text
    found = convert("code", value(tmp_path, f"{{code: {text}, weight: 1}}"), Model)
    assert found == Model(code=text, weight=1)


@pytest.mark.parametrize(
    ("text", "annotation", "expected"),
    [
        ("1.10", float, 1.1),
        ("0123", int, 83),
        ("1_000", int | None, 1000),
        ("1:30", int, 90),
        ("1:30", float, 90.0),
        ("10:30", dt.time, dt.time(10, 30)),
        ("10:30", list[dt.time], None),
        ("2018-01-01", dt.date, dt.date(2018, 1, 1)),
        ("no", bool, False),
        ("~", str | None, None),
        ("1.10", str | None, "1.10"),
        ("1.10", str | float, 1.1),
        ("1.10", float | str, 1.1),
        ("no", bool | str, False),
        ("0123", str | list[str], "0123"),
        ("[0123, a]", str | list[str], ["0123", "a"]),
        ("[0123, a]", list[str | int], [83, "a"]),
        ("{0123: {1.10: no}}", dict[str, dict[str, str]], {"0123": {"1.10": "no"}}),
        ("{0123: {1.10: no}}", dict[int, dict[float, bool]], {83: {1.1: False}}),
        ("1.10", Release, Release.TENTH),
        ("2018", Path, Path("2018")),
        ("[no, se]", set[str], {"no", "se"}),
        ("[no, se]", list[Literal["no", "se"]], ["no", "se"]),
        ("no", Any, False),
        ("[1.10, 0123]", list, [1.1, 83]),
        ("{a: 1.10}", dict, {"a": 1.1}),
        ("{a: 1.10}", dict[str, Any], {"a": 1.1}),
    ],
)
def test_only_where_a_text_is_asked_for(
    tmp_path: Path, text: str, annotation: Any, expected: Any
) -> None:
    if expected is None and annotation != str | None:
        text, expected = f"[{text}]", [dt.time(10, 30)]
    found = convert("code", value(tmp_path, text), annotation)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("annotation", [int, list[int], dict[str, int]])
def test_what_cannot_be_is_said_as_it_was_found(tmp_path: Path, annotation: Any) -> None:
    text = {int: "1.5", list[int]: "[1, 1.5]", dict[str, int]: "{a: 1.5}"}[annotation]
    with pytest.raises(ConfigError) as caught:
        convert("code", value(tmp_path, text), annotation)
    assert "integer" in str(caught.value)
    assert "1.5" in str(caught.value.found)
    assert next(scalars(caught.value.found), None) is None


CODE = """
from pathlib import Path
def setup(code: str):
    return code
def execute(inp, context, *, code: str, number=None, name: str = "none", file: Path | None = None):
    return [code, number, name, file, context]
"""


def opened(folder: Path, said: str, **options: Any) -> Process:
    ring = [[10, 45], [11, 45], [11, 46], [10, 45]]
    feature = {
        "type": "Feature",
        "properties": {},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    (folder / "inp.geojson").write_text(
        json.dumps({"type": "FeatureCollection", "features": [feature]})
    )
    (folder / "mine.py").write_text(CODE)
    (folder / "a.mapchete").write_text(
        textwrap.dedent("""
            process: mine.py
            pyramid: {grid: geodetic}
            zoom_levels: 5
            input: {inp: inp.geojson}
            output: {format: GeoJSON, path: out, schema: {geometry: Polygon, properties: {}}}
        """)
        + said
    )
    return open_process(folder / "a.mapchete", **options)


def got(process: Process) -> Any:
    from automap_tiles.runtime._binding import bind

    return bind(process, 5)(process.pyramid.tile(5, 0, 0))


@pytest.mark.parametrize("place", ["process_parameters: {%s}", "%s"])
def test_the_function_and_its_setup_get_the_text(tmp_path: Path, place: str) -> None:
    def of(text: str) -> Any:
        lines = text if place.startswith("process") else text.replace(", ", "\n")
        return got(opened(tmp_path, place % lines))

    assert of("code: 1.10, number: 1.10") == ["1.10", 1.1, "none", None, "1.10"]
    assert of("code: 007, name: ~") == ["007", None, "none", None, "007"]
    assert of("code: ~, name: no")[:3] == ["~", None, "no"]
    assert of("code: a, file: 2018")[3] == tmp_path / "2018"
    if place.startswith("process"):
        assert of("code: {zoom<4: a, zoom>=4: 0123}")[0] == "0123"


def test_another_value_of_a_run_counts(tmp_path: Path) -> None:
    process = opened(tmp_path, "process_parameters: {code: 1.10}", parameters={"code": 1.5})
    assert got(process)[0] == "1.5"
    process = opened(tmp_path, "code: 1.10", parameters={"name": "x"})
    assert got(process)[0:3:2] == ["1.10", "x"]


def test_null_where_something_is_needed(tmp_path: Path) -> None:
    process = opened(tmp_path, "code: a")
    signature = signature_of(process.function)
    (tmp_path / "mine.py").write_text(CODE.replace("number=None", "number: int"))
    with pytest.raises(ConfigError) as caught:
        open_process(tmp_path / "a.mapchete")
    assert "needs 'number'" in str(caught.value)
    path = tmp_path / "a.mapchete"
    path.write_text(path.read_text() + "\nnumber: ~\n")
    with pytest.raises(ConfigError, match="valid integer") as caught:
        open_process(path)
    assert caught.value.line == len(path.read_text().splitlines())
    assert check(signature, {"inp": None}, {"code": "a"}, 5, tmp_path)


class TestHashes:
    """Old outputs go on where the function gets the same."""

    def hash_of(self, folder: Path, code: str, rest: str = "") -> str:
        return opened(folder, f"process_parameters: {{code: {code}{rest}}}").hashes().parameters

    @pytest.mark.parametrize("code", ["5", "1.1", "plain", "2018-01-01", "'1.10'"])
    def test_as_before(self, tmp_path: Path, code: str) -> None:
        process = opened(tmp_path, f"process_parameters: {{code: {code}, number: 1.10}}")
        assert process.hashes().parameters == process.parameters.key

    @pytest.mark.parametrize(
        ("one", "other"), [("1.10", "1.1"), ("0123", "83"), ("1_0", "10"), ("1.10", "1.100")]
    )
    def test_other_texts(self, tmp_path: Path, one: str, other: str) -> None:
        assert self.hash_of(tmp_path, one) != self.hash_of(tmp_path, other)

    def test_numbers_are_numbers(self, tmp_path: Path) -> None:
        numbers = ("10.0", "1_0.0", "1e1")
        same = {self.hash_of(tmp_path, "a", f", number: {text}") for text in numbers}
        assert len(same) == 1

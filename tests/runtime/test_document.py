"""Process files as values with line numbers; PyYAML's reading (mapchete's) is the oracle."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.errors import ConfigError
from automap_tiles.runtime.document import read_document

yaml = pytest.importorskip("yaml")

SAMPLE = """\
process: ./mine.py
input:
  scenes: &shared
    format: raster_file
    path: a.tif
  more:
    <<: *shared
    path: b.tif
process_parameters:
  flag: yes
  off_flag: off
  octal: 010
  hexadecimal: 0x1F
  text: "5"
  number: 5
  float: 1.5
  date: 2018-03-01
  nothing: null
  letter: y
  names: {1: water, 2: forest}
  list: [1, two, 3.0, [4]]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "a.mapchete"
    path.write_text(text)
    return path


def test_values_are_those_that_mapchete_reads(tmp_path: Path) -> None:
    document = read_document(write(tmp_path, SAMPLE))
    assert document.values == yaml.safe_load(SAMPLE)
    assert document.values["process_parameters"]["date"] == dt.date(2018, 3, 1)
    assert document.values["process_parameters"]["names"] == {1: "water", 2: "forest"}
    assert document.folder == tmp_path


def test_every_key_knows_its_line(tmp_path: Path) -> None:
    document = read_document(write(tmp_path, SAMPLE))
    lines = SAMPLE.splitlines()
    for keys, line in document.lines.items():
        if isinstance(keys[-1], str) and "shared" not in lines[line - 1]:
            assert f"{keys[-1]}" in lines[line - 1]
    assert document.line("process_parameters", "octal") == 12
    assert document.line("process_parameters", "list", 1) == 21
    assert document.line("process_parameters", "absent") == 9
    assert document.line("absent") is None


@pytest.mark.parametrize(
    ("text", "expected"), [("1e-3", 0.001), ("1e5", 1e5), ("n", "n"), ("1_000", 1000)]
)
def test_numbers_and_letters(tmp_path: Path, text: str, expected: Any) -> None:
    assert read_document(write(tmp_path, f"a: {text}\n")).values == {"a": expected}


def test_names_of_inputs_may_look_like_dates(tmp_path: Path) -> None:
    document = read_document(write(tmp_path, "input:\n  2018-01-01: a\n  on: b\n"))
    assert document.values["input"] == {"2018-01-01": "a", "on": "b"}


def test_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOMAP_A", "/data")
    path = write(tmp_path, "a: ${AUTOMAP_A}\nb: [x, '${AUTOMAP_A}']\nc: p/${AUTOMAP_A}\n")
    assert read_document(path).values == {"a": "/data", "b": ["x", "/data"], "c": "p/${AUTOMAP_A}"}


def test_a_variable_that_is_not_set_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AUTOMAP_B", raising=False)
    path = write(tmp_path, "a: 1\nb:\n  c: ${AUTOMAP_B}\n")
    with pytest.raises(ConfigError) as caught:
        read_document(path)
    assert (caught.value.file, caught.value.line, caught.value.key) == (path, 3, "b.c")
    assert "AUTOMAP_B" in caught.value.message


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: [1\n", 3, "not valid YAML"),
        ("a: 1\n\tb: 2\n", 2, "not valid YAML"),
        ("a: 1\nb: 2\na: 3\n", 3, "line 1"),
        ("a: {x: 1, x: 2}\n", 1, "line 1"),
        ("- 1\n- 2\n", 1, "keys and values"),
        ("", 1, "keys and values"),
        ("a: &a [*a]\n", 1, "hold itself"),
        ("{[1]: 2}\n", 1, "a name or a number"),
        ("a: !!python/object:os.system x\n", 1, "not valid YAML"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    tmp_path: Path, text: str, line: int, words: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError, match=words) as caught:
        read_document(path)
    assert caught.value.file == path
    assert caught.value.line == line


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_document(tmp_path / "none.mapchete")
    binary = tmp_path / "b.mapchete"
    binary.write_bytes(b"a: \xff\xfe")
    with pytest.raises(ConfigError, match="UTF-8"):
        read_document(binary)


def test_a_dict_starts_paths_where_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_document({"a": 1}).folder == tmp_path
    (tmp_path / "x").mkdir()
    document = read_document({"a": 1, "config_dir": tmp_path / "x"})
    assert document.folder == tmp_path / "x"
    assert document.values == {"a": 1}
    assert document.file is None


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text("abc :-0.5"),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abcdefg", min_size=1), inner)
    ),
    max_leaves=8,
)


@given(values=st.dictionaries(st.text("abcdefg_", min_size=1), PLAIN, min_size=1))
def test_reads_what_another_yaml_writes(
    values: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.mapchete"
    path.write_text(yaml.safe_dump(values))
    assert read_document(path).values == yaml.safe_load(path.read_text())


def test_values_know_how_they_are_written(tmp_path: Path) -> None:
    document = read_document(
        write(tmp_path, "a: 1.10\nb: {0123: no, c: [1e3, 'x', ~, null]}\nd: '5'\ne:\n")
    )
    assert document.values == {
        "a": 1.1,
        "b": {83: False, "c": [1000.0, "x", None, None]},
        "d": "5",
        "e": None,
    }
    assert document.texts == {
        ("a",): "1.10",
        ("b", 83, "[key]"): "0123",
        ("b", 83): "no",
        ("b", "c", 0): "1e3",
        ("b", "c", 2): "~",
        ("b", "c", 3): "null",
    }


BOMB = "a0: &a0 [lol]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)
)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: " + "[" * 150 + "]" * 150, 2, "nested too deeply"),
        ("a: " + "[" * 30_000, None, "nested too deeply"),
        ("a: 1\n" + "b: 2 " * 2**20, None, "more than 4 MB"),
        (BOMB, 1, "more than 200000 values"),
    ],
)
def test_what_no_process_file_needs(
    tmp_path: Path, text: str, line: int | None, words: str
) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        read_document(write(tmp_path, text))
    assert caught.value.line == line
    assert caught.value.file == tmp_path / "a.mapchete"

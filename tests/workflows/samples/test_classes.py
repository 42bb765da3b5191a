"""Labels as the numbers of classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from automap_tiles.errors import ConfigError
from automap_tiles.notes import collecting
from automap_tiles.workflows.samples import read_classes
from automap_tiles.workflows.samples._classes import numbered

WHERE = ConfigError("", "samples.gpkg", key="--class-field kind")


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("labels", [[3, 1, 255], [3.0, 1.0, 255.0], ["3", "1", " 255 "]])
def test_whole_numbers_stay_as_they_are(labels: list[Any]) -> None:
    found = numbered([*labels, None, "", float("nan")], WHERE, None)
    assert found.values == (3, 1, 255, 0, 0, 0)
    assert found.names == {}


def test_names_are_numbered_by_the_alphabet() -> None:
    found = numbered(["water", "forest", None, "water", "bare"], WHERE, None)
    assert found.values == (3, 2, 0, 3, 1)
    assert found.names == {1: "bare", 2: "forest", 3: "water"}
    # whatever the order in the file
    assert numbered(["bare", "water", "forest"], WHERE, None).names == found.names


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([1, 0], "class 0 means no data"),
        ([1, 256], "numbered from 1 to 255"),
        ([-1, 2], "numbered from 1 to 255"),
        ([1.5], "whole numbers or names"),
        (["1", "1.5"], "whole numbers or names"),
        (["1", "2", "1O"], r"holds numbers and names \(found: '1O'\)"),
        ([None, ""], "no class in this field"),
        ([f"n{number}" for number in range(300)], "more than 255"),
    ],
)
def test_wrong_classes_are_told_with_file_field_and_remedy(labels: list[Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        numbered(labels, WHERE, None)
    assert caught.value.file == "samples.gpkg"
    assert caught.value.key == "--class-field kind"
    assert caught.value.remedy


def test_a_csv_of_classes(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "classes.csv",
        "value,name,colour,label\n5,forest,#00AA00,7201\n5,scrub,,7217\n9,water,#2b7bba,\n",
    )
    classes = read_classes(path)
    found = numbered([7201, 7217.0, "water", "farm", None], WHERE, classes)
    assert found.values == (5, 5, 9, 0, 0)
    assert found.names == {5: "forest", 9: "water"}
    assert found.colours == {5: "#00aa00", 9: "#2b7bba"}


def test_a_yaml_of_classes(tmp_path: Path) -> None:
    path = write(tmp_path, "classes.yaml", '1: forest\n2: {name: water, colour: "#2b7bba"}\n')
    found = numbered(["water", "forest", "urban"], WHERE, read_classes(path))
    assert found.values == (2, 1, 0)
    assert found.names == {1: "forest", 2: "water"}
    assert found.colours == {2: "#2b7bba"}


def test_a_field_of_numbers_takes_names_from_a_file(tmp_path: Path) -> None:
    classes = read_classes(write(tmp_path, "classes.yaml", "1: forest\n2: water\n"))
    found = numbered([2.0, 1, 3, "water"], WHERE, classes)
    assert found.values == (2, 1, 0, 2)
    assert found.names == {1: "forest", 2: "water"}
    # not so where labels say that the field counts otherwise
    path = write(tmp_path, "codes.csv", "value,name,label\n1,forest,7201\n2,water,\n")
    assert numbered([7201, 2, "water"], WHERE, read_classes(path)).values == (1, 0, 2)


def test_classes_that_are_not_in_the_samples(tmp_path: Path) -> None:
    classes = read_classes(write(tmp_path, "classes.csv", "value,name\n1,ice\n"))
    with pytest.raises(ConfigError, match="none of its classes") as caught:
        numbered(["water"], WHERE, classes)
    assert caught.value.found == "water"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "name\nforest\n", "no column 'value'"),
        ("a.csv", "value,name\n", "lists no class"),
        ("a.csv", "value,name\n0,none\n", "from 1 to 255"),
        ("a.csv", "value,name\nx,none\n", "from 1 to 255"),
        ("a.csv", "value,name,colour\n1,forest,green\n", "not a colour"),
        ("a.csv", "value,name\n1,forest\n2,forest\n", "two values"),
        ("a.yaml", "- forest\n", "does not map"),
        ("a.yaml", "1: {\n", "not valid YAML"),
    ],
)
def test_wrong_files_of_classes(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = write(tmp_path, name, text)
    with pytest.raises(ConfigError, match=message) as caught:
        read_classes(path)
    assert caught.value.file == path
    assert caught.value.exit_code == 2


def test_a_missing_file_of_classes(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_classes(tmp_path / "none.csv")


NOTHING = ["NULL", "null", "<Null>", "NA", "n/a", "#N/A", "nan", "NaN", "None", "-", "–", "  ", ""]


@pytest.mark.parametrize("nothing", [*NOTHING, None, float("nan")])
@pytest.mark.parametrize(
    ("labels", "values"), [(["forest", "water"], (1, 2)), ([3, 7], (3, 7)), (["3", "7"], (3, 7))]
)
def test_no_class(nothing: Any, labels: list[Any], values: tuple[int, ...]) -> None:
    """Whatever a program writes where there is no value, among names and among numbers."""
    found = numbered([labels[0], nothing, labels[1], nothing], WHERE, None)
    assert found.values == (values[0], 0, values[1], 0)
    assert found.without_class == (False, True, False, True)
    assert set(found.names.values()) <= set(labels)
    shown = nothing.strip() if isinstance(nothing, str) else ""
    assert found.missing == (shown,)


def test_names_that_only_begin_like_nothing() -> None:
    labels = ["nature", "nullarbor", "nanotree", "no-data forest", "n.a.r."]
    assert min(numbered(labels, WHERE, None).values) > 0


def test_a_file_of_classes_may_list_them(tmp_path: Path) -> None:
    """Somebody's class is called NA, and the file says so; NULL is still none."""
    path = write(tmp_path, "a.csv", "value,name\n1,NA\n2,bog\n")
    found = numbered(["NA", "bog", "NULL"], WHERE, read_classes(path))
    assert found.values == (1, 2, 0)
    assert found.missing == ("NULL",)


def test_nothing_but_nothing() -> None:
    with pytest.raises(ConfigError, match=r"no class in this field \(found: 'NA, NULL'\)"):
        numbered(["NULL", "NA", ""], WHERE, None)


def test_names_that_python_takes_for_numbers() -> None:
    assert numbered(["1_1", "2_1"], WHERE, None).names == {1: "1_1", 2: "2_1"}


def test_labels_that_are_one_number(tmp_path: Path) -> None:
    """Each is itself; what could be both is refused."""
    classes = read_classes(write(tmp_path, "c.csv", "value,name,label\n1,x,01\n2,y,1\n"))
    assert numbered(["01", "1"], WHERE, classes).values == (1, 2)
    with pytest.raises(ConfigError, match="two labels of"):
        numbered([1.0], WHERE, classes)
    with pytest.raises(ConfigError, match="name of another one"):
        read_classes(write(tmp_path, "n.csv", "value,name\n1,2\n2,b\n"))


def test_a_comma_too_many_and_a_name_too_many(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="more cells than the columns value, name") as caught:
        read_classes(write(tmp_path, "c.csv", "value,name\n1,a\n2,forest, mixed\n"))
    assert caught.value.line == 3
    with collecting() as notes:
        classes = read_classes(write(tmp_path, "d.csv", "value,name\n1,a\n1,b\n2,c,\n"))
    assert classes.names == {1: "a", 2: "c"}
    assert [note.examples for note in notes] == [("1 b",)]


def test_names_that_differ_by_case_or_spaces_are_told() -> None:
    with collecting() as told:
        found = numbered(["bare soil", "Bare  Soil", "water", "STRASSE", "straße"], WHERE, None)
    assert len(found.names) == 5  # nothing is joined by a guess
    (note,) = told
    assert note.count == 2
    assert {frozenset(each.split(" / ")) for each in note.examples} == {
        frozenset(("bare soil", "Bare  Soil")),
        frozenset(("STRASSE", "straße")),
    }
    with collecting() as told:
        numbered(["bare soil", "bare rock"], WHERE, None)
    assert list(told) == []


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_a_table_of_classes_as_spreadsheets_export_it(tmp_path: Path, delimiter: str) -> None:
    lines = [("value", "name", "colour"), ("2", "wood, open", "#00ff00"), ("7", "lake", "#0000ff")]
    text = "\ufeff" + "\n".join(delimiter.join(line) for line in lines)
    found = read_classes(write(tmp_path, "classes.csv", text))
    assert found.names == {2: "wood, open", 7: "lake"}
    assert found.colours == {2: "#00ff00", 7: "#0000ff"}


def test_another_encoding_is_told_with_its_line_and_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "classes.csv"
    path.write_bytes("value,name\n1,lake\n2,forêt\n".encode("cp1252"))
    with pytest.raises(ConfigError, match="not UTF-8 text") as caught:
        read_classes(path)
    assert (caught.value.line, caught.value.key) == (3, "--classes")
    assert "UTF-8" in str(caught.value.remedy)

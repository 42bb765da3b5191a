"""Keys of older files; mapchete is the oracle."""

from __future__ import annotations

import copy
import warnings
from pathlib import Path
from typing import Any

import pytest

from automap_tiles.errors import ConfigError
from automap_tiles.runtime import LegacyKeyWarning
from automap_tiles.runtime.document import read_document
from automap_tiles.runtime.legacy import modernise

OLD = {
    "process_file": "x.py",
    "process_minzoom": 3,
    "process_maxzoom": 7,
    "process_bounds": [0, 1, 2, 3],
    "input_files": {"dem": "a.tif"},
    "metatiling": 4,
    "pixelbuffer": 5,
    "output": {"type": "geodetic", "format": "GTiff", "path": "out"},
}


def test_same_as_mapchete(tmp_path: Path) -> None:
    models = pytest.importorskip("mapchete.config.models")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = models.ProcessConfig.map_to_new_config_dict(copy.deepcopy(OLD))
    with pytest.warns(LegacyKeyWarning):
        ours = modernise(read_document({**OLD, "config_dir": tmp_path})).values
    for key in ("process", "zoom_levels", "bounds", "input", "pyramid"):
        assert ours[key] == theirs[key], key
    assert ours["output"] == {"format": "GTiff", "path": "out"}


@pytest.mark.parametrize(
    ("values", "old"),
    [
        ({"process_file": "x.py"}, ["process_file"]),
        ({"process_zoom": 5}, ["process_zoom"]),
        ({"process_minzoom": 1, "process_maxzoom": 2}, ["process_minzoom", "process_maxzoom"]),
        ({"input_files": None}, ["input_files"]),
        ({"output": {"grid": "mercator", "format": "PNG"}}, ["output.grid"]),
        ({"output": {"type": "mercator", "format": "PNG"}, "metatiling": 2},
         ["output.type", "metatiling"]),
    ],
)  # fmt: skip
def test_one_warning_for_each(values: dict[str, Any], old: list[str]) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        modernise(read_document(values))
    assert [str(each.message).split()[0] for each in caught] == old
    assert {each.category for each in caught} == {LegacyKeyWarning}


def test_new_files_give_none() -> None:
    values = {
        "process": "x.py",
        "zoom_levels": 5,
        "pyramid": {"grid": "geodetic"},
        "output": {"format": "GTiff", "path": "x", "metatiling": 2},
    }
    document = read_document(values)
    assert modernise(document).values == values


def test_metatiling_beside_a_pyramid_belongs_to_it() -> None:
    values = {
        "pyramid": {"grid": "geodetic", "pixelbuffer": 3},
        "output": {"format": "GTiff", "path": "x"},
        "metatiling": 8,
        "pixelbuffer": 5,
    }
    with pytest.warns(LegacyKeyWarning, match="is now pyramid"):
        new = modernise(read_document(values)).values
    assert new["pyramid"] == {"grid": "geodetic", "pixelbuffer": 3, "metatiling": 8}
    assert not {"metatiling", "pixelbuffer"} & set(new)


def test_both_names_are_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.mapchete"
    path.write_text("input: {a: b}\ninput_files: {a: c}\n")
    with pytest.raises(ConfigError, match="old name of input") as caught:
        modernise(read_document(path))
    assert (caught.value.line, caught.value.key) == (2, "input_files")


def test_lines_move_along(tmp_path: Path) -> None:
    path = tmp_path / "a.mapchete"
    path.write_text("a: 1\ninput_files:\n  x: 1\n  y:\n    z: 1\n")
    with pytest.warns(LegacyKeyWarning, match=f"{path}:2: input_files is now input"):
        document = modernise(read_document(path))
    assert document.line("input", "y", "z") == 5

"""The template: complete, readable by YAML and Python, never over what is there."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from automap_tiles.engine.events import RunFinished
from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.errors import ConfigError, OutputError
from automap_tiles.formats.registry import formats
from automap_tiles.runtime import open_process
from automap_tiles.runtime.template import Template, write_template


def template(folder: Path, **changes: object) -> Template:
    values: dict[str, object] = {
        "config": folder / "a.mapchete",
        "module": folder / "a.py",
        "output_format": "GTiff",
        "output_path": "tiles",
        "grid": "mercator",
    }
    return Template(**{**values, **changes})  # type: ignore[arg-type]


WRITTEN = [info.name for info in formats() if info.is_written]


@pytest.mark.parametrize("name", WRITTEN)
def test_files_say_what_was_asked_for(name: str, tmp_path: Path) -> None:
    write_template(template(tmp_path, output_format=name, grid="geodetic"))
    config = YAML(typ="safe").load((tmp_path / "a.mapchete").read_text())
    assert config["process"] == "./a.py"
    assert config["pyramid"]["grid"] == "geodetic"
    assert config["output"]["format"] == name
    assert config["output"]["path"] == "tiles"
    module = ast.parse((tmp_path / "a.py").read_text())
    (function,) = (node for node in module.body if isinstance(node, ast.FunctionDef))
    assert function.name == "execute"
    known = {argument.arg for argument in function.args.kwonlyargs}
    assert set(config["process_parameters"]) == known


@pytest.mark.parametrize("name", WRITTEN)
def test_it_runs_as_it_is(name: str, tmp_path: Path) -> None:
    """In every format that there is: what a template needs to know, the formats say."""
    write_template(template(tmp_path, output_format=name))
    process = open_process(tmp_path / "a.mapchete", zooms=4)
    *_, last = execute(process, RunOptions(concurrency=Concurrency.NONE))
    assert isinstance(last, RunFinished)
    assert last.summary.failed == 0
    assert last.summary.written


def test_an_unknown_format(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--out-format.*'BMP'(.|\n)*GTiff, .*Zarr"):
        write_template(template(tmp_path, output_format="BMP"))
    assert not list(tmp_path.iterdir())


def test_module_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    write_template(template(tmp_path, module=tmp_path / "code/my.py"))
    config = YAML(typ="safe").load((tmp_path / "a.mapchete").read_text())
    assert config["process"] == "./code/my.py"


def test_nothing_is_replaced_unasked(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("mine")
    with pytest.raises(OutputError, match="force"):
        write_template(template(tmp_path))
    assert (tmp_path / "a.py").read_text() == "mine"
    assert not (tmp_path / "a.mapchete").exists()
    write_template(template(tmp_path), force=True)
    assert (tmp_path / "a.py").read_text() != "mine"


def test_one_path_for_both_files(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"name it \.mapchete"):
        write_template(template(tmp_path, config=tmp_path / "a.py"))
    assert not list(tmp_path.iterdir())


def test_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_template(template(tmp_path / "missing"))

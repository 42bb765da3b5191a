"""The Python interface, from a file or dict to tiles."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import automap_tiles
from automap_tiles.errors import ConfigError, GridError
from automap_tiles.grid import TileIndex

CODE = """\
import numpy as np
from automap_tiles import Empty, Tile

def execute(tile: Tile, value: int = 3):
    if tile.col % 2:
        raise Empty
    return np.full((1, *tile.shape), value + tile.zoom, "uint8")
"""


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "mine.py").write_text(CODE)
    return {
        "process": "mine.py",
        "pyramid": {"grid": "geodetic"},
        "zoom_levels": [1, 2],
        "baselevels": {"min": 2, "max": 2},
        "process_parameters": {"value": 5},
        "output": {"format": "GTiff", "path": "out", "bands": 1, "dtype": "uint8"},
        "config_dir": str(tmp_path),
    }


def test_compute(config: dict[str, Any]) -> None:
    process = automap_tiles.open_process(config)
    assert isinstance(process, automap_tiles.Process)
    for tile in (process.tile(2, 1, 4), TileIndex(2, 1, 4), (2, 1, 4)):
        data = process.compute(tile)
        assert data.shape == (1, 256, 256)
        assert np.unique(data.compressed()).tolist() == [7]
    assert process.compute((2, 1, 3)) is None
    assert not Path(process.process.writer.path).exists()


def test_tiles_that_the_function_does_not_make(config: dict[str, Any]) -> None:
    process = automap_tiles.open_process(config)
    with pytest.raises(GridError, match="at the zooms 2, not at 1"):
        process.compute((1, 0, 0))
    with pytest.raises(GridError, match="outside"):
        process.compute((2, 9, 0))


def test_execute_and_check(config: dict[str, Any]) -> None:
    process = automap_tiles.open_process(config, bounds=[0, 0, 90, 90])
    assert process.check().tiles == 5
    events = list(process.execute(concurrency="none"))
    summary = events[-1].summary  # type: ignore[union-attr]
    assert (summary.written, summary.empty, summary.failed) == (3, 2, 0)
    again = list(process.execute(concurrency="none"))[-1].summary  # type: ignore[union-attr]
    assert (again.written, again.empty, again.skipped) == (0, 0, 5)


def test_an_unknown_concurrency(config: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="concurrency") as caught:
        automap_tiles.open_process(config).execute(concurrency="thread")
    assert caught.value.remedy == "threads?"


def test_options_go_through(config: dict[str, Any], tmp_path: Path) -> None:
    process = automap_tiles.open_process(
        config, zooms=2, tile=(2, 1, 4), output=tmp_path / "other", area_crs="EPSG:4326"
    )
    assert process.process.zooms == (2,)
    assert process.process.writer.path == str(tmp_path / "other")
    with pytest.raises(ConfigError):
        automap_tiles.open_process(config, zooms=3)


def test_every_public_name_is_there() -> None:
    for name in automap_tiles.__all__:
        assert getattr(automap_tiles, name) is not None
        assert name in dir(automap_tiles)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = automap_tiles.nothing  # type: ignore[attr-defined]


def test_public_names_are_those_that_type_checkers_see(root: Path) -> None:
    import ast

    tree = ast.parse((root / "automap_tiles" / "__init__.py").read_text())
    imported = {
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("automap_tiles")
        for alias in node.names
    } - {"automap_tiles.version.VERSION"}
    lazy = {
        f"automap_tiles.{module}.{name}"
        for module, names in automap_tiles._MODULES.items()
        for name in names
    }
    assert imported == lazy
    assert {name.rpartition(".")[2] for name in lazy} | {"__version__"} == set(
        automap_tiles.__all__
    )


def test_the_version_is_that_of_the_distribution(root: Path) -> None:
    import tomllib

    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert automap_tiles.__version__ == project["version"]


def test_opening_a_small_file_needs_none_of_the_heavy_packages(
    config: dict[str, Any], tmp_path: Path
) -> None:
    """Each of them costs a tenth of a second or more at the start of every run."""
    script = (
        "import sys, json; from automap_tiles import open_process; "
        "p = open_process(json.loads(sys.argv[1])); p.compute((2, 1, 4)); "
        "print(*{'pydantic', 'fiona', 'scipy', 'mapchete', 'distributed', 'ruamel'} "
        "& {name.partition('.')[0] for name in sys.modules})"
    )
    import json

    done = subprocess.run(
        [sys.executable, "-c", script, json.dumps(config)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == []


def test_a_run_of_overviews_alone_can_be_checked(config: dict[str, Any]) -> None:
    assert [each.zoom for each in automap_tiles.open_process(config, zooms=1).check().zooms] == [1]

"""Hashes of source code: what a process is made of, without running it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from automap_tiles.runtime import sources

FILES = {
    "house/__init__.py": "",
    "house/kernels/__init__.py": "",
    "house/kernels/median.py": "from house.kernels.sort import (\n    a,  # one\n    b,\n)\n",
    "house/kernels/sort.py": "import numpy as np\na = b = 1\n",
    "house/kernels/other.py": "",
    "house/engine.py": "",
    "room/__init__.py": "",
    "room/process.py": "from room import _help\nimport house.engine\n\ndef execute():\n    pass\n",
    "room/_help.py": "def late():\n    from house.kernels import median\n    return median\n",
    "room/stranger.py": "",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of processes and the package that they use, of which the kernels count."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sources, "_COMPUTING", ("house.kernels",))
    yield tmp_path
    for name in ("room", "room.process"):
        sys.modules.pop(name, None)
    assert not {"house", "house.kernels"} & set(sys.modules), "nothing is run"


@pytest.mark.parametrize("name", FILES)
def test_a_changed_source_is_noticed_where_it_counts(folder: Path, name: str) -> None:
    before = sources.builtin_digest("room.process")
    assert sources.builtin_digest("room.process") == before
    with (folder / name).open("a") as file:
        file.write("\nchanged = True\n")
    counts = name in (
        "room/process.py", "room/_help.py", "room/__init__.py",
        "house/kernels/__init__.py", "house/kernels/median.py", "house/kernels/sort.py",
    )  # fmt: skip
    assert (sources.builtin_digest("room.process") != before) is counts


def test_the_composite_hangs_on_its_kernels_and_on_the_reading_of_scenes() -> None:
    file = sources._module_file("automap_processes.composite")
    found = sources._imported_sources("automap_processes.composite", file)
    assert {
        "automap_processes._over_dates", "automap_tiles.analysis.medoid",
        "automap_tiles.analysis.network", "automap_tiles.scenes.reading",
        "automap_tiles.scenes.masks", "automap_tiles.sensors.quality_tables",
    } <= found.keys()  # fmt: skip
    assert not any(name.startswith(("automap_tiles.engine", "automap_tiles.cli")) for name in found)


def test_imports_are_those_that_python_sees(root: Path) -> None:
    """In every file of ours; what looks like an import in a text may be named besides."""
    paths = [*root.glob("automap_tiles/**/*.py"), *root.glob("processes/automap_processes/*.py")]
    assert len(paths) > 200
    for path in paths:
        text = path.read_bytes()
        wanted: set[str] = set()
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import):
                wanted |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                wanted |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        assert wanted - {name for name in wanted if name.endswith(".*")} <= set(
            sources._imported_modules(text)
        ), path

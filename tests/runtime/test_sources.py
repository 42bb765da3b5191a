"""Hashes of source code: what a process is made of, without running it."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from automap_tiles.runtime import sources
from automap_tiles.runtime._builtin import _own
from automap_tiles.runtime._meaning import meaning

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


@pytest.mark.parametrize("name", FILES)
def test_comments_count_nowhere(folder: Path, name: str) -> None:
    before = sources.builtin_digest("room.process")
    text = (folder / name).read_text()
    (folder / name).write_text(f"# a word\n\n{text}\n'and more'  # here\n")
    assert sources.builtin_digest("room.process") == before
    assert sources.builtin_earlier("room.process") == frozenset()


def test_a_module_that_moves_does_not_count_and_another_of_its_names_does(folder: Path) -> None:
    before = sources.builtin_digest("room.process")
    (folder / "house/kernels/order.py").write_text((folder / "house/kernels/sort.py").read_text())
    median = folder / "house/kernels/median.py"
    median.write_text("from house.kernels.order import a, b\n")
    assert sources.builtin_digest("room.process") == before
    (folder / "house/kernels/order.py").write_text("import numpy as np\na = b = 2\n")
    changed = sources.builtin_digest("room.process")
    assert changed != before
    # both are read, and which one is used has changed
    median.write_text("import house.kernels.sort\nfrom house.kernels.order import a, b\n")
    one = sources.builtin_digest("room.process")
    median.write_text("import house.kernels.order\nfrom house.kernels.sort import a, b\n")
    assert sources.builtin_digest("room.process") != one


def test_the_hash_is_computed_where_nothing_can_be_kept(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    wanted = sources.builtin_digest("room.process")
    (file,) = (tmp_path / "cache/automap-tiles/hashes").iterdir()
    assert file.read_text() == wanted
    file.write_text("rubbish")
    assert sources.builtin_digest("room.process") == wanted
    assert file.read_text() == wanted
    (tmp_path / "a file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "a file"))
    assert sources.builtin_digest("room.process") == wanted


def test_earlier_versions_of_built_in_processes_are_on_record() -> None:
    for name, module in _own().items():
        for each in sources.builtin_earlier(module):
            assert len(each) == 64, name
    assert sources.builtin_earlier("automap_processes.hillshade")


def test_the_composite_hangs_on_its_kernels_and_on_the_reading_of_scenes() -> None:
    file = sources._module_file("automap_processes.composite")
    assert file is not None
    found = sources._sources_behind(
        "automap_processes.composite",
        file.read_bytes(),
        lambda source: sources._names_in(meaning(source).imports),
    )
    assert {
        "automap_processes._scene_composites", "automap_tiles.analysis.composites.medoid",
        "automap_tiles.analysis._network", "automap_tiles.scenes.reading",
        "automap_tiles.scenes.masks", "automap_tiles.missions.landsat._quality",
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
            sources._mentioned(text)
        ), path

"""Loading of the user's module: once, in the right version, with errors that say where."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from automap_tiles.errors import ProcessError
from automap_tiles.runtime.function import FunctionRef


@pytest.fixture(autouse=True)
def _same_modules() -> Iterator[None]:
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.startswith(("_automap_", "helper", "inner", "pack")):
            del sys.modules[name]


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_file_runs_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    path = write(
        tmp_path,
        "mine.py",
        f"with open({str(log)!r}, 'a') as log:\n    log.write('x')\ndef execute():\n    return 5\n",
    )
    ref = FunctionRef.from_file(path)
    assert not log.exists()
    travelled = pickle.loads(pickle.dumps(ref))
    assert ref.load() is travelled.load() is FunctionRef.from_file(path).load()
    assert ref.load().execute() == 5
    assert ref.load().setup is None
    assert log.read_text() == "x"
    assert len(pickle.dumps(ref)) < 1000


def test_an_edit_gives_another_reference_and_the_new_code(tmp_path: Path) -> None:
    path = write(tmp_path, "mine.py", "def execute():\n    return 1\n")
    old = FunctionRef.from_file(path)
    loaded = old.load()
    path.write_text("def execute():\n    return 2\n")
    new = FunctionRef.from_file(path)
    assert new.digest != old.digest
    assert new.load().execute() == 2
    # what is loaded stays as it was
    assert old.load() is loaded
    assert loaded.execute() == 1


def test_a_worker_refuses_another_version(tmp_path: Path) -> None:
    path = write(tmp_path, "mine.py", "def execute():\n    return 1\n")
    ref = FunctionRef.from_file(path)
    path.write_text("def execute():\n    return 2\n")
    with pytest.raises(ProcessError, match="has changed"):
        ref.load()


def test_siblings(tmp_path: Path) -> None:
    write(tmp_path, "helper_one.py", "import helper_two\nVALUE = helper_two.VALUE + 1\n")
    write(tmp_path, "helper_two.py", "VALUE = 1\n")
    write(tmp_path, "helper_pack/__init__.py", "from helper_pack.deep import X\n")
    write(tmp_path, "helper_pack/deep.py", "X = 10\n")
    path = write(
        tmp_path,
        "mine.py",
        "import helper_one\n"
        "from helper_pack import X\n"
        "def execute():\n"
        "    import helper_late\n"
        "    return helper_one.VALUE + X + helper_late.VALUE\n",
    )
    write(tmp_path, "helper_late.py", "VALUE = 100\n")
    ref = FunctionRef.from_file(path)
    assert ref.load().execute() == 112
    assert str(tmp_path) not in sys.path
    assert not list(tmp_path.rglob("__pycache__"))
    # an edit of any of them counts
    write(tmp_path, "helper_pack/deep.py", "X = 20\n")
    again = FunctionRef.from_file(path)
    assert again.digest != ref.digest
    assert again.load().execute() == 122
    write(tmp_path, "helper_two.py", "VALUE = 2\n")
    assert FunctionRef.from_file(path).load().execute() == 123


def test_siblings_of_the_same_name_in_two_folders(tmp_path: Path) -> None:
    refs = []
    for number in (1, 2):
        folder = tmp_path / str(number)
        write(folder, "helper_same.py", f"VALUE = {number}\n")
        write(
            folder, "mine.py", "import helper_same\ndef execute():\n    return helper_same.VALUE\n"
        )
        refs.append(FunctionRef.from_file(folder / "mine.py"))
    assert [ref.load().execute() for ref in refs] == [1, 2]
    assert [ref.load().execute() for ref in refs] == [1, 2]


def test_installed_modules_are_nobodys_siblings(tmp_path: Path) -> None:
    """Else a process file in a checkout would throw the running package out."""
    for name in ("numpy", "automap_tiles", "json"):
        write(tmp_path, f"{name}.py", "raise RuntimeError\n")
    path = write(
        tmp_path, "mine.py", "import numpy, automap_tiles, json\ndef execute():\n    return 1\n"
    )
    ref = FunctionRef.from_file(path)
    import numpy  # noqa: ICN001

    import automap_tiles

    assert ref.load().execute() == 1
    assert sys.modules["numpy"] is numpy
    assert sys.modules["automap_tiles"] is automap_tiles


def test_dataclasses_and_pickles_find_their_module(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "mine.py",
        "from __future__ import annotations\n"
        "import pickle\n"
        "from dataclasses import dataclass\n"
        "@dataclass\nclass A:\n    x: int\n"
        "def execute():\n    return pickle.loads(pickle.dumps(A(3))).x\n",
    )
    assert FunctionRef.from_file(path).load().execute() == 3


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("def execute(:\n", 1, "invalid syntax"),
        ("\n\nimport not_there_at_all\n", 3, "ModuleNotFoundError"),
        ("def f():\n    return 1 / 0\nX = f()\n", 2, "ZeroDivisionError"),
        ("def execute():\nreturn 1\n", 2, "indented block"),
    ],
)
def test_errors_say_where(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = write(tmp_path, "mine.py", text)
    before = set(sys.modules)
    with pytest.raises(ProcessError, match=words) as caught:
        FunctionRef.from_file(path).load()
    assert f"{path}:{line}: " in str(caught.value)
    assert not [name for name in set(sys.modules) - before if "mine" in name]


def test_leaving_python_is_an_error_too(tmp_path: Path) -> None:
    path = tmp_path / "leaves.py"
    path.write_text("import sys\nsys.exit()\n")
    with pytest.raises(ProcessError, match=r"leaves\.py:2: SystemExit"):
        FunctionRef.from_file(path).load()


def test_null_bytes_have_no_line_but_a_file(tmp_path: Path) -> None:
    path = tmp_path / "nulls.py"
    path.write_text("def execute():\n    pass\n\0")
    with pytest.raises(ProcessError, match=r"nulls\.py: .*null bytes"):
        FunctionRef.from_file(path).load()


def test_an_error_in_a_sibling_names_the_sibling(tmp_path: Path) -> None:
    write(tmp_path, "helper_bad.py", "\nX = 1 / 0\n")
    path = write(tmp_path, "mine.py", "import helper_bad\ndef execute(): ...\n")
    with pytest.raises(ProcessError, match=r"helper_bad\.py:2: ZeroDivisionError"):
        FunctionRef.from_file(path).load()


def test_a_module_without_execute(tmp_path: Path) -> None:
    path = write(tmp_path, "mine.py", "execute = 5\n")
    with pytest.raises(ProcessError, match="no function execute"):
        FunctionRef.from_file(path).load()


def test_inline_code(tmp_path: Path) -> None:
    ref = FunctionRef.from_lines(["def execute(a):", "    return 1 / a"], tmp_path / "x.mapchete")
    loaded = pickle.loads(pickle.dumps(ref)).load()
    assert loaded.execute(2) == 0.5
    with pytest.raises(ZeroDivisionError) as caught:
        loaded.execute(0)
    assert "return 1 / a" in str(caught.traceback[-1].statement)
    broken = FunctionRef.from_lines(["def execute(:"], None)
    with pytest.raises(ProcessError, match="inline code>:1"):
        broken.load()


def test_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    write(tmp_path, "packaged/__init__.py", "")
    write(tmp_path, "packaged/helper.py", "VALUE = 1\n")
    write(
        tmp_path,
        "packaged/process.py",
        "from packaged.helper import VALUE\ndef execute():\n    return VALUE\n",
    )
    ref = FunctionRef.from_module("packaged.process")
    assert ref.load().execute() == 1
    assert FunctionRef.from_module("packaged.process") == ref
    write(tmp_path, "packaged/helper.py", "VALUE = 2\n")
    assert FunctionRef.from_module("packaged.process").digest != ref.digest
    for name in ("packaged.nothing", "nowhere_at_all", "nowhere.at.all"):
        with pytest.raises(ProcessError, match=name.partition(".")[0]):
            FunctionRef.from_module(name)

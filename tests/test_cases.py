"""The runner of the cases tells green from red, and what it leaves out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import cases

SCRIPTS = {
    "engine/01_good.py": "print('well')",
    "engine/02_bad.py": "print('the reason'); raise SystemExit(1)",
    "engine/03_hangs.py": "import time; time.sleep(600)",
    "engine/_helper.py": "raise SystemExit(1)",
    "faults/lib.py": "raise SystemExit(1)",
    "faults/camp_long.py": "raise SystemExit(1)",
    "faults/path.py": "import automap_tiles, os; assert os.environ['AUTOMAP']",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, code in SCRIPTS.items():
        path = tmp_path / "cases" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(code, encoding="utf-8")
    monkeypatch.setenv("AUTOMAP_SHARED", str(tmp_path))
    return tmp_path


def test_red_ones_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cases.main(["--seconds", "5"]) == 1
    said = capsys.readouterr().out
    assert "green engine/01_good.py" in said
    assert "RED   engine/02_bad.py" in said
    assert "      the reason\n" in said
    assert "not over after 5 s" in said
    assert "2 of 4 green" in said
    assert "helper" not in said


def test_some_by_name(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cases.main(["01_", "faults/path"]) == 0
    assert "2 of 2 green" in capsys.readouterr().out
    assert cases.main(["camp_"]) == 1
    assert cases.main(["no such"]) == 1


def test_what_imports_a_missing_module_is_neither(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "cases/engine/04_lost.py").write_text("from lib import x\nimport json, lost_module\n")
    (folder / "cases/engine/lib.py").write_text("x = 1")
    assert cases.main(["01_", "04_"]) == 0
    said = capsys.readouterr().out
    assert "cannot run engine/04_lost.py: it imports lost_module, which is not there" in said
    assert "1 of 2 green" in said
    assert cases.main(["04_"]) == 1


def test_all_of_them(folder: Path) -> None:
    assert len(cases.scripts(folder / "cases", everything=True)) == 5


def test_without_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AUTOMAP_SHARED", str(tmp_path))
    assert cases.main([]) == 0
    assert "Skipped: no cases" in capsys.readouterr().out

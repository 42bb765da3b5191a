"""`make fuzz` finds what the fixed examples do not, and says how to find it again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests import fuzz

# Even numbers pass; hypothesis draws others sooner or later, unless it draws the same ones always.
RARE = """
from hypothesis import given
from hypothesis import strategies as st


@given(st.integers(0, 2**40))
def test_found(number):
    assert number % 301


def test_no_property():
    raise AssertionError("not for hypothesis")
"""
PLAIN = "def test_nothing():\n    pass\n"


@pytest.fixture(autouse=True)
def _with_our_profiles(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(root))
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:schemathesis")  # it takes a second to import
    (tmp_path / "conftest.py").write_text("from tests.conftest import *\n", encoding="utf-8")


def test_the_command_it_prints_fails_again(
    root: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "test_rare.py").write_text(RARE, encoding="utf-8")
    assert fuzz.main([str(tmp_path / "test_rare.py"), "--seed", "7", "--rounds", "2"]) == 1
    shown = capfd.readouterr().out
    assert "-- seed 7\n" in shown
    assert "-- seed 8\n" in shown
    commands = [line for line in shown.splitlines() if line.startswith("python -m pytest")]
    assert [command.rpartition("=")[2] for command in commands] == ["7", "8"]
    again = subprocess.run(
        [sys.executable, *commands[0].split()[1:]],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert again.returncode == 1
    assert "test_found" in again.stdout


def test_nothing_to_run_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "test_plain.py").write_text(PLAIN, encoding="utf-8")
    assert fuzz.main([str(tmp_path / "test_plain.py")]) == 5

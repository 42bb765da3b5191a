"""Who may import what is said by names: an underscore is a closed door."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.doors import ROOT, House, floors, is_inside, listed, table

# What a page names: `folder/module.py`, or `folder.module` with more behind it.
_FILE = re.compile(r"`([\w/]+/\w+\.py|_?\w+\.py)`")
# A file or folder by its whole path.
_PATH = re.compile(r"`((?:automap_tiles|devserver|processes|docs|tests)/[\w/.]+)`")
PAPERS = (
    "CONTRIBUTING.md",
    "automap_tiles/README.md",
    "bench/README.md",
    "devserver/automap_service/README.md",
)
_ROW = re.compile(r"^\| `([\w.]+)` \|", re.MULTILINE)
_ADVICE = "python -m tests.doors --write lists the doors anew"


@pytest.fixture(scope="module")
def house() -> House:
    return House()


def test_what_has_an_underscore_is_used_in_its_own_folder(house: House) -> None:
    assert len(house.imports) > 3000
    assert list(house.trespasses()) == []


def test_a_trespass_is_seen(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "thief.py"
    file.write_text("def late() -> None:\n    from automap_tiles.engine._plan import Plan\n")
    found = House()
    monkeypatch.setitem(found.__dict__, "files", {**house.files, "automap_tiles.thief": file})
    assert list(found.trespasses()) == [
        "automap_tiles.thief, line 2: automap_tiles.engine._plan belongs to automap_tiles.engine"
    ]


def test_a_module_that_nobody_else_uses_has_an_underscore(house: House) -> None:
    assert list(house.hidden()) == []


@pytest.mark.parametrize("floor", floors())
def test_every_floor_has_its_page(house: House, floor: str) -> None:
    page = floors()[floor].read_text("utf-8")
    assert page.startswith(f"# {floor.rpartition('.')[2]}\n")
    said = page.replace(listed(page), "").splitlines()
    assert 6 <= len(said) <= 30
    assert _ROW.findall(listed(page)) == _ROW.findall(table(house, floor)), _ADVICE


@pytest.mark.parametrize("floor", floors())
def test_what_a_page_names_is_there(floor: str) -> None:
    file = floors()[floor]
    for name in _FILE.findall(file.read_text("utf-8")):
        assert (file.parent / name).is_file() or (ROOT / name).is_file(), name


@pytest.mark.parametrize("page", PAPERS)
def test_what_the_papers_name_is_there(page: str) -> None:
    named = _PATH.findall((ROOT / page).read_text("utf-8"))
    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_folders_contain_what_is_below_them() -> None:
    assert is_inside("a.b.c", "a.b")
    assert not is_inside("a.bc", "a.b")


def test_a_class_name_means_one_thing(house: House) -> None:
    """`Process` is one: the object of Python's users, and what travels to the workers."""
    assert house.namesakes().keys() <= {"Process"}

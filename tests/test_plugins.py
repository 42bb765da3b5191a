"""What other packages bring along, and that nothing of it is passed over in silence."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from automap_tiles.errors import ConfigError
from automap_tiles.notes import Fate, Subject, collecting
from automap_tiles.plugins import GROUPS, plugins

Install = Callable[..., None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Install:
    def put(*entries: tuple[str, str, str]) -> None:
        found = EntryPoints(EntryPoint(*entry) for entry in entries)
        monkeypatch.setattr("importlib.metadata.entry_points", lambda: found)

    return put


@pytest.mark.parametrize("group", GROUPS)
def test_by_name_and_group(install: Install, group: str) -> None:
    install(("one", "a:ONE", group), ("two", "b:TWO", group), ("one", "c:X", "pytest11"))
    with collecting() as notes:
        assert {name: entry.value for name, entry in plugins(group).items()} == {
            "one": "a:ONE",
            "two": "b:TWO",
        }
    assert not notes


@pytest.mark.parametrize(
    ("group", "remedy"),
    [
        ("automap_tiles.sensors", "they belong in automap_tiles.missions"),
        ("automap_tiles.format", "the groups that are read: .*automap_tiles.formats"),
    ],
)
def test_a_group_that_nobody_reads_is_told(install: Install, group: str, remedy: str) -> None:
    install(("kestrel", "kestrel:MISSION", group), ("hobby", "hobby:MISSION", group))
    with collecting() as notes:
        assert plugins("automap_tiles.missions") == {}
    (note,) = notes.grouped()
    assert (note.fate, note.subject, note.count) == (Fate.IGNORED, Subject.PLUGINS, 2)
    assert note.examples == ("kestrel:MISSION", "hobby:MISSION")
    assert group in note.reason
    assert note.remedy is not None
    assert re.search(remedy, note.remedy)


def test_our_own_names_stay_ours_and_it_is_told(install: Install) -> None:
    install(("GTiff", "a:FORMAT", "automap_tiles.formats"))
    with collecting() as notes:
        assert plugins("automap_tiles.formats", {"GTiff": "ours"}) == {}
    (note,) = notes.grouped()
    assert note.examples == ("GTiff = a:FORMAT",)


def test_two_packages_of_one_name_are_an_error(install: Install) -> None:
    group = "automap_tiles.maskers"
    install(("bright", "a:open", group), ("bright", "b:open", group), ("dark", "c:open", group))
    with pytest.raises(ConfigError, match=r"bright = a:open, bright = b:open'\)\n.*remove one"):
        plugins(group)

"""What the changes are, and that a test which looks at them notices."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.mutants import __main__ as command
from tests.mutants.operators import mutants
from tests.mutants.selection import all_mutants, folder_of, looking_at
from tests.mutants.trial import Outcome, attempt

CODE = '''\
"""Words 1."""
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from somewhere import Thing

__all__ = ["half"]


def half(values: list[int | None], *, least: int = 0) -> "Thing":
    """Half; ä is two bytes."""
    if least < 1 and not values:
        raise ValueError(f"{len(values) + 1} of none")
    for value in values:
        if value is None:
            continue
        print("é", value / 2, end="")
    return values
'''


def test_every_operator_once() -> None:
    found = {(each.line, each.old, each.new) for each in mutants("half.py", CODE.encode())}
    assert found == {
        (10, "0", "(1)"),
        (12, "least < 1", "(least <= 1)"),
        (12, "1", "(2)"),
        (12, "least < 1 and not values", "(least < 1 or not values)"),
        (12, "not values", "(values)"),
        (13, 'raise ValueError(f"{len(values) + 1} of none")', "pass"),
        (15, "value is None", "(value is not None)"),
        (16, "continue", "pass"),
        (17, 'print("é", value / 2, end="")', "pass"),
        (17, 'print("é", value / 2, end="")', "(print('é', value / 2))"),
        (17, "value / 2", "(value * 2)"),
        (17, "2", "(3)"),
        (18, "return values", "return None"),
    }


def test_a_change_touches_nothing_else() -> None:
    source = CODE.encode()
    for each in mutants("half.py", source):
        changed = each.applied(source)
        ast.parse(changed)
        assert changed.replace(each.new.encode(), b"", 1) != changed
        assert len(changed) - len(source) == len(each.new.encode()) - len(each.old.encode())


def test_samples_are_the_same_for_a_seed_and_every_place_can_come() -> None:
    assert command.draw(3, 20) == command.draw(3, 20)
    assert command.draw(3, 20) != command.draw(4, 20)
    assert {folder_of(each.path) for each in command.draw(1, 10, "grid")} == {"grid"}


def test_equivalent_ones_exist_and_have_a_reason(root: Path) -> None:
    """A line that no longer fits any code is taken off the list."""
    known = command.equivalent()
    assert all(known.values())
    assert known.keys() <= {each.key for each in all_mutants(root)}


def test_tests_of_the_folder_and_of_its_importers(root: Path) -> None:
    chosen = looking_at(root, Path("automap_tiles/grid/curve.py"))
    assert chosen[0] == "tests/grid/test_curve.py"
    assert "tests/grid" in chosen
    assert "devserver" in folder_of("devserver/automap_devserver/views/page.py")
    assert folder_of("automap_tiles/commands/run/plan.py") == "commands/run"
    assert folder_of("automap_tiles/notes.py") == "."


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("assert small.half(4) == 2", Outcome.NOTICED),
        ("small.half(4)", Outcome.SURVIVED),
    ],
)
def test_an_attempt(tmp_path: Path, body: str, outcome: Outcome) -> None:
    (tmp_path / "automap_tiles" / "grid").mkdir(parents=True)
    (tmp_path / "tests" / "grid").mkdir(parents=True)
    path = tmp_path / "automap_tiles" / "grid" / "small.py"
    path.write_text("def half(value):\n    return value / 2\n")
    (tmp_path / "automap_tiles" / "__init__.py").touch()
    test = f"from automap_tiles.grid import small\n\ndef test_half():\n    {body}\n"
    (tmp_path / "tests" / "grid" / "test_small.py").write_text(test)
    (change,) = (
        each
        for each in mutants("automap_tiles/grid/small.py", path.read_bytes())
        if each.new == "(value * 2)"
    )
    before = path.read_bytes()
    trial = attempt(change, tmp_path, shared=None, seconds=120)
    assert trial.outcome is outcome
    assert path.read_bytes() == before

"""What the changes are, and that a test which looks at them notices."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest
from coverage import CoverageData

from tests.mutants import __main__ as command
from tests.mutants.operators import Mutant, mutants
from tests.mutants.reach import Reach
from tests.mutants.selection import folder_of, looking_at, sources
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
    assert command.draw(3, 20, "storage") == command.draw(3, 20, "storage")
    assert command.draw(3, 20, "storage") != command.draw(4, 20, "storage")
    assert {folder_of(each.path) for each in command.draw(1, 10, "grid")} == {"grid"}


def test_equivalent_ones_exist_and_have_a_reason(root: Path) -> None:
    """A line that no longer fits any code is taken off the list."""
    known = command.equivalent()
    assert all(known.values())
    named = {Path(key.partition(": ")[0]) for key in known}
    assert named <= {*sources(root)}
    found = {each.key for path in named for each in mutants(str(path), (root / path).read_bytes())}
    assert known.keys() <= found


def test_run_by_a_call_or_by_the_import() -> None:
    source = b"A = 1\n\n\ndef half(value, by=2):\n    return (value\n            / 2)\n"
    found = {(each.old, each.line): each for each in mutants("half.py", source)}
    assert not found["1", 1].in_function
    assert not found["2", 4].in_function
    division = next(each for (old, _), each in found.items() if "/" in old and "return" not in old)
    assert division.in_function
    assert division.lines == range(5, 7)


def test_what_runs_a_line_the_near_ones_and_the_quick_ones_first() -> None:
    data = CoverageData(no_disk=True)
    path = "automap_tiles/grid/morton.py"
    for test, lines in (("tests/cli/test_a.py::slow", [5]), ("tests/cli/test_a.py::quick", [5, 6]),
                        ("tests/grid/test_b.py::near", [6]), ("tests/grid/test_b.py::else", [7]),
                        ("", [5])):  # fmt: skip
        data.set_context(test)
        data.add_lines({path: lines})
    times = {"slow": 3.0, "quick": 0.1, "near": 9.0, "else": 0.1}
    seconds = {test: times[test.rpartition(":")[2]] for test in data.measured_contexts() if test}
    known = Reach(data=data, seconds=seconds)
    near, quick, slow = (
        "tests/grid/test_b.py::near", "tests/cli/test_a.py::quick", "tests/cli/test_a.py::slow",
    )  # fmt: skip
    assert known.tests(path, range(5, 7)) == [near, quick, slow]
    change = Mutant(path=path, line=5, start=0, end=1, old="a", new="b", text="a", in_function=True)
    assert command.chosen(change, known, seconds=60) == [quick, slow]
    assert command.chosen(change, known, seconds=1) == [quick]
    assert command.chosen(replace(change, line=99), known, seconds=1) == []
    assert command.chosen(replace(change, in_function=False), known, seconds=1)[0] == (
        "tests/grid/test_morton.py"
    )


def test_tests_of_the_folder_and_of_its_importers(root: Path) -> None:
    chosen = looking_at(root, Path("automap_tiles/grid/morton.py"))
    assert chosen[0] == "tests/grid/test_morton.py"
    assert "tests/grid" in chosen
    assert "devserver" in folder_of("devserver/automap_devserver/views/page.py")
    assert folder_of("automap_tiles/workflows/automap/plan.py") == "workflows/automap"
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
    tests = looking_at(tmp_path, Path(change.path))
    trial = attempt(change, tmp_path, tests=tests, shared=None, seconds=120)
    assert trial.outcome is outcome
    assert path.read_bytes() == before

"""What every command says, bit by bit: a change of it is wanted, or it is a fault.

`python -m tests.golden --write` records anew; the difference is then read in the commit.
"""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from tests.golden.recording import Scenario, record
from tests.golden.scenarios import SCENARIOS, golden_path


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)
def test_golden(scenario: Scenario, tmp_path: Path) -> None:
    path = golden_path(scenario.name)
    expected = path.read_text(encoding="utf-8") if path.exists() else ""
    found = record(scenario, tmp_path / "here")
    if found != expected:
        lines = difflib.unified_diff(
            expected.splitlines(), found.splitlines(), f"recorded/{path.name}", "now", lineterm=""
        )
        pytest.fail("\n".join(lines) + "\nwanted? python -m tests.golden --write", pytrace=False)


def test_nothing_is_recorded_of_scenarios_that_are_gone() -> None:
    recorded = {path.stem for path in golden_path("any").parent.glob("*.txt")}
    assert recorded == {scenario.name for scenario in SCENARIOS}

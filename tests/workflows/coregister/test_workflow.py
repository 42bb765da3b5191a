from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from automap_tiles.cli.main import automap
from automap_tiles.errors import ConfigError, InputError
from automap_tiles.scenes.coregistration import read_table
from automap_tiles.workflows import check, run
from automap_tiles.workflows.coregister import CoregisterOrder, CoregisterOutcome
from automap_tiles.workflows.events import Finished
from tests.scenes.coregistration.displaced import write_dates


def test_a_table_is_written(tmp_path: Path) -> None:
    folder = write_dates(tmp_path / "in", [(0.0, 0.0), (1.7, -0.6), (0.0, 0.0)], [0.0, 0.2, 1.0])
    path = tmp_path / "shifts.json"
    order = CoregisterOrder(input=str(folder), output=str(path))
    assert len(check(order).to_json()["scenes"]) == 3
    assert not path.exists()
    *_, last = run(order)
    assert isinstance(last, Finished)
    outcome = last.outcome
    assert isinstance(outcome, CoregisterOutcome)
    assert [each.to_json()["status"] for each in outcome.placed] == ["aligned", "moved", "refused"]
    assert any("not co-registered" in note.reason for note in outcome.notes)
    assert read_table(str(path)) == outcome.placed


def test_at_the_command_line(tmp_path: Path) -> None:
    folder = write_dates(tmp_path / "in", [(0.0, 0.0), (1.7, -0.6)], [0.0, 0.2])
    path = tmp_path / "shifts.json"
    result = CliRunner().invoke(automap, ["coregister", "-i", str(folder), "-o", str(path)])
    assert result.exit_code == 0, result.output
    first, second = result.stdout.splitlines()
    assert ": aligned, +0.00 rows, +0.00 columns" in first
    assert ": moved, +1." in second
    assert path.exists()


def test_what_cannot_be(tmp_path: Path) -> None:
    folder = write_dates(tmp_path / "in", [(0.0, 0.0)], [0.0])
    with pytest.raises(ConfigError, match="JSON"):
        check(CoregisterOrder(input=str(folder), output="shifts.csv"))
    with pytest.raises(InputError, match="no such file"):
        check(CoregisterOrder(input=str(folder), output="a.json", reference="none.tif"))
    with pytest.raises(InputError):
        check(CoregisterOrder(input=str(tmp_path / "none"), output="a.json"))

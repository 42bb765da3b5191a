from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

import pytest
import rasterio
from affine import Affine
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
    plain = tmp_path / "plain.tif"
    size = {"height": 4, "width": 4, "count": 1, "dtype": "uint8", "transform": Affine.scale(2)}
    with rasterio.open(plain, "w", driver="GTiff", **size):
        pass
    with pytest.raises(InputError, match="no georeference"):
        check(CoregisterOrder(input=str(folder), output="a.json", reference=str(plain)))


def test_a_reference_is_looked_at_wherever_it_is(tmp_path: Path) -> None:
    """Not as a file of this machine: a name of GDAL's was no such file."""
    folder = write_dates(tmp_path / "in", [(0.0, 0.0)], [0.0])
    with ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(next(folder.rglob("nir.tif")), "reference.tif")
    reference = f"/vsizip/{tmp_path}/all.zip/reference.tif"
    found = check(CoregisterOrder(input=str(folder), output="a.json", reference=reference))
    assert len(found.to_json()["scenes"]) == 1

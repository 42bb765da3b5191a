"""`automap assess`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from automap_tiles.cli.main import main
from tests.workflows.assess.maps import NAMES, classes, write_map


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_map(tmp_path / "map.tif", classes(), names=NAMES)


def test_from_the_design_to_the_report(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    points, report = tmp_path / "points.csv", tmp_path / "report.json"
    design = ["assess", str(path), "--design", "--target-se", "0.03", "--out", str(points)]
    assert main([*design, "--expect", "1=0.9", "--minimum", "40"]) == 0
    told = capsys.readouterr().out
    assert "forest" in told
    assert "90%" in told
    lines = points.read_text(encoding="utf-8").splitlines()
    # the interpreter finds forest everywhere
    points.write_text("\n".join([lines[0], *(f"{line}forest" for line in lines[1:])]), "utf-8")
    command = ["assess", str(path), str(points), "--class-field", "class"]
    assert main([*command, "--report", str(report)]) == 0
    told = capsys.readouterr().out
    found = json.loads(report.read_text(encoding="utf-8"))
    share = (classes() == 1).sum() / (classes() > 0).sum()
    assert found["overall"]["value"] == pytest.approx(share, rel=1e-6)
    assert f"{100 * share:.1f} %" in told
    assert np.array(found["counts"])[:, 1:].sum() == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "Give either a REFERENCE or --design"),
        (["points.csv", "--design"], "Give either a REFERENCE or --design"),
        (["--design"], "--design needs --out"),
        (["points.csv", "--size", "30"], "--size needs --design"),
        (["points.csv", "--seed", "0"], "--seed needs --design"),
        (["--design", "--out", "points.csv", "--class-field", "c"], "--class-field is for an ass"),
        (["--design", "--out", "points.doc"], "neither CSV nor GeoJSON"),
        (["--design", "--out", "points.csv", "--expect", "forest"], "is not like 3=0.7"),
        (["--design", "--out", "points.csv", "--expect", "9=0.7"], "not a class of the map"),
        (["--design", "--out", "points.csv", "--report", "x.html"], "--report is for an assess"),
        (["none.csv", "--out", "points.csv"], "--out is for the points of --design"),
        (["none.csv", "--drop-training"], "--drop-training needs --training"),
        (["none.csv"], "does not exist"),
        (["none.csv", "--report", "report.pdf"], "neither HTML nor JSON"),
    ],
)
def test_what_goes_wrong(
    path: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["assess", str(path), *options]) == 2
    assert message in capsys.readouterr().err

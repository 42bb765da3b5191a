"""A method of composites that is added by one entry of the table goes everywhere."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import rasterio

from automap_tiles import ConfigError, open_process
from automap_tiles.analysis.composites.methods import METHODS, CompositeRequest, Dates, Method, Unit
from automap_tiles.cli.main import main
from automap_tiles.engine.events import TileDone
from tests.golden import places
from tests.processes.test_scenes_composite import BANDS, config_of, result, stack_of

if TYPE_CHECKING:
    from automap_tiles.analysis.composites.methods import Made

RUN = "--satellites 8 --start 2020-10-01 --end 2020-11-30 --boundary area.geojson -i in -o out"


def _range(dates: Dates, _: CompositeRequest) -> Made:
    """Largest minus smallest value of a band."""
    values, missing = dates.values.astype(np.float32), ~dates.valid[:, np.newaxis]
    data = np.where(missing, -np.inf, values).max(axis=0) - np.where(missing, np.inf, values).min(
        axis=0
    )
    mask = np.broadcast_to(missing.all(axis=0), data.shape)
    return {"range": np.ma.MaskedArray(np.where(mask, 0, data).astype(np.float32), mask=mask)}


@pytest.fixture(autouse=True)
def one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    added = Method(summary="how far the dates lie apart", make=_range, needs=("nir",))
    monkeypatch.setitem(METHODS, "range", added)


def test_in_the_process(tmp_path: Path) -> None:
    scenes = stack_of(tmp_path)
    found, names = result(scenes, statistics=["range", "min", "max"], indices=["ndvi"], scale=1.0)
    expected = [f"{name}_{band}" for name in ("range", "min", "max") for band in (*BANDS, "ndvi")]
    assert names == expected
    planes = dict(zip(names, found.data, strict=True))
    for band in (*BANDS, "ndvi"):
        np.testing.assert_allclose(
            planes[f"range_{band}"], planes[f"max_{band}"] - planes[f"min_{band}"], atol=1e-6
        )


def test_in_a_run_of_the_process(tmp_path: Path) -> None:
    process = open_process(config_of(tmp_path, statistics=["range"]))
    events = list(process.execute(concurrency="none"))
    assert any(isinstance(event, TileDone) for event in events)
    with rasterio.open(next((tmp_path / "out").rglob("*.tif"))) as file:
        assert file.descriptions == tuple(f"range_{band}" for band in BANDS)


def test_what_it_needs_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needy = Method(summary="of another sensor", make=_range, needs=("thermal",))
    monkeypatch.setitem(METHODS, "hottest", needy)
    with pytest.raises(ConfigError, match="hottest needs thermal, and the input reads blue"):
        open_process(config_of(tmp_path, statistics=["hottest"]))


def test_in_automap_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    places.scenes()
    # a worker process would read the table anew, without the line that only this test has
    wanted = ["run", "--mode", "composite", *RUN.split(), "--no-progress", "--concurrency", "none"]
    assert main([*wanted, "--statistics", "range", "--check"]) == 0
    assert "composite_20201001_20201130_range.tif" in capsys.readouterr().out
    assert main([*wanted, "--statistics", "range"]) == 0
    with rasterio.open(next(Path("out").rglob("composite*.tif"))) as file:
        assert file.descriptions[0] == "range_blue"
        assert file.scales[0] == 1e-4
        # three clear days, each 100 brighter than the one before, and noise of up to 200
        assert 0 < np.median(file.read(1, masked=True).compressed()) <= 400
    assert main([*wanted, "--statistics", "range", "--provenance", "score"]) == 2
    assert "methods that take a pixel from one date" in capsys.readouterr().err


def test_in_the_help(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from automap_tiles.cli.commands import run

    monkeypatch.setitem(METHODS, "coldest", Method(summary="", make=_range, score=Unit.RATIO))
    try:
        importlib.reload(run)
        assert main(["run", "--help"]) == 0
    finally:
        monkeypatch.undo()
        importlib.reload(run)
    said = " ".join(capsys.readouterr().out.split())
    assert "trimmed_mean, range, coldest." in said
    assert "best_pixel, coldest also day_of_year" in said


def test_in_the_list_of_the_process(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["processes", "composite"]) == 0
    assert "range          how far the dates lie apart" in capsys.readouterr().out

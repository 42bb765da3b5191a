"""What `--check` doubts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click.testing
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from automap_tiles.api import open_process
from automap_tiles.cli.main import automap
from automap_tiles.cli.show.check import print_check
from automap_tiles.engine.check import CheckReport


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, size in (("ten.tif", 10.0), ("hundred.tif", 100.0)):
        profile = {"driver": "GTiff", "count": 1, "height": 300, "width": 300, "dtype": "uint8"}
        place = {"crs": "EPSG:3857", "transform": from_origin(1_500_000, 6_200_000, size, size)}
        with rasterio.open(tmp_path / name, "w", **profile, **place, nodata=0) as target:
            target.write(np.ones((1, 300, 300), "uint8"))
    (tmp_path / "process.py").write_text("def execute(a, b=None):\n    return a.read(1)\n")
    return tmp_path


def report(folder: Path, zoom: int, *, inputs: Any = None, **output: Any) -> CheckReport:
    config = {
        "process": "./process.py",
        "config_dir": str(folder),
        "pyramid": {"grid": "mercator"},
        "zoom_levels": zoom,
        "input": {"a": "ten.tif"} if inputs is None else inputs,
        "output": {
            "format": "GTiff", "path": "out", "bands": 1, "dtype": "uint8", "nodata": 255, **output
        },
    }  # fmt: skip
    return open_process(config).check()


def test_nothing_to_doubt(folder: Path) -> None:
    # zoom 14 has pixels of 9.6 m: a source of 10 m needs it
    found = report(folder, 14)
    assert found.warnings == ()
    assert found.fits
    assert found.inputs == ("a: ten.tif (300 × 300 pixels, 1 × uint8)",)


@pytest.mark.parametrize(("zoom", "doubted"), [(13, False), (14, False), (15, True), (24, True)])
def test_finer_than_the_input(folder: Path, zoom: int, doubted: bool) -> None:
    said = report(folder, zoom).warnings
    assert [("zoom 14 holds all of it" in each) for each in said] == [True] * doubted


def steps(folder: Path, zoom: int, nodata: dict[str, int]) -> CheckReport:
    """The same function twice, one after the other."""
    output = {"bands": 1, "dtype": "uint8"}
    config = {
        "config_dir": str(folder),
        "pyramid": {"grid": "mercator"},
        "zoom_levels": zoom,
        "input": {"ten": "ten.tif"},
        "steps": {
            "first": {"process": "./process.py", "input": {"a": "ten"},
                      "output": {**output, **nodata}},
            "last": {"process": "./process.py", "input": {"a": "first"}},
        },
        "output": {"format": "GTiff", "path": "out", "nodata": 255, **output},
    }  # fmt: skip
    return open_process(config).check()


@pytest.mark.parametrize(("zoom", "doubted"), [(14, False), (15, True)])
def test_steps_are_finer_than_the_inputs_of_their_file(
    folder: Path, zoom: int, doubted: bool
) -> None:
    said = steps(folder, zoom, {"nodata": 0}).warnings
    assert [("zoom 14 holds all of it" in each) for each in said] == [True] * doubted


def test_a_step_that_names_no_nodata_is_doubted(folder: Path) -> None:
    (said,) = steps(folder, 14, {}).warnings
    assert said.startswith("step first: ")
    assert "nodata" in said


def test_the_finest_input_counts(folder: Path) -> None:
    both = {"a": "hundred.tif", "b": "ten.tif"}
    assert report(folder, 14, inputs=both).warnings == ()
    assert report(folder, 14, inputs={"a": "hundred.tif"}).warnings


def test_no_nodata(folder: Path) -> None:
    config_free = report(folder, 14, nodata=0)
    assert config_free.warnings == ()
    said = report_without_nodata(folder, "uint8").warnings
    assert len(said) == 1
    assert "nodata" in said[0]
    assert report_without_nodata(folder, "float32").warnings == ()


def report_without_nodata(folder: Path, dtype: str) -> CheckReport:
    config = {
        "process": "./process.py",
        "config_dir": str(folder),
        "pyramid": {"grid": "mercator"},
        "zoom_levels": 14,
        "input": {"a": "ten.tif"},
        "output": {"format": "GTiff", "path": f"out_{dtype}", "bands": 1, "dtype": dtype},
    }
    return open_process(config).check()


def test_a_disk_that_is_too_small(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = report(folder, 24)
    assert found.free_bytes is not None
    assert found.free_bytes > 0
    small = CheckReport(
        name="x", inputs=(), output="/out", zooms=found.zooms, uncompressed_bytes=2000,
        free_bytes=1999,
    )  # fmt: skip
    assert not small.fits
    print_check(small)
    assert "2.0 kB are free" in capsys.readouterr().out
    exact = CheckReport(
        name="x", inputs=(), output="/out", zooms=found.zooms, uncompressed_bytes=2000,
        free_bytes=2000,
    )  # fmt: skip
    assert exact.fits
    print_check(exact)
    assert "Everything is as it should be" in capsys.readouterr().out


def test_the_command_says_so(folder: Path) -> None:
    (folder / "p.mapchete").write_text(
        "process: ./process.py\npyramid: {grid: mercator}\nzoom_levels: 18\n"
        "input: {a: ten.tif}\noutput: {format: GTiff, path: out, bands: 1, dtype: uint8}\n"
    )
    done = click.testing.CliRunner().invoke(
        automap, ["execute", str(folder / "p.mapchete"), "--check"]
    )
    assert done.exit_code == 0
    assert done.output.count("Warning") >= 2
    assert "Everything is as it should be" not in done.output

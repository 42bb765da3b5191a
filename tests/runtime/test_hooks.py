"""What a process module may have beside `execute`: its pixel buffer, its files, its context."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from automap_tiles.errors import ConfigError, ProcessError
from automap_tiles.runtime import Process, open_process
from tests.runtime.test_open import write_raster

yaml: Any = pytest.importorskip("yaml")

RADIUS = """\
def pixelbuffer(radius: int = 1) -> int:
    return 2 * radius

def execute(dem, radius: int = 1, other: str = ""):
    return dem.read()
"""


def opened(folder: Path, code: str, **changes: Any) -> Process:
    """A process of a user's own file; `parameters`, `pyramid` and the like as in the file."""
    (folder / "mine.py").write_text(code)
    if not (folder / "dem.tif").exists():
        write_raster(folder / "dem.tif", (10, 45), "EPSG:4326", 0.01)
    values = {
        "process": "./mine.py",
        "pyramid": {"grid": "geodetic"},
        "zoom_levels": {"min": 4, "max": 6},
        "input": {"dem": "dem.tif"},
        "output": {"format": "GTiff", "path": "out", "bands": 1, "dtype": "uint8"},
    } | changes
    (folder / "mine.mapchete").write_text(yaml.safe_dump(values, sort_keys=False))
    return open_process(folder / "mine.mapchete")


def test_the_buffer_a_function_asks_for(tmp_path: Path) -> None:
    process = opened(tmp_path, RADIUS, process_parameters={"radius": 7, "other": "x"})
    assert process.pyramid.pixelbuffer == 14
    assert process.output_pyramid.pixelbuffer == 0
    tile = process.pyramid.tile(6, 15, 67)
    assert tile.shape == (256 + 28, 256 + 28)
    done = process.compute(tile)
    assert done is not None
    assert done.data.shape == (1, 284, 284)


def test_defaults_of_the_hook(tmp_path: Path) -> None:
    assert opened(tmp_path, RADIUS).pyramid.pixelbuffer == 2


@pytest.mark.parametrize(("own", "expected"), [(3, 14), (14, 14), (20, 20)])
def test_a_wider_buffer_of_the_file_stays(tmp_path: Path, own: int, expected: int) -> None:
    pyramid = {"grid": "geodetic", "pixelbuffer": own}
    process = opened(tmp_path, RADIUS, pyramid=pyramid, process_parameters={"radius": 7})
    assert process.pyramid.pixelbuffer == expected


def test_without_the_hook(tmp_path: Path) -> None:
    plain = "def execute(dem):\n    return dem.read()\n"
    assert opened(tmp_path, plain).pyramid.pixelbuffer == 0
    assert opened(tmp_path, f"pixelbuffer = 5\n{plain}").pyramid.pixelbuffer == 0


def test_the_widest_of_all_computed_zooms(tmp_path: Path) -> None:
    by_zoom = {"radius": {"zoom<=4": 50, "zoom=5": 9, "zoom>=6": 2}}
    every = opened(tmp_path, RADIUS, process_parameters=by_zoom)
    assert every.pyramid.pixelbuffer == 100
    levels = {"min": 5, "max": 6, "lower": "average"}
    some = opened(tmp_path, RADIUS, process_parameters=by_zoom, baselevels=levels)
    assert some.pyramid.pixelbuffer == 18


def test_the_zooms_of_a_run_change_nothing(tmp_path: Path) -> None:
    """A part of the zooms makes the same tiles, so nothing asks for --overwrite."""
    by_zoom = {"radius": {"zoom<=5": 9, "zoom>=6": 2}}
    whole = opened(tmp_path, RADIUS, process_parameters=by_zoom)
    part = open_process(tmp_path / "mine.mapchete", zooms=6)
    assert part.base_zooms == (6,)
    assert part.hashes() == whole.hashes()


def test_what_is_stored_around_a_tile_has_its_surroundings_too(tmp_path: Path) -> None:
    output = {"format": "GTiff", "path": "out", "bands": 1, "dtype": "uint8", "pixelbuffer": 5}
    process = opened(tmp_path, RADIUS, output=output, process_parameters={"radius": 4})
    assert (process.pyramid.pixelbuffer, process.output_pyramid.pixelbuffer) == (13, 5)
    with pytest.raises(ConfigError, match="cannot be wider"):
        opened(tmp_path, RADIUS, output=output, process_parameters={"radius": 0})


def test_a_numpy_number_will_do(tmp_path: Path) -> None:
    code = "import numpy as np\ndef pixelbuffer(): return np.int16(3)\ndef execute(dem): ...\n"
    assert opened(tmp_path, code).pyramid.pixelbuffer == 3


@pytest.mark.parametrize("returned", ["None", "-1", "2.0", "'3'", "True", "5000", "[1]"])
def test_what_is_no_number_of_pixels(tmp_path: Path, returned: str) -> None:
    code = f"def pixelbuffer(): return {returned}\ndef execute(dem): ...\n"
    with pytest.raises(ProcessError, match=r"mine\.py: pixelbuffer\(\) must return a number"):
        opened(tmp_path, code)


def test_what_the_hook_raises(tmp_path: Path) -> None:
    code = "def execute(dem): ...\ndef pixelbuffer():\n    return 1 // 0\n"
    with pytest.raises(ProcessError, match=r"mine\.py:3: ZeroDivisionError"):
        opened(tmp_path, code)


def test_parameters_of_the_hook_are_checked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as wrong:
        opened(tmp_path, RADIUS, process_parameters={"radius": "wide"})
    lines = (tmp_path / "mine.mapchete").read_text().splitlines()
    assert wrong.value.key == "process_parameters.radius"
    assert wrong.value.line == lines.index("  radius: wide") + 1
    with pytest.raises(ConfigError) as at_top:
        opened(tmp_path, RADIUS, radius="wide")
    assert at_top.value.key == "radius"
    needs = RADIUS.replace("def pixelbuffer(radius: int = 1)", "def pixelbuffer(radius: int)")
    with pytest.raises(ConfigError, match=r"pixelbuffer\(\) needs the parameter 'radius'"):
        opened(tmp_path, needs)


WITH_FILE = """\
from pathlib import Path
from automap_tiles import InputError

def setup(table: Path):
    return table.read_text()

def pixelbuffer(table: Path) -> int:
    if not table.is_file():
        raise InputError("there is no table", table)
    return int(table.read_text())

def execute(dem, table: Path, context):
    return dem.read() * 0 + int(context)
"""


def test_a_path_starts_at_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    (tmp_path / "table.txt").write_text("3")
    process = opened(tmp_path, WITH_FILE, process_parameters={"table": "table.txt"})
    assert process.pyramid.pixelbuffer == 3
    done = process.compute(process.pyramid.tile(6, 15, 67))
    assert done is not None
    assert set(np.unique(done.data.compressed())) == {3}


def test_what_stands_in_the_file_is_part_of_the_process(tmp_path: Path) -> None:
    table = tmp_path / "table.txt"
    table.write_text("3")
    before = opened(tmp_path, WITH_FILE, process_parameters={"table": "table.txt"})
    said = before.hashes()
    os.utime(table, (1, 1))
    assert before.hashes() == said
    table.write_text("4")
    after = open_process(tmp_path / "mine.mapchete")
    assert after.hashes().parameters != said.parameters
    assert after.hashes().inputs == said.inputs
    done = after.compute(after.pyramid.tile(6, 15, 67))
    assert done is not None
    assert set(np.unique(done.data.compressed())) == {4}


def test_a_file_that_is_no_good(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no table") as caught:
        opened(tmp_path, WITH_FILE, process_parameters={"table": "tabel.txt"})
    assert caught.value.key == "process_parameters.table"
    assert caught.value.file == tmp_path / "mine.mapchete"
    assert caught.value.exit_code == 2


def test_the_folder_does_not_count(tmp_path: Path) -> None:
    """The same files somewhere else are the same process."""
    hashes = set()
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "table.txt").write_text("3")
        process = opened(folder, WITH_FILE, process_parameters={"table": "table.txt"})
        hashes.add(process.hashes().parameters)
    assert len(hashes) == 1


CHECKED = """\
from automap_tiles import ConfigError, Counted

def check_parameters(dem, radius: int = 1, other: str = ""):
    assert not hasattr(dem, "read"), "the reader, not the input on a tile"
    if radius > 5:
        raise ConfigError("too wide", key="process_parameters.radius", found=radius, remedy="5")
    if radius < 0:
        raise ValueError(f"{other} is negative")
    return radius

def execute(dem, radius: int = 1, other: str = ""):
    data = dem.read()
    return Counted(data, {"pixels": {"valid": int(data.count()), "tiles": 1}})

def sum_up(counts, dem, radius: int = 1):
    return {"counted": {"path": dem.path, "radius": radius, **counts["pixels"]}}
"""


def test_parameters_that_cannot_work(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        opened(tmp_path, CHECKED, process_parameters={"other": "x", "radius": 6})
    error = caught.value
    assert (error.file, error.key) == (tmp_path / "mine.mapchete", "process_parameters.radius")
    lines = (tmp_path / "mine.mapchete").read_text().splitlines()
    assert lines[(error.line or 0) - 1].strip() == "radius: 6"
    assert "too wide" in str(error)
    with pytest.raises(ConfigError, match="radius: too wide"):
        opened(tmp_path, CHECKED, radius=6)  # parameters may stand at the top
    with pytest.raises(ConfigError, match="process_parameters: the other is negative"):
        opened(tmp_path, CHECKED, process_parameters={"other": "the other", "radius": -1})


def test_the_number_of_bands_to_come(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"output.bands: execute\(\) will return 3 bands"
    ) as caught:
        opened(tmp_path, CHECKED, process_parameters={"radius": 3})
    lines = (tmp_path / "mine.mapchete").read_text().splitlines()
    assert lines[(caught.value.line or 0) - 1].strip() == "bands: 1"


def test_a_check_that_breaks_is_named_with_its_line(tmp_path: Path) -> None:
    broken = "def check_parameters(dem):\n    return 1 / 0\n\ndef execute(dem):\n    ...\n"
    with pytest.raises(ProcessError, match=r"mine.py:2: ZeroDivisionError"):
        opened(tmp_path, broken)


def test_what_is_counted_does_not_change_the_result(tmp_path: Path) -> None:
    process = opened(tmp_path, CHECKED)
    done = process.compute(process.pyramid.tile(6, 15, 67))
    assert done is not None
    assert done.counts["pixels"]["valid"] == done.data.count() > 0
    assert process.sums_up
    assert not opened(tmp_path, RADIUS).sums_up


def test_the_summary(tmp_path: Path) -> None:
    process = opened(tmp_path, CHECKED, process_parameters={"radius": 1})
    assert process.summary({"pixels": {"valid": 5}}) == {
        "counted": {"path": "dem.tif", "radius": 1, "valid": 5}
    }
    listed = "def execute(dem):\n    ...\n\ndef sum_up(counts):\n    return [counts]\n"
    with pytest.raises(ProcessError, match="must return a mapping of names"):
        opened(tmp_path, listed).summary({})

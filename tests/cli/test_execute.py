"""`automap execute` and `info`: what runs, what is said, and the exit code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from automap_tiles.cli.main import main
from tests.cli.conftest import MakeProcess

Capture = pytest.CaptureFixture[str]


def execute(config: Path, *options: str) -> int:
    return main(["execute", str(config), "--concurrency", "none", *options])


def tiles(folder: Path) -> set[str]:
    root = folder / "tiles"
    return {str(path.relative_to(root).with_suffix("")) for path in root.rglob("*.tif")}


def test_run_and_run_again(make_process: MakeProcess, tmp_path: Path, capsys: Capture) -> None:
    config = make_process()
    assert execute(config) == 0
    output = capsys.readouterr()
    assert "28 written, 4 empty, 0 skipped (done before), 0 failed" in output.out
    assert str(tmp_path / "tiles") in output.out
    assert len(tiles(tmp_path)) == 28
    assert execute(config) == 0
    assert "0 written, 0 empty, 32 skipped" in capsys.readouterr().out
    assert execute(config, "-o") == 0
    assert "28 written, 4 empty, 0 skipped" in capsys.readouterr().out


def test_failed_tiles(make_process: MakeProcess, tmp_path: Path, capsys: Capture) -> None:
    config = make_process()
    (tmp_path / "bad").write_text("2/1/3 2/2/5")
    assert execute(config) == 1
    output = capsys.readouterr()
    assert "26 written, 4 empty, 0 skipped (done before), 2 failed" in output.out
    assert "2/1/3  ValueError: bad tile 2/1/3" in output.err
    assert f"automap execute --retry-failed {config}" in output.err
    assert main(["info", str(config)]) == 0
    info = capsys.readouterr().out
    assert "2 tiles failed" in info
    assert "2/2/5  ValueError: bad tile 2/2/5" in info
    assert main(["info", "--errors", str(config)]) == 0
    assert "Traceback" in capsys.readouterr().out
    (tmp_path / "bad").unlink()
    assert execute(config, "--retry-failed") == 0
    assert "2 written, 0 empty" in capsys.readouterr().out
    assert len(tiles(tmp_path)) == 28


@pytest.mark.parametrize("concurrency", ["none", "threads", "processes"])
def test_a_function_that_leaves_python_fails_its_tile(
    make_process: MakeProcess, tmp_path: Path, capsys: Capture, concurrency: str
) -> None:
    config = make_process(least=1, most=1)
    (tmp_path / "work.py").write_text(
        "from automap_tiles import Tile\n"
        "def execute(tile: Tile, seconds=0.0):\n"
        "    raise SystemExit\n"
    )
    assert main(["execute", str(config), "--concurrency", concurrency, "-w", "2"]) == 1
    output = capsys.readouterr()
    assert "0 written, 0 empty, 0 skipped (done before), 8 failed" in output.out
    # whichever of them failed first
    assert re.search(r"1/\d/\d  SystemExit", output.err)


def test_many_failures_are_not_all_listed(
    make_process: MakeProcess, tmp_path: Path, capsys: Capture
) -> None:
    (tmp_path / "bad").write_text(
        " ".join(f"2/{row}/{col}" for row in range(4) for col in range(8))
    )
    assert execute(make_process(), "--log-format", "text", "--no-progress") == 1
    assert "… and 23 more" in capsys.readouterr().err


def test_fail_fast(make_process: MakeProcess, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "bad").write_text("2/0/1")
    assert execute(make_process(), "--fail-fast") == 1
    output = capsys.readouterr()
    assert "1 failed" in output.out
    assert "Stopped before the last tile" in output.err
    assert len(tiles(tmp_path)) < 28


def test_check_runs_nothing(make_process: MakeProcess, tmp_path: Path, capsys: Capture) -> None:
    config = make_process(least=1, most=3)
    assert execute(config, "--check") == 0
    lines = capsys.readouterr().out.splitlines()
    counts = {line.split()[0]: line.split()[1] for line in lines if line.split()[0] in "123"}
    assert counts == {"1": "8", "2": "32", "3": "128"}
    assert any("168 tiles in all" in line for line in lines)
    assert not (tmp_path / "tiles").exists()
    execute(config, "-z", "1")
    capsys.readouterr()
    assert execute(config, "--check") == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.split()[0] == "1")
    assert line.split()[1:3] == ["8", "8"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["-z", "3", "-b", "0", "0", "40", "20"], {"3/3/8", "3/3/9"}),
        (["-t", "2", "1", "3"], {"2/1/3"}),
        (["-p", "16.4", "48.2"], {"2/0/4", "3/1/8"}),
        (["-z", "2", "-a", "POLYGON ((1 1, 2 1, 2 2, 1 1))"], {"2/1/4"}),
        (
            [
                *[
                    "-z",
                    "2",
                    "--bounds-crs",
                    "EPSG:3857",
                    "-b",
                    "100000",
                    "100000",
                    "200000",
                    "200000",
                ]
            ],
            {"2/1/4"},
        ),
        ([*["-z", "2", "--point-crs", "EPSG:3857", "-p", "100000", "100000"]], {"2/1/4"}),
    ],
)
def test_where(
    options: list[str], expected: set[str], make_process: MakeProcess, tmp_path: Path
) -> None:
    assert execute(make_process(least=2, most=3), *options) == 0
    assert tiles(tmp_path) == expected


def test_tiles_command_lists_what_execute_makes(
    make_process: MakeProcess, tmp_path: Path, capsys: Capture
) -> None:
    config = make_process(least=2, most=3)
    where = ["-z", "3", "-b", "1", "0", "40", "20"]
    assert main(["tiles", str(config), *where]) == 0
    listed = {line.replace(" ", "/") for line in capsys.readouterr().out.split("\n") if line}
    assert main(["tiles", str(config), *where, "--count"]) == 0
    assert capsys.readouterr().out == f"3 {len(listed)}\ntotal {len(listed)}\n"
    assert execute(config, *where) == 0
    assert tiles(tmp_path) == listed


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("geodetic", "mars"), "mars"),
        (("./work.py", "./wrok.py"), "wrok.py"),
        (("bands: 1", "bands: one"), "bands"),
        (("process_parameters: {seconds", "process_parameters: {secs"), "secs"),
    ],
)
def test_wrong_configuration_is_2(
    change: tuple[str, str], words: str, make_process: MakeProcess, capsys: Capture
) -> None:
    config = make_process()
    config.write_text(config.read_text().replace(*change))
    assert execute(config) == 2
    error = capsys.readouterr().err
    assert words in error
    assert "Traceback" not in error


def test_changed_parameter_is_2(make_process: MakeProcess, capsys: Capture) -> None:
    config = make_process()
    assert execute(config) == 0
    config.write_text(config.read_text().replace("seconds: 0.0", "seconds: 0.0, value: 8"))
    assert execute(config) == 2
    assert "--overwrite" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        ["--retry-failed", "-o"],
        ["-t", "2", "1", "3", "-z", "2"],
        ["-z", "17"],
        ["-z", "two"],
        ["-t", "2", "99", "0"],
        ["-p", "500", "0"],
    ],
)
def test_wrong_options_are_2(options: list[str], make_process: MakeProcess) -> None:
    assert execute(make_process(), *options) == 2


def test_no_file_is_2(tmp_path: Path, capsys: Capture) -> None:
    assert execute(tmp_path / "missing.mapchete") == 2
    assert "missing.mapchete" in capsys.readouterr().err


def test_json_log(make_process: MakeProcess, tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "bad").write_text("2/1/3")
    assert execute(make_process(), "--log-format", "json", "-v") == 1
    output = capsys.readouterr()
    assert output.out == ""
    events = [json.loads(line) for line in output.err.splitlines()]
    assert [each["event"] for each in events if each["event"] != "tile"] == ["started", "finished"]
    assert len([each for each in events if each["event"] == "tile"]) == 32
    assert events[-1]["failed"] == 1


def test_other_output(make_process: MakeProcess, tmp_path: Path) -> None:
    assert execute(make_process(), "--output", str(tmp_path / "other"), "-t", "2", "1", "3") == 0
    assert (tmp_path / "other/2/1/3.tif").is_file()
    assert not (tmp_path / "tiles").exists()


def test_warnings_go_to_the_log(make_process: MakeProcess, capsys: Capture) -> None:
    config = make_process()
    config.write_text(
        config.read_text().replace("zoom_levels: {min: 2, max: 2}", "process_zoom: 2")
    )
    assert execute(config, "--check") == 0
    assert "Warning: " in capsys.readouterr().err
    assert execute(config, "--check", "--log-format", "json") == 0
    output = capsys.readouterr()
    assert output.out == ""
    warning, report = map(json.loads, output.err.splitlines())
    assert warning["level"] == "warning"
    assert "process_zoom" in warning["message"]
    assert (report["event"], report["tiles"], report["fits"]) == ("check", 32, True)


def test_info_of_folder_and_journal(
    make_process: MakeProcess, tmp_path: Path, capsys: Capture
) -> None:
    config = make_process()
    assert main(["info", str(config)]) == 0
    assert "nothing was run yet" in capsys.readouterr().out
    assert execute(config) == 0
    capsys.readouterr()
    for path in (config, tmp_path / "tiles", tmp_path / "tiles/journal.sqlite"):
        assert main(["info", str(path)]) == 0
        lines = [line.split() for line in capsys.readouterr().out.splitlines()]
        assert ["2", "28", "4", "0"] in lines
    assert main(["info", str(tmp_path / "nothing")]) == 2


@pytest.mark.parametrize("name", ["GTiff", "PNG", "GeoJSON"])
@pytest.mark.parametrize("grid", ["geodetic", "mercator"])
def test_template_runs_as_it_is(name: str, grid: str, tmp_path: Path, capsys: Capture) -> None:
    config = tmp_path / "mine.mapchete"
    assert main(["create", str(config), "--out-format", name, "-pt", grid]) == 0
    assert f"automap execute {config}" in capsys.readouterr().out
    assert execute(config, "-p", "1", "1") == 0
    assert "5 written, 0 empty, 0 skipped (done before), 0 failed" in capsys.readouterr().out
    ending = {"GTiff": "tif", "PNG": "png", "GeoJSON": "geojson"}[name]
    assert list((tmp_path / "mine_tiles").rglob(f"*.{ending}"))


def test_what_changed_is_told_with_the_output(
    make_process: MakeProcess, tmp_path: Path, capsys: Capture
) -> None:
    config = make_process(least=2, most=2)
    text = config.read_text().replace("path: tiles", "path: one.tif")
    config.write_text(text)
    assert execute(config) == 0
    config.write_text(text.replace("seconds: 0.0", "seconds: 0.1"))
    assert execute(config) == 2
    assert f"{tmp_path / 'one.tif'}: the process parameters changed" in capsys.readouterr().err

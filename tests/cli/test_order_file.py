"""Options of `automap run` in a file, written by it, by hand, or by `--wizard`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from ruamel.yaml import YAML

from automap_tiles.cli.commands.run import command
from automap_tiles.cli.main import automap, main
from automap_tiles.cli.options.order_file import as_order_file, options_in
from automap_tiles.errors import ConfigError
from tests.golden.places import scenes

ORDER = """\
mode: composite
satellites: [8]
start: 2020-10-01      # a date to YAML
end: 2020-11-30
boundary: area.geojson
input: in
output: out
workers: 1
"""
RECORD = "out/run_composite_20201001_20201130_median"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four scenes of a few pixels, and the order file, in the working directory."""
    monkeypatch.chdir(tmp_path)
    scenes()
    (tmp_path / "order.yaml").write_text(ORDER)
    return tmp_path


def invoke(*args: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(automap, list(args), input=typed)


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load(path.read_text())
    return found


def test_a_run_leaves_an_order_that_makes_the_same(place: Path) -> None:
    """From another folder too, and when the whole folder was moved."""
    first = invoke("run", "order.yaml", "--mask", "cloud,shadow", "--no-progress")
    assert first.exit_code == 0, first.output
    kept = place / f"{RECORD}.yaml"
    assert f"What was asked for: {kept}" in first.output
    said = read(kept)
    assert said == {
        "mode": "composite",
        "satellites": ["8"],
        "start": "2020-10-01",
        "end": "2020-11-30",
        "boundary": "../area.geojson",
        "input": "../in",
        "output": ".",
        "workers": 1,
        "mask": ["cloud", "shadow"],
    }
    os.chdir(place.parent)
    once_more = invoke("run", str(kept), "--no-progress")
    assert once_more.exit_code == 0, once_more.output
    assert "4 done before" in once_more.output
    assert read(kept) == said
    moved = place.with_name("moved")
    place.rename(moved)
    again = invoke("run", str(moved / f"{RECORD}.yaml"), "--check")
    assert again.exit_code == 0, again.output
    assert "4 scenes (4 done)" in again.output
    told = invoke("run", str(moved / f"{RECORD}.yaml"), "--no-progress").output
    assert "4 done before" in told
    assert "changed since tiles were written" not in told  # they were only moved
    renewed = invoke("run", str(moved / f"{RECORD}.yaml"), "--no-progress", "--update")
    assert renewed.exit_code == 0, renewed.output


def test_the_command_line_comes_before_the_file(place: Path) -> None:
    result = invoke("run", "order.yaml", "--statistics", "std", "--check", "--end", "2020-10-31")
    assert result.exit_code == 0, result.output
    assert "composite_20201001_20201031_std.tif" in result.output


def test_what_means_nothing_in_the_mode_is_told(place: Path) -> None:
    with (place / "order.yaml").open("a") as file:
        file.write("smoothing: 3\n")
    result = invoke("run", "order.yaml", "--check")
    assert "Ignored: 1 option (--smoothing): they mean nothing in the mode composite" in (
        result.output
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("statistic: std", r"order.yaml: statistic: is not an option (found: 'std')|statistics?"),
        ("max_cloud_covr: 3", "max-cloud-cover?"),
        ("nonsense: 3", "known are mode, satellites"),
        ("wizard: true", "is not an option"),
        ("help: true", "is not an option"),
        ("max-cloud-cover: 300", "order.yaml: max-cloud-cover: |300"),
        ("radius: [two]", "order.yaml: radius: 'two' are not pixels"),
        ("brdf: perhaps", "order.yaml: brdf: "),
        ("mask: {cloud: true}", "order.yaml: mask: is neither a value nor a list"),
        ("mode: composites", "order.yaml: mode: 'composites' is not one of"),
        ("a: [1", "is not valid YAML"),
        (
            "max-cloud-cover: 3\nmax_cloud_cover: 90",
            "is max-cloud-cover once more",
        ),
        ("samples: [a.csv, b.csv]", "order.yaml: samples: is one path"),
    ],
)
def test_a_wrong_line_is_named(
    line: str, words: str, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = line.partition(":")[0]
    rest = [each for each in ORDER.splitlines() if not each.startswith(f"{key}:")]
    (place / "order.yaml").write_text("\n".join([*rest, line]))
    assert main(["run", "order.yaml", "--check"]) == 2
    said = capsys.readouterr().err
    for each in words.split("|"):
        assert each in said


def test_files_that_are_none(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (place / "list.yaml").write_text("- mode: composite\n")
    for name, words in (("none.yaml", "No such file"), ("list.yaml", "holds no options")):
        assert main(["run", name]) == 2
        assert words in capsys.readouterr().err
    (place / "part.yaml").write_text("mode: composite\n")
    assert main(["run", "part.yaml"]) == 2
    assert "Missing option '--satellites'" in capsys.readouterr().err


def test_every_option_goes_through_a_file(place: Path) -> None:
    """All that can be said at the command line comes back from the file that is kept of it."""
    given = {
        "mode": "classification", "satellites": "8,sentinel", "start": "2020-10-01",
        "end": "2020-11-30", "boundary": "area.geojson", "input": "earth-search", "output": "out",
        "max-cloud-cover": "12.5", "masker": "csmask", "description": "yes: 'quoted' # text",
        "workers": "2", "concurrency": "threads", "statistics": "median,std", "mask": "cloud",
        "provenance": "", "samples": "samples.csv", "smoothing": "3", "minimum-patch": "4",
        "class-field": "year", "per-class": "5", "per-polygon": "6", "erode": "2",
        "bands": "red,nir", "indices": "none", "radius": "0", "window-statistics": "mean,std",
        "textures": "contrast", "texture-of": "red", "components": "0.9", "classifier": "forest",
        "trials": "3", "time": "7.5", "search": "tpe", "trees": "both", "balance": "root",
        "split": "blocks", "block-size": "300", "folds": "4", "holdout": "0.2", "seed": "9",
    }  # fmt: skip
    flags = ["project-shadow", "require-mask", "brdf", "coregister", "seamless"]
    flags += ["confidence", "probabilities"]
    args = [word for key, value in given.items() for word in (f"--{key}", value)]
    args += [f"--{flag}" for flag in flags]
    with command.make_context("run", args) as first:
        (place / "all.yaml").write_text(as_order_file(first, str(place)))
    kept = read(place / "all.yaml")
    assert set(kept) == {*given, *flags}
    assert kept["description"] == given["description"]
    with command.make_context("run", [str(place / "all.yaml")]) as second:
        places = {"boundary", "output", "samples"}
        for name, value in first.params.items():
            expected = str(place / value) if name in places else value
            assert second.params[name] == expected, name


def test_lists_and_empty_values(place: Path) -> None:
    (place / "few.yaml").write_text("mask: []\nradius: []\nindices:\nstatistics: [median, std]\n")
    found = options_in(place / "few.yaml", command)
    assert found == {"mask": "", "radius": "", "statistics": "median,std"}


def test_texts_stay_as_they_are_written(tmp_path: Path) -> None:
    """YAML takes them for numbers and times; a folder of that name would be another one."""
    (tmp_path / "o.yaml").write_text(
        "output: 2024_05\ndescription: 1.10\nclass-field: 0123\nsatellites: [0x2, 8]\n"
        "samples: 2018-04-01\nbrdf: true\nmask:\n"
    )
    assert options_in(tmp_path / "o.yaml", command) == {
        "output": str(tmp_path / "2024_05"),
        "description": "1.10",
        "class_field": "0123",
        "satellites": "0x2,8",
        "samples": str(tmp_path / "2018-04-01"),
        "brdf": True,
    }


def test_paths_start_at_the_file_or_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of the same name where one happens to be is not read instead."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/somebody")
    (tmp_path / "in").mkdir()
    (tmp_path / "far").mkdir()
    order = tmp_path / "far/o.yaml"
    order.write_text("input: in\noutput: ~/out\n")
    found = {"input": str(tmp_path / "far/in"), "output": "/home/somebody/out"}
    assert options_in(order, command) == found
    order.write_text("input: usgs\n")
    assert options_in(order, command) == {"input": "usgs"}
    order.write_text("input: ./usgs\n")
    assert options_in(order, command) == {"input": str(tmp_path / "far/usgs")}


def test_of_an_output_far_away_paths_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the record in a store lies nothing of this machine."""
    monkeypatch.chdir(tmp_path)
    args = ["--mode", "download", "--satellites", "8", "--start", "2020-10-01", "--end"]
    args += ["2020-11-30", "--boundary", "area.geojson", "-i", "./usgs", "-o", "s3://b/out"]
    with command.make_context("run", args) as context:
        said = YAML(typ="safe").load(as_order_file(context, "s3://b/out"))
        beside = YAML(typ="safe").load(as_order_file(context, str(tmp_path)))
    assert said["boundary"] == str(tmp_path / "area.geojson")
    assert (beside["boundary"], beside["input"]) == ("area.geojson", "./usgs")


def test_signatures_are_not_kept(place: Path) -> None:
    address = "https://example.org/stac?sig=SECRET&x=1"
    args = ["--mode", "download", "--satellites", "8", "--start", "2020-10-01", "--end"]
    args += ["2020-11-30", "--boundary", "area.geojson", "-i", address, "-o", "out"]
    with command.make_context("run", args) as context:
        assert "SECRET" not in as_order_file(context, "out")


ANSWERS = "composite\n8\n2020-13-01\n2020-10-01\n2020-09-01\n2020-11-30\nnowhere.geojson\n"
ANSWERS += "area.geojson\nnowhere\nin\n101\n80\nmedain\nmedian,std\nout\n\n"


def test_the_wizard_asks_again_what_cannot_be(place: Path) -> None:
    (place / "order.yaml").unlink()
    result = invoke("run", "--wizard", typed=f"{ANSWERS}y\n")
    assert result.exit_code == 0, result.output
    for wrong in ("2020-13-01", "must be after the start", "nowhere.geojson", "a percentage",
                  "found: 'medain'"):  # fmt: skip
        assert wrong in result.output
    assert "4 scenes (0 done)" in result.output
    assert not (place / "out").exists()
    assert read(place / "order.yaml") == {
        "mode": "composite",
        "satellites": ["8"],
        "start": "2020-10-01",
        "end": "2020-11-30",
        "boundary": "area.geojson",
        "input": "in",
        "max-cloud-cover": 80,
        "statistics": ["median", "std"],
        "output": "out",
    }
    assert invoke("run", "order.yaml", "--no-progress", "-w", "1").exit_code == 0


def test_the_wizard_replaces_nothing_unasked(place: Path) -> None:
    before = (place / "order.yaml").read_text()
    result = invoke("run", "--wizard", typed=f"{ANSWERS}n\nother.yaml\nn\n")
    assert result.exit_code == 0, result.output
    assert (place / "order.yaml").read_text() == before
    assert "Run it with: automap run other.yaml" in result.output
    assert "scenes" not in result.output.partition("Wrote other.yaml")[2]


def test_the_wizard_asks_for_samples_of_a_classification(place: Path) -> None:
    typed = ANSWERS.replace("composite", "classification").replace(
        "median,std\nout", "median\nnone.csv\nsamples.csv\nout"
    )
    result = invoke("run", "--wizard", typed=f"{typed}y\ny\n")
    assert result.exit_code == 0, result.output
    assert read(place / "order.yaml")["samples"] == "samples.csv"


def test_the_wizard_writes_what_is_given_as_well(place: Path) -> None:
    """Paths as seen from the file, which is asked for until it can be written."""
    (place / "far").mkdir()
    typed = "2020-10-01\n2020-11-30\narea.geojson\nin\n80\nmedian\nout\n"
    typed += "no/o.yaml\nfar\nfar/o 1.yaml\ny\n"
    words = ("--mode", "composite", "--satellites", "8", "--seamless", "--mask", "snow")
    result = invoke("run", "--wizard", *words, typed=typed)
    assert result.exit_code == 0, result.output
    assert "no/o.yaml cannot be written" in result.output
    assert "far cannot be written: Is a directory" in result.output
    assert "automap run 'far/o 1.yaml'" in result.output
    assert "Ignored" not in result.output
    said = read(place / "far/o 1.yaml")
    assert (said["seamless"], said["mask"], said["mode"]) == (True, ["snow"], "composite")
    assert (said["boundary"], said["input"], said["output"]) == (
        "../area.geojson", "../in", "../out",
    )  # fmt: skip
    assert "give none" in invoke("run", "order.yaml", "--wizard").output


def test_no_more_answers(place: Path) -> None:
    (place / "order.yaml").unlink()
    assert invoke("run", "--wizard", typed="composite\n8\n").exit_code == 1  # click's, of Abort
    assert not (place / "order.yaml").exists()


def test_a_step_that_is_silent_says_that_it_begins(place: Path) -> None:
    """Unless no progress is wanted."""
    lines = invoke("run", "order.yaml").output.splitlines()
    assert lines[0] == "Looking for scenes …"
    assert "Looking" not in invoke("run", "order.yaml", "--no-progress").output
    said = invoke("run", "order.yaml", "--log-format", "json").output
    assert '"event": "step", "phase": "search", "message": "Looking for scenes"' in said


@pytest.mark.parametrize("word", ["output", "boundary", "input"])
def test_an_empty_place_is_refused(place: Path, word: str) -> None:
    """In the file it is what nobody filled in; it is not the working folder."""
    path = place / "order.yaml"
    lines = [f"{word}: ''" if line.startswith(word) else line for line in ORDER.splitlines()]
    path.write_text("\n".join(lines))
    before = {each.name for each in place.iterdir()}
    result = invoke("run", "order.yaml", "--check")
    assert isinstance(result.exception, ConfigError)
    assert result.exception.key == word
    assert {each.name for each in place.iterdir()} == before

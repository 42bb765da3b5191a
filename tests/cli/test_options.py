"""What the values of options become."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.cli.main import main
from automap_tiles.cli.options.common import area_options, parse_bands, parse_key_value, parse_zooms
from automap_tiles.cli.options.running import RunChoices, run_options
from automap_tiles.workflows.subset import Subset


@given(st.integers(0, 30), st.integers(0, 30))
def test_two_zooms_are_a_range_in_either_order(first: int, last: int) -> None:
    low, high = sorted((first, last))
    assert parse_zooms(f"{first},{last}") == tuple(range(low, high + 1))


@pytest.mark.parametrize("text", ["a", "1,2,3", "-1", "31", "3,", "4.5", ""])
def test_zooms_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(click.BadParameter):
        parse_zooms(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("COMPRESS=LZW", ("compress", "LZW")),
        ("zlevel=9", ("zlevel", 9)),
        ("scale=0.5", ("scale", 0.5)),
        ("tiled=yes", ("tiled", True)),
        ("tiled=False", ("tiled", False)),
        ("nodata=none", ("nodata", None)),
        ("a=b=c", ("a", "b=c")),
        ("empty=", None),
        ("=value", None),
        ("plain", None),
    ],
)
def test_key_values(text: str, expected: tuple[str, object] | None) -> None:
    if expected is None:
        with pytest.raises(click.BadParameter):
            parse_key_value(text)
    else:
        found = parse_key_value(text)
        assert found == expected
        assert type(found[1]) is type(expected[1])


def test_bands_are_counted_from_one() -> None:
    assert parse_bands("3,2,1") == (3, 2, 1)
    with pytest.raises(click.BadParameter, match="from 1"):
        parse_bands("0,1")


def invoke(arguments: list[str]) -> tuple[Result, list[object]]:
    seen: list[object] = []

    @click.command()
    @area_options
    @run_options
    def command(where: Subset, how: RunChoices) -> None:
        seen.extend([where, how])

    return CliRunner().invoke(command, arguments), seen


def test_defaults() -> None:
    result, (where, how) = invoke([])
    assert result.exit_code == 0
    assert where == Subset()
    assert how == RunChoices(
        concurrency="processes",
        workers=None,
        dask_scheduler=None,
        overwrite=False,
        fail_fast=False,
        log_format="text",
        progress=True,
        verbose=False,
    )


def test_short_options() -> None:
    line = "-z 3,5 -b 1 -2 3.5 4 --bounds-crs EPSG:4326 -o -w 3 -v --no-progress"
    result, (where, how) = invoke(line.split())
    assert result.exit_code == 0
    assert where == Subset(zooms=(3, 4, 5), bounds=(1, -2, 3.5, 4), bounds_crs="EPSG:4326")
    assert isinstance(how, RunChoices)
    assert (how.overwrite, how.workers, how.verbose, how.progress) == (True, 3, True, False)


@pytest.mark.parametrize(
    "line",
    [
        "-p 1 2 -b 0 0 1 1",
        "-p 1 2 -a POINT(0,0)",
        "--dask-scheduler tcp://localhost:8786",
        "--concurrency mpi",
        "-w 0",
        "--log-format xml",
    ],
)
def test_contradictions_and_typos_end_with_2(line: str) -> None:
    result, seen = invoke(line.split())
    assert result.exit_code == 2
    assert not seen


@pytest.mark.parametrize(
    "line",
    [
        ["rm", ""],
        ["cp", "tiles", "", "-z", "3"],
        ["info", ""],
        ["execute", "work.mapchete", "--output="],
        ["convert", "image.tif", "out", "--clip", ""],
        ["service", "backup", "--folder", ""],
    ],
)
def test_an_empty_argument_is_no_path(
    line: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """As of `"$OUT"` where nothing is set: it would be the working folder."""
    monkeypatch.chdir(tmp_path)
    assert main(line) == 2
    said = capsys.readouterr().err
    assert "An empty argument" in said
    assert list(tmp_path.iterdir()) == []


def test_a_list_of_names_may_be_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No mask at all is something to ask for."""
    monkeypatch.chdir(tmp_path)
    assert main(["series", "-i", "nowhere", "-p", "8", "50", "--mask", ""]) == 1
    assert "An empty argument" not in capsys.readouterr().err

"""`automap export` as it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from automap_tiles.cli.main import main
from tests.engine.projects import make_raster


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_raster(tmp_path_factory.mktemp("cli") / "image.tif", bands=3, size=300)


def test_what_is_said(image: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "map.pmtiles"
    typed = ["export", str(image), "-o", str(out), "-z", "10,12", "--html", "-w", "1"]
    assert main([*typed, "--style", "bidx=3,2,1", "--style", "rescale=0,6000"]) == 0
    said = capsys.readouterr()
    assert "tiles of zooms 10 to 12" in said.out
    assert "Style: bidx=3,2,1 rescale=0,6000" in said.out
    assert said.out.splitlines()[-2:] == [str(out), str(tmp_path / "map.html")]
    assert said.err == ""
    assert main(typed) == 0
    assert "left as it is" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["-o", "map", "--style", "rescale"], "is not NAME=VALUE"),
        (["-o", "map", "--style", "color=red"], "one of: bidx"),
        (["-o", "map.mbtiles", "--html"], "xyz or pmtiles"),
        ([], "--output"),
    ],
)
def test_wrong_usage(
    image: Path,
    tmp_path: Path,
    typed: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["export", str(image), *typed]) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_missing_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(tmp_path / "no.tif"), "-o", str(tmp_path / "map")]) == 1
    assert "no.tif" in capsys.readouterr().err
    assert not (tmp_path / "map").exists()

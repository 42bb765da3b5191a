"""`automap series`."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from automap_tiles.cli.main import automap


def test_csv_and_plot(shared: Path, tmp_path: Path) -> None:
    source = str(shared / "data" / "landsat" / "gdalcubes_L8NY18")
    args = ["series", "-i", source, "-p", "-73.95", "40.75", "--time", "2018-04/2018-09"]
    printed = CliRunner().invoke(automap, args)
    assert printed.exit_code == 0, printed.output
    assert printed.stdout.startswith("time,satellite,scenes,valid,ndvi\n2018-04-05")
    csv, png = tmp_path / "s.csv", tmp_path / "s.png"
    written = CliRunner().invoke(automap, [*args, "-o", str(csv), "--plot", str(png)])
    assert written.exit_code == 0, written.output
    assert csv.read_text() == printed.stdout
    funnel = [line for line in printed.stderr.splitlines() if line.startswith("Scenes: ")]
    assert len(funnel) == 1
    assert funnel[0].startswith("Scenes: 19 found → 19 of these satellites → 10 in time")
    assert png.read_bytes().startswith(b"\x89PNG")


def test_one_place(tmp_path: Path) -> None:
    for args in ([], ["-p", "1", "2", "-a", "area.geojson"]):
        result = CliRunner().invoke(automap, ["series", "-i", str(tmp_path), *args])
        assert result.exit_code == 2
        assert "--point or --area" in result.output

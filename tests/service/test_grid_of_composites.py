"""`crs` and `resolution` of a launch make what `automap run --crs --resolution` makes."""

from __future__ import annotations

import json
from pathlib import Path

from rasterio.crs import CRS
from shapely.geometry import box, mapping

from automap_service.launching._parameters import read
from automap_service.launching.wanted import Upload, World
from automap_service.settings import CataloguePart
from automap_tiles.cli.main import main
from automap_tiles.vector import reproject_geometry
from automap_tiles.workflows import order_from_json, run
from tests.scenes.samples import grid_at
from tests.workflows.automap.test_target_grid import SIZE, noise, products


class OneBoundary:
    """The only file of a user."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def find(self, kind: str, name: str) -> Upload | None:
        assert (kind, name) == ("boundaries", "here")
        return Upload(id="1", name=name, path=str(self.path), sha256="0")


def test_a_launch_makes_the_bytes_of_automap_run(tmp_path: Path) -> None:
    grid = grid_at(size=SIZE)
    source = products(tmp_path / "in", {"20200601": (grid, noise(5))})
    area = tmp_path / "area.json"
    around = reproject_geometry(box(*grid.bounds), grid.crs, CRS.from_epsg(4326))
    area.write_text(json.dumps(mapping(around)))
    world = World(
        user="ann",
        uploads=OneBoundary(area),
        catalogues={"demo": CataloguePart(source=str(source))},
    )
    said = {
        "mode": "composite", "satellites": 2, "start_date": "2020-01-01", "boundary": "here",
        "end_date": "2020-12-31", "crs": 3035, "resolution": 30,
    }  # fmt: skip
    order = read(said, world).order
    for _ in run(order_from_json({**order, "output": str(tmp_path / "ours"), "workers": 1})):
        pass
    line = [
        "run", "--mode", "composite", "--satellites", "2", "--start", "2020-01-01",
        "--end", "2020-12-31", "--boundary", str(area), "--input", str(source),
        "--output", str(tmp_path / "theirs"), "--workers", "1", "--no-progress",
        "--crs", "EPSG:3035", "--resolution", "30",
    ]  # fmt: skip
    assert main(line) == 0
    (ours,) = (tmp_path / "ours" / "sentinel-2").glob("*.tif")
    assert ours.read_bytes() == (tmp_path / "theirs" / "sentinel-2" / ours.name).read_bytes()

"""The land of the whole Earth at 10 m, planned: `python -m bench.scale.plan [tiles]`.

Counts the tiles of the finest zoom, then streams the plan with all its overviews as far as asked
(10 million by default; 0: to the end). Nothing is made.
"""

from __future__ import annotations

import json
import sys
import tempfile
from itertools import islice
from pathlib import Path

import shapely

from automap_tiles.engine._plan import NothingKnown, Plan
from automap_tiles.grid import cover
from automap_tiles.runtime import Process, open_process
from bench.scale.land import land
from bench.scale.measure import Watch, peak, resident

ZOOM = 13
"""Of the geodetic grid: 9.55 m on the equator."""
_FUNCTION = "def execute():\n    return 'empty'\n"
_GROUP = 500_000


def process_of(folder: Path, zoom: int = ZOOM) -> Process:
    """A process over all land, with overviews up to zoom 0."""
    (folder / "land.geojson").write_text(shapely.to_geojson(land()), encoding="utf-8")
    (folder / "empty.py").write_text(_FUNCTION, encoding="utf-8")
    config = {
        "process": "empty.py",
        "pyramid": {"grid": "geodetic"},
        "zoom_levels": {"min": 0, "max": zoom},
        "baselevels": {"min": zoom, "max": zoom},
        "area": "land.geojson",
        "area_crs": "EPSG:4326",
        "output": {"format": "GTiff", "path": "out", "bands": 1, "dtype": "uint8"},
    }
    path = folder / "land.mapchete"
    path.write_text(json.dumps(config), encoding="utf-8")
    return open_process(path)


def main(limit: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        watch = Watch()
        process = process_of(Path(folder))
        print(f"opened: {watch.seconds:.2f} s CPU, {resident():.0f} MB", flush=True)
        watch = Watch()
        plan = Plan(process, NothingKnown())
        steps = plan.steps()
        next(steps)
        print(f"first tile of the plan after {watch.seconds:.3f} s CPU", flush=True)
        done = 1
        while (not limit or done < limit) and (group := sum(1 for _ in islice(steps, _GROUP))):
            done += group
            print(f"{done:>12,} tiles: {watch.seconds:8.1f} s CPU, {resident():.0f} MB", flush=True)
        rate = done / watch.seconds
        print(f"{rate:,.0f} tiles a second of processor; at most {peak():.0f} MB", flush=True)
        watch = Watch()
        tiles = cover.count(process.pyramid, process.area_at(ZOOM), ZOOM)
        print(f"tiles of zoom {ZOOM}: {tiles:,}, counted in {watch.seconds:.1f} s CPU", flush=True)
        watch = Watch()
        print(f"tiles of all zooms: {plan.total():,}, counted in {watch.seconds:.1f} s CPU")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)

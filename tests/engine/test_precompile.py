"""Whether it pays to compile before a run begins: by the numbers that its scenes have."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin
from shapely.geometry.base import BaseGeometry

from automap_tiles.engine._plan import NothingKnown, Plan, StepKind
from automap_tiles.engine._precompile import numbers_to_read
from automap_tiles.grid import Pyramid, cover
from automap_tiles.runtime import open_process
from automap_tiles.runtime.zooms import BaseLevels
from tests.engine.test_plan import Planned, plan

DATES, BANDS, SIZE = 2, 2, 64


def test_tiles_of_a_kind() -> None:
    planned = Planned(
        Pyramid.from_grid("geodetic"),
        (4, 5, 6),
        shapely.box(0, 0, 45, 45),
        BaseLevels(min=5, max=5),
    )
    each = plan(planned)
    kinds = {kind: each.total(kind) for kind in StepKind}
    # tiles of 11.25, 5.625 and 2.8125 degrees
    assert kinds == {StepKind.LOWER: 16, StepKind.PROCESS: 64, StepKind.HIGHER: 256}
    assert each.total() == sum(kinds.values())


def test_tiles_are_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counting those of a jagged area takes as long as some tiles, and no tile begins before."""
    counted: list[int] = []
    counts = cover.counts

    def watched(pyramid: Pyramid, area: BaseGeometry, zooms: Collection[int]) -> dict[int, int]:
        counted.extend(zooms)
        return counts(pyramid, area, zooms)

    monkeypatch.setattr(cover, "counts", watched)
    each = plan(Planned(Pyramid.from_grid("geodetic"), (4, 5, 6), shapely.box(0, 0, 45, 45), None))
    assert each.total() == each.total(StepKind.PROCESS) == 336
    assert sorted(counted) == [4, 5, 6]


def test_numbers_of_scenes(tmp_path: Path) -> None:
    for day in range(1, DATES + 1):
        profile = {
            "driver": "GTiff", "width": SIZE, "height": SIZE, "count": BANDS + 1,
            "dtype": "uint16", "crs": "EPSG:32633", "nodata": 0,
            "transform": from_origin(540_000, 5_400_000, 10, 10),
        }  # fmt: skip
        with rasterio.open(tmp_path / f"scene_2026040{day}.tif", "w", **profile) as target:
            target.write(np.full((BANDS + 1, SIZE, SIZE), 4, np.uint16))
    described = {
        "sensor": "sentinel-2a", "level": "L2A", "time": "%Y%m%d", "path": "scene_{time}.tif",
        "bands": ["red", "nir"], "scale": 0.0001, "nodata": 0,
        "mask": {"path": "scene_{time}.tif", "layer": "scl", "band": BANDS + 1},
    }  # fmt: skip
    (tmp_path / "scenes.yaml").write_text(json.dumps(described))
    one = str(tmp_path / "scene_20260401.tif")
    scenes = {"format": "scenes", "path": str(tmp_path), "bands": ["red", "nir"]}
    assert numbers_of({"scenes": {"first": one}}, BANDS + 1, tmp_path) == (0, 1)
    numbers, tiles = numbers_of({"scenes": scenes}, BANDS, tmp_path)
    assert numbers == tiles * 512**2 * DATES * (BANDS + 1)


def numbers_of(inputs: object, bands: int, folder: Path) -> tuple[int, int]:
    """Numbers to read, and tiles that are made of them, without their overviews."""
    config = {
        "process": "composite",
        "pyramid": {"grid": "geodetic", "metatiling": 2},
        "zoom_levels": {"min": 11, "max": 13},
        "baselevels": {"min": 13, "max": 13},
        "input": inputs,
        "output": {"format": "GTiff", "path": "out", "bands": bands, "dtype": "uint16"},
    }
    file = folder / "composite.mapchete"
    file.write_text(json.dumps(config))
    process = open_process(file)
    found = Plan(process, NothingKnown())
    return numbers_to_read(process, found), found.total(StepKind.PROCESS)

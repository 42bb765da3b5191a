"""`--coregister` and `--seamless` of a run: composites of dates that lie and shine otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio
from scipy.ndimage import fourier_shift, gaussian_filter
from shapely.geometry import box, mapping

from automap_tiles.scenes import find
from automap_tiles.workflows import run
from automap_tiles.workflows.automap import CompositeOrder
from automap_tiles.workflows.events import Finished
from tests.scenes.samples import grid_at, write

SIX = ("blue", "green", "red", "nir", "swir1", "swir2")
SIZE = 288
GRID = grid_at(size=SIZE)
DESCRIPTION = {
    "sensor": "sentinel-2a",
    "level": "L2A",
    "time": "%Y%m%d",
    "path": "{time}/{band}.tif",
    "bands": list(SIX),
    "mask": {"path": "{time}/scl.tif", "layer": "scl"},
    "scale": 0.0001,
    "nodata": 0,
}
Look = Callable[[Any, int], Any]


def ground() -> Any:
    """Numbers of a band, of fields some pixels wide; more of it than a scene."""
    rng = np.random.default_rng(5)
    fields = gaussian_filter(rng.normal(size=(SIZE + 64, SIZE + 64)), 2.5, mode="wrap")
    return 2500 + 900 * fields / fields.std()


def make(folder: Path, look: Look, days: int = 3) -> Path:
    truth = ground()
    for day in range(days):
        place = folder / f"202006{day + 1:02}"
        seen = look(truth, day)[32:-32, 32:-32]
        for number, band in enumerate(SIX):
            pixels = np.clip(seen + 100 * number, 1, 20_000)
            write(place / f"{band}.tif", np.round(pixels).astype("u2")[None], GRID)
        write(place / "scl.tif", np.full((1, SIZE, SIZE), 4, "u1"), GRID)
    (folder / "scenes.yaml").write_text(json.dumps(DESCRIPTION))
    return folder


def composite(folder: Path, output: Path, **options: Any) -> dict[str, Any]:
    """Bands of the composite by name, edges cut off."""
    (scene, *_) = find.products(folder).scenes
    assert scene.footprint is not None
    area = output.with_suffix(".json")
    area.write_text(json.dumps(mapping(box(*scene.footprint.bounds))))
    order = CompositeOrder(
        satellites=("2",), start="2020-01-01", end="2020-12-31", boundary=str(area),
        input=str(folder), output=str(output), statistics=("median", "std"), workers=1, **options,
    )  # fmt: skip
    *_, last = list(run(order))
    assert isinstance(last, Finished)
    (path,) = (output / "sentinel-2").glob("*.tif")
    with rasterio.open(path) as file:
        rows = round((GRID.transform.f - file.transform.f) / 10)
        cols = round((file.transform.c - GRID.transform.c) / 10)
        whole = file.read(masked=True)
        found = np.ma.MaskedArray(np.zeros((len(whole), SIZE, SIZE)), mask=True)
        part = whole[:, max(-rows, 0) :, max(-cols, 0) :]
        top, left = max(rows, 0), max(cols, 0)
        part = part[:, : SIZE - top, : SIZE - left]
        found[:, top : top + part.shape[1], left : left + part.shape[2]] = part
        return dict(zip(file.descriptions, found[:, 16:-16, 16:-16], strict=True))


def brighter(truth: Any, day: int) -> Any:
    return truth * (1, 1.12, 0.9)[day] + (0, 0, 150)[day]


def moved(truth: Any, day: int) -> Any:
    shift = ((0, 0), (1.7, -0.6), (-0.8, 0.35))[day]
    return np.fft.ifft2(fourier_shift(np.fft.fft2(truth), shift)).real


def test_equally_bright(tmp_path: Path) -> None:
    """Dates that differ by a gain and an offset scatter no more."""
    source = make(tmp_path / "in", brighter)
    plain = composite(source, tmp_path / "plain")
    alike = composite(source, tmp_path / "alike", seamless=True)
    for band in ("red", "nir"):
        before, after = (found[f"std_{band}"].mean() for found in (plain, alike))
        assert before > 100
        assert after < before / 4


def test_onto_each_other(tmp_path: Path) -> None:
    """Dates that lie apart by parts of a pixel scatter no more, but for the noise of rounding."""
    source = make(tmp_path / "in", moved)
    plain = composite(source, tmp_path / "plain")
    alike = composite(source, tmp_path / "alike", coregister=True)
    before, after = (found["std_nir"].mean() for found in (plain, alike))
    assert before > 150
    assert after < before / 5


def test_it_is_told_and_another_composite(tmp_path: Path) -> None:
    """The item says it, and a run that asks for something else does not take it for its own."""
    source = make(tmp_path / "in", brighter)
    composite(source, tmp_path / "out", seamless=True)
    (path,) = (tmp_path / "out" / "sentinel-2").glob("*.tif")
    item = path.with_suffix(".json")
    assert json.loads(item.read_text())["properties"]["automap:seamless"] is True
    with pytest.raises(Exception, match="of another brightness"):
        composite(source, tmp_path / "out")

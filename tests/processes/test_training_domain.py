"""A model on another picture than it was trained on: refused where the map would be wrong."""

from __future__ import annotations

import json
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from automap_tiles.analysis.learning.classifier._model import Model
from automap_tiles.analysis.learning.classifier._training_domain import TrainingDomain, Values
from automap_tiles.engine.events import RunFinished
from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.errors import ConfigError
from automap_tiles.notes import Fate, Note, Subject, collecting
from automap_tiles.runtime import Process, open_process
from tests.models import make_model, recipe

SIZE = 96
LAND = {"red": (400, 900, 1500), "nir": (900, 2500, 4500)}
"""Low, middle and high of reflectance x 10000."""


def trained(path: Path, *, pixel: float = 10.0, unit: float = 1.0, radius: int = 2) -> Model:
    """A model of a picture whose numbers are reflectance x 10000 times `unit`."""
    bands = {
        name: Values(low=low * unit, middle=middle * unit, high=high * unit)
        for name, (low, middle, high) in LAND.items()
    }
    familiar = TrainingDomain(pixel=pixel, bands=bands)
    model = replace(
        make_model(of=recipe(radius=radius), high=5000.0 * unit, rounds=2), familiar=familiar
    )
    model.save(path)
    return model


def write_picture(
    path: Path, unit: float = 1.0, dtype: str = "uint16", pixel: float = 10.0, **facts: Any
) -> None:
    rng = np.random.default_rng(5)
    planes = [rng.uniform(low, high, (SIZE, SIZE)) * unit for low, _, high in LAND.values()]
    with rasterio.open(
        path, "w", driver="GTiff", width=SIZE, height=SIZE, count=2, dtype=dtype, nodata=0,
        crs="EPSG:32633", transform=rasterio.Affine(pixel, 0, 500000, 0, -pixel, 5300000),
    ) as file:  # fmt: skip
        file.write(np.maximum(planes, 1e-4).astype(dtype))
        file.descriptions = ("red", "nir")
        if facts:
            file.scales = facts.get("scales", [facts.get("scale", 1.0)] * 2)
            file.offsets = [facts.get("offset", 0.0)] * 2


def opened(folder: Path, pixel: float = 10.0, **parameters: Any) -> Process:
    edge = SIZE * pixel
    grid = {
        "shape": [1, 1],
        "bounds": [500000, 5300000 - edge, 500000 + edge, 5300000],
        "srs": {"epsg": 32633},
        "is_global": False,
    }
    return open_process(
        {
            "process": "classify",
            "config_dir": str(folder),
            "input": {"picture": "picture.tif"},
            "pyramid": {"grid": grid, "tile_size": SIZE},
            "zoom_levels": 0,
            "output": {
                "format": "GTiff", "path": f"map{pixel}.tif",
                "bands": 1, "dtype": "uint8", "nodata": 0,
            },
            "process_parameters": {"model": "model.zip", **parameters},
        }
    )  # fmt: skip


def notes_of(process: Process) -> tuple[Note, ...]:
    *_, finished = execute(process, RunOptions(concurrency=Concurrency.NONE))
    assert isinstance(finished, RunFinished)
    assert finished.summary.failed == 0
    return finished.summary.notes


@pytest.mark.parametrize(
    ("of_model", "of_picture", "dtype", "remedy"),
    [
        (1.0, 1e-4, "float32", "scale: 10000"),
        (1e-4, 1.0, "uint16", "scale: 0.0001"),
        (1e-4, 255 / 1e4, "uint8", "scale: 0.00392157"),
        (1.0, 0.01, "float32", "scale: 100"),
    ],
)
def test_another_unit(
    tmp_path: Path, of_model: float, of_picture: float, dtype: str, remedy: str
) -> None:
    """Refused before the first tile, with the number that mends it; with that it works."""
    trained(tmp_path / "model.zip", unit=of_model)
    write_picture(tmp_path / "picture.tif", of_picture, dtype)
    with pytest.raises(ConfigError) as caught:
        opened(tmp_path)
    assert "another unit" in caught.value.message
    assert caught.value.remedy is not None
    assert remedy in caught.value.remedy
    factor = float(remedy.removeprefix("scale: "))
    assert notes_of(opened(tmp_path, scale=factor)) == ()


def test_the_scale_of_the_file_counts(tmp_path: Path) -> None:
    """The same land stored otherwise, and said so, is the same picture."""
    trained(tmp_path / "model.zip", unit=1e-4)
    write_picture(tmp_path / "picture.tif", 1.0, scale=1e-4)
    assert notes_of(opened(tmp_path)) == ()


def test_the_offset_of_the_file_is_in_the_remedy(tmp_path: Path) -> None:
    """A scale in the process file replaces the offset of the picture as well."""
    trained(tmp_path / "model.zip")
    write_picture(tmp_path / "picture.tif", scale=2e-4, offset=-0.05)
    with pytest.raises(ConfigError) as caught:
        opened(tmp_path)
    assert str(caught.value.remedy).startswith("scale: 2 and offset: -500 under")


def test_no_one_scale_mends_bands_of_several_units(tmp_path: Path) -> None:
    trained(tmp_path / "model.zip")
    write_picture(tmp_path / "picture.tif", scales=[1e-4, 2e-4])
    with pytest.raises(ConfigError) as caught:
        opened(tmp_path)
    assert str(caught.value.remedy).startswith("`scale` and `offset` under process_parameters")


@pytest.mark.parametrize(("unit", "is_told"), [(0.125, True), (0.9, False)])
def test_numbers_some_times_smaller_are_told(tmp_path: Path, unit: float, is_told: bool) -> None:
    """No pixel of theirs is too dark by itself, but the middle of the picture is."""
    trained(tmp_path / "model.zip")
    write_picture(tmp_path / "picture.tif", unit)
    with collecting() as told:
        opened(tmp_path)
    assert ["middle of most bands" in note.reason for note in told] == [True] * is_told


@pytest.mark.parametrize("pixel", [20.0, 30.0, 5.0])
def test_another_pixel_size(tmp_path: Path, pixel: float) -> None:
    trained(tmp_path / "model.zip")
    write_picture(tmp_path / "picture.tif", pixel=pixel)
    with pytest.raises(ConfigError, match=f"another pixel size .*10 m.*found: '{pixel:g} m'"):
        opened(tmp_path, pixel)


def test_near_enough(tmp_path: Path) -> None:
    """The nearest zoom of a pyramid is never refused; where no windows are any size is told."""
    trained(tmp_path / "model.zip")
    write_picture(tmp_path / "picture.tif", pixel=14.1)
    assert notes_of(opened(tmp_path, 14.1)) == ()
    trained(tmp_path / "model.zip", radius=0)
    write_picture(tmp_path / "picture.tif", pixel=30.0)
    with collecting() as told:
        process = opened(tmp_path, 30.0)
    (note,) = told
    assert note.reason == "learnt from pixels of another size (10 m) than the picture's (30 m)"
    assert note.subject is Subject.CLASSES
    assert notes_of(process) == ()


def test_where_it_is_wanted(tmp_path: Path) -> None:
    trained(tmp_path / "model.zip")
    write_picture(tmp_path / "picture.tif", 1e-4, "float32", pixel=20.0)
    with collecting() as told:
        process = opened(tmp_path, 20.0, unlike=True)
    reasons = [note.reason for note in told]
    assert len(reasons) == 2
    assert "another unit" in reasons[0]
    assert "another pixel size" in reasons[1]
    assert {note.subject for note in notes_of(process)} == {Subject.TILES}


def test_a_coarser_grid_is_told(tmp_path: Path) -> None:
    """The picture has the right pixels, the process makes others of them."""
    trained(tmp_path / "model.zip")
    write_picture(tmp_path / "picture.tif")
    (note,) = notes_of(opened(tmp_path, 40.0))
    assert (note.fate, note.subject) == (Fate.GUESSED, Subject.TILES)
    assert note.examples == ("zoom 0: 40 m",)


def test_strange_pixels_are_told(tmp_path: Path) -> None:
    """A third of the picture is brighter than anything that was learnt from, in the same unit."""
    trained(tmp_path / "model.zip")
    write_picture(tmp_path / "picture.tif")
    with rasterio.open(tmp_path / "picture.tif", "r+") as file:
        data = file.read()
        data[:, :32] = 9500
        file.write(data)
    (note,) = notes_of(opened(tmp_path))
    assert (note.fate, note.subject, note.count) == (Fate.GUESSED, Subject.PIXELS, 32 * SIZE)


def test_models_of_earlier_versions(tmp_path: Path) -> None:
    """They know no picture: nothing is compared, and the file is read as ever."""
    trained(tmp_path / "model.zip")
    plain = replace(Model.open(tmp_path / "model.zip"), familiar=None)
    with zipfile.ZipFile(BytesIO(plain.to_bytes())) as archive:
        assert "picture" not in json.loads(archive.read("model.json"))
    plain.save(tmp_path / "model.zip")
    write_picture(tmp_path / "picture.tif", 1e-4, "float32", pixel=20.0)
    assert notes_of(opened(tmp_path, 20.0)) == ()


def test_it_is_kept_in_the_file(tmp_path: Path) -> None:
    model = trained(tmp_path / "model.zip")
    found = Model.open(tmp_path / "model.zip")
    assert found.familiar == model.familiar
    assert found.fingerprint == replace(model, familiar=None).fingerprint

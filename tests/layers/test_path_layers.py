"""What lies in a folder of rasters, some of which cannot be opened."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from automap_tiles.errors import InputError
from automap_tiles.layers._path_layers import layers_at
from automap_tiles.layers.dated import DatedFiles
from automap_tiles.notes import Fate, collecting
from tests.scenes.samples import grid_at, write

GRID = grid_at(size=32)


def folder(path: Path) -> Path:
    """Two dates and one without; and three files that are none of rasters."""
    for name in ("ndvi_20180101", "ndvi_20180201", "other"):
        write(path / f"{name}.tif", np.full((1, 32, 32), 7, np.int16), GRID)
    whole = (path / "other.tif").read_bytes()
    for name, content in (("ndvi_20180301", b""), ("ndvi_20180401", whole[:60]), ("n", b"II*")):
        (path / f"{name}.tif").write_bytes(content)
    return path


def test_rasters_that_cannot_be_opened_are_told_and_the_others_shown(tmp_path: Path) -> None:
    with collecting() as notes:
        dated, other = layers_at(str(folder(tmp_path)))
    assert isinstance(dated, DatedFiles)
    assert dated.dates == ("2018-01-01", "2018-02-01")
    assert other.info.name == "other"
    (note,) = notes
    assert (note.fate, note.count) == (Fate.LOST, 3)
    assert "ndvi_20180301.tif" in " ".join(note.examples)


def test_without_any_the_reason_is_that_of_a_file(tmp_path: Path) -> None:
    folder(tmp_path)
    for name in ("ndvi_20180101", "ndvi_20180201", "other"):
        (tmp_path / f"{name}.tif").unlink()
    with pytest.raises(InputError, match="none of 3 rasters can be opened"):
        layers_at(str(tmp_path))

"""Files beside results that were cut, or changed by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS

from automap_tiles.errors import ConfigError, InputError
from automap_tiles.notes import Fate, collecting
from automap_tiles.storage import Address
from automap_tiles.workflows.automap import _composite, record
from automap_tiles.workflows.automap._results import shares
from tests.workflows.assess.maps import write_map


@pytest.mark.parametrize(
    "content", ["[{", "{}", "[3]", '[{"id": "a"}]', '[{"id": "a", "samples": "9"}]', "\x00"]
)
def test_what_scenes_gave(tmp_path: Path, content: str) -> None:
    composite = Address.of(str(tmp_path / "composite.tif"))
    beside = tmp_path / "composite.scenes.json"
    assert shares(composite) == []
    beside.write_text('[{"id": "a", "samples": 9, "share": 1}]')
    assert [one["samples"] for one in shares(composite)] == [9]
    beside.write_text(content)
    with pytest.raises(InputError, match=r"composite\.scenes\.json.*damaged.*--overwrite"):
        shares(composite)


def test_a_damaged_record_is_replaced_and_told(tmp_path: Path) -> None:
    """Not an error at the end of a run of hours."""
    path = tmp_path / "run_composite.json"
    with collecting() as told:
        assert record._before(Address.of(str(path))) is None
        path.write_text('{"results": {"landsat-9": {}}}')
        assert record._before(Address.of(str(path))) == {"results": {"landsat-9": {}}}
    assert told.grouped() == ()
    path.write_text('{"results": {"landsat-9": {')
    with collecting() as told:
        assert record._before(Address.of(str(path))) is None
    (note,) = told.grouped()
    assert (note.fate, note.examples) == (Fate.LOST, (str(path),))


def test_a_composite_that_was_cut_off(tmp_path: Path) -> None:
    """It is no satellite without scenes, which a run takes as it is."""
    path = tmp_path / "composite.tif"
    write_map(path, np.ones((20, 20), np.uint8))
    with rasterio.open(path) as file:
        assert _composite._grid_there(Address.of(str(path))).crs == file.crs
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(ConfigError, match="damaged") as error:
        _composite._grid_there(Address.of(str(path)))
    assert "--overwrite" in str(error.value.remedy)
    path.unlink()
    write_map(path, np.ones((20, 20), np.uint8), crs=CRS())  # of which the CRS is lost
    with pytest.raises(ConfigError, match=r"composite\.tif.*coordinate reference system"):
        _composite._grid_there(Address.of(str(path)))

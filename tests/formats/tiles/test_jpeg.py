"""JPEG tiles: what comes back, and what is told of what does not."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from automap_tiles.errors import ConfigError, ProcessResultError
from automap_tiles.formats import InputSpec, Writer
from automap_tiles.formats.registry import open_input
from automap_tiles.grid import Pyramid, Tile
from automap_tiles.notes import Fate, Subject, collecting
from tests.formats.writers import made

PYRAMID = Pyramid.from_grid("mercator")
TILE = PYRAMID.tile(5, 7, 9)


def smooth(count: int = 3) -> np.ndarray:
    """Slopes from 60 to 187, which JPEG keeps well."""
    rows, cols = np.mgrid[0:256, 0:256]
    planes = [60 + rows // 2, 60 + cols // 2, 60 + (rows + cols) // 4]
    return np.stack(planes[:count]).astype(np.uint8)


def jpeg(tmp_path: Path, **options: Any) -> Writer:
    plain: dict[str, Any] = {"bands": ..., "dtype": ...}
    return made(tmp_path, PYRAMID, format="JPEG", **{**plain, **options})


def write(writer: Writer, result: Any, tile: Tile = TILE) -> bytes:
    data = writer.convert(tile, result)
    assert data is not None
    (file,) = writer.write(tile, data)
    return (Path(writer.path) / file.key).read_bytes()


@pytest.mark.parametrize("count", [1, 3])
def test_round_trip(tmp_path: Path, count: int) -> None:
    writer = jpeg(tmp_path, bands=count, nodata=0)
    picture = Image.open(io.BytesIO(write(writer, smooth(count))))
    assert (picture.format, picture.mode) == ("JPEG", {1: "L", 3: "RGB"}[count])
    found = writer.read(TILE)
    assert found is not None
    assert found.data.shape == (count, 256, 256)
    assert np.abs(found.data.data.astype(int) - smooth(count)).max() <= 6
    theirs = np.asarray(picture).reshape(256, 256, count).transpose(2, 0, 1)
    assert np.abs(found.data.data.astype(int) - theirs).max() <= 3
    assert not np.ma.getmaskarray(found.data).any()


def test_quality(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(1, 255, (3, 256, 256)).astype("uint8")
    sizes = [
        len(write(jpeg(tmp_path / str(quality), nodata=0, quality=quality), noise))
        for quality in (30, 85, 100)
    ]
    assert sizes[0] < sizes[1] < sizes[2]


@pytest.mark.parametrize("nodata", [0, 255, 220])
@pytest.mark.parametrize("quality", [75, 85, 95])
def test_masks_become_a_colour_and_are_told(tmp_path: Path, nodata: int, quality: int) -> None:
    writer = jpeg(tmp_path, nodata=nodata, quality=quality)
    data = np.ma.MaskedArray(smooth(), mask=False)
    data[:, 64:128, 64:192] = np.ma.masked
    with collecting() as notes:
        picture = np.asarray(Image.open(io.BytesIO(write(writer, data))))
    (note,) = notes
    assert (note.fate, note.subject, note.count) == (Fate.REPLACED, Subject.PIXELS, 64 * 128)
    assert f"the colour {nodata}" in note.reason
    assert (picture[80:112, 80:176] == nodata).all()
    found = writer.read(TILE)
    assert found is not None
    mask = np.ma.getmaskarray(found.data)
    assert mask[:, 80:112, 80:176].all()
    assert not mask[:, :48].any()
    assert not mask[:, 144:].any()


def test_alpha_is_told(tmp_path: Path) -> None:
    writer = jpeg(tmp_path, nodata=0)
    alpha = np.full((1, 256, 256), 255, np.uint8)
    alpha[:, :16], alpha[:, 16:24] = 0, 100
    with collecting() as notes:
        write(writer, np.concatenate([smooth(), alpha]))
    told = {note.reason.partition(":")[0]: (note.fate, note.count) for note in notes}
    assert told == {
        "JPEG tiles have no alpha band": (Fate.LOST, 8 * 256),
        "JPEG tiles have no mask": (Fate.REPLACED, 16 * 256),
    }


def test_tags_are_told(tmp_path: Path) -> None:
    writer = jpeg(tmp_path, nodata=0)
    with collecting() as notes:
        write(writer, (smooth(), {"made": "today"}))
    (note,) = notes
    assert (note.fate, note.subject, note.examples) == (Fate.LOST, Subject.ATTRIBUTES, ("made",))


def test_nothing_is_told_of_a_whole_picture(tmp_path: Path) -> None:
    with collecting() as notes:
        write(jpeg(tmp_path, nodata=0), smooth())
    assert list(notes) == []


def test_grey_in_colour_and_colour_in_grey(tmp_path: Path) -> None:
    writer = jpeg(tmp_path / "colour", nodata=0)
    picture = np.asarray(Image.open(io.BytesIO(write(writer, smooth(1)))))
    assert np.abs(picture.astype(int) - smooth(1)[0][..., None]).max() <= 4
    grey = jpeg(tmp_path / "grey", bands=1, nodata=0)
    with pytest.raises(ProcessResultError, match="1 or 2 bands, not 3"):
        grey.convert(TILE, smooth())
    with pytest.raises(ProcessResultError, match="1 to 4 bands, not 5"):
        writer.convert(TILE, np.ones((5, 256, 256), np.uint8))


def test_nodata_null_masks_nothing(tmp_path: Path) -> None:
    writer = jpeg(tmp_path, nodata=None)
    data = np.ma.MaskedArray(smooth(), mask=False)
    data[:, :64] = np.ma.masked
    write(writer, data)
    found = writer.read(TILE)
    assert found is not None
    assert not np.ma.getmaskarray(found.data).any()
    assert (found.data.data[:, :48] == 0).all()


def test_without_a_description_nothing_is_masked(tmp_path: Path) -> None:
    """Pictures of others, black included."""
    data = np.ma.MaskedArray(smooth(), mask=False)
    data[:, :64] = np.ma.masked
    write(jpeg(tmp_path, nodata=0), data)
    (tmp_path / "out" / "metadata.json").unlink()
    value = {"path": str(tmp_path / "out"), "format": "TileDirectory", "grid": "mercator",
             "extension": "jpg"}  # fmt: skip
    reader: Any = open_input(InputSpec.from_value("inp", value), Path("/"), PYRAMID)
    found = reader.at(TILE).read()
    assert found.shape == (3, 256, 256)
    assert not np.ma.getmaskarray(found).any()


@pytest.mark.parametrize(
    ("options", "key"),
    [({"quality": 101}, "quality"), ({"quality": 0}, "quality"), ({"nodata": 256}, "nodata"),
     ({"nodata": 1.5}, "nodata"), ({"qualty": 5}, "qualty")],
)  # fmt: skip
def test_options_that_cannot_be(tmp_path: Path, options: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        jpeg(tmp_path, **options)
    assert caught.value.key == f"output.{key}"


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_black_pixels_that_are_read_as_none_are_told(tmp_path: Path, count: int) -> None:
    """With an alpha band that says they are opaque as well; not those that are transparent."""
    data = np.full((count, *TILE.shape), 255, "uint8")
    data[: count if count % 2 else -1, :10] = 0
    lost = 10 * TILE.width
    if count % 2 == 0:
        data[-1, :4] = 0
        lost = 6 * TILE.width
    writer = made(tmp_path, PYRAMID, format="JPEG", bands=count, dtype="uint8")
    with collecting() as notes:
        writer.convert(TILE, data)
    found = {note.fate: note.count for note in notes if "no nodata value" in note.reason}
    assert found == {Fate.LOST: lost}

"""Names of tiles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.errors import ConfigError
from automap_tiles.grid import TileIndex
from automap_tiles.storage import TileLayout

SCHEMAS = (
    "{zoom}/{row}/{col}.{extension}",
    "{zoom}/{col}/{row}.{extension}",
    "tiles/z{zoom}/{row}-{col}.{extension}",
    "{zoom}_{row}_{col}",
)
indexes = st.builds(TileIndex, st.integers(0, 30), st.integers(0, 2**30), st.integers(0, 2**31))


@given(index=indexes, schema=st.sampled_from(SCHEMAS))
def test_a_name_tells_its_tile(index: TileIndex, schema: str) -> None:
    layout = TileLayout(schema, "png")
    assert layout.parse(layout.key(index)) == index


@given(first=indexes, second=indexes, schema=st.sampled_from(SCHEMAS))
def test_two_tiles_have_two_names(first: TileIndex, second: TileIndex, schema: str) -> None:
    layout = TileLayout(schema, "png")
    assert (layout.key(first) == layout.key(second)) == (first == second)


def test_default() -> None:
    assert TileLayout().key(TileIndex(12, 5, 7)) == "12/5/7.tif"


@pytest.mark.parametrize(
    "key", ["12/5/7.png", "12/5/07.tif", "12/5/x.tif", "12/5/7.tif.part", "a/12/5/7.tif", ""]
)
def test_other_files_are_no_tiles(key: str) -> None:
    assert TileLayout().parse(key) is None


@pytest.mark.parametrize(
    "schema",
    [
        "{zoom}/{row}.tif",
        "{zoom}/{row}/{row}/{col}",
        "{zoom}/{row}/{col}/{what}",
        "{zoom:03d}/{row}/{col}",
        "{zoom}/{row}/{col",
        "../{zoom}/{row}/{col}",
        "{zoom}{row}{col}",
        "{zoom}/{row}0{col}.tif",
        "/{zoom}/{row}/{col}",
    ],
)
def test_schemas_that_cannot_be(schema: str) -> None:
    with pytest.raises(ConfigError, match="tile_path_schema"):
        TileLayout(schema)

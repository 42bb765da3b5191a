"""Bands of several rasters that are taken by their place."""

from __future__ import annotations

import pytest

from automap_tiles.errors import ConfigError
from automap_tiles.formats.bands import BandTable, check_bands_alike
from automap_tiles.notes import collecting


def table(*names: str, scale: float = 1.0, offset: float = 0.0) -> BandTable:
    return BandTable(names=names, scales=(scale,) * len(names), offsets=(offset,) * len(names))


@pytest.mark.parametrize(
    ("one", "two", "numbers", "words"),
    [
        (table("red", "nir"), table("nir", "red"), None, "band 1 of a is red, and of b nir"),
        (table("red", "nir"), table("green", "red"), None, "band 1 of a is red, and of b green"),
        (table("red", scale=1e-4), table("red", scale=1e-3), None, "another unit in a than in b"),
        (table("r", scale=1e-4), table("r", scale=1e-4, offset=-0.1), None, "another unit"),
        (table("red", "nir", "x"), table("red", "x", "nir"), [1], None),
        (table("2020-01 red"), table("2020-02 red"), None, None),
        (table("red", "nir"), table("red"), None, None),
    ],
)
def test_bands_that_are_not_the_same(
    one: BandTable, two: BandTable, numbers: list[int] | None, words: str | None
) -> None:
    """A name of its own is no contradiction; one that stands elsewhere, or another unit, is."""
    with collecting() as told:
        if words is None:
            check_bands_alike({"a": one, "b": two}, "input", numbers)
        else:
            with pytest.raises(ConfigError, match=words):
                check_bands_alike({"a": one, "b": two}, "input", numbers)
    assert not told.grouped()


def test_a_unit_that_only_one_of_them_says_is_told() -> None:
    with collecting() as told:
        check_bands_alike({"a": table("r"), "b": table("r", scale=1e-4), "c": table("r")}, "input")
    (note,) = told.grouped()
    assert note.examples == ("band 1 of a",)
    check_bands_alike({}, "input")

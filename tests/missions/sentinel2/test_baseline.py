"""Processing baselines, and what they say of the offset."""

from __future__ import annotations

import pytest

from automap_tiles.errors import InputError
from automap_tiles.missions.sentinel2._baseline import has_offset, is_official, parse_baseline
from automap_tiles.missions.sentinel2._product import scaling_of_baseline


@pytest.mark.parametrize(
    ("text", "parsed", "offset"),
    [
        ("03.01", (3, 1), False), ("N0301", (3, 1), False), ("0400", (4, 0), True),
        ("04.00", (4, 0), True), ("05.11", (5, 11), True), ("10.00", (10, 0), True),
        ("99.99", (99, 99), None), ("N9901", (99, 1), None), ("00.01", (0, 1), False),
    ],
)  # fmt: skip
def test_offset(text: str, parsed: tuple[int, int], offset: bool | None) -> None:
    assert parse_baseline(text) == parsed
    assert has_offset(text) is offset
    assert is_official(text) is (offset is not None)
    assert scaling_of_baseline(text)["B04"].add == (-0.1 if offset else 0.0)


@pytest.mark.parametrize("text", ["", "4", "04.0", "four", "N04000"])
def test_no_baseline(text: str) -> None:
    assert parse_baseline(text) is None
    assert not is_official(text)
    with pytest.raises(InputError, match="not a processing baseline"):
        has_offset(text)

"""Dates in names: the same for layers of many dates and for time-lapses."""

from __future__ import annotations

import pytest

from automap_tiles.layers.dates_in_names import date_in, day_of, days_in


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("ndvi_2018-04-21", ("2018-04-21", "ndvi")),
        ("ndvi.2018.04.21.v2", ("2018-04-21", "ndvi_v2")),
        ("S2A_20180421T101031_T33TWL", ("2018-04-21", "S2A_T33TWL")),
        ("made_20200101_of_20180421T101031", ("2018-04-21", "made_20200101_of")),
        ("20180230_20180301", ("2018-03-01", "20180230")),
        ("20180230", None),
        ("120180421", None),
        ("2018-04", None),
    ],
)
def test_the_day_of_a_series(name: str, told: tuple[str, str] | None) -> None:
    assert day_of(name) == told
    assert told is None or told[0] in days_in(name)


def test_a_month_or_a_year_is_a_date_too() -> None:
    assert date_in("2018-04") == "2018-04"
    assert date_in("crop_2018") == "2018"
    assert date_in("20180230") is None

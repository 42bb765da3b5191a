from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.errors import ConfigError
from automap_tiles.missions import (
    PlainMission,
    Satellite,
    Scene,
    parse_satellites,
    register,
    satellite_of,
    unregister,
)
from automap_tiles.missions.landsat._bands import LANDSAT_8
from automap_tiles.scenes.funnel import FunnelStep
from automap_tiles.scenes.report import SearchReport
from automap_tiles.scenes.select import Period, Selection, overpasses, parse_period

START = datetime(2020, 6, 1, 10, tzinfo=UTC)


def names(digits: str) -> frozenset[str]:
    """Names of satellites by their digits."""
    return frozenset("sentinel-2" if digit == "2" else f"landsat-{digit}" for digit in digits)


def scene(
    name: str = "a", seconds: float = 0, sensor: str = "sentinel-2a", **more: object
) -> Scene:
    changes = {"level": "L2A", "orbit": 22, **more}
    time = START + timedelta(seconds=seconds)
    return Scene(id=name, sensor=sensor, time=time, bands={}, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2018-04-01/2018-09-30", date(2018, 4, 1), date(2018, 9, 30)),
        ("2018-04/2018-09", date(2018, 4, 1), date(2018, 9, 30)),
        ("2018", date(2018, 1, 1), date(2018, 12, 31)),
        ("2020-02", date(2020, 2, 1), date(2020, 2, 29)),
        ("2018-12", date(2018, 12, 1), date(2018, 12, 31)),
        ("../2018-01-05", None, date(2018, 1, 5)),
        ("2018-01-05/..", date(2018, 1, 5), None),
        ("2018-01-05", date(2018, 1, 5), date(2018, 1, 5)),
        (date(2018, 1, 5), date(2018, 1, 5), date(2018, 1, 5)),
        ([date(2018, 1, 5), "2019"], date(2018, 1, 5), date(2019, 12, 31)),
        ("2018-04-01T10:00:00Z/2018-04-02T00:00:00Z", date(2018, 4, 1), date(2018, 4, 2)),
    ],
)
def test_periods(text: object, first: date | None, last: date | None) -> None:
    period = parse_period(text)  # type: ignore[arg-type]
    assert (period.first, period.last) == (first, last)


@pytest.mark.parametrize("text", ["", "summer", "2018-13", "2018/2019/2020", "2018-02-30"])
def test_no_periods(text: str) -> None:
    if text == "":
        assert parse_period(text) == Period()
        return
    with pytest.raises(ConfigError, match="not a time range"):
        parse_period(text)


def test_a_period_ends_after_it_begins() -> None:
    with pytest.raises(ConfigError, match="ends before it begins"):
        parse_period("2018-09/2018-04")


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("2578", "2578"),
        (8572, "2578"),
        ("landsat-9", "9"),
        ([2, "landsat"], "2578"),
        ("all", "2578"),
        ("sentinel", "2"),
        ("sentinel-2", "2"),
        ("landsat-8", "8"),
        ("landsat-4", "4"),
        ("45", "45"),
        ("Landsat-9", "9"),
        (["5", 5], "5"),
    ],
)
def test_satellites(value: object, wanted: str) -> None:
    assert parse_satellites(value) == names(wanted)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["3", "landsat-3", "", "sentinel-3", [2, "x"]])
def test_no_satellites(value: object) -> None:
    with pytest.raises(ConfigError, match="not a known satellite"):
        parse_satellites(value)  # type: ignore[arg-type]


def test_the_words_for_no_satellite_name_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"2 \(sentinel-2\), 4 \(landsat-4\), 5 .*, or landsat, "):
        parse_satellites("landsat-6")


def test_a_satellite_of_another_package(request: pytest.FixtureRequest) -> None:
    """It is asked for by its name or its aliases; `all` does not mean it unless it says so."""
    dove = replace(LANDSAT_8, key="dove-1", satellite="planetscope")
    own = Satellite(name="planetscope", sensors=(dove,), aliases=("dove",))
    mission = PlainMission(group="planet", satellites=(own,))
    register(mission)
    request.addfinalizer(lambda: unregister(mission))
    assert parse_satellites("planetscope") == frozenset({"planetscope"})
    assert parse_satellites(["Dove", 2]) == frozenset({"planetscope", "sentinel-2"})
    assert satellite_of("dove").name == "planetscope"
    assert satellite_of("2").name == "sentinel-2"
    assert parse_satellites("all") == names("2578")
    with pytest.raises(ConfigError, match="not a known satellite"):
        parse_satellites("planet")
    refusal = Selection(satellites=frozenset({"landsat-8"})).refusal(scene(sensor="dove-1"))
    assert refusal is not None
    assert refusal.remedy == "with planetscope among the satellites it is used"


def test_what_counts() -> None:
    area = shapely.box(10, 40, 11, 41)
    selection = Selection(
        period=parse_period("2020-06"),
        satellites=frozenset({"sentinel-2"}),
        max_cloud_cover=50,
        area=area,
    )
    assert scene(footprint=area, cloud_cover=50) in selection
    assert scene(cloud_cover=None) in selection  # nothing is known against it
    assert scene(cloud_cover=51) not in selection
    assert scene(footprint=shapely.box(12, 40, 13, 41)) not in selection
    assert scene(sensor="landsat-8") not in selection
    assert scene(seconds=30 * 86400) not in selection
    assert scene(seconds=30 * 86400 - 36001) in selection
    found = SearchReport(scenes=(scene("a"), scene("b", cloud_cover=99)), rejected=(("x", "y"),))
    chosen = selection.of(found)
    assert (chosen.scenes, chosen.rejected) == ((scene("a"),), (("x", "y"),))
    (out,) = chosen.funnel.out
    assert (out.step, out.note.examples) == (FunnelStep.CLOUD_COVER, ("b",))
    assert out.note.reason == "cloud cover above 50 %"


@pytest.mark.parametrize(
    ("other", "together"),
    [
        ({"seconds": 14}, True),
        ({"seconds": 299}, True),
        ({"seconds": 301}, False),
        ({"seconds": 14, "orbit": 23}, False),
        ({"seconds": 14, "orbit": None}, True),
        ({"seconds": 14, "sensor": "sentinel-2b"}, False),
        ({"seconds": 14, "level": "L1C"}, False),
    ],
)
def test_one_overpass(other: dict[str, object], together: bool) -> None:
    first, second = scene("a"), scene("b", **other)  # type: ignore[arg-type]
    for order in ([first, second], [second, first]):
        dates = overpasses(order)
        assert len(dates) == (1 if together else 2)
        assert dates[0].scenes[0].id == "a"
        assert dates[0].time == START
        assert dates[0].id == ("a+b" if together else "a")


def test_a_long_overpass_is_one_date() -> None:
    """Each scene follows the one before, ten minutes in all."""
    (one,) = overpasses([scene(str(number), 24 * number) for number in range(25)])
    assert len(one.scenes) == 25


def test_the_cover_of_an_overpass() -> None:
    (date_,) = overpasses(
        [scene("a", cloud_cover=10), scene("b", 1, cloud_cover=30), scene("c", 2)]
    )
    assert date_.cloud_cover == 20
    assert overpasses([scene()])[0].cloud_cover is None


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3000),
            st.sampled_from(["sentinel-2a", "sentinel-2b"]),
            st.sampled_from([1, 2, None]),
        ),
        max_size=20,
    ),
    st.randoms(),
)
def test_overpasses_do_not_depend_on_the_order(
    values: list[tuple[int, str, int | None]], random: object
) -> None:
    scenes = [
        scene(f"s{number:02}", seconds, sensor, orbit=orbit)
        for number, (seconds, sensor, orbit) in enumerate(values)
    ]
    wanted = overpasses(scenes)
    shuffled = list(scenes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert overpasses(shuffled) == wanted
    assert sorted(each.id for date_ in wanted for each in date_.scenes) == [s.id for s in scenes]
    assert [date_.time for date_ in wanted] == sorted(date_.time for date_ in wanted)

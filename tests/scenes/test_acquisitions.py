"""Several deliveries of one acquisition: which are the same, and which of them is the best."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from shapely import box

from automap_tiles.errors import InputError, ResourceError
from automap_tiles.missions import Scene
from automap_tiles.notes import Fate, Subject
from automap_tiles.scenes._acquisitions import acquisitions, standing, why_lesser
from automap_tiles.scenes._choose import Candidates, choose
from automap_tiles.scenes.funnel import FunnelStep
from automap_tiles.scenes.report import SearchReport
from automap_tiles.scenes.select import Selection, one_level, overpasses, parse_period

SEEN = datetime(2020, 10, 29, 23, 51, 7, tzinfo=UTC)


def landsat(
    tier: str | None = "T1", level: str = "L1TP", processed: str = "20201106", **more: Any
) -> Scene:
    name = f"LC08_{level}_092084_20201029_{processed}_02_{tier}"
    given: dict[str, Any] = {
        "id": name, "sensor": "landsat-8", "time": SEEN, "bands": {}, "level": level,
        "tile": "092084", "orbit": 92,
        "metadata": {"tier": tier, "collection": 2, "created": processed},
    }  # fmt: skip
    return Scene(**{**given, **more})


def sentinel(baseline: str = "05.00", seconds: float = 0, **more: Any) -> Scene:
    given: dict[str, Any] = {
        "id": f"33UUP_{baseline}", "sensor": "sentinel-2b", "bands": {}, "level": "L2A",
        "time": SEEN + timedelta(seconds=seconds), "tile": "33UUP", "orbit": 65,
        "metadata": {"baseline": baseline},
    }  # fmt: skip
    return Scene(**{**given, **more})


def meta(scene: Scene, **more: object) -> Scene:
    return sentinel(**{**vars(scene), "metadata": {**scene.metadata, **more}})


BEST_FIRST = [
    # tiers before levels, levels before collections and days
    [landsat("T1"), landsat("T2"), landsat("RT")],
    [landsat("T1", "L1GT"), landsat("T2", "L1TP"), landsat("RT", "L1TP", "20210101")],
    [landsat("T2", "L1TP"), landsat("T2", "L1GT"), landsat("T2", "L1GS")],
    [landsat("T1", "L2SP"), landsat("T1", "L2SR")],
    [landsat(processed="20211231"), landsat(processed="20201106")],
    [
        landsat(metadata={"tier": "T1", "collection": "02"}, id="a"),
        landsat(metadata={"tier": "T1", "collection": "01"}, id="b"),
    ],
    # before the collections there was no tier: better than real time, and than no correction
    [landsat("T1"), landsat(None, "L1T", id="LC80920842020303LGN00", metadata={})],
    [landsat(None, "L1T", id="LC80920842020303LGN00", metadata={}), landsat("RT")],
    # numbers, not texts; and what sen2cor writes at home is no newer baseline
    [sentinel("10.00"), sentinel("05.11"), sentinel("02.14"), sentinel("99.99")],
    [
        meta(sentinel(id="b"), created="2023-03-01T00:00:00Z"),
        meta(sentinel(id="c"), created="2023-02-28T23:30:00+00:00"),
        meta(sentinel(id="d"), created="2023-03-01T00:30:00+02:00"),
    ],
]


@pytest.mark.parametrize("deliveries", BEST_FIRST)
def test_the_best_comes_first_in_whatever_order_they_come(deliveries: list[Scene]) -> None:
    wanted = [scene.id for scene in deliveries]
    assert len(set(wanted)) == len(wanted)
    for order in itertools.permutations(deliveries):
        (group,) = acquisitions(order)
        assert [scene.id for scene in group] == wanted


def test_a_name_tells_what_metadata_does_not() -> None:
    real_time = landsat("RT", metadata={})
    assert standing(real_time) == standing(landsat("RT"))
    (group,) = acquisitions([real_time, landsat("T1", metadata={})])
    assert group[0].id.endswith("T1")


PIECES = [
    (sentinel(), sentinel(seconds=540)),
    (sentinel(), sentinel(tile="33UUQ")),
    (sentinel(), sentinel(sensor="sentinel-2a")),
    (sentinel(), sentinel(level="L1C")),
    (landsat(), landsat(time=SEEN + timedelta(days=1))),
    (landsat(), landsat(level="L2SP")),
    (landsat(tile=None), landsat(tile=None, id="another")),
    (sentinel(footprint=box(0, 0, 1, 1)), sentinel(footprint=box(0.9, 0, 1.9, 1))),
    (meta(sentinel(), nodata_cover=30.0), meta(sentinel(), nodata_cover=70.0)),
    (
        meta(sentinel(), datastrip="S2B_OPER_MSI_L2A_DS_ESRI_20220414T08_S20220413T150756_N04.00"),
        meta(sentinel(), datastrip="S2B_OPER_MSI_L2A_DS_ESRI_20220414T09_S20220413T150820_N04.00"),
    ),
]


@pytest.mark.parametrize(("one", "two"), PIECES)
def test_what_is_no_second_delivery(one: Scene, two: Scene) -> None:
    assert len(acquisitions([one, two])) == 2


SAME = [
    (sentinel(), sentinel("05.10", seconds=10)),
    (landsat(), landsat(time=datetime(2020, 10, 29, 1, tzinfo=UTC), tier="RT")),
    (landsat(), landsat("RT", time=datetime(2020, 10, 30, 0, 10, tzinfo=UTC))),
    (sentinel(footprint=box(0, 0, 1, 1)), sentinel(footprint=box(0.05, 0, 1.05, 1))),
    # the same place by other numbers of its meridians
    (sentinel(footprint=box(179.5, 0, 180.5, 1)), sentinel(footprint=box(-180.5, 0, -179.5, 1))),
    (meta(sentinel(), nodata_cover=30.0), meta(sentinel(), nodata_cover=31.5)),
    (
        meta(sentinel(), datastrip="S2B_OPER_MSI_L2A_DS_ESRI_20220414T08_S20220413T150756_N04.00"),
        meta(sentinel(), datastrip="S2B_OPER_MSI_L2A_DS_S2RP_20230414T08_S20220413T150757_N05.00"),
    ),
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_what_is_a_second_delivery(one: Scene, two: Scene) -> None:
    assert len(acquisitions([one, two])) == 1


def test_reasons() -> None:
    assert why_lesser(landsat("RT"), landsat("T1")) == (
        "tier RT, and T1 of the same acquisition is there"
    )
    assert why_lesser(landsat("T1", "L1GT"), landsat()).startswith("level L1GT, and L1TP")
    assert why_lesser(landsat(None, "L1T", id="old", metadata={}), landsat()).startswith(
        "tier of no name, and T1"
    )
    assert why_lesser(landsat(), landsat(processed="2021-01-01")).startswith("processed earlier")
    assert why_lesser(sentinel(), sentinel()) == "the same acquisition once more"


def chosen(
    scenes: list[Scene], selection: Selection | None = None, broken: str = ""
) -> SearchReport:
    def finish(scene: Scene) -> Scene:
        if broken and broken in scene.id:
            raise InputError("is cut off", f"{scene.id}/B4.TIF")
        return scene

    return choose(Candidates(scenes=tuple(scenes)), selection or Selection(), finish)


@pytest.mark.parametrize("workers", [1, 4])
def test_one_selection_tells_where_each_was_left_out(workers: int) -> None:
    late = landsat(time=SEEN + timedelta(days=40), id="late")
    nine = landsat(sensor="landsat-9", id="nine")
    away = landsat(footprint=box(50, 50, 51, 51), id="away", tile="001001")
    cloudy = landsat(cloud_cover=81.0, id="cloudy", tile="092085")
    scenes = [late, nine, away, cloudy, landsat(), landsat("RT"), landsat("T2", tile="092083")]
    selection = Selection(
        period=parse_period("2020-10"),
        satellites=frozenset({"landsat-5", "landsat-8"}),
        max_cloud_cover=80,
        area=box(0, 0, 1, 1),
    )
    candidates = Candidates(
        scenes=tuple(scenes), rejected=(("nothing_MTL.txt", InputError("metadata without bands")),)
    )
    found = choose(candidates, selection, lambda scene: scene, workers=workers)
    assert [scene.tile for scene in found.scenes] == ["092084", "092083"]
    assert [stage.left for stage in found.funnel.stages] == [8, 7, 6, 5, 4, 4, 3, 2, 2]
    said = {out.step: (out.note.reason, *out.note.examples) for out in found.funnel.out}
    assert said == {
        FunnelStep.SATELLITES: ("of landsat-9, which is not asked for", "nine"),
        FunnelStep.TIME: ("seen after 2020-10-31", "late"),
        FunnelStep.PLACE: ("outside of the area", "away"),
        FunnelStep.CLOUD_COVER: ("cloud cover above 80 %", "cloudy"),
        FunnelStep.DUPLICATES: (
            "tier RT, and T1 of the same acquisition is there",
            f"{landsat('RT').id} beside {landsat().id}",
        ),
        FunnelStep.READABLE: ("metadata without bands", "nothing_MTL.txt"),
    }
    assert {(note.fate, note.subject) for note in found.funnel.notes} == {
        (Fate.LOST, Subject.SCENES)
    }
    assert dict(found.rejected)[landsat("RT").id].endswith(landsat().id)


def test_where_the_best_cannot_be_read_the_next_one_is_taken() -> None:
    found = chosen([landsat("RT"), landsat("T2"), landsat("T1")], broken="T1")
    assert [scene.id[-2:] for scene in found.scenes] == ["T2"]
    steps = [(out.step, out.note.reason.split(",")[0]) for out in found.funnel.out]
    assert steps == [(FunnelStep.DUPLICATES, "tier RT"), (FunnelStep.READABLE, "is cut off")]
    assert (landsat("T1").id, f"{landsat('T1').id}/B4.TIF: is cut off") in found.rejected


def test_place_is_only_asked_where_it_matters() -> None:
    asked: list[str] = []

    def locate(scene: Scene) -> Scene:
        asked.append(scene.id)
        return landsat(id=scene.id, footprint=box(5, 5, 6, 6))

    early = landsat(time=SEEN - timedelta(days=60), id="early")
    selection = Selection(period=parse_period("2020-10/2020-11"), area=box(0, 0, 1, 1))
    candidates = Candidates(scenes=(early, landsat(id="there")))
    found = choose(candidates, selection, lambda scene: scene, locate=locate)
    assert asked == ["there"]
    assert [(out.step, out.note.examples) for out in found.funnel.out] == [
        (FunnelStep.TIME, ("early",)), (FunnelStep.PLACE, ("there",)),
    ]  # fmt: skip


def test_two_products_of_one_name_are_both_there() -> None:
    one, two = sentinel(id="part"), sentinel(id="part", seconds=540)
    found = chosen([two, one])
    assert [scene.id for scene in found.scenes] == [
        "part_20201029T235107", "part_20201030T000007",
    ]  # fmt: skip
    assert found.funnel.used == 2
    assert (found + found).scenes == found.scenes
    # the same second, other satellites and other cases of letters
    alike = chosen(
        [one, sentinel(id="PART", sensor="sentinel-2a"), sentinel(id="other", seconds=99)]
    )
    names = [scene.id for scene in alike.scenes]
    assert len({name.lower() for name in names}) == 3
    assert "other" in names


def test_no_handles_left_is_no_property_of_a_scene() -> None:
    def finish(scene: Scene) -> Scene:
        try:
            raise OSError(24, "Too many open files")
        except OSError as error:
            raise InputError("cannot be opened", scene.id) from error

    with pytest.raises(ResourceError, match="ulimit -n"):
        choose(Candidates(scenes=(landsat(),)), Selection(), finish)


def test_one_level_of_each_satellite() -> None:
    scenes = (landsat(), landsat(level="L2SP"), sentinel())
    found = one_level(SearchReport(scenes=scenes))
    assert [scene.level for scene in found.scenes] == ["L1TP", "L2A"]
    assert found.rejected[0][1].endswith("(reflectance at the surface)")
    surface = one_level(SearchReport(scenes=scenes), "surface")
    assert [scene.level for scene in surface.scenes] == ["L2SP", "L2A"]
    assert surface.rejected[0][1].endswith("(reflectance at the top of the atmosphere)")
    assert not one_level(SearchReport(scenes=(landsat(),)), "surface").rejected


def test_rows_of_different_correction_are_one_overpass() -> None:
    rows = [landsat(), landsat("T2", "L1GT", tile="092085", time=SEEN + timedelta(seconds=24))]
    (date,) = overpasses(rows)
    assert len(date.scenes) == 2

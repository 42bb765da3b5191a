"""The level of what is taken, and what the user is told of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from shapely import box

from automap_tiles.errors import InputError
from automap_tiles.missions import QualityFile, Scene
from automap_tiles.notes import Fate, Subject
from automap_tiles.scenes import catalogue, find
from automap_tiles.scenes.report import SearchReport
from automap_tiles.storage import Address
from automap_tiles.workflows.automap import parameters as rules
from automap_tiles.workflows.automap.discover import discover

AREA = box(10, 50, 11, 51)


def scene(sensor: str, level: str | None) -> Scene:
    layer = "scl" if sensor.startswith("sentinel") else "qa_pixel"
    return Scene(
        id=f"{sensor}_{level}",
        sensor=sensor,
        level=level,
        time=datetime(2020, 6, 1, tzinfo=UTC),
        bands={},
        quality=(QualityFile(layer=layer, href="mask.tif"),),
        footprint=AREA,
    )


@pytest.fixture
def run(tmp_path: Path) -> rules.RunParameters:
    return rules.RunParameters(
        mode=rules.Mode.DOWNLOAD,
        satellites=frozenset({"sentinel-2", "landsat-8"}),
        period=rules.parse_dates("2020-01-01", "2020-12-31"),
        area=AREA,
        source=str(tmp_path),
        output=Address.of(tmp_path / "out"),
    )


def ids(found: Any) -> dict[str, list[str]]:
    return {key: [each.id for each in scenes] for key, scenes in found.scenes.items()}


def test_levels_are_not_mixed(run: rules.RunParameters, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = [scene("landsat-8", "L1TP"), scene("landsat-8", "L2SP"), scene("sentinel-2a", "L2A")]
    monkeypatch.setattr(find, "products", lambda *_, **__: SearchReport(scenes=tuple(listed)))
    found = discover(run)
    assert ids(found) == {"landsat-8": ["landsat-8_L1TP"], "sentinel-2": ["sentinel-2a_L2A"]}
    (note,) = found.notes
    assert note.examples == ("sentinel-2",)
    assert note.reason.startswith("only surface reflectance")
    assert [name for name, _ in found.rejected] == ["landsat-8_L2SP"]


def test_a_known_catalogue_is_asked_for_the_top_of_the_atmosphere_first(
    run: rules.RunParameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Earth Search has no Landsat of level 1, and both levels of Sentinel-2."""
    asked: list[tuple[str, str]] = []

    def search(_: str, selection: Any, options: Any) -> SearchReport:
        (satellite,) = selection.satellites
        asked.append((satellite, options.level))
        level = {"toa": "L1C", "surface": "L2A"}[options.level]
        sensor = "sentinel-2b" if satellite == "sentinel-2" else satellite
        return SearchReport(scenes=(scene(sensor, level),))

    monkeypatch.setattr(catalogue, "search", search)
    found = discover(replace(run, source="earth-search"))
    assert asked == [("landsat-8", "surface"), ("sentinel-2", "toa")]
    assert ids(found) == {"sentinel-2": ["sentinel-2b_L1C"], "landsat-8": ["landsat-8_L2A"]}
    assert [note.examples for note in found.notes] == [("landsat-8",)]


def test_the_surface_where_the_top_has_nothing(
    run: rules.RunParameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    def search(_: str, __: Any, options: Any) -> SearchReport:
        there = options.level == "surface"
        return SearchReport(scenes=(scene("sentinel-2a", "L2A"),) if there else ())

    monkeypatch.setattr(catalogue, "search", search)
    found = discover(replace(run, source="earth-search", satellites=frozenset({"sentinel-2"})))
    assert ids(found) == {"sentinel-2": ["sentinel-2a_L2A"]}
    assert "only surface reflectance" in found.notes[0].reason


def test_a_satellite_that_saw_nothing_is_named(
    run: rules.RunParameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed = (scene("landsat-8", "L1TP"),)
    monkeypatch.setattr(find, "products", lambda *_, **__: SearchReport(scenes=listed))
    (note,) = discover(run).notes
    assert (note.subject, note.examples) == (Subject.SATELLITES, ("sentinel-2",))
    assert note.reason == "no scene of them is used"
    with pytest.raises(InputError, match=r"1 of landsat-8, which is not asked"):
        discover(replace(run, satellites=frozenset({"sentinel-2"})))


def test_masks_that_are_not_there_are_told_or_refused(
    run: rules.RunParameters, monkeypatch: pytest.MonkeyPatch
) -> None:
    masked, bare = scene("landsat-8", "L1TP"), scene("landsat-8", "L1GT")
    listed = (masked, replace(bare, quality=()))
    monkeypatch.setattr(find, "products", lambda *_, **__: SearchReport(scenes=listed))
    landsat = replace(run, satellites=frozenset({"landsat-8"}))
    (note,) = discover(landsat).notes
    assert (note.fate, note.subject, note.examples) == (Fate.IGNORED, Subject.MASKS, (bare.id,))
    assert "cloud, cirrus, shadow" in note.reason
    (note,) = discover(replace(landsat, mask=("snow",))).notes
    assert "tells of snow" in note.reason
    with pytest.raises(InputError, match=f"1 scenes lack it.*{bare.id}"):
        discover(replace(landsat, require_mask=True))
    assert discover(replace(landsat, require_mask=True, mask=())).scenes

from __future__ import annotations

from datetime import UTC, datetime

from automap_tiles.missions import Scene
from automap_tiles.scenes.assumptions import notes_of


def scene(name: str, cover: float | None = 5.0, *estimated: str) -> Scene:
    return Scene(
        id=name,
        sensor="landsat-8",
        level="L1TP",
        time=datetime(2020, 6, 1, 10, tzinfo=UTC),
        bands={},
        cloud_cover=cover,
        metadata={"estimated": list(estimated)} if estimated else {},
    )


def test_each_estimated_property_is_named_with_its_scenes() -> None:
    scenes = [scene("a", 5.0, "time"), scene("b", 5.0, "time", "sun_elevation"), scene("c")]
    found = {note.reason.split(":")[0]: note for note in notes_of(scenes)}
    assert {reason: note.examples for reason, note in found.items()} == {
        "the product does not state the sun's elevation": ("b",),
        "the product does not state the time of day": ("a", "b"),
    }


def test_unknown_cloud_cover_counts_only_beside_a_limit() -> None:
    scenes = [scene("a", None), scene("b", 90.0), scene("c", None)]
    assert list(notes_of(scenes)) == []
    (note,) = notes_of(scenes, 0)
    assert (note.count, note.examples) == (2, ("a", "c"))
    assert "at most 0 %" in note.reason


def test_an_estimate_that_is_not_known_by_name() -> None:
    (note,) = notes_of([scene("a", 5.0, "view_zenith")])
    assert "view_zenith" in note.reason


def test_a_contradiction_is_not_mended_by_metadata_files() -> None:
    """The item states a satellite, though another one than the name of its product."""
    stated, unstated = notes_of([scene("a", 5.0, "platform", "time")])
    assert (stated.remedy, "name of the product" in stated.reason) == (None, True)
    assert "MTL" in str(unstated.remedy)

"""What the events of a child become."""

from __future__ import annotations

from automap_tiles.jobs import Level, Phase
from automap_tiles.jobs._progress import Progress


def heard(*events: dict[str, object], workflow: str = "composite") -> Progress:
    progress = Progress(workflow)
    for event in events:
        progress.hear(event)
    return progress


def test_scenes_are_counted_and_told() -> None:
    progress = heard(
        {"event": "phase_started", "phase": "search", "total": None},
        {"event": "set_aside", "scene": "c", "reason": "too cloudy"},
        {"event": "phase_started", "phase": "scenes", "total": 4},
        {"event": "done", "scene": "a", "satellite": "landsat-8", "status": "written"},
        {"event": "failed", "scene": "b", "satellite": "landsat-8", "status": "failed",
         "error": "no bands"},
    )  # fmt: skip
    news = progress.news()
    assert (news.phase, news.message) == (Phase.PREPARING, "preparing: 2 of 4 scenes")
    assert {each.scene: (each.status, each.reason) for each in news.scenes} == {
        "a": ("written", None),
        "b": ("failed", "no bands"),
        "c": ("set aside", "too cloudy"),
    }
    assert (Level.ERROR, "b: failed: no bands") in news.lines
    assert progress.failures == ["b: failed: no bands"]
    assert progress.news().lines == ()  # each is told once


def test_progress_only_grows_and_ends_below_a_hundred() -> None:
    for workflow, phases in {
        "download": ("search", "scenes"),
        "composite": ("search", "scenes", "composite"),
        "classification": ("search", "scenes", "composite", "training", "map"),
    }.items():
        progress = Progress(workflow)
        seen = [progress.news().progress or 0]
        for phase in phases:
            progress.hear({"event": "phase_started", "phase": phase, "total": 3})
            for _ in range(3):
                progress.hear({"event": "done", "tile": [1, 2, 3], "status": "written"})
                seen.append(progress.news().progress or 0)
        progress.pack("packed")
        seen.append(progress.news().progress or 0)
        assert seen == sorted(seen)
        assert seen[-1] <= 99


def test_more_items_than_announced_do_no_harm() -> None:
    progress = heard(
        {"event": "phase_started", "phase": "composite", "total": 1},
        {"event": "skipped", "count": 5},
    )
    assert 0 <= (progress.news().progress or 0) <= 99


def test_notes_become_warnings_and_what_it_prints_its_last_words() -> None:
    note = {"event": "note", "fate": "guessed", "subject": "masks", "count": 2, "reason": "none",
            "examples": ["a"], "remedy": "look"}  # fmt: skip
    progress = heard(
        note, {"event": "said", "message": "ValueError: x"}, {"event": "said", "message": ""}
    )
    assert progress.news().lines[0] == (Level.WARNING, "guessed: 2 masks (a): none; look")
    assert progress.last_said == "ValueError: x"

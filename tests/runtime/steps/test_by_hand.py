"""Steps give what the same processes give that are run one after the other through stored tiles."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automap_tiles.engine.pools import Concurrency
from automap_tiles.engine.run import RunOptions
from tests.runtime.steps.samples import Sample, Step, make_sample, run, tiles

DIAMOND = {
    "smooth": Step(("image",), size=5, dtype="uint8", nodata=0),
    "full": Step(("smooth",), kind="fill", size=7, dtype="int16", nodata=-9, bands=2),
    "coarse": Step(("smooth",), size=9, factor=3, dtype="float32", nodata=float("nan")),
    "sum": Step(("full", "coarse"), kind="add", factor=2, dtype="int32", nodata=-1, bands=3),
}


def by_hand(sample: Sample) -> dict[str, bytes]:
    for name in sample.steps:
        run(sample.by_hand(name))
    *_, last = sample.steps
    return tiles(sample.folder / f"hand_{last}")


@pytest.mark.parametrize("stored", [(), ("smooth",), ("full", "coarse"), ("smooth", "coarse")])
def test_a_diamond_is_as_by_hand(tmp_path: Path, stored: tuple[str, ...]) -> None:
    steps = {name: replace(step, is_stored=name in stored) for name, step in DIAMOND.items()}
    sample = make_sample(tmp_path, steps)
    expected = by_hand(sample)
    run(sample.values())
    assert len(expected) > 8
    found = tiles(tmp_path / "out")
    assert found.keys() == expected.keys()
    assert [name for name in expected if found[name] != expected[name]] == []
    for name in stored:
        here = tiles(tmp_path / f"out_{name}")
        by = tiles(tmp_path / f"hand_{name}")
        assert here
        assert here.items() <= by.items()


CUTS = [
    (2, RunOptions(concurrency=Concurrency.NONE)),
    (8, RunOptions(concurrency=Concurrency.NONE)),
    (4, RunOptions(concurrency=Concurrency.THREADS, workers=2)),
    (1, RunOptions(concurrency=Concurrency.PROCESSES, workers=2)),
    (4, RunOptions(concurrency=Concurrency.LOKY, workers=2)),
    (2, RunOptions(concurrency=Concurrency.DASK, workers=2)),
]


def test_no_cut_and_no_executor_changes_a_byte(tmp_path: Path) -> None:
    """Also where a step is stored, whose tiles end elsewhere than those of what reads it."""
    steps = {**DIAMOND, "coarse": Step(("smooth",), size=9, factor=3, is_stored=True)}
    sample = make_sample(tmp_path, steps)
    run(sample.values())
    expected, stored = tiles(tmp_path / "out"), tiles(tmp_path / "out_coarse")
    for metatiling, options in CUTS:
        out = f"m{metatiling}{options.concurrency.value}"
        run(sample.values(metatiling, out), options)
        found = tiles(tmp_path / out)
        # a larger tile reaches further beyond the bounds
        assert expected.items() <= found.items(), out
        assert stored.items() <= tiles(tmp_path / f"{out}_coarse").items(), out


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, Step]:
    """Two to five steps, each of which reads one or two before it; the last reads what is left."""
    steps: dict[str, Step] = {}
    count = draw(st.integers(2, 5))
    for number in range(count):
        known = ["image", *steps]
        unread = [name for name in steps if not any(name in s.reads for s in steps.values())]
        if number == count - 1 and len(unread) > 2:
            break
        first = draw(st.sampled_from(known))
        reads = (first, draw(st.sampled_from(known)))
        if number >= count - 2 and unread:
            reads = (unread[0], unread[-1])
        kind = draw(st.sampled_from(["box", "fill", "add"]))
        if len(set(reads)) == 2 and number >= count - 2:
            kind = "add"
        dtype, nodata = draw(
            st.sampled_from([("uint8", 0), ("int16", -9), ("int32", -1), ("float32", float("nan"))])
        )
        steps[f"s{number}"] = Step(
            reads if kind == "add" else reads[:1],
            kind=kind,
            size=draw(st.sampled_from([1, 3, 5, 9])),
            factor=draw(st.integers(1, 3)),
            bands=draw(st.integers(1, 2)),
            dtype=dtype,
            nodata=nodata,
            is_stored=draw(st.booleans()),
        )
    return steps


def _with_one_end(steps: dict[str, Step]) -> dict[str, Step]:
    """Only the last step and what it needs."""
    *_, last = steps
    needed = {last}
    for name in reversed(steps):
        if name in needed:
            needed.update(steps[name].reads)
    return {name: step for name, step in steps.items() if name in needed}


SMALL = (1822500, 6077640, 1822530, 6077670)


@settings(max_examples=8)
@given(steps=graphs(), metatiling=st.sampled_from([1, 2, 4, 8]))
def test_any_graph_is_as_by_hand(steps: dict[str, Step], metatiling: int) -> None:
    folder = Path(tempfile.mkdtemp())
    try:
        sample = make_sample(folder, _with_one_end(steps), SMALL)
        expected = by_hand(sample)
        run(sample.values(metatiling))
        found = tiles(folder / "out")
        assert expected
        assert {name: found.get(name) for name in expected} == expected
    finally:
        shutil.rmtree(folder)

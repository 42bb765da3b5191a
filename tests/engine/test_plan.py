"""Order, completeness and laziness of the plan."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import cast

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry

from automap_tiles.engine._batching import Batcher
from automap_tiles.engine._plan import NothingKnown, Plan, StepKind, TileStep
from automap_tiles.grid import Pyramid, TileIndex, cover
from automap_tiles.runtime import Process
from automap_tiles.runtime.zooms import BaseLevels


@dataclass
class Planned:
    """What the planner asks of a process."""

    pyramid: Pyramid
    zooms: tuple[int, ...]
    area: BaseGeometry
    baselevels: BaseLevels | None = None

    def area_at(self, zoom: int) -> BaseGeometry:
        return self.area


@dataclass
class Done:
    """A set of tiles that are done."""

    tiles: set[TileIndex] = field(default_factory=set)

    def pending(self, tiles: list[TileIndex]) -> list[bool]:
        return [index not in self.tiles for index in tiles]

    def outdated(
        self, tile: TileIndex, made_from: Sequence[TileIndex], *, strays: bool = True
    ) -> bool:
        return False


def plan(planned: Planned, done: set[TileIndex] | None = None, buffer: int = 0) -> Plan:
    known = NothingKnown() if done is None else Done(done)
    return Plan(cast(Process, planned), known, buffer)


def three_zooms() -> Planned:
    return Planned(
        Pyramid.from_grid("geodetic"),
        (4, 5, 6),
        shapely.box(0, 0, 45, 45),
        BaseLevels(min=6, max=6),
    )


AREAS = st.tuples(
    st.floats(-179, 170), st.floats(-85, 80), st.floats(0.1, 9), st.floats(0.1, 5)
).map(lambda v: shapely.Point(v[0], v[1]).buffer(v[2]))


@settings(max_examples=40, deadline=None)
@given(
    area=AREAS,
    metatiling=st.sampled_from([1, 2, 8]),
    base=st.integers(3, 6),
    lower=st.integers(0, 3),
    higher=st.integers(0, 2),
)
def test_every_tile_once_and_needs_come_first(
    area: BaseGeometry, metatiling: int, base: int, lower: int, higher: int
) -> None:
    pyramid = Pyramid.from_grid("geodetic", metatiling=metatiling)
    zooms = tuple(range(base - lower, base + higher + 1))
    planned = Planned(pyramid, zooms, area, BaseLevels(min=base, max=base))
    seen: set[TileIndex] = set()
    for step in plan(planned).steps():
        assert step.index not in seen
        assert set(step.needs) <= seen
        if step.kind is StepKind.LOWER:
            assert all(n.zoom == step.index.zoom + 1 for n in step.needs)
            children = set(cover.tiles(pyramid, area, step.index.zoom + 1, within=step.index))
            assert set(step.needs) == children
        if step.kind is StepKind.HIGHER:
            row, col = step.index.row // 2, step.index.col // 2
            assert step.needs == (TileIndex(step.index.zoom - 1, row, col),)
        seen.add(step.index)
    assert seen == {t for zoom in zooms for t in cover.tiles(pyramid, area, zoom)}
    assert len(seen) == plan(planned).total()


@settings(max_examples=40, deadline=None)
@given(
    area=AREAS,
    metatiling=st.sampled_from([1, 2, 8]),
    base=st.integers(3, 6),
    lower=st.integers(0, 3),
    higher=st.integers(0, 2),
    buffer=st.sampled_from([1, 40, 300]),
    left_out=st.integers(0, 10_000),
)
def test_with_a_buffer_the_neighbours_come_first_as_well(
    area: BaseGeometry,
    metatiling: int,
    base: int,
    lower: int,
    higher: int,
    buffer: int,
    left_out: int,
) -> None:
    """A tile waits for all that it is made from, and is made where one of those is."""
    pyramid = Pyramid.from_grid("geodetic", metatiling=metatiling)
    zooms = tuple(range(base - lower, base + higher + 1))
    planned = Planned(pyramid, zooms, area, BaseLevels(min=base, max=base))
    wide = pyramid.replace(pixelbuffer=buffer)
    every = [step.index for step in plan(planned).steps()]
    missing = every[left_out % len(every)]
    for done in (None, set(every) - {missing}):
        made: set[TileIndex] = set()
        for step in plan(planned, done, buffer).steps():
            assert step.index not in made
            if step.kind is StepKind.PROCESS:
                assert step.needs == ()
            else:
                box = wide.tile(*step.index).bbox
                other = step.index.zoom + (1 if step.kind is StepKind.LOWER else -1)
                touched = {i for i in made if i.zoom == other}
                touched = {i for i in touched if overlaps(pyramid.tile(*i).bbox, box)}
                if step.kind is StepKind.LOWER:
                    assert set(step.needs) == touched
                else:
                    assert set(step.needs) <= touched
                    own = TileIndex(other, step.index.row // 2, step.index.col // 2)
                    assert own in step.needs if done is None else True
                assert step.needs or step.index == missing
            made.add(step.index)
        if done is None:
            assert sorted(made) == sorted(every)
        else:
            assert missing in made
            assert plan(planned, set(every), buffer).total() == len(every)


def overlaps(one: BaseGeometry, other: BaseGeometry) -> bool:
    """Whether boxes share area on a globe whose edges meet."""
    moved = (translate(one, turn) for turn in (-360, 0, 360))
    return any(each.intersection(other).area > 1e-12 for each in moved)


def test_done_tiles_with_a_buffer_are_left_out_and_counted() -> None:
    everything = [step.index for step in plan(three_zooms(), None, 5).steps()]
    again = plan(three_zooms(), set(everything), 5)
    assert list(again.steps()) == []
    assert again.skipped == len(everything)


def test_overview_follows_its_last_child() -> None:
    planned = three_zooms()
    steps = list(plan(planned).steps())
    for place, step in enumerate(steps):
        if step.kind is StepKind.LOWER:
            assert step.needs[-1] == steps[place - 1].index


def test_zooms_without_baselevels_are_all_processed_finest_first() -> None:
    planned = Planned(Pyramid.from_grid("geodetic"), (3, 4, 5), shapely.box(0, 0, 45, 45))
    steps = list(plan(planned).steps())
    assert {step.kind for step in steps} == {StepKind.PROCESS}
    assert [s.index.zoom for s in steps] == sorted((s.index.zoom for s in steps), reverse=True)


def test_done_tiles_are_left_out_and_counted() -> None:
    planned = Planned(
        Pyramid.from_grid("geodetic"),
        (4, 5, 6),
        shapely.box(0, 0, 45, 45),
        BaseLevels(min=6, max=6),
    )
    everything = [step.index for step in plan(planned).steps()]
    again = plan(planned, set(everything))
    assert list(again.steps()) == []
    assert again.skipped == len(everything)


def test_overviews_above_a_missing_tile_are_made_again() -> None:
    planned = Planned(
        Pyramid.from_grid("geodetic"),
        (4, 5, 6),
        shapely.box(0, 0, 45, 45),
        BaseLevels(min=6, max=6),
    )
    everything = {step.index for step in plan(planned).steps()}
    missing = max(index for index in everything if index.zoom == 6)
    steps = list(plan(planned, everything - {missing}).steps())
    chain = [missing]
    while chain[-1].zoom > 4:
        zoom, row, col = chain[-1]
        chain.append(TileIndex(zoom - 1, row // 2, col // 2))
    assert [step.index for step in steps] == chain
    assert [step.needs for step in steps] == [(), (chain[0],), (chain[1],)]


def test_overview_zoom_alone_is_planned_from_the_area() -> None:
    planned = Planned(
        Pyramid.from_grid("geodetic"), (4,), shapely.box(0, 0, 45, 45), BaseLevels(min=6, max=6)
    )
    steps = list(plan(planned).steps())
    assert [step.kind for step in steps] == [StepKind.LOWER] * 16
    assert all(step.needs == () for step in steps)


@pytest.mark.parametrize("buffer", [0, 4])
def test_a_huge_plan_is_lazy(buffer: int) -> None:
    planned = Planned(
        Pyramid.from_grid("geodetic"),
        tuple(range(19)),
        shapely.Point(13, 47).buffer(30),
        BaseLevels(min=18, max=18),
    )
    tracemalloc.start()
    steps = list(islice(plan(planned, None, buffer).steps(), 20_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(steps) == 20_000
    assert peak < 30e6


@pytest.mark.parametrize("order", ["first", "last"])
def test_batcher_hands_out_each_step_once_when_it_can_start(order: str) -> None:
    planned = Planned(
        Pyramid.from_grid("geodetic"),
        (2, 3, 4, 5, 6, 7),
        shapely.Point(13, 47).buffer(20),
        BaseLevels(min=6, max=6),
    )
    steps = {step.index: step for step in plan(planned).steps()}
    batcher = Batcher(
        iter(steps.values()), tiles=len(steps), workers=2, batch_seconds=0.2, fail_fast=False
    )
    finished: set[TileIndex] = set()
    flying: list[tuple[TileStep, ...]] = []
    while True:
        while len(flying) < 4 and (batch := batcher.next()) is not None:
            flying.append(batch.steps)
        if not flying:
            break
        for step in flying.pop(0 if order == "first" else -1):
            assert set(step.needs) <= finished
            assert step.index not in finished
            finished.add(step.index)
            batcher.finished(step.index, 0.03)
    assert finished == set(steps)

"""No tile starts before those that it is made from are finished."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from automap_tiles.engine._batching import Batch, Batcher
from automap_tiles.engine._plan import StepKind, TileStep
from automap_tiles.grid import TileIndex


def pyramid(zoom: int) -> list[TileStep]:
    """All tiles of a square pyramid from a zoom up, each behind the four it is made from."""

    def below(index: TileIndex) -> list[TileStep]:
        if index.zoom == zoom:
            return [TileStep(index, StepKind.PROCESS)]
        children = [
            TileIndex(index.zoom + 1, 2 * index.row + row, 2 * index.col + col)
            for row in (0, 1)
            for col in (0, 1)
        ]
        steps = [step for child in children for step in below(child)]
        return [*steps, TileStep(index, StepKind.LOWER, tuple(children))]

    return below(TileIndex(0, 0, 0))


def batcher(steps: list[TileStep], *, batch_seconds: float = 10.0, areas: int = 1) -> Batcher:
    return Batcher(
        iter(steps),
        tiles=len(steps) * (100 if areas == 1 else 1),
        workers=1,
        batch_seconds=batch_seconds,
        fail_fast=False,
        areas=areas,
    )


def test_a_tile_waits_for_those_in_flight_and_for_those_of_the_batch() -> None:
    *leaves, parent = pyramid(1)
    batches = batcher([*leaves, parent])
    first = batches.next()
    assert first is not None
    assert first.steps == (leaves[0],)
    assert first.ahead == tuple(leaf.index for leaf in leaves[1:])
    second = batches.next()
    assert second is not None
    assert second.steps == (leaves[1],)
    batches.finished(leaves[1].index, 1.0)  # a tile was timed: batches get larger
    third = batches.next()
    assert third == Batch((leaves[2], leaves[3]))
    batches.finished(leaves[0].index, 1.0)
    assert batches.next() is None
    batches.finished(leaves[2].index, 1.0)
    assert batches.next() is None
    batches.finished(leaves[3].index, 1.0)
    assert batches.next() == Batch((parent,))


@given(
    data=st.data(), seconds=st.sampled_from([0.5, 3.0, 30.0]), areas=st.sampled_from([1, 2, 3, 7])
)
def test_whatever_ends_first(data: st.DataObject, seconds: float, areas: int) -> None:
    steps = pyramid(3)
    batches = batcher(steps, batch_seconds=seconds, areas=areas)
    flying: list[Batch] = []
    done: list[TileIndex] = []
    while True:
        while len(flying) < 4:
            batch = batches.next(data.draw(st.integers(0, areas - 1)))
            if batch is None:
                break
            known = set(done)
            for step in batch.steps:
                assert known.issuperset(step.needs)
                known.add(step.index)
            flying.append(batch)
        if not flying:
            break
        ended = flying.pop(data.draw(st.integers(0, len(flying) - 1)))
        for step in ended.steps:
            done.append(step.index)
            batches.finished(step.index, 1.0, ended.area)
    assert sorted(done) == sorted(step.index for step in steps)

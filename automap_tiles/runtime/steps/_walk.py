"""All steps that a process is made of: those that it reads, and those that these read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from automap_tiles.runtime._inputs import InputTree
from automap_tiles.runtime.zooms import ZoomValues, map_leaves

if TYPE_CHECKING:
    from automap_tiles.formats import Reader
    from automap_tiles.runtime._process import Process
    from automap_tiles.runtime.function import FunctionRef
from automap_tiles.runtime.steps._reader import StepReader, StepTiles, step_readers, steps_below


def stages(process: Process) -> tuple[Process, ...]:
    """The stored steps below a process, each after those that it needs itself."""
    found: dict[str, Process] = {}
    for reader in steps_below(process).values():
        if reader.is_stored:
            found[reader.name] = reader.process
    return tuple(found.values())


def all_steps(process: Process) -> tuple[StepReader, ...]:
    """All steps below a process, each after those that it needs itself."""
    return tuple(steps_below(process).values())


def reading_stored(process: Process, stored: Mapping[str, StepTiles]) -> Process:
    """A process that reads what there is of some stored steps, by their names."""
    return _changed(
        process, lambda reader: replace(reader, stored=stored.get(reader.name, reader.stored)), {}
    )


def with_functions(process: Process, change: Callable[[FunctionRef], FunctionRef]) -> Process:
    """A process with other references to the functions of it and its steps."""

    def changed(reader: StepReader) -> StepReader:
        function = change(reader.process.function)
        return replace(
            reader,
            process=replace(reader.process, function=function),
            wide=replace(reader.wide, function=function),
        )

    return replace(_changed(process, changed, {}), function=change(process.function))


def with_envelopes(process: Process) -> Process:
    """A process whose steps know the boxes of their areas only, which is all a worker needs."""

    def boxed(step: Process) -> Process:
        return replace(step, area=step.area.envelope)

    def small(reader: StepReader) -> StepReader:
        return replace(reader, process=boxed(reader.process), wide=boxed(reader.wide))

    return _changed(process, small, {})


def _changed(
    process: Process, change: Callable[[StepReader], StepReader], known: dict[str, StepReader]
) -> Process:
    """A process with other readers of steps, throughout; one that is read twice stays one."""

    def of_leaf(reader: Reader, _: object) -> Reader:
        if not isinstance(reader, StepReader):
            return reader
        if reader.name not in known:
            known[reader.name] = change(
                replace(
                    reader,
                    process=_changed(reader.process, change, known),
                    wide=_changed(reader.wide, change, known),
                )
            )
        return known[reader.name]

    if not step_readers(process):
        return process
    tree = map_leaves(process.inputs.values.tree, of_leaf)
    return replace(process, inputs=InputTree(ZoomValues(tree)))

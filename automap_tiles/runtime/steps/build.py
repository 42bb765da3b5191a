"""From the steps of a file to the process that is their result."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automap_tiles.formats import OutputKind, is_single_file, registry
from automap_tiles.runtime._arguments import check_arguments
from automap_tiles.runtime._inputs import InputTree
from automap_tiles.runtime._overrides import Overrides, apply_to_step, apply_zooms
from automap_tiles.runtime._overwritten_inputs import check_inputs_not_overwritten
from automap_tiles.runtime._parts import (
    Ingredients,
    called_on,
    file_area,
    open_inputs,
    output_spec,
    parameters_of,
    run_area,
    wide_enough,
)
from automap_tiles.runtime.settings import Sections, read_pyramid, read_sections
from automap_tiles.runtime.steps._graph import Graph
from automap_tiles.runtime.steps._reader import StepReader
from automap_tiles.runtime.steps._wiring import (
    Wired,
    explained,
    names_of,
    order_of,
    report_unused,
    wired,
)
from automap_tiles.runtime.steps.section import KEY, has_steps, read_entries
from automap_tiles.runtime.zooms import ZoomChoice, ZoomValues

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.formats import Writer
    from automap_tiles.grid import Pyramid
    from automap_tiles.runtime._process import Process
    from automap_tiles.runtime.document import Document
    from automap_tiles.runtime.function import FunctionRef

_PLACELESS = ".steps"
"""Folder that steps without a place name as theirs; nothing is ever written there."""


@dataclass(frozen=True, kw_only=True)
class _Whole:
    """What all steps of a file have in common."""

    document: Document
    sections: Sections
    """Of the result."""
    zooms: tuple[int, ...]
    """Of the run."""
    area: BaseGeometry
    """Of the run."""
    inputs: InputTree


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A step before it is put together with others."""

    document: Document
    sections: Sections
    """Of the step: base zooms only, no overviews."""
    function: FunctionRef
    parameters: ZoomValues
    pyramid: Pyramid
    """With what it looks at around a tile."""
    inputs: InputTree
    is_stored: bool

    def on(self, whole: _Whole, writer: Writer, pyramid: Pyramid, name: str) -> Process:
        """The process, on tiles of a pyramid."""
        return Ingredients(
            name=name,
            sections=self.sections,
            function=self.function,
            parameters=self.parameters,
            inputs=self.inputs,
            writer=writer,
            pyramid=pyramid,
            zooms=tuple(zoom for zoom in whole.zooms if zoom in self.sections.zooms),
            area=whole.area,
        ).process(self.document, step=name)


def build_steps(document: Document, overrides: Overrides) -> Process:
    """The result of the steps of a file, or one of them by its name.

    Raises `ConfigError` for a circle, a step that nobody reads, an unknown or missing name, and
    whatever is wrong with one of the steps.
    """
    if not has_steps(document):
        raise document.error("this file has no steps", found=overrides.step)
    sections = read_sections(document)
    entries = read_entries(document)
    if overrides.step is not None and overrides.step not in entries:
        known = ", ".join(entries)
        raise document.error(
            "there is no such step", KEY, found=overrides.step, remedy=f"one of {known}"
        )
    zooms = apply_zooms(overrides, sections.zooms, document)
    outline = file_area(document, sections.pyramid)
    inputs = open_inputs(document, sections.pyramid, outline)
    steps = {name: wired(entry, [*names_of(inputs), *entries]) for name, entry in entries.items()}
    graph = Graph(
        reads={
            name: frozenset(source for source in step.sources.values() if source in steps)
            for name, step in steps.items()
        }
    )
    order, result = order_of(document, graph)
    report_unused(document, inputs, steps)
    target = overrides.step or result
    whole = _Whole(
        document=document,
        sections=sections,
        zooms=zooms,
        area=run_area(outline, overrides, sections.pyramid, zooms),
        inputs=inputs,
    )
    changed = apply_to_step(overrides, entries[target].document)
    steps[target] = replace(steps[target], entry=replace(entries[target], document=changed))
    return _together(whole, steps, graph, order, target)


def _together(
    whole: _Whole,
    steps: Mapping[str, Wired],
    graph: Graph,
    order: tuple[str, ...],
    target: str,
) -> Process:
    """The step that is wanted, with the readers of those before it."""
    ends = graph.ends()
    parts = {name: _part(whole, step, is_result=name in ends) for name, step in steps.items()}
    margins = graph.margins({name: part.pyramid.pixelbuffer for name, part in parts.items()})
    readers: dict[str, StepReader] = {}
    places: dict[str, str] = {}
    for name in order:
        part = replace(parts[name], inputs=_inputs(whole, steps[name].sources, readers))
        with explained(part.document):
            if name in ends:
                process = _result(whole, part, name)
            else:
                margin, users = margins[name], graph.users(name)
                reader = _reader(whole, part, name, margin, users)
                process = reader.process
                readers[name] = reader
            if part.is_stored:
                _check_place(part.document, process, places, name)
        if name == target:
            return process
    raise AssertionError("the order holds all steps")


def _part(whole: _Whole, step: Wired, *, is_result: bool) -> _Part:
    document = step.entry.document
    with explained(document):
        parameters = parameters_of(document)
        pyramid = read_pyramid(document)
        if is_result:
            sections = replace(whole.sections, pyramid=pyramid)
            document = _with_output(document, whole.document)
            is_stored = True
        else:
            output, is_stored = _output(document, step.entry.name)
            zooms = whole.sections.base_zooms
            sections = Sections(pyramid=pyramid, zooms=zooms, baselevels=None, output=output)
        called = called_on(step.function, sections, whole.zooms)
        return _Part(
            document=document,
            sections=sections,
            function=step.function,
            parameters=parameters,
            pyramid=wide_enough(document, sections, step.function, parameters, called),
            inputs=whole.inputs,
            is_stored=is_stored,
        )


def _with_output(document: Document, whole: Document) -> Document:
    """The document of the result, whose output is that of the file."""
    if "output" in document.values:
        raise document.error(
            "this step is the result: its output is that of the file",
            "output",
            remedy="move it to the top, in place of what stands there",
        )
    return replace(document, values={**document.values, "output": whole.values["output"]})


def _output(document: Document, name: str) -> tuple[dict[str, Any], bool]:
    """What a step hands on, and whether that is stored as well."""
    value = document.values.get("output")
    if not isinstance(value, Mapping):
        raise document.error(
            "says what the step hands on to the others",
            "output",
            found=value,
            remedy="output: {bands: 1, dtype: uint8, nodata: 0}; with a path it is stored as well",
        )
    path = value.get("path")
    if isinstance(path, str | Path) and is_single_file(str(path)):
        raise document.error(
            "what other steps read is stored in a folder of tiles",
            "output",
            "path",
            found=str(path),
            remedy="a path without an ending",
        )
    placed = {} if path is not None else {"path": str(Path(_PLACELESS, name))}
    return {"format": "GTiff", **value, **placed}, path is not None


def _inputs(
    whole: _Whole, sources: Mapping[str, str], readers: Mapping[str, StepReader]
) -> InputTree:
    """What a step gets, by the names of its arguments."""
    tree = {
        argument: readers[source] if source in readers else _pick(whole.inputs.values.tree, source)
        for argument, source in sources.items()
    }
    return InputTree(ZoomValues(tree))


def _pick(tree: Any, name: str) -> Any:
    """An input, which there may be at some zooms only."""
    if isinstance(tree, ZoomChoice):
        return ZoomChoice(tuple((zooms, _pick(value, name)) for zooms, value in tree.options))
    return tree.get(name) if isinstance(tree, dict) else None


def _result(whole: _Whole, part: _Part, name: str) -> Process:
    spec = output_spec(
        whole.document, whole.sections, file_area(whole.document, whole.sections.pyramid)
    )
    writer = registry.open_output(spec, part.pyramid)
    process = part.on(whole, writer, part.pyramid, name)
    check_arguments(process, part.document, whole.document)
    file = whole.document.file
    return replace(process, name=name if file is None else file.stem, file_inputs=whole.inputs)


def _reader(
    whole: _Whole, part: _Part, name: str, margin: int, users: frozenset[str]
) -> StepReader:
    """A step as others read it."""
    area = file_area(whole.document, whole.sections.pyramid)

    def writer(sections: Sections, pyramid: Pyramid) -> Writer:
        return registry.open_output(output_spec(part.document, sections, area), pyramid)

    process = part.on(whole, writer(part.sections, part.pyramid), part.pyramid, name)
    _check_kept(part, process.writer)
    check_arguments(process, part.document)
    pyramid = part.pyramid.replace(pixelbuffer=part.pyramid.pixelbuffer + margin)
    wide = process
    if process.writer.kind is OutputKind.RASTER:
        # all of the wider tile is of interest, so it is all output
        output = {**part.sections.output, "pixelbuffer": margin}
        whole_tile = writer(replace(part.sections, output=output), pyramid)
        wide = replace(process, writer=whole_tile, pyramid=pyramid)
    return StepReader(
        name=name,
        process=process,
        wide=wide,
        margin=margin,
        users=users,
        is_stored=part.is_stored,
    )


def _check_kept(part: _Part, writer: Writer) -> None:
    """Raise `ConfigError` where others would not read what the step has made."""
    if writer.kind is OutputKind.VECTOR and not part.is_stored:
        raise part.document.error(
            "features that other steps read are stored", "output", remedy="add a path"
        )
    if writer.kind is OutputKind.RASTER and not writer.lossless:
        raise part.document.error(
            "other steps read this, and it would not be kept as it is",
            "output",
            found=part.sections.output["format"],
            remedy="a nodata value, and a format and compression without loss",
        )


def _check_place(document: Document, process: Process, places: dict[str, str], name: str) -> None:
    """Raise `ConfigError` where a step would be written over an input or another step."""
    check_inputs_not_overwritten(document, process.inputs, process.writer)
    path = process.writer.path
    if path in places:
        raise document.error(
            f"the step {places[path]} is stored there as well", "output", "path", found=path
        )
    places[path] = name

"""Open a process file and check every name, type, path and format in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from automap_tiles.errors import ConfigError, InputError
from automap_tiles.formats import OutputSpec, registry
from automap_tiles.runtime._arguments import UnusedInputWarning, check_arguments
from automap_tiles.runtime._builtin import find_function
from automap_tiles.runtime._overrides import Overrides, apply_to_file, apply_zooms
from automap_tiles.runtime._overwritten_inputs import check_inputs_not_overwritten
from automap_tiles.runtime._parts import (
    Ingredients,
    called_on,
    file_area,
    open_inputs,
    output_spec,
    parameters_of,
    resolve_process,
    run_area,
    wide_enough,
)
from automap_tiles.runtime._process import Process
from automap_tiles.runtime.document import Document, read_document
from automap_tiles.runtime.legacy import modernise
from automap_tiles.runtime.settings import read_sections
from automap_tiles.runtime.steps.section import has_steps, read_entries

__all__ = ["UnusedInputWarning", "open_process", "resolve_process", "stored_steps"]


def open_process(  # noqa: PLR0913 - the options of `automap execute`
    source: str | Path | Mapping[str, Any],
    *,
    zooms: int | tuple[int, ...] | list[int] | Mapping[str, int] | None = None,
    bounds: Any = None,
    bounds_crs: Any = None,
    area: Any = None,
    area_crs: Any = None,
    point: tuple[float, float] | None = None,
    point_crs: Any = None,
    tile: tuple[int, int, int] | None = None,
    output: str | Path | Mapping[str, Any] | None = None,
    inputs: str | Path | Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    step: str | None = None,
) -> Process:
    """Read a process file, or take a dict of the same keys, and check all of it.

    A dict may say with `config_dir` where its relative paths start; without, that is the working
    directory. The other arguments restrict or replace what stands in the file, see `Overrides`.
    `step` asks for one of several steps by its name in place of the result.

    Raises `ConfigError` naming file, line and key, `ProcessError` when the function cannot be
    loaded.
    """
    overrides = Overrides(
        zooms=tuple(zooms) if isinstance(zooms, list) else zooms,
        bounds=bounds,
        bounds_crs=bounds_crs,
        area=area,
        area_crs=area_crs,
        point=point,
        point_crs=point_crs,
        tile=tile,
        output=output,
        inputs=inputs,
        parameters=parameters,
        step=step,
    )
    document = apply_to_file(overrides, modernise(read_document(source)))
    try:
        if step is None and not has_steps(document):
            process = _assemble(document, overrides)
            check_arguments(process, document)
        else:
            from automap_tiles.runtime.steps.build import build_steps

            process = build_steps(document, overrides)
        _check_area(process, document)
    except ConfigError as error:
        located = document.located(error)
        if located is error:
            raise
        raise located from error
    return process


def stored_steps(path: Path) -> dict[str, str]:
    """Steps of a process file that are stored, apart from its result -> where; nothing is opened.

    Raises `ConfigError` for a file that is wrong.
    """
    document = modernise(read_document(path))
    entries = read_entries(document) if has_steps(document) else {}
    outputs = {name: entry.document.values.get("output") for name, entry in entries.items()}
    return {
        name: OutputSpec.from_mapping({"format": "GTiff", **said}, base=document.folder).path
        for name, said in outputs.items()
        if isinstance(said, Mapping) and said.get("path") is not None
    }


def _assemble(document: Document, overrides: Overrides) -> Process:
    sections = read_sections(document)
    function = find_function(document)
    zooms = apply_zooms(overrides, sections.zooms, document)
    whole = file_area(document, sections.pyramid)
    parameters = parameters_of(document)
    called = called_on(function, sections, zooms)
    pyramid = wide_enough(document, sections, function, parameters, called)
    writer = registry.open_output(output_spec(document, sections, whole), pyramid)
    area = run_area(whole, overrides, pyramid, zooms)
    inputs = open_inputs(document, pyramid, whole)
    check_inputs_not_overwritten(document, inputs, writer)
    name = document.file.stem if document.file else function.name.rpartition(".")[2]
    return Ingredients(
        name=name,
        sections=sections,
        function=function,
        parameters=parameters,
        inputs=inputs,
        writer=writer,
        pyramid=pyramid,
        zooms=zooms,
        area=area,
    ).process(document)


def _check_area(process: Process, document: Document) -> None:
    """Something must be left to do; this opens the inputs for the first time."""
    if process.area.is_empty:
        raise document.error("the area of the run lies outside of the area of the process")
    zooms = process.base_zooms or process.zooms
    for zoom in zooms:
        _check_footprints(process, document, zoom)
    if all(process.area_at(zoom).is_empty for zoom in zooms):
        raise document.error(
            "no input has data in the area of the process",
            "input",
            remedy="check area, bounds and their CRS against the extent of the inputs",
        )


def _check_footprints(process: Process, document: Document, zoom: int) -> None:
    for name, reader in process.inputs.readers(zoom):
        try:
            reader.footprint(process.pyramid.crs)
        except InputError as error:
            raise document.error(
                error.message, "input", *name.split("/"), found=str(error.path or reader.path)
            ) from error

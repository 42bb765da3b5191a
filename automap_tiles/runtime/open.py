"""From a process file to a process: every name, type, path and format is checked here."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import ConfigError, InputError, ProcessError
from automap_tiles.formats import InputSpec, OutputSpec, registry
from automap_tiles.runtime import hooks, styles
from automap_tiles.runtime._binding import check, unused_inputs
from automap_tiles.runtime._builtin import find_function
from automap_tiles.runtime._inputs import InputTree
from automap_tiles.runtime._loops import check_no_loop
from automap_tiles.runtime._overrides import Overrides, apply_to_file, apply_zooms, run_areas
from automap_tiles.runtime._process import Process
from automap_tiles.runtime._written import written
from automap_tiles.runtime.area import bounds_area, common, geometry_area
from automap_tiles.runtime.document import Document, read_document
from automap_tiles.runtime.hooks import (
    arguments_of,
    files_of,
    needed_buffer,
    signature_of,
    texts_of,
)
from automap_tiles.runtime.legacy import modernise
from automap_tiles.runtime.settings import SECTIONS, Sections, read_sections, section
from automap_tiles.runtime.signature import Role, Signature
from automap_tiles.runtime.zooms import Keys, ZoomChoice, ZoomValues, map_leaves, zoom_tree

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.formats import Reader
    from automap_tiles.formats.context import ResolvedProcess
    from automap_tiles.grid import Pyramid
    from automap_tiles.runtime.function import FunctionRef


# What mapchete's files say in place of a path that is given with --input-file.
_FROM_COMMAND_LINE = "from_command_line"


class UnusedInputWarning(UserWarning):
    """A process file has an input that the function does not take."""


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
) -> Process:
    """Read a process file, or take a dict of the same keys, and check all of it.

    A dict may say with `config_dir` where its relative paths start; without, that is the working
    directory. The other arguments restrict or replace what stands in the file, see `Overrides`.

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
    )
    document = apply_to_file(overrides, modernise(read_document(source)))
    try:
        process = _assemble(document, overrides)
        _check_arguments(process, document)
        _check_area(process, document)
    except ConfigError as error:
        located = document.located(error)
        if located is error:
            raise
        raise located from error
    return process


def resolve_process(path: Path) -> ResolvedProcess:
    """The output of another process file, as an input of this one."""
    from automap_tiles.formats.context import ResolvedProcess

    other = modernise(read_document(path))
    sections = read_sections(other)
    area = _file_area(other, sections.pyramid)
    writer = registry.open_output(_output_spec(other, sections, area), sections.pyramid)
    return ResolvedProcess(writer=writer, zooms=sections.zooms, area=area, pyramid=sections.pyramid)


def _assemble(document: Document, overrides: Overrides) -> Process:
    sections = read_sections(document)
    function = find_function(document)
    zooms = apply_zooms(overrides, sections.zooms, document)
    area = _file_area(document, sections.pyramid)
    file_area = area if {"area", "bounds"} & document.values.keys() else None
    parameters = _parameters(document)
    called_on = _called_on(function, sections, zooms)
    pyramid = _wide_enough(document, sections, function, parameters, called_on)
    writer = registry.open_output(_output_spec(document, sections, area), pyramid)
    for limit in run_areas(overrides, pyramid, zooms):
        area = common(area, limit)
    inputs = _inputs(document, pyramid, file_area)
    check_no_loop(document, inputs, writer)
    return Process(
        name=document.file.stem if document.file else function.name.rpartition(".")[2],
        config_path=document.file,
        function=function,
        inputs=inputs,
        parameters=parameters,
        writer=writer,
        pyramid=pyramid,
        output_pyramid=writer.pyramid,
        zooms=zooms,
        baselevels=sections.baselevels,
        area=area,
        folder=document.folder,
        styles=styles.read_styles(sections.output, document),
        files=files_of(function, parameters, called_on, document.folder),
        texts=texts_of(function, parameters, called_on),
    )


def _called_on(
    function: FunctionRef, sections: Sections, zooms: tuple[int, ...]
) -> tuple[int, ...]:
    """Zooms that the function is called on in the file, not only in this run.

    None for a run of overviews alone whose function cannot be loaded: it needs none.
    """
    try:
        function.load()
    except ProcessError:
        if set(zooms) & set(sections.base_zooms):
            raise
        return ()
    return sections.base_zooms


def _wide_enough(
    document: Document,
    sections: Sections,
    function: FunctionRef,
    parameters: ZoomValues,
    zooms: tuple[int, ...],
) -> Pyramid:
    """The pyramid of the file, with the buffer that the function asks for if that is wider.

    It asks for it around all that is stored: around the buffer of the output where that has one.
    """
    try:
        needed = needed_buffer(function, parameters, zooms, document.folder)
    except ConfigError as error:
        raise _at_top(error, document) from error
    stored = sections.output.get("pixelbuffer", 0)
    if needed and isinstance(stored, int):  # whether it can be is for the writer to say
        needed += max(0, stored)
    pyramid = sections.pyramid
    return pyramid if needed <= pyramid.pixelbuffer else pyramid.replace(pixelbuffer=needed)


def _file_area(document: Document, pyramid: Pyramid) -> BaseGeometry:
    """Area and bounds of the file together, CRS of the pyramid; without both the whole pyramid."""
    values = document.values
    area = pyramid.bounds.polygon()
    if values.get("bounds") is not None:
        area = bounds_area(values["bounds"], values.get("bounds_crs"), pyramid)
    if values.get("area") is not None:
        outline = geometry_area(values["area"], values.get("area_crs"), pyramid, document.folder)
        area = common(area, outline)
    if area.is_empty:
        raise document.error(
            "area and bounds have nothing in common with the pyramid or with each other",
            "area" if values.get("area") is not None else "bounds",
            remedy="check the order left, bottom, right, top and the CRS (bounds_crs, area_crs)",
        )
    return area


def _output_spec(document: Document, sections: Sections, area: BaseGeometry) -> OutputSpec:
    return OutputSpec.from_mapping(
        {key: value for key, value in sections.output.items() if key != styles.KEY},
        base=document.folder,
        zooms=sections.zooms,
        area=area,
        file=document.file,
        line=document.line("output"),
    )


def _parameters(document: Document) -> ZoomValues:
    """process_parameters, and every key at the top that is no section."""
    values = section(document, "process_parameters", required=False)
    values = {
        str(key): written(value, document.texts, ("process_parameters", key))
        for key, value in values.items()
    }
    for key, value in document.values.items():
        if key in SECTIONS:
            continue
        if key in values:
            raise document.error(
                "stands at the top and in process_parameters", key, remedy="remove one of the two"
            )
        values[key] = written(value, document.texts, (key,))
    return ZoomValues(
        zoom_tree(values, is_leaf=lambda value: "format" in value, keys=("process_parameters",))
    )


def _inputs(document: Document, pyramid: Pyramid, area: BaseGeometry | None) -> InputTree:
    """Readers of all inputs; the same entry at two places gives one reader."""
    values = section(document, "input", required=False)
    tree = zoom_tree(values, is_leaf=_is_input, keys=("input",))
    opened: dict[str, Reader] = {}

    def open_leaf(entry: _Entry, keys: Keys) -> Reader:
        name = "/".join(str(key) for key in keys)
        marker = f"{name}:{entry.value!r}"
        if marker not in opened:
            opened[marker] = _open_input(document, pyramid, name, entry.value, keys, area)
        return opened[marker]

    return InputTree(ZoomValues(map_leaves(_entries(tree), open_leaf)))


def _open_input(
    document: Document,
    pyramid: Pyramid,
    name: str,
    value: Any,
    keys: Keys,
    area: BaseGeometry | None,
) -> Reader:
    place = ("input", *keys)
    spec = InputSpec.from_value(name, value, file=document.file, line=document.line(*place))
    try:
        return registry.open_input(
            spec, document.folder, pyramid, resolve_process=resolve_process, area=area
        )
    except InputError as error:
        message = error.message.removeprefix(f"input {name}: ")
        if value == _FROM_COMMAND_LINE:
            raise document.error(
                "this file wants its input to be named at the command line",
                *place,
                remedy="automap execute --input-file PATH",
            ) from error
        raise document.error(message, *place, found=str(error.path or spec.path)) from error


def _is_input(value: Mapping[str, Any]) -> bool:
    return "format" in value or "path" in value


@dataclass(frozen=True)
class _Entry:
    """An input as it stands in the file; a dict by itself would be a group."""

    value: Any


def _entries(tree: Any) -> Any:
    """The tree with entries as leaves; names are text, also where the file has a number."""
    if isinstance(tree, ZoomChoice):
        return ZoomChoice(tuple((zooms, _entries(value)) for zooms, value in tree.options))
    if isinstance(tree, dict) and not _is_input(tree):
        return {str(key): _entries(value) for key, value in tree.items()}
    return None if tree is None else _Entry(tree)


def _check_arguments(process: Process, document: Document) -> None:
    """Load the function and match its arguments at every base zoom of the run."""
    if not process.base_zooms:
        return
    loaded = process.function.load()
    signature = signature_of(process.function)
    _check_names(document, signature)
    unused: dict[str, None] = {}
    for zoom in process.base_zooms:
        inputs = process.inputs.at_zoom(zoom)
        try:
            parameters = process.parameters.written_at(zoom)
            check(signature, inputs, parameters, zoom, process.folder)
            if signature.names(Role.CONTEXT) and loaded.setup is not None:
                arguments_of(loaded.setup, parameters, process.folder)
            bands = hooks.check_parameters(process.function, inputs, parameters, process.folder)
        except ConfigError as error:
            raise _at_top(error, document) from error
        _check_bands(bands, document)
        unused |= dict.fromkeys(unused_inputs(signature, inputs))
    for name in unused:
        place = "" if document.file is None else f"{document.file}:{document.line('input', name)}: "
        warnings.warn(
            f"{place}execute() does not take the input {name!r}; it only bounds the area",
            UnusedInputWarning,
            stacklevel=3,
        )


def _check_names(document: Document, signature: Signature) -> None:
    """Raise `ConfigError` for a key at the top that is a section's name with a slip in it.

    It would be taken for a parameter, and the error be about what is missing for want of it.
    """
    missing = sorted(SECTIONS - document.values.keys())
    for key, value in document.values.items():
        if key in SECTIONS or key in signature.arguments or not isinstance(value, Mapping):
            continue
        close = difflib.get_close_matches(str(key), missing, 1, 0.8)
        if close:
            raise document.error(
                "execute() takes no such parameter", str(key), found=value, remedy=f"{close[0]}?"
            )


def _check_bands(bands: int | None, document: Document) -> None:
    """The output must have as many bands as the function returns, where both are told."""
    wanted = section(document, "output", required=True).get("bands")
    if bands is not None and isinstance(wanted, int) and wanted != bands:
        raise document.error(
            f"execute() will return {bands} bands with these parameters",
            "output",
            "bands",
            found=wanted,
            remedy=f"bands: {bands}",
        )


def _at_top(error: ConfigError, document: Document) -> ConfigError:
    """The error under the key as it stands in the file: parameters may stand at the top."""
    above, _, name = (error.key or "").partition(".")
    if above != "process_parameters" or name not in document.values:
        return error
    close = difflib.get_close_matches(name, SECTIONS, 1)
    remedy = f"{close[0]}?" if close else error.remedy
    return ConfigError(error.message, document.file, document.line(name), name, error.found, remedy)


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

"""Resolve the sections of a process file into the parts of a process."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import ConfigError, InputError, ProcessError
from automap_tiles.formats import InputSpec, OutputSpec, registry
from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.runtime import styles
from automap_tiles.runtime._inputs import InputTree
from automap_tiles.runtime._overrides import Overrides, run_areas
from automap_tiles.runtime._process import Process
from automap_tiles.runtime._yaml_scalars import written
from automap_tiles.runtime.area import bounds_area, common, geometry_area
from automap_tiles.runtime.document import Document, read_document
from automap_tiles.runtime.hooks import (
    files_of,
    needed_buffer,
    texts_of,
)
from automap_tiles.runtime.legacy import modernise
from automap_tiles.runtime.settings import SECTIONS, Sections, read_sections, section
from automap_tiles.runtime.zooms import Keys, ZoomChoice, ZoomValues, map_leaves, zoom_tree

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

    from automap_tiles.formats import Reader, Writer
    from automap_tiles.formats.context import ResolvedProcess
    from automap_tiles.grid import Pyramid
    from automap_tiles.runtime.function import FunctionRef

# What mapchete's files say in place of a path that is given with --input-file.
_FROM_COMMAND_LINE = "from_command_line"


@dataclass(frozen=True, kw_only=True)
class Ingredients:
    """What a process is put together from."""

    name: str
    sections: Sections
    function: FunctionRef
    parameters: ZoomValues
    inputs: InputTree
    writer: Writer
    pyramid: Pyramid
    zooms: tuple[int, ...]
    """Of the run."""
    area: BaseGeometry
    """Of the run, CRS of the pyramid."""

    def process(self, document: Document, step: str | None = None) -> Process:
        """The process; `document` is where its parts stand, `step` its name among several."""
        called = called_on(self.function, self.sections, self.zooms)
        return Process(
            name=self.name,
            config_path=document.file,
            function=self.function,
            inputs=self.inputs,
            parameters=self.parameters,
            writer=self.writer,
            pyramid=self.pyramid,
            output_pyramid=self.writer.pyramid,
            zooms=self.zooms,
            baselevels=self.sections.baselevels,
            area=self.area,
            folder=document.folder,
            styles=styles.read_styles(self.sections.output, document),
            files=files_of(self.function, self.parameters, called, document.folder),
            texts=texts_of(self.function, self.parameters, called),
            step=step,
        )


def resolve_process(path: Path) -> ResolvedProcess:
    """The output of another process file, as an input of this one."""
    from automap_tiles.formats.context import ResolvedProcess

    other = modernise(read_document(path))
    sections = read_sections(other)
    area = file_area(other, sections.pyramid)
    writer = registry.open_output(output_spec(other, sections, area), sections.pyramid)
    return ResolvedProcess(writer=writer, zooms=sections.zooms, area=area, pyramid=sections.pyramid)


def called_on(function: FunctionRef, sections: Sections, zooms: tuple[int, ...]) -> tuple[int, ...]:
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


def wide_enough(
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
        raise at_top(error, document) from error
    stored = sections.output.get("pixelbuffer", 0)
    if needed and isinstance(stored, int):  # whether it can be is for the writer to say
        needed += max(0, stored)
    pyramid = sections.pyramid
    return pyramid if needed <= pyramid.pixelbuffer else pyramid.replace(pixelbuffer=needed)


def _tell_of_no_place(name: str) -> None:
    tell(
        Note(
            fate=Fate.IGNORED,
            subject=Subject.OPTIONS,
            examples=(f"{name}_crs",),
            reason=f"the process file says no {name} that it could be the CRS of",
            remedy=f"{name} beside it; on the command line it is --{name}-crs",
        )
    )


def file_area(document: Document, pyramid: Pyramid) -> BaseGeometry:
    """Area and bounds of the file together, CRS of the pyramid; without both the whole pyramid."""
    values = document.values
    for name in ("bounds", "area"):
        if values.get(f"{name}_crs") is not None and values.get(name) is None:
            _tell_of_no_place(name)
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


def output_spec(document: Document, sections: Sections, area: BaseGeometry) -> OutputSpec:
    return OutputSpec.from_mapping(
        {key: value for key, value in sections.output.items() if key != styles.KEY},
        base=document.folder,
        zooms=sections.zooms,
        area=area,
        file=document.file,
        line=document.line("output"),
    )


def parameters_of(document: Document) -> ZoomValues:
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


def run_area(
    area: BaseGeometry, overrides: Overrides, pyramid: Pyramid, zooms: tuple[int, ...]
) -> BaseGeometry:
    """The area of the file (`file_area`) and that of the run together, CRS of the pyramid."""
    for limit in run_areas(overrides, pyramid, zooms):
        area = common(area, limit)
    return area


def open_inputs(document: Document, pyramid: Pyramid, whole: BaseGeometry) -> InputTree:
    """Readers of all inputs; the same entry at two places gives one reader.

    `whole` is the area of the file (`file_area`).
    """
    area = whole if {"area", "bounds"} & document.values.keys() else None
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


def at_top(error: ConfigError, document: Document) -> ConfigError:
    """The error under the key as it stands in the file: parameters may stand at the top."""
    above, _, name = (error.key or "").partition(".")
    if above != "process_parameters" or name not in document.values:
        return error
    close = difflib.get_close_matches(name, SECTIONS, 1)
    remedy = f"{close[0]}?" if close else error.remedy
    return ConfigError(error.message, document.file, document.line(name), name, error.found, remedy)

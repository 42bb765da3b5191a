"""Bind a function to its inputs and parameters for a call on a tile."""

from __future__ import annotations

import copy
import difflib
import enum
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import ConfigError, Empty, ProcessError
from automap_tiles.formats import PixelWriter
from automap_tiles.runtime._oldstyle import OldStyleProcess
from automap_tiles.runtime._yaml_scalars import plain
from automap_tiles.runtime.hooks import context, given, value_of
from automap_tiles.runtime.signature import Role, Signature, read_signature, without_none

if TYPE_CHECKING:
    from automap_tiles.grid import Tile
    from automap_tiles.runtime._process import Process

_IMMUTABLE = (bool, int, float, complex, str, bytes, type(None), enum.Enum, PurePath)


@dataclass(frozen=True, kw_only=True)
class Call:
    """A function bound to all that is the same for the tiles of a zoom."""

    function: Callable[..., Any]
    constants: Mapping[str, Any]
    """Arguments that every tile gets alike."""
    copied: tuple[str, ...]
    """Those of them that a function could change: each tile gets its own."""
    inputs: tuple[str, ...]
    per_tile: tuple[tuple[str, Callable[[Tile, dict[str, Any]], Any]], ...]
    """Arguments made from the tile and the inputs on it."""
    open_inputs: Callable[[Tile], dict[str, Any]]

    def __call__(self, tile: Tile) -> Any:
        arguments = dict(self.constants)
        for name in self.copied:
            arguments[name] = copy.deepcopy(arguments[name])
        opened = self.open_inputs(tile)
        for name in self.inputs:
            arguments[name] = opened[name]
        for name, make in self.per_tile:
            arguments[name] = make(tile, opened)
        return self.function(**arguments)


def bind(process: Process, zoom: int) -> Call:
    """Bind the function of a process for the tiles of a zoom; runs `setup` if there is one.

    Raises `ProcessError` when the function cannot be loaded or lacks an argument, `ConfigError`
    for a parameter or input that it does not take or cannot use.
    """
    loaded = process.function.load()
    signature = read_signature(loaded.execute, has_setup=loaded.setup is not None)
    inputs = process.inputs.at_zoom(zoom)
    parameters = process.parameters.written_at(zoom)
    values = check(signature, inputs, parameters, zoom, process.folder)
    taken = _taken_inputs(signature, inputs)
    constants = {**values, **_constants(process, signature)}
    for name in signature.names(Role.CONTEXT):
        constants[name] = context(process.function, loaded, parameters, process.folder)
    return Call(
        function=loaded.execute,
        constants=constants,
        copied=tuple(name for name, value in values.items() if not _is_immutable(value)),
        inputs=taken,
        per_tile=tuple(_per_tile(process, signature, process.parameters.at(zoom))),
        open_inputs=process.inputs.at,
    )


def check(
    signature: Signature,
    inputs: Mapping[str, Any],
    parameters: Mapping[str, Any],
    zoom: int,
    folder: Path,
) -> dict[str, Any]:
    """Match names and types; returns the parameters as the function gets them.

    `parameters` may know how they are written; `folder` is where relative paths start.

    Raises `ConfigError` with the name as its key.
    """
    parameters = given(signature, parameters)
    if both := inputs.keys() & parameters.keys():
        raise ConfigError(
            "is an input and a parameter at once",
            key=f"process_parameters.{min(both)}",
            remedy="rename one of them",
        )
    _check_required(signature, [*inputs, *parameters], zoom)
    _check_inputs(signature, inputs, parameters)
    values: dict[str, Any] = {}
    for name, value in parameters.items():
        argument = signature.arguments.get(name)
        if argument is not None:
            if argument.role is Role.VALUE:
                values[name] = value_of(name, value, argument, folder)
        elif signature.takes_all:
            values[name] = plain(value)
        elif not signature.names(Role.OLD_STYLE):
            raise _unknown(name, value, signature, {*inputs, *parameters})
    return values


def empty_errors() -> tuple[type[Exception], ...]:
    """The exceptions that say "nothing here": ours, and mapchete's where it has been imported."""
    theirs = sys.modules.get("mapchete.errors")
    return (Empty,) if theirs is None else (Empty, theirs.MapcheteNodataTile)


def _check_required(signature: Signature, given: Iterable[str], zoom: int) -> None:
    names = set(given)
    for argument in signature.arguments.values():
        if argument.role is not Role.VALUE or not argument.required or argument.name in names:
            continue
        free = [name for name in names if name not in signature.arguments]
        close = difflib.get_close_matches(argument.name, free, 1)
        raise ConfigError(
            f"execute() needs {argument.name!r}, which is neither an input nor a parameter "
            f"at zoom {zoom}",
            key="process",
            remedy=f"rename {close[0]!r} to {argument.name!r}"
            if close
            else f"add {argument.name!r} to input or to process_parameters",
        )


def _check_inputs(
    signature: Signature, inputs: Mapping[str, Any], parameters: Mapping[str, Any]
) -> None:
    for name, node in inputs.items():
        if name in signature.arguments:
            _check_kind(name, node, signature.arguments[name].annotation)
    for name in unused_inputs(signature, inputs):
        if close := _close(name, signature, {*inputs, *parameters}):
            raise ConfigError(
                "execute() takes no such input", key=f"input.{name}", remedy=f"{close}?"
            )


def unused_inputs(signature: Signature, inputs: Mapping[str, Any]) -> list[str]:
    """Inputs that the function does not take; they still bound the area."""
    if signature.takes_all or signature.names(Role.OLD_STYLE):
        return []
    return [name for name in inputs if name not in signature.arguments]


def _check_kind(name: str, node: Any, annotation: Any) -> None:
    """A raster where features are asked for, or the other way round."""
    from automap_tiles.formats import OutputKind, RasterInput, VectorInput

    theirs = sys.modules.get("mapchete.formats.protocols")
    wanted = without_none(annotation)
    for kind, ours, word in (
        (OutputKind.RASTER, RasterInput, "RasterInput"),
        (OutputKind.VECTOR, VectorInput, "VectorInput"),
    ):
        if wanted is not ours and (theirs is None or wanted is not getattr(theirs, word)):
            continue
        if isinstance(node, dict) or node.kind is not kind:
            found = "a group" if isinstance(node, dict) else f"{node.kind.value} data"
            raise ConfigError(
                f"execute() asks for a {kind.value} input",
                key=f"input.{name}",
                found=found,
            )


def _unknown(name: str, value: Any, signature: Signature, given: set[str]) -> ConfigError:
    close = _close(name, signature, given)
    takes = [argument.name for argument in signature.arguments.values()]
    return ConfigError(
        "execute() takes no such parameter",
        key=f"process_parameters.{name}",
        found=plain(value),
        remedy=f"{close}?" if close else f"it takes {', '.join(takes) or 'no arguments'}",
    )


def _close(name: str, signature: Signature, given: set[str]) -> str | None:
    """The argument that was probably meant: one that nobody fills."""
    free = [each for each in signature.names(Role.VALUE) if each not in given]
    close = difflib.get_close_matches(name, free, 1)
    return close[0] if close else None


def _taken_inputs(signature: Signature, inputs: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        name
        for name in inputs
        if signature.takes_all
        or (name in signature.arguments and signature.arguments[name].role is Role.VALUE)
    )


def _constants(process: Process, signature: Signature) -> dict[str, Any]:
    """Special arguments that are the same for all tiles."""
    constants: dict[str, Any] = {}
    for argument in signature.arguments.values():
        if argument.role is Role.PIXELBUFFER:
            constants[argument.name] = process.pyramid.pixelbuffer
        elif argument.role is Role.PATH:
            constants[argument.name] = _path(process.writer.path, argument.annotation)
        elif argument.role is Role.DTYPE and isinstance(process.writer, PixelWriter):
            constants[argument.name] = process.writer.dtype
        elif argument.role is Role.NODATA:
            nodata = process.writer.nodata
            if nodata is None and argument.required:
                raise ProcessError(
                    f"execute() asks for the nodata value in {argument.name!r}; "
                    "this output has none"
                )
            if nodata is not None:
                constants[argument.name] = _as_written(nodata)
    return constants


def _path(path: str, annotation: Any) -> Any:
    """The path as text, or as mapchete's class of paths when that is asked for."""
    theirs = sys.modules.get("mapchete.path")
    if theirs is not None and without_none(annotation) is theirs.MPath:
        return theirs.MPath(path)
    return path


def _as_written(nodata: float) -> float:
    """0 rather than 0.0, so that it does not make floats of integer arrays."""
    return int(nodata) if float(nodata).is_integer() else nodata


def _per_tile(
    process: Process, signature: Signature, parameters: Mapping[str, Any]
) -> Iterable[tuple[str, Callable[[Tile, dict[str, Any]], Any]]]:
    for argument in signature.arguments.values():
        if argument.role is Role.TILE:
            yield argument.name, _tile
        elif argument.role is Role.BUFFER:
            yield argument.name, _buffer_width
        elif argument.role is Role.OLD_STYLE:
            yield argument.name, _OldStyle(process, dict(parameters))


def _tile(tile: Tile, _: dict[str, Any]) -> Tile:
    return tile


def _buffer_width(tile: Tile, _: dict[str, Any]) -> float:
    return tile.pixel_x_size * tile.pixelbuffer


@dataclass(frozen=True)
class _OldStyle:
    process: Process
    parameters: dict[str, Any]

    def __call__(self, tile: Tile, opened: dict[str, Any]) -> OldStyleProcess:
        writer = self.process.writer
        output = {"path": writer.path, "nodata": writer.nodata, "pyramid": writer.pyramid}
        return OldStyleProcess(tile, copy.deepcopy(self.parameters), opened, output)


def _is_immutable(value: Any) -> bool:
    if isinstance(value, tuple | frozenset):
        return all(_is_immutable(item) for item in value)
    return isinstance(value, _IMMUTABLE)

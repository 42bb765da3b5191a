"""The signature of a process function, and which arguments the engine fills."""

from __future__ import annotations

import ast
import enum
import inspect
import sys
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from automap_tiles.errors import ProcessError
from automap_tiles.grid import Tile
from automap_tiles.runtime.markers import (
    OutputDtype,
    OutputNodataValue,
    OutputPath,
    TileBuffer,
    TilePixelBuffer,
)

_MAPCHETE_MARKERS = "mapchete.process_func_special_types"


class Role(enum.Enum):
    """Who fills an argument."""

    VALUE = "value"
    """The process file: an input or a parameter."""
    TILE = "Tile"
    PIXELBUFFER = "TilePixelBuffer"
    BUFFER = "TileBuffer"
    NODATA = "OutputNodataValue"
    PATH = "OutputPath"
    DTYPE = "OutputDtype"
    CONTEXT = "context"
    """The result of `setup` in the same module."""
    OLD_STYLE = "mp"
    """The one object that holds everything, as mapchete's first processes know it."""


_ROLE_OF_CLASS: dict[type, Role] = {
    Tile: Role.TILE,
    TilePixelBuffer: Role.PIXELBUFFER,
    TileBuffer: Role.BUFFER,
    OutputNodataValue: Role.NODATA,
    OutputPath: Role.PATH,
    OutputDtype: Role.DTYPE,
}
_ROLE_OF_NAME = {role.value: role for role in _ROLE_OF_CLASS.values()}


@dataclass(frozen=True, kw_only=True)
class Argument:
    """One argument of a function."""

    name: str
    role: Role
    annotation: Any
    """`inspect.Parameter.empty` when there is none, or none that can be resolved."""
    required: bool


@dataclass(frozen=True, kw_only=True)
class Signature:
    """The arguments of a function."""

    arguments: Mapping[str, Argument]
    takes_all: bool
    """Whether it has `**kwargs`, which take all that it does not name."""

    def names(self, role: Role) -> list[str]:
        """Arguments of a role."""
        return [argument.name for argument in self.arguments.values() if argument.role is role]


def read_signature(function: Callable[..., Any], *, has_setup: bool = False) -> Signature:
    """The signature of an `execute` or `setup` function.

    Raises `ProcessError` for arguments that cannot be given by name.
    """
    arguments: dict[str, Argument] = {}
    takes_all = False
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is parameter.POSITIONAL_ONLY:
            raise ProcessError(
                f"{function.__name__}(): {parameter.name} can only be given by position; "
                "arguments are matched by name"
            )
        if parameter.kind is parameter.VAR_KEYWORD:
            takes_all = True
        elif parameter.kind is not parameter.VAR_POSITIONAL:
            arguments[parameter.name] = _argument(function, parameter, has_setup=has_setup)
    return Signature(arguments=arguments, takes_all=takes_all)


def without_none(annotation: Any) -> Any:
    """`X` for `X | None` and `Optional[X]`; everything else as it is."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        members = [item for item in typing.get_args(annotation) if item is not type(None)]
        if len(members) == 1:
            return members[0]
    return annotation


def _argument(
    function: Callable[..., Any], parameter: inspect.Parameter, *, has_setup: bool
) -> Argument:
    annotation, written = _resolve(function, parameter.annotation)
    required = parameter.default is parameter.empty
    return Argument(
        name=parameter.name,
        role=_role(function, parameter.name, annotation, written, has_setup=has_setup),
        annotation=annotation,
        required=required,
    )


def _resolve(function: Callable[..., Any], annotation: Any) -> tuple[Any, str]:
    """An annotation and how it is written; the latter empty when it was no text.

    Text is what `from __future__ import annotations` makes of all of them. What stands there may
    be known to type checkers only; then nothing is checked.
    """
    if not isinstance(annotation, str):
        return annotation, ""
    scope = inspect.unwrap(function).__globals__
    try:
        return eval(annotation, scope), annotation
    except (NameError, AttributeError, TypeError, SyntaxError):
        return inspect.Parameter.empty, annotation


def _role(
    function: Callable[..., Any], name: str, annotation: Any, written: str, *, has_setup: bool
) -> Role:
    if name == "mp":
        return Role.OLD_STYLE
    if name == "context" and has_setup:
        return Role.CONTEXT
    plain = without_none(annotation)
    if isinstance(plain, type):
        for known, role in _ROLE_OF_CLASS.items():
            if plain is known:
                return role
    if annotation is inspect.Parameter.empty and written:
        return _ROLE_OF_NAME.get(written.rpartition(".")[2], Role.VALUE)
    return _mapchete_role(function, name, annotation, written)


def _mapchete_role(function: Callable[..., Any], name: str, annotation: Any, written: str) -> Role:
    """The role by mapchete's markers; only when the user's module has imported them.

    Three of them are but other names for common types such as `float | None`. What counts for
    those is how the annotation is written.
    """
    markers = sys.modules.get(_MAPCHETE_MARKERS)
    if markers is None or annotation is inspect.Parameter.empty:
        return Role.VALUE
    plain = without_none(annotation)
    if plain is markers.Tile:
        return Role.TILE
    if plain is markers.OutputPath and _last_name(written or _source_text(function, name)) in (
        "OutputPath",
        "",
    ):
        return Role.PATH
    aliases = (markers.TilePixelBuffer, markers.TileBuffer, markers.OutputNodataValue)
    if not any(annotation == alias for alias in aliases):
        return Role.VALUE
    return _ROLE_OF_NAME.get(_last_name(written or _source_text(function, name)), Role.VALUE)


def _last_name(text: str) -> str:
    return text.rpartition(".")[2].strip()


def _source_text(function: Callable[..., Any], argument: str) -> str:
    """The annotation of an argument as it is written; empty when the source is not at hand."""
    inner = inspect.unwrap(function)
    try:
        source = inspect.getsource(inspect.getmodule(inner) or inner)
    except (OSError, TypeError):
        return ""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef) and node.name == inner.__name__:
            for item in (*node.args.args, *node.args.kwonlyargs):
                if item.arg == argument and item.annotation is not None:
                    return ast.unparse(item.annotation)
    return ""

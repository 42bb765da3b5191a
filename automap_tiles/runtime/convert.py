"""Parameters from the process file, converted and checked by the function's annotations."""

from __future__ import annotations

import datetime as dt
import inspect
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import ConfigError

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def convert(name: str, value: Any, annotation: Any) -> Any:
    """The value as the annotation asks for it; values without one come through unchanged.

    Raises `ConfigError` with the parameter as its key.
    """
    if annotation in (inspect.Parameter.empty, Any) or type(value) is annotation:
        return value
    if annotation is float and type(value) is int:
        return float(value)
    if annotation is str and type(value) in (int, float, dt.date, dt.datetime):
        # YAML reads 2018-01-01 and 5 as what they look like
        return str(value)
    return _by_pydantic(name, value, annotation)


def _by_pydantic(name: str, value: Any, annotation: Any) -> Any:
    from pydantic import PydanticSchemaGenerationError, PydanticUserError, ValidationError

    try:
        return _adapter(annotation).validate_python(value)
    except (PydanticSchemaGenerationError, PydanticUserError):
        # nothing that can be checked, a class from elsewhere in some container for instance
        return value
    except ValidationError as error:
        first = error.errors()[0]
        inner = "".join(f"[{part!r}]" for part in first["loc"])
        raise ConfigError(
            f"{first['msg']}{f', at {inner}' if inner else ''}",
            key=f"process_parameters.{name}",
            found=value,
            remedy=f"the function asks for {_text(annotation)}",
        ) from error


def _adapter(annotation: Any) -> TypeAdapter[Any]:
    try:
        hash(annotation)
    except TypeError:
        return _new_adapter(annotation)
    return _kept_adapter(annotation)


@lru_cache(maxsize=256)
def _kept_adapter(annotation: Any) -> TypeAdapter[Any]:
    return _new_adapter(annotation)


def _new_adapter(annotation: Any) -> TypeAdapter[Any]:
    from pydantic import ConfigDict, PydanticUserError, TypeAdapter

    try:
        return TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True))
    except PydanticUserError:
        # models and dataclasses have a configuration of their own
        return TypeAdapter(annotation)


def _text(annotation: Any) -> str:
    return annotation.__name__ if type(annotation) is type else str(annotation)

"""Parameters from the process file, converted and checked by the function's annotations."""

from __future__ import annotations

import datetime as dt
import inspect
import typing
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import ConfigError
from automap_tiles.parsing import NO_NUMBER, truth_as_number
from automap_tiles.runtime._yaml_scalars import KEY, Place, YamlScalar, plain, scalars, with_texts

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError


def convert(name: str, value: Any, annotation: Any) -> Any:
    """The value as the annotation asks for it; values without one come through unchanged.

    The value may know how it is written: where the annotation asks for a text, it gets that.
    Raises `ConfigError` with the parameter as its key.
    """
    meant = plain(value)
    if annotation in (inspect.Parameter.empty, Any) or type(meant) is annotation:
        return meant
    if annotation is float and type(meant) is int:
        return float(meant)
    if annotation is str and isinstance(value, YamlScalar):
        return value.text
    if annotation is str and type(meant) in (int, float, dt.date, dt.datetime):
        # not from a file: 5 is "5"
        return str(meant)
    return _by_pydantic(name, value, annotation)


def needs_text(name: str, value: Any, annotation: Any) -> bool:
    """Whether a value is converted to something else because it is known how it is written.

    Something else than `str` would make of it. A value that cannot be converted does not.
    """
    if next(scalars(value), None) is None:
        return False
    try:
        found = convert(name, value, annotation)
    except ConfigError:
        return False
    try:
        return bool(found != convert(name, plain(value), annotation))
    except ConfigError:
        return True


def takes_none(annotation: Any) -> bool:
    """Whether None is a value of an annotation; of none at all it is."""
    if annotation in (inspect.Parameter.empty, Any, None):
        return True
    return type(None) in typing.get_args(annotation)


def _by_pydantic(name: str, value: Any, annotation: Any) -> Any:
    """Convert as YAML means it; what is no such value is taken as it is written.

    10:30 and the like are first taken as written: YAML means 630 by it.
    """
    from pydantic import PydanticSchemaGenerationError, PydanticUserError

    sixties = frozenset(place for place, each in scalars(value) if _is_sexagesimal(each))
    try:
        adapter = _adapter(annotation)
        found, error = _validated(adapter, value, sixties)
        if error is not None and sixties:
            found, error = _validated(adapter, value, frozenset())
    except (PydanticSchemaGenerationError, PydanticUserError):
        # nothing that can be checked, a class from elsewhere in some container for instance
        return plain(value)
    if error is None:
        way = truth_as_number(plain(value), found)
        if way is None:
            return found
        wrong = NO_NUMBER
    else:
        first = error.errors()[0]
        wrong, way = first["msg"], first["loc"]
    inner = "".join(f"[{part!r}]" for part in way)
    raise ConfigError(
        f"{wrong}{f', at {inner}' if inner else ''}",
        key=f"process_parameters.{name}",
        found=plain(value),
        remedy=f"the function asks for {_text(annotation)}",
    ) from error


def _validated(
    adapter: TypeAdapter[Any], value: Any, places: frozenset[Place]
) -> tuple[Any, ValidationError | None]:
    """The value with texts at the places, and wherever else it is wrong without."""
    from pydantic import ValidationError

    first = None
    while True:
        try:
            return adapter.validate_python(with_texts(value, places)), None
        except ValidationError as error:
            first = first or error
            more = frozenset(_places(error, value)) - places
            if not more:
                return None, first
            places |= more


def _places(error: ValidationError, value: Any) -> Iterator[Place]:
    """Where in a value something is wrong that is no text."""
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        found, key = value, None
        place: Place = ()
        for part in each["loc"]:
            if part == KEY:
                found, place = key, (*place, KEY)
            elif isinstance(found, dict):
                for own, item in found.items():
                    if part in (plain(own), with_texts(own), str(plain(own))):
                        found, key, place = item, own, (*place, plain(own))
                        break
            elif isinstance(found, list) and isinstance(part, int) and part < len(found):
                found, place = found[part], (*place, part)
            # all else names a member of a union
        if isinstance(found, YamlScalar):
            yield place


def _is_sexagesimal(scalar: YamlScalar) -> bool:
    return isinstance(scalar.value, int | float) and ":" in scalar.text


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

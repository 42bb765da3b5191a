"""Orders: what a workflow shall do, as a plain value that can be stored as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any, ClassVar, Self

from automap_tiles.errors import ConfigError
from automap_tiles.parsing import NO_NUMBER, truth_as_number
from automap_tiles.stopping import NEVER, StopToken

if TYPE_CHECKING:
    from pydantic import ValidationError

__all__ = ["NEVER", "Order", "Part", "StopToken", "check_mapping"]


class Part:
    """Base of the parts of an order; unknown values are rejected."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = {"extra": "forbid"}


class Order(Part):
    """Base of all orders: frozen keyword-only dataclasses of plain values.

    Paths may be relative to the working directory.
    """

    workflow: ClassVar[str]
    """Name of the workflow that runs it (`WORKFLOWS`)."""

    def to_json(self) -> dict[str, Any]:
        """Plain values including defaults, so that later defaults do not affect an order."""
        from pydantic import TypeAdapter

        values = TypeAdapter(type(self)).dump_python(self, mode="json")
        return {"workflow": self.workflow, **_written(values)}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        """Inverse of `to_json`.

        Raises `ConfigError` for another workflow's order, unknown or missing values, and wrong
        types.
        """
        from pydantic import TypeAdapter, ValidationError

        check_mapping(said)
        values = {key: value for key, value in said.items() if key != "workflow"}
        workflow = said.get("workflow", cls.workflow)
        if workflow != cls.workflow:
            raise ConfigError(
                "is an order of another workflow",
                key="workflow",
                found=workflow,
                remedy=cls.workflow,
            )
        try:
            found: Self = TypeAdapter(cls).validate_python(values)
        except ValidationError as error:
            raise _in_words(cls.workflow, values, error) from error
        if (way := truth_as_number(values, found)) is not None:
            raise ConfigError(
                f"an order to {cls.workflow}: {NO_NUMBER}",
                key=".".join(map(str, way)),
                found=_found(values, way),
            )
        if (key := _empty_text(found)) is not None:
            raise ConfigError(
                f"an order to {workflow}: an empty string is not a value",
                key=key,
                found="",
                remedy="say what is meant, or leave it out; is it of a variable that is not set?",
            )
        return found

    def checked(self) -> Self:
        """The same order, with its values validated; raises `ConfigError` like `from_json`.

        For orders created in Python, which are not validated otherwise.
        """
        return self.from_json(asdict(self))  # type: ignore[call-overload]  # each is a dataclass


_MAY_BE_EMPTY = ("title", "attribution")
"""Beside texts that are empty by default."""


def _empty_text(part: Part) -> str | None:
    """The key of an empty text, which as a path would be the working folder."""
    for field in fields(part):  # type: ignore[arg-type]  # parts are dataclasses
        value = getattr(part, field.name)
        if isinstance(value, Part):
            if (key := _empty_text(value)) is not None:
                return f"{field.name}.{key}"
        elif value == "" and field.default != "" and field.name not in _MAY_BE_EMPTY:
            return field.name
    return None


def _written(value: Any) -> Any:
    """Values for JSON, which cannot represent NaN, such as a nodata value."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {key: _written(each) for key, each in value.items()}
    return [_written(each) for each in value] if isinstance(value, list) else value


def check_mapping(said: object) -> None:
    """Raise `ConfigError` for JSON that is not an order."""
    if not isinstance(said, Mapping):
        raise ConfigError(
            "an order is an object of names and values",
            found=said,
            remedy='{"workflow": …, …}, as `to_json` writes it',
        )


def _in_words(workflow: str, values: Mapping[str, Any], error: ValidationError) -> ConfigError:
    """Message for the first invalid value; for a union, what each of its types expects."""
    errors = error.errors()
    keys = [_key(each["loc"], values) for each in errors]
    told = [each["msg"] for each, key in zip(errors, keys, strict=True) if key == keys[0]]
    first, *others = dict.fromkeys(text[:1].lower() + text[1:] for text in told)
    others = [text.removeprefix("input should be ") for text in others]
    return ConfigError(
        f"an order to {workflow}: {' or '.join((first, *others))}",
        key=".".join(map(str, keys[0])),
        found=None if errors[0]["type"] == "missing" else _found(values, keys[0]),
    )


def _key(location: tuple[int | str, ...], values: Mapping[str, Any]) -> tuple[int | str, ...]:
    """Path of a value; the rest of pydantic's location are the types it was tried as."""
    key: list[int | str] = []
    here: Any = values
    for step in location:
        if isinstance(here, Mapping):
            here = here.get(step)
        elif isinstance(here, list | tuple) and isinstance(step, int):
            here = here[step]
        else:
            break
        key.append(step)
    return tuple(key)


def _found(values: Mapping[str, Any], key: tuple[int | str, ...]) -> Any:
    found: Any = values
    for step in key:
        found = found[step]
    return found

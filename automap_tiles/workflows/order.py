"""What shall be done, as a value: the same for the command line, Python and a database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from automap_tiles.engine.stop import NEVER, StopToken
from automap_tiles.errors import ConfigError

__all__ = ["NEVER", "Order", "Part", "StopToken"]


class Part:
    """Base of what an order consists of: a value that is not known is refused."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = {"extra": "forbid"}


class Order(Part):
    """Base of all orders, which are frozen keyword-only dataclasses of plain values.

    Paths may be relative to the working directory.
    """

    workflow: ClassVar[str]
    """Name of the workflow that carries it out (`WORKFLOWS`)."""

    def to_json(self) -> dict[str, Any]:
        """Plain values, those of defaults included, so that other defaults change no order."""
        from pydantic import TypeAdapter

        values = TypeAdapter(type(self)).dump_python(self, mode="json")
        return {"workflow": self.workflow, **values}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Self:
        """The order that `to_json` wrote.

        Raises `ConfigError` for an order of another workflow, an unknown or missing value, and one
        of the wrong type.
        """
        from pydantic import TypeAdapter, ValidationError

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
            first = error.errors()[0]
            key = ".".join(map(str, first["loc"]))
            raise ConfigError(
                f"an order to {cls.workflow}: {first['msg'][:1].lower()}{first['msg'][1:]}",
                key=key,
                found=None if first["type"] == "missing" else first["input"],
            ) from error
        return found

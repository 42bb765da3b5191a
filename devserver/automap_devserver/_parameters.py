"""The parameters of a process as a form needs them: by the signature of its function."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import PydanticSchemaGenerationError, PydanticUserError, TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema

from automap_tiles.errors import ConfigError
from automap_tiles.runtime import Process
from automap_tiles.runtime.convert import convert
from automap_tiles.runtime.hooks import signature_of
from automap_tiles.runtime.signature import Argument, Role
from automap_tiles.storage import open_storage


def schema(process: Process) -> dict[str, Any]:
    """JSON schema (2020-12) of all parameters of the function."""
    zoom = _zoom(process)
    inputs = process.inputs.at_zoom(zoom)
    execute = process.function.load().execute
    properties: dict[str, Any] = {}
    required: list[str] = []
    for argument in signature_of(process.function).arguments.values():
        if argument.role is not Role.VALUE or argument.name in inputs:
            continue
        properties[argument.name] = _property(argument)
        default = inspect.signature(execute).parameters[argument.name].default
        if default is not inspect.Parameter.empty and _is_plain(default):
            properties[argument.name]["default"] = default
        if argument.required:
            required.append(argument.name)
    for name in values(process):
        properties.setdefault(name, {})
    return {"type": "object", "properties": properties, "required": required}


def values(process: Process) -> dict[str, Any]:
    """Values at the finest zoom of the function, as far as JSON can represent them."""
    found = process.parameters.at(_zoom(process))
    written = process.parameters.written_at(_zoom(process))
    arguments = signature_of(process.function).arguments
    for name in found.keys() & arguments.keys():
        # a text is shown as written
        converted = convert(name, written[name], arguments[name].annotation)
        if isinstance(converted, str | list):
            found[name] = converted
    return {name: value if _is_plain(value) else str(value) for name, value in found.items()}


def save(path: Path, changed: Mapping[str, Any], step: str | None = None) -> None:
    """Write values into the process file, preserving comments and everything else.

    `step` is the step they belong to, if there are several. Raises `ConfigError` for a parameter
    that varies by zoom.
    """
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.version = (1, 1)  # as process files are read
    yaml.preserve_quotes = True
    yaml.width = 100
    document = yaml.load(path.read_text(encoding="utf-8"))
    above = document if step is None else document["steps"][step]
    for name, value in changed.items():
        at_top = step is None and name in document
        section = above if at_top else above.setdefault("process_parameters", {})
        if _by_zoom(section.get(name)):
            raise ConfigError("differs from zoom to zoom; change it in the file", path, None, name)
        section[name] = value
    storage = open_storage(str(path.parent))
    storage.put(path.name, _text(yaml, document, path).encode())


def _text(yaml: Any, document: Any, path: Path) -> str:
    import io

    if path.read_text(encoding="utf-8").lstrip().startswith("{"):
        return json.dumps(document, indent=1, default=str) + "\n"
    out = io.StringIO()
    yaml.version = None  # no %YAML line
    yaml.dump(document, out)
    return out.getvalue()


def _by_zoom(value: Any) -> bool:
    return isinstance(value, Mapping) and any(str(key).startswith("zoom") for key in value)


def _zoom(process: Process) -> int:
    return (process.base_zooms or process.zooms)[-1]


def _property(argument: Argument) -> dict[str, Any]:
    if argument.annotation is inspect.Parameter.empty:
        return {}
    try:
        return TypeAdapter(argument.annotation).json_schema()
    except (
        PydanticSchemaGenerationError,
        PydanticUserError,
        PydanticInvalidForJsonSchema,
    ):
        return {}


def _is_plain(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True

"""The configuration read from file, environment and options, and written as an example."""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from automap_service.settings import CataloguePart, Settings
from automap_tiles.errors import ConfigError
from automap_tiles.parsing import NO_NUMBER, truth_as_number

PREFIX = "AUTOMAP_SERVICE_"
"""Of variables: `AUTOMAP_SERVICE_WEB_PORT` is the key `port` of the part `web`."""


def read_settings(
    folder: str | None, file: str | None, more: Mapping[str, Any] | None = None
) -> Settings:
    """From a file (by default `service.toml` in the folder), the environment, and `more`.

    What is said later counts more. Raises `ConfigError`.
    """
    path = Path(file) if file else None if folder is None else Path(folder, "service.toml")
    said: dict[str, Any] = {}
    if path is not None and (file or path.exists()):
        said = _parsed(path)
    _merge(said, _of_environment(os.environ))
    _merge(said, dict(more or {}))
    if folder is not None:
        said["folder"] = folder
    try:
        found = TypeAdapter(Settings).validate_python(said)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"]))
        if first["type"] == "unexpected_keyword_argument":
            # what stands there is not told: it may be a password
            raise ConfigError("there is no such key", path, key=key, remedy=_close(key)) from None
        stated = None if first["type"] == "missing" else first["input"]
        raise ConfigError(first["msg"].lower(), path, key=key, found=stated) from None
    if (way := truth_as_number(said, found)) is not None:
        raise ConfigError(NO_NUMBER, path, key=".".join(map(str, way)))
    return found


def _close(key: str) -> str | None:
    """The key that is like one that is not known."""
    part, _, name = key.rpartition(".")
    hints = get_type_hints(Settings)
    kind = hints.get(part, Settings if not part else CataloguePart)
    close = difflib.get_close_matches(name, [each.name for each in fields(kind)], 1)
    return f"{close[0]}?" if close else None


def described() -> str:
    """The whole configuration as a commented TOML file with its defaults."""
    lines = ["# Configuration of `automap service`; every key has its default.", ""]
    hints = get_type_hints(Settings)
    for each in fields(Settings):
        kind = hints[each.name]
        if isinstance(kind, type) and is_dataclass(kind):
            lines += [f"[{each.name}]", *_keys(kind), ""]
    lines += ["# [catalogues.NAME]", *_keys(CataloguePart)]
    return "\n".join(lines) + "\n"


def _keys(kind: type) -> list[str]:
    import inspect
    import re

    source = inspect.getsource(kind)
    lines = []
    for each in fields(kind):
        found = re.search(rf'    {each.name}: [^\n]*\n    """(.*?)"""', source, re.DOTALL)
        value = each.default if isinstance(each.default, str | int | float | tuple) else ""
        if found is not None:
            lines.append(f"# {' '.join(found[1].split())}")
        lines.append(f"# {each.name} = {_toml(value)}")
    return lines


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{value}"' if isinstance(value, str) else "[]" if value == () else str(value)


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError("cannot be read", path, found=error.strerror) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"is not valid TOML: {error}", path) from None


def _of_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    parts = {each.name: each for each in fields(Settings)}
    for name, value in environment.items():
        if not name.startswith(PREFIX):
            continue
        part, _, key = name.removeprefix(PREFIX).lower().partition("_")
        if part == "folder" and not key:
            found["folder"] = value
        elif part in parts and key and part != "catalogues":
            found.setdefault(part, {})[key] = value.split(",") if key in _LISTS else value
        else:
            raise ConfigError("there is no such key", key=name)
    return found


_LISTS = frozenset({"hosts", "cors", "environment"})


def _merge(said: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, Mapping) and isinstance(said.get(key), dict):
            _merge(said[key], value)
        else:
            said[key] = value

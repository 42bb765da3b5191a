"""From a function or a cell of a notebook to a process file."""

from __future__ import annotations

import inspect
import io
import textwrap
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

from automap_tiles.errors import ConfigError

IMPORTS = "import numpy as np\n\nfrom automap_tiles import Empty\n"
"""What a function of a notebook usually needs; its own imports stand inside of it."""


_Opened = TypeVar("_Opened")


def write_files(
    function: Callable[..., Any] | str,
    path: str | Path,
    sections: Mapping[str, Any],
    opened: Callable[[Path], _Opened],
    *,
    imports: str = IMPORTS,
    overwrite: bool = False,
) -> _Opened:
    """Write a function, or the text of a module, and the process file that runs it; open them.

    Raises `ConfigError` for files that are there already unless `overwrite`, for a function whose
    text cannot be had, and what `opened` raises; then all is as it was.
    """
    config = Path(path).absolute()
    if config.suffix != ".mapchete":
        raise ConfigError("must end with .mapchete", key="path", found=str(path))
    module = config.with_suffix(".py")
    text = function if isinstance(function, str) else f"{imports}\n\n{_source(function)}"
    before = {each: each.read_bytes() if each.exists() else None for each in (config, module)}
    taken = [each for each, content in before.items() if content is not None]
    if taken and not overwrite:
        raise ConfigError("is there already", taken[0], remedy="overwrite=True, or another path")
    config.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as undo:
        undo.callback(_restore, before)
        module.write_text(text, encoding="utf-8")
        values = {"process": f"./{module.name}", **sections}
        config.write_text(_yaml(values), encoding="utf-8")
        found = opened(config)
        undo.pop_all()
    return found


def _restore(before: Mapping[Path, bytes | None]) -> None:
    for path, content in before.items():
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(content)


def _source(function: Callable[..., Any]) -> str:
    try:
        text = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError) as error:
        raise ConfigError(
            "the text of this function cannot be had",
            key="function",
            found=getattr(function, "__name__", str(function)),
            remedy="a function that stands in a cell or a file, or the text of a module",
        ) from error
    name = function.__name__
    return text if name == "execute" else f"{text}\n\nexecute = {name}\n"


def _yaml(sections: Mapping[str, Any]) -> str:
    from ruamel.yaml import YAML

    out = io.StringIO()
    yaml = YAML(typ="safe")
    yaml.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    yaml.default_flow_style = None
    yaml.dump(dict(sections), out)
    return out.getvalue()


def in_two(cell: str) -> tuple[dict[str, Any], str]:
    """The sections and the module of a cell, which a line `---` parts; raises `ConfigError`."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    head, found, module = cell.partition("\n---\n")
    if not found:
        raise ConfigError(
            "has no line --- between the sections and the module",
            key="%%automap_process",
            remedy="the sections of the process file, a line ---, the module",
        )
    try:
        sections = YAML(typ="safe", pure=True).load(head)
    except YAMLError as error:
        raise ConfigError(f"the sections are not valid YAML: {error}") from error
    if not isinstance(sections, dict):
        raise ConfigError("the sections are not a mapping of keys to values", found=sections)
    return {str(key): value for key, value in sections.items()}, module

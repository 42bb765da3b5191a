"""A draft as the text of a process file."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from automap_tiles.grid import Pyramid
from automap_tiles.layers import web
from automap_tiles.runtime.template import Template, write_files
from automap_tiles.workflows.create._draft import Draft

_TEXT = """\
# Of {about}
#
# Run it:             automap execute {config}
# What it would do:   automap execute {config} --check
# What is done:       automap info {config}

{process}

# The grid. metatiling: how many tiles along an edge are computed at once.
pyramid:
  grid: {grid}
  metatiling: 2
  pixelbuffer: 0

# The finest zoom holds all that the input has; at the first one all of it is about one tile.
zoom_levels: {{min: {first}, max: {last}}}
{baselevels}
# By the name of the argument of the function.
input:
{inputs}

# left, bottom, right, top in the CRS of the grid; in longitude and latitude {degrees}
bounds: {bounds}

{parameters}output:
  path: {output_path}
{output}
"""
_WIDE = 100
"""Characters of a readable line."""
_BASELEVELS = """\
# Coarser zooms are made from the tiles of the finest.
baselevels: {{min: {last}, max: {last}, lower: {lower}}}
"""
_FUNCTION = "# The function to run on each tile.\nprocess: {}"
_BUILT_IN = "# A built-in process: automap processes {0} tells what it takes.\nprocess: {0}"


def write_draft(draft: Draft, template: Template, *, force: bool = False) -> tuple[Path, ...]:
    """Write the process file, and the Python file if there is one; returns the paths.

    Raises `OutputError` if a file exists and `force` is off, or it cannot be written.
    """
    files = {template.config: text_of(draft, template)}
    if draft.module:
        files[template.module] = draft.module
    write_files(files, force=force)
    return tuple(files)


def text_of(draft: Draft, template: Template) -> str:
    """The process file."""
    first, last = draft.zooms
    lower = draft.lower if first < last else None
    return _TEXT.format(
        about=draft.about,
        config=template.config.name,
        process=_process(draft, template),
        grid=template.grid,
        first=first,
        last=last,
        baselevels="" if lower is None else _BASELEVELS.format(last=last, lower=lower),
        inputs=_lines(draft.inputs),
        degrees=_degrees(draft, template),
        bounds=_flow(list(draft.bounds)),
        parameters=_section("process_parameters", draft.parameters),
        output_path=_flow(template.output_path),
        output=_lines(draft.output),
    )


def _process(draft: Draft, template: Template) -> str:
    if draft.process is not None:
        return _BUILT_IN.format(draft.process)
    path = Path(os.path.relpath(template.module, template.config.parent)).as_posix()
    return _FUNCTION.format(_flow(path if path.startswith("..") else f"./{path}"))


def _degrees(draft: Draft, template: Template) -> str:
    pyramid = Pyramid.from_grid(template.grid)
    box = web.lonlat_bounds(draft.bounds.polygon(), pyramid.crs)
    return ", ".join(f"{each:.4f}" for each in box)


def _section(key: str, values: Mapping[str, Any]) -> str:
    return f"{key}:\n{_lines(values)}\n\n" if values else ""


def _lines(values: Mapping[str, Any], indent: str = "  ") -> str:
    """One line per key, and per nested key if that line would be too long."""
    lines = []
    for key, value in values.items():
        line = f"{indent}{_flow(key)}: {_flow(value)}"
        if len(line) > _WIDE and isinstance(value, Mapping):
            line = f"{indent}{_flow(key)}:\n{_lines(value, indent + '  ')}"
        lines.append(line)
    return "\n".join(lines)


def _flow(value: Any) -> str:
    """A value on one line of YAML."""
    from ruamel.yaml import YAML

    yaml: Any = YAML(typ="safe", pure=True)
    yaml.default_flow_style = True
    yaml.width = 1 << 30
    yaml.sort_base_mapping_type_on_output = False
    stream = io.StringIO()
    yaml.dump(value, stream)
    return stream.getvalue().removesuffix("\n").removesuffix("\n...")

"""Keys of older process files, as mapchete still reads them."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

from automap_tiles.notes import Fate, Note, Subject, tell
from automap_tiles.runtime.document import Document


class LegacyKeyWarning(UserWarning):
    """A process file uses a key that has a new name."""


_RENAMED = {"process_file": "process", "process_bounds": "bounds", "input_files": "input"}


def modernise(document: Document) -> Document:
    """The document with today's keys; one warning for each that is old.

    Raises `ConfigError` when a key stands there under both names.
    """
    values = dict(document.values)
    lines = dict(document.lines)
    for old, new in _RENAMED.items():
        if old not in values:
            continue
        if values.get(new) is not None:
            raise document.error(
                f"is the old name of {new}, which stands there too", old, remedy=f"remove {old}"
            )
        values[new] = values.pop(old)
        lines |= {(new, *keys[1:]): line for keys, line in lines.items() if keys[0] == old}
        _warn(document, old, new)
    for name in ("max_workers", "dask_specs"):
        if values.pop(name, None) is not None:
            _tell_of_machines(name)
    _zoom_levels(document, values)
    _pyramid(document, values)
    return replace(document, values=values, lines=lines)


def _zoom_levels(document: Document, values: dict[str, Any]) -> None:
    if "zoom_levels" in values:
        return
    if "process_zoom" in values:
        values["zoom_levels"] = values.pop("process_zoom")
        _warn(document, "process_zoom", "zoom_levels")
    elif "process_minzoom" in values and "process_maxzoom" in values:
        least, most = values.pop("process_minzoom"), values.pop("process_maxzoom")
        values["zoom_levels"] = {"min": least, "max": most}
        _warn(document, "process_minzoom", "zoom_levels.min")
        _warn(document, "process_maxzoom", "zoom_levels.max")


def _pyramid(document: Document, values: dict[str, Any]) -> None:
    """The grid used to stand under `output`, as `grid` or `type`; the rest at the top."""
    output = values.get("output")
    if not isinstance(output, dict):
        return
    output = values["output"] = dict(output)
    if "data_type" in output and "dtype" not in output:
        output["dtype"] = output.pop("data_type")
        _warn(document, "output.data_type", "output.dtype")
    grid = output.pop("grid", None)
    if grid is not None:
        _warn(document, "output.grid", "pyramid.grid")
    elif "format" in output and "type" in output:
        grid = output.pop("type")
        _warn(document, "output.type", "pyramid.grid")
    if grid is not None and "pyramid" not in values:
        values["pyramid"] = {"grid": grid}
    if not isinstance(values.get("pyramid"), dict):
        return
    for key in ("metatiling", "pixelbuffer"):
        if key in values:
            values["pyramid"] = {key: values.pop(key), **values["pyramid"]}
            _warn(document, key, f"pyramid.{key}")


def _tell_of_machines(name: str) -> None:
    tell(
        Note(
            fate=Fate.IGNORED,
            subject=Subject.OPTIONS,
            reason="a process file says what is made, not on which machines",
            examples=(name,),
            remedy="--workers, --concurrency and --dask-scheduler say that",
        )
    )


def _warn(document: Document, old: str, new: str) -> None:
    line = document.line(*old.split("."))
    place = "" if document.file is None else f"{document.file}:{line}: "
    warnings.warn(f"{place}{old} is now {new}", LegacyKeyWarning, stacklevel=4)

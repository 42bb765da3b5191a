"""Warnings about a process that are raised before its first tile."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from automap_tiles.errors import AutomapError
from automap_tiles.formats import Advising, OutputKind, Sized
from automap_tiles.runtime.steps import all_steps
from automap_tiles.storage import is_remote

if TYPE_CHECKING:
    from automap_tiles.runtime import Process


def warnings(process: Process) -> Iterator[str]:
    """Yield one sentence per warning."""
    for step in all_steps(process):
        for advice in _advice(step.process):
            yield f"step {step.name}: {advice}"
    yield from _advice(process)
    yield from _finer(process)


def _advice(process: Process) -> Iterator[str]:
    if isinstance(process.writer, Advising):
        yield from map(str, process.writer.advice())


def _finer(process: Process) -> Iterator[str]:
    """Warning if a coarser zoom would preserve the full resolution of the inputs."""
    if not process.base_zooms:
        return
    pyramid, finest = process.pyramid, max(process.base_zooms)
    rasters = [
        reader
        for _, reader in process.inputs_of_file.readers(finest)
        if reader.kind is OutputKind.RASTER
    ]
    known = [reader for reader in rasters if isinstance(reader, Sized)]
    if not known or len(known) < len(rasters):  # Another input may be as fine as this one.
        return
    try:
        size = min(reader.pixel_size(pyramid.crs) for reader in known)
    except AutomapError:  # An input without a pixel size in this CRS cannot be compared.
        return
    enough = pyramid.zoom_of(size)
    if enough < finest:
        yield (
            f"zoom {finest} has pixels of {pyramid.pixel_size(finest)[0]:.3g}, the finest input "
            f"has {size:.3g}: zoom {enough} holds all of it"
        )


def free_bytes(path: str) -> int | None:
    """Free bytes on the disk of an output; None for object stores."""
    if is_remote(path):
        return None
    there = next((each for each in (Path(path), *Path(path).parents) if each.exists()), None)
    return None if there is None else shutil.disk_usage(there).free

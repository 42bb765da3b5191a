"""Features of sample pixels, read tile by tile through the engine.

The pixels are written to a folder as points; the process `samples` computes the features of each,
on all cores, with results stored and resumed like any run.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
from collections.abc import Generator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from automap_tiles import vector
from automap_tiles.analysis.learning.recipe import Recipe
from automap_tiles.engine.events import Summary, TileResult
from automap_tiles.errors import InputError, ProcessChanged
from automap_tiles.grid import Bounds, cover
from automap_tiles.notes import Note
from automap_tiles.runtime import open_process
from automap_tiles.stopping import Stopped, StopToken
from automap_tiles.storage import Address, is_remote
from automap_tiles.workflows.events import Event, Fact, Failed
from automap_tiles.workflows.execution import ExecutionOptions
from automap_tiles.workflows.running import as_phase, carry_out
from automap_tiles.workflows.samples._points import POINTS_FORMAT, POINTS_SCHEMA, write_points
from automap_tiles.workflows.samples.labelled_pixels import LabelledPixels, joined
from automap_tiles.workflows.samples.picture import SourcePicture
from automap_tiles.workflows.tiles.stored_tiles import TileSelection, open_stored_tiles

SAMPLING = "sampling"
"""The phase."""
_TILE = 512
"""Approximate edge of the tiles, pixels."""
_FEW_TILES = 4
"""For fewer tiles, starting workers takes longer than the work."""


def config_of(
    picture: SourcePicture, recipe: Recipe, read: LabelledPixels, folder: Address
) -> dict[str, Any]:
    """Configuration of the process that reads the features; writes its points."""
    parameters = {"recipe": recipe.to_dict()}
    facts = json.dumps([picture.path, picture.grid_definition(), parameters], sort_keys=True)
    digest = hashlib.sha256(facts.encode())
    for column in read:
        digest.update(np.ascontiguousarray(column).tobytes())
    name = digest.hexdigest()[:16]
    points = write_points(picture, read, folder, f"points-{name}.fgb")
    metatiling = max(1, _TILE // picture.pyramid.tile_size)
    return {
        "process": "samples",
        "config_dir": str(Path.cwd() if folder.is_remote else folder),
        "input": {"picture": picture.path, "samples": str(points)},
        "pyramid": {
            **picture.grid_definition(),
            "metatiling": 1 << (metatiling.bit_length() - 1),
        },
        "zoom_levels": picture.zoom,
        "bounds": list(_bounds(picture, read)),
        "output": {
            "format": POINTS_FORMAT,
            "path": str(folder / f"values-{name}"),
            "pixelbuffer": 0,
            "schema": {
                **POINTS_SCHEMA,
                "properties": {**POINTS_SCHEMA["properties"], "values": "str"},
            },
        },
        "process_parameters": parameters,
    }


def _bounds(picture: SourcePicture, read: LabelledPixels) -> Bounds:
    rows = range(int(read.rows.min()), int(read.rows.max()) + 1)
    cols = range(int(read.cols.min()), int(read.cols.max()) + 1)
    found = picture.grid(rows, cols).bounds.intersection(picture.pyramid.bounds)
    return found or picture.pyramid.bounds


def read_features(
    config: dict[str, Any],
    picture: SourcePicture,
    recipe: Recipe,
    *,
    how: ExecutionOptions,
    facts: Mapping[str, Fact],
    stop: StopToken,
) -> Generator[Event, None, tuple[Note, ...]]:
    """Run the process; returns the notes of its tiles.

    Raises `InputError` with the error of the first tile that failed.
    """
    process = open_process(config)
    size = process.pyramid.metatile_size(picture.zoom)
    width, height = Bounds(*config["bounds"]).width, Bounds(*config["bounds"]).height
    few = (width / size[0] + 1) * (height / size[1] + 1) <= _FEW_TILES
    # textures take long, and only a separate worker can be stopped within a tile
    slow = any(one.is_texture for one in recipe.neighbourhood)
    if few and not slow:
        how = ExecutionOptions(concurrency="none", workers=how.workers)
    try:
        events = carry_out(process, how, stop=stop)
        summary = yield from _watched(as_phase(events, SAMPLING, facts), picture)
    except ProcessChanged:
        # the raster differs from that of the previous run
        events = carry_out(process, replace(how, overwrite=True), stop=stop)
        summary = yield from _watched(as_phase(events, SAMPLING, facts), picture)
    if summary.stopped_by is not None:
        raise Stopped
    return summary.notes


def _watched(
    events: Generator[Event, None, Summary], picture: SourcePicture
) -> Generator[Event, None, Summary]:
    with contextlib.closing(events):
        while True:
            try:
                event = next(events)
            except StopIteration as end:
                summary: Summary = end.value
                return summary
            yield event
            if isinstance(event, Failed) and isinstance(event.item, TileResult):
                lines = (event.item.error or "unknown error").strip().splitlines()
                raise InputError(f"samples cannot be read from it: {lines[-1]}", picture.path)


def gathered(
    config: Mapping[str, Any], picture: SourcePicture, recipe: Recipe
) -> tuple[LabelledPixels, np.ndarray[Any, np.dtype[np.float32]]]:
    """The result of the process, sorted by position, and the features (sample, feature)."""
    directory = open_stored_tiles(config["output"]["path"])
    claims, values = [LabelledPixels.none()], [np.zeros((0, len(recipe.names)), np.float32)]
    written = set(directory.existing(TileSelection()))
    if is_remote(directory.path):
        # a store may list an object only moments after it was written
        reached = shapely.box(*config["bounds"])
        candidates = cover.tiles(directory.pyramid, reached, config["zoom_levels"])
        written |= directory.there([index for index in candidates if index not in written])
    for index in sorted(written):
        content = directory.storage.get(directory.layout.key(index))
        for feature in vector.decode_features(content, driver=POINTS_FORMAT):
            told = feature["properties"]
            x, y = np.array(feature["geometry"]["coordinates"], dtype=np.float64)[:, :2].T
            claims.append(
                LabelledPixels.of_one(*picture.places(x, y), told["class"], told["group"])
            )
            stored = np.frombuffer(base64.b64decode(told["values"]), dtype="<f4")
            values.append(stored.reshape(len(x), len(recipe.names)))
    found = joined(claims)
    order = np.lexsort((found.groups, found.cols, found.rows))
    return found.take(order), np.concatenate(values)[order]

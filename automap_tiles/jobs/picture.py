"""Render one raster for a web map, in a separate process with resource limits.

Started by `picture_of` as `python -m automap_tiles.jobs.picture` with what it shall do as JSON on
its standard input.
"""

from __future__ import annotations

import base64
import json
import math
import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import AutomapError, OutputError
from automap_tiles.jobs.process import PASSED_ON

if TYPE_CHECKING:
    import numpy as np

    from automap_tiles.grid import Bounds, Tile
    from automap_tiles.layers.layer import Layer

SECONDS = 60
"""Limit of CPU time and of elapsed time."""
_MEMORY = 4 << 30
_ACROSS = 4
"""Largest number of web map tiles along each edge of a picture."""
_PARTS = 400
"""Largest number of tiles read from an unfinished result."""


@dataclass(frozen=True, kw_only=True)
class MapPicture:
    """A PNG and its extent."""

    content: bytes
    extent: tuple[float, float, float, float]
    """West, south, east, north in web mercator metres."""


def picture_of(path: Path) -> MapPicture | None:
    """Picture of a raster or a folder of tiles; None if it is empty. Raises `OutputError`."""
    environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    try:
        done = _ask(json.dumps({"path": str(path)}).encode(), environment)
    except subprocess.TimeoutExpired:
        raise OutputError("the picture takes too long") from None
    if done.returncode != 0:
        raise OutputError("there can be no picture of it now")
    said = json.loads(done.stdout)
    if said is None:
        return None
    west, south, east, north = said["extent"]
    return MapPicture(content=base64.b64decode(said["png"]), extent=(west, south, east, north))


def _ask(said: bytes, environment: Mapping[str, str]) -> subprocess.CompletedProcess[bytes]:
    """Start the process and wait for it."""
    return subprocess.run(
        [sys.executable, "-m", "automap_tiles.jobs.picture"],
        input=said,
        capture_output=True,
        env=environment,
        timeout=SECONDS,
        check=False,
        start_new_session=True,
    )


def main() -> None:
    """Entry point of the process: result on standard output, errors as exit."""
    try:
        sys.stdout.write(json.dumps(_main(json.load(sys.stdin))))
    except (AutomapError, MemoryError) as error:
        sys.exit(str(error))


def _main(said: Mapping[str, Any]) -> dict[str, Any] | None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    from automap_tiles.layers.default_style import default_style
    from automap_tiles.pictures.encode import ImageFormat, encode
    from automap_tiles.pictures.render import render
    from automap_tiles.pictures.style import read_style

    layers = list(_layers(Path(said["path"])))
    if not layers:
        return None
    look, _ = default_style(layers[len(layers) // 2])
    style = read_style(look, layers[0].info.band_names)
    grid = _grid(layers)
    data = _mosaic(layers, grid, style.needed)
    if data is None:
        return None
    corners = (grid[-1][0].bounds, grid[0][-1].bounds)
    extent = (corners[0].left, corners[0].bottom, corners[1].right, corners[1].top)
    picture = encode(render(data, style), ImageFormat.PNG)
    return {"extent": extent, "png": base64.b64encode(picture).decode()}


def _layers(path: Path) -> Iterator[Layer]:
    from automap_tiles.layers.open import open_layers

    files = sorted(path.rglob("*.tif"))[:_PARTS] if path.is_dir() else [path]
    for file in files:
        try:
            yield open_layers([file])[0][0]
        except AutomapError:
            if not path.is_dir():
                raise
            # the tiles are put together and removed at the end: this one is gone already


def _grid(layers: Sequence[Layer]) -> list[list[Tile]]:
    """Web map tiles that the layers cover, from north to south and west to east."""
    from automap_tiles.grid import Bounds
    from automap_tiles.layers import web

    boxes = [each.info.bounds for each in layers]
    box = Bounds(
        min(each.left for each in boxes),
        min(each.bottom for each in boxes),
        max(each.right for each in boxes),
        max(each.top for each in boxes),
    )
    finest = max(each.info.max_zoom for each in layers)
    for zoom in range(finest, -1, -1):
        columns, rows = _columns(box, zoom), _rows(box, zoom)
        if max(len(columns), len(rows)) <= _ACROSS:
            break
    pyramid = web.web_pyramid()
    return [[pyramid.tile(zoom, row, column) for column in columns] for row in rows]


def _columns(box: Bounds, zoom: int) -> range:
    many = 2**zoom
    first, last = (math.floor((lon + 180) / 360 * many) for lon in (box.left, box.right))
    return range(max(0, first), min(many - 1, last) + 1)


def _rows(box: Bounds, zoom: int) -> range:
    many = 1 << zoom

    def row(lat: float) -> int:
        angle = math.radians(min(max(lat, -85.0), 85.0))
        return math.floor((1 - math.asinh(math.tan(angle)) / math.pi) / 2 * many)

    return range(max(0, row(box.top)), min(many - 1, row(box.bottom)) + 1)


def _mosaic(
    layers: Sequence[Layer], grid: Sequence[Sequence[Tile]], bands: Sequence[int]
) -> np.ma.MaskedArray[Any, Any] | None:
    """(band, y, x) of all layers on all tiles; None if there is no data."""
    import numpy as np

    height, width = grid[0][0].shape
    whole: np.ma.MaskedArray[Any, Any] | None = None
    for down, line in enumerate(grid):
        for across, tile in enumerate(line):
            for layer in layers:
                data = layer.read(tile, bands)
                if data is None:
                    continue
                if whole is None:
                    shape = (data.shape[0], height * len(grid), width * len(line))
                    whole = np.ma.MaskedArray(np.zeros(shape, data.dtype), mask=True)
                there = ~np.ma.getmaskarray(data)
                y, x = down * height, across * width
                whole[:, y : y + height, x : x + width][there] = data[there]
    return whole


if __name__ == "__main__":
    main()

"""Writers for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from automap_tiles.formats import OutputSpec, Writer
from automap_tiles.formats.registry import open_output
from automap_tiles.grid import Pyramid


def made(
    folder: Path,
    pyramid: Pyramid | None = None,
    *,
    zooms: tuple[int, ...] = (5,),
    area: Any = None,
    **options: Any,
) -> Writer:
    """A prepared writer below a folder."""
    value = {"format": "GTiff", "path": "out", "bands": 1, "dtype": "int16", **options}
    for name in [name for name, option in value.items() if option is Ellipsis]:
        del value[name]
    spec = OutputSpec.from_mapping(value, base=folder, zooms=zooms, area=area)
    writer = open_output(spec, pyramid or Pyramid.from_grid("geodetic"))
    writer.prepare()
    return writer

"""Choose the writer: a path ending with .tif is a single GeoTIFF, any other a tile directory."""

from __future__ import annotations

from automap_tiles.formats._options import Options
from automap_tiles.formats._spec import OutputSpec, is_single_file
from automap_tiles.formats._writers import Writer
from automap_tiles.formats.gtiff._single_file import open_single_file
from automap_tiles.formats.gtiff._tiles import SINGLE_FILE_OPTIONS, directory_writer
from automap_tiles.grid import Pyramid


def open_writer(spec: OutputSpec, process_pyramid: Pyramid) -> Writer:
    """Writer of a directory, or of a single file when the path ends with .tif."""
    if is_single_file(spec.path):
        return open_single_file(spec, process_pyramid)
    options = Options(spec)
    writer = directory_writer(spec, process_pyramid, options)
    options.pick(SINGLE_FILE_OPTIONS[2:])  # mapchete takes and ignores them in directories
    options.finish()
    return writer

"""Plain functions on arrays: composites, indices, terrain. No files, no tiles."""

from automap_tiles.analysis._moved import install

install()

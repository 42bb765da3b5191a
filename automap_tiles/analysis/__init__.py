"""Plain functions on arrays: composites, indices, terrain. No files, no tiles."""

from automap_tiles.analysis._legacy_modules import install

install()

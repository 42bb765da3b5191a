"""Array functions without files or tiles: composites, indices, terrain, textures, learning."""

from automap_tiles.analysis._legacy_modules import install

install()

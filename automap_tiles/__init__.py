"""Tile-pyramid processing of satellite images: run a function on every tile of an area."""

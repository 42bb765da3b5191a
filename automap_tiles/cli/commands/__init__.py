"""One command per module; `automap_tiles.cli.main` finds them by name."""

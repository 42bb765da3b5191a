"""Plain functions on arrays: composites, indices, terrain. No files, no tiles."""

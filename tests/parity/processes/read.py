# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls
"""Read bands and pass them on."""


def execute(raster, *, resampling="nearest", indexes=None):
    if raster.is_empty():
        return "empty"
    return raster.read(indexes=indexes, resampling=resampling)

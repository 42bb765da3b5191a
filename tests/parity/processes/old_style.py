# mypy: allow-untyped-defs, allow-incomplete-defs, allow-untyped-calls
"""The one argument of former days, beside a parameter."""


def execute(mp, resampling="nearest"):
    with mp.open("raster") as raster:
        if raster.is_empty():
            return "empty"
        data = raster.read(resampling=mp.params["resampling"])
    assert mp.params["resampling"] == resampling
    return data + mp.tile.zoom

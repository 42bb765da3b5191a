"""Contour lines of an elevation model as features.

Inputs: `dem`, heights in its first band; `clip` (optional), features outside of which no line is
kept.

Needs `pixelbuffer: 1` (or more) in the pyramid, because a line ends at the centre of the outermost
pixel: without one there are gaps between tiles. The output cuts the lines to the tile without its
buffer.
"""

from __future__ import annotations

from typing import Any

from automap_tiles import Empty, RasterInput, VectorInput
from automap_tiles.analysis import terrain

Feature = dict[str, Any]


def execute(  # noqa: PLR0913 - names and defaults that process files already use
    dem: RasterInput,
    clip: VectorInput | None = None,
    *,
    resampling: str = "nearest",
    interval: float = 100.0,
    field: str = "elev",
    base: float = 0.0,
    clip_pixelbuffer: int = 0,
    td_matching_method: str = "gdal",  # noqa: ARG001
    td_matching_max_zoom: int | None = None,  # noqa: ARG001
    td_matching_precision: int = 8,  # noqa: ARG001
    td_fallback_to_higher_zoom: bool = False,  # noqa: ARG001
) -> list[Feature]:
    """One LineString for each unbroken line, its height in the property `field`.

    Lines are drawn every `interval` units of height, counted from `base`; the property is a whole
    number when both are. `clip_pixelbuffer` widens the clip features by so many pixels.
    Unlike in mapchete lines lie where the heights are (there rows and columns change places and
    separate lines of a height are joined), and `clip` keeps the inside, not the outside.
    """
    from shapely import LineString
    from shapely.geometry import mapping

    if dem.is_empty() or (clip is not None and clip.is_empty()):
        raise Empty
    area = None if clip is None else clip.read_union_geometry(pixelbuffer=clip_pixelbuffer)
    heights = dem.read(indexes=1, resampling=resampling)
    transform = dem.tile.transform
    whole = float(interval).is_integer() and float(base).is_integer()
    features: list[Feature] = []
    for level, points in terrain.contour_lines(heights, interval=interval, base=base):
        x = transform.c + points[:, 0] * transform.a
        y = transform.f + points[:, 1] * transform.e
        line = LineString(list(zip(x.tolist(), y.tolist(), strict=True)))
        for part in _lines(line if area is None else line.intersection(area)):
            properties = {field: int(level) if whole else level}
            features.append(
                {"type": "Feature", "geometry": mapping(part), "properties": properties}
            )
    if not features:
        raise Empty
    return features


def _lines(geometry: Any) -> list[Any]:
    """The lines in a geometry, without points at which a line only touched."""
    if geometry.geom_type == "LineString":
        return [] if geometry.is_empty else [geometry]
    return [line for part in getattr(geometry, "geoms", ()) for line in _lines(part)]

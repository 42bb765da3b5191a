"""Names and units of output bands that are derived from bands of the input."""

from __future__ import annotations

from collections.abc import Sequence

from automap_tiles import RasterInput

Tags = dict[int, dict[str, str]]


def band_tags(
    picture: RasterInput, numbers: Sequence[int] | None = None, of: str = "{}"
) -> list[dict[str, str]]:
    """Tags of the bands of these numbers (from 1; None: all) of a picture, in their order.

    `of` says what was made of a band, such as `median_{}`.
    """
    table = picture.describe_bands()
    found = []
    for number in numbers or range(1, len(table.names) + 1):
        name, scale, offset = (
            each[number - 1] for each in (table.names, table.scales, table.offsets)
        )
        tags = {"name": of.format(name)}
        if (scale, offset) != (1.0, 0.0):
            tags |= {"value_scale": repr(scale), "value_offset": repr(offset)}
        found.append(tags)
    return found


def tags_by_number(tags: Sequence[dict[str, str]]) -> Tags:
    """By the number of the band, from 1."""
    return dict(enumerate(tags, start=1))

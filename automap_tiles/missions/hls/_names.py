"""HLS products by the names of their files: `HLS.S30.T33TWL.2023227T100031.v2.0.B04.tif`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import PurePosixPath

from automap_tiles.errors import InputError
from automap_tiles.missions._common.harmonized import HLS_NAME
from automap_tiles.missions._common.layers import HLS_FMASK
from automap_tiles.missions._common.layout import OneOfEach, ProductLayout
from automap_tiles.missions.hls._bands import BY_KIND

_FILE = re.compile(
    rf"(?P<product>{HLS_NAME.pattern})"
    r"(?:\.(?P<part>B\d\d|B8A|Fmask|SZA|SAA|VZA|VAA)(?P<part_of_it>\.subset)?\.tiff?|(?P<item>_stac\.json))",
    re.IGNORECASE,
)
_ANGLES = {"SZA": "sun_zenith", "SAA": "sun_azimuth", "VZA": "view_zenith", "VAA": "view_azimuth"}


def find(names: Sequence[str]) -> Iterator[ProductLayout]:
    """HLS products in a list of file names."""
    found: dict[tuple[str, str], OneOfEach] = defaultdict(OneOfEach)
    for name in names:
        path = PurePosixPath(name)
        if match := _FILE.fullmatch(path.name):
            part = "item" if match["item"] else match["part"].upper()
            is_part = match["part_of_it"] is not None
            found[str(path.parent), match["product"]].add(part, name, lesser=is_part)
    for (_, product), each in found.items():
        yield _layout(product, each.best, each.spare)


def seen(text: str) -> datetime:
    """`2023227T100031`: year, day of the year and time; raises `InputError`."""
    try:
        return datetime.strptime(text, "%Y%jT%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise InputError(f"not a time: {text!r}") from error


def _layout(product: str, files: Mapping[str, str], spare: Sequence[str]) -> ProductLayout:
    match = HLS_NAME.fullmatch(product)
    assert match is not None  # `_FILE` contains the same pattern
    sensor = BY_KIND[match["kind"].upper()]
    try:
        day = seen(match["seen"]).date()
    except InputError:  # reported when the scene is created
        day = None
    return ProductLayout(
        family="hls",
        id=product,
        sensor=sensor.key,
        level="SR",
        version=match["version"],
        date=day,
        tile=match["tile"].upper(),
        bands={band.name: files[band.name] for band in sensor.bands if band.name in files},
        quality={HLS_FMASK.name: files["FMASK"]} if "FMASK" in files else {},
        angles={word: files[part] for part, word in _ANGLES.items() if part in files},
        metadata={"item": files["item"]} if "item" in files else {},
        spare=tuple(spare),
        like=sensor,
    )

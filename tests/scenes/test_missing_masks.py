"""Masks that are asked for and that nothing of a scene tells: named, counted, refused on demand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from automap_tiles.errors import InputError
from automap_tiles.missions import Flag, QualityFile, Scene
from automap_tiles.notes import Fate, Subject
from automap_tiles.scenes.maskers import Masking
from automap_tiles.scenes.masks import FlagSource, parse_flags
from automap_tiles.scenes.missing_masks import notes_of, refuse, unmasked

DEFAULT = parse_flags(None)
ALL = Flag.CLOUD | Flag.CIRRUS | Flag.SHADOW


def scene(sensor: str, *layers: str, name: str = "one") -> Scene:
    quality = tuple(QualityFile(layer=layer, href=f"{layer}.tif") for layer in layers)
    seen = datetime(2020, 6, 1, tzinfo=UTC)
    return Scene(id=name, sensor=sensor, time=seen, bands={}, quality=quality)


@pytest.mark.parametrize(
    ("sensor", "layers", "asked", "missing"),
    [
        ("landsat-8", ("qa_pixel",), ALL, Flag(0)),
        ("landsat-8", (), ALL, ALL),
        ("landsat-8", ("qa_radsat",), ALL, ALL),
        ("landsat-8", ("qa_radsat",), ALL | Flag.SATURATED, ALL),
        # the thematic mapper has no band for cirrus, and no layer of it ever tells
        ("landsat-5", ("qa_pixel_tm",), ALL, Flag(0)),
        ("landsat-5", ("qa_pixel_tm",), Flag.CIRRUS, Flag.CIRRUS),
        ("landsat-5", (), ALL, ALL),
        ("sentinel-2a", ("scl",), ALL, Flag(0)),
        ("sentinel-2a", ("qa60",), ALL, Flag.SHADOW),
        # the best layer is read, not all of them
        ("sentinel-2a", ("qa60", "scl"), ALL, Flag(0)),
        ("sentinel-2a", ("qa60",), Flag.FILL, Flag(0)),
        ("sentinel-2a", ("automap",), ALL, Flag(0)),
    ],
)
def test_what_nothing_tells(
    sensor: str, layers: tuple[str, ...], asked: Flag, missing: Flag
) -> None:
    assert unmasked(scene(sensor, *layers), asked) == missing


def test_other_ways_to_a_mask() -> None:
    bare = scene("sentinel-2a")
    assert unmasked(replace(bare, clouds=()), DEFAULT) == Flag.SHADOW
    with_shadow = FlagSource(project_shadow=True)
    assert unmasked(replace(bare, clouds=()), DEFAULT, with_shadow) == Flag(0)
    assert unmasked(bare, DEFAULT, FlagSource(masking=Masking(name="csmask"))) == Flag(0)


def test_told_once_for_each_lack_and_refused_where_it_must_be() -> None:
    scenes = [scene("landsat-8", name=f"bare {number}") for number in range(5)]
    scenes += [scene("landsat-8", "qa_pixel"), scene("sentinel-2a", "qa60", name="old")]
    bare, shadow = notes_of(scenes, DEFAULT)
    assert (bare.fate, bare.subject, bare.count) == (Fate.IGNORED, Subject.MASKS, 5)
    assert bare.examples == ("bare 0", "bare 1", "bare 2")
    assert "tells of cloud, cirrus, shadow: not masked" in bare.reason
    assert (shadow.count, shadow.examples) == (1, ("old",))
    assert "tells of shadow" in shadow.reason
    with pytest.raises(InputError, match=r"6 scenes lack it.*bare 0.*tells of shadow.*old"):
        refuse((bare, shadow), "/data")
    refuse((), "/data")

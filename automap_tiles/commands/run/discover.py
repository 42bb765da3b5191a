"""Which scenes a run is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from automap_tiles.commands.run.parameters import RunParameters
from automap_tiles.errors import InputError
from automap_tiles.scenes import find
from automap_tiles.scenes.scene import Found, Scene
from automap_tiles.scenes.select import Selection
from automap_tiles.sensors.sensor import COMMON

_SURFACE = ("L2", "SR")
_CATALOGUES = (".json", ".geojson")


@dataclass(frozen=True, kw_only=True)
class Discovered:
    """Scenes of a run by satellite."""

    scenes: Mapping[str, tuple[Scene, ...]]
    """Satellite → its scenes by time; satellites without one are not there."""
    rejected: tuple[tuple[str, str], ...]
    """(name, reason) of products that cannot be used, or were not chosen."""


def discover(run: RunParameters) -> Discovered:
    """Look for the scenes in the run's source; raises `InputError` when there is none."""
    selection = Selection(
        period=run.period,
        satellites=run.satellites,
        max_cloud_cover=run.max_cloud_cover,
        area=run.area,
    )
    found = scenes_of(run.source, selection, COMMON, run.output / ".unpacked")
    scenes: dict[str, tuple[Scene, ...]] = {}
    dropped: list[tuple[str, str]] = []
    for satellite in sorted({scene.satellite for scene in found.scenes}):
        own = [scene for scene in found.scenes if scene.satellite == satellite]
        kept = _of_one_level(own)
        scenes[satellite] = tuple(kept)
        ids = {scene.id for scene in kept}
        dropped += [
            (scene.id, "surface reflectance is not mixed with that at the top of the atmosphere")
            for scene in own
            if scene.id not in ids
        ]
    return Discovered(scenes=scenes, rejected=(*found.rejected, *dropped))


def scenes_of(
    source: str, selection: Selection, bands: Sequence[str], unpack_to: Path | None = None
) -> Found:
    """Scenes of a folder, an archive or a catalogue; raises `InputError` when there is none."""
    if is_catalogue(source):
        from automap_tiles.scenes import catalogue

        everything = catalogue.search(source, selection, catalogue.Options(bands=bands))
    else:
        everything = find.products(source, bands=bands, unpack_to=unpack_to)
    found = selection.of(everything)
    if not found.scenes:
        raise InputError(_nothing(everything), source)
    return found


def is_catalogue(source: str) -> bool:
    """Whether a source is a STAC file, a STAC API or a catalogue known by its name."""
    from automap_tiles.scenes.catalogue.providers import PROVIDERS

    named = source in {provider.name for provider in PROVIDERS}
    return named or source.startswith(("http://", "https://")) or source.endswith(_CATALOGUES)


def _of_one_level(scenes: list[Scene]) -> list[Scene]:
    """Those at the top of the atmosphere where there are both, as AutoMap has them."""
    toa = [scene for scene in scenes if not (scene.level or "").startswith(_SURFACE)]
    return toa or scenes


def _nothing(everything: Found) -> str:
    if everything.scenes:
        return (
            f"none of the {len(everything.scenes)} scenes is of that area, time, satellite and "
            "cloud cover"
        )
    if not everything.rejected:
        return "no product of a known satellite"
    name, reason = everything.rejected[0]
    return f"all {len(everything.rejected)} products were set aside, the first: {name}: {reason}"

"""Selection of a run's scenes: top-of-atmosphere reflectance where available.

For a satellite without it surface reflectance is used, with a note; the two are never mixed within
one satellite.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from automap_tiles.errors import AutomapError, InputError
from automap_tiles.missions import Scene, common_bands
from automap_tiles.notes import Fate, Note, Notes, Subject
from automap_tiles.scenes import assumptions, find, nadir
from automap_tiles.scenes.failures import check_own
from automap_tiles.scenes.funnel import Funnel, FunnelStep
from automap_tiles.scenes.masks import parse_flags
from automap_tiles.scenes.missing_masks import notes_of, refuse
from automap_tiles.scenes.report import SearchReport, Wanted, common_bands_of
from automap_tiles.scenes.select import Selection, one_level
from automap_tiles.workflows.automap._scratch import Scratch
from automap_tiles.workflows.automap.parameters import RunParameters
from automap_tiles.workflows.events import Json

if TYPE_CHECKING:
    from automap_tiles.missions import Level
    from automap_tiles.scenes.catalogue import Provider

_CATALOGUES = (".json", ".geojson")


@dataclass(frozen=True, kw_only=True)
class Discovered:
    """Scenes of a run by satellite."""

    scenes: Mapping[str, tuple[Scene, ...]]
    """Satellite → its scenes by time; satellites without scenes are left out."""
    rejected: tuple[tuple[str, str], ...]
    """(name, reason) of products that cannot be used, or were not chosen."""
    notes: tuple[Note, ...] = ()
    """Unexpected results: satellites without scenes, or of another level."""
    funnel: Funnel = field(default_factory=Funnel)
    """From all scenes of the source to those used."""

    def to_json(self) -> Json:
        return {
            "scenes": {one: len(scenes) for one, scenes in self.scenes.items()},
            "used": self.funnel.used,
            "funnel": self.funnel.to_json(),
        }


def discover(run: RunParameters) -> Discovered:
    """Search the scenes in the run's source.

    Raises `InputError` if there are none, `ConfigError` if the mask cannot be made from them.
    """
    selection = Selection(
        period=run.period,
        satellites=run.satellites,
        max_cloud_cover=run.max_cloud_cover,
        area=run.area,
    )
    found = one_level(_of_those(run, _search(run, selection)))
    scenes: dict[str, tuple[Scene, ...]] = {}
    dropped: list[tuple[str, str]] = []
    notes = Notes()
    for satellite in sorted(run.satellites):
        kept = [scene for scene in found.scenes if scene.satellite == satellite]
        if not kept:
            notes.add(_of_satellite(satellite, Fate.LOST, "no scene of them is used"))
            continue
        run.making.check(kept)
        kept, lost = _with_bands(kept, run.making.bands)
        dropped += lost
        if not kept:
            raise InputError(f"no scene has what its mask is made of: {lost[0][1]}", run.source)
        notes.extend(_without_masks(run, kept))
        notes.extend(assumptions.notes_of(kept, run.max_cloud_cover))
        if run.brdf:
            kept, lost = _from_above(run, kept)
            dropped += lost
            notes.extend(nadir.notes_of(kept, common_bands(satellite)))
        scenes[satellite] = tuple(kept)
        if is_surface(kept[0]):
            notes.add(
                _of_satellite(
                    satellite,
                    Fate.REPLACED,
                    "only surface reflectance is there and is taken, not that at the top of the "
                    "atmosphere",
                )
            )
    return Discovered(
        scenes=scenes,
        rejected=(*found.rejected, *dropped),
        notes=notes.grouped(),
        funnel=found.funnel.without(FunnelStep.READABLE, dropped),
    )


def _of_those(run: RunParameters, found: SearchReport) -> SearchReport:
    """The scenes the run is restricted to; raises `InputError` if none is left."""
    if run.only is None:
        return found
    others = [(each.id, "not among the scenes of the record")
              for each in found.scenes if each.id not in run.only]  # fmt: skip
    kept = replace(
        found,
        scenes=tuple(each for each in found.scenes if each.id in run.only),
        funnel=found.funnel.without(FunnelStep.USED, others),
    )
    if not kept.scenes:
        raise InputError(kept.funnel.why_nothing(), run.source)
    return kept


def _without_masks(run: RunParameters, scenes: Sequence[Scene]) -> tuple[Note, ...]:
    """Handle scenes without the requested mask; raises `InputError` if masks are required."""
    notes = notes_of(scenes, parse_flags(run.mask), run.making)
    if run.require_mask:
        refuse(notes, run.source)
    return notes


def _of_satellite(satellite: str, fate: Fate, reason: str) -> Note:
    return Note(fate=fate, subject=Subject.SATELLITES, reason=reason, examples=(satellite,))


def scenes_of(
    source: str, selection: Selection, bands: Wanted, unpack_to: Path | None = None
) -> SearchReport:
    """Scenes of a folder, an archive or a catalogue; raises `InputError` if there are none."""
    if is_catalogue(source):
        from automap_tiles.scenes import catalogue

        everything = catalogue.search(source, selection, catalogue.SearchOptions(bands=bands))
    else:
        everything = find.products(source, bands=bands, unpack_to=unpack_to, selection=selection)
    return _chosen(everything, selection, source)


def is_catalogue(source: str) -> bool:
    """Whether a source is a STAC file, a STAC API or a catalogue known by name."""
    from automap_tiles.scenes.catalogue import PROVIDERS

    named = source in {provider.name for provider in PROVIDERS}
    return named or source.startswith(("http://", "https://")) or source.endswith(_CATALOGUES)


def _search(run: RunParameters, selection: Selection) -> SearchReport:
    from automap_tiles.scenes.catalogue.providers import by_name

    provider = by_name(run.source)
    if provider is None:
        return scenes_of(run.source, selection, common_bands_of, Scratch(run.output).unpacked)
    everything = SearchReport()
    for satellite in sorted(run.satellites):
        everything += _of_provider(provider, run.source, satellite, selection)
    return _chosen(everything, selection, run.source)


def _of_provider(
    provider: Provider, source: str, satellite: str, selection: Selection
) -> SearchReport:
    """A provider's scenes of a satellite: top of the atmosphere, or else surface reflectance."""
    from automap_tiles.scenes import catalogue
    from automap_tiles.scenes.catalogue.providers import has

    found = SearchReport()
    own = replace(selection, satellites=frozenset((satellite,)))
    levels: tuple[Level, ...] = ("toa", "surface")
    for level in levels:
        if has(provider, satellite, level):
            options = catalogue.SearchOptions(bands=common_bands(satellite), level=level)
            found += catalogue.search(source, own, options)
        if found.scenes:
            break
    return found


def _chosen(everything: SearchReport, selection: Selection, source: str) -> SearchReport:
    found = selection.of(everything)
    if not found.scenes:
        raise InputError(found.funnel.why_nothing(), source)
    return found


def _with_bands(
    scenes: Sequence[Scene], bands: Sequence[str]
) -> tuple[list[Scene], list[tuple[str, str]]]:
    """(scenes with the bands, the others with the reason)."""
    kept: list[Scene] = []
    lost: list[tuple[str, str]] = []
    for scene in scenes:
        try:
            for band in bands:
                scene.band(band)
            kept.append(scene)
        except AutomapError as error:
            lost.append((scene.id, str(error)))
    return kept, lost


def _from_above(
    run: RunParameters, scenes: Sequence[Scene]
) -> tuple[list[Scene], list[tuple[str, str]]]:
    """(scenes with their correction to nadir view, the others with the reason).

    Raises `ConfigError` for scenes that are already corrected, `InputError` if none is left.
    """
    kept: list[Scene] = []
    lost: list[tuple[str, str]] = []
    for scene in scenes:
        nadir.check(scene)
        try:
            kept.append(nadir.factors_of(scene, common_bands(scene.satellite)))
        except AutomapError as error:
            check_own(error)
            lost.append((scene.id, str(error)))
    if not kept:
        raise InputError(f"brdf: no scene tells from where it was seen: {lost[0][1]}", run.source)
    return kept, lost


def is_surface(scene: Scene) -> bool:
    """Whether it is surface reflectance."""
    return scene.kind == "surface"

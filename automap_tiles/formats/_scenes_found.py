"""Select and prepare the scenes of an input before they are read.

Scenes are searched for and selected; then, if requested, corrected for BRDF, harmonised to the
bands of another sensor, co-registered and radiometrically balanced.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from automap_tiles.errors import AutomapError, ConfigError, InputError
from automap_tiles.missions import Scene
from automap_tiles.notes import tell
from automap_tiles.scenes import assumptions, bandpass, coregistration, find, nadir, seamless
from automap_tiles.scenes.coregistration import Alignment
from automap_tiles.scenes.failures import check_own, reason_of
from automap_tiles.scenes.funnel import Funnel, FunnelStep
from automap_tiles.scenes.masks import MaskRule
from automap_tiles.scenes.missing_masks import notes_of, refuse
from automap_tiles.scenes.report import SearchReport

if TYPE_CHECKING:
    from automap_tiles.formats.scenes_reader import ScenesReader

_log = logging.getLogger(__name__)


def found_by(reader: ScenesReader) -> SearchReport:
    """The selected scenes and those set aside.

    Raises `InputError` when nothing is left, `ConfigError` for scenes of several satellites or
    of surface and top-of-atmosphere reflectance together.
    """
    found = _of_those(reader, _searched(reader))
    tell(*found.funnel.notes)
    for scene in found.scenes:
        for finding in scene.metadata.get("guard", {}).get("findings", ()):
            _log.warning("scene %s: %s", scene.id, finding)
    if not found.scenes:
        raise InputError(found.funnel.why_nothing(), reader.place)
    tell(*assumptions.notes_of(found.scenes, reader.selection.max_cloud_cover))
    if not reader.to_oli:
        _check_alike("satellites", sorted({scene.satellite for scene in found.scenes}))
    _check_alike("level", sorted({scene.kind for scene in found.scenes}))
    found = _with_masks(reader, found)
    if reader.reading.mask is not None:
        _check_masks(reader, found.scenes, reader.reading.mask)
    if reader.brdf:
        found = _from_above(reader, found)
    if reader.to_oli:
        found = _as_oli(reader, found)
    if reader.coregister is not None:
        found = _coregistered(found, reader.coregister)
    return _equally_bright(reader, found) if reader.seamless else found


def _as_oli(reader: ScenesReader, found: SearchReport) -> SearchReport:
    """The scenes with their bands adjusted to Landsat 8; notes bands that remain unchanged."""
    scenes = tuple(bandpass.as_oli(scene, reader.bands) for scene in found.scenes)
    tell(*bandpass.notes_of(scenes, reader.bands))
    return replace(found, scenes=scenes)


def _equally_bright(reader: ScenesReader, found: SearchReport) -> SearchReport:
    """The scenes with their gains and offsets; notes those that remain unchanged."""
    scenes = seamless.toned(found.scenes, reader.reading)
    tell(*seamless.notes_of(scenes, found.scenes))
    return replace(found, scenes=scenes)


def _check_masks(reader: ScenesReader, scenes: Sequence[Scene], rule: MaskRule) -> None:
    """Note the scenes without a requested mask, or reject them."""
    notes = notes_of(scenes, rule.flags, rule.making)
    if reader.require_mask:
        refuse(notes, reader.place)
    tell(*notes)


def _searched(reader: ScenesReader) -> SearchReport:
    """Scenes selected by their own metadata."""
    if reader.is_catalogue:
        return _search(reader)
    return find.products(
        reader.place,
        bands=reader.reading.bands,
        unpack_to=reader.unpack_to,
        verify=reader.verify,
        selection=replace(reader.selection, tiles=frozenset(reader.tiles), level=reader.level),
    )


def _of_those(reader: ScenesReader, found: SearchReport) -> SearchReport:
    """The scenes requested by id."""
    only = reader.only
    if only is None:
        return found
    others = [(each.id, "not among the scenes that are asked for by name")
              for each in found.scenes if each.id not in only]  # fmt: skip
    return replace(
        found,
        scenes=tuple(each for each in found.scenes if each.id in only),
        funnel=found.funnel.without(FunnelStep.USED, others),
    )


def _with_masks(reader: ScenesReader, found: SearchReport) -> SearchReport:
    """The scenes that have the inputs of their masks; the others are set aside.

    Raises `ConfigError` when masks cannot be made for such scenes at all.
    """
    if not reader.reading.making.bands:
        return found
    reader.reading.making.check(found.scenes)
    return _each(reader, found, lambda scene: find.looked_at(scene, reader.reading.files))


def _from_above(reader: ScenesReader, found: SearchReport) -> SearchReport:
    """The scenes with their correction for BRDF to nadir view; the others are set aside.

    Raises `ConfigError` for scenes that are already corrected.
    """
    for scene in found.scenes:
        nadir.check(scene)
    rest = _each(reader, found, lambda scene: nadir.factors_of(scene, reader.bands))
    tell(*nadir.notes_of(rest.scenes, reader.bands))
    return rest


def _each(
    reader: ScenesReader, found: SearchReport, change: Callable[[Scene], Scene]
) -> SearchReport:
    """The scenes with a change applied; those for which it fails are set aside with a note."""
    scenes: list[Scene] = []
    lost: list[tuple[str, str]] = []
    for scene in found.scenes:
        try:
            scenes.append(change(scene))
        except AutomapError as error:
            check_own(error)
            lost.append((scene.id, reason_of(error)))
    rest = SearchReport(
        scenes=tuple(scenes),
        rejected=(*found.rejected, *lost),
        funnel=found.funnel.without(FunnelStep.READABLE, lost),
    )
    tell(*Funnel(found=len(lost)).without(FunnelStep.READABLE, lost).notes)
    if not scenes:
        raise InputError(rest.funnel.why_nothing(), reader.place)
    return rest


def _coregistered(found: SearchReport, how: Alignment | str) -> SearchReport:
    """The co-registered scenes; notes those that remain unchanged."""
    if isinstance(how, str):
        placed = coregistration.read_table(how)
    else:
        placed = coregistration.align(found.scenes, how)
    tell(*coregistration.notes_of(placed, found.scenes))
    return replace(found, scenes=coregistration.with_shifts(found.scenes, placed))


def _check_alike(key: str, found: list[str]) -> None:
    """Raise `ConfigError` for dates that must not be mixed in one input."""
    if len(found) > 1:
        raise ConfigError(
            f"scenes of the {key} {', '.join(found)} are never mixed",
            key=key,
            remedy=f"{key}: {found[0]}",
        )


def _search(reader: ScenesReader) -> SearchReport:
    from automap_tiles.scenes import catalogue

    options = catalogue.SearchOptions(
        tiles=reader.tiles,
        collections=reader.collections,
        level=reader.level,
        bands=reader.reading.bands,
        verify=reader.verify,
    )
    return catalogue.search(reader.place, reader.selection, options)

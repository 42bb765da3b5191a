"""Run an export."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from automap_tiles.engine.journal import hold, place_of
from automap_tiles.errors import ConfigError, InputError
from automap_tiles.stopping import Stopped, stopping
from automap_tiles.workflows._notes import run_with_notes
from automap_tiles.workflows._order import NEVER, StopToken
from automap_tiles.workflows.events import (
    Event,
    Finished,
    PhaseFinished,
    PhaseStarted,
    Started,
)
from automap_tiles.workflows.export import _mbtiles, _pmtiles_file, _stac, page
from automap_tiles.workflows.export._archive import ArchiveSink
from automap_tiles.workflows.export._filling import Filling
from automap_tiles.workflows.export._folder import FolderSink
from automap_tiles.workflows.export._ledger import writing
from automap_tiles.workflows.export._order import Container, ExportOrder, ExportSpec, Look, spec_of
from automap_tiles.workflows.export._painting import Painter
from automap_tiles.workflows.export._plan import plan_of
from automap_tiles.workflows.export._results import ExportOutcome, ExportReport
from automap_tiles.workflows.export._sink import Description, Sink
from automap_tiles.workflows.export._source import look_of, open_source
from automap_tiles.workflows.running import at_once

if TYPE_CHECKING:
    from automap_tiles.layers.files import FileLayer


PAINTING = "painting"
"""The phase."""


def check(order: ExportOrder) -> ExportReport:
    """Count the tiles to render; pixels are only read as far as the style needs them.

    Raises `ConfigError`, `InputError`, `MissingExtra`.
    """
    spec = spec_of(order)
    _check(spec)
    layer = open_source(spec.source)
    look = look_of(spec, layer)
    return ExportReport(
        source=spec.source,
        output=str(spec.out),
        tiles=plan_of(layer.info, look.zooms).count(),
        zooms=look.zooms,
        style=look.query,
    )


def run(order: ExportOrder, *, stop: StopToken = NEVER) -> Generator[Event]:
    """Render the missing tiles; see `exported`. The outcome is an `ExportOutcome`."""
    yield Started(facts={"output": order.output})
    yield Finished(outcome=(yield from exported(spec_of(order), stop=stop)))


def export(spec: ExportSpec) -> ExportOutcome:
    """`exported` without events."""
    return at_once(exported(spec))


def exported(spec: ExportSpec, *, stop: StopToken = NEVER) -> Generator[Event, None, ExportOutcome]:
    """Render the missing tiles and move the result into place; items are tiles.

    Rendered tiles are kept if it is stopped, and the same export resumes; an archive that is
    incomplete then does not appear.

    Raises
    ------
    ConfigError
    An invalid style, or an export of another appearance exists and `overwrite` is off.
    InputError
    The source is missing, empty or cannot be read.
    OutputError
    A file cannot be written.
    OutputBusy
    Another export, or a run, is writing it.
    MissingExtra
    A library is not installed.

    """
    _check(spec)

    def look_at() -> tuple[FileLayer, Look]:
        layer = open_source(spec.source)
        return layer, look_of(spec, layer)

    layer, look = yield from run_with_notes(look_at)
    with hold(place_of(str(spec.out))), writing(spec.out):
        outcome, description = yield from _into_sink(spec, layer, look, stop)
        if description is not None and spec.page:
            outcome.files.append(page.write(spec, description))
        if description is not None and spec.stac:
            outcome.files += _stac.write(spec, description)
    return outcome


def _check(spec: ExportSpec) -> None:
    if spec.container is Container.PMTILES:
        _pmtiles_file.check_installed()
    _stac.check(spec)


_Came: TypeAlias = tuple[ExportOutcome, Description | None]
"""The description is None if it was stopped."""


def _into_sink(
    order: ExportSpec, layer: FileLayer, look: Look, stop: StopToken
) -> Generator[Event, None, _Came]:
    """Render the missing tiles, unless an archive is already complete."""
    with contextlib.closing(_sink(order)) as sink:
        finished = None if order.overwrite else sink.finished()
        if finished is None:
            look = _kept(order, look, sink.earlier_look())
            return (yield from _fill(order, layer, look, sink, stop))
        look = _kept(order, look, finished.get("look"))
        description = _found(order, layer, look, finished)
        sink.forget_part()
        return ExportOutcome(style=look.query, files=[order.out], is_new=False), description


def _sink(order: ExportSpec) -> Sink:
    if order.container is Container.XYZ:
        return FolderSink(order.out, order.image, georeferenced=order.georeference)
    if order.out.is_dir():
        raise ConfigError("is a folder", order.out, key="--output", remedy="the name of a file")
    if order.container is Container.PMTILES:
        return ArchiveSink(order.out, _pmtiles_file.pack, _pmtiles_file.read_metadata)
    return ArchiveSink(order.out, _mbtiles.pack, _mbtiles.read_metadata)


def _kept(order: ExportSpec, look: Look, earlier: Mapping[str, Any] | None) -> Look:
    """The appearance of the existing tiles, where the order does not specify it.

    A newly computed stretch would change as soon as there are more pixels.
    """
    if earlier is None or order.style or order.style_name is not None:
        return look
    return replace(look, query={key: tuple(values) for key, values in earlier["style"].items()})


def _found(
    order: ExportSpec, layer: FileLayer, look: Look, made_of: Mapping[str, Any]
) -> Description:
    """The description of a complete archive; raises `ConfigError` for a different one."""
    said = look.to_dict() | {"fingerprint": layer.reader.fingerprint()}
    there = dict(made_of.get("look", {})) | {"fingerprint": made_of.get("source")}
    if said != there:
        raise _other(order, said, there)
    return _description(order, layer, look, tuple(made_of["pictures"]))


def _other(order: ExportSpec, said: Mapping[str, Any], there: Mapping[str, Any]) -> ConfigError:
    names = {"source": "source", "fingerprint": "the source's content"}
    keys = [names.get(key, key) for key in said if said[key] != there.get(key)]
    return ConfigError(
        f"is an export that differs in: {', '.join(keys)}",
        order.out,
        key="--output",
        remedy="another name, or --overwrite",
    )


def _fill(
    order: ExportSpec, layer: FileLayer, look: Look, sink: Sink, stop: StopToken
) -> Generator[Event, None, _Came]:
    earlier = None if order.overwrite else sink.earlier_look()
    # the part file of an archive can be restarted, a folder may be in use
    if order.container is Container.XYZ and earlier not in (None, look.to_dict()):
        raise _other(order, look.to_dict(), earlier or {})
    sink.begin(look.to_dict(), anew=order.overwrite)
    plan = plan_of(layer.info, look.zooms)
    total = plan.count()
    work = Filling(Painter(layer=layer, look=look), plan, sink)
    yield PhaseStarted(phase=PAINTING, total=total)
    with contextlib.closing(work.paint(order.workers)) as painting:
        for event in painting:
            yield event
            if stop.is_set():
                work.outcome.stopped = True
                return work.outcome, None
    if stop.is_set():
        work.outcome.stopped = True
        return work.outcome, None
    if len(sink) > total:
        sink.keep_only(plan)
    outcome = work.outcome
    outcome.pictures = sink.counts()
    if not outcome.pictures:
        raise InputError("there is nothing to see on any tile", order.source)
    description = _description(order, layer, look, tuple(outcome.pictures))
    try:
        with stopping(stop):
            outcome.files.append(sink.finish(description))
    except Stopped:
        outcome.stopped = True
        return outcome, None
    yield PhaseFinished(phase=PAINTING, outcome=outcome)
    return outcome, description


def _description(
    order: ExportSpec, layer: FileLayer, look: Look, zooms: tuple[int, ...]
) -> Description:
    return Description(
        title=order.title or layer.info.title,
        attribution=order.attribution,
        bounds=layer.info.bounds,
        zooms=(min(zooms), max(zooms)),
        image=order.image,
        legend=layer.info.classes if "colormap" in look.query else (),
        look=look.to_dict(),
        fingerprint=layer.reader.fingerprint(),
    )

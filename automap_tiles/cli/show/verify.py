"""Report the progress of `automap verify` as text or JSON lines."""

from __future__ import annotations

from collections.abc import Iterable

import click

from automap_tiles.cli.show import numbers
from automap_tiles.cli.show.notes import show_note
from automap_tiles.cli.show.reporters import emit_json
from automap_tiles.errors import TilesFailed
from automap_tiles.workflows.events import Event, Failed, Finished, Noted, PhaseFinished
from automap_tiles.workflows.verify import VerifyOutcome
from automap_tiles.workflows.verify.files import SET_ASIDE
from automap_tiles.workflows.verify.files_report import Damage, FilesReport
from automap_tiles.workflows.verify.run import SeamsReport
from automap_tiles.workflows.verify.seams import Seam

# Damaged files that are shown; the GeoJSON has all.
_SHOWN = 20


def show_verify(events: Iterable[Event], log_format: str) -> None:
    """Show the events of a verification; raises `TilesFailed` when something has failed."""
    damaged = 0
    for event in events:
        match event:
            case Failed(item=Damage() as damage):
                damaged += 1
                _show_damage(damage, log_format, is_shown=damaged <= _SHOWN)
            case Failed(item=Seam() as seam):
                _show_seam(seam, log_format)
            case PhaseFinished(outcome=FilesReport() as files):
                _sum_up_files(files, log_format)
            case PhaseFinished(outcome=SeamsReport() as seams):
                _sum_up_seams(seams)
            case Noted(note=note):
                show_note(log_format)(note)
            case Finished(outcome=VerifyOutcome() as outcome):
                _conclude(outcome)


def _show_damage(damage: Damage, log_format: str, *, is_shown: bool) -> None:
    if log_format == "json":
        emit_json("error", "damaged", **damage.to_json())
    elif is_shown:
        click.echo(f"Damaged: {damage}", err=True)


def _show_seam(seam: Seam, log_format: str) -> None:
    if log_format == "json":
        emit_json("error", "seam", **seam.to_json())
    else:
        click.echo(f"Seam: {seam}", err=True)


def _sum_up_files(report: FilesReport, log_format: str) -> None:
    if log_format == "text" and len(report.damaged) > _SHOWN:
        click.echo(f"  … and {numbers.number(len(report.damaged) - _SHOWN)} more", err=True)
    click.echo(
        f"{numbers.plural(report.files, 'file')} compared, {numbers.size(report.bytes)}: "
        f"{numbers.number(len(report.damaged))} damaged"
    )


def _sum_up_seams(report: SeamsReport) -> None:
    alone = report.alone
    only = f" ({numbers.number(alone)} are all of their zoom and cannot be cut otherwise)"
    click.echo(
        f"{numbers.tiles(report.tried)} computed again with other cuts{only if alone else ''}: "
        f"{numbers.plural(len(report.seams), 'seam')}"
    )


def _conclude(outcome: VerifyOutcome) -> None:
    if outcome.set_aside:
        click.echo(f"Set aside as *{SET_ASIDE}; the next run makes all its tiles again.")
    elif outcome.marked:
        click.echo("Marked in the journal: the next run makes the damaged tiles again.")
    if outcome.is_sound:
        return
    click.echo(f"What failed, as a map: {outcome.failures}")
    seams = 0 if outcome.seams is None else len(outcome.seams.seams)
    raise TilesFailed(f"{len(outcome.files.damaged)} damaged files, {seams} seams")

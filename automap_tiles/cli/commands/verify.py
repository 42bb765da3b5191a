"""`automap verify`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from automap_tiles.cli import words
from automap_tiles.errors import TilesFailed

if TYPE_CHECKING:
    from automap_tiles.commands.verify.files import FilesReport
    from automap_tiles.commands.verify.seams import Seam
    from automap_tiles.commands.verify.target import Target

# Damaged files that are shown; the GeoJSON has all.
_SHOWN = 20


@click.command()
@click.argument("output")
@click.option(
    "--seams",
    is_flag=True,
    help="Compute a sample of tiles again with other cuts, and compare. OUTPUT is a .mapchete file "
    "then.",
)
@click.option(
    "--sample",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    metavar="N",
    help="With --seams: how many tiles.",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="With --seams: which sample it is."
)
@click.option(
    "--mark/--no-mark",
    default=True,
    help="Note damaged tiles in the journal: the next run makes them again.  [default: yes]",
)
@click.option(
    "--failures",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where a map of what failed is written, GeoJSON.  [default: verify_….geojson here]",
)
@click.option(
    "--log-format",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="json: one JSON object per line on stderr.",
)
def command(
    output: str,
    seams: bool,
    sample: int,
    seed: int,
    mark: bool,
    failures: Path | None,
    log_format: str,
) -> None:
    """Compare an output with the checksums kept when it was written.

    OUTPUT is the folder or file of a process, also in an object store, or its .mapchete file. Exit
    code 1 when a file is damaged or missing, or when tiles do not fit together.
    """
    from automap_tiles.commands.verify.failures import write_failures
    from automap_tiles.commands.verify.target import open_target

    if seams and not output.endswith(".mapchete"):
        raise click.UsageError("--seams computes tiles again: give the .mapchete file.")
    target = open_target(output)
    report = _check_files(target, log_format)
    found = _check_seams(output, target, sample, seed, log_format) if seams else []
    if report.damaged and mark:
        _mark(target, report)
    if not report.damaged and not found:
        return
    place = failures or Path(f"verify_{Path(target.path).stem}.geojson")
    write_failures(place, target.process_pyramid, report.damaged, found)
    click.echo(f"What failed, as a map: {place}")
    raise TilesFailed(f"{len(report.damaged)} damaged files, {len(found)} seams")


def _check_files(target: Target, log_format: str) -> FilesReport:
    from automap_tiles.cli.reporters import emit_json
    from automap_tiles.cli.telling import show_note
    from automap_tiles.commands.verify.files import FilesReport, check_files

    report = FilesReport()
    for damage in filter(None, check_files(target, report)):
        if log_format == "json":
            tile = None if damage.tile is None else list(damage.tile)
            emit_json(
                "error",
                "damaged",
                file=damage.name,
                tile=tile,
                problem=damage.problem,
                detail=damage.detail,
            )
        elif len(report.damaged) <= _SHOWN:
            click.echo(f"Damaged: {damage}", err=True)
    if log_format == "text" and len(report.damaged) > _SHOWN:
        click.echo(f"  … and {words.number(len(report.damaged) - _SHOWN)} more", err=True)
    for note in report.notes():
        show_note(log_format)(note)
    click.echo(
        f"{words.plural(report.files, 'file')} compared, {words.size(report.bytes)}: "
        f"{words.number(len(report.damaged))} damaged"
    )
    return report


def _check_seams(
    config: str, target: Target, sample: int, seed: int, log_format: str
) -> list[Seam]:
    from automap_tiles.cli.reporters import emit_json
    from automap_tiles.commands.verify.seams import check_seams
    from automap_tiles.commands.verify.target import read_journal
    from automap_tiles.runtime.open import open_process

    found: list[Seam] = []
    tried = alone = 0
    with read_journal(target) as journal:
        for tile in check_seams(open_process(config), journal, sample=sample, seed=seed):
            tried, alone = tried + 1, alone + (not tile.cuts)
            for seam in tile.seams:
                if log_format == "json":
                    emit_json(
                        "error",
                        "seam",
                        tile=list(seam.tile),
                        metatiling=seam.metatiling,
                        pixels=seam.pixels,
                        largest=seam.largest,
                    )
                else:
                    click.echo(f"Seam: {seam}", err=True)
            found += tile.seams
    only = f" ({words.number(alone)} are all of their zoom and cannot be cut otherwise)"
    click.echo(
        f"{words.tiles(tried)} computed again with other cuts{only if alone else ''}: "
        f"{words.plural(len(found), 'seam')}"
    )
    return found


def _mark(target: Target, report: FilesReport) -> None:
    from automap_tiles.commands.verify.files import SET_ASIDE, mark

    mark(target, report.damaged)
    if target.directory is None:
        click.echo(f"Set aside as *{SET_ASIDE}; the next run makes all its tiles again.")
    else:
        click.echo("Marked in the journal: the next run makes the damaged tiles again.")

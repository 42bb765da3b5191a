"""Print the scenes that a search or a check has found."""

from __future__ import annotations

from collections.abc import Iterator

import click

from automap_tiles.cli.options.scenes import SceneOptions
from automap_tiles.cli.show import numbers
from automap_tiles.cli.show._scenes import SceneReporter
from automap_tiles.cli.show.reporters import emit_json
from automap_tiles.workflows.automap import AutomapReport
from automap_tiles.workflows.automap.discover import Discovered


def show_found(
    found: Discovered, rejected: list[tuple[str, str]], show: SceneReporter, *, verbose: bool
) -> None:
    """The funnel; why scenes that were wanted are not used, and those that need a word more."""
    show.funnel(found.funnel)
    show.set_aside(rejected)
    for out in found.funnel.out:
        # those that are set aside have been named with what exactly is wrong
        if out.note not in found.funnel.notes and (out.note.remedy or verbose):
            show.note(out.note)


def show_report(report: AutomapReport, show: SceneReporter, what: SceneOptions) -> None:
    """What would be made, as text on stdout or a line of JSON on stderr."""
    if what.log_format == "json":
        level = "warning" if report.warnings or report.notes else "info"
        emit_json(level, "check", **report.to_json())
        return
    rejected = [(one.scene, one.reason) for one in report.rejected]
    show_found(report.found, rejected, show, verbose=what.verbose)
    for note in report.notes:
        click.echo(str(note), err=True)
    for warning in report.warnings:
        click.echo(f"Warning: {warning}", err=True)
    for line in _plans(report):
        click.echo(line)
    click.echo("Everything is as it should be; nothing was run.")


def _plans(report: AutomapReport) -> Iterator[str]:
    for plan in report.satellites:
        unknown = f" and {plan.unknown} of unknown size" if plan.unknown else ""
        yield (
            f"{plan.satellite}: {numbers.plural(plan.scenes, 'scene')} "
            f"({plan.done} done), {plan.first:%Y-%m-%d} to {plan.last:%Y-%m-%d}, "
            f"{numbers.size(plan.bytes)}{unknown}, {numbers.size(plan.to_fetch)} to fetch"
        )
        if plan.composite is not None:
            yield f"  composite {plan.composite}"
        if plan.renewed is not None:
            yield f"  its scenes: {plan.renewed}"
        if plan.classes is not None:
            yield f"  classes {plan.classes}"
    said = report.to_json()
    tiles = "" if not said["tiles"] else f"{numbers.tiles(said['tiles'])}, "
    low, high = (numbers.duration(each) for each in said["seconds"])
    yield f"In all {tiles}up to {numbers.size(said['memory_bytes'])} of memory, {low} to {high}"

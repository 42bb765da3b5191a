"""What `automap execute --check` prints."""

from __future__ import annotations

import click

from automap_tiles.cli.show import numbers
from automap_tiles.cli.show.reporters import emit_json
from automap_tiles.engine.check import CheckReport, StepReport


def show_check(report: CheckReport, log_format: str) -> None:
    """The report as text on stdout, or as a line of JSON on stderr."""
    if log_format == "json":
        emit_json("warning" if report.warnings else "info", "check", **report.to_json())
    else:
        print_check(report)


def print_check(report: CheckReport) -> None:
    """Inputs, output, tiles per zoom with what is done already, the size to expect, doubts."""
    click.echo(click.style(report.name, bold=True))
    for step in report.steps:
        _print_step(step)
    for line in report.inputs or ("none",):
        click.echo(f"  input   {line}")
    click.echo(f"  output  {report.output}")
    click.echo(f"  {'zoom':>4} {'tiles':>14} {'done':>14} {'failed':>8}   pixel size")
    for zoom in report.zooms:
        pixel = " × ".join(f"{size:.6g}" for size in zoom.pixel_size)
        click.echo(
            f"  {zoom.zoom:>4} {numbers.number(zoom.tiles):>14} {numbers.number(zoom.done):>14} "
            f"{numbers.number(zoom.failed):>8}   {pixel}"
        )
    click.echo(f"  {numbers.tiles(report.tiles)} in all")
    if report.uncompressed_bytes is not None:
        click.echo(f"  at most {numbers.size(report.uncompressed_bytes)} before compression")
    warnings = list(report.warnings)
    if not report.fits:
        free = numbers.size(report.free_bytes or 0)
        warnings.append(f"the tiles may not fit: {free} are free where the output is")
    for warning in warnings:
        click.echo(f"{click.style('Warning', fg='yellow', bold=True)}: {warning}")
    if warnings:
        click.echo("It can be run as it is; nothing was run.")
    else:
        click.echo("Everything is as it should be; nothing was run.")


def _print_step(step: StepReport) -> None:
    click.echo(f"  step    {step.name}: {step.process}, of {', '.join(step.reads) or 'no input'}")
    around = f", {step.margin} px wider" if step.margin else ""
    if step.output is None:
        click.echo(f"          in memory{around}")
        return
    counts = f"{numbers.tiles(step.tiles)}, {numbers.number(step.done)} done"
    click.echo(f"          stored in {step.output}: {counts}, {step.failed} failed")

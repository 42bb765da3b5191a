"""What `automap execute --profiling` prints."""

from __future__ import annotations

import click

from automap_tiles.workflows.profiling import RunProfile

_WHY = "only Linux tells them, of workers that make one tile at a time"


def show_profile(profile: RunProfile) -> None:
    """A line for each zoom, the finest first."""
    click.echo(f"{'zoom':>4} {'tiles':>9} {'s/tile':>9} {'slowest s':>9} {'memory MB':>9}")
    for zoom, found in sorted(profile.zooms.items(), reverse=True):
        click.echo(
            f"{zoom:>4} {found.tiles:>9} {found.seconds / found.tiles:>9.3f} "
            f"{found.slowest:>9.3f} {found.peak_bytes / 2**20:>9.0f}"
        )
    if profile.unknown:
        tiles = "1 tile" if profile.unknown == 1 else f"{profile.unknown} tiles"
        click.echo(f"Peaks of memory of {tiles} are not known: {_WHY}.")

"""`automap man`."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """Print the manual page, made of what the commands say of themselves.

    \b
    automap man | man -l -
    automap man > ~/.local/share/man/man1/automap.1
    """  # noqa: D301 (click's mark is the control character, not a backslash)
    from automap_tiles.cli.main import automap
    from automap_tiles.cli.show.manual import manual_page

    click.echo(manual_page(automap), nl=False)

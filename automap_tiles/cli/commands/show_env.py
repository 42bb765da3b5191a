"""`automap show-env`."""

from __future__ import annotations

import os

import click

from automap_tiles.cli.options.mapchete import WithWords
from automap_tiles.cli.options.variables import VARIABLES, is_secret


@click.command(cls=WithWords)
def command() -> None:
    """Show the environment variables that count here.

    `${NAME}` in a process file is taken from any variable. Of secrets only whether they are set is
    shown.
    """
    width = max(len(name) for group in VARIABLES.values() for name in group)
    for kind, group in VARIABLES.items():
        click.echo(f"{kind}:")
        for name, purpose in group.items():
            click.echo(f"  {name:<{width}}  {_state(name)}  ({purpose})")


def _state(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        return "not set"
    return "set" if is_secret(name) else f"= {value}"

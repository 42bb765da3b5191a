"""`automap processes`."""

from __future__ import annotations

import click

from automap_tiles.cli.options.mapchete import WithWords, log_words


@click.command(cls=WithWords)
@click.argument("name", required=False)
@click.option("-n", "--process-name", "--process_name", hidden=True, help="As in mapchete.")
@log_words
def command(name: str | None, process_name: str | None) -> None:
    """List the built-in processes, or show what NAME does and takes."""
    from automap_tiles.runtime.process_help import builtin_process, builtin_processes

    wanted = name or process_name
    if wanted is not None:
        info = builtin_process(wanted)
        click.echo(click.style(info.name, bold=True))
        click.echo(info.text)
        return
    known = builtin_processes()
    width = max((len(info.name) for info in known), default=0)
    for info in known:
        click.echo(f"{info.name:<{width}}  {info.summary}")

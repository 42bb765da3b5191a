"""`automap formats`."""

from __future__ import annotations

import click

from automap_tiles.cli.options.mapchete import WithWords, log_words


@click.command(cls=WithWords)
@click.option("-i", "--input-formats", is_flag=True, help="Only those that can be read.")
@click.option("-o", "--output-formats", is_flag=True, help="Only those that can be written.")
@log_words
def command(input_formats: bool, output_formats: bool) -> None:
    """List the formats that can be read and written."""
    from automap_tiles.formats.registry import formats

    both = input_formats == output_formats
    known = formats()
    if both or input_formats:
        _print("input formats:", [(info.name, info.summary) for info in known if info.reader])
    if both or output_formats:
        _print("output formats:", [(info.name, info.summary) for info in known if info.is_written])


def _print(title: str, rows: list[tuple[str, str]]) -> None:
    click.echo(title)
    width = max((len(name) for name, _ in rows), default=0)
    for name, summary in rows:
        click.echo(f"- {name:<{width}}  {summary}")

"""`automap verify`."""

from __future__ import annotations

from pathlib import Path

import click


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
    from automap_tiles.cli.show.verify import show_verify
    from automap_tiles.formats.process_file import is_process_file
    from automap_tiles.workflows.verify import VerifyOrder, run

    if seams and not is_process_file(output):
        raise click.UsageError("--seams computes tiles again: give the .mapchete file.")
    order = VerifyOrder(
        output=output,
        seams=seams,
        sample=sample,
        seed=seed,
        mark=mark,
        failures=None if failures is None else str(failures),
    )
    show_verify(run(order), log_format)

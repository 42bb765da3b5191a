"""`automap doctor`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from automap_tiles.cli.options.variables import secrets
from automap_tiles.cli.show import numbers

if TYPE_CHECKING:
    from automap_tiles.workflows.doctor import Disk, Health


@click.command()
@click.option(
    "--folder",
    type=click.Path(file_okay=False),
    default=".",
    show_default="here",
    help="Where outputs will be; how fast its disk is, is measured with 64 MB.",
)
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def command(folder: str, as_json: bool) -> None:
    """Look at this machine: versions, drivers, extras, disks, credentials.

    Of credentials only the names are shown. The exit code is 1 where something does not work or is
    slow; what helps is said.
    """
    import json

    from automap_tiles.workflows.doctor import examine

    given = Path(os.environ.get("XDG_CACHE_HOME", ""))
    cache = given if given.is_absolute() else Path.home() / ".cache"
    folders = {"outputs": folder, "files of a moment": tempfile.gettempdir(), "cache": str(cache)}
    found = examine(folders, secrets())
    if as_json:
        click.echo(json.dumps(found.to_json(), indent=1))
    else:
        _print(found)
    if found.problems:
        click.get_current_context().exit(1)


def _print(found: Health) -> None:
    from automap_tiles.workflows.doctor import purpose_of

    _table("versions", found.versions)
    drivers = {name: f"{_sign(there)}  {purpose_of(name)}" for name, there in found.drivers.items()}
    _table("drivers of GDAL", drivers)
    _table("optional parts", {extra: _extra(extra, lack) for extra, lack in found.extras.items()})
    _table("disks", {disk.what: _disk(disk) for disk in found.disks})
    click.echo(f"credentials: {', '.join(found.credentials) or 'none'}")
    for problem in found.problems:
        click.echo(f"{click.style('Problem', fg='yellow', bold=True)}: {problem}")
    if not found.problems:
        click.echo("Everything is as it should be.")


def _table(head: str, rows: Mapping[str, str]) -> None:
    click.echo(f"{head}:")
    width = max(map(len, rows))
    for name, text in rows.items():
        click.echo(f"  {name:<{width}}  {text}")


def _sign(there: bool) -> str:
    return "yes" if there else "no "


def _extra(name: str, missing: tuple[str, ...]) -> str:
    if not missing:
        return "yes"
    return f"no   pip install 'automap-tiles[{name}]'  (missing: {', '.join(missing)})"


def _disk(disk: Disk) -> str:
    free = f"{disk.path}: {numbers.size(disk.free)} free"
    if disk.written is None or disk.read is None:
        return f"{free}, nothing can be written there"
    speeds = f"{numbers.size(int(disk.written))}/s written, {numbers.size(int(disk.read))}/s read"
    return f"{free}, {speeds}"

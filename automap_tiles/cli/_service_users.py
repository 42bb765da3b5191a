"""`automap service user`: accounts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from automap_tiles.cli._service_settings import configured, opened

if TYPE_CHECKING:
    from automap_service.service import Service


@click.group()
def user() -> None:
    """Accounts."""


@user.command()
@configured
@click.argument("name")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--admin", is_flag=True, help="With the rights of an administrator.")
def add(folder: str | None, file: str | None, name: str, password_stdin: bool, admin: bool) -> None:
    """Make an account; without --password-stdin with a one-time password, which is printed."""
    service = opened(folder, file)
    import secrets

    from automap_service.accounts.users import RIGHTS

    password = _password() if password_stdin else secrets.token_urlsafe(12)
    rights = RIGHTS if admin else RIGHTS[:3]
    made = service.users.add(name, password, rights, one_time=not password_stdin)
    _write_down(service, "user added", made.id)
    click.echo(name if password_stdin else f"{name}, one-time password: {password}")


@user.command()
@configured
@click.argument("name")
def passwd(folder: str | None, file: str | None, name: str) -> None:
    """Another password, from standard input; it ends all sessions and tokens of the user."""
    service = opened(folder, file)
    found = service.users.named(name)
    service.users.set_password(found.id, _password())
    _write_down(service, "password", found.id)


@user.command()
@configured
@click.argument("name")
@click.argument("limits", metavar="KEY=NUMBER...", nargs=-1)
def limit(folder: str | None, file: str | None, name: str, limits: tuple[str, ...]) -> None:
    """Limits of a user that differ from those of all, such as accepted=500."""
    service = opened(folder, file)
    from automap_service.limits import user_limits

    found = service.users.named(name)
    changed = {**found.limits, **user_limits(limits)}
    service.users.set_limits(found.id, changed)
    _write_down(service, "limits", found.id)
    click.echo(" ".join(f"{key}={value}" for key, value in sorted(changed.items())))


@user.command("list")
@configured
def list_users(folder: str | None, file: str | None) -> None:
    """All accounts with their rights."""
    for each in opened(folder, file).users.all():
        click.echo(f"{each.name}\t{','.join(each.rights)}")


def _write_down(service: Service, act: str, user: str) -> None:
    from automap_service.audit import note_command

    note_command(service.database, act, user)


def _password() -> str:
    return sys.stdin.readline().rstrip("\r\n")

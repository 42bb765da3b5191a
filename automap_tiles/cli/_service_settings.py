"""Options of the `service` commands that locate a service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from automap_tiles.errors import MissingExtra

if TYPE_CHECKING:
    from automap_service.service import Service
    from automap_service.settings import Settings


def configured(function: Any) -> Any:
    """Add `--folder` and `--config`."""
    for option in (
        click.option(
            "--config", "file", metavar="FILE", help="TOML; by default FOLDER/service.toml."
        ),
        click.option("--folder", metavar="DIR", help="Where all of it lies."),
    ):
        function = option(function)
    return function


def opened(folder: str | None, file: str | None) -> Service:
    """The service, its tables in the state that this version needs."""
    settings = settings_of(folder, file, {})
    from automap_service.database import migrate as upgrade
    from automap_service.service import open_service

    service = open_service(settings)
    upgrade(service.database)
    return service


def settings_of(folder: str | None, file: str | None, more: dict[str, Any]) -> Settings:
    """What the file says, `more` before it; raises `MissingExtra` without the packages of it."""
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

"""Steps from one state of the tables to the next, taken by Alembic."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def upgrade(connection: Connection, last: str = "head") -> None:
    """Take all steps up to the last one that have not been taken yet."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, last)


def head() -> str | None:
    """Name of the last step, as Alembic reads it out of the files."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return config

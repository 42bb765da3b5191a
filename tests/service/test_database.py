"""Migrations, backups, and the same on both databases."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from automap_service._upgrade import head, upgrade
from automap_service.database import backup, check_state, migrate, newest, state
from automap_service.tables import METADATA
from automap_tiles.errors import ConfigError, OutputError
from automap_tiles.jobs import Database, JobStore
from tests.service.conftest import MakeSite


def test_the_steps_lead_to_the_tables_of_the_code(url: str) -> None:
    database = Database(url)
    with pytest.raises(ConfigError, match="automap service migrate"):
        check_state(database)
    assert migrate(database) == newest() == state(database) == head()
    assert migrate(database) == newest()  # again, with nothing to do
    check_state(database)
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, METADATA) == []
        assert set(inspect(connection).get_table_names()) == {*METADATA.tables, "alembic_version"}
    database.close()


def test_a_whole_story_on_both(make_site: MakeSite, url: str, launched: dict[str, object]) -> None:
    site = make_site(database={"url": url})
    ask = site.with_files()
    job = ask("POST", "/launch", json=launched).json["id"]
    assert ask("GET", "/jobs?q=SPR&status=accepted,running").json["jobs"][0]["id"] == job
    assert ask("DELETE", f"/jobs/{job}").json["status"] == "dismissed"
    assert ask("DELETE", f"/jobs/{job}").status_code == 200
    assert ask("GET", "/jobs").json["jobs"] == []


def test_a_backup_is_a_database_of_its_own(make_site: MakeSite, tmp_path: Path) -> None:
    site = make_site()
    site.user("ann")
    path = tmp_path / "copy.sqlite"
    backup(site.service.database, path)
    assert path.stat().st_mode & 0o077 == 0
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM users").fetchall() == [("ann",)]
    connection.close()
    with pytest.raises(OutputError, match="is there already"):
        backup(site.service.database, path)


def test_a_database_of_the_version_before_keeps_all_it_has(tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    database = Database(f"sqlite:///{path}")
    with database.writing() as connection:
        upgrade(connection, "0001")
    values = {
        "id": "j", "user": "u", "order": "{}", "parameters": "{}", "workspace": "w",
        "description": "d", "digest": "x", "recipients": "[]", "uses": "[]", "status": "failed",
        "phase": "queued", "progress": 1, "message": "m", "attempt": 1, "losses": 0, "cancel": 0,
        "created": 1.0, "updated": 1.0, "warnings": "[]", "usage": "{}", "logged": 1,
        "log_bytes": 1,
    }  # fmt: skip
    with sqlite3.connect(path) as raw:
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join("?" * len(values))
        raw.execute(f"INSERT INTO jobs ({names}) VALUES ({marks})", tuple(values.values()))
        raw.execute("INSERT INTO job_log VALUES ('j', 1, 1.0, 'info', 1, 'accepted')")
    raw.close()
    migrate(database)
    job = JobStore(database).get("u", "j")
    assert job is not None
    assert (job.budget, job.estimate, job.cost, job.stopped) == (None, None, None, False)
    assert [each.message for each in JobStore(database).entries("j")] == ["accepted"]
    database.close()

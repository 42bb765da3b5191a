"""A real PostgreSQL server for the tests, on this machine only."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from tests.storage.s3 import _free_port


def _programs() -> Path:
    """Folder of the server's programs; skips the test where there are none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    named = shutil.which("initdb")
    if named:
        return Path(named).resolve().parent
    if not found:
        pytest.skip("no PostgreSQL (apt-get install postgresql)")
    return found[-1].parent


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """A server that ends with the block; the address of its first database."""
    programs = _programs()
    user = "postgres" if os.getuid() == 0 else None  # it refuses to be run by root
    folder = tempfile.mkdtemp(prefix="automap-pg-", dir="/tmp")
    data, port = Path(folder, "data"), _free_port()
    if user is not None:
        shutil.chown(folder, user)
    try:
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "automap", "--auth=trust", "-E", "UTF8",
             "--no-sync"],
            check=True, capture_output=True, user=user, cwd=folder,
        )  # fmt: skip
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, "-h", "127.0.0.1", "-p", str(port),
             "-k", folder, "-c", "fsync=off"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=user, cwd=folder,
        )  # fmt: skip
        try:
            subprocess.run(
                [programs / "pg_isready", "-h", "127.0.0.1", "-p", str(port), "-t", "30"],
                check=False, capture_output=True,
            )  # fmt: skip
            url = f"postgresql+psycopg://automap@127.0.0.1:{port}/postgres"
            _wait(url)
            yield url
        finally:
            server.terminate()
            server.wait(20)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(url: str) -> None:
    import time

    from sqlalchemy.exc import OperationalError

    engine = create_engine(url)
    end = time.monotonic() + 30
    while True:
        try:
            with engine.connect():
                break
        except OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
    engine.dispose()


@contextlib.contextmanager
def own_database(url: str, name: str) -> Iterator[str]:
    """A database of the server for one test."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f'CREATE DATABASE "{name}"'))
    try:
        yield url.rpartition("/")[0] + f"/{name}"
    finally:
        with engine.connect() as connection:
            connection.execute(text(f'DROP DATABASE "{name}" WITH (FORCE)'))
        engine.dispose()

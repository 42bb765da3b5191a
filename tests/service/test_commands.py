"""`automap service …` on the command line."""

from __future__ import annotations

import io
import itertools
import os
import re
import subprocess
import threading
import time
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from automap_service.configuration import described, read_settings
from automap_service.settings import (
    CataloguePart,
    CostsPart,
    DatabasePart,
    LimitsPart,
    LogPart,
    MailPart,
    ResultsPart,
    RunnerPart,
    Settings,
    Web,
)
from automap_tiles.errors import ConfigError
from tests import starts
from tests.jobs.parts import Clock
from tests.service.conftest import PASSWORD, MakeSite


def automap(*words: str, said: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return starts.run(
        ["service", *words], starts.SERVICE, said=said, env={**os.environ, **environment}
    )


def test_users_are_made_and_listed(tmp_path: Path) -> None:
    folder = ("--folder", str(tmp_path / "s"))
    assert automap("user", "add", "ann", "--password-stdin", *folder, said=PASSWORD).returncode == 0
    added = automap("user", "add", "bob", "--admin", *folder)
    assert "one-time password" in added.stdout
    assert automap("user", "list", *folder).stdout == (
        "ann\tlaunch,api,launcher\nbob\tlaunch,api,launcher,admin\n"
    )
    again = automap("user", "add", "ann", *folder)
    assert again.returncode == 2
    assert "there is a user of this name" in again.stderr
    weak = automap("user", "passwd", "ann", *folder, said="ann")
    assert weak.returncode == 2
    assert automap("user", "limit", "ann", "accepted=3", *folder).stdout == "accepted=3\n"
    assert automap("user", "limit", "ann", "moon=3", *folder).returncode == 2


def test_check_says_what_is_weak_and_doctor_what_works(tmp_path: Path) -> None:
    folder = ("--folder", str(tmp_path / "s"))
    found = automap("check", *folder, AUTOMAP_SERVICE_WEB_HOST="0.0.0.0")
    assert found.returncode == 1
    assert "passwords travel in the open" in found.stdout
    assert "no runner was seen" in found.stdout
    assert "there is no catalogue" in found.stdout
    done = automap("doctor", *folder)
    assert (done.returncode, done.stdout) == (
        0,
        "database: works\nstore: put, get, delete: works\n",
    )
    away = automap(
        "doctor", *folder, AUTOMAP_SERVICE_MAIL_HOST="localhost", AUTOMAP_SERVICE_MAIL_PORT="1"
    )
    assert away.returncode == 1
    assert "mail server: " in away.stdout


def test_migrate_and_backup(tmp_path: Path) -> None:
    folder = ("--folder", str(tmp_path / "s"))
    early = automap("runner", *folder)
    assert early.returncode == 2
    assert "automap service migrate" in early.stderr
    assert automap("migrate", *folder).stdout == "tables: 0002\n"
    copy = tmp_path / "copy.sqlite"
    assert automap("backup", str(copy), *folder).returncode == 0
    assert copy.exists()


def test_every_key_is_described_and_has_its_default(tmp_path: Path) -> None:
    lines = described().splitlines()
    plain = []
    for before, line in itertools.pairwise(lines):
        key = re.fullmatch(r"# (\w+) = (.*)", line)
        if key is None:
            plain.append(line if line.startswith("[") else "")
            continue
        assert re.fullmatch(r"# [^=]+", before), line
        plain.append(line.removeprefix("# "))
    text = "\n".join(plain).partition("source =")[0]
    found = TypeAdapter(Settings).validate_python({"folder": "x", **tomllib.loads(text)})
    assert found == Settings(folder="x")
    written = {line.split(" = ")[0] for line in plain if " = " in line}
    parts = (
        Web, DatabasePart, ResultsPart, RunnerPart, LimitsPart, CostsPart, MailPart, LogPart,
        CataloguePart,
    )  # fmt: skip
    assert written == {each.name for part in parts for each in fields(part)}


def test_what_is_said_later_counts_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "service.toml").write_text(
        "[web]\nport = 1\nthreads = 3\nhost = '::1'\n[catalogues.mine]\nsource = '/data'\n"
    )
    monkeypatch.setenv("AUTOMAP_SERVICE_WEB_PORT", "2")
    monkeypatch.setenv("AUTOMAP_SERVICE_WEB_HOSTS", "a.example,b.example")
    found = read_settings(str(tmp_path), None, {"web": {"host": "127.0.0.1"}})
    assert (found.web.port, found.web.threads, found.web.host) == (2, 3, "127.0.0.1")
    assert found.web.hosts == ("a.example", "b.example")
    assert found.catalogues["mine"].source == "/data"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[web]\nport = 99999\n", "web.port"),
        ("[web]\ncolour = 1\n", "web.colour"),
        ("[mail]\nsecurity = 'some'\n", "mail.security"),
        ("[catalogues.x]\n", "catalogues.x.source"),
        ("[web\n", None),
    ],
)
def test_a_wrong_key_is_named(tmp_path: Path, text: str, key: str | None) -> None:
    (tmp_path / "service.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_settings(str(tmp_path), None)
    assert caught.value.key == key


def test_the_keeper_removes_workspaces_that_nobody_used(make_site: MakeSite, clock: Clock) -> None:
    from automap_service.retention import clear_workspaces, keep
    from automap_tiles.jobs.child import _alone
    from tests.jobs.parts import new_job

    site = make_site()
    clock.now = time.time()
    root = site.service.settings.root / "workspaces"
    for name in ("old", "new", "busy", "daily"):
        (root / name).mkdir(parents=True)
        lock = root / name / ".job.lock"
        lock.touch()
        age = 1 if name == "new" else 15
        os.utime(lock, (clock.now - age * 86400,) * 2)
    site.service.store.add(new_job(workspace="busy"))
    with _alone(root / "daily", threading.Event(), io.StringIO()):
        (root / "daily" / "scene.tif").touch()
    assert clear_workspaces(site.service) == ["old"]
    keep(site.service)
    assert sorted(path.name for path in root.iterdir()) == ["busy", "daily", "new"]

"""A service of one's own, its application, and clients of users."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient

from automap_service.accounts import _passwords
from automap_service.configuration import read_settings
from automap_service.database import migrate
from automap_service.service import Service, open_service
from automap_service.settings import Settings
from automap_service.uploads import _reading, files
from automap_service.web.app import create_app
from automap_tiles.jobs import Database
from tests.jobs.conftest import server, url
from tests.jobs.parts import SCENES, Clock
from tests.service import warm

PASSWORD = "a rather long one"
SQUARE = (
    b'{"type": "Polygon", "coordinates": '
    b"[[[-74.1, 40.6], [-73.8, 40.6], [-73.8, 40.9], [-74.1, 40.9], [-74.1, 40.6]]]}"
)
REAL = _passwords._hasher
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""In this process, where the cost is not what is tested: the real one takes 160 ms of a core."""
SAMPLES = b"X,Y,2018,remark\n-74.0,40.7,1,a\n-73.9,40.8,2,b\n-73.95,40.65,1,=cmd()\n"


@dataclass
class Asker:
    """Somebody who talks to the API with a token."""

    client: FlaskClient
    token: str
    headers: dict[str, str] = field(default_factory=dict)

    def __call__(self, method: str, path: str, **more: Any) -> Any:
        headers = {"Authorization": f"Token {self.token}", **more.pop("headers", {})}
        return self.client.open(path, method=method, headers=headers, buffered=True, **more)


@dataclass
class Site:
    """A service and its application."""

    service: Service
    app: Flask

    def user(self, name: str = "ann") -> Asker:
        """Log somebody in, who is made if need be."""
        if name not in {each.name for each in self.service.users.all()}:
            self.service.users.add(name, PASSWORD, one_time=False)
        user = self.service.users.named(name)
        issued = self.service.words.new_token(user.id, 1e8)
        return Asker(self.app.test_client(), issued.word)

    def with_files(self, name: str = "ann", *, samples: bool = False) -> Asker:
        """Somebody with a boundary, and samples if they are needed."""
        ask = self.user(name)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(files, "normalise", _normalised_once)
            assert ask("PUT", "/files/boundaries/ny", data=SQUARE).status_code in (200, 201)
            if samples:
                assert ask("PUT", "/files/samples/ny", data=SAMPLES).status_code in (200, 201)
        return ask


_normalised: dict[Any, tuple[dict[str, Any], bytes]] = {}


def _normalised_once(
    kind: str, path: Path, out: Path, limits: Mapping[str, float]
) -> dict[str, Any]:
    """As the limited child reads it, which is begun once for the same content."""
    key = kind, path.read_bytes(), tuple(sorted(limits.items()))
    if key not in _normalised:
        _normalised[key] = _reading.normalise(kind, path, out, limits), out.read_bytes()
    about, content = _normalised[key]
    out.write_bytes(content)
    return dict(about)


MakeSite = Callable[..., Site]


@pytest.fixture(autouse=True)
def _warm_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """Children of this process begin with their imports done."""
    warm.settle(monkeypatch)


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_passwords, "_hasher", CHEAP)


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of SQLite with the newest tables, to be copied."""
    path = tmp_path_factory.mktemp("tables") / "automap.sqlite"
    database = Database(f"sqlite:///{path}")
    migrate(database)
    database.close()
    return path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_site(tmp_path: Path, clock: Clock, tables: Path) -> Iterator[MakeSite]:
    made: list[Service] = []
    (tmp_path / "service").mkdir()
    shutil.copy(tables, tmp_path / "service" / tables.name)

    def make(catalogue: str = "/nowhere", real_time: bool = False, **more: Any) -> Site:
        said = {"catalogues": {"demo": {"source": catalogue}}, "runner": {"lease_seconds": 3}}
        settings: Settings = read_settings(str(tmp_path / "service"), None, {**said, **more})
        service = open_service(settings) if real_time else open_service(settings, clock)
        migrate(service.database)
        made.append(service)
        return Site(service, create_app(service))

    yield make
    for each in made:
        each.database.close()


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    return make_site()


@pytest.fixture
def launched() -> dict[str, Any]:
    """Parameters of a composite."""
    return {
        "mode": "composite",
        "satellites": [8],
        "start_date": "2018-04-01",
        "end_date": "2018-05-31",
        "boundary": "ny",
        "description": "spring",
    }


__all__ = [
    "PASSWORD",
    "SAMPLES",
    "SCENES",
    "SQUARE",
    "Asker",
    "Site",
    "server",
    "url",
]

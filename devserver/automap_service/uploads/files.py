"""The files of users: rows in the table, their normalised content in the folder."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
import unicodedata
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, RowMapping, case, delete, insert, select, update

from automap_service.concurrency_limit import ConcurrencyLimit
from automap_service.launching.wanted import Upload
from automap_service.problems import Problem
from automap_service.settings import LimitsPart
from automap_service.tables import FILES
from automap_service.uploads._reading import normalise
from automap_tiles.jobs import Database, JobStore

KINDS: Mapping[str, tuple[str, str]] = {
    "boundaries": (".geojson", "application/geo+json"),
    "samples": (".csv", "text/csv"),
}
"""Kind → (ending, media type) of what is kept."""
_CHUNK = 1 << 16
_LONGEST_NAME = 100
_AT_A_TIME = 2
"""Uploads that are read, each by a process of its own."""


@dataclass(frozen=True, kw_only=True)
class File:
    """An upload."""

    id: str
    kind: str
    name: str
    size: int
    """Bytes that are kept."""
    sha256: str
    about: Mapping[str, Any]
    """Area, bounds, classes."""
    created: float


class Files:
    """Uploads of all users; every call says whose."""

    def __init__(self, store: JobStore, folder: Path, limits: LimitsPart) -> None:
        self._store = store
        self._database: Database = store.database
        self._folder = folder
        self._limits = limits
        self._turns = ConcurrencyLimit("upload", _AT_A_TIME)

    def put(self, user: str, kind: str, name: str, stream: IO[bytes]) -> tuple[File, bool]:
        """Read, normalise and keep a file; (it, whether the name is new). Raises `Problem`."""
        name = checked_name(name)
        most, limits = self._most(kind)
        with self._database.reading() as connection:
            self._check_room(connection, user, kind, name, 0)
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryDirectory(prefix=".reading-", dir=self._folder) as work:
            taken = Path(work, "upload")
            _take(stream, taken, most)
            out = Path(work, "normalised")
            with self._turns.of(user):
                about = normalise(kind, taken, out, limits)
            return self._keep(user, kind, name, out, about)

    def _keep(
        self, user: str, kind: str, name: str, out: Path, about: Mapping[str, Any]
    ) -> tuple[File, bool]:
        content = out.read_bytes()
        values = {
            "id": str(uuid.uuid4()),
            "user": user,
            "kind": kind,
            "name": name,
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
            "about": dict(about),
            "created": self._database.clock(),
            "replaced": False,
        }
        path = self._path(user, kind, str(values["id"]))
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.move(out, path)
        try:
            with self._database.writing() as connection:
                self._database.alone(connection, line_of(user))
                self._check_room(connection, user, kind, name, len(content))
                before = connection.execute(
                    update(FILES).where(*_named(user, kind, name)).values(replaced=True)
                )
                connection.execute(insert(FILES).values(values))
        except BaseException:
            path.unlink()
            raise
        self.clear_away(user)
        found = self.find(user, kind, name)
        assert found is not None
        return found, not before.rowcount

    def find(self, user: str, kind: str, name: str) -> File | None:
        """By id or by name, also one that a file system has taken apart (NFD)."""
        plain = unicodedata.normalize("NFC", name)
        of_name = select(FILES).where(
            *_of(user, kind), (FILES.c.name == plain) | (FILES.c.id == name)
        )
        is_id = case((FILES.c.id == name, 0), else_=1)  # before a file that is called like it
        with self._database.reading() as connection:
            row = connection.execute(of_name.order_by(is_id)).mappings().first()
        return None if row is None else _file(row)

    def all(self, user: str, kind: str | None = None) -> list[File]:
        """By kind and name."""
        query = select(FILES).where(FILES.c.user == user, FILES.c.replaced.is_(False))
        if kind is not None:
            query = query.where(FILES.c.kind == kind)
        with self._database.reading() as connection:
            rows = connection.execute(query.order_by(FILES.c.kind, FILES.c.name)).mappings()
            return [_file(row) for row in rows]

    def path(self, user: str, file: File) -> Path:
        """Of the normalised content."""
        return self._path(user, file.kind, file.id)

    def delete(self, user: str, kind: str, name: str) -> bool:
        """Forget a file; whether it was there. Raises `Problem` while an active job reads it."""
        found = self.find(user, kind, name)
        if found is None:
            return False
        with self._database.writing() as connection:
            self._database.alone(connection, line_of(user))
            if (job := self._store.using(found.id, connection)) is not None:
                raise Problem(
                    status=409,
                    type="file-in-use",
                    detail=f"job {job} reads it",
                    more={"job": job},
                )
            connection.execute(delete(FILES).where(FILES.c.id == found.id))
        self._path(user, kind, found.id).unlink(missing_ok=True)
        return True

    def clear_away(self, user: str) -> None:
        """Remove what was replaced, and no active job reads."""
        gone: list[RowMapping] = []
        with self._database.writing() as connection:
            self._database.alone(connection, line_of(user))
            old = select(FILES).where(FILES.c.user == user, FILES.c.replaced.is_(True))
            for row in connection.execute(old).mappings().all():
                if self._store.using(row["id"], connection) is None:
                    connection.execute(delete(FILES).where(FILES.c.id == row["id"]))
                    gone.append(row)
        for row in gone:
            self._path(user, row["kind"], row["id"]).unlink(missing_ok=True)

    def check_there(self, user: str, ids: Iterable[str], connection: Connection) -> None:
        """Raise `Problem` where a file went since it was found; in the transaction that uses it."""
        of_user = select(FILES.c.id).where(FILES.c.user == user)
        gone = set(ids) - set(connection.execute(of_user).scalars())
        if gone:
            detail = "a file was deleted or replaced just now; launch again"
            raise Problem(status=409, type="no-such-file", detail=detail)

    def used(self, user: str) -> tuple[int, int]:
        """(files, bytes) of a user; bytes also of replaced ones that a job reads."""
        with self._database.reading() as connection:
            return _used(connection, user)

    def _check_room(
        self, connection: Connection, user: str, kind: str, name: str, size: int
    ) -> None:
        count, total = _used(connection, user)
        known = connection.execute(
            select(FILES.c.id, FILES.c.size).where(*_named(user, kind, name))
        ).first()
        if known is None and count >= self._limits.files:
            raise _limit(f"{self._limits.files} files; delete some first")
        if known is not None and self._store.using(known.id, connection) is None:
            total -= known.size
        if total + size > self._limits.files_bytes:
            raise _limit(f"{self._limits.files_bytes} bytes of files; delete some first")

    def _most(self, kind: str) -> tuple[int, dict[str, float]]:
        """(bytes, what the content may be) of an upload."""
        limits = self._limits
        if kind == "boundaries":
            return limits.boundary_bytes, {
                "vertices": limits.boundary_vertices,
                "km2": limits.boundary_km2,
            }
        return limits.samples_bytes, {"rows": limits.samples_rows}

    def _path(self, user: str, kind: str, name: str) -> Path:
        return self._folder / user / f"{name}{KINDS[kind][0]}"


@dataclass(frozen=True)
class UploadsOf:
    """The files of one user, as parameters name them."""

    files: Files
    user: str

    def find(self, kind: str, name: str) -> Upload | None:
        """By name or id."""
        found = self.files.find(self.user, kind, name)
        if found is None:
            return None
        path = str(self.files.path(self.user, found))
        return Upload(
            id=found.id, name=found.name, path=path, sha256=found.sha256, about=found.about
        )


def checked_name(name: str) -> str:
    """A name to show, which never becomes a path; raises `Problem`."""
    name = unicodedata.normalize("NFC", name)
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        raise Problem(
            status=400,
            type="bad-request",
            detail=f"a name has 1 to {_LONGEST_NAME} printable characters",
        )
    return name


def _take(stream: IO[bytes], path: Path, most: int) -> None:
    size = 0
    with path.open("wb") as file:
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > most:
                raise Problem(status=413, type="too-large", detail=f"at most {most} bytes")
            file.write(chunk)
    if not size:
        raise Problem(status=400, type="bad-request", detail="the file is empty")


def _of(user: str, kind: str) -> Iterator[Any]:
    yield from (FILES.c.user == user, FILES.c.kind == kind, FILES.c.replaced.is_(False))


def _named(user: str, kind: str, name: str) -> Iterator[Any]:
    yield from (*_of(user, kind), FILES.c.name == name)


def _used(connection: Connection, user: str) -> tuple[int, int]:
    rows = connection.execute(
        select(FILES.c.replaced, FILES.c.size).where(FILES.c.user == user)
    ).all()
    return sum(not row.replaced for row in rows), sum(row.size for row in rows)


def line_of(user: str) -> int:
    """The number of the line in which launches and files of a user stand, one at a time."""
    return int(hashlib.sha256(user.encode()).hexdigest()[:12], 16)


def _limit(said: str) -> Problem:
    return Problem(status=409, type="limit-reached", detail=said)


def _file(row: RowMapping) -> File:
    known = ("id", "kind", "name", "size", "sha256", "about", "created")
    return File(**{key: row[key] for key in known})


def remove_parts(folder: Path) -> None:
    """Remove what uploads left that were broken off; at the start, when nobody reads."""
    for left in folder.glob(".reading-*"):
        with contextlib.suppress(OSError):
            shutil.rmtree(left)

"""Read-only queries on a journal."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from automap_tiles.engine.events import TileStatus
from automap_tiles.engine.journal._location import JournalLocation
from automap_tiles.engine.journal._rows import (
    HASHES,
    SINGLE_FILE_ZOOM,
    FailedTile,
    Row,
    RunRecord,
    TileRow,
)
from automap_tiles.engine.journal._schema import NO_ADOPTION, PARTS, connect_to_look, explained
from automap_tiles.errors import JournalError
from automap_tiles.formats import StoredFile
from automap_tiles.formats.parts import Manifest
from automap_tiles.grid import TileIndex, morton
from automap_tiles.notes import Note


class JournalReader:
    """A journal open for reading; a context manager."""

    def __init__(self, path: Path | str, connection: sqlite3.Connection) -> None:
        self.path = path
        self._db = connection

    @classmethod
    def at(cls, place: JournalLocation | Path) -> Self:
        """Open it, even during a run; raises `JournalError` when there is none."""
        if isinstance(place, JournalLocation) and place.is_remote:
            from automap_tiles.engine.journal import _remote

            found = _remote.connect_to_look(place)
            if isinstance(found, sqlite3.Connection):
                return cls(str(place), found)
            path = found
        else:
            path = place.path if isinstance(place, JournalLocation) else place
        if not path.is_file():
            raise JournalError(f"{place}: there is no journal")
        with explained(path):
            return cls(path, connect_to_look(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go."""
        self._db.close()

    def last_run(self) -> RunRecord | None:
        """The newest run."""
        rows = self._runs("ORDER BY id DESC LIMIT 1")
        return rows[0] if rows else None

    def runs_with_tiles(self) -> list[RunRecord]:
        """The runs that made the tiles that have not failed, oldest first."""
        return self._runs(
            "WHERE id IN (SELECT DISTINCT run FROM tiles WHERE status IN (?, ?)) ORDER BY id",
            TileStatus.WRITTEN,
            TileStatus.EMPTY,
        )

    def is_pure(self) -> bool:
        """Whether all existing tiles were made by recorded runs."""
        with explained(self.path):
            other = self._db.execute(
                "SELECT 1 FROM tiles WHERE status = ? UNION SELECT 1 FROM facts WHERE name = ?"
                " LIMIT 1",
                (int(TileStatus.STALE), NO_ADOPTION),
            ).fetchone()
        return other is None

    def parts(self, inputs: str) -> Manifest | None:
        """The parts of the inputs with this hash; None in old journals."""
        with explained(self.path):
            row = self._db.execute(
                "SELECT value FROM facts WHERE name = ?", (PARTS + inputs,)
            ).fetchone()
        return None if row is None else Manifest.from_text(row[0])

    def done(self, zoom: int, runs: Iterable[int]) -> Iterator[TileIndex]:
        """Written or empty tiles of a zoom made by one of the runs, in Morton order."""
        numbers = json.dumps(sorted(runs))
        yield from self._indexes(
            "SELECT zoom, key FROM tiles WHERE zoom = ? AND status IN (?, ?)"
            " AND run IN (SELECT value FROM json_each(?)) ORDER BY key",
            (zoom, int(TileStatus.WRITTEN), int(TileStatus.EMPTY), numbers),
        )

    def unfinished(self, zoom: int) -> Iterator[TileIndex]:
        """Stale or failed tiles of a zoom, in Morton order."""
        yield from self._indexes(
            "SELECT zoom, key FROM tiles WHERE zoom = ? AND status IN (?, ?) ORDER BY key",
            (zoom, int(TileStatus.STALE), int(TileStatus.FAILED)),
        )

    def may_adopt(self, hashes: Mapping[str, str]) -> bool:
        """Whether a complete tile without a row can only come from runs with these hashes."""
        with explained(self.path):
            others = self._db.execute(
                "SELECT 1 FROM runs WHERE (function, parameters, inputs, output) != (?, ?, ?, ?)"
                " UNION SELECT 1 FROM facts WHERE name = ?",
                (*(hashes[name] for name in HASHES), NO_ADOPTION),
            ).fetchone()
        return others is None

    def _runs(self, clause: str, *values: int) -> list[RunRecord]:
        columns = ", ".join(RunRecord.__dataclass_fields__)
        with explained(self.path):
            rows = self._db.execute(f"SELECT {columns} FROM runs {clause}", values).fetchall()
        names = list(RunRecord.__dataclass_fields__)
        return [RunRecord(**dict(zip(names, row, strict=True))) for row in rows]

    def notes(self, run: RunRecord) -> tuple[Note, ...]:
        """The notes of a run."""
        rows = self._if_there("SELECT note FROM notes WHERE run = ?", (run.id,))
        try:
            return tuple(Note.from_json(json.loads(text)) for (text,) in rows)
        except (KeyError, TypeError, ValueError) as error:
            raise JournalError(f"{self.path}: the journal is damaged: a note cannot be read") from (
                error
            )

    def rows(self, zoom: int, first_key: int, last_key: int) -> dict[int, Row]:
        """Rows of the tiles in a range of keys, both ends included."""
        with explained(self.path):
            found = self._db.execute(
                "SELECT key, status, run FROM tiles WHERE zoom = ? AND key BETWEEN ? AND ?",
                (zoom, first_key, last_key),
            ).fetchall()
        return {key: Row(TileStatus(status), run) for key, status, run in found}

    def tile(self, index: TileIndex) -> TileRow | None:
        """What is known of a tile."""
        with explained(self.path):
            row = self._db.execute(
                "SELECT status, run, seconds, error FROM tiles WHERE zoom = ? AND key = ?",
                (index.zoom, morton.encode(index.row, index.col)),
            ).fetchone()
        if row is None:
            return None
        status, run, seconds, error = row
        return TileRow(status=TileStatus(status), run=run, seconds=seconds, error=error)

    def flying(self) -> frozenset[TileIndex]:
        """Tiles in progress; only meaningful while a run holds the journal."""
        rows = self._if_there("SELECT zoom, key FROM flying", ())
        return frozenset(TileIndex(zoom, *morton.decode(key)) for zoom, key in rows)

    def counts(self) -> dict[int, dict[TileStatus, int]]:
        """Number of tiles per zoom and status."""
        counts: dict[int, dict[TileStatus, int]] = {}
        with explained(self.path):
            for zoom, status, number in self._db.execute(
                "SELECT zoom, status, count(*) FROM tiles GROUP BY zoom, status ORDER BY zoom"
            ):
                counts.setdefault(zoom, {})[TileStatus(status)] = number
        return counts

    def failed(self, zoom: int | None = None) -> Iterator[FailedTile]:
        """Failed tiles with their tracebacks, zoom by zoom in Morton order."""
        clause, values = ("", ()) if zoom is None else (" AND zoom = ?", (zoom,))
        with explained(self.path):
            found = self._db.execute(
                f"SELECT zoom, key, error FROM tiles WHERE status = ?{clause} ORDER BY zoom, key",
                (int(TileStatus.FAILED), *values),
            ).fetchall()
        for level, key, error in found:
            yield FailedTile(TileIndex(level, *morton.decode(key)), error or "")

    def written(self, zoom: int | None = None) -> Iterator[TileIndex]:
        """Written tiles, zoom by zoom in Morton order."""
        clause, values = ("", ()) if zoom is None else (" AND zoom = ?", (zoom,))
        yield from self._indexes(
            f"SELECT zoom, key FROM tiles WHERE status = ?{clause} ORDER BY zoom, key",
            (int(TileStatus.WRITTEN), *values),
        )

    def files(self) -> Iterator[tuple[TileIndex, StoredFile]]:
        """Files of written tiles with their sizes and checksums, by tile."""
        for zoom, key, name, size, value in self._streamed(
            "SELECT zoom, key, name, size, checksum FROM files JOIN tiles USING (zoom, key)"
            " WHERE status = ? ORDER BY zoom, key, name",
            (int(TileStatus.WRITTEN),),
        ):
            yield TileIndex(zoom, *morton.decode(key)), StoredFile(name, size, value)

    def files_of(self, tile: TileIndex) -> tuple[StoredFile, ...]:
        """Files of a written tile with sizes and checksums; empty in old journals."""
        rows = self._streamed(
            "SELECT name, size, checksum FROM files JOIN tiles USING (zoom, key)"
            " WHERE zoom = ? AND key = ? AND status = ?",
            (tile.zoom, morton.encode(tile.row, tile.col), int(TileStatus.WRITTEN)),
        )
        return tuple(StoredFile(*row) for row in rows)

    def last_files_of(self, tile: TileIndex) -> tuple[StoredFile, ...]:
        """Like `files_of`, but also for a tile found damaged since: the files as written."""
        rows = self._streamed(
            "SELECT name, size, checksum FROM files WHERE zoom = ? AND key = ?",
            (tile.zoom, morton.encode(tile.row, tile.col)),
        )
        return tuple(StoredFile(*row) for row in rows)

    def file_names(self, zoom: int, first_key: int, last_key: int) -> dict[int, list[str]]:
        """Files of the tiles in a range of keys, both ends included; empty in old journals."""
        names: dict[int, list[str]] = {}
        for key, name in self._streamed(
            "SELECT key, name FROM files WHERE zoom = ? AND key BETWEEN ? AND ?",
            (zoom, first_key, last_key),
        ):
            names.setdefault(key, []).append(name)
        return names

    def single_files(self) -> tuple[StoredFile, ...]:
        """The file of a single-file output, with its sidecar files."""
        found = self._streamed(
            "SELECT name, size, checksum FROM files WHERE zoom = ?", (SINGLE_FILE_ZOOM,)
        )
        return tuple(StoredFile(*row) for row in found)

    def written_without_files(self) -> Iterator[TileIndex]:
        """Written tiles without known files: adopted ones, or those of old journals."""
        if not self._has_files:
            yield from self.written()
            return
        yield from self._indexes(
            "SELECT zoom, key FROM tiles WHERE status = ? AND NOT EXISTS (SELECT 1 FROM files"
            " WHERE files.zoom = tiles.zoom AND files.key = tiles.key) ORDER BY zoom, key",
            (int(TileStatus.WRITTEN),),
        )

    def unknown_files(self, files: Sequence[tuple[TileIndex, str]]) -> list[tuple[TileIndex, str]]:
        """The files that `knows_file` does not know, in one query."""
        if not self._has_files:
            return [each for each in files if not self.knows_file(*each)]
        asked = [[tile.zoom, morton.encode(tile.row, tile.col), name] for tile, name in files]
        with explained(self.path):
            found = self._db.execute(
                "SELECT asked.key FROM json_each(?) AS asked LEFT JOIN files"
                " ON zoom = json_extract(asked.value, '$[0]')"
                " AND files.key = json_extract(asked.value, '$[1]')"
                " AND name = json_extract(asked.value, '$[2]') WHERE zoom IS NULL",
                (json.dumps(asked),),
            ).fetchall()
        # perhaps one of a tile that was found as it lay there
        return [files[place] for (place,) in found if not self.knows_file(*files[place])]

    def knows_file(self, tile: TileIndex, name: str) -> bool:
        """Whether a file belongs to a written tile; always true if its files are not recorded."""
        place = (tile.zoom, morton.encode(tile.row, tile.col))
        if not self._has_files:
            row = self.tile(tile)
            return row is not None and row.status is TileStatus.WRITTEN
        with explained(self.path):
            found = self._db.execute(
                "SELECT 1 FROM files WHERE zoom = ? AND key = ? AND name = ?", (*place, name)
            ).fetchone()
            if found is None:  # perhaps one of a tile that was found as it lay there
                found = self._db.execute(
                    "SELECT 1 FROM tiles WHERE zoom = ? AND key = ? AND status = ? AND NOT EXISTS"
                    " (SELECT 1 FROM files WHERE files.zoom = tiles.zoom"
                    " AND files.key = tiles.key)",
                    (*place, int(TileStatus.WRITTEN)),
                ).fetchone()
        return found is not None

    def _if_there(self, query: str, values: tuple[int, ...]) -> list[tuple[Any, ...]]:
        """The rows of a query; none of a journal from before its table."""
        with explained(self.path), contextlib.suppress(sqlite3.OperationalError):
            return self._db.execute(query, values).fetchall()
        return []

    def _indexes(self, query: str, values: tuple[int | str, ...]) -> Iterator[TileIndex]:
        for zoom, key in self._streamed(query, values):
            yield TileIndex(zoom, *morton.decode(key))

    def _streamed(self, query: str, values: tuple[int | str, ...]) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, a few at a time; none when the journal is older than its table."""
        if "files" in query and not self._has_files:
            return
        with explained(self.path):
            yield from self._db.execute(query, values)

    @cached_property
    def _has_files(self) -> bool:
        """Whether this journal has the table of files."""
        query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'files'"
        with explained(self.path):
            return self._db.execute(query).fetchone() is not None

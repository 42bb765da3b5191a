"""The tree of errors.

::

    AutomapError                   everything this package raises on purpose
    ├── ConfigError                a .mapchete file or an option is wrong: file, line, key, remedy
    ├── GridError                  a grid, tile or area that cannot be
    │   └── NoOperation            no way leads from one CRS to another
    ├── InputError                 a source cannot be opened or read
    │   ├── MissingCrs             it does not say its coordinate reference system
    │   └── SourceBrokeOff         less of it came over the network than announced: try again
    ├── OutputError                a result cannot be stored
    │   ├── UploadBrokeOff         the store lost a part of what was sent: try again
    │   └── OutputMismatch         what is there was made for another pyramid or format
    ├── ProcessError               the user's function cannot be loaded, bound or run
    │   ├── ProcessResultError     it returned something that cannot be stored
    │   └── ValueOverflow          a value does not fit the output's dtype (on_overflow: raise)
    ├── JournalError               the record of a run cannot be used
    │   ├── ProcessChanged         process, parameters or inputs differ from the run before
    │   └── OutputBusy             another run is writing the same output
    ├── MissingExtra               an optional dependency is not installed
    ├── ResourceError              this machine has no more of something: handles of files
    ├── TileFailed                 a tile that was asked for could not be made
    └── TilesFailed                the run ended and some tiles failed

    Empty                          raised by a user's function: there is nothing to write here

Every error survives pickling, because it may be raised in a worker and shown by the parent.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping
from pathlib import Path

EXTRAS: Mapping[str, str] = {
    "distributed": "dask",
    "dask": "dask",
    "obstore": "s3",
    "pystac": "stac",
    "pystac_client": "stac",
    "requests": "stac",
    "urllib3": "stac",
    "xarray": "xarray",
    "PIL": "plot",
    "jinja2": "classify",
    "matplotlib": "classify",
    "scipy": "classify",
    "xgboost": "classify",
    "optuna": "tune",
    "sklearn": "scikit-learn",
    "lightgbm": "lightgbm",
    "s2cloudless": "s2cloudless",
    "onnxruntime": "csmask",
    "ukis_csmask": "csmask",
    "flask": "serve",
    "markupsafe": "serve",
    "waitress": "serve",
    "werkzeug": "serve",
    "pmtiles": "export",
    "numba": "fast",
    "mapchete": "mapchete",
    "loky": "loky",
    "IPython": "notebook",
    "ipyleaflet": "notebook",
    "numcodecs": "zarr",
    "alembic": "service",
    "argon2": "service",
    "email_validator": "service",
    "psycopg": "postgresql",
    "prometheus_client": "service",
    "sqlalchemy": "service",
}
"""Module of an optional package → the extra that installs it."""


def without_signatures(text: str) -> str:
    """A text without the queries and user names of the addresses in it: they may be secret."""
    without = re.sub(r"(://[^\s\"'?]*)\?[^\s\"')]+", r"\1?…", text)
    return re.sub(r"://[^/@\s\"']*@", "://", without)


def writable(text: str) -> str:
    r"""A text that can be stored and shown anywhere.

    Names of files may hold bytes that are not UTF-8; Python carries them as lone surrogates, which
    no file, database or terminal takes. They are written as `\udce9`.
    """
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


class AutomapError(Exception):
    """Base of all errors meant for the user; `exit_code` is what the command line returns."""

    exit_code = 1


class ConfigError(AutomapError):
    """Something in a process file or on the command line is wrong."""

    exit_code = 2

    def __init__(
        self,
        message: str,
        file: str | Path | None = None,
        line: int | None = None,
        key: str | None = None,
        found: object = None,
        remedy: str | None = None,
    ) -> None:
        super().__init__(message, file, line, key, found, remedy)
        self.message = message
        self.file = file
        self.line = line
        self.key = key
        self.found = found
        self.remedy = remedy

    def __str__(self) -> str:
        place = "" if self.file is None else str(self.file)
        if place and self.line is not None:
            place += f":{self.line}"
        parts = [place, self.key or "", self.message]
        text = ": ".join(part for part in parts if part)
        if self.found is not None:
            text += f" (found: {self.found!r})"
        if self.remedy:
            text += f"\n  remedy: {self.remedy}"
        return text


class GridError(AutomapError):
    """A grid, tile index or area that cannot be."""

    exit_code = 2


class NoOperation(GridError):
    """There is no coordinate operation between two CRSs: a local site, or another planet."""


class _PathError(AutomapError):
    """An error about one file, folder or object."""

    def __init__(self, message: str, path: str | Path | None = None) -> None:
        message = without_signatures(message)
        path = without_signatures(path) if isinstance(path, str) else path
        super().__init__(message, path)
        self.message = message
        self.path = path

    def __str__(self) -> str:
        return self.message if self.path is None else f"{self.path}: {self.message}"


class InputError(_PathError):
    """A source cannot be opened or read."""


class MissingCrs(InputError):
    """A source does not say its coordinate reference system."""


class SourceBrokeOff(InputError):
    """Less of a source came over the network than was announced; another try may get it all."""


class OutputError(_PathError):
    """A result cannot be stored."""


class UploadBrokeOff(OutputError):
    """A store lost a part of what was sent, or its answer; another try may do."""


class OutputMismatch(OutputError):
    """The output folder holds tiles of another pyramid or format."""

    exit_code = 2


class ProcessError(AutomapError):
    """The user's function cannot be loaded, bound to its arguments or run."""

    exit_code = 2


class ProcessResultError(ProcessError):
    """The user's function returned something that cannot be stored."""

    exit_code = 1


class ValueOverflow(ProcessError):
    """A value does not fit the output's dtype and the output says `on_overflow: raise`."""

    exit_code = 1


class JournalError(AutomapError):
    """The record of a run cannot be used."""


class ProcessChanged(JournalError):
    """Process, parameters or inputs are not those that made the tiles already there."""

    exit_code = 2


class OutputBusy(JournalError):
    """Another run is writing the same output."""

    exit_code = 2


class MissingExtra(AutomapError):
    """An optional dependency is not installed; the message says how to install it."""

    exit_code = 2

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(package, extra)
        self.package = package
        self.extra = extra

    def __str__(self) -> str:
        return (
            f"{self.package} is needed for this and is not installed; "
            f"install it with: pip install 'automap-tiles[{self.extra}]'"
        )


class ResourceError(AutomapError):
    """The machine has no more of something that the work needs; no input is to blame."""

    @classmethod
    def without_handles(cls) -> ResourceError:
        """Too many files are open in this process, or on this machine."""
        return cls(
            "too many open files: the system lets this process open no more; raise the limit "
            "(ulimit -n 4096) or use fewer --workers"
        )


_WITHOUT_HANDLES = (errno.EMFILE, errno.ENFILE)
_SOME_HANDLES = 4  # what SQLite opens of a journal: the file, its log, its index, the folder
_IN_WORDS = re.compile("|".join(re.escape(os.strerror(code)) for code in _WITHOUT_HANDLES))


def is_without_handles(error: BaseException) -> bool:
    """Whether an error came of too many open files: by its causes, or because no other opens."""
    cause: BaseException | None = error
    seen: set[int] = set()  # chains may lead back into themselves
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        if isinstance(cause, OSError) and cause.errno in _WITHOUT_HANDLES:
            return True
        if _IN_WORDS.search(str(cause)):
            return True
        cause = cause.__cause__ or cause.__context__
    return _is_exhausted()


def _is_exhausted() -> bool:
    """GDAL and SQLite say "no such file" where they have no handles; so some are asked for."""
    found: list[int] = []
    try:
        for _ in range(_SOME_HANDLES):
            found.append(os.open(os.devnull, os.O_RDONLY))  # noqa: PERF401 - to close them
    except OSError as error:
        return error.errno in _WITHOUT_HANDLES
    finally:
        for handle in found:
            os.close(handle)
    return False


def missing_extra(error: ImportError) -> MissingExtra | None:
    """What to install for an import that failed; None where it is no package of an extra."""
    package = (error.name or "").partition(".")[0]
    if not isinstance(error, ModuleNotFoundError) or package not in EXTRAS:
        return None
    return MissingExtra(package, EXTRAS[package])


class TileFailed(AutomapError):
    """A tile that was asked for could not be made."""

    def __init__(self, tile: str, traceback: str) -> None:
        super().__init__(tile, traceback)
        self.tile = tile
        """Zoom, row and column."""
        self.traceback = traceback

    def __str__(self) -> str:
        lines = self.traceback.strip().splitlines()
        return f"tile {self.tile} failed: {lines[-1] if lines else 'an error without a text'}"


class TilesFailed(AutomapError):
    """The run ended; everything else is done, but some tiles failed."""


class Empty(Exception):
    """Raise it in a process function when there is nothing to write for this tile."""

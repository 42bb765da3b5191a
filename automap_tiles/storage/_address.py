"""A file or folder: a local path, or a URL in an object store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from automap_tiles.storage._open import open_storage
from automap_tiles.storage._protocol import Storage
from automap_tiles.storage._schemes import GDAL_PREFIXES, REMOTE_SCHEMES, is_remote

# `pathlib` collapses the two slashes of a URL to one.
_FLATTENED = re.compile(rf"({'|'.join(REMOTE_SCHEMES)}):/(?!/)")


@dataclass(frozen=True)
class Address:
    """An absolute path, or `s3://…`, `gs://…`, `az://…`; picklable, does no I/O when created.

    Reads and writes go through a `Storage`, so that files are complete or absent in both cases.
    """

    text: str
    """Without a trailing slash."""

    @classmethod
    def of(cls, place: str | Path | Address) -> Self:
        """From user input; relative paths are resolved against the working directory."""
        text = _FLATTENED.sub(r"\1://", str(place), count=1)
        if is_remote(text):
            return cls(text.rstrip("/"))
        return cls(str(Path(text).absolute()))

    @classmethod
    def of_url(cls, url: str) -> Self | None:
        """From the name an object is opened by, `/vsis3/…` or `s3://…`; None for anything else."""
        if is_remote(url):
            return cls(url.rstrip("/"))
        for scheme, start in GDAL_PREFIXES.items():
            if url.startswith(start):
                return cls(f"{scheme}://{url.removeprefix(start)}")
        return None

    @property
    def gdal_name(self) -> str:
        """GDAL's name of an object, such as `/vsis3/…`; local paths are returned unchanged."""
        scheme, _, rest = self.text.partition("://")
        start = GDAL_PREFIXES.get(scheme)
        return self.text if start is None else f"{start}{rest}"

    def __str__(self) -> str:
        return self.text

    def __truediv__(self, name: str) -> Self:
        return type(self)(f"{self.text.rstrip('/')}/{name}")

    @property
    def name(self) -> str:
        """The last path component."""
        return self.text.rpartition("/")[2]

    @property
    def parent(self) -> Self:
        """The parent folder."""
        return type(self)(self.text.rpartition("/")[0] or "/")

    def ending_in(self, ending: str) -> Self:
        """The sibling of the same name with another extension, such as `.json`."""
        stem, dot, _ = self.name.rpartition(".")
        return self.parent / f"{stem if dot else self.name}{ending}"

    @property
    def stem(self) -> str:
        """The name without its extension."""
        stem, dot, _ = self.name.rpartition(".")
        return stem if dot else self.name

    @property
    def is_remote(self) -> bool:
        """Whether it is in an object store."""
        return is_remote(self.text)

    @property
    def url(self) -> str:
        """The name under which GDAL opens it."""
        return self._beside.url(self.name)

    def as_folder(self) -> Storage:
        """Storage of the files below it."""
        return open_storage(self.text)

    def read(self) -> bytes | None:
        """The bytes of the file; None when it does not exist. Raises `InputError`."""
        try:
            return self._beside.get(self.name)
        except FileNotFoundError:
            return None

    def write(self, content: bytes) -> None:
        """Store the file atomically; raises `OutputError`."""
        self._beside.put(self.name, content)

    def stamp(self) -> str:
        """Changes when the file does; raises `FileNotFoundError`, `InputError`."""
        return self._beside.stamp(self.name)

    def exists(self) -> bool:
        """Whether the file exists; raises `InputError` when that cannot be determined."""
        return self._beside.exists(self.name)

    def delete(self) -> None:
        """Delete the file if it exists; raises `OutputError`."""
        self._beside.delete(self.name)

    @cached_property
    def _beside(self) -> Storage:
        return open_storage(self.parent.text)

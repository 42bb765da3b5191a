"""A file or folder, wherever it lies: a path of this machine, or an address in an object store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Self

from automap_tiles.storage._open import REMOTE_SCHEMES, is_remote, open_storage
from automap_tiles.storage._protocol import Storage

# What `pathlib` makes of an address: two slashes become one.
_FLATTENED = re.compile(rf"({'|'.join(REMOTE_SCHEMES)}):/(?!/)")

_GDAL = {"/vsis3/": "s3", "/vsigs/": "gs", "/vsiaz/": "az"}


@dataclass(frozen=True)
class Address:
    """An absolute path, or `s3://…`, `gs://…`, `az://…`; picklable, opens nothing by itself.

    What reads and writes goes through a `Storage`, so that a file is whole or absent in both.
    """

    text: str
    """Without a slash at its end."""

    @classmethod
    def of(cls, place: str | Path | Address) -> Self:
        """What a user wrote; relative paths start at the working directory."""
        text = _FLATTENED.sub(r"\1://", str(place), count=1)
        if is_remote(text):
            return cls(text.rstrip("/"))
        return cls(str(Path(text).absolute()))

    @classmethod
    def of_url(cls, url: str) -> Self | None:
        """Of an object that is opened under a name, `/vsis3/…` or `s3://…`; None of all else."""
        if is_remote(url):
            return cls(url.rstrip("/"))
        for start, scheme in _GDAL.items():
            if url.startswith(start):
                return cls(f"{scheme}://{url.removeprefix(start)}")
        return None

    @property
    def gdal_name(self) -> str:
        """What GDAL calls an object, such as `/vsis3/…`; a path of this machine is its own name."""
        scheme, _, rest = self.text.partition("://")
        start = {scheme: start for start, scheme in _GDAL.items()}.get(scheme)
        return self.text if start is None else f"{start}{rest}"

    def __str__(self) -> str:
        return self.text

    def __truediv__(self, name: str) -> Self:
        return type(self)(f"{self.text.rstrip('/')}/{name}")

    @property
    def name(self) -> str:
        """The last part."""
        return self.text.rpartition("/")[2]

    @property
    def parent(self) -> Self:
        """The folder that it lies in."""
        return type(self)(self.text.rpartition("/")[0] or "/")

    def ending_in(self, ending: str) -> Self:
        """The one beside it of the same name with another ending, such as `.json`."""
        stem, dot, _ = self.name.rpartition(".")
        return self.parent / f"{stem if dot else self.name}{ending}"

    @property
    def stem(self) -> str:
        """The name without its ending."""
        stem, dot, _ = self.name.rpartition(".")
        return stem if dot else self.name

    @property
    def is_remote(self) -> bool:
        """Whether it lies in an object store."""
        return is_remote(self.text)

    @property
    def url(self) -> str:
        """What GDAL opens."""
        return self._beside.url(self.name)

    def as_folder(self) -> Storage:
        """The files below it."""
        return open_storage(self.text)

    def read(self) -> bytes | None:
        """The bytes of a file; None when there is none. Raises `InputError`."""
        try:
            return self._beside.get(self.name)
        except FileNotFoundError:
            return None

    def write(self, content: bytes) -> None:
        """Store a file, whole or not at all; raises `OutputError`."""
        self._beside.put(self.name, content)

    def stamp(self) -> str:
        """Changes when the file does; raises `FileNotFoundError`, `InputError`."""
        return self._beside.stamp(self.name)

    def exists(self) -> bool:
        """Whether there is a file; raises `InputError` where that cannot be asked."""
        return self._beside.exists(self.name)

    def delete(self) -> None:
        """Remove a file, if there is one; raises `OutputError`."""
        self._beside.delete(self.name)

    @cached_property
    def _beside(self) -> Storage:
        return open_storage(self.parent.text)

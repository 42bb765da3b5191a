"""The store of result archives: a local folder or a bucket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from automap_tiles.errors import InputError
from automap_tiles.storage import Storage, is_remote, open_storage

FOLDER = "results"
"""What the keys of archives begin with."""


def job_of(key: str) -> str | None:
    """Id of the job that an archive is of, from its key; None of what is no archive."""
    parts = key.split("/")
    return parts[1] if len(parts) == 4 and parts[0] == FOLDER else None


class Writable(Protocol):
    """A file that is written from its beginning to its end."""

    def write(self, data: bytes, /) -> int: ...


class ResultStore:
    """Archives below a folder or an address such as `s3://bucket/automap`."""

    def __init__(
        self, root: str, public: str | None = None, tags: Mapping[str, str] | None = None
    ) -> None:
        """`public`: the address of the store as users see it; None: as this machine sees it.

        `tags`: what all objects of a bucket of S3 are tagged with, besides what is said of each;
        None: they are not tagged.
        """
        self.root = root
        self._tags = tags if root.startswith("s3://") else None
        self._public = public
        self._storage: Storage = open_storage(root)

    @contextmanager
    def writing(self, key: str, about: Mapping[str, str] | None = None) -> Iterator[Writable]:
        """A file that is there, whole, at the end of the block; none after an error.

        `about` are further tags. Raises `OutputError`.
        """
        if is_remote(self.root):
            from automap_tiles.storage.remote import ObjectStorage

            tags = None if self._tags is None else {**self._tags, **(about or {})}
            with ObjectStorage(self.root).writing(key, tags) as file:
                yield file
            return
        with self._storage.staged(key) as path, path.open("wb") as out:
            yield out

    def path(self, key: str) -> Path | None:
        """The file of this machine; None where it is in a bucket."""
        return None if is_remote(self.root) else Path(self.root, key)

    def signed(self, key: str, seconds: float) -> str | None:
        """An address of the bucket itself, good for so long; None where there is no bucket."""
        if not is_remote(self.root):
            return None
        from automap_tiles.storage.remote import ObjectStorage

        return ObjectStorage(self.root).signed(key, seconds, self._public)

    def archives(self, job: str | None = None) -> list[str]:
        """Keys of all archives of a job, also those of attempts that came to nothing.

        None: of all jobs. Raises `InputError`.
        """
        return list(self._storage.list(f"{FOLDER}/" if job is None else f"{FOLDER}/{job}/"))

    def clean_parts(self) -> None:
        """Remove what processes that are not alive any more have half written."""
        self._storage.clean_parts()

    def delete(self, key: str) -> None:
        """Remove an archive, if it is there; raises `OutputError`."""
        self._storage.delete(key)

    def reach(self) -> None:
        """Ask the store for something; raises `InputError` where it does not answer.

        A folder has to be there, unless nothing was ever put into it: its parent then.
        """
        if is_remote(self.root):
            self._storage.exists(f"{FOLDER}/.try")
            return
        folder = Path(self.root)
        if not (folder if folder.exists() else folder.parent).is_dir():
            raise InputError("is not there", self.root)

    def try_out(self) -> None:
        """Really put, read and delete something; raises `OutputError`, `InputError`."""
        key = f"{FOLDER}/.try"
        self._storage.put(key, b"try")
        self._storage.get(key)
        self._storage.delete(key)

"""The store of result archives: a local folder or a bucket."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from automap_tiles.errors import InputError
from automap_tiles.storage import Storage, is_remote, open_storage

FOLDER = "results"
"""Key prefix of archives."""


def job_of(key: str) -> str | None:
    """Id of the job that an archive key belongs to; None if it is not an archive."""
    parts = key.split("/")
    return parts[1] if len(parts) == 4 and parts[0] == FOLDER else None


class Writable(Protocol):
    """A file that is written sequentially."""

    def write(self, data: bytes, /) -> int: ...


class ResultStore:
    """Archives below a folder or an address such as `s3://bucket/automap`."""

    def __init__(
        self, root: str, public: str | None = None, tags: Mapping[str, str] | None = None
    ) -> None:
        """`public`: address of the store as users see it; None: as this machine sees it.

        `tags`: tags for all objects of an S3 bucket, in addition to those of each object; None: no
        tags.
        """
        self.root = root
        self._tags = tags if root.startswith("s3://") else None
        self._public = public
        self._storage: Storage = open_storage(root)

    @contextmanager
    def writing(self, key: str, about: Mapping[str, str] | None = None) -> Iterator[Writable]:
        """A file that exists, complete, after the block; not at all after an error.

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
        """The local file; None if it is in a bucket."""
        return None if is_remote(self.root) else Path(self.root, key)

    def signed(self, key: str, seconds: float) -> str | None:
        """A presigned address of the bucket, valid for this many seconds; None without a bucket."""
        if not is_remote(self.root):
            return None
        from automap_tiles.storage.remote import ObjectStorage

        return ObjectStorage(self.root).signed(key, seconds, self._public)

    def archives(self, job: str | None = None) -> list[str]:
        """Keys of all archives of a job, including those of abandoned attempts.

        None: of all jobs. Raises `InputError`.
        """
        return list(self._storage.list(f"{FOLDER}/" if job is None else f"{FOLDER}/{job}/"))

    def clean_parts(self) -> None:
        """Remove partial files of dead processes."""
        self._storage.clean_parts()

    def delete(self, key: str) -> None:
        """Remove an archive if it exists; raises `OutputError`."""
        self._storage.delete(key)

    def reach(self) -> None:
        """Check that the store responds; raises `InputError` if not.

        A folder must exist; if nothing was ever stored in it, its parent must.
        """
        if is_remote(self.root):
            self._storage.exists(f"{FOLDER}/.try")
            return
        folder = Path(self.root)
        if not (folder if folder.exists() else folder.parent).is_dir():
            raise InputError("is not there", self.root)

    def try_out(self) -> None:
        """Test the store by writing, reading and deleting an object.

        Raises `OutputError`, `InputError`.
        """
        key = f"{FOLDER}/.try"
        self._storage.put(key, b"try")
        self._storage.get(key)
        self._storage.delete(key)

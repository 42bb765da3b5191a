"""Objects of a store: `s3://`, `gs://`, `az://`.

Credentials and endpoints are read from the environment (or the machine's role) where they are used:
none is stored here, so none can be pickled, printed or written.
"""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from datetime import timedelta
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, TypeVar
from urllib.parse import urlsplit

from automap_tiles.errors import InputError, OutputError, UploadBrokeOff
from automap_tiles.storage._clients import connect, endpoint_of, reason_of
from automap_tiles.storage._protocol import Cleaned
from automap_tiles.storage._ranges import BUFFER, RangeFile
from automap_tiles.storage._retries import (
    Attempts,
    obstore_package,
    report_retry,
    stream_with_retries,
    transient_failure,
    with_retries,
)
from automap_tiles.storage._schemes import GDAL_PREFIXES

_Answer = TypeVar("_Answer")

# Objects from this size (bytes) on are uploaded in parts (obstore's own limit).
_IN_PARTS = 5 * 2**20

# Existence checks are bound by latency, not CPU.
_THREADS = 16

# One client per root, process and endpoint. Clients are thread-safe but do not survive a fork.
_clients: dict[tuple[int, str, bool, str | None], Any] = {}
_lock = threading.Lock()


class PartWriter:
    """An object that is uploaded while it is written."""

    def __init__(self, file: Any, name: str, arrived: Callable[[int], bool]) -> None:
        """`file` is the result of `obstore.open_writer`; `name` is used in errors.

        `arrived` tells whether the object exists, is new and has the given size in bytes.
        """
        self._file = file
        self._name = name
        self._arrived = arrived
        self._size = 0

    def write(self, data: bytes) -> int:
        """Raises `OutputError`, `UploadBrokeOff`."""
        try:
            self._file.write(data)
        except (FileNotFoundError, obstore_package().exceptions.BaseError) as error:
            raise self._failure(error) from None
        self._size += len(data)
        return len(data)

    def close(self) -> None:
        """Complete the upload: the object appears. Raises `OutputError`, `UploadBrokeOff`."""
        try:
            self._file.close()
        except (FileNotFoundError, obstore_package().exceptions.BaseError) as error:
            trouble = transient_failure(error)
            # The response to the last request may be lost although the request succeeded.
            if trouble is None or not self._arrived(self._size):
                raise self._failure(error) from None
            report_retry(f"{trouble} at the end of an upload; it is there", self._name)

    def _failure(self, error: Exception) -> OutputError:
        kind = OutputError if transient_failure(error) is None else UploadBrokeOff
        return kind(f"cannot be written: {reason_of(error)}", self._name)


class ObjectStorage:
    """Objects below an address such as `s3://bucket/folder`.

    A put is atomic, so there are no part files. Raises `MissingExtra` when obstore is not
    installed.
    """

    def __init__(self, root: str) -> None:
        obstore_package()
        self._root = root.rstrip("/")
        parts = urlsplit(self._root)
        self._vsi = f"{GDAL_PREFIXES[parts.scheme]}{parts.netloc}{parts.path}"

    @property
    def root(self) -> str:
        return self._root

    def url(self, key: str) -> str:
        return f"{self._vsi}/{key}" if key else self._vsi

    def get(self, key: str) -> bytes:
        store, obstore = self._client(), obstore_package()
        try:
            return self._ask(key, lambda: bytes(obstore.get(store, key).bytes()))
        except FileNotFoundError as error:
            raise FileNotFoundError(self._name(key)) from error
        except obstore.exceptions.BaseError as error:
            raise InputError(f"cannot be read: {reason_of(error)}", self._name(key)) from None

    def put(self, key: str, data: bytes | memoryview) -> None:
        store, obstore = self._client(in_parts=len(data) > _IN_PARTS), obstore_package()
        try:
            self._ask(key, lambda: obstore.put(store, key, bytes(data)))
        except (FileNotFoundError, obstore.exceptions.BaseError) as error:
            raise OutputError(f"cannot be written: {reason_of(error)}", self._name(key)) from None

    @contextmanager
    def staged(self, key: str) -> Iterator[Path]:
        with TemporaryDirectory(prefix="automap-") as folder:
            path = Path(folder, PurePosixPath(key).name)
            yield path
            obstore = obstore_package()
            store = self._client(in_parts=path.stat().st_size > _IN_PARTS)
            try:
                self._ask(key, lambda: obstore.put(store, key, path))
            except (FileNotFoundError, obstore.exceptions.BaseError) as error:
                message = f"cannot be written: {reason_of(error)}"
                raise OutputError(message, self._name(key)) from None

    @contextmanager
    def writing(self, key: str, tags: Mapping[str, str] | None = None) -> Iterator[PartWriter]:
        """A file that is uploaded in parts while it is written; it appears at the end of the block.

        `tags` are object tags, which a store shows and can group objects by.

        When the block raises, no object appears; parts already sent remain in the store as an
        incomplete upload until a lifecycle rule of the bucket removes them
        (AbortIncompleteMultipartUpload). Raises `OutputError`, and `UploadBrokeOff` when another
        attempt may succeed.
        """
        before = self._version(key)

        def arrived(size: int) -> bool:
            found = self._version(key)
            return found is not None and found != before and found[0] == size

        writer = obstore_package().open_writer(
            self._client(in_parts=True), key, tags=dict(tags) if tags else None
        )
        file = PartWriter(writer, self._name(key), arrived)
        yield file
        file.close()

    def _version(self, key: str) -> tuple[int, str, str] | None:
        """Size, ETag and time of an object; None when it does not exist. Raises `OutputError`."""
        store, obstore = self._client(), obstore_package()
        try:
            found = self._ask(key, lambda: obstore.head(store, key))
        except FileNotFoundError:
            return None
        except obstore.exceptions.BaseError as error:
            raise OutputError(f"cannot be written: {reason_of(error)}", self._name(key)) from None
        return found["size"], str(found["e_tag"]), str(found["last_modified"])

    def signed(self, key: str, seconds: float, endpoint: str | None = None) -> str:
        """A presigned URL at which anybody can read an object for a limited time.

        `endpoint`: the store's URL as seen by those readers, which is part of the signature. Raises
        `OutputError` when the store cannot sign.
        """
        obstore = obstore_package()
        store = self._client() if endpoint is None else connect(self._root, endpoint)
        try:
            address: str = obstore.sign(store, "GET", key, timedelta(seconds=seconds))
        except (TypeError, obstore.exceptions.BaseError) as error:
            raise OutputError(f"cannot be signed: {reason_of(error)}", self._name(key)) from None
        return address

    def _head(self, key: str) -> Mapping[str, Any]:
        """Metadata of an object; raises as `get` does."""
        store, obstore = self._client(), obstore_package()
        try:
            found: Mapping[str, Any] = self._ask(key, lambda: obstore.head(store, key))
        except FileNotFoundError as error:
            raise FileNotFoundError(self._name(key)) from error
        except obstore.exceptions.BaseError as error:
            raise InputError(f"cannot be read: {reason_of(error)}", self._name(key)) from None
        return found

    def exists(self, key: str) -> bool:
        try:
            self._head(key)
        except FileNotFoundError:
            return False
        return True

    def stamp(self, key: str) -> str:
        """A stamp that changes with the object; raises as `get` does."""
        return _stamp(self._head(key))

    def stream(
        self, key: str, start: int = 0, validator: str | None = None
    ) -> tuple[int, int, str | None, Iterator[bytes]]:
        """A large object in pieces: offset of the first byte, size, ETag and the bytes.

        The bytes begin at `start` if the ETag is still `validator`, else at 0. Raises as `get`
        does, also during iteration.
        """
        store, obstore = self._client(), obstore_package()
        found = self._head(key)
        tag, size = found["e_tag"], found["size"]
        begin = start if tag is not None and tag == validator and start <= size else 0
        if_same = {"if_match": tag} if tag else {}

        def from_place(place: int) -> Iterator[bytes]:
            if begin + place < size:
                options = {"range": {"offset": begin + place}, **if_same}
                yield from map(bytes, obstore.get(store, key, options=options).stream(1 << 20))

        return begin, size, tag, self._told(key, stream_with_retries(self._name(key), from_place))

    def reader(self, key: str) -> BinaryIO:
        """A seekable reader of an object by range requests; raises as `get` does.

        Failures while reading raise `OSError`.
        """
        store, obstore = self._client(), obstore_package()
        found = self._head(key)
        # The same version to the end, even when the object is replaced meanwhile.
        tag = {"if_match": found["e_tag"]} if found["e_tag"] else {}

        def fetch(start: int, end: int) -> bytes:
            try:
                options = {"range": (start, end), **tag}
                return self._ask(
                    key, lambda: bytes(obstore.get(store, key, options=options).bytes())
                )
            except obstore.exceptions.BaseError as error:
                raise OSError(reason_of(error)) from None

        return io.BufferedReader(RangeFile(found["size"], fetch), BUFFER)

    def part(self, key: str, start: int, end: int) -> bytes:
        """Bytes from `start` up to `end`; raises as `get` does."""
        store, obstore = self._client(), obstore_package()
        try:
            return self._ask(
                key, lambda: bytes(obstore.get_range(store, key, start=start, end=end))
            )
        except FileNotFoundError as error:
            raise FileNotFoundError(self._name(key)) from error
        except obstore.exceptions.BaseError as error:
            raise InputError(f"cannot be read: {reason_of(error)}", self._name(key)) from None

    def _told(self, key: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """Convert the client's errors to ours while bytes are read."""
        try:
            yield from chunks
        except (FileNotFoundError, obstore_package().exceptions.BaseError) as error:
            raise InputError(f"cannot be read: {reason_of(error)}", self._name(key)) from None

    def exists_many(self, keys: Sequence[str]) -> set[str]:
        if len(keys) <= 1:
            return {key for key in keys if self.exists(key)}
        with ThreadPoolExecutor(min(_THREADS, len(keys))) as pool:
            # Notes from these threads belong to the caller.
            contexts = [copy_context() for _ in keys]
            found = pool.map(lambda context, key: context.run(self.exists, key), contexts, keys)
            return {key for key, there in zip(keys, found, strict=True) if there}

    def listed_once(self) -> ObjectStorage:
        """A snapshot for checking which of very many keys existed beforehand."""
        return _ListedOnce(self.root)

    def list(self, prefix: str = "") -> Iterator[str]:
        for entry in self._entries(prefix):
            yield entry["path"]

    def stamps(self, prefix: str = "") -> Iterator[tuple[str, str]]:
        """Keys, each with a stamp that changes with the object; costs one listing."""
        for entry in self._entries(prefix):
            yield entry["path"], _stamp(entry)

    def _entries(self, prefix: str) -> Iterator[Any]:
        store, obstore = self._client(), obstore_package()
        # Stores list by whole path segments, so a prefix inside a name is filtered here.
        folder = prefix.rpartition("/")[0]
        last: str | None = None
        attempts = Attempts(self._name(prefix))
        try:
            while True:
                try:
                    # Names are sorted: an interrupted listing resumes after the last one.
                    for chunk in obstore.list(store, prefix=folder or None, offset=last):
                        for entry in chunk:
                            last = entry["path"]
                            attempts.failures = 0
                            if last.startswith(prefix):
                                yield entry
                    return
                except obstore.exceptions.GenericError as error:
                    attempts.failed(error)
        except obstore.exceptions.BaseError as error:
            raise InputError(f"cannot be listed: {reason_of(error)}", self._name(prefix)) from None

    def delete(self, key: str) -> None:
        store, obstore = self._client(), obstore_package()
        try:
            self._ask(key, lambda: obstore.delete(store, key))
        except FileNotFoundError:
            pass
        except obstore.exceptions.BaseError as error:
            raise OutputError(f"cannot be deleted: {reason_of(error)}", self._name(key)) from None

    def chunks(self, key: str) -> Iterator[bytes]:
        yield from self.stream(key)[3]

    def move(self, key: str, to: str) -> None:
        store, obstore = self._client(), obstore_package()
        try:
            # Separately: retrying a move whose response was lost would not find the source again.
            self._ask(key, lambda: obstore.copy(store, key, to))
            self._ask(key, lambda: obstore.delete(store, key))
        except FileNotFoundError as error:
            raise FileNotFoundError(self._name(key)) from error
        except obstore.exceptions.BaseError as error:
            raise OutputError(f"cannot be moved: {reason_of(error)}", self._name(key)) from None

    def clean_parts(self, key: str | None = None) -> Cleaned:  # noqa: ARG002
        return Cleaned(0, 0)

    def _client(self, *, in_parts: bool = False) -> Any:
        """`in_parts`: a client that retries parts of an object by itself."""
        place = (os.getpid(), self._root, in_parts, endpoint_of(self._root))
        client = _clients.get(place)
        if client is None:
            with _lock:
                client = _clients.setdefault(place, connect(self._root, in_parts=in_parts))
        return client

    def _ask(self, key: str, ask: Callable[[], _Answer]) -> _Answer:
        return with_retries(self._name(key), ask)

    def _name(self, key: str) -> str:
        return f"{self._root}/{key}"

    def __repr__(self) -> str:
        return f"ObjectStorage({self._root!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ObjectStorage) and other._root == self._root

    def __hash__(self) -> int:
        return hash(self._root)


class _ListedOnce(ObjectStorage):
    """A snapshot of a store, for checking what existed before it is changed."""

    def __init__(self, root: str) -> None:
        from automap_tiles.storage._bulk_listing import Listing  # Imports numpy.

        super().__init__(root)
        self._listing = Listing(self.list)

    def listed_once(self) -> ObjectStorage:
        return self

    def exists_many(self, keys: Sequence[str]) -> set[str]:
        found = self._listing.there(keys)
        return super().exists_many(keys) if found is None else found


def _stamp(entry: Any) -> str:
    """Stamp of an object, from its metadata."""
    return f"{entry['size']} {entry['e_tag'] or entry['last_modified']}"

"""Optimistic locking of objects that several machines may write.

Uses the conditional requests of S3, GCS and Azure: `If-None-Match: *` for an object that must not
exist yet, `If-Match` with the ETag (at GCS the generation) of the version to be replaced.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from automap_tiles.errors import InputError, OutputError
from automap_tiles.storage._clients import reason_of
from automap_tiles.storage._retries import obstore_package
from automap_tiles.storage.remote import ObjectStorage

# Response of a store that does not support conditions (RFC 9110, 15.6.2).
_NOT_IMPLEMENTED = re.compile(r"status code: 501\b")


class ChangedMeanwhile(Exception):
    """Another writer has written or deleted the object."""


@dataclass(frozen=True, slots=True)
class Version:
    """Identifies a version of an object."""

    e_tag: str | None
    generation: str | None


class GuardedStorage(ObjectStorage):
    """Objects below an address, written only over a known version."""

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self.is_guarded = True
        """Whether the store honours conditions; determined by `check_guard`."""

    def listed_once(self) -> ObjectStorage:
        """Returns itself: others may write meanwhile, so a snapshot would be stale."""
        return self

    def check_guard(self, key: str, data: bytes, known: Version) -> Version:
        """Try to create an object that exists, with the same bytes; return its version afterwards.

        A store that allows it, or rejects conditional requests altogether, does not guard: from
        then on objects are written unconditionally.
        """
        try:
            changed = self.put_over(key, data, None)
        except ChangedMeanwhile:
            return known
        self.is_guarded = False
        return changed

    def get_version(self, key: str) -> tuple[bytes, Version] | None:
        """Bytes and version of an object; None when it does not exist. Raises `InputError`."""
        obstore = obstore_package()
        try:
            return self._ask(key, lambda: _with_version(obstore.get(self._client(), key)))
        except FileNotFoundError:
            return None
        except obstore.exceptions.BaseError as error:
            raise InputError(f"cannot be read: {reason_of(error)}", self._name(key)) from None

    def put_over(self, key: str, data: bytes, known: Version | None) -> Version:
        """Replace a known version; None when the object must not exist yet.

        When the response to a successful request is lost, the client retries and meets its own
        object, which raises `ChangedMeanwhile`: a caller that reads its own content back has stored
        it. Raises `OutputError` as well.
        """
        mode = "create" if known is None else _mode(known)
        with self._explained(key):
            try:
                put = self._put(key, data, mode if self.is_guarded else "overwrite")
            except NotImplementedError:
                self.is_guarded = False
                put = self._put(key, data, "overwrite")
        return Version(put["e_tag"], put["version"])

    def _put(self, key: str, data: bytes, mode: str | dict[str, str]) -> Any:
        obstore = obstore_package()
        try:
            return self._ask(key, lambda: obstore.put(self._client(), key, data, mode=mode))
        except obstore.exceptions.NotSupportedError as error:
            raise NotImplementedError from error
        except obstore.exceptions.GenericError as error:
            if _NOT_IMPLEMENTED.search(str(error)):
                raise NotImplementedError from error
            raise

    def written(self, key: str) -> datetime | None:
        """Modification time of an object by the store's clock; None when it does not exist."""
        with self._explained(key):
            try:
                head = obstore_package().head
                found = self._ask(key, lambda: head(self._client(), key))
            except FileNotFoundError:
                return None
        when: datetime = found["last_modified"]
        return when

    def age(self, key: str) -> float | None:
        """Age of an object in seconds by the store's clock; None when it does not exist.

        The clocks of two machines may differ by any amount, so the store's current time is taken
        from an object written for this purpose.
        """
        written, probe = self.written(key), f"{key}.now"
        if written is None:
            return None
        self.put(probe, b"")
        now = self.written(probe)
        self.delete(probe)
        return None if now is None else (now - written).total_seconds()

    @contextlib.contextmanager
    def _explained(self, key: str) -> Iterator[None]:
        """Convert the client's errors to ours."""
        errors = obstore_package().exceptions
        try:
            yield
        except (errors.AlreadyExistsError, errors.PreconditionError) as error:
            raise ChangedMeanwhile(self._name(key)) from error
        except FileNotFoundError as error:  # The object to be replaced is gone.
            raise ChangedMeanwhile(self._name(key)) from error
        except errors.BaseError as error:
            raise OutputError(f"cannot be written: {reason_of(error)}", self._name(key)) from None


def _mode(known: Version) -> dict[str, str]:
    parts = {"e_tag": known.e_tag, "version": known.generation}
    return {name: value for name, value in parts.items() if value is not None}


def _with_version(found: Any) -> tuple[bytes, Version]:
    return bytes(found.bytes()), Version(found.meta["e_tag"], found.meta["version"])

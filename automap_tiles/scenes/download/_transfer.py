"""Transfer of one file to a local path: complete and verified, or absent."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from automap_tiles.errors import InputError
from automap_tiles.scenes._link_signing import resolve
from automap_tiles.scenes.download import _checksum as checksums
from automap_tiles.scenes.download._files import RemoteFile
from automap_tiles.scenes.download._open import open_stream
from automap_tiles.scenes.download._part import Origin, PartFile, open_part
from automap_tiles.scenes.download._stream import Stream
from automap_tiles.scenes.download.address import shown
from automap_tiles.scenes.download.private_network import PUBLIC
from automap_tiles.scenes.download.retry_policy import Changed, Patience, TryAgain, announce
from automap_tiles.stopping import Stopped


class Transfer:
    """Transfer of one file."""

    def __init__(
        self,
        file: RemoteFile,
        target: Path,
        *,
        patience: Patience,
        stop: threading.Event,
        progress: Callable[[int], None],
    ) -> None:
        self._file = file
        self._target = target
        self._patience = patience
        self._stop = stop
        self._progress = progress
        self._checksum = None if file.checksum is None else checksums.parse(file.checksum)
        self._hash: Any = None
        self._repeated = False

    def run(self) -> int:
        """Fetch the file; returns the bytes received, fewer than its size if it was resumed.

        Raises `InputError` if it cannot be read or does not match the catalogue, `OutputError` if
        it cannot be stored, `OutputBusy` and `Stopped`.
        """
        came = 0
        failures = 0
        with open_part(self._target) as part:
            while True:
                before = part.size
                try:
                    came += self._receive(part)
                    break
                except TryAgain as error:
                    grown = max(0, part.size - before)
                    came += grown
                    failures = 1 if grown else failures + 1
                    self._wait(failures, error)
            part.finish()
        return came

    def _wait(self, failures: int, error: TryAgain) -> None:
        if failures >= self._patience.attempts:
            message = f"cannot be fetched, tried {failures} times: {error}"
            raise InputError(message, shown(self._file.href))
        pause = self._patience.pause(failures, error.wait)
        announce(shown(self._file.href), error, pause)
        if self._stop.wait(pause):
            raise Stopped

    def _receive(self, part: PartFile) -> int:
        """Request and store what is missing; returns the number of bytes."""
        start, validator = self._known(part)
        href = resolve(self._file.href, self._file.access)
        try:
            public = self._file.access == PUBLIC
            with open_stream(href, start, validator, public=public) as stream:
                self._check_size(stream)
                self._prepare(part, stream)
                before = part.size
                for chunk in stream.chunks:
                    part.append(chunk)
                    if self._hash is not None:
                        self._hash.update(chunk)
                    self._progress(len(chunk))
                    if self._stop.is_set():
                        raise Stopped
        except Changed:
            part.begin(self._notes(None))
            raise
        self._check(part, stream)
        return part.size - before

    def _known(self, part: PartFile) -> tuple[int, str | None]:
        """Offset to resume from: only if the file can be verified to be unchanged."""
        notes = part.notes
        if notes is None or part.size == 0:
            return 0, None
        same_content = notes.checksum is not None and notes.checksum == self._file.checksum
        same_file = notes.origin == shown(self._file.href) and notes.validator is not None
        if same_file:
            return part.size, notes.validator
        return (part.size, None) if same_content else (0, None)

    def _prepare(self, part: PartFile, stream: Stream) -> None:
        """Set the part and its hash to the start of the stream."""
        if stream.start != part.size or stream.start == 0:
            part.begin(self._notes(stream.validator))
            self._hash = None
        if self._checksum is not None and self._hash is None:
            self._hash = self._checksum.start()
            for piece in part.read():
                self._hash.update(piece)

    def _notes(self, validator: str | None) -> Origin:
        return Origin(
            origin=shown(self._file.href), validator=validator, checksum=self._file.checksum
        )

    def _check_size(self, stream: Stream) -> None:
        said, has = self._file.size, stream.size
        if said is not None and has is not None and said != has:
            message = f"has {has} bytes, the catalogue says {said}"
            raise InputError(message, shown(self._file.href))

    def _check(self, part: PartFile, stream: Stream) -> None:
        expected = stream.size if stream.size is not None else self._file.size
        if expected is not None and part.size < expected:
            raise TryAgain(f"the connection ended after {part.size} of {expected} bytes")
        if expected is not None and part.size > expected:
            self._wrong(part, f"has {part.size} bytes, {expected} were announced")
        if self._checksum is not None and self._hash.digest() != self._checksum.digest:
            self._wrong(part, "is not what the catalogue's checksum says")

    def _wrong(self, part: PartFile, message: str) -> None:
        """Discard what was received; fetch it once more in case it was damaged in transfer."""
        self._hash = None
        if self._repeated:
            part.discard()
            raise InputError(message, shown(self._file.href))
        self._repeated = True
        part.begin(self._notes(None))
        raise TryAgain(message)

"""Uploads whose last answer is lost, as the client tells it: carried out or not."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from automap_tiles.errors import OutputError, UploadBrokeOff
from automap_tiles.notes import Fate, collecting
from automap_tiles.storage import upload_with_retries

obstore = pytest.importorskip("obstore")

from automap_tiles.storage.remote import PartWriter  # noqa: E402 - of the same extra

LOST = "Generic S3 error: Error performing POST http://s: request or response body error"
DENIED = "Generic S3 error: Client error with status 403 Forbidden"


@dataclass
class Upload:
    """Ends as it is told to."""

    error: str
    sent: bytes = b""
    asked: list[int] = field(default_factory=list)

    def write(self, data: bytes) -> None:
        self.sent += data

    def close(self) -> None:
        raise obstore.exceptions.GenericError(self.error)

    def is_there(self, size: int) -> bool:
        self.asked.append(size)
        return size == len(self.sent)


def test_a_lost_answer_is_no_lost_object() -> None:
    """What is there whole is taken, and told."""
    upload = Upload(LOST)
    with collecting() as notes:
        file = PartWriter(upload, "s3://b/map.tif", upload.is_there)
        file.write(b"12345")
        file.write(b"678")
        file.close()
    assert upload.asked == [8]
    (note,) = notes.grouped()
    assert note.fate is Fate.REPEATED
    assert "it is there" in note.reason


def test_what_is_not_there_is_sent_again() -> None:
    """From its beginning, three times at most; other errors end it at once."""
    attempts: list[int] = []

    def send(upload: Upload, good_from: int) -> int:
        attempts.append(1)
        file = PartWriter(upload, "s3://b/map.tif", lambda _: len(attempts) >= good_from)
        file.write(b"12")
        file.close()
        return len(attempts)

    with collecting() as notes:
        assert upload_with_retries(lambda: send(Upload(LOST), 3)) == 3
        attempts.clear()
        with pytest.raises(UploadBrokeOff, match="cannot be written"):
            upload_with_retries(lambda: send(Upload(LOST), 9))
        assert len(attempts) == 3
        attempts.clear()
        with pytest.raises(OutputError, match="403"):
            upload_with_retries(lambda: send(Upload(DENIED), 1))
        assert len(attempts) == 1
    assert sum(note.count for note in notes.grouped() if "sent again" in note.reason) == 4

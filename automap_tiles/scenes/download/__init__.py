"""Parallel download of scene files to a local folder: resumable, verified, atomic."""

from automap_tiles.scenes.download._fetch import Fetched, FetchStatus, Gate, fetch
from automap_tiles.scenes.download._files import RemoteFile, fetched, files_of, files_of_all
from automap_tiles.scenes.download._plan import (
    Amount,
    Share,
    amount,
    check_space,
    measured,
    shares,
)
from automap_tiles.scenes.download.retry_policy import Patience
from automap_tiles.scenes.download.small_files import read_bytes

__all__ = [
    "Amount",
    "FetchStatus",
    "Fetched",
    "Gate",
    "Patience",
    "RemoteFile",
    "Share",
    "amount",
    "check_space",
    "fetch",
    "fetched",
    "files_of",
    "files_of_all",
    "measured",
    "read_bytes",
    "shares",
]

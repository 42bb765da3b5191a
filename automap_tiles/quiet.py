"""Suppress a meaningless rasterio warning, also in threads."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_filters = threading.Lock()


def ignore_missing_georeference() -> None:
    """Ignore `NotGeoreferencedWarning` in this process; cheap when it is ignored already.

    Who needs a georeference, asks for it and raises an error of its own. The filters of
    `warnings` belong to the process, not to the thread: one that is there before and after is
    not lost when threads change and restore them at the same time.
    """
    from rasterio.errors import NotGeoreferencedWarning

    if ("ignore", None, NotGeoreferencedWarning, None, 0) not in warnings.filters:
        warnings.simplefilter("ignore", NotGeoreferencedWarning)


@contextmanager
def without_georeference() -> Iterator[None]:
    """Stand around `rasterize`, and `reproject` of arrays, one thread at a time.

    Inside them rasterio ignores all warnings for a while. Two threads at once would leave it so.
    """
    with _filters:
        ignore_missing_georeference()
        yield

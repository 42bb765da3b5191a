"""Warnings of rasterio that mean nothing here, kept quiet also between threads."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

# The filters of `warnings` belong to the process, not to the thread: two threads that change and
# restore them at the same time leave the wrong ones. rasterio does so inside `rasterize` as well,
# which therefore has to stand under this guard too.
_filters = threading.Lock()


@contextmanager
def without_georeference() -> Iterator[None]:
    """Open images without a georeference without a warning; who needs one, asks for it."""
    from rasterio.errors import NotGeoreferencedWarning

    with _filters, warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield

"""A warning of rasterio that means nothing here, kept quiet also between threads."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager


def ignore_missing_georeference() -> None:
    """Ignore `NotGeoreferencedWarning` in this process; cheap when it is ignored already.

    rasterio makes datasets in memory for `rasterize` and `reproject` and turns this warning off
    around each. The filters of `warnings` belong to the process, so in two threads at once one
    turns it on again under the other. A filter that is there before and after helps both. Who
    needs a georeference, asks for it and raises an error of its own.
    """
    from rasterio.errors import NotGeoreferencedWarning

    if ("ignore", None, NotGeoreferencedWarning, None, 0) not in warnings.filters:
        warnings.simplefilter("ignore", NotGeoreferencedWarning)


@contextmanager
def without_georeference() -> Iterator[None]:
    """The same around a block, which other threads may run at the same time: nothing is locked."""
    ignore_missing_georeference()
    yield

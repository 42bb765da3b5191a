"""File access for missions that read product metadata."""

from __future__ import annotations

from typing import Protocol


class ProductFiles(Protocol):
    """Files of a folder, archive or object store, addressed by names with `/`."""

    def read(self, name: str) -> bytes:
        """Content of a small file such as metadata; raises `InputError`."""
        ...

    def href(self, name: str) -> str:
        """Name to open with GDAL."""
        ...

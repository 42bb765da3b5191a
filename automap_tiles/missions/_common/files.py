"""What a mission reads of a product's files."""

from __future__ import annotations

from typing import Protocol


class ProductFiles(Protocol):
    """Files of a folder, an archive or an object store, under names with `/`."""

    def read(self, name: str) -> bytes:
        """A small file, such as metadata; raises `InputError`."""
        ...

    def href(self, name: str) -> str:
        """What GDAL opens."""
        ...

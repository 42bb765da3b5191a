"""What every storage promises."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from automap_tiles.storage import MemoryStorage, Storage, open_storage
from automap_tiles.testing import StorageContract
from tests.storage.azure import CONTAINER
from tests.storage.s3 import BUCKET


class TestStorages(StorageContract):
    @pytest.fixture(params=["local", "memory", "s3", "azure"])
    def storage(self, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
        if request.param == "local":
            yield open_storage(tmp_path / "root")
            return
        if request.param == "memory":
            yield MemoryStorage()
            return
        if request.param == "azure":
            request.getfixturevalue("azure")
            yield open_storage(f"az://{CONTAINER}/{uuid.uuid4().hex}")
            return
        request.getfixturevalue("s3")
        yield open_storage(f"s3://{BUCKET}/{uuid.uuid4().hex}")

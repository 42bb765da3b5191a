"""What the contract suites share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.storage.s3 import S3Server, s3_server


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """A running S3 server whose address and keys are in the environment."""
    with s3_server() as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield server

"""What all tests share."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.devserver.browser.chromium import browser, serve, window
from tests.imagery.place import imagery
from tests.storage.azure import azure_server, set_for_azure
from tests.storage.s3 import S3Server, s3_server

# One browser for all tests of a process: a second one cannot be driven beside it.
__all__ = ["browser", "serve", "window"]

ROOT = Path(__file__).resolve().parent.parent

# The same examples on every machine and in every run: none drawn anew, none remembered. The machine
# may be busy with other tests: time is pytest-timeout's business, not hypothesis's.
settings.register_profile(
    "automap",
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
# For `make fuzz`, which gives a seed: it alone says which examples are drawn, more of them.
settings.register_profile(
    "fuzz", settings.get_profile("automap"), derandomize=False, max_examples=1000
)
settings.load_profile("automap")


def pytest_configure() -> None:
    """Let Ctrl-C reach the processes of tests, also where a shell began the tests beside it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection() -> None:
    """Look for no garbage while the tests are imported: what comes then stays."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Let full collections of garbage pass over what the tests have imported."""
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with imagery: `data/…`, of which parts may be stand-ins (`tests/imagery`).

    Tests that ask for it are skipped where there is none.
    """
    folder = imagery()
    if folder is None:
        pytest.skip("no imagery: set AUTOMAP_SHARED, or run `python -m tests.imagery`")
    return folder


@pytest.fixture(scope="session")
def azure() -> Iterator[str]:
    """A running emulator of Azure, as `s3` a server of S3; its connection string."""
    with azure_server() as connection, pytest.MonkeyPatch.context() as patch:
        set_for_azure(patch, connection)
        yield connection


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """A running S3 server whose address and keys are in the environment.

    One for all tests: a second one would put its own address there, and take it away at its end.
    """
    with s3_server() as server, pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield server

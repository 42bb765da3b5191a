"""A store as Azure's for the tests: Azurite, Microsoft's emulator, on this machine only."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

_PROGRAMS = Path(__file__).parent / "azurite" / "node_modules" / ".bin"
CONTAINER = "automap-test"
START_SECONDS = 60

_ACCOUNT = "devstoreaccount1"
# The key that every emulator has: Microsoft, "Use the Azurite emulator", Well-known storage account
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_VERSION = "2021-08-06"


@contextlib.contextmanager
def azure_server() -> Iterator[str]:
    """Start an emulator with a container, end it with the block; its connection string.

    Skips the test where it is not installed: `make azurite` does it.
    """
    pytest.importorskip("obstore")
    program = shutil.which("azurite-blob", path=_PROGRAMS)
    if program is None or shutil.which("node") is None:
        pytest.skip("no emulator of Azure: make azurite")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    blobs = f"http://127.0.0.1:{port}/{_ACCOUNT}"
    with TemporaryDirectory(prefix="automap-az-") as folder:
        process = subprocess.Popen(
            [program, "--silent", "--location", folder, "--blobHost", "127.0.0.1",
             "--blobPort", str(port), "--skipApiVersionCheck", "--disableTelemetry"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder,
        )  # fmt: skip
        try:
            _make_container(blobs)
            yield (
                f"DefaultEndpointsProtocol=http;AccountName={_ACCOUNT};AccountKey={_KEY};"
                f"BlobEndpoint={blobs};"
            )
        finally:
            process.kill()
            process.wait(10)


def _make_container(blobs: str) -> None:
    """As soon as the emulator answers (Azure, Create Container, Authorize with Shared Key)."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        date = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        text = (
            f"PUT{chr(10) * 12}x-ms-date:{date}\nx-ms-version:{_VERSION}\n"
            f"/{_ACCOUNT}/{_ACCOUNT}/{CONTAINER}\nrestype:container"
        )
        signed = hmac.new(base64.b64decode(_KEY), text.encode(), hashlib.sha256).digest()
        headers = {
            "x-ms-date": date,
            "x-ms-version": _VERSION,
            "Authorization": f"SharedKey {_ACCOUNT}:{base64.b64encode(signed).decode()}",
            "Content-Length": "0",
        }
        address = f"{blobs}/{CONTAINER}?restype=container"
        request = urllib.request.Request(address, method="PUT", headers=headers)
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(request, timeout=10).close()
            return
        time.sleep(0.2)
    pytest.fail("the emulator of Azure did not start")


def set_for_azure(patch: pytest.MonkeyPatch, connection: str) -> None:
    """What is enough for GDAL and for ourselves."""
    for name in [name for name in os.environ if name.startswith("AZURE_")]:
        patch.delenv(name)
    patch.setenv("AZURE_STORAGE_CONNECTION_STRING", connection)

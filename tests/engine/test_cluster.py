"""A scheduler and workers as machines of their own: network namespaces with delay and loss.

Each worker has its own network, temporary files and folder; what it knows of the process came over
the wire. Where namespaces cannot be made the tests are skipped.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from automap_tiles.engine.events import RunFinished, TileDone
from automap_tiles.engine.pools import Concurrency, open_pool
from automap_tiles.engine.pools._versions import check_versions, local_versions
from automap_tiles.engine.run import RunOptions, execute
from automap_tiles.errors import ConfigError
from automap_tiles.runtime import open_process
from automap_tiles.runtime.code_transfer import packed, unpacked
from tests.runtime.steps.samples import Step, make_sample, run, tiles

pytest.importorskip("distributed")

STEPS = {
    "first": Step(("image",), size=5, dtype="uint8", nodata=0),
    "last": Step(("first",), kind="fill", size=3),
}
DELAY = ("delay", "20ms", "loss", "1%")


@dataclass
class Network:
    """A bridge of this machine, and namespaces that hang on it."""

    stack: contextlib.ExitStack
    delay: tuple[str, ...] = ()
    """What every machine's network does to what leaves it, in the words of tc-netem(8)."""
    number: int = field(default_factory=lambda: os.getpid() % 200)
    count: int = 1

    def __post_init__(self) -> None:
        self.bridge = f"am{self.number}"
        self._do("ip", "link", "add", self.bridge, "type", "bridge")
        self.stack.callback(self._do, "ip", "link", "del", self.bridge)
        self._do("ip", "addr", "add", f"{self.address(1)}/24", "dev", self.bridge)
        self._do("ip", "link", "set", self.bridge, "up")

    def address(self, host: int) -> str:
        return f"10.213.{self.number}.{host}"

    def machine(self, folder: Path, *command: str) -> tuple[str, subprocess.Popen[bytes]]:
        """Start a command in a network and a folder of its own; its address, and the process."""
        self.count += 1
        name, address = f"{self.bridge}n{self.count}", self.address(self.count)
        inside, outside = f"{name}i", f"{name}o"
        self._do("ip", "netns", "add", name)
        self.stack.callback(self._do, "ip", "netns", "del", name)
        self._do("ip", "link", "add", outside, "type", "veth", "peer", "name", inside)
        self._do("ip", "link", "set", inside, "netns", name)
        self._do("ip", "link", "set", outside, "master", self.bridge)
        self._do("ip", "link", "set", outside, "up")
        within = ("ip", "-n", name)
        self._do(*within, "addr", "add", f"{address}/24", "dev", inside)
        self._do(*within, "link", "set", inside, "up")
        self._do(*within, "link", "set", "lo", "up")
        if self.delay:
            hold = ("tc", "-n", name, "qdisc", "add", "dev", inside, "root", "netem")
            self._do(*hold, *self.delay)
        (folder / "tmp").mkdir(parents=True)
        process = subprocess.Popen(
            ["ip", "netns", "exec", name, sys.executable, "-m", *command, "--host", address],
            cwd=folder,
            env={**os.environ, "TMPDIR": str(folder / "tmp")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.stack.callback(process.wait, 30)
        self.stack.callback(process.kill)
        return address, process

    def try_out(self) -> None:
        """Raise `CalledProcessError` where this machine has no namespaces, or no delays."""
        name = f"{self.bridge}try"
        self._do("ip", "netns", "add", name)
        try:
            if self.delay:
                hold = ("tc", "-n", name, "qdisc", "add", "dev", "lo", "root", "netem")
                self._do(*hold, *self.delay)
        finally:
            self._do("ip", "netns", "del", name)

    def _do(self, *command: str) -> None:
        subprocess.run(command, check=True, capture_output=True)


@dataclass(frozen=True)
class Cluster:
    address: str
    workers: tuple[subprocess.Popen[bytes], ...]


@pytest.fixture(params=[(), DELAY], ids=["fast", "slow"])
def network(request: pytest.FixtureRequest) -> Iterator[Network]:
    if os.geteuid() or not shutil.which("ip") or not shutil.which("tc"):
        pytest.skip("network namespaces need root, `ip` and `tc`")
    with contextlib.ExitStack() as stack:
        try:
            made = Network(stack, request.param)
            made.try_out()
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode().strip()
            pytest.skip(f"`{' '.join(error.cmd)}` does not work on this kernel: {said}")
        yield made


@pytest.fixture
def cluster(network: Network, tmp_path: Path) -> Cluster:
    said = tmp_path / "scheduler.json"
    quiet = ("--no-dashboard",)
    network.machine(
        tmp_path / "scheduler", "distributed.cli.dask_scheduler", "--port", "8786",
        "--scheduler-file", str(said), *quiet,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while not said.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    address = json.loads(said.read_text())["address"]
    workers = [
        network.machine(
            tmp_path / f"worker{number}", "distributed.cli.dask_worker", address,
            "--nthreads", "1", "--no-nanny", *quiet,
        )[1]
        for number in range(2)
    ]  # fmt: skip
    return Cluster(address, tuple(workers))


@pytest.mark.timeout(300)
def test_the_same_bytes_over_a_slow_network_where_a_worker_dies(
    cluster: Cluster, tmp_path: Path
) -> None:
    sample = make_sample(tmp_path / "here", STEPS)
    run(sample.values(out="alone"))
    options = RunOptions(concurrency=Concurrency.DASK, dask_scheduler=cluster.address)
    done = 0
    for event in execute(open_process(sample.values()), options):
        done += isinstance(event, TileDone)
        if done == 2:
            cluster.workers[0].kill()
        if isinstance(event, RunFinished):
            assert not event.summary.failed
            assert event.summary.stopped_by is None
    assert tiles(tmp_path / "here" / "out") == tiles(tmp_path / "here" / "alone")


def test_the_users_file_travels(tmp_path: Path) -> None:
    """With what it imports from beside it; also the one of a step."""
    sample = make_sample(tmp_path, STEPS)
    (tmp_path / "beside.py").write_text("ADD = 0\n")
    step = tmp_path / "step.py"
    step.write_text(f"import beside\n{step.read_text()}")
    process = open_process(sample.values())
    tile = process.pyramid.tile(21, 730527, 1143951)
    expected = process.compute(tile)
    luggage = packed(process)
    (carried,) = luggage.values()
    assert [name for name, _ in carried.files] == ["step.py", "beside.py"]
    assert unpacked(process, luggage) == process  # it is there as it was
    step.write_text("raise RuntimeError('of another machine')\n")
    (tmp_path / "beside.py").unlink()
    elsewhere = unpacked(process, luggage)
    assert elsewhere.function.path != process.function.path
    found = elsewhere.compute(tile)
    assert found is not None
    assert expected is not None
    assert (found.data == expected.data).all()


def test_workers_of_another_make_are_named_once() -> None:
    here = local_versions()
    assert here["automap-tiles"]
    assert here["GDAL"]
    check_versions(here, {"tcp://a": dict(here)})
    old = {**here, "automap-tiles": "0.0.9", "numpy": None}
    bare = ModuleNotFoundError("No module named 'automap_tiles'")
    with pytest.raises(ConfigError) as caught:
        check_versions(here, {"tcp://a": here, "tcp://b": old, "tcp://c": old, "tcp://d": bare})
    text = str(caught.value)
    assert "3 of 4 workers" in text
    assert text.count("automap-tiles 0.0.9 (here ") == 1
    assert "tcp://b, tcp://c: " in text
    assert "numpy missing" in text
    assert "tcp://d: cannot load automap-tiles (No module named 'automap_tiles')" in text
    assert "remedy: install the same versions" in text


def test_a_worker_of_another_make_is_refused_before_the_first_tile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distributed = pytest.importorskip("distributed")
    process = open_process(make_sample(tmp_path, STEPS).values())
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as cluster:
        monkeypatch.setattr(
            "automap_tiles.engine.pools._dask.local_versions", lambda: {"automap-tiles": "99"}
        )
        with pytest.raises(ConfigError, match=r"1 of 1 workers .*\(here 99\)"):
            open_pool(process, Concurrency.DASK, dask_scheduler=cluster.scheduler_address)

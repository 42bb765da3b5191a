"""A machine that loses its power: what was not synced is gone.

The output lies on a file system of its own in a file, which the kernel writes to only where it is
asked to (`commit=` of ext4(5) is far away). A copy of that file is the disk as it would be found
after the power came back; the file system repairs itself when it is mounted.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from automap_tiles.engine.journal import JOURNAL_NAME
from automap_tiles.raster import decode
from tests.engine.projects import AUTOMAP, Project, make_project, tile_bytes

SIZE = 64 * 2**20
LOSSES = 3


@contextmanager
def mounted(image: Path, folder: Path) -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    subprocess.run(
        ["mount", "-o", "loop,commit=900", str(image), str(folder)], check=True, capture_output=True
    )
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """An empty file system in a file; skipped where none may be mounted."""
    if os.geteuid() or not shutil.which("mkfs.ext4"):
        pytest.skip("a file system of its own can be mounted by root alone")
    image = tmp_path / "disk"
    with image.open("wb") as file:
        file.truncate(SIZE)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True, capture_output=True)
    try:
        with mounted(image, tmp_path / "try"):
            pass
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no file system can be mounted here: {error.stderr}")
    return image


def as_it_is(image: Path, copy: Path) -> None:
    """A copy of a file that nothing is written to meanwhile."""
    while True:
        shutil.copy(image, copy)
        if copy.read_bytes() == image.read_bytes():
            return


def on_disk(folder: Path) -> Project:
    # its tiles take longer than all losses together, on a quick machine as well
    return make_project(folder, zooms=(10, 13), pause=0.15)


def test_whatever_is_there_is_whole_and_the_journal_claims_no_more(
    tmp_path: Path, disk: Path
) -> None:
    whole = on_disk(tmp_path / "undisturbed")
    assert whole.run("--concurrency", "none").returncode == 0
    wanted = whole.tiles()
    chance = random.Random(5)
    copies = []
    with mounted(disk, tmp_path / "disk-of-the-run") as folder:
        project = on_disk(folder / "work")
        os.sync()
        run = project.under_way("--concurrency", "processes", "-w", "2")
        try:
            for number in range(LOSSES):
                time.sleep(chance.uniform(0.2, 0.5))
                os.killpg(run.pid, signal.SIGSTOP)
                copies.append(tmp_path / f"lost-{number}")
                as_it_is(disk, copies[-1])
                os.killpg(run.pid, signal.SIGCONT)
        finally:
            os.killpg(run.pid, signal.SIGKILL)
            run.communicate()
    kept = [found_again(copy, tmp_path / "found", wanted) for copy in copies]
    assert kept == sorted(kept)
    assert kept[-1] > 0
    assert kept[0] < len(wanted)


def found_again(disk: Path, folder: Path, wanted: dict[str, bytes]) -> int:
    """Look at a disk after the loss, run again; how many tiles were there."""
    with mounted(disk, folder):
        project = Project(folder / "work")
        there = tile_bytes(project.output)
        for name, content in there.items():
            decode(content)
            assert name in wanted
        if (project.output / JOURNAL_NAME).exists():
            verified = subprocess.run(
                [*AUTOMAP, "verify", str(project.output)],
                capture_output=True, text=True, check=False, cwd=folder,
            )  # fmt: skip
            assert "missing" not in verified.stderr, verified.stderr
            assert "Damaged" not in verified.stderr, verified.stderr
        again = project.run("--concurrency", "processes", "-w", "2")
        assert again.returncode == 0, again.stderr
        assert project.tiles() == wanted
    return len(there)

"""Exports that are killed while they pack, or whose disk is full."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from automap_tiles.errors import OutputError
from automap_tiles.workflows.export import Container
from automap_tiles.workflows.export import _mbtiles as mbtiles_module
from automap_tiles.workflows.export._ledger import Ledger
from tests.workflows.export.conftest import run

ARCHIVES = [Container.MBTILES, Container.PMTILES]


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pictures of it hardly get smaller: about 3 MB."""
    path = tmp_path_factory.mktemp("noise") / "noise.tif"
    data = np.random.default_rng(5).integers(1, 250, (3, 700, 700), dtype="uint8")
    profile = {"driver": "GTiff", "count": 3, "height": 700, "width": 700, "dtype": "uint8"}
    place = {"crs": "EPSG:3857", "transform": from_origin(1_500_000, 6_200_000, 19.1, 19.1)}
    with rasterio.open(path, "w", **profile, **place, nodata=0) as target:
        target.write(data)
    return path


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system whose size can be changed."""
    mount = tmp_path / "disk"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=100m", "tmpfs", str(mount)]
    if (
        shutil.which("mount") is None
        or subprocess.run(command, capture_output=True, check=False).returncode
    ):
        pytest.skip("file systems cannot be mounted here")
    yield mount
    subprocess.run(["umount", "-l", str(mount)], check=True)


def resize(disk: Path, kilobytes: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={kilobytes}k", str(disk)], check=True)


def make(source: Path, out: Path, kind: Container) -> None:
    run(source, out, container=kind, style={"rescale": ("0,255",)}, zooms=(8, 13))


@pytest.mark.parametrize("kind", ARCHIVES)
def test_a_full_disk_is_said_and_the_next_run_goes_on(
    disk: Path, tmp_path: Path, noise: Path, kind: Container
) -> None:
    undisturbed = tmp_path / f"whole.{kind.value}"
    make(noise, undisturbed, kind)
    size = undisturbed.stat().st_size // 1024
    out = disk / undisturbed.name
    # too small for the part file; then for the archive beside it
    for kilobytes in (size // 2, size + size // 3, 2 * size - 60):
        resize(disk, kilobytes)
        with pytest.raises(OutputError, match=r"full|No space left"):
            make(noise, out, kind)
        assert not out.exists()
    assert [path.name for path in disk.iterdir()] == [f".{out.name}.part"]
    resize(disk, 100_000)
    make(noise, out, kind)
    assert [path.name for path in disk.iterdir()] == [out.name]
    assert out.read_bytes() == undisturbed.read_bytes()


def test_a_full_disk_of_a_folder(disk: Path, noise: Path) -> None:
    resize(disk, 500)
    with pytest.raises(OutputError, match="No space left"):
        make(noise, disk / "map", Container.XYZ)
    resize(disk, 100_000)
    make(noise, disk / "map", Container.XYZ)
    assert not list(disk.rglob("*.part"))


class Killed(BaseException):
    """As if the process ended here."""


@pytest.mark.parametrize("after", range(6))
def test_mbtiles_killed_while_they_are_packed(
    tmp_path: Path, noise: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    out, undisturbed = tmp_path / "map.mbtiles", tmp_path / "whole.mbtiles"
    make(noise, undisturbed, Container.MBTILES)
    statements = mbtiles_module._statements

    def killed(description: object) -> list[tuple[str, tuple[str, ...]]]:
        # what a dead process leaves: the transaction as far as it went, and no clean-up
        found = statements(description)  # type: ignore[arg-type]
        left = sqlite3.connect(tmp_path / ".map.mbtiles.part.packed")
        for statement, values in found[:after]:
            left.execute(statement.replace("packed.", ""), values)
        left.commit()
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(mbtiles_module, "_statements", killed)
        with pytest.raises(Killed):
            make(noise, out, Container.MBTILES)
    make(noise, out, Container.MBTILES)
    assert out.read_bytes() == undisturbed.read_bytes()


def test_a_part_file_that_an_earlier_version_left_in_the_midst(tmp_path: Path, noise: Path) -> None:
    """They packed in the part file: its own tables had gone, those of the archive were there."""
    part = tmp_path / ".map.mbtiles.part"
    with sqlite3.connect(part) as database:
        database.execute("CREATE TABLE metadata (name TEXT, value TEXT)")
        database.execute(
            "CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, "
            "tile_data BLOB)"
        )
        database.execute("INSERT INTO tiles VALUES (1, 0, 0, x'00')")
    database.close()
    make(noise, tmp_path / "map.mbtiles", Container.MBTILES)
    undisturbed = tmp_path / "whole.mbtiles"
    make(noise, undisturbed, Container.MBTILES)
    assert (tmp_path / "map.mbtiles").read_bytes() == undisturbed.read_bytes()


@pytest.mark.parametrize("kind", ARCHIVES)
def test_a_part_file_beside_a_whole_archive_goes(
    tmp_path: Path, noise: Path, kind: Container
) -> None:
    out = tmp_path / "deep" / "folders" / f"map.{kind.value}"  # which are made
    make(noise, out, kind)
    Ledger(out.with_name(f".{out.name}.part")).close()  # killed before it was removed
    make(noise, out, kind)
    assert [path.name for path in out.parent.iterdir()] == [out.name]

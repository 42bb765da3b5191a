"""Files come whole or not at all, are gone on with, checked, and tried again."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from automap_tiles.errors import OutputBusy
from automap_tiles.scenes.download import Fetched, FetchStatus, Patience, RemoteFile, _part, fetch
from automap_tiles.scenes.download._part import open_part
from tests.scenes.download.server import Fault, FileServer


def noise(size: int, seed: int = 0) -> bytes:
    return np.random.default_rng(seed).bytes(size)


def multihash(data: bytes) -> str:
    return "1340" + hashlib.sha512(data).hexdigest()


def run(
    files: list[RemoteFile], folder: Path, patience: Patience, workers: int = 2
) -> dict[str, Fetched]:
    return {
        done.file.target: done for done in fetch(files, folder, workers=workers, patience=patience)
    }


def one(href: str, folder: Path, patience: Patience, **known: object) -> Fetched:
    file = RemoteFile(href=href, target="s/a.tif", **known)  # type: ignore[arg-type]
    return run([file], folder, patience)["s/a.tif"]


def everything(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_many_at_once(server: FileServer, tmp_path: Path, hurry: Patience) -> None:
    contents = {f"/{number}.tif": noise(200_000 + number, number) for number in range(20)}
    server.slow = 0.01
    files = [
        RemoteFile(
            href=server.put(path, data),
            target=f"scene{path}",
            size=len(data),
            checksum=multihash(data),
        )
        for path, data in contents.items()
    ]
    came: list[int] = []
    done = list(fetch(files, tmp_path, workers=5, patience=hurry, progress=came.append))
    assert {one.status for one in done} == {FetchStatus.FETCHED}
    assert sum(came) == sum(one.bytes for one in done) == sum(map(len, contents.values()))
    for path, data in contents.items():
        assert (tmp_path / f"scene{path}").read_bytes() == data
    assert len(everything(tmp_path)) == len(files)  # no part file stays
    assert 2 <= server.most_at_once <= 5


def test_what_is_there_is_not_fetched(server: FileServer, tmp_path: Path, hurry: Patience) -> None:
    data = noise(1000)
    href = server.put("/a.tif", data)
    assert one(href, tmp_path, hurry, size=1000).status is FetchStatus.FETCHED
    assert one(href, tmp_path, hurry, size=1000).status is FetchStatus.THERE
    assert one(href, tmp_path, hurry).status is FetchStatus.THERE
    assert len(server.asked) == 1
    (tmp_path / "s/a.tif").write_bytes(b"short")
    assert one(href, tmp_path, hurry, size=1000).status is FetchStatus.FETCHED
    assert (tmp_path / "s/a.tif").read_bytes() == data


def test_a_broken_connection_is_gone_on_with(
    server: FileServer, tmp_path: Path, hurry: Patience
) -> None:
    data = noise(3_000_000)
    href = server.put("/a.tif", data)
    # more breaks than there are attempts: every byte that comes is a fresh start
    server.faults["/a.tif"] = [Fault(cut_after=400_000) for _ in range(7)]
    done = one(href, tmp_path, hurry, checksum=multihash(data))
    assert done.status is FetchStatus.FETCHED, done.error
    assert (tmp_path / "s/a.tif").read_bytes() == data
    assert done.bytes == len(data)
    assert server.sent["/a.tif"] == len(data)  # nothing came twice
    ranges = [asked.range for asked in server.asked]
    assert ranges == [None, *(f"bytes={400_000 * n}-" for n in range(1, 8))]


def test_no_progress_is_given_up(server: FileServer, tmp_path: Path, hurry: Patience) -> None:
    href = server.put("/a.tif", noise(1000))
    server.faults["/a.tif"] = [Fault(cut_after=0) for _ in range(9)]
    done = one(f"{href}?sig=secret", tmp_path, hurry)
    assert done.status is FetchStatus.FAILED
    assert done.error is not None
    assert "tried 4 times" in done.error
    assert "secret" not in done.error
    assert everything(tmp_path) == []


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(
    server: FileServer, tmp_path: Path, hurry: Patience, status: int
) -> None:
    href = server.put("/a.tif", b"data")
    server.faults["/a.tif"] = [Fault(status), Fault(status, {"Retry-After": "0.2"})]
    started = time.monotonic()
    assert one(href, tmp_path, hurry).status is FetchStatus.FETCHED
    assert time.monotonic() - started >= 0.2
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("status", "word"),
    [(404, "no such file"), (403, "may not be read"), (401, "401"), (400, "400")],
)
def test_a_refusal_is_final(
    server: FileServer, tmp_path: Path, hurry: Patience, status: int, word: str
) -> None:
    href = server.put("/a.tif", b"data")
    server.faults["/a.tif"] = [Fault(status)]
    done = one(f"{href}?token=secret", tmp_path, hurry)
    assert done.status is FetchStatus.FAILED
    assert done.error is not None
    assert word in done.error
    assert "secret" not in done.error
    assert len(server.asked) == 1
    assert everything(tmp_path) == []


def test_one_failure_does_not_end_the_others(
    server: FileServer, tmp_path: Path, hurry: Patience
) -> None:
    files = [RemoteFile(href=f"{server.url}/{n}.tif", target=f"{n}.tif") for n in range(6)]
    for number in (0, 2, 4, 5):
        server.put(f"/{number}.tif", b"x" * number)
    done = run(files, tmp_path, hurry)
    failed = {name for name, one in done.items() if one.status is FetchStatus.FAILED}
    assert failed == {"1.tif", "3.tif"}
    assert everything(tmp_path) == ["0.tif", "2.tif", "4.tif", "5.tif"]


def test_redirects_are_followed_with_their_range(
    server: FileServer, tmp_path: Path, hurry: Patience
) -> None:
    data = noise(500_000)
    server.put("/real.tif", data)
    server.redirects["/a.tif"] = "/hop.tif"
    server.redirects["/hop.tif"] = f"{server.url}/real.tif"
    server.faults["/real.tif"] = [Fault(cut_after=100_000)]
    done = one(f"{server.url}/a.tif", tmp_path, hurry)
    assert done.status is FetchStatus.FETCHED, done.error
    assert (tmp_path / "s/a.tif").read_bytes() == data
    assert server.asked_for("/real.tif")[1].range == "bytes=100000-"


def test_a_circle_of_redirects_ends(server: FileServer, tmp_path: Path, hurry: Patience) -> None:
    server.redirects["/a.tif"] = "/a.tif"
    done = one(f"{server.url}/a.tif", tmp_path, hurry)
    assert done.status is FetchStatus.FAILED
    assert "TooManyRedirects" in str(done.error)


def test_a_login_page_is_no_image(server: FileServer, tmp_path: Path, hurry: Patience) -> None:
    href = server.put("/a.tif", b"<html>")
    server.faults["/a.tif"] = [Fault(headers={"Content-Type": "text/html; charset=utf-8"})]
    done = one(href, tmp_path, hurry)
    assert done.status is FetchStatus.FAILED
    assert "login" in str(done.error)


def test_another_size_than_the_catalogue_says(
    server: FileServer, tmp_path: Path, hurry: Patience
) -> None:
    done = one(server.put("/a.tif", b"12345"), tmp_path, hurry, size=6)
    assert done.status is FetchStatus.FAILED
    assert "has 5 bytes, the catalogue says 6" in str(done.error)
    assert everything(tmp_path) == []


def test_a_wrong_checksum(server: FileServer, tmp_path: Path, hurry: Patience) -> None:
    data = noise(1000)
    href = server.put("/a.tif", data)
    done = one(href, tmp_path, hurry, checksum=multihash(b"other"))
    assert done.status is FetchStatus.FAILED
    assert "checksum" in str(done.error)
    assert len(server.asked) == 2  # once more, had it been broken on the way
    assert everything(tmp_path) == []


def test_a_byte_broken_on_the_way(server: FileServer, tmp_path: Path, hurry: Patience) -> None:
    data = noise(1000)
    href = server.put("/a.tif", data)
    server.faults["/a.tif"] = [Fault(flip=500)]
    assert one(href, tmp_path, hurry, checksum=multihash(data)).status is FetchStatus.FETCHED
    assert (tmp_path / "s/a.tif").read_bytes() == data


def test_a_strange_checksum_is_no_reason_to_guess(
    server: FileServer, tmp_path: Path, hurry: Patience
) -> None:
    done = one(server.put("/a.tif", b"1"), tmp_path, hurry, checksum="zz")
    assert done.status is FetchStatus.FAILED
    assert "multihash" in str(done.error)


def test_a_file_that_changes_meanwhile(server: FileServer, tmp_path: Path, hurry: Patience) -> None:
    old, new = noise(900_000, 1), noise(700_000, 2)
    href = server.put("/a.tif", old)
    server.faults["/a.tif"] = [Fault(cut_after=300_000), *[Fault(503)] * 5]
    assert one(href, tmp_path, hurry).status is FetchStatus.FAILED
    server.put("/a.tif", new)
    server.faults.clear()
    assert one(href, tmp_path, hurry).status is FetchStatus.FETCHED
    assert (tmp_path / "s/a.tif").read_bytes() == new
    assert server.asked[-1].range == "bytes=300000-"


def test_a_file_that_shrinks_meanwhile(server: FileServer, tmp_path: Path, hurry: Patience) -> None:
    """Its checksum stays as the catalogue says, so that only the range is refused."""
    old, new = noise(900_000, 1), noise(100_000, 2)
    href = server.put("/a.tif", old)
    server.etags = False
    server.faults["/a.tif"] = [Fault(cut_after=300_000), *[Fault(503)] * 5]
    assert one(href, tmp_path, hurry, checksum=multihash(new)).status is FetchStatus.FAILED
    server.put("/a.tif", new)
    server.faults.clear()
    assert one(href, tmp_path, hurry, checksum=multihash(new)).status is FetchStatus.FETCHED
    assert (tmp_path / "s/a.tif").read_bytes() == new


@pytest.mark.parametrize("how", ["no ranges", "no validator"])
def test_servers_that_cannot_go_on(
    server: FileServer, tmp_path: Path, hurry: Patience, how: str
) -> None:
    data = noise(900_000)
    server.ranges = how != "no ranges"
    server.etags = how != "no validator"
    href = server.put("/a.tif", data)
    server.faults["/a.tif"] = [Fault(cut_after=300_000)]
    assert one(href, tmp_path, hurry).status is FetchStatus.FETCHED
    assert (tmp_path / "s/a.tif").read_bytes() == data
    if how == "no validator":  # nothing could tell that it is still the same file
        assert server.asked[-1].range is None


def test_without_validator_the_checksum_is_enough(
    server: FileServer, tmp_path: Path, hurry: Patience
) -> None:
    data = noise(900_000)
    server.etags = False
    href = server.put("/a.tif", data)
    server.faults["/a.tif"] = [Fault(cut_after=300_000)]
    assert one(href, tmp_path, hurry, checksum=multihash(data)).status is FetchStatus.FETCHED
    assert server.asked[-1].range == "bytes=300000-"
    assert (tmp_path / "s/a.tif").read_bytes() == data


def test_empty_and_tiny_files(server: FileServer, tmp_path: Path, hurry: Patience) -> None:
    for size in (0, 1):
        data = b"x" * size
        done = one(server.put(f"/{size}", data), tmp_path / str(size), hurry, size=size)
        assert done.status is FetchStatus.FETCHED, done.error
        assert (tmp_path / str(size) / "s/a.tif").read_bytes() == data


def test_ended_from_outside(server: FileServer, tmp_path: Path, hurry: Patience) -> None:
    """Ending the iteration ends what is under way, and keeps what has come."""
    big = noise(4_000_000)
    server.slow = 0.05
    files = [
        RemoteFile(href=server.put("/small", b"x"), target="small"),
        RemoteFile(href=server.put("/big", big), target="big"),
    ]
    running = fetch(files, tmp_path, workers=2, patience=hurry)
    assert next(running).file.target == "small"
    while server.sent["/big"] < 500_000:
        time.sleep(0.01)
    running.close()
    assert not (tmp_path / "big").exists()
    kept = _part.come_so_far(tmp_path / "big")
    assert kept > 0
    server.slow = 0
    done = run(files, tmp_path, hurry)
    assert done["small"].status is FetchStatus.THERE
    assert done["big"].bytes == len(big) - kept
    assert (tmp_path / "big").read_bytes() == big


SCRIPT = """
import sys
from automap_tiles.scenes.download import RemoteFile, fetch, _part as part
part.SYNC_BYTES = 1 << 20
file = RemoteFile(href=sys.argv[1], target="big.tif")
for done in fetch([file], sys.argv[2]):
    print(done.status, done.bytes, done.error)
"""


def test_killed_and_resumed(server: FileServer, tmp_path: Path, hurry: Patience) -> None:
    data = noise(12_000_000)
    href = server.put("/big.tif", data)
    server.slow = 0.02
    command = [sys.executable, "-c", SCRIPT, href, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        while server.sent["/big.tif"] < 6_000_000:
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert not (tmp_path / "big.tif").exists()
    kept = _part.come_so_far(tmp_path / "big.tif")
    assert 2_000_000 < kept < 8_000_000
    server.slow = 0
    file = RemoteFile(href=href, target="big.tif")
    done = run([file], tmp_path, hurry)["big.tif"]
    assert done.status is FetchStatus.FETCHED, done.error
    assert done.bytes == len(data) - kept
    assert server.asked[-1].range == f"bytes={kept}-"
    assert (tmp_path / "big.tif").read_bytes() == data
    assert everything(tmp_path) == ["big.tif"]


def test_bytes_that_were_not_synced_are_not_trusted(tmp_path: Path) -> None:
    """After a loss of power a file can have its length and not its bytes."""
    target = tmp_path / "a"
    with open_part(target) as growing:
        growing.begin(_part.Origin(origin="x", validator="y"))
        growing.append(b"12345")
    with (tmp_path / ".a.fetch.part").open("ab") as file:
        file.write(b"\0" * 100)
    assert _part.come_so_far(target) == 5
    with open_part(target) as growing:
        assert growing.size == 5
        assert b"".join(growing.read()) == b"12345"


@pytest.mark.parametrize("notes", [b"", b"{", b"[]", b'{"other": 1}', b"\xff"])
def test_broken_notes_start_afresh(tmp_path: Path, notes: bytes) -> None:
    (tmp_path / ".a.fetch.part").write_bytes(b"12345")
    (tmp_path / ".a.fetch.json.part").write_bytes(notes)
    assert _part.come_so_far(tmp_path / "a") == 0
    with open_part(tmp_path / "a") as growing:
        assert growing.size == 0
        assert growing.notes is None


def test_two_runs_do_not_mix(server: FileServer, tmp_path: Path, hurry: Patience) -> None:
    href = server.put("/a.tif", b"data")
    with open_part(tmp_path / "s/a.tif"):
        done = one(href, tmp_path, hurry)
        assert done.status is FetchStatus.FAILED
        assert "another run" in str(done.error)
        with pytest.raises(OutputBusy), open_part(tmp_path / "s/a.tif"):
            pass
    assert one(href, tmp_path, hurry).status is FetchStatus.FETCHED


def test_a_local_file(tmp_path: Path, hurry: Patience) -> None:
    source = tmp_path / "with space.tif"
    source.write_bytes(noise(700_000))
    for number, href in enumerate((str(source), source.as_uri())):
        folder = tmp_path / str(number)
        assert one(href, folder, hurry).status is FetchStatus.FETCHED
        assert (folder / "s/a.tif").read_bytes() == source.read_bytes()
    done = one(str(tmp_path / "absent.tif"), tmp_path, hurry)
    assert "no such file" in str(done.error)


@pytest.mark.parametrize("href", ["ftp://host/a.tif", "https://127.0.0.1:9/a.tif"])
def test_nobody_there(tmp_path: Path, hurry: Patience, href: str) -> None:
    done = one(href, tmp_path, hurry)
    assert done.status is FetchStatus.FAILED
    assert everything(tmp_path) == []


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/dev/full").exists(), reason="no full disk")
def test_a_full_disk(server: FileServer, tmp_path: Path, hurry: Patience) -> None:
    href = server.put("/a.tif", noise(100_000))
    (tmp_path / "s").mkdir()
    (tmp_path / "s/.a.tif.fetch.part").symlink_to("/dev/full")
    done = one(href, tmp_path, hurry)
    assert done.status is FetchStatus.FAILED
    assert "cannot be written" in str(done.error)

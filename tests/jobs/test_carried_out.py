"""A job from the queue to its archive: real scenes, a real child."""

from __future__ import annotations

import hashlib
import json
import threading
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from automap_tiles.errors import OutputError
from automap_tiles.jobs import Database, Job, JobStore, Level, Result, Status
from automap_tiles.jobs.packing import hide_in
from automap_tiles.jobs.results import ResultStore, Writable
from automap_tiles.jobs.supervisor import JobSupervisor
from automap_tiles.jobs.tables import JOBS
from tests.jobs.parts import Parts, make, new_job, running


def archive_of(parts: Parts, result: Result | None) -> zipfile.ZipFile:
    assert result is not None
    path = parts.place.results.path(result.key)
    assert path is not None
    content = path.read_bytes()
    assert (len(content), hashlib.sha256(content).hexdigest()) == (result.size, result.sha256)
    return zipfile.ZipFile(path)


def test_a_composite_goes_from_the_queue_into_an_archive(shared: Path, tmp_path: Path) -> None:
    ended: list[Job] = []
    parts = make(tmp_path, on_final=(lambda _, job, __: ended.append(job),))
    job = parts.store.add(new_job(shared, description="Frühling in New York"))
    assert [each.message for each in parts.store.entries(job.id)] == [
        "accepted, waits for a runner"
    ]
    with running(parts.runner()):
        found = parts.wait(job.id)
    assert (found.status, found.reason, found.progress) == (Status.SUCCESSFUL, None, 100)
    assert [each.id for each in ended] == [job.id]
    result = parts.store.result(job.id)
    with archive_of(parts, result) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        record = json.loads(archive.read("run.json"))
        text = archive.read("README.txt").decode()
    stem = "landsat-8/composite_20180401_20180531_median"
    assert names == {"run.json", "README.txt", f"{stem}.tif", f"{stem}.json", f"{stem}.scenes.json"}
    assert record["source"] == "demo"
    assert str(tmp_path) not in json.dumps(record)
    assert "Frühling in New York" in text
    assert result is not None
    assert result.key.endswith("/fruhling-in-new-york_composite_20180401_20180531.zip")
    scenes = parts.store.scenes(job.id)
    assert {each.status for each in scenes} >= {"written"}
    assert found.usage["core_seconds"] > 0
    assert found.usage["memory_bytes"] > 20e6
    lines = parts.store.entries(job.id)
    assert [each.number for each in lines] == list(range(1, len(lines) + 1))
    assert not any(str(tmp_path) in each.message for each in lines)


def test_a_download_has_its_scenes_and_their_items_in_the_archive(
    shared: Path, tmp_path: Path
) -> None:
    parts = make(tmp_path)
    order = {"workflow": "download", "start": "2018-04-01", "end": "2018-05-31"}
    more = {"workflow": "download", "start": "2018-06-01", "end": "2018-06-30"}
    first = parts.store.add(new_job(shared, order=more))
    second = parts.store.add(new_job(shared, order=order))
    with running(parts.runner()):
        parts.wait(first.id)
        found = parts.wait(second.id)
    assert found.status is Status.SUCCESSFUL, found.reason
    with archive_of(parts, parts.store.result(second.id)) as archive:
        tifs = {Path(name).stem for name in archive.namelist() if name.endswith(".tif")}
        collection = json.loads(archive.read("landsat-8/scenes/prepared.json"))
    linked = {Path(each["href"]).stem for each in collection["links"] if each["rel"] == "item"}
    written = {each.scene for each in parts.store.scenes(second.id) if each.status == "written"}
    assert tifs == linked == written  # none of the other job, which worked in the same folder


def test_a_job_that_cannot_be_says_why_in_one_sentence(shared: Path, tmp_path: Path) -> None:
    parts = make(tmp_path)
    job = parts.store.add(new_job(shared, order={"start": "1999-04-01", "end": "1999-05-31"}))
    with running(parts.runner()):
        found = parts.wait(job.id)
    assert found.status is Status.FAILED
    assert found.reason is not None
    assert "19" in found.reason
    assert "\n" not in found.reason
    assert str(tmp_path) not in found.reason
    assert parts.store.result(job.id) is None
    levels = {each.level for each in parts.store.entries(job.id)}
    assert Level.ERROR in levels


def test_a_classification_without_a_map_has_failed_and_keeps_its_composite(
    shared: Path, tmp_path: Path
) -> None:
    samples = tmp_path / "samples.csv"
    samples.write_text("X,Y,2018\n-73.99,40.72,1\n-73.98,40.71,1\n", encoding="utf-8")
    parts = make(tmp_path)
    order = {"workflow": "classification", "samples": str(samples)}
    job = parts.store.add(new_job(shared, order=order))
    with running(parts.runner()):
        found = parts.wait(job.id)
    assert found.status is Status.FAILED
    assert found.reason is not None
    assert "classes of landsat-8" in found.reason  # one class is none
    result = parts.store.result(job.id)
    assert result is not None
    assert result.partial
    with archive_of(parts, result) as archive:
        names = archive.namelist()
    assert [name for name in names if "composite" in name and name.endswith(".tif")]


def test_a_workspace_has_one_job_at_a_time_and_is_used_again(shared: Path, tmp_path: Path) -> None:
    parts = make(tmp_path)
    first = parts.store.add(new_job(shared, order={"workflow": "download"}))
    second = parts.store.add(new_job(shared))
    with running(parts.runner()):
        done = [parts.wait(each.id) for each in (first, second)]
    assert [each.status for each in done] == [Status.SUCCESSFUL, Status.SUCCESSFUL]
    assert done[1].started is not None
    assert done[0].finished is not None
    assert done[1].started >= done[0].finished
    assert {each.status for each in parts.store.scenes(second.id)} >= {"there"}


@pytest.mark.parametrize("key", ["AWS_SECRET_ACCESS_KEY", "AUTOMAP_PASSWORD"])
def test_a_child_has_no_secrets(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from automap_tiles.jobs.process import _environment

    monkeypatch.setenv(key, "secret")
    assert key not in _environment(())
    assert _environment((key,))[key] == "secret"


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ({"seconds": 0.0}, "it took longer than 0 hours"),
        ({"free": 1 << 60}, "the disk of the machine that carries it out is full"),
    ],
)
def test_a_job_that_takes_too_much_is_stopped_with_words(
    shared: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    place: dict[str, Any],
    reason: str,
) -> None:
    monkeypatch.setattr("automap_tiles.jobs.supervisor._LOOK_SECONDS", 0.0)
    parts = make(tmp_path)
    parts.store.add(new_job(shared))
    job = parts.queue.claim("r")
    assert job is not None
    JobSupervisor(parts.queue, job, replace(parts.place, **place), threading.Event()).run()
    found = parts.wait(job.id, 1)
    assert (found.status, found.reason) == (Status.FAILED, reason)


def test_nothing_is_begun_while_the_disk_is_full(tmp_path: Path) -> None:
    parts = make(tmp_path)
    jobs = [parts.store.add(new_job(workspace=f"w{number}")) for number in range(3)]
    with running(parts.runner(free=1 << 60)):
        time.sleep(1.0)
        assert [found.attempt for found in parts.store.page(None).jobs] == [0, 0, 0]
    with running(parts.runner(free=0)):
        reasons = [parts.wait(job.id).reason for job in jobs]
    assert all("/nowhere" in str(reason) for reason in reasons)


def a_composite(shared: Path, tmp_path: Path, results: ResultStore) -> tuple[Parts, Job]:
    """Carried out to its end, with a store that does something of its own."""
    parts = make(tmp_path)
    job = parts.store.add(new_job(shared))
    with running(parts.runner(results=results)):
        return parts, parts.wait(job.id)


def test_a_store_that_is_away_for_a_moment_costs_no_result(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("automap_tiles.jobs.supervisor._STORE_SECONDS", 0.1)

    class Away(ResultStore):
        calls = 0

        @contextmanager
        def writing(self, key: str, about: Mapping[str, str] | None = None) -> Iterator[Writable]:
            self.calls += 1
            if self.calls == 1:
                raise OutputError("503 slow down")
            with super().writing(key, about) as file:
                yield file

    parts, job = a_composite(shared, tmp_path, Away(str(tmp_path / "store")))
    assert (job.status, job.attempt, job.losses) == (Status.SUCCESSFUL, 2, 1)
    said = [each.message for each in parts.store.entries(job.id)]
    assert any("the results could not be put away: 503 slow down" in each for each in said)


def cancelled(database: Database, job: str) -> None:
    """Cancel a job, and wait until its runner has heard of it: by the second renewal of its lease.

    The first may have been on its way already.
    """
    JobStore(database).cancel(None, job)
    seen: set[float] = set()
    end = time.monotonic() + 60
    while len(seen) < 3:
        with database.reading() as connection:
            seen.add(connection.execute(select(JOBS.c.lease).where(JOBS.c.id == job)).scalar_one())
        assert time.monotonic() < end
        time.sleep(0.02)


def test_what_is_done_when_it_is_cancelled_stays_downloadable(shared: Path, tmp_path: Path) -> None:
    class Slow(ResultStore):
        @contextmanager
        def writing(self, key: str, about: Mapping[str, str] | None = None) -> Iterator[Writable]:
            cancelled(Database(f"sqlite:///{tmp_path}/jobs.sqlite"), key.split("/")[1])
            with super().writing(key, about) as file:
                yield file

    parts, job = a_composite(shared, tmp_path, Slow(str(tmp_path / "store")))
    assert (job.status, job.message) == (Status.SUCCESSFUL, "successful, before the cancel")
    result = parts.store.result(job.id)
    assert result is not None
    assert parts.place.results.archives(job.id) == [result.key]


def test_a_cancel_does_not_wait_for_an_archive_that_takes_too_long(
    shared: Path, tmp_path: Path
) -> None:
    class Endless(ResultStore):
        """Takes so long that the archive is never whole within the test."""

        @contextmanager
        def writing(self, key: str, about: Mapping[str, str] | None = None) -> Iterator[Writable]:
            with super().writing(key, about) as file:
                cancelled(Database(f"sqlite:///{tmp_path}/jobs.sqlite"), key.split("/")[1])
                yield Drip(file)

    class Drip:
        def __init__(self, file: Writable) -> None:
            self._file = file

        def write(self, data: bytes, /) -> int:
            time.sleep(0.2)
            return self._file.write(data)

    parts = make(tmp_path)
    job = parts.store.add(new_job(shared))
    results = Endless(str(tmp_path / "store"))
    with running(parts.runner(results=results, grace=0.1)):
        ended = parts.wait(job.id)
    assert ended.status is Status.DISMISSED
    assert ended.message == "cancelled; its results were too large to be put away in time"
    assert parts.store.result(job.id) is None
    assert results.archives(job.id) == []
    assert not list((tmp_path / "store").rglob("*.part"))


def test_an_error_that_nobody_foresaw_ends_the_job_with_a_reference(
    shared: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(ResultStore):
        @contextmanager
        def writing(self, key: str, about: Mapping[str, str] | None = None) -> Iterator[Writable]:
            raise ZeroDivisionError(key)
            yield

    _, job = a_composite(shared, tmp_path, Broken(str(tmp_path / "store")))
    assert job.status is Status.FAILED
    assert job.reason is not None
    reference = job.reason.rpartition(" ")[2]
    assert f"reference {reference}: job {job.id}" in caplog.text


def test_what_stands_for_a_path_may_have_any_letters() -> None:
    hidden = {"/srv/données": 'the "best" one', "/srv/x": "x"}
    record = {"/srv/données/a": ["/srv/données/b", 1, None, {"c": "/srv/x/d"}]}
    said = hide_in(json.loads(json.dumps(record)), hidden)
    assert said == {'the "best" one/a': ['the "best" one/b', 1, None, {"c": "x/d"}]}


def test_what_a_job_writes_is_for_nobody_else(shared: Path, tmp_path: Path) -> None:
    parts = make(tmp_path)
    job = parts.store.add(new_job(shared, order={"workflow": "download"}))
    with running(parts.runner()):
        assert parts.wait(job.id).status is Status.SUCCESSFUL
    written = list(parts.place.workspaces.rglob("*"))
    assert written
    assert [path for path in written if path.stat().st_mode & 0o077] == []

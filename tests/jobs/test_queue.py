"""Claims, leases and what becomes of jobs whose runner is lost."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from automap_tiles.jobs import (
    Ending,
    Job,
    LeaseLost,
    Level,
    News,
    Phase,
    QueueLimits,
    Result,
    SceneFate,
    Status,
)
from tests.jobs.parts import Clock, Parts, make, new_job


@pytest.fixture
def parts(tmp_path: Path, url: str) -> Iterator[Parts]:
    found = make(tmp_path, url, clock=Clock(), limits=QueueLimits(lease=60.0, per_user=2))
    yield found
    found.database.close()


def pass_by(parts: Parts, seconds: float) -> None:
    clock = parts.clock
    assert isinstance(clock, Clock)
    clock.now += seconds


def claimed(parts: Parts, runner: str = "r1") -> Job:
    job = parts.queue.claim(runner)
    assert job is not None
    return job


def ended(parts: Parts, job: Job, status: Status = Status.SUCCESSFUL) -> Job:
    return parts.queue.finish(job, Ending(status=status, message=str(status)))


def test_a_job_is_claimed_once(parts: Parts) -> None:
    parts.store.add(new_job())
    job = claimed(parts)
    assert (job.status, job.attempt, job.runner) == (Status.RUNNING, 1, "r1")
    assert parts.queue.claim("r2") is None


def test_the_user_with_fewest_running_jobs_goes_first_and_nobody_has_too_many(
    parts: Parts,
) -> None:
    for number in range(6):
        parts.store.add(new_job(user="ann", workspace=f"a{number}"))
    for number in range(2):
        parts.store.add(new_job(user="bob", workspace=f"b{number}"))
    order = [claimed(parts).user for _ in range(4)]
    assert order == ["ann", "bob", "ann", "bob"]
    assert parts.queue.claim("r1") is None  # both have two


def test_a_busy_workspace_is_passed_over(parts: Parts) -> None:
    first = parts.store.add(new_job(workspace="same"))
    parts.store.add(new_job(workspace="same"))
    other = parts.store.add(new_job(workspace="other"))
    assert claimed(parts).id == first.id
    assert claimed(parts).id == other.id
    assert parts.queue.claim("r1") is None


def test_a_lost_job_waits_again_and_the_third_loss_ends_it(parts: Parts) -> None:
    new = parts.store.add(new_job())
    for attempt in (1, 2, 3):
        job = claimed(parts, f"r{attempt}")
        assert job.attempt == attempt
        pass_by(parts, 59)
        assert parts.queue.take_back_lost() == []
        pass_by(parts, 2)
        assert [each.id for each in parts.queue.take_back_lost()] == [new.id]
    found = parts.store.get(None, new.id)
    assert found is not None
    assert found.status is Status.FAILED
    assert found.reason == "it was broken off 3 times: its runner was lost, r3 the last time"


def test_a_job_whose_child_is_killed_each_time_has_failed_in_the_end(parts: Parts) -> None:
    new = parts.store.add(new_job())
    for _ in range(3):
        parts.queue.break_off(claimed(parts), "its process was ended by signal 9")
    found = parts.store.get(None, new.id)
    assert found is not None
    assert found.reason == "it was broken off 3 times: its process was ended by signal 9"
    assert parts.store.entries(new.id)[-1].level is Level.ERROR


def test_a_job_that_is_given_back_is_not_counted_as_lost(parts: Parts) -> None:
    parts.store.add(new_job())
    for _ in range(5):
        parts.queue.give_back(claimed(parts))
    assert (claimed(parts).losses, claimed_attempt(parts)) == (0, 6)


def claimed_attempt(parts: Parts) -> int:
    return parts.store.page(None).jobs[0].attempt


def test_a_job_that_is_cancelled_goes_on_saying_that_it_stops(parts: Parts) -> None:
    new = parts.store.add(new_job())
    job = claimed(parts)
    parts.store.cancel("ann", new.id)
    parts.queue.tell(job, News(phase=Phase.PREPARING, message="preparing: 3 of 9", progress=7))
    found = parts.store.get(None, new.id)
    assert found is not None
    assert (found.phase, found.message, found.progress) == (Phase.STOPPING, "is stopping", 7)


def test_any_number_of_scenes_is_told_at_once(parts: Parts) -> None:
    new = parts.store.add(new_job())
    job = claimed(parts)
    # more than a database takes parameters of: all at first, and then those that are replaced
    for status, count in (("set aside", 70_000), ("written", 35_000)):
        fates = [SceneFate(scene=f"s{n}", satellite=None, status=status) for n in range(count)]
        parts.queue.tell(job, News(scenes=tuple(fates)))
    found = Counter(each.status for each in parts.store.scenes(new.id))
    assert found == {"written": 35_000, "set aside": 35_000}


def test_names_that_no_database_takes_are_told_as_it_can(parts: Parts) -> None:
    parts.store.add(new_job())
    job = parts.queue.claim("r")
    assert job is not None
    names = ["S2_\ud800", "a\0b", "LC08"]
    fates = tuple(SceneFate(scene=name, satellite=None, status="written") for name in names)
    for _ in range(2):  # told again they are the same scenes
        parts.queue.tell(job, News(scenes=fates))
    said = [each.scene for each in parts.store.scenes(job.id)]
    assert len(said) == 3
    assert "LC08" in said
    assert "a\N{REPLACEMENT CHARACTER}b" in said


def test_warnings_of_a_job_are_bounded(parts: Parts) -> None:
    parts.store.add(new_job())
    job = parts.queue.claim("r")
    assert job is not None
    warnings = tuple(f"scene {number} failed" for number in range(250))
    ended = parts.queue.finish(
        job, Ending(status=Status.SUCCESSFUL, message="successful", warnings=warnings)
    )
    assert ended.warnings[:100] == warnings[:100]
    assert ended.warnings[100:] == ("150 more, see the log",)


def test_a_cancelled_job_that_is_given_back_is_over(parts: Parts) -> None:
    new = parts.store.add(new_job())
    job = claimed(parts)
    parts.store.cancel("ann", new.id)
    parts.queue.give_back(job)
    found = parts.store.get(None, new.id)
    assert found is not None
    assert (found.status, found.runner) == (Status.DISMISSED, None)
    parts.store.add(new_job())  # the workspace is free again
    assert claimed(parts).id != new.id


def test_a_runner_does_not_take_back_what_it_works_on_after_the_clock_jumped(
    parts: Parts,
) -> None:
    new = parts.store.add(new_job())
    let_go = parts.store.add(new_job(workspace="w2"))
    jobs = [claimed(parts), claimed(parts)]
    pass_by(parts, 3600)
    taken = parts.queue.take_back_lost("r1", [new.id])
    assert [each.id for each in taken] == [let_go.id]
    assert not parts.queue.renew(jobs[0])
    pass_by(parts, 3600)
    assert [each.id for each in parts.queue.take_back_lost("r2", [new.id])] == [new.id]


def test_a_lease_of_before_the_clock_was_set_back_is_over(parts: Parts) -> None:
    new = parts.store.add(new_job())
    job = claimed(parts)
    pass_by(parts, -50)
    assert parts.queue.take_back_lost() == []
    pass_by(parts, -86400)
    assert [each.id for each in parts.queue.take_back_lost()] == [new.id]
    with pytest.raises(LeaseLost):
        parts.queue.renew(job)


def test_whose_lease_was_lost_writes_nothing(parts: Parts) -> None:
    new = parts.store.add(new_job())
    late = claimed(parts, "r1")
    pass_by(parts, 61)
    parts.queue.take_back_lost()
    now = claimed(parts, "r2")
    lines = parts.store.entries(new.id)
    with pytest.raises(LeaseLost):
        parts.queue.renew(late)
    with pytest.raises(LeaseLost):
        parts.queue.tell(late, News(progress=50, lines=((Level.INFO, "from the past"),)))
    with pytest.raises(LeaseLost):
        ended(parts, late)
    parts.queue.give_back(late)
    assert parts.store.entries(new.id) == lines
    assert not parts.queue.renew(now)
    assert ended(parts, now).status is Status.SUCCESSFUL


def test_the_same_runner_after_a_loss_is_another_attempt(parts: Parts) -> None:
    parts.store.add(new_job())
    late = claimed(parts, "r1")
    pass_by(parts, 61)
    parts.queue.take_back_lost()
    claimed(parts, "r1")
    with pytest.raises(LeaseLost):
        parts.queue.renew(late)


def test_final_states_never_change(parts: Parts) -> None:
    new = parts.store.add(new_job())
    job = claimed(parts)
    ended(parts, job, Status.FAILED)
    for call in (lambda: ended(parts, job), lambda: parts.queue.renew(job)):
        with pytest.raises(LeaseLost):
            call()
    cancelled = parts.store.cancel("ann", new.id)
    assert cancelled is not None
    assert cancelled.status is Status.FAILED


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_is_asked(parts: Parts) -> None:
    running = parts.store.add(new_job(workspace="a"))
    waiting = parts.store.add(new_job(workspace="b"))
    job = claimed(parts)
    found = parts.store.cancel("ann", waiting.id)
    assert found is not None
    assert found.status is Status.DISMISSED
    asked = parts.store.cancel("ann", running.id)
    assert asked is not None
    assert (asked.status, asked.phase) == (Status.RUNNING, "stopping")
    assert parts.queue.renew(job)
    pass_by(parts, 61)  # its runner dies before it hears of it: it is not begun again
    parts.queue.take_back_lost()
    found = parts.store.get("ann", running.id)
    assert found is not None
    assert found.status is Status.DISMISSED


def test_jobs_of_others_are_not_there(parts: Parts) -> None:
    job = parts.store.add(new_job(user="ann"))
    assert parts.store.get("bob", job.id) is None
    assert parts.store.cancel("bob", job.id) is None
    assert parts.store.describe("bob", job.id, "mine") is None
    assert not parts.store.remove("bob", job.id)
    assert parts.store.page("bob").jobs == ()
    assert parts.store.get("ann", job.id) == job


def test_pages_are_not_moved_by_jobs_that_come_meanwhile(parts: Parts) -> None:
    ids = [parts.store.add(new_job()).id for _ in range(7)]
    first = parts.store.page("ann", limit=3)
    parts.store.add(new_job())
    second = parts.store.page("ann", limit=3, before=first.next)
    third = parts.store.page("ann", limit=3, before=second.next)
    listed = [job.id for page in (first, second, third) for job in page.jobs]
    assert listed == ids[::-1]
    assert third.next is None


def test_what_hangs_on_the_end_is_there_with_it_or_not_at_all(tmp_path: Path, url: str) -> None:
    def refuse(*_: object) -> None:
        raise RuntimeError("the outbox is full")

    parts = make(tmp_path, url, on_final=(refuse,))
    new = parts.store.add(new_job())
    job = claimed(parts)
    result = Result(key="results/x/1/a.zip", size=1, sha256="0" * 64)
    with pytest.raises(RuntimeError):
        parts.queue.finish(
            job, Ending(status=Status.SUCCESSFUL, message="successful", result=result)
        )
    found = parts.store.get(None, new.id)
    assert found is not None
    assert found.status is Status.RUNNING
    assert parts.store.result(new.id) is None
    parts.database.close()


def test_a_log_is_bounded_and_says_so_and_errors_are_still_in_it(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("automap_tiles.jobs._log.MOST_BYTES", 1000)
    new = parts.store.add(new_job())
    job = claimed(parts)
    for number in range(50):
        parts.queue.tell(job, News(lines=((Level.INFO, f"{number} " + "x" * 100),)))
    parts.queue.tell(job, News(lines=((Level.ERROR, "the reason\0"),)))
    lines = parts.store.entries(new.id)
    assert [each.message for each in lines[-2:]] == [
        "the log is full; only errors follow",
        "the reason\N{REPLACEMENT CHARACTER}",
    ]
    assert len(lines) < 15


def test_many_runners_at_once_share_the_queue(tmp_path: Path, url: str) -> None:
    parts = make(tmp_path, url, limits=QueueLimits(lease=60.0, per_user=3))
    for number in range(60):
        parts.store.add(new_job(user=f"u{number % 3}", workspace=f"w{number % 20}"))
    taken: list[str] = []
    broken: list[str] = []

    def work(name: str) -> None:
        mine = Parts(parts.folder, parts.url, parts.limits)
        idle = 0
        while idle < 40:
            job = mine.queue.claim(name)
            if job is None:
                idle += 1
                continue
            idle = 0
            taken.append(job.id)
            active = [each for each in mine.store.page(None).jobs if each.status == "running"]
            if max(Counter(each.workspace for each in active).values(), default=0) > 1:
                broken.append("two in a workspace")
            if max(Counter(each.user for each in active).values(), default=0) > 3:
                broken.append("too many of a user")
            ended(mine, job)
        mine.database.close()

    threads = [threading.Thread(target=work, args=(f"r{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert broken == []
    assert sorted(taken) == sorted(set(taken))
    assert len(taken) == 60
    parts.database.close()

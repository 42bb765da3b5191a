"""`POST /launch` and its rules."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from automap_service.launching.launch import Manner
from automap_service.problems import Problem
from automap_tiles.jobs import Status
from automap_tiles.jobs.process import Task
from tests.jobs.parts import Clock
from tests.service.conftest import SQUARE, Asker, MakeSite, Site


def pointers(answer: Any) -> dict[str, str]:
    assert answer.mimetype == "application/problem+json"
    return {each["pointer"]: each["message"] for each in answer.json["errors"]}


def test_a_launch_is_answered_with_a_job_that_is_on_disk(
    site: Site, launched: dict[str, Any]
) -> None:
    ask = site.with_files()
    answer = ask("POST", "/launch", json=launched)
    assert answer.status_code == 201, answer.json
    said = answer.json
    assert answer.headers["Location"] == f"http://localhost/jobs/{said['jobID']}"
    assert (said["status"], said["phase"], said["type"]) == ("accepted", "queued", "process")
    assert said["parameters"] == {
        "mode": "composite",
        "satellites": ["landsat-8"],
        "start_date": "2018-04-01",
        "end_date": "2018-05-31",
        "catalogue": "demo",
        "boundary": "ny",
        "statistics": ["median"],
        "description": "spring",
    }
    job = site.service.store.get(None, said["id"])
    assert job is not None
    assert job.status is Status.ACCEPTED


@pytest.mark.parametrize("value", [2578, "2578", "8572", [2, "landsat"], ["landsat-8", 2, 5, 7, 8]])
def test_satellites_are_a_set_in_any_spelling(
    site: Site, launched: dict[str, Any], value: object
) -> None:
    ask = site.with_files()
    answer = ask("POST", "/launch", json={**launched, "satellites": value})
    assert answer.status_code == 201, answer.json
    names = set(answer.json["parameters"]["satellites"])
    assert names >= {"landsat-5", "landsat-7", "landsat-8", "sentinel-2"}


def test_all_problems_are_told_at_once(site: Site) -> None:
    ask = site.with_files()
    said = {
        "mode": "classification",
        "satellites": "moon",
        "start_date": "1980-01-01",
        "end_date": "2999-01-01",
        "boundary": "nowhere",
        "statistics": ["mediam"],
        "max_cloud_cover": 101,
        "smoothing": 4,
        "colour": "red",
        "mask": ["fog"],
        "description": "x" * 501,
        "project_shadow": "yes",
    }
    answer = ask("POST", "/launch", json=said)
    assert answer.status_code == 400
    assert set(pointers(answer)) == {
        "/satellites", "/start_date", "/end_date", "/boundary", "/statistics", "/max_cloud_cover",
        "/smoothing", "/colour", "/mask", "/description", "/project_shadow", "/samples",
    }  # fmt: skip
    assert answer.json["type"].endswith("invalid-parameter-value")


def test_three_errors_of_dates_each_with_its_message(site: Site, launched: dict[str, Any]) -> None:
    ask = site.with_files()
    dates = {"start_date": "1983-12-31", "end_date": "1983-12-01"}
    found = pointers(ask("POST", "/launch", json={**launched, **dates}))
    assert found == {
        "/start_date": "must not be before 1984-01-01",
        "/end_date": "must be after the start, 1983-12-31",
    }
    found = pointers(ask("POST", "/launch", json={**launched, "end_date": "2999-01-01"}))
    assert found == {"/end_date": "must not be in the future"}


@pytest.mark.parametrize("name", ["mode", "satellites", "start_date", "end_date", "boundary"])
def test_what_is_needed_is_asked_for(site: Site, launched: dict[str, Any], name: str) -> None:
    ask = site.with_files()
    del launched[name]
    assert pointers(ask("POST", "/launch", json=launched)) == {f"/{name}": "is needed"}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("statistics", ["median"]),
        ("samples", "ny"),
        ("confidence", True),
        ("smoothing", 3),
        ("crs", 3035),
        ("resolution", 30),
    ],
)
def test_what_has_no_use_in_a_mode_is_refused(
    site: Site, launched: dict[str, Any], name: str, value: object
) -> None:
    ask = site.with_files(samples=True)
    found = pointers(ask("POST", "/launch", json={**launched, "mode": "download", name: value}))
    assert found == {f"/{name}": "has no use in the mode download"}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"[]", "bad-request"),
        (b"{", "bad-request"),
        (b'{"mode": NaN}', "bad-request"),
        (b'{"mode": "download", "mode": "composite"}', "bad-request"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "bad-request"),
        (b"\xff\xfe", "bad-request"),
        (b'{"mode": "\\ud800"}', "bad-request"),
        (b'{"\\udfff": 1}', "bad-request"),
        (b'{"max_cloud_cover": 1e999}', "bad-request"),
        (b'{"a": [-1e999]}', "bad-request"),
        (b'{"a": "' + b"x" * (1 << 20) + b'"}', "too-large"),
    ],
)
def test_bodies_that_are_no_parameters(site: Site, body: bytes, kind: str) -> None:
    ask = site.user()
    answer = ask("POST", "/launch", data=body, content_type="application/json")
    assert answer.json["type"].endswith(kind)
    assert answer.status_code in (400, 413)


def test_the_same_request_twice_makes_one_job(site: Site, launched: dict[str, Any]) -> None:
    ask = site.with_files()
    key = {"Idempotency-Key": "abc"}
    first = ask("POST", "/launch", json=launched, headers=key)
    second = ask("POST", "/launch", json=launched, headers=key)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json["id"] == second.json["id"]
    other = ask("POST", "/launch", json={**launched, "description": "summer"}, headers=key)
    assert other.status_code == 422
    bob = site.with_files("bob")
    assert bob("POST", "/launch", json=launched, headers=key).json["id"] != first.json["id"]


@pytest.mark.parametrize(
    "more", [{"budget": 3}, {"notify": []}, {"again": True}, {"max_cloud_cover": 40}]
)
def test_a_key_with_another_body_is_refused(
    site: Site, launched: dict[str, Any], more: dict[str, Any]
) -> None:
    """Else what the second asks for would be passed over in silence."""
    ask = site.with_files()
    key = {"Idempotency-Key": "of two bodies"}
    first = ask("POST", "/launch", json={**launched, **more}, headers=key)
    assert first.status_code == 201
    assert ask("POST", "/launch", json=launched, headers=key).status_code == 422
    same = ask("POST", "/launch", json={**launched, **more}, headers=key)
    assert same.json["id"] == first.json["id"]


def test_the_same_run_is_not_launched_twice_unless_it_is_meant(
    site: Site, launched: dict[str, Any]
) -> None:
    ask = site.with_files()
    first = ask("POST", "/launch", json=launched).json["id"]
    second = ask("POST", "/launch", json={**launched, "description": "another word for it"})
    assert (second.status_code, second.json["job"]) == (409, first)
    assert ask("POST", "/launch", json={**launched, "again": True}).status_code == 201
    ask("DELETE", f"/jobs/{first}")


def test_limits_are_kept_and_published(
    make_site: MakeSite, launched: dict[str, Any], clock: Clock
) -> None:
    site = make_site(limits={"accepted": 2, "launches": 3})
    ask = site.with_files()
    assert ask("GET", "/limits").json["accepted"] == 2
    ids = [ask("POST", "/launch", json={**launched, "again": True}).json["id"] for _ in range(2)]
    answer = ask("POST", "/launch", json={**launched, "again": True})
    assert (answer.status_code, answer.json["detail"]) == (429, "2 jobs wait already")
    assert int(answer.headers["Retry-After"]) > 0
    for each in ids:
        ask("DELETE", f"/jobs/{each}")
    assert ask("POST", "/launch", json={**launched, "again": True}).status_code == 201
    answer = ask("POST", "/launch", json={**launched, "again": True})
    assert (answer.status_code, answer.json["detail"]) == (429, "3 launches an hour")
    clock.now += 3601
    assert ask("POST", "/launch", json={**launched, "again": True}).status_code == 201


def test_a_user_may_have_limits_of_its_own(make_site: MakeSite, launched: dict[str, Any]) -> None:
    site = make_site(limits={"accepted": 1})
    ask = site.with_files()
    user = site.service.users.named("ann")
    site.service.users.set_limits(user.id, {"accepted": 3})
    for _ in range(3):
        assert ask("POST", "/launch", json={**launched, "again": True}).status_code == 201
    assert ask("POST", "/launch", json={**launched, "again": True}).status_code == 429


def test_a_file_that_a_job_reads_stays(site: Site, launched: dict[str, Any]) -> None:
    ask = site.with_files()
    job = ask("POST", "/launch", json=launched).json["id"]
    answer = ask("DELETE", "/files/boundaries/ny")
    assert (answer.status_code, answer.json["job"]) == (409, job)
    old = site.service.store.get(None, job)
    assert old is not None

    assert (
        ask("PUT", "/files/boundaries/ny", data=SQUARE.replace(b"40.9", b"41")).status_code == 200
    )

    assert Path(old.order["boundary"]).exists()  # the job goes on with what it was launched with
    ask("DELETE", f"/jobs/{job}")
    assert ask("DELETE", "/files/boundaries/ny").status_code == 204
    assert ask("DELETE", "/files/boundaries/ny").status_code == 404


@pytest.mark.parametrize(
    ("said", "order"),
    [
        ({"crs": 3035}, {"crs": "EPSG:3035"}),
        ({"crs": " epsg:4326", "resolution": 0.001}, {"crs": "EPSG:4326", "resolution": 0.001}),
        ({"crs": "ESRI:54009"}, {"crs": "ESRI:54009"}),
        ({"resolution": 60}, {"resolution": 60.0}),
    ],
)
def test_composites_lie_on_the_grid_that_is_asked_for(
    site: Site, launched: dict[str, Any], said: dict[str, Any], order: dict[str, Any]
) -> None:
    ask = site.with_files()
    plain = site.service.launching.wanted(site.service.users.named("ann"), launched)
    answer = ask("POST", "/launch", json={**launched, **said})
    assert answer.status_code == 201, answer.json
    job = site.service.store.get(None, answer.json["id"])
    assert job is not None
    assert {name: job.order.get(name) for name in ("crs", "resolution") if name in job.order} == (
        order
    )
    assert order.items() <= answer.json["parameters"].items()
    assert job.workspace != plain.workspace  # a composite on another grid may lie there
    again = ask("POST", "/launch", json={**launched, **order})
    assert again.status_code == 409  # the same run in other words
    inputs = ask("GET", "/processes/automap").json["inputs"]
    assert {"crs", "resolution"} <= set(inputs)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"crs": "EPSG:1"}, "this is not a valid CRS"),
        ({"crs": "EPSG:4978"}, "is neither projected nor geographic"),
        ({"crs": "http://127.0.0.1:1/x"}, "must be a registered one"),
        ({"crs": "/etc/passwd"}, "must be a registered one"),
        ({"crs": "area"}, "must be a registered one"),
        ({"crs": "+proj=laea +nadgrids=/etc/passwd"}, "must be a registered one"),
        ({"crs": True}, "must be a registered one"),
        ({"resolution": "10"}, "must be a number"),
        ({"resolution": True}, "must be a number"),
        ({"resolution": 0}, "must be greater than 0, and at most 1e+07"),
        ({"resolution": 10**400}, "must be greater than 0, and at most 1e+07"),
    ],
)
def test_a_grid_that_cannot_be_is_refused(
    site: Site, launched: dict[str, Any], said: dict[str, Any], message: str
) -> None:
    ask = site.with_files()
    (name,) = said
    found = pointers(ask("POST", "/launch", json={**launched, **said}))
    assert found == {f"/{name}": message}


@pytest.mark.parametrize("name", ["/etc", "file:///etc", "https://evil.example/stac", "", 5])
def test_sources_are_those_of_the_configuration_alone(
    site: Site, launched: dict[str, Any], name: object
) -> None:
    ask = site.with_files()
    found = pointers(ask("POST", "/launch", json={**launched, "catalogue": name}))
    assert found == {"/catalogue": "there is no such catalogue"}


def test_callbacks_are_not_offered(site: Site, launched: dict[str, Any]) -> None:
    ask = site.with_files()
    said = {"inputs": launched, "subscriber": {"successUri": "http://127.0.0.1:1/"}}
    found = pointers(ask("POST", "/processes/automap/execution", json=said))
    assert found == {"/subscriber": "callbacks are not offered"}
    answer = ask("POST", "/processes/automap/execution", json={"inputs": launched})
    assert answer.status_code == 201
    assert ask("POST", "/processes/other/execution", json={"inputs": {}}).status_code == 404


def test_one_check_of_a_user_at_a_time_with_little_memory(
    site: Site, launched: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, leave = threading.Semaphore(0), threading.Event()
    tasks: list[Task] = []

    class Slow:
        def __init__(self, task: Task) -> None:
            tasks.append(task)

        def __enter__(self) -> Slow:
            return self

        def __exit__(self, *_: object) -> None:
            """Nothing."""

        def lines(self, _: float) -> Iterator[dict[str, Any]]:
            inside.release()
            assert leave.wait(20)
            yield {"event": "error", "message": "no scenes"}

    monkeypatch.setattr("automap_service.launching.launch.Child", Slow)
    said = {**launched, "check": True}
    asks = [site.with_files(name) for name in ("ann", "bob", "cid")]
    codes: list[int] = []

    def check(ask: Asker) -> None:
        codes.append(ask("POST", "/launch", json=said).status_code)

    threads = [threading.Thread(target=check, args=(ask,)) for ask in asks[:2]]
    for thread in threads:
        thread.start()
        assert inside.acquire(timeout=20)
    again = site.user("ann")("POST", "/launch", json=said)
    third = asks[2]("POST", "/launch", json=said)
    leave.set()
    for thread in threads:
        thread.join()
    assert (again.status_code, third.status_code, codes) == (429, 503, [400, 400])
    assert again.headers["Retry-After"] == third.headers["Retry-After"] == "10"
    assert asks[2]("POST", "/launch", json=said).status_code == 400
    assert all(task.memory is not None and task.memory <= 8 << 30 for task in tasks)


def test_a_launch_that_cannot_be_written_down_is_none(site: Site, launched: dict[str, Any]) -> None:
    ask = site.with_files()
    with site.service.database.writing() as connection:
        connection.execute(text("ALTER TABLE audit RENAME TO away"))
    answer = ask("POST", "/launch", json=launched)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")
    assert ask("GET", "/jobs").json["jobs"] == []
    with site.service.database.writing() as connection:
        connection.execute(text("ALTER TABLE away RENAME TO audit"))
    assert ask("POST", "/launch", json=launched).status_code == 201


def test_launches_count_though_their_jobs_are_deleted(
    make_site: MakeSite, launched: dict[str, Any], clock: Clock
) -> None:
    ask = make_site(limits={"launches": 3}).with_files()
    for _ in range(3):
        job = ask("POST", "/launch", json=launched).json["id"]
        for _ in range(2):  # cancelled, then deleted
            assert ask("DELETE", f"/jobs/{job}").status_code < 300
        assert ask("GET", f"/jobs/{job}").status_code == 404
    assert ask("POST", "/launch", json=launched).status_code == 429
    clock.now += 3601
    assert ask("POST", "/launch", json=launched).status_code == 201


def test_a_file_that_goes_just_before_the_launch_is_missed(
    site: Site, launched: dict[str, Any]
) -> None:
    ask = site.with_files()
    user = site.service.users.named("ann")
    wanted = site.service.launching.wanted(user, launched)
    assert ask("DELETE", "/files/boundaries/ny").status_code == 204
    with pytest.raises(Problem) as caught:
        site.service.launching.launch(user, wanted, Manner())
    assert (caught.value.status, caught.value.type) == (409, "no-such-file")
    assert ask("GET", "/jobs").json["jobs"] == []


def test_replaced_files_that_a_job_reads_take_room(
    make_site: MakeSite, launched: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def as_it_is(_: str, path: Path, out: Path, __: Any) -> dict[str, Any]:
        out.write_bytes(path.read_bytes())
        return {"bounds": [-74.1, 40.6, -73.8, 40.9], "km2": 1.0, "vertices": 5}

    monkeypatch.setattr("automap_service.uploads.files.normalise", as_it_is)
    size = len(SQUARE)
    ask = make_site(limits={"files_bytes": size * 5 // 2}).user()
    for code in (201, 200, 200, 200):  # of those that nobody reads one takes the place of another
        assert ask("PUT", "/files/boundaries/ny", data=SQUARE).status_code == code
    job = ask("POST", "/launch", json=launched).json["id"]
    assert ask("PUT", "/files/boundaries/ny", data=SQUARE).status_code == 200
    used = ask("GET", "/me").json["used"]
    assert (used["files"], used["files_bytes"], used["active_jobs"]) == (1, 2 * size, 1)
    assert ask("POST", "/launch", json={**launched, "again": True}).status_code == 201
    assert ask("PUT", "/files/boundaries/ny", data=SQUARE).status_code == 409
    ask("DELETE", f"/jobs/{job}")


def test_a_check_tells_no_folder_whatever_letters_it_and_its_catalogue_have(
    make_site: MakeSite, launched: dict[str, Any], tmp_path: Path
) -> None:
    folder = tmp_path / "données"
    folder.write_text("no folder")
    site = make_site(catalogues={'the "best"': {"source": str(folder)}})
    ask = site.with_files()
    said = {**launched, "catalogue": 'the "best"', "check": True}
    answer = ask("POST", "/launch", json=said)
    assert answer.status_code in (400, 422), answer.text
    told = json.dumps(answer.json, ensure_ascii=False)
    assert "données" not in told
    assert '\\"best\\"' in told

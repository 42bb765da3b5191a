"""Figures for Prometheus, read by its own parser."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from automap_service.checks import weak
from automap_tiles.jobs import Ending, News, Result, SceneFate, Status
from automap_tiles.version import VERSION
from tests.jobs.parts import Clock
from tests.service.conftest import MakeSite, Site

Figures = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def figures(site: Site, **more: Any) -> Figures:
    """Name and labels → value."""
    answer = site.app.test_client().get("/metrics", **more)
    assert answer.status_code == 200, answer.text
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def figure(found: Figures, name: str, **labels: str) -> float:
    return found[name, tuple(sorted(labels.items()))]


def test_figures_are_those_of_the_database(
    make_site: MakeSite, clock: Clock, launched: dict[str, Any]
) -> None:
    site = make_site(costs={"core_hour": 2.0, "currency": "EUR"})
    ask = site.with_files()
    service = site.service
    last = ""
    for number, seconds in enumerate((50.0, 5000.0, 100000.0)):
        answer = ask("POST", "/launch", json={**launched, "end_date": f"2018-06-{number + 1:02}"})
        assert answer.status_code == 201
        job = service.queue.claim("r")
        assert job is not None
        fates = (SceneFate(scene="a", satellite="landsat-8", status="written"),)
        service.queue.tell(job, News(scenes=fates))
        key = f"results/{job.id}/1/a.zip"
        result = Result(key=key, size=1000, sha256="0" * 64, expires=2e9)
        usage = {"seconds": seconds, "core_seconds": 3600.0, "fetched_bytes": 7, "scenes": 1}
        done = Ending(status=Status.SUCCESSFUL, message="", result=result, usage=usage)
        last = service.queue.finish(job, done).id
    ask("DELETE", f"/jobs/{last}")  # what is counted does not become less
    ask("POST", "/launch", json=launched)
    ask("POST", "/launch", json={**launched, "end_date": "2018-07-01"})
    service.queue.beat("one")
    service.queue.beat("two")
    running = service.queue.claim("one")
    assert running is not None
    clock.now += 90
    service.queue.beat("two")
    found = figures(site)
    assert figure(found, "automap_info", version=VERSION) == 1
    states = {each: figure(found, "automap_jobs", status=str(each)) for each in Status}
    assert states == {
        Status.ACCEPTED: 1, Status.RUNNING: 1, Status.SUCCESSFUL: 2, Status.FAILED: 0,
        Status.DISMISSED: 0,
    }  # fmt: skip
    assert figure(found, "automap_queue_oldest_seconds") == 90
    assert figure(found, "automap_runners") == 2
    assert figure(found, "automap_runner_lease_age_seconds") == 90
    assert figure(found, "automap_jobs_ended_total", mode="composite", status="successful") == 3
    bounds = {"60.0": 1, "7200.0": 2, "86400.0": 2, "+Inf": 3}
    for bound, count in bounds.items():
        assert figure(found, "automap_job_seconds_bucket", mode="composite", le=bound) == count
    assert figure(found, "automap_job_seconds_sum", mode="composite") == 105050
    assert figure(found, "automap_scenes_total", satellite="landsat-8", status="written") == 3
    assert figure(found, "automap_bytes_fetched_total") == 21
    assert figure(found, "automap_core_seconds_total") == 10800
    assert figure(found, "automap_cost_total", unit="EUR") == 6
    assert figure(found, "automap_store_bytes") == 2000
    assert figure(found, "automap_mails", state="given up") == 0
    assert figure(found, "automap_disk_free_bytes") > 0
    launches = {"method": "POST", "route": "/launch", "code": "201"}
    assert figure(found, "automap_http_requests_total", **launches) == 5
    clock.now += 60
    assert figure(figures(site), "automap_runners") == 1


def test_labels_name_no_user_and_no_address(site: Site, launched: dict[str, Any]) -> None:
    ask = site.with_files()
    job = ask("POST", "/launch", json=launched).json["id"]
    ask("GET", f"/jobs/{job}")
    site.app.test_client().get("/r/a-secret-word")
    site.app.test_client().get("/there/is/nothing")
    text = site.app.test_client().get("/metrics").text
    assert not [word for word in ("ann", "ny", job, "a-secret-word", "nothing") if word in text]
    assert 'route="/r/<word>"' in text
    assert 'route="unknown"' in text


def test_strangers_need_the_token(make_site: MakeSite, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("open sesame\n")
    site = make_site(web={"metrics_token_file": str(tmp_path / "token")})
    away = {"REMOTE_ADDR": "192.0.2.1"}
    client = site.app.test_client()
    for headers in ({}, {"Authorization": "Bearer open"}, {"Authorization": "Bearer "}):
        answer = client.get("/metrics", headers=headers, environ_overrides=away)
        assert answer.status_code == 403
    (tmp_path / "token").rename(tmp_path / "gone")
    known = {"Authorization": "Bearer open sesame"}
    assert client.get("/metrics", headers=known, environ_overrides=away).status_code == 403
    (said,) = [each for each in weak(site.service.settings, site.service) if "token" in each]
    assert said.startswith("web.metrics_token_file cannot be read")
    (tmp_path / "gone").rename(tmp_path / "token")
    assert client.get("/metrics", headers=known, environ_overrides=away).status_code == 200
    assert client.get("/metrics").status_code == 200


@pytest.mark.parametrize("web", [{"url": "https://maps.example.org"}, {"behind_proxy": True}])
def test_behind_a_proxy_this_machine_is_no_proof(
    make_site: MakeSite, web: dict[str, Any], launched: dict[str, Any]
) -> None:
    site = make_site(web=web)
    assert site.app.test_client().get("/metrics").status_code == 403


def test_a_word_of_a_user_is_no_token_for_figures(site: Site) -> None:
    ask = site.user()
    answer = ask("GET", "/metrics", environ_overrides={"REMOTE_ADDR": "192.0.2.1"})
    assert answer.status_code == 403


def test_the_audit_tells_who_did_what_and_only_to_those_who_run_the_service(
    site: Site, launched: dict[str, Any], tmp_path: Path
) -> None:
    ask = site.with_files()
    job = ask("POST", "/launch", json=launched).json["id"]
    ask("PATCH", f"/jobs/{job}", json={"description": "x"})
    ask("DELETE", f"/jobs/{job}")
    ask("DELETE", f"/jobs/{job}")
    ask("DELETE", "/auth")
    folder = ("--folder", str(site.service.settings.root))
    command = [sys.executable, "-m", "automap_tiles", "service", "user", "limit", "ann"]
    subprocess.run([*command, "month_budget=2.5", *folder], check=True, capture_output=True)
    site.service.users.add("root", "a rather long one", ("admin",), one_time=False)
    root = site.user("root")
    html = {"Accept": "text/html"}
    text = root("GET", "/admin/audit", headers=html).text
    for act in ("launch", "describe", "cancel", "delete job", "token ended", "limits", "upload"):
        assert f'<th scope="row">{act}</th>' in text
    assert "command line" in text
    assert job in text
    assert ask.token not in text
    some = root("GET", "/admin/audit?user=ann&act=cancel", headers=html).text
    assert some.count('<th scope="row">') == 1
    assert site.user("bob")("GET", "/admin/audit", headers=html).status_code == 403

"""Runners that come and go: as many Jobs as there are jobs to do.

There is no cluster here: what answers is a server of the test that takes what the schemas of
Kubernetes allow, and nothing else.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from automap_service.operations.kubernetes import Cluster, Executor, follow, manifest
from automap_tiles.errors import ConfigError, OutputError
from automap_tiles.jobs import Ending, Status
from tests.service.conftest import MakeSite, Site
from tests.service.operations.test_deploy import DEPLOY

validator = pytest.importorskip("kubernetes_validate")
RUNNER = DEPLOY / "kubernetes" / "runner-job.yaml"
COMPLETE = {"conditions": [{"type": "Complete", "status": "True"}]}


class Api(ThreadingHTTPServer):
    """What of the API of a cluster is asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.jobs: list[dict[str, Any]] = []
        self.away = False


class Handler(BaseHTTPRequestHandler):
    server: Api

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        (selector,) = parse_qs(parts.query)["labelSelector"]
        key, _, value = selector.partition("=")
        found = [job for job in self.server.jobs if job["metadata"]["labels"].get(key) == value]
        self._answer(parts.path, 200, {"kind": "JobList", "items": found})

    def do_POST(self) -> None:
        job = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        validator.validate(job, validator.latest_version(), strict=True)
        number = len(self.server.jobs)
        job["metadata"]["name"] = f"{job['metadata']['generateName']}{number}"
        job["metadata"]["creationTimestamp"] = datetime.now(UTC).isoformat()
        self.server.jobs.append(job)
        self._answer(self.path, 201, job)

    def _answer(self, path: str, code: int, said: Any) -> None:
        known = self.headers.get("Authorization") == "Bearer of the pod"
        if self.server.away or not known:
            code, said = (503, {}) if known else (401, {"message": "Unauthorized"})
        elif path != "/apis/batch/v1/namespaces/maps/jobs":
            code, said = 404, {}
        content = json.dumps(said).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def api() -> Iterator[Api]:
    with Api() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def site(make_site: MakeSite) -> Site:
    return make_site(results={"installation": "north 1"}, limits={"running": 3})


@pytest.fixture
def executor(api: Api, site: Site, tmp_path: Path) -> Executor:
    (tmp_path / "token").write_text("of the pod\n")
    cluster = Cluster(
        address=f"http://127.0.0.1:{api.server_port}",
        namespace="maps",
        token_file=tmp_path / "token",
    )
    return Executor(service=site.service, cluster=cluster, template=manifest(RUNNER), most=4)


def launch(site: Site, launched: dict[str, Any], count: int, name: str = "ann") -> None:
    ask = site.with_files(name)
    for number in range(count):
        said = {**launched, "end_date": f"2018-06-{number + 1:02}"}
        assert ask("POST", "/launch", json=said).status_code == 201


def test_there_are_as_many_as_jobs_that_may_run_and_no_more_than_the_limit(
    executor: Executor, api: Api, site: Site, launched: dict[str, Any]
) -> None:
    assert executor.round() == []
    launch(site, launched, 2)
    assert executor.round() == ["automap-runner-0", "automap-runner-1"]
    assert executor.round() == []  # they are on their way
    launch(site, {**launched, "description": "more"}, 5, "bob")  # three of bob's run at a time
    assert executor.round() == ["automap-runner-2", "automap-runner-3"]
    job = site.service.queue.claim("r")
    assert job is not None
    assert executor.round() == []
    site.service.queue.finish(job, Ending(status=Status.SUCCESSFUL, message=""))
    api.jobs[0]["status"] = COMPLETE
    assert executor.round() == ["automap-runner-4"]
    labels = api.jobs[0]["metadata"]["labels"]
    assert labels["automap/installation"] == "north-1"
    assert api.jobs[0]["spec"]["template"]["metadata"]["labels"] == labels


def test_jobs_of_others_in_the_same_cluster_are_left_alone(
    executor: Executor, api: Api, site: Site, launched: dict[str, Any]
) -> None:
    api.jobs.append({"metadata": {"name": "x", "labels": {"automap/installation": "south"}}})
    launch(site, launched, 1)
    assert executor.round() == ["automap-runner-1"]


def test_a_cluster_that_is_away_is_asked_again(
    executor: Executor, api: Api, site: Site, launched: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    launch(site, launched, 1)
    api.away = True
    stop = threading.Event()
    rounds = iter(range(3))

    def pause(_: float) -> None:
        api.away = next(rounds) < 1
        if api.jobs:
            stop.set()

    follow(executor, stop, pause)
    assert len(api.jobs) == 1
    assert "the cluster answers 503" in caplog.text


def test_who_may_not_is_told_so_without_the_token(executor: Executor, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("of somebody")
    with pytest.raises(OutputError, match=r"401.*Unauthorized") as caught:
        executor.round()
    assert "of somebody" not in str(caught.value)


def test_a_pod_that_does_not_start_is_told_of_once(
    executor: Executor, api: Api, site: Site, launched: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    launch(site, launched, 2)
    executor.round()
    for job in api.jobs:
        early = datetime.now(UTC) - timedelta(minutes=20)
        job["metadata"]["creationTimestamp"] = early.strftime("%Y-%m-%dT%H:%M:%SZ")
    api.jobs[1]["status"] = {"ready": 1}
    with caplog.at_level(logging.WARNING):
        executor.round()
        executor.round()
    said = [each.message for each in caplog.records if "not started" in each.message]
    assert said == [
        "automap-runner-0 has not started for 20 minutes: "
        "kubectl describe job automap-runner-0 says why"
    ]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("kind: Pod", "kind"),
        ("- 1", "kind"),
        ("kind: Job\nmetadata: {generateName: a-}", "spec.template"),
        ("kind: Job\nmetadata: {name: a}\nspec: {template: {}}", "metadata.generateName"),
        ("kind: [", None),
    ],
)
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, text: str, key: str | None) -> None:
    (tmp_path / "job.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        manifest(tmp_path / "job.yaml")
    assert caught.value.key == key


def test_outside_of_a_cluster_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(ConfigError, match="not a pod with a service account"):
        Cluster.of_pod()

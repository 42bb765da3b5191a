"""Clients of OGC API - Processes of other makes, unchanged: launch, watch, download, dismiss."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.jobs.parts import AREA, SCENES
from tests.service.test_story import WANTED, Running, logged_in, running

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def site(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("service")
    with running(folder, str(shared / "data" / SCENES)) as found:
        logged_in(found)
        found.ask("PUT", "/files/boundaries/New%20York", AREA.read_bytes())
        yield found


# a process of its own for each: owslib keeps headers for the whole process
OWSLIB = """
import json, sys
from owslib.ogcapi.processes import Processes
address, token, inputs = json.load(sys.stdin)
server = Processes(address, headers={"Authorization": "Bearer " + token})
assert server.processes()[0]["id"] == "automap"
assert server.process("automap")["inputs"]["mode"]["schema"]["enum"]
assert "job-list" in " ".join(server.conformance()["conformsTo"])
print(json.dumps(server.execute("automap", inputs, async_=True)))
"""

TYPED = """
import json, sys, time
from ogc_api_processes_client.api_client_wrapper import ApiClientWrapper
from ogc_api_processes_client.configuration import Configuration
address, token, inputs = json.load(sys.stdin)
headers = {"Authorization": "Bearer " + token}
client = ApiClientWrapper(Configuration(host=address))
assert client.get_landing_page(_headers=headers).links
assert client.get_conformance_classes(_headers=headers).conforms_to
assert client.get_processes(_headers=headers).processes[0].id == "automap"
described = client.get_process_description("automap", _headers=headers)
assert described.inputs["satellites"].title == "Satellites"
job = client.execute_simple(
    "automap", {"inputs": inputs}, _headers={**headers, "Content-Type": "application/json"}
)
assert job.job_id in [each.job_id for each in client.get_jobs(_headers=headers).jobs]
while client.get_status(job.job_id, _headers=headers).status.value in ("accepted", "running"):
    time.sleep(0.3)
status = client.get_status(job.job_id, _headers=headers)
result = client.get_result(job.job_id, _headers=headers)
href = result["archive"].actual_instance.href
gone = client.dismiss(job.job_id, _headers=headers)
print(json.dumps([job.job_id, status.status.value, href, gone.status.value]))
"""


def done_by(code: str, site: Running, inputs: dict[str, object]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps([site.address, site.token, inputs]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()[-1]


def test_owslib(site: Running) -> None:
    said = json.loads(done_by(OWSLIB, site, {**WANTED, "description": "owslib"}))
    found = site.wait(said["jobID"])
    assert found["status"] == "successful", found
    _, results, _ = site.ask("GET", f"/jobs/{found['id']}/results")
    _, content, _ = site.ask("GET", results["archive"]["href"])
    assert zipfile.ZipFile(io.BytesIO(content)).testzip() is None
    assert site.ask("DELETE", f"/jobs/{found['id']}")[1]["status"] == "dismissed"


def test_the_typed_client(site: Running) -> None:
    inputs = {**WANTED, "statistics": ["median"], "description": "typed"}
    job, status, href, gone = json.loads(done_by(TYPED, site, inputs))
    assert status == "successful"
    assert href.startswith(f"{site.address}/r/")
    assert gone == "dismissed"
    assert site.ask("GET", f"/jobs/{job}")[0] == 404


def test_the_lines_of_curl_on_the_help_page(site: Running, root: Path, tmp_path: Path) -> None:
    """Those of the README, as they stand there."""
    text = (root / "devserver" / "automap_service" / "README.md").read_text(encoding="utf-8")
    block = next(each for each in text.split("```sh\n") if each.startswith("TOKEN="))
    script = block.partition("```")[0]
    (tmp_path / "area.geojson").write_text(
        '{"type": "Polygon", "coordinates": [[[-74.1, 40.6], [-73.8, 40.6], [-73.8, 40.9], '
        "[-74.1, 40.9], [-74.1, 40.6]]]}"
    )
    script = script.replace("username=ann", "username=admin").replace(
        "password=…", "password='a rather long one'"
    )
    script = script.replace("2578", "8").replace("2018-06-01", "2018-04-01")
    launch, rest = script.split('curl -s -H "Authorization: Token $TOKEN" $SERVER/jobs/ID\n')
    lines = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", launch + "\necho; echo TOKEN=$TOKEN"],
        capture_output=True, text=True, cwd=tmp_path, check=True,
        env={"SERVER": site.address, "PATH": "/usr/bin:/bin"},
    ).stdout  # fmt: skip
    said = next(line for line in lines.splitlines() if '"jobID"' in line)
    job = json.loads(said[said.index('{"jobID"') :])["jobID"]
    assert site.wait(job)["status"] == "successful"
    token = lines.rpartition("TOKEN=")[2].strip()
    rest = rest.replace("ID\n", f"{job}\n").replace("/ID/", f"/{job}/")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", rest],
        capture_output=True, text=True, cwd=tmp_path, check=True,
        env={"SERVER": site.address, "PATH": "/usr/bin:/bin", "TOKEN": token},
    ).stdout  # fmt: skip
    assert "/r/" in done
    assert site.ask("GET", f"/jobs/{job}")[0] == 404

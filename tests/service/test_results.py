"""Links to results: how long they are good, where they lead, who may."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from automap_service.retention import expire, keep
from automap_service.tables import LINKS
from automap_tiles.errors import OutputError
from automap_tiles.jobs import Ending, Job, NewJob, Result, Status
from automap_tiles.jobs.packing import Content, pack
from automap_tiles.jobs.results import ResultStore
from tests.jobs.parts import Clock, new_job
from tests.service.conftest import Asker, MakeSite, Site
from tests.storage.s3 import BUCKET, S3Server

CONTENT = b"PK not really a zip" * 100


def finished(site: Site, ask: Asker, content: bytes = CONTENT, **said: Any) -> Job:
    """A job at its end, with an archive."""
    user = site.service.users.named(ask("GET", "/me").json["name"])
    new: NewJob = new_job(user=user.id, **said)
    site.service.store.add(new)
    job = site.service.queue.claim("r")
    assert job is not None
    key = f"results/{job.id}/1/spring_composite_20180401_20180531.zip"
    with site.service.results.writing(key) as file:
        file.write(content)
    expires = site.service.database.clock() + 14 * 86400
    result = Result(key=key, size=len(content), sha256="0" * 64, expires=expires)
    return site.service.queue.finish(
        job, Ending(status=Status.SUCCESSFUL, message="successful", result=result)
    )


def link_of(ask: Asker, job: Job) -> str:
    answer = ask("GET", f"/jobs/{job.id}/results")
    assert answer.status_code == 200, answer.json
    return str(answer.json["archive"]["href"]).removeprefix("http://localhost")


def test_a_link_is_good_for_48_hours_and_not_longer(site: Site, clock: Clock) -> None:
    ask = site.user()
    link = link_of(ask, finished(site, ask))
    client = site.app.test_client()
    clock.now += 47 * 3600 + 59 * 60
    answer = client.get(link, buffered=True)
    assert (answer.status_code, answer.data) == (200, CONTENT)
    assert "spring_composite_20180401_20180531.zip" in answer.headers["Content-Disposition"]
    clock.now += 2 * 60
    answer = client.get(link, buffered=True)
    assert answer.status_code == 410
    assert answer.json is not None
    assert answer.json["type"].endswith("/ResultLinkExpired")


def test_a_download_goes_on_where_it_broke_off(site: Site) -> None:
    ask = site.user()
    link = link_of(ask, finished(site, ask))
    client = site.app.test_client()
    tag = client.get(link, headers={"Range": "bytes=0-9"}, buffered=True).headers["ETag"]
    rest = client.get(link, headers={"Range": "bytes=10-", "If-Range": tag}, buffered=True)
    assert (rest.status_code, rest.data) == (206, CONTENT[10:])


def test_links_are_revoked_counted_and_kept_as_hashes(site: Site) -> None:
    from sqlalchemy import select

    from automap_service.tables import LINKS

    ask = site.user()
    job = finished(site, ask)
    link = link_of(ask, job)
    for _ in range(3):
        site.app.test_client().get(link, buffered=True)
    with site.service.database.reading() as connection:
        row = connection.execute(select(LINKS)).one()
    assert row.used == 3
    assert link.rpartition("/")[2] not in str(row)
    assert ask("DELETE", f"/jobs/{job.id}/results/links").status_code == 204
    assert site.app.test_client().get(link, buffered=True).status_code == 410
    assert site.app.test_client().get(link_of(ask, job), buffered=True).status_code == 200


def test_data_expire_later_than_links_and_both_are_told(site: Site, clock: Clock) -> None:
    ask = site.user()
    job = finished(site, ask)
    said = ask("GET", f"/jobs/{job.id}/results").json
    assert said["archive"]["expires"] < said["archive"]["data_expire"]
    clock.now += 13.5 * 86400
    last = link_of(ask, job)  # does not outlive the data
    clock.now += 0.6 * 86400
    assert site.app.test_client().get(last).status_code == 410
    assert ask("GET", f"/jobs/{job.id}/results").status_code == 410
    assert expire(site.service) == 1
    assert site.service.results.archives(job.id) == []
    assert expire(site.service) == 0
    assert ask("GET", f"/jobs/{job.id}").json["status"] == "successful"


def test_results_that_are_not_there_say_why(site: Site, launched: dict[str, Any]) -> None:
    ask = site.with_files()
    job = ask("POST", "/launch", json=launched).json["id"]
    answer = ask("GET", f"/jobs/{job}/results")
    assert (answer.status_code, answer.json["type"].rpartition("/")[2]) == (404, "result-not-ready")
    claimed = site.service.queue.claim("r")
    assert claimed is not None
    ending = Ending(status=Status.FAILED, message="failed", reason="no scene was seen")
    site.service.queue.finish(claimed, ending)
    answer = ask("GET", f"/jobs/{job}/results")
    assert answer.json["detail"] == "no scene was seen"
    assert ask("GET", f"/jobs/{job}").json["message"] == "no scene was seen"


def test_a_removed_job_takes_its_data_along(site: Site) -> None:
    ask = site.user()
    job = finished(site, ask)
    link = link_of(ask, job)
    assert ask("DELETE", f"/jobs/{job.id}").status_code == 200
    assert ask("GET", f"/jobs/{job.id}").status_code == 404
    assert site.service.results.archives(job.id) == []
    assert site.app.test_client().get(link, buffered=True).status_code == 410


def away(*_: object) -> None:
    raise OutputError("does not answer")


def test_data_that_are_over_are_deleted_once_the_store_is_back(
    site: Site, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = finished(site, site.user())
    clock.now += 15 * 86400
    with monkeypatch.context() as patched:
        patched.setattr(ResultStore, "delete", away)
        assert expire(site.service) == 0
    assert len(site.service.results.archives(job.id)) == 1
    assert expire(site.service) == 1
    assert site.service.results.archives(job.id) == []
    result = site.service.store.result(job.id)
    assert result is not None
    assert result.deleted


def test_a_job_stays_until_its_data_can_be_removed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = site.user()
    job = finished(site, ask)
    with monkeypatch.context() as patched:
        patched.setattr(ResultStore, "delete", away)
        answer = ask("DELETE", f"/jobs/{job.id}")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
    assert ask("GET", f"/jobs/{job.id}").json["status"] == "successful"
    with monkeypatch.context() as patched:
        patched.setattr("automap_service.audit.note", away)
        assert ask("DELETE", f"/jobs/{job.id}").status_code != 200
    assert ask("GET", f"/jobs/{job.id}").status_code == 200  # not without a line of the audit
    assert ask("DELETE", f"/jobs/{job.id}").status_code == 200
    assert site.service.results.archives(job.id) == []


def test_what_killed_runners_left_in_the_store_is_removed(site: Site, clock: Clock) -> None:
    ask = site.user()
    done = finished(site, ask)
    results = site.service.results
    other = site.service.store.add(new_job(workspace="w2"))
    key = f"results/{other.id}/1/x.zip"
    assert site.service.queue.claim("r") is not None
    kept = [*results.archives(done.id), key, "results/of-another-service/1/x.zip"]
    for each in (*kept[1:], f"results/{done.id}/2/late.zip"):
        with results.writing(each) as file:
            file.write(b"PK")
    code = """
import os, sys
from automap_tiles.jobs.results import ResultStore
with ResultStore(sys.argv[1]).writing("results/j/1/x.zip") as file:
    file.write(b"PK")
    os._exit(9)
"""
    subprocess.run([sys.executable, "-c", code, results.root], check=False)
    parts = Path(results.root, "results", "j", "1")
    assert len(list(parts.iterdir())) == 1
    keep(site.service)
    assert sorted(results.archives()) == sorted(kept)  # the second job is active
    assert list(parts.iterdir()) == []
    site.service.store.cancel(None, other.id)
    clock.now += 100
    site.service.queue.take_back_lost()  # its runner is gone: dismissed, without a result
    keep(site.service)
    assert sorted(results.archives()) == sorted({*kept} - {key})


# -- a bucket -------------------------------------------------------------------------------------


def fetched(address: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
    try:
        request = urllib.request.Request(address, headers=headers or {})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_a_link_leads_to_a_signed_address_of_the_bucket(
    make_site: MakeSite, s3: S3Server, clock: Clock
) -> None:
    site = make_site(results={"url": f"s3://{BUCKET}/service"})
    ask = site.user()
    job = finished(site, ask)
    link = link_of(ask, job)
    clock.now += 47 * 3600 + 59 * 60
    answer = site.app.test_client().get(link, buffered=True)
    assert answer.status_code == 302
    address = answer.headers["Location"]
    assert "spring_composite_20180401_20180531.zip?" in address
    assert fetched(address) == (200, CONTENT)
    assert fetched(address, {"Range": "bytes=5-9"}) == (206, CONTENT[5:10])
    name = "spring_composite_20180401_20180531.zip"
    assert fetched(address.replace(name, "another.zip"))[0] == 403
    assert fetched(address.replace("X-Amz-Expires=", "X-Amz-Expires=9"))[0] == 403
    assert fetched(address.partition("?")[0])[0] == 403
    clock.now += 2 * 60
    assert site.app.test_client().get(link, buffered=True).status_code == 410
    ask("DELETE", f"/jobs/{job.id}")
    assert site.service.results.archives(job.id) == []


def test_a_signed_address_is_refused_by_the_bucket_when_it_is_over(
    make_site: MakeSite, s3: S3Server
) -> None:
    import time

    site = make_site(results={"url": f"s3://{BUCKET}/service"})
    ask = site.user()
    job = finished(site, ask)
    result = site.service.store.result(job.id)
    assert result is not None
    address = site.service.results.signed(result.key, 1)
    assert address is not None
    time.sleep(2.5)
    assert fetched(address)[0] == 403


@pytest.mark.parametrize("size", [10, 20 << 20])  # one put, and parts
def test_an_archive_is_tagged_with_what_it_is_of(
    make_site: MakeSite, s3: S3Server, tmp_path: Path, size: int
) -> None:
    boto3 = pytest.importorskip("boto3")
    client = boto3.client("s3", endpoint_url=s3.endpoint, region_name="us-east-1")
    (tmp_path / "a.tif").write_bytes(bytes(size))
    content = Content(files={"a.tif": tmp_path / "a.tif"}, texts={})
    for tags in (True, False):
        settings = {"url": f"s3://{BUCKET}/tags", "tags": tags, "installation": "north 1"}
        site = make_site(results=settings)
        site.service.store.add(new_job(user="u", workspace=f"w{tags}"))
        job = site.service.queue.claim("r")
        assert job is not None
        result = pack(
            job, content, site.service.results, going=lambda: None, expires=1.8e9, partial=False
        )
        said = client.get_object_tagging(Bucket=BUCKET, Key=f"tags/{result.key}")["TagSet"]
        found = {each["Key"]: each["Value"] for each in said}
        expected = {
            "automap:installation": "north 1",
            "automap:job": job.id,
            "automap:user": "u",
            "automap:expires": "2027-01-15",
        }
        assert found == (expected if tags else {})
        site.service.results.delete(result.key)


def test_an_archive_that_breaks_off_is_not_in_the_bucket(s3: S3Server) -> None:
    store = ResultStore(f"s3://{BUCKET}/broken")

    def broken_off() -> None:
        with store.writing("results/j/1/a.zip") as file:
            file.write(b"x" * (12 << 20))
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError):
        broken_off()
    assert store.archives("j") == []


def test_a_file_that_is_gone_is_not_the_bucket_s_fault(s3: S3Server, tmp_path: Path) -> None:
    """Errors of what writes stay what they are."""
    with (
        pytest.raises(FileNotFoundError, match=r"gone\.tif"),
        ResultStore(f"s3://{BUCKET}/broken").writing("results/j/2/a.zip") as file,
    ):
        file.write((tmp_path / "gone.tif").read_bytes())


def test_a_store_that_is_away_is_said_to_be(
    make_site: MakeSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = make_site()
    ask = site.user()
    link = link_of(ask, finished(site, ask))

    monkeypatch.setattr(ResultStore, "signed", away)
    answer = site.app.test_client().get(link, buffered=True)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "60"


def test_links_of_a_job_are_bounded_and_that_of_its_mail_stays(site: Site, clock: Clock) -> None:
    ask = site.user()
    job = finished(site, ask)
    links = []
    for _ in range(130):
        clock.now += 1
        links.append(link_of(ask, job))
    with site.service.database.reading() as connection:
        assert len(connection.execute(select(LINKS.c.hash)).all()) == 100
    works = [ask("GET", link, headers={"Range": "bytes=0-0"}).status_code for link in links]
    assert works == [206] * 10 + [410] * 30 + [206] * 90

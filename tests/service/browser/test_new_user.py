"""The whole story of a new user, in a real browser and with real parts.

A mail server that demands TLS and a password, a bucket of a real S3 server, `automap service run`
with its child processes, real Landsat products: from the one-time password to the same bytes as on
the command line.
"""

from __future__ import annotations

import csv
import io
import re
import shutil
import time
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import fiona
import pytest
import rasterio
import shapely
from playwright.sync_api import Browser, Page, expect
from rasterio.warp import transform

from tests import starts
from tests.jobs.parts import SCENES
from tests.service.browser.conftest import note
from tests.service.conftest import PASSWORD
from tests.service.test_mail import Server, certificate, mail_server
from tests.service.test_story import Running, running
from tests.storage.s3 import BUCKET, S3Server

__all__ = ["certificate", "mail_server"]

pytestmark = pytest.mark.timeout(500)

ANN = "ann@example.org"
WANTED = {
    "--mode": "classification",
    "--satellites": "8",
    "--start": "2018-04-01",
    "--end": "2018-05-31",
    "--description": "my first map",
}


@pytest.fixture
def site(
    tmp_path: Path,
    shared: Path,
    s3: S3Server,
    mail_server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Running]:
    """Results in a bucket, mails by a server of their own."""
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / "service"
    folder.mkdir(mode=0o700)
    mail = "\n".join(f"{key} = {value!r}" for key, value in mail_server.settings.items())
    results = f"url = 's3://{BUCKET}/story'\n"
    (folder / "service.toml").write_text(f"[results]\n{results}[mail]\n{mail}\n")
    with running(folder, str(shared / "data" / SCENES)) as found:
        yield found


@pytest.fixture
def places(shared: Path, tmp_path: Path) -> tuple[Path, Path]:
    """(boundary, samples) as AutoMap's users have them: GeoJSON, and CSV with X, Y and a year."""
    with fiona.open(shared / "data" / "labels" / "gdalcubes_ny_samples.gpkg") as features:
        points = [each["geometry"]["coordinates"][:2] for each in features]
        names = [each["properties"]["class"] for each in features]
        x, y = transform(features.crs_wkt, "EPSG:4326", *zip(*points, strict=True))
    numbers = {name: number for number, name in enumerate(sorted(set(names)), start=1)}
    samples = tmp_path / "points.csv"
    with samples.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["X", "Y", "2018"])
        writer.writerows(zip(x, y, map(numbers.get, names), strict=True))
    boundary = tmp_path / "area.geojson"
    area = shapely.box(min(x) - 0.1, min(y) - 0.1, max(x) + 0.1, max(y) + 0.1)
    boundary.write_text(shapely.to_geojson(area))
    return boundary, samples


def mail(server: Server, subject: str, seconds: float = 60) -> EmailMessage:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for to, message in server.taker.taken:
            if subject in str(message["Subject"]):
                assert to == [ANN]
                return message
        time.sleep(0.1)
    raise AssertionError([str(message["Subject"]) for _, message in server.taker.taken])


def address_in(message: EmailMessage, part: str) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    found = re.search(rf"http\S+{part}\S+", body.get_content())
    assert found is not None
    return found[0]


def log_in(page: Page, password: str) -> None:
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_from_the_first_log_in_to_the_same_bytes_as_on_the_command_line(
    site: Running,
    browser: Browser,
    mail_server: Server,
    places: tuple[Path, Path],
    shared: Path,
    tmp_path: Path,
) -> None:
    boundary, samples = places
    context = browser.new_context(accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(30_000)
    said: list[str] = []
    page.on("console", lambda each: note(said, each))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))

    # the first log-in: the password is good for once
    page.goto(site.address)
    log_in(page, site.first or "")
    page.get_by_label("Old password").fill(site.first or "")
    page.get_by_label("New password").fill(PASSWORD)
    page.get_by_role("button", name="Change").click()
    log_in(page, PASSWORD)

    # an address, confirmed by the link of a mail
    page.get_by_role("link", name="Account").click()
    page.get_by_label("Another address").fill(ANN)
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("not confirmed yet")).to_be_visible()
    page.goto(address_in(mail(mail_server, "is this your address?"), "/confirm/"))
    page.get_by_role("button", name="Yes, send me mails").click()
    expect(page.get_by_role("heading", name="Confirmed")).to_be_visible()

    # files
    page.goto(f"{site.address}/files")
    for path, name, kind in (
        (boundary, "New York", "boundaries"),
        (samples, "points", "samples"),
    ):
        page.locator("#file").set_input_files(path)
        page.locator("#kind").select_option(kind)
        page.locator("#name").fill(name)
        page.get_by_role("button", name="Upload").click()
        expect(page.locator(".file-card h2", has_text=name)).to_be_visible()

    # check and launch
    page.get_by_role("link", name="Launch", exact=True).click()
    page.locator("#mode").select_option("classification")
    page.get_by_label("landsat-8").check()
    page.locator("#start_date").fill(WANTED["--start"])
    page.locator("#end_date").fill(WANTED["--end"])
    page.locator("#boundary").select_option("New York")
    page.locator("#samples").select_option("points")
    page.get_by_label("Description").fill(WANTED["--description"])
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_role("heading", name="What would be done")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Launch").click()
    page.wait_for_url("**/jobs/*")

    # watch it to its end
    expect(page.locator(".badge.successful")).to_be_visible(timeout=240_000)
    expect(page.locator(".phase-names")).to_contain_text("map of landsat-8")
    page.wait_for_selector('[data-rasters][data-shown="landsat-8/classes"]')

    # the mail, and the download behind its link
    message = mail(mail_server, "my first map: successful")
    with page.expect_download() as of_mail:
        page.evaluate("(address) => { location.href = address }", address_in(message, "/r/"))
    archive = tmp_path / "archive.zip"
    of_mail.value.save_as(archive)
    assert of_mail.value.suggested_filename.startswith("my-first-map_classification_20180401_")
    with page.expect_download() as of_page:
        page.get_by_role("link", name="Download").click()
    assert Path(of_page.value.path()).read_bytes() == archive.read_bytes()
    assert said == []
    context.close()

    # the same bytes as on the command line
    with zipfile.ZipFile(io.BytesIO(archive.read_bytes())) as content:
        ours = {name: content.read(name) for name in content.namelist() if name.endswith(".tif")}
    assert {Path(name).name.partition("_")[0] for name in ours} == {"classes", "composite"}
    # maps name the file of their samples; the service calls it by its id
    named = next(data for name, data in ours.items() if "classes" in name)
    with rasterio.MemoryFile(named) as memory, memory.open() as image:
        called = samples.with_name(image.tags()["SAMPLES"])
    shutil.copy(samples, called)
    out = tmp_path / "out"
    words = [word for pair in WANTED.items() for word in pair]
    words += ["--samples", str(called), "--boundary", str(boundary)]
    words += ["--input", str(shared / "data" / SCENES), "--output", str(out)]
    starts.run(["run", *words], starts.RUN, timeout=300).check_returncode()
    for name, data in ours.items():
        assert data == (out / name).read_bytes(), name
    subjects = [str(each["Subject"]) for _, each in mail_server.taker.taken]
    assert len(subjects) == 2  # one of the address, one of the run

"""Maps of what a job has made, for its owner."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np

from automap_service.web.views import maps
from tests.jobs.test_rasters import write
from tests.service.conftest import Site


def test_the_owner_sees_what_is_there_and_nobody_else(site: Site, launched: dict[str, Any]) -> None:
    ann, bob = site.with_files(), site.user("bob")
    job = ann("POST", "/launch", json=launched).json["id"]
    assert ann("GET", f"/jobs/{job}/rasters").json == {"rasters": []}
    found = site.service.store.get(None, job)
    assert found is not None
    folder: Path = site.service.settings.root / "workspaces" / found.workspace / "landsat-8"
    values = np.full((20, 20), 9, np.uint8)
    write(folder / "composite_20180401_20180531_median.tif", 600_000, 4_500_000, values)
    write(folder / "composite_20170401_20170531_median.tif", 600_000, 4_500_000, values)
    name = "landsat-8/composite"
    said = ann("GET", f"/jobs/{job}/rasters").json["rasters"]
    assert said == [{"name": name, "title": "landsat-8 composite"}]
    answer = ann("GET", f"/jobs/{job}/picture?raster={name}")
    head, _, content = answer.json["picture"].partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(content).startswith(b"\x89PNG")
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert ann("GET", f"/jobs/{job}/picture?raster={name}", headers=tag).status_code == 304
    write(folder / "composite_20180401_20180531_median.tif", 600_000, 4_500_000, values[:10])
    assert ann("GET", f"/jobs/{job}/picture?raster={name}", headers=tag).status_code == 200
    for other in ("", "../x", "landsat-8/composite_20170401_20170531_median", "/etc/passwd"):
        assert ann("GET", f"/jobs/{job}/picture?raster={other}").status_code == 404, other
    assert bob("GET", f"/jobs/{job}/rasters").status_code == 404
    assert bob("GET", f"/jobs/{job}/picture?raster={name}").status_code == 404


def test_who_asks_for_a_second_picture_at_a_time_is_told_to_come_back(
    site: Site, launched: dict[str, Any]
) -> None:
    ask = site.with_files()
    job = ask("POST", "/launch", json=launched).json["id"]
    found = site.service.store.get(None, job)
    assert found is not None
    folder = site.service.settings.root / "workspaces" / found.workspace / "landsat-8"
    values = np.full((20, 20), 9, np.uint8)
    write(folder / "composite_20180401_20180531_median.tif", 600_000, 4_500_000, values)
    address = f"/jobs/{job}/picture?raster=landsat-8/composite"
    with maps._turns.of(found.user):
        answer = ask("GET", address)
        assert (answer.status_code, answer.json["pending"]) == (202, True)
    assert ask("GET", address).status_code == 200

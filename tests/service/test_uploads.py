"""Uploads: what is kept of them, and what is refused."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest

from automap_service.uploads.child import surface
from tests.service.conftest import SAMPLES, SQUARE, MakeSite, Site


def put(site: Site, kind: str, data: bytes, name: str = "x") -> Any:
    return site.user()("PUT", f"/files/{kind}/{name}", data=data)


def test_a_boundary_is_kept_normalised(site: Site, shared: Path) -> None:
    districts = shared / "data" / "labels" / "gdalcubes_nycd.gpkg"
    answer = put(site, "boundaries", districts.read_bytes(), "New York.vrt")
    assert answer.status_code == 201, answer.json
    said = answer.json
    assert said["name"] == "New York.vrt"
    assert 700 < said["km2"] < 900  # the city has 778 km² of land
    assert said["bounds"][0] == pytest.approx(-74.26, abs=0.1)
    user = site.service.users.named("ann").id
    (kept,) = (site.service.settings.root / "uploads" / user).iterdir()
    assert kept.name == f"{said['id']}.geojson"
    assert json.loads(kept.read_text())["features"][0]["geometry"]["type"] == "MultiPolygon"
    ask = site.user()
    content = ask("GET", f"/files/boundaries/{said['id']}/content")
    assert content.data == kept.read_bytes()
    assert content.mimetype == "application/geo+json"


def test_a_new_file_of_the_same_name_replaces_the_old_one(site: Site) -> None:
    first = put(site, "boundaries", SQUARE)
    second = put(site, "boundaries", SQUARE.replace(b"40.9", b"41.0"))
    assert (first.status_code, second.status_code) == (201, 200)
    ask = site.user()
    assert [each["id"] for each in ask("GET", "/files").json["files"]] == [second.json["id"]]
    assert ask("GET", f"/files/boundaries/{first.json['id']}").status_code == 404
    user = site.service.users.named("ann").id
    assert len(list((site.service.settings.root / "uploads" / user).iterdir())) == 1


def test_samples_are_counted_and_other_columns_left_out(site: Site) -> None:
    said = put(site, "samples", SAMPLES).json
    assert said["rows"] == 3
    assert said["classes"] == {"2018": {"1": 2, "2": 1}}
    ask = site.user()
    text = ask("GET", "/files/samples/x/content").get_data(as_text=True)
    assert text.splitlines() == ["X,Y,2018", "-74.0,40.7,1", "-73.9,40.8,2", "-73.95,40.65,1"]


VRT = b"""<OGRVRTDataSource><OGRVRTLayer name="a"><SrcDataSource>/etc/passwd</SrcDataSource>
<SrcLayer>a</SrcLayer></OGRVRTLayer></OGRVRTDataSource>"""
WFS = b"""<OGRWFSDataSource><URL>http://127.0.0.1:1/wfs</URL></OGRWFSDataSource>"""
DEEP = b'{"type":"GeometryCollection","geometries":[' * 50_000 + b"]}" * 50_000
FAR = b'{"type":"Polygon","coordinates":[[[0,0],[1e308,0],[1e308,1e308],[0,0]]]}'
LINE = b'{"type":"LineString","coordinates":[[0,0],[1,1]]}'
HUGE = b'{"type":"Polygon","coordinates":[[[-170,-80],[170,-80],[170,80],[-170,80],[-170,-80]]]}'


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("boundaries", VRT),
        ("boundaries", WFS),
        ("boundaries", b"<MRF_META/>"),
        ("boundaries", b"PK\x03\x04"),
        ("boundaries", b"%PDF-1.4"),
        ("boundaries", b"\0" * 1000),
        ("boundaries", b"{"),
        ("boundaries", b'{"type": "FeatureCollection", "features": []}'),
        ("boundaries", DEEP),
        ("boundaries", FAR),
        ("boundaries", LINE),
        ("boundaries", HUGE),
        ("boundaries", b"SQLite format 3\0" + b"\xff" * 5000),
        ("boundaries", b"fgb\x03fgb\0" + b"\xff" * 5000),
        ("boundaries", b""),
        ("samples", b""),
        ("samples", b"\xff\xfe\x00"),
        ("samples", b"a,b\n1,2\n"),
        ("samples", b"X,Y\n1,2\n"),
        ("samples", b"X,Y,2018\n"),
        ("samples", b"X,Y,2018\n181,2,3\n"),
        ("samples", b"X,Y,2018\n1,nan,3\n"),
        ("samples", b"X,Y,2018\n1,2," + b"x" * 101 + b"\n"),
    ],
)
def test_what_is_refused_is_refused_with_words(site: Site, kind: str, data: bytes) -> None:
    answer = put(site, kind, data)
    assert answer.status_code in (400, 413), answer.json
    assert answer.json["detail"]
    assert str(site.service.settings.root) not in answer.get_data(as_text=True)
    assert site.user()("GET", "/files").json["files"] == []
    left = [path for path in (site.service.settings.root / "uploads").rglob("*") if path.is_file()]
    assert left == []


def test_a_line_of_samples_that_is_wrong_is_named(site: Site) -> None:
    answer = put(site, "samples", b"X,Y,2018\n1,2,3\n1,95,3\n")
    (fault,) = answer.json["errors"]
    assert "line 3" in fault["message"]
    assert fault["found"] == "95"


def test_limits_of_size_are_kept_while_it_is_sent(make_site: MakeSite) -> None:
    limits = {
        "boundary_bytes": 2000,
        "boundary_vertices": 4,
        "files": 2,
        "files_bytes": 400,
        "samples_rows": 2,
    }
    site = make_site(limits=limits)
    assert put(site, "boundaries", SQUARE + b" " * 2000).status_code == 413
    ask = site.user()
    chunked = ask(
        "PUT",
        "/files/boundaries/x",
        input_stream=io.BytesIO(SQUARE + b" " * 3000),
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert chunked.status_code == 413
    answer = put(site, "boundaries", SQUARE)
    assert "vertices" in answer.json["detail"]
    assert put(site, "samples", SAMPLES).status_code == 413
    small = b"X,Y,2018\n1,2,3\n"
    assert put(site, "samples", small, "a").status_code == 201
    assert put(site, "samples", small, "b").status_code == 201
    assert put(site, "samples", small, "c").status_code == 409
    assert put(site, "samples", small, "b").status_code == 200


@pytest.mark.parametrize("name", ["a\nb", "a\0b", "x" * 101, " ", "\u202eabc"])
def test_names_that_cannot_be_shown(site: Site, name: str) -> None:
    from urllib.parse import quote

    answer = put(site, "boundaries", SQUARE, quote(name, safe=""))
    assert answer.status_code in (400, 404)
    assert site.user()("GET", "/files").json["files"] == []


@pytest.mark.parametrize("name", ["../../../etc/passwd", "a/b", "..", "Škofja Loka", "%2e%2e"])
def test_names_never_become_paths(site: Site, name: str) -> None:
    from urllib.parse import quote

    before = {path for path in site.service.settings.root.parent.rglob("*") if path.is_file()}
    answer = put(site, "boundaries", SQUARE, quote(name, safe=""))
    user = site.service.users.named("ann").id
    here = site.service.settings.root / "uploads" / user
    after = {path for path in site.service.settings.root.parent.rglob("*") if path.is_file()}
    made = {path for path in after - before if ".sqlite" not in path.name}
    if answer.status_code == 201:
        assert {path.parent for path in made} == {here}
    else:
        assert made == set()


def test_the_child_reads_with_few_rights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from automap_service.uploads import reading

    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    asked: dict[str, Any] = {}

    def spy(*_: Any, **more: Any) -> Any:
        asked.update(more)
        raise FileNotFoundError

    monkeypatch.setattr("subprocess.run", spy)
    with pytest.raises(FileNotFoundError):
        reading.normalise("boundaries", tmp_path / "upload", tmp_path / "out", {})
    assert "AWS_SECRET_ACCESS_KEY" not in asked["env"]
    assert os.environ["AWS_SECRET_ACCESS_KEY"] == "secret"
    assert asked["cwd"] == tmp_path


def test_surface_on_the_sphere() -> None:
    ring = [[0, 0], [90, 0], [90, 89.999999], [0, 89.999999], [0, 0]]
    assert surface({"type": "Polygon", "coordinates": [ring]}) == pytest.approx(
        510_065_623 / 8, rel=1e-4
    )
    hole = [[1, 1], [2, 1], [2, 2], [1, 2], [1, 1]]
    whole = surface({"type": "Polygon", "coordinates": [ring]})
    less = surface({"type": "Polygon", "coordinates": [ring, hole]})
    assert whole - less == pytest.approx(12_360, rel=0.01)


def test_a_child_that_needs_too_much_memory_is_ended_with_words(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("automap_service.uploads.reading._MEMORY", 96 << 20)
    answer = put(site, "boundaries", SQUARE)
    assert answer.status_code == 413
    assert "memory" in answer.json["detail"]

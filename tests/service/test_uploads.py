"""Uploads: what is kept of them, and what is refused."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import fiona
import pytest
from fiona.transform import transform_geom
from shapely import make_valid, union_all
from shapely.geometry import shape

from automap_service.uploads import _reading
from automap_service.uploads._geojson import rewrite
from automap_service.uploads.child import surface
from automap_tiles.errors import ConfigError
from tests.service import warm
from tests.service.conftest import SAMPLES, SQUARE, MakeSite, Site


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child begins with its imports done: for what it says of many files."""

    warm.settle(monkeypatch)


@pytest.fixture
def _warm_children() -> None:
    """Others are read by a child as it is begun for users."""


def put(site: Site, kind: str, data: bytes, name: str = "x") -> Any:
    return site.user()("PUT", f"/files/{kind}/{name}", data=data)


def test_a_boundary_is_kept_normalised(site: Site, shared: Path) -> None:
    districts = shared / "data" / "labels" / "gdalcubes_nycd.gpkg"
    answer = put(site, "boundaries", districts.read_bytes(), "New York.vrt")
    assert answer.status_code == 201, answer.json
    said = answer.json
    assert said["name"] == "New York.vrt"
    assert said["km2"] == pytest.approx(square_kilometres(districts), rel=0.01)
    assert said["bounds"][0] == pytest.approx(-74.26, abs=0.1)
    user = site.service.users.named("ann").id
    (kept,) = (site.service.settings.root / "uploads" / user).iterdir()
    assert kept.name == f"{said['id']}.geojson"
    assert json.loads(kept.read_text())["features"][0]["geometry"]["type"] == "MultiPolygon"
    ask = site.user()
    content = ask("GET", f"/files/boundaries/{said['id']}/content")
    assert content.data == kept.read_bytes()
    assert content.mimetype == "application/geo+json"


def square_kilometres(districts: Path) -> float:
    """Of all features together, in an equal-area projection: the city has 778 km² of land."""
    with fiona.open(districts) as file:
        crs, shapes = file.crs, [feature.geometry for feature in file]
    shapes = [make_valid(shape(transform_geom(crs, "EPSG:6933", each))) for each in shapes]
    return float(union_all(shapes).area) / 1e6


@pytest.mark.usefixtures("forked")
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


@pytest.mark.usefixtures("forked")
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


@pytest.mark.usefixtures("forked")
def test_a_line_of_samples_that_is_wrong_is_named(site: Site) -> None:
    answer = put(site, "samples", b"X,Y,2018\n1,2,3\n1,95,3\n")
    (fault,) = answer.json["errors"]
    assert "line 3" in fault["message"]
    assert fault["found"] == "95"


@pytest.mark.usefixtures("forked")
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


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize("name", ["a\nb", "a\0b", "x" * 101, " ", "\u202eabc"])
def test_names_that_cannot_be_shown(site: Site, name: str) -> None:
    from urllib.parse import quote

    answer = put(site, "boundaries", SQUARE, quote(name, safe=""))
    assert answer.status_code in (400, 404)
    assert site.user()("GET", "/files").json["files"] == []


@pytest.mark.usefixtures("forked")
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
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    asked: dict[str, Any] = {}

    def spy(*_: Any, **more: Any) -> Any:
        asked.update(more)
        raise FileNotFoundError

    monkeypatch.setattr("subprocess.run", spy)
    with pytest.raises(FileNotFoundError):
        _reading.normalise("boundaries", tmp_path / "upload", tmp_path / "out", {})
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
    monkeypatch.setattr("automap_service.uploads._reading._MEMORY", 96 << 20)
    answer = put(site, "boundaries", SQUARE)
    assert answer.status_code == 413
    assert "memory" in answer.json["detail"]


@pytest.fixture
def inner() -> Iterator[tuple[str, list[str]]]:
    """A server that only this machine reaches; (its address, what it was asked for)."""
    asked: list[str] = []

    class Inner(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"EPSG:4326")

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Inner)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("place", ["collection", "feature", "geometry", "alone"])
def test_a_boundary_makes_this_machine_ask_nobody(
    site: Site, inner: tuple[str, list[str]], place: str
) -> None:
    address, asked = inner
    shape, feature = json.loads(SQUARE), {"type": "Feature", "properties": {}}
    crs = {"type": "link", "properties": {"href": f"{address}/a", "url": f"{address}/b"}}
    whole = {"type": "FeatureCollection", "features": [feature]}
    feature["geometry"] = shape
    {"collection": whole, "feature": feature, "geometry": shape, "alone": shape}[place]["crs"] = crs
    answer = put(site, "boundaries", json.dumps(shape if place == "alone" else whole).encode())
    assert (answer.status_code, asked) == (400, [])
    assert "crs" in answer.json["detail"]


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize(
    "crs",
    [
        {"type": "url", "properties": {"url": "http://127.0.0.1:1/"}},
        {"type": "LINK", "properties": {"href": "http://127.0.0.1:1/"}},
        {"type": "name", "properties": {"name": "/vsicurl/http://127.0.0.1:1/"}},
        {"type": "name", "properties": {"name": "/etc/hostname"}},
        {"type": "name", "properties": {"name": "http://127.0.0.1:1/def/crs/EPSG/0/4326"}},
        {"type": "name"},
        "EPSG:4326",
    ],
)
def test_a_crs_that_no_authority_names_is_refused(tmp_path: Path, crs: Any) -> None:
    path = tmp_path / "upload.geojson"
    path.write_text(json.dumps({**json.loads(SQUARE), "crs": crs}))
    with pytest.raises(ConfigError, match="crs"):
        rewrite(path)


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize(
    "name",
    ["EPSG:32618", "urn:ogc:def:crs:EPSG::32618", "http://www.opengis.net/def/crs/EPSG/0/32618"],
)
def test_a_crs_that_an_authority_names_is_used(site: Site, name: str) -> None:
    x, y = 580_000, 4_500_000
    ring = [[x, y], [x + 10_000, y], [x + 10_000, y + 10_000], [x, y + 10_000], [x, y]]
    said = {
        "type": "Polygon",
        "coordinates": [ring],
        "crs": {"type": "name", "properties": {"name": name}},
    }
    answer = put(site, "boundaries", json.dumps(said).encode())
    assert answer.status_code == 201, answer.json
    assert answer.json["km2"] == pytest.approx(100, rel=0.01)
    assert answer.json["bounds"][0] == pytest.approx(-74.05, abs=0.01)


def test_the_child_fetches_nothing_whatever_gdal_is_asked(
    tmp_path: Path, inner: tuple[str, list[str]]
) -> None:
    address, asked = inner
    script = "import fiona, sys\ntry: fiona.open(sys.argv[1])\nexcept fiona.errors.FionaError: pass"
    for environment, is_open in ((None, True), (_reading.environment(tmp_path), False)):
        asked.clear()
        there = f"/vsicurl/{address}/x.geojson"
        subprocess.run([sys.executable, "-c", script, there], env=environment, check=True)
        assert bool(asked) == is_open


def test_one_upload_of_a_user_at_a_time_and_two_of_all(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside, leave = threading.Semaphore(0), threading.Event()

    def slow(_: str, __: Path, out: Path, ___: Any) -> dict[str, Any]:
        inside.release()
        assert leave.wait(20)
        out.write_bytes(SQUARE)
        return {}

    monkeypatch.setattr("automap_service.uploads.files.normalise", slow)
    ann, bob, cid = (site.user(name) for name in ("ann", "bob", "cid"))
    codes: list[int] = []

    def send(ask: Any) -> None:
        codes.append(ask("PUT", "/files/boundaries/x", data=SQUARE).status_code)

    threads = [threading.Thread(target=send, args=(ask,)) for ask in (ann, bob)]
    for thread in threads:
        thread.start()
        assert inside.acquire(timeout=20)
    again = site.user("ann")("PUT", "/files/boundaries/y", data=SQUARE)
    third = cid("PUT", "/files/boundaries/y", data=SQUARE)
    leave.set()
    for thread in threads:
        thread.join()
    assert (again.status_code, third.status_code, codes) == (429, 503, [201, 201])
    assert again.headers["Retry-After"] == third.headers["Retry-After"] == "10"
    assert cid("PUT", "/files/boundaries/y", data=SQUARE).status_code == 201


def sent_form(site: Site, kind: str, data: bytes) -> int:
    """The code of the answer to what a browser sends for a form with a file."""
    lines = (
        "--x",
        'Content-Disposition: form-data; name="kind"',
        "",
        kind,
        "--x",
        'Content-Disposition: form-data; name="file"; filename="ny"',
        "",
        "",
    )
    body = "\r\n".join(lines).encode() + data + b"\r\n--x--\r\n"
    media = "multipart/form-data; boundary=x"
    return int(site.user()("POST", "/upload", data=body, content_type=media).status_code)


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize(("size", "code"), [(1_200_000, 303), (1_550_000, 413), (2_500_000, 413)])
def test_the_form_takes_what_the_page_says(make_site: MakeSite, size: int, code: int) -> None:
    limits = {"boundary_bytes": 1_500_000, "samples_bytes": 10, "body": 200_000}
    data = SQUARE[:-1] + b" " * (size - len(SQUARE)) + b"}"
    assert sent_form(make_site(limits=limits), "boundaries", data) == code


def test_the_fields_of_the_form_are_no_longer_than_any_body(make_site: MakeSite) -> None:
    limits = {"boundary_bytes": 1_500_000, "samples_bytes": 10, "body": 200_000}
    assert sent_form(make_site(limits=limits), "x" * 300_000, SQUARE) == 413


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize(("years", "code"), [(80, 201), (81, 413)])
def test_what_is_told_of_samples_is_bounded(site: Site, years: int, code: int) -> None:
    head = ",".join(["X,Y", *map(str, range(1950, 1950 + years))])
    points = [",".join(["-74.0", "40.7", *[f"{row}"] * years]) for row in range(200)]
    answer = put(site, "samples", "\n".join([head, *points]).encode())
    assert answer.status_code == code
    if code == 201:
        told = answer.json["classes"]
        assert {len(each) for each in told.values()} == {12}
        assert answer.json["more_classes"] == years * (200 - 12)
        page = site.user()("GET", "/files", headers={"Accept": "text/html"})
        assert b"15040 more classes" in page.data


def points(driver: str, path: Path, crs: str = "EPSG:32618", **more: Any) -> bytes:
    """Two samples in New York, in a CRS of their own, with classes of two years."""
    kind = more.get("kind", "Point")
    schema = {"geometry": kind, "properties": {"2018": "int", "2019": "str", "remark": "str"}}
    if "fields" in more:
        schema["properties"] = more["fields"]
    places = [(583_960.0, 4_507_523.0), (593_960.0, 4_517_523.0)]
    with fiona.open(path, "w", driver=driver, crs=crs, schema=schema) as out:
        for number, place in enumerate(places, start=1):
            known = {"2018": number, "2019": "=cmd()", "remark": "x", "name": "y"}
            said = {name: known[name] for name in schema["properties"]}
            shape: Any = {"type": "Point", "coordinates": place}
            if kind == "Polygon":
                x, y = place
                ring = [(x, y), (x + 9, y), (x, y + 9), (x, y)]
                shape = {"type": kind, "coordinates": [ring]}
            out.write({"type": "Feature", "geometry": shape, "properties": said})
    return path.read_bytes()


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize(
    ("driver", "ending"), [("GeoJSON", "geojson"), ("GPKG", "gpkg"), ("FlatGeobuf", "fgb")]
)
def test_samples_may_be_points_of_a_vector_file(
    site: Site, tmp_path: Path, driver: str, ending: str
) -> None:
    said = put(site, "samples", points(driver, tmp_path / f"points.{ending}"))
    assert said.status_code == 201, said.json
    assert said.json["rows"] == 2
    assert said.json["classes"] == {"2018": {"1": 1, "2": 1}, "2019": {"=cmd()": 2}}
    assert said.json["bounds"][:2] == pytest.approx((-74.006, 40.714), abs=1e-3)
    user = site.service.users.named("ann").id
    (kept,) = (site.service.settings.root / "uploads" / user).iterdir()
    rows = list(csv.reader(kept.read_text(encoding="utf-8").splitlines()))
    assert rows[0] == ["X", "Y", "2018", "2019"]
    assert sorted(row[2:] for row in rows[1:]) == [["1", "=cmd()"], ["2", "=cmd()"]]


@pytest.mark.usefixtures("forked")
def test_what_is_given_out_holds_no_formula(site: Site) -> None:
    data = b'X,Y,2018\n-74.0,40.7,"=cmd(""x"")"\n-73.9,40.8,-1\n-73.95,40.65,@x\n-73.9,40.7,+y\n'
    name = put(site, "samples", data).json["id"]
    answer = site.user()("GET", f"/files/samples/{name}/content")
    cells = [row[2] for row in csv.reader(io.StringIO(answer.get_data(as_text=True)))]
    assert cells == ["2018", '\'=cmd("x")', "-1", "'@x", "'+y"]
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert float(answer.get_data(as_text=True).splitlines()[1].split(",")[0]) == -74


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"fields": {"name": "str"}}, "no field of a year"),
        ({"kind": "Polygon"}, "other shapes than points"),
    ],
)
def test_features_that_are_no_samples_are_refused_with_words(
    site: Site, tmp_path: Path, more: dict[str, Any], words: str
) -> None:
    said = put(site, "samples", points("GPKG", tmp_path / "x.gpkg", **more))
    assert said.status_code == 400
    assert words in said.json["detail"]


def features(*shapes: tuple[Any, dict[str, Any]]) -> bytes:
    """GeoJSON, of shapes with properties."""
    each = [{"type": "Feature", "geometry": shape, "properties": said} for shape, said in shapes]
    return json.dumps({"type": "FeatureCollection", "features": each}, ensure_ascii=False).encode()


AREA: dict[str, Any] = {
    "type": "Polygon",
    "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]],
}
POINT: dict[str, Any] = {"type": "Point", "coordinates": [0.5, 0.5]}
AFAR: dict[str, Any] = {"type": "Point", "coordinates": [5, 5]}
TRACK: dict[str, Any] = {"type": "LineString", "coordinates": [[3, 3], [4, 4]]}


@pytest.mark.usefixtures("forked")
@pytest.mark.parametrize(
    ("shapes", "left_out"), [([], None), ([POINT], None), ([AFAR], 1), ([AFAR, TRACK, POINT], 2)]
)
def test_what_has_no_area_is_told_of_a_boundary(
    site: Site, shapes: list[Any], left_out: int | None
) -> None:
    said = put(site, "boundaries", features(*((shape, {}) for shape in [AREA, *shapes])))
    assert said.status_code == 201, said.json
    assert said.json["bounds"] == [0, 0, 1, 1]
    assert said.json.get("left_out") == left_out


@pytest.mark.usefixtures("forked")
def test_samples_without_a_place_are_told(site: Site) -> None:
    said = put(
        site, "samples", features((POINT, {"2018": 1}), (None, {"2018": 2}), (AFAR, {"2018": 3}))
    )
    assert said.status_code == 201, said.json
    assert (said.json["rows"], said.json["left_out"]) == (2, 1)
    assert said.json["classes"] == {"2018": {"1": 1, "3": 1}}


@pytest.mark.usefixtures("forked")
def test_classes_that_cannot_be_read_are_refused(site: Site) -> None:
    data = features((POINT, {"2018": "Äcker", "remark": "ä"}))
    latin = data.decode().encode("latin-1")
    said = put(site, "samples", latin)
    assert said.status_code == 400
    assert "UTF-8" in said.json["detail"]
    assert put(site, "samples", data).json["classes"] == {"2018": {"Äcker": 1}}
    # what is not kept may be written as it likes
    remark = features((POINT, {"2018": "x", "remark": "ä"})).decode().encode("latin-1")
    assert put(site, "samples", remark, "y").status_code == 201


@pytest.mark.usefixtures("forked")
def test_two_columns_of_one_year_are_refused(site: Site) -> None:
    said = put(site, "samples", b"X,Y,2018,2019,2018\n1,2,a,b,c\n")
    assert said.status_code == 400
    assert "more than one column 2018" in said.json["detail"]


def test_a_name_that_a_file_system_took_apart_is_the_same(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """macOS has names in NFD; and an id means its file, whatever another one is called."""
    warm.settle(monkeypatch)
    ask = site.user()
    whole, apart = "Jönköping", "Jo\u0308nko\u0308ping"
    first = ask("PUT", f"/files/boundaries/{apart}", data=SQUARE)
    assert (first.status_code, first.json["name"]) == (201, whole)
    assert ask("PUT", f"/files/boundaries/{whole}", data=SQUARE).status_code == 200
    found = ask("GET", f"/files/boundaries/{apart}")
    assert found.status_code == 200
    number = found.json["id"]
    assert ask("PUT", f"/files/boundaries/{number}", data=SQUARE).status_code == 201
    assert ask("GET", f"/files/boundaries/{number}").json["name"] == whole
    assert ask("DELETE", f"/files/boundaries/{apart}").status_code == 204
    assert ask("GET", f"/files/boundaries/{whole}").status_code == 404

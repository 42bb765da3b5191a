"""What the page Code runs Python with: fetched, pinned, served, or said to be missing."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from automap_service.launcher import pyodide
from automap_tiles import client
from automap_tiles.errors import InputError
from tests.service.conftest import PASSWORD, Site

HTML = {"Accept": "text/html"}


def package(**files: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in files.items():
            about = tarfile.TarInfo(f"package/{name}")
            about.size = len(content)
            archive.addfile(about, io.BytesIO(content))
    return out.getvalue()


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As installed without `make launcher`."""
    monkeypatch.setattr(pyodide, "PACKED", tmp_path / "no")


def lay_out(root: Path) -> Path:
    folder = root / "launcher" / f"pyodide-{pyodide.VERSION}"
    folder.mkdir(parents=True)
    for name in pyodide.FILES:
        (folder / name).write_bytes(name.encode())
    return folder


@pytest.mark.usefixtures("without")
def test_the_page_says_how_to_get_it_and_shows_the_client_all_the_same(site: Site) -> None:
    ask = site.user()
    page = ask("GET", "/code", headers=HTML).get_data(as_text=True)
    assert "automap service launcher --folder DIR" in page
    assert "data-launcher" not in page
    assert "from automap_tiles.client import" in page
    assert ask("GET", "/launcher/pyodide/pyodide.mjs").status_code == 404
    lay_out(site.service.settings.root)
    assert "data-launcher" in ask("GET", "/code", headers=HTML).get_data(as_text=True)
    assert ask("GET", "/launcher/pyodide/pyodide.mjs").data == b"pyodide.mjs"


@pytest.mark.usefixtures("without")
def test_only_its_own_files_are_given_out_with_a_policy_of_their_own(site: Site) -> None:
    lay_out(site.service.settings.root)
    ask = site.user()
    for name, kind in (
        ("worker.js", "text/javascript; charset=utf-8"),
        ("in_browser.py", "text/x-python; charset=utf-8"),
        ("pyodide/pyodide.asm.wasm", "application/wasm"),
    ):
        answer = ask("GET", f"/launcher/{name}")
        assert (answer.status_code, answer.content_type) == (200, kind)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'; script-src 'self' 'wasm-unsafe-eval';" in policy
        assert "unsafe-inline" not in policy
        assert "connect-src localhost/launch localhost/jobs localhost/jobs/ " in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for name in ("pyodide.py", "__init__.py", "..%2fsettings.py", "pyodide/package.json"):
        assert ask("GET", f"/launcher/{name}").status_code == 404, name
    page = ask("GET", "/code", headers=HTML)
    assert "unsafe" not in page.headers["Content-Security-Policy"]


def test_the_client_in_the_browser_is_the_one_of_the_package(site: Site) -> None:
    given = site.user()("GET", "/launcher/client.py").data
    assert given == Path(client.__file__).read_bytes()


def test_who_has_no_right_to_it_gets_neither_page_nor_files(site: Site) -> None:
    site.service.users.add("bob", PASSWORD, ("launch", "api"), one_time=False)
    ask = site.user("bob")
    assert ask("GET", "/launcher/worker.js").status_code == 403
    assert "no right to run scripts" in ask("GET", "/code", headers=HTML).get_data(as_text=True)


def test_it_appears_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyodide, "_download", lambda: package(**{"pyodide.mjs": b"1"}))
    with pytest.raises(KeyError):
        pyodide.fetch(tmp_path / "x")
    assert list((tmp_path / "x").iterdir()) == []
    content = {name: name.encode() for name in pyodide.FILES}
    monkeypatch.setattr(pyodide, "_download", lambda: package(**content, more=b"more"))
    found = pyodide.fetch(tmp_path / "x")
    assert {each.name: each.read_bytes() for each in found.iterdir()} == content
    monkeypatch.setattr(pyodide, "_download", lambda: pytest.fail("it is there"))
    assert pyodide.fetch(tmp_path / "x") == found


def test_another_file_than_the_pinned_one_is_refused() -> None:
    with pytest.raises(InputError, match="is not the pinned file: sha512-"):
        pyodide.check(b"something else")


def test_a_registry_that_is_away_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyodide, "ADDRESS", "http://127.0.0.1:9/pyodide.tgz")
    with pytest.raises(InputError, match="cannot be fetched: "):
        pyodide.fetch(tmp_path / "x")
    assert not (tmp_path / "x").exists()

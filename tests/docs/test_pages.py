"""The pages: put together, every link leads somewhere, every command of them exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from docs.__main__ import outside
from docs.generate import assemble, commands, follow, words
from docs.generate.places import DOCS, ROOT

LINK = re.compile(r"\]\((?!https?:|mailto:|path:|pictures/)([^)\s]+)\)")
FENCE = re.compile(r"^(?:```.*?^```)$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Sphinx reads."""
    return assemble.assemble(tmp_path_factory.mktemp("site") / "source")


def test_links_lead_to_pages_and_headings(site: Path) -> None:
    followed = 0
    for page in sorted(site.rglob("*.md")):
        for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
            name, _, anchor = target.partition("#")
            path = (page.parent / name).resolve() if name else page
            assert path.is_file(), f"{page.relative_to(site)}: {target}"
            if anchor:
                assert anchor in anchors(path), f"{page.relative_to(site)}: {target}"
            followed += 1
    assert followed > 60


def anchors(page: Path) -> set[str]:
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    titles = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_texts_of_the_project_have_one_home(tmp_path: Path) -> None:
    twice = {
        Path("one.md"): "<!-- from: README.md -->",
        Path("two.md"): "<!-- from: README.md -->",
    }
    with pytest.raises(assemble.Broken, match=r"stands in one\.md and in two\.md"):
        assemble._homes(twice)


@pytest.mark.parametrize(
    "line", ["<!-- from: GONE.md -->", "<!-- from: README.md # Gone -->", "<!-- made: gone -->"]
)
def test_a_page_cannot_ask_for_what_is_not_there(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.md").write_text(f"# Page\n\n{line}\n")
    monkeypatch.setattr(assemble, "DOCS", tmp_path / "docs")
    with pytest.raises(assemble.Broken, match=r"page\.md|README\.md"):
        assemble.assemble(tmp_path / "out")


def test_a_link_of_the_project_that_leads_nowhere_is_an_error() -> None:
    with pytest.raises(assemble.Broken, match="leads nowhere"):
        assemble._mended("[x](gone.md)", Path("README.md"), Path("a.md"), {})  # type: ignore[arg-type]


def test_a_section_ends_where_the_next_one_begins() -> None:
    text = "# T\n\n## A\none\n### B\ntwo\n## C\n```\n# no heading\n```\nthree\n"
    assert assemble._section(text, "A", "f") == "\none\n### B\ntwo\n"
    assert assemble._section(text, "C", "f") == "\n```\n# no heading\n```\nthree\n"


PAGES = sorted(DOCS.rglob("*.md"))
SHELL = re.compile(r"^```(?:sh|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(automap [^`]+)`")


def said(page: Path) -> list[str]:
    """Every command of `automap` on a page, in blocks and between words."""
    text = page.read_text(encoding="utf-8")
    lines = [
        line.removeprefix("$ ").strip()
        for block in SHELL.findall(text)
        for line in block.replace("\\\n", " ").splitlines()
    ]
    inline = [" ".join(each.split()) for each in INLINE.findall(SHELL.sub("", text))]
    return [line for line in [*lines, *inline] if line.startswith("automap ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda each: each.stem)
def test_commands_of_the_pages_exist_with_their_options(page: Path) -> None:
    known = {each.name: each.click for each in commands.commands()}
    for line in said(page):
        names = [word for word in shlex.split(line)[1:] if word != "…"]
        name = names[0]
        if isinstance(known.get(name), click.Group) and len(names) > 1:
            name = f"{name} {names[1]}"
        assert name in known, line
        options = {
            spelled for each in known[name].params for spelled in (*each.opts, *each.secondary_opts)
        }
        for word in names:
            if word.startswith("-") and not word.lstrip("-")[:1].isdigit():
                assert word.partition("=")[0] in options, line


def test_texts_that_are_no_markdown_stay_what_they_are() -> None:
    assert words.plain("a_b * <c> {z} --point-crs `x_y`") == (
        r"a\_b \* \<c\> \{z\} `--point-crs` `x_y`"
    )
    assert words.table(("a",), [("x|y",)]) == "| a |\n| --- |\n| x\\|y |"


def test_what_a_page_would_ask_of_others_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<p><a href="https://x.org">x</a><img src="//x.org/i.png">')
    (tmp_path / "b.html").write_text('<script src="_static/a.js"></script><img src="i.png">')
    (tmp_path / "c.css").write_text("@import 'https://x.org/font.css';")
    assert [line.split()[0] for line in outside(tmp_path)] == ["a.html", "c.css"]


def test_python_of_the_pages_can_be_read() -> None:
    for page in PAGES:
        for block in follow.blocks(page):
            if block.language == "python":
                compile(block.text, str(page.relative_to(ROOT)), "exec")

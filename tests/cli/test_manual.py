"""The manual page and the completion of shells, made of the commands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from automap_tiles.cli.main import COMMANDS, automap
from automap_tiles.cli.show.manual import manual_page


def every_option() -> set[str]:
    """The long name of each option that is shown."""
    context = automap.make_context("automap", [], resilient_parsing=True)
    found = set()
    for name in COMMANDS:
        command = automap.get_command(context, name)
        assert command is not None
        for option in command.get_params(click.Context(command, info_name=name, parent=context)):
            if isinstance(option, click.Option) and not option.hidden:
                found.add(max(option.opts, key=len))
    return found


def test_the_manual_has_each_command_and_option() -> None:
    page = CliRunner().invoke(automap, ["man"]).stdout.replace("\\-", "-")
    for name in COMMANDS:
        assert f'.SS "automap {name}"' in page
    assert {option for option in every_option() if option not in page} == set()
    assert '.SS "automap service run"' in page


@pytest.mark.skipif(shutil.which("groff") is None, reason="there is no groff")
def test_the_manual_is_right_roff() -> None:
    done = subprocess.run(
        ["groff", "-Kutf8", "-man", "-Tutf8", "-ww", "-z"],
        input=manual_page(automap).encode(),
        capture_output=True,
        check=True,
    )
    assert done.stderr == b""


def test_what_roff_would_take_for_requests() -> None:
    @click.command(help="Say.\n\n.hidden \\ 'quoted'")
    def say() -> None: ...

    group = click.Group("automap", {"say": say}, help="A group.")
    assert "\n\\&.hidden \\e 'quoted'\n" in manual_page(group)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str) -> None:
    script = CliRunner().invoke(automap, ["completion", shell]).stdout
    assert "_AUTOMAP_COMPLETE" in script
    if shutil.which(shell) is not None:
        subprocess.run([shell, "-n"], input=script.encode(), check=True)


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("cre", {"create"}),
        ("execute --retry", {"--retry-failed"}),
        ("run --mode co", {"composite"}),
        ("service run --fold", {"--folder"}),
    ],
)
def test_what_is_completed(typed: str, expected: set[str]) -> None:
    """As bash asks for it."""
    words = f"automap {typed}"
    done = subprocess.run(
        [sys.executable, "-m", "automap_tiles"],
        env={**os.environ, "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1),
             "_AUTOMAP_COMPLETE": "bash_complete"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = {line.partition(",")[2] for line in done.stdout.splitlines()}
    assert found == expected, re.sub(r"\s+", " ", done.stderr)

"""The tree of commands: complete, and light to ask about."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from automap_tiles.cli.main import COMMANDS, automap, main

HEAVY = ("numpy", "rasterio", "shapely", "pydantic", "fiona", "rich", "tilematrix", "distributed")


def loaded_after(*arguments: str) -> set[str]:
    """Top-level modules in a fresh interpreter after a command line."""
    code = (
        "import json, sys\n"
        "from automap_tiles.cli.main import main\n"
        f"code = main({list(arguments)!r})\n"
        "print(json.dumps([code, sorted({name.partition('.')[0] for name in sys.modules})]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    code_and_names = json.loads(done.stdout.strip().splitlines()[-1])
    assert code_and_names[0] == 0
    return set(code_and_names[1])


@pytest.mark.parametrize("arguments", [["--help"], ["execute", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(arguments: list[str]) -> None:
    assert loaded_after(*arguments).isdisjoint(HEAVY)


@pytest.mark.parametrize("name", COMMANDS)
def test_table_matches_the_commands(name: str) -> None:
    module = importlib.import_module(f"automap_tiles.cli.commands.{COMMANDS[name].module}")
    command: click.Command = module.command
    assert (command.help or "").partition("\n")[0] == COMMANDS[name].summary


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_is_explained(name: str) -> None:
    result = CliRunner().invoke(automap, [name, "--help"])
    assert result.exit_code == 0, result.output
    command = automap.get_command(click.Context(automap), name)
    assert command is not None
    silent = [
        param.name
        for param in command.params
        if isinstance(param, click.Option)
        and not (param.help or param.hidden or param.metavar)
        and not isinstance(param.type, click.Choice)
        and param.default is None
    ]
    assert not silent


def test_all_commands_of_the_package_are_in_the_table() -> None:
    import pkgutil

    from automap_tiles.cli import commands

    found = {module.name for module in pkgutil.iter_modules(commands.__path__)}
    assert found == {entry.module for entry in COMMANDS.values()}


def test_the_examples_keep_their_lines() -> None:
    lines = CliRunner().invoke(automap, ["--help"]).output.splitlines()
    assert [line for line in lines if line.strip().startswith("automap execute")]
    assert not [line for line in lines if "\\b" in line]


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("excute", "Did you mean 'execute'?"),
        ("seve", "Did you mean 'serve'?"),
        ("field.mapchete", "To run a process file: automap execute field.mapchete"),
        ("zzzz", "No such command 'zzzz'."),
    ],
)
def test_words_that_are_no_commands(
    word: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([word]) == 2
    assert capsys.readouterr().err.strip().endswith(told)

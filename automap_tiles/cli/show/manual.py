"""The manual page (man(7)) of a group of commands."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click

from automap_tiles.version import VERSION

_SECTIONS = (
    ("EXIT STATUS", (
        ("0", "all done"),
        ("1", "some tiles failed, or something could not be read or written"),
        ("2", "wrong options or configuration"),
        ("130", "stopped with Ctrl-C"),
    )),
)  # fmt: skip


def manual_page(group: click.Group) -> str:
    """The text of `automap.1`: each command with its arguments and options."""
    return "\n".join(_lines(group)) + "\n"


def _lines(group: click.Group) -> Iterator[str]:
    yield f'.TH AUTOMAP 1 "" "automap {VERSION}" "User Commands"'
    yield ".SH NAME"
    yield f"automap \\- {_text(_first(group))}"
    yield ".SH SYNOPSIS"
    yield ".B automap"
    yield "COMMAND [OPTIONS] [ARGS]..."
    yield ".SH COMMANDS"
    context = group.make_context("automap", [], resilient_parsing=True)  # with its own settings
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None:
            yield from _command(command, click.Context(command, info_name=name, parent=context))
    for head, rows in _SECTIONS:
        yield f".SH {head}"
        for term, text in rows:
            yield from (".TP", f".B {term}", _text(text))


def _command(command: click.Command, context: click.Context) -> Iterator[str]:
    yield f'.SS "{_text(context.command_path)}"'
    usage = " ".join(command.collect_usage_pieces(context))
    yield from (f".B {_text(context.command_path)}", _text(usage))
    for paragraph in (command.help or "").split("\n\n"):
        yield ".PP"
        yield from _paragraph(paragraph)
    for option in command.get_params(context):
        record = option.get_help_record(context)
        if record is not None and record[1]:
            yield from (".TP", f".B {_text(record[0])}", _text(" ".join(record[1].split())))
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None:
                yield from _command(below, click.Context(below, info_name=name, parent=context))


def _paragraph(text: str) -> Iterator[str]:
    """As it is where it is marked for that, else filled."""
    lines = text.strip().splitlines()
    if lines and lines[0].strip() == "\b":
        yield ".nf"
        yield from (_text(line.strip()) for line in lines[1:])
        yield ".fi"
    else:
        yield _text(" ".join(line.strip() for line in lines))


def _first(command: click.Command) -> str:
    return (command.help or "").strip().splitlines()[0].rstrip(".")


def _text(text: str) -> str:
    """Without what roff takes for a request of its own."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    return re.sub(r"^([.'])", r"\\&\1", escaped)

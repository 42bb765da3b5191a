"""A page for each command, made of click's own tree."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import click

from automap_tiles.cli.main import COMMANDS, automap
from docs.generate.words import paragraphs, plain, table


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command, or one below another."""

    name: str
    """As it is typed after `automap`, such as `service run`."""
    click: click.Command


def commands() -> Iterator[Command]:
    """All of them, those below a command behind it."""
    context = automap.make_context("automap", [], resilient_parsing=True)
    for name in COMMANDS:
        found = automap.get_command(context, name)
        if found is None:
            raise LookupError(name)
        yield from _below(name, found, context)


def _below(name: str, command: click.Command, above: click.Context) -> Iterator[Command]:
    yield Command(name=name, click=command)
    if isinstance(command, click.Group):
        context = click.Context(command, info_name=name, parent=above)
        for each in command.list_commands(context):
            found = command.get_command(context, each)
            if found is not None:
                yield from _below(f"{name} {each}", found, context)


def options(command: Command) -> list[click.Option]:
    """What may be given; those that are hidden as well are not."""
    return [
        each for each in command.click.params if isinstance(each, click.Option) and not each.hidden
    ]


def page(command: Command) -> str:
    """Markdown: usage, what it does, each option with its values and default."""
    above = automap.make_context("automap", [], resilient_parsing=True)
    context = click.Context(command.click, info_name=command.name, parent=above)
    usage = " ".join([context.command_path, *command.click.collect_usage_pieces(context)])
    parts = [
        f"# automap {command.name}",
        f"```text\n{usage}\n```",
        paragraphs(command.click.help or ""),
        f":::{{program}} automap {command.name}\n:::",
    ]
    found = options(command)
    if found:
        parts.append("## Options")
        parts += [_option(each, context) for each in found]
    return "\n\n".join(part for part in parts if part) + "\n"


def _option(option: click.Option, context: click.Context) -> str:
    record = option.get_help_record(context)
    text = "" if record is None else record[1]
    value = "" if option.is_flag or option.count else f" {option.make_metavar(context)}"
    spelled = [*option.opts, *option.secondary_opts]
    title = ", ".join(f"{name}{value}" for name in spelled)
    return f"::::{{option}} {title}\n{plain(' '.join(text.split()))}\n::::"


def overview() -> str:
    """All commands with their line."""
    rows = [
        (f"[`automap {name}`](commands/{slug(name)}.md)", plain(entry.summary))
        for name, entry in COMMANDS.items()
    ]
    return table(("command", "what it does"), rows)


def slug(name: str) -> str:
    """Name of the file of a page."""
    return name.replace(" ", "-")

"""`automap run --wizard`: asks for what a run needs and writes it down as an order file."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import click

from automap_tiles.cli.options.order_file import WithOrderFile, as_order_file, at_home
from automap_tiles.errors import AutomapError, ConfigError

_MODES = ("download", "composite", "classification")


class _Question(NamedTuple):
    """What is asked, and how an answer is looked at."""

    word: str
    """Of the option."""
    text: str
    check: Callable[[str, dict[str, str]], None]
    """Raises `AutomapError` for an answer that cannot be; sees the answers before it."""
    default: str | None = None
    modes: tuple[str, ...] = _MODES
    is_path: bool = False


wizard_option = click.option(
    "--wizard",
    is_flag=True,
    expose_value=False,
    help="Ask for what is needed and not given, write it to an order file, and check it.",
)


class WithWizard(WithOrderFile):
    """A command whose options may be asked for."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        said, _, _ = self.make_parser(ctx).parse_args(args=list(args))
        given = {name: value for name, value in said.items() if isinstance(value, str | bool)}
        if not given.get("wizard") or given.get("help") or ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        if "order_file" in given:
            raise click.UsageError("--wizard writes an order file: give none, or leave it out.")
        answers = _asked({name: str(value) for name, value in given.items()})
        ctx.default_map = {word.replace("-", "_"): text for word, text in answers.items() if text}
        rest = super().parse_args(ctx, args)
        click.echo(f"Run it with: automap run {shlex.quote(str(_written(ctx)))}")
        if not ctx.params["check"]:
            if not click.confirm("Check it now? Nothing is fetched or written", default=True):
                ctx.exit(0)
            ctx.params["check"] = True
        return rest


def _asked(given: dict[str, str]) -> dict[str, str]:
    """Answers to all that is not given, by the words of the options."""
    answers: dict[str, str] = {}
    for question in _QUESTIONS:
        name = question.word.replace("-", "_")
        mode = given.get("mode") or answers.get("mode", "download")
        if name not in given and (question.word == "mode" or mode in question.modes):
            answers[question.word] = _answer(question, {**given, **answers})
    return answers


def _written(context: click.Context) -> Path:
    """The path of the file with all options that are chosen; asked for until it can be written."""
    default: str | None = "order.yaml"
    while True:
        path = at_home(click.prompt("Write the answers to", default=default))
        default = None
        if path.is_file() and not click.confirm(f"{path} is there already; replace it?"):
            continue
        text = as_order_file(context, str(path.parent.absolute()))
        try:
            path.write_text(f"{_HEAD}\n{text}", encoding="utf-8")
        except OSError as error:
            click.echo(f"Error: {path} cannot be written: {error.strerror}")
            continue
        click.echo(f"Wrote {path}.")
        return path


def _answer(question: _Question, before: dict[str, str]) -> str:
    """An answer that can be; what is wrong with another is said, and it is asked again."""

    def looked_at(text: str) -> str:
        text = text.strip()
        if question.is_path and text.startswith("~"):
            text = str(at_home(text))
        try:
            question.check(text, before)
        except AutomapError as error:
            raise click.UsageError(str(error)) from error
        return text

    found: str = click.prompt(question.text, default=question.default, value_proc=looked_at)
    return found


_HEAD = "# automap run --wizard; automap run --help tells what else may stand here"


def _any(text: str, before: dict[str, str]) -> None:
    pass


def _mode(text: str, before: dict[str, str]) -> None:  # noqa: ARG001
    if text not in _MODES:
        raise ConfigError("is not a mode", found=text, remedy=", ".join(_MODES))


def _satellites(text: str, before: dict[str, str]) -> None:  # noqa: ARG001
    from automap_tiles.cli.options.scenes import words
    from automap_tiles.missions import parse_satellites

    parse_satellites(list(words(text)))


def _start(text: str, before: dict[str, str]) -> None:  # noqa: ARG001
    from automap_tiles.workflows.automap.parameters import parse_day

    parse_day("start", text)


def _end(text: str, before: dict[str, str]) -> None:
    from automap_tiles.workflows.automap.parameters import parse_dates

    parse_dates(before["start"], text)


def _boundary(text: str, before: dict[str, str]) -> None:  # noqa: ARG001
    from automap_tiles.vector import describe

    describe(text)


def _samples(text: str, before: dict[str, str]) -> None:  # noqa: ARG001
    if not Path(text).is_file():
        raise ConfigError("there is no such file", found=text, remedy="a CSV or a vector file")


def _input(text: str, before: dict[str, str]) -> None:  # noqa: ARG001
    from automap_tiles.errors import ConfigError
    from automap_tiles.scenes.catalogue.providers import PROVIDERS

    names = [provider.name for provider in PROVIDERS]
    if "://" not in text and text not in names and not Path(text).exists():
        raise ConfigError(
            "is neither here nor a catalogue", found=text, remedy=f"a path, {', '.join(names)}"
        )


def _clouds(text: str, before: dict[str, str]) -> None:  # noqa: ARG001
    try:
        right = 0 <= float(text) <= 100
    except ValueError:
        right = False
    if not right:
        raise ConfigError("is not a percentage", found=text, remedy="0 to 100")


def _statistics(text: str, before: dict[str, str]) -> None:  # noqa: ARG001
    from automap_tiles.cli.options.scenes import words
    from automap_tiles.workflows.automap.parameters import parse_statistics

    parse_statistics(words(text))


_QUESTIONS = (
    _Question("mode", "What shall be made: download, composite or classification", _mode,
              "composite"),
    _Question("satellites", "Satellites, such as sentinel-2, landsat or 2,landsat", _satellites,
              "sentinel-2"),
    _Question("start", "First day, such as 2024-05-01", _start),
    _Question("end", "Last day", _end),
    _Question("boundary", "Area: GeoJSON or another vector file", _boundary, is_path=True),
    _Question("input", "Scenes: a folder of products, or earth-search, planetary-computer, usgs",
              _input, "earth-search", is_path=True),
    _Question("max-cloud-cover", "Leave out scenes with more clouds than, per cent", _clouds,
              "60"),
    _Question("statistics", "Of all dates: median, mean, max_ndvi …", _statistics, "median",
              ("composite", "classification")),
    _Question("samples", "Samples: points or polygons of known class", _samples, None,
              ("classification",), is_path=True),
    _Question("output", "Folder for the results", _any, "out", is_path=True),
)  # fmt: skip

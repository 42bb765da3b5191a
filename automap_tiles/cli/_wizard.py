"""`automap run --wizard`: asks for what a run needs and writes it down as an order file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click

from automap_tiles.cli.options.order_file import options_in
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


def wizard_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--wizard`; the answers stand in for options that are not given."""
    return click.option(
        "--wizard",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_ask,
        help="Ask for what is needed, write it to an order file, and check it.",
    )(function)


def _ask(context: click.Context, parameter: click.Parameter, wanted: bool) -> None:  # noqa: ARG001
    if not wanted or context.resilient_parsing:
        return
    answers: dict[str, str] = {}
    for question in _QUESTIONS:
        if answers.get("mode", "download") in question.modes or not answers:
            answers[question.word] = _answer(question, answers)
    path = Path(click.prompt("Write the answers to", default="order.yaml"))
    while path.exists() and not click.confirm(f"{path} is there already; replace it?"):
        path = Path(click.prompt("Write the answers to"))
    try:
        path.write_text("".join(_lines(answers)), encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{path} cannot be written: {error.strerror}") from error
    click.echo(f"Wrote {path}. Run it with: automap run {path}")
    if not click.confirm("Check it now? Nothing is fetched or written", default=True):
        context.exit(0)
    context.default_map = {**options_in(path, context.command), "check": True}


def _answer(question: _Question, before: dict[str, str]) -> str:
    """An answer that can be; what is wrong with another is said, and it is asked again."""

    def looked_at(text: str) -> str:
        text = text.strip()
        try:
            question.check(text, before)
        except AutomapError as error:
            raise click.UsageError(str(error)) from error
        return text

    found: str = click.prompt(question.text, default=question.default, value_proc=looked_at)
    return found


def _lines(answers: dict[str, str]) -> Iterator[str]:
    import json

    yield "# automap run --wizard; automap run --help tells what else may stand here\n"
    for word, text in answers.items():
        if text:  # JSON is YAML, and quotes what YAML might take for something else
            yield f"{word}: {json.dumps(text, ensure_ascii=False)}\n"


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
    _Question("boundary", "Area: GeoJSON or another vector file", _boundary),
    _Question("input", "Scenes: a folder of products, or earth-search, planetary-computer, usgs",
              _input, "earth-search"),
    _Question("max-cloud-cover", "Leave out scenes with more clouds than, per cent", _clouds,
              "60"),
    _Question("statistics", "Of all dates: median, mean, max_ndvi …", _statistics, "median",
              ("composite", "classification")),
    _Question("samples", "Samples: points or polygons of known class", _samples, None,
              ("classification",)),
    _Question("output", "Folder for the results", _any, "out"),
)  # fmt: skip

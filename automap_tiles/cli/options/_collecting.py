"""Many options of a command as one argument."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, TypeVar

Choices = TypeVar("Choices")


def collecting(
    function: Callable[..., Any],
    options: Sequence[Callable[..., Any]],
    argument: str,
    choices: type[Choices],
    check: Callable[[Choices], None] = lambda _: None,
) -> Callable[..., Any]:
    """Add options to a command, which receives them as one dataclass under `argument`.

    The fields of the dataclass are called as the options are; `check` sees it first and raises
    `click.UsageError` for what does not go together.
    """
    names = [field.name for field in fields(choices)]  # type: ignore[arg-type]

    @functools.wraps(function)
    def collect(**values: Any) -> Any:
        chosen = choices(**{name: values.pop(name) for name in names})
        check(chosen)
        return function(**{argument: chosen}, **values)

    decorated: Callable[..., Any] = collect
    for option in reversed(options):
        decorated = option(decorated)
    return decorated

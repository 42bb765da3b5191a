"""Cooperative cancellation: long work checks regularly whether it should stop.

As with `notes`, who runs a piece of work stands around it, with `stopping`, and steps deep below
ask with `raise_if_stopped` at places where nothing of theirs is half done.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import ParamSpec, Protocol, TypeVar

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")

_ASK_SECONDS = 0.1


class StopToken(Protocol):
    """Asked now and then by whoever works; a `threading.Event` is one."""

    def is_set(self) -> bool:
        """Whether the work shall end now. All that is done is kept."""
        ...


class Never:
    """The token of those who do not stop."""

    def is_set(self) -> bool:
        return False


NEVER = Never()


class Either:
    """Set when one of two tokens is."""

    def __init__(self, one: StopToken, other: StopToken) -> None:
        self._both = one, other

    def is_set(self) -> bool:
        return any(token.is_set() for token in self._both)


class Stopped(BaseException):
    """The work was ended from outside; all that is done is kept.

    No `Exception`, as `KeyboardInterrupt` is none: nothing has failed, and nobody may take it for
    the failure of a scene or a file.
    """


_token: ContextVar[StopToken] = ContextVar("stop", default=NEVER)


@contextmanager
def stopping(token: StopToken) -> Iterator[None]:
    """Let the steps inside of the block ask this token, in this thread.

    Never leave one open over a `yield` of a generator: the caller would be inside of it.
    """
    before = _token.set(token)
    try:
        yield
    finally:
        _token.reset(before)


def raise_if_stopped() -> None:
    """Raise `Stopped` when the work that this is part of shall end."""
    if _token.get().is_set():
        raise Stopped


def is_stopped() -> bool:
    """Whether the work that this is part of shall end, for those who cannot raise."""
    return _token.get().is_set()


def until_stopped(work: Callable[[], _Result], token: StopToken, *, grace: float) -> _Result:
    """Do some work in a thread of its own, so that it can be left in the middle of one long call.

    When it shall end, or at an interrupt, it has `grace` seconds to come to a place where it asks;
    then it is given up: raises `Stopped`. What it reads or reckons goes on in its thread and nobody
    takes it; before what it writes appears it asks once more.
    """
    left, ended = threading.Event(), threading.Event()
    results: list[_Result] = []
    errors: list[BaseException] = []
    context = copy_context()  # what is told there is collected here

    def go() -> None:
        try:
            with stopping(Either(token, left)):
                results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            errors.append(error)
        finally:
            ended.set()

    thread = threading.Thread(target=context.run, args=(go,), name="until stopped", daemon=True)
    thread.start()
    try:
        while not ended.wait(_ASK_SECONDS) and not token.is_set():
            pass
    finally:
        left.set()
        has_ended = ended.wait(grace)
    if not has_ended:
        raise Stopped
    if errors:
        raise errors[0]
    return results[0]


def sleep(seconds: float) -> None:
    """Wait; raises `Stopped` as soon as the work shall end."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        raise_if_stopped()
        time.sleep(min(_ASK_SECONDS, left))


def carried(function: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """The function, asking the token of this thread also where another one calls it."""
    token = _token.get()

    def call(*args: _Given.args, **more: _Given.kwargs) -> _Result:
        with stopping(token):
            return function(*args, **more)

    return call

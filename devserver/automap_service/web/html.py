"""What addresses of the API show to people: `create_app` says which pages, the API knows none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, Response, current_app

from automap_service.problems import Problem
from automap_tiles.jobs import Job

_EXTENSION = "automap-service-html"


@dataclass(frozen=True, kw_only=True)
class Html:
    """Pages by what the API answers at the same address."""

    home: Callable[[], Response]
    orders: Callable[[], Response]
    dashboard: Callable[[Job], Response]
    files: Callable[[], Response]
    problem: Callable[[Problem], Response]


def show(app: Flask, pages: Html) -> None:
    """Have an application show these pages."""
    app.extensions[_EXTENSION] = pages


def html() -> Html:
    """The pages of the application that is asked."""
    found: Html = current_app.extensions[_EXTENSION]
    return found

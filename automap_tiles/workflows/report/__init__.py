"""Reports as one self-contained HTML file, or as JSON."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable, Generator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeAlias

from automap_tiles.errors import AutomapError, ConfigError, InputError
from automap_tiles.stopping import Stopped
from automap_tiles.storage import Address

if TYPE_CHECKING:
    from automap_tiles.workflows._order import Order
    from automap_tiles.workflows.events import Event, Serialisable
    from automap_tiles.workflows.report._run_log import RunLog

PlaceOf: TypeAlias = "Callable[[Serialisable | None], Address | None]"
_log = logging.getLogger(__name__)
_PAGES = (".html", ".htm")


def check_name(path: Path | Address) -> None:
    """Validate the suffix of a report's name; raises `ConfigError`, `MissingExtra`."""
    suffix = _ending(path)
    if suffix not in (*_PAGES, ".json"):
        raise ConfigError(
            "is neither HTML nor JSON",
            str(path),
            key="--report",
            remedy="a name ending in .html or .json",
        )
    if suffix in _PAGES:
        from automap_tiles.workflows.report._page import environment

        environment()


def write_training(report: Mapping[str, Any], path: Path | Address) -> None:
    """Write the result of `workflows.train.report_of`."""
    if _ending(path) in _PAGES:
        from automap_tiles.workflows.report._training import page

        _put(page(report), path)
    else:
        _put(_json(report), path)


def write_assessment(report: Mapping[str, Any], path: Path | Address) -> None:
    """Write the result of `Assessment.to_dict`."""
    if _ending(path) in _PAGES:
        from automap_tiles.workflows.report._assessment import page

        _put(page(report), path)
    else:
        _put(_json(report), path)


def following(events: Generator[Event], order: Order, place: PlaceOf) -> Generator[Event]:
    """The events of a run; its report is written before the last of them.

    It is also written if the run fails, is interrupted or its stream is closed, up to that point.
    `place` returns the path, given the outcome or None without one; None for no report. A run that
    is rejected before doing anything has none. Raises `OutputError`.
    """
    from automap_tiles.workflows.events import Finished
    from automap_tiles.workflows.report._run_log import RunLog

    story = RunLog(order.to_json())
    with contextlib.closing(events):
        try:
            for event in events:
                story.add(event)
                if isinstance(event, Finished):
                    _write_page(story, place(event.outcome))
                yield event
        except BaseException as error:
            if not _is_refused(story, error) and story.ended is None:
                story.break_off(_reason(error))
                try:
                    _write_page(story, place(None))
                except AutomapError as lost:  # the error of the run takes precedence
                    _log.warning("the report of the run: %s", lost)
            raise


def _write_page(story: RunLog, address: Address | None) -> None:
    from automap_tiles.workflows.report._run_page import run_page

    if address is not None:
        address.write(run_page(story).encode())


def _is_refused(story: RunLog, error: BaseException) -> bool:
    """Whether a run fails because of its input, with nothing done yet."""
    by_its_input = isinstance(error, ConfigError | InputError)
    return not story.has_begun or (by_its_input and not story.has_done_something)


def _reason(error: BaseException) -> str:
    if isinstance(error, GeneratorExit | KeyboardInterrupt | Stopped):
        return "interrupted"
    return str(error) or type(error).__name__


def _json(report: Mapping[str, Any]) -> str:
    return json.dumps(report, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def check_page(path: str) -> Address:
    """Path of the report of a run; raises `ConfigError` unless it is an HTML name."""
    address = Address.of(path)
    if _ending(address) not in _PAGES:
        raise ConfigError("is not HTML", path, key="--report", remedy="a name ending in .html")
    return address


def _put(content: str, path: Path | Address) -> None:
    check_name(path)
    Address.of(path).write(content.encode())


def _ending(path: Path | Address) -> str:
    return PurePosixPath(path.name).suffix.lower()

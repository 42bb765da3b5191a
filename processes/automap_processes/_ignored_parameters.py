"""Report parameters that have no effect in combination with the others."""

from __future__ import annotations

from automap_processes._types import Matching
from automap_tiles import Fate, Note, Subject, tell

_FOLDERS = "a folder of tiles is read at the zoom that fits"


def report_ignored(reason: str, remedy: str, **given: bool) -> None:
    """Tell of parameters by their names, those that are given."""
    names = [f"process_parameters.{name}" for name, is_given in given.items() if is_given]
    if names:
        tell(
            Note(
                fate=Fate.IGNORED,
                subject=Subject.OPTIONS,
                count=len(names),
                examples=tuple(names),
                reason=reason,
                remedy=remedy,
            )
        )


def check_matching(
    td_matching_method: Matching = "gdal",
    td_matching_max_zoom: int | None = None,
    td_matching_precision: int = 8,
    td_fallback_to_higher_zoom: bool = False,
) -> None:
    """Tell of mapchete's parameters for folders of tiles where they ask for something.

    It is the `check_parameters` of processes that accept them.
    """
    report_ignored(
        _FOLDERS,
        "max_zoom under the input, for the finest zoom that the folder has",
        td_matching_method=td_matching_method != "gdal",
        td_matching_max_zoom=td_matching_max_zoom is not None,
        td_matching_precision=td_matching_precision != 8,
        td_fallback_to_higher_zoom=td_fallback_to_higher_zoom,
    )

"""Options of the commands that start from scenes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import click

from automap_tiles.cli.options._collecting import collecting
from automap_tiles.cli.options.common import (
    CONCURRENCIES,
    dask_scheduler_option,
    parsed_by,
    workers_option,
)
from automap_tiles.workflows.execution import Concurrency


@dataclass(frozen=True, kw_only=True)
class SceneOptions:
    """As given at the command line."""

    satellites: tuple[str, ...]
    start: str
    end: str
    boundary: str
    input: str
    output: str
    max_cloud_cover: float | None
    masker: str | None
    project_shadow: bool
    require_mask: bool
    brdf: bool
    description: str
    check: bool
    overwrite: bool
    workers: int | None
    concurrency: Concurrency
    dask_scheduler: str | None
    log_format: str
    progress: bool
    verbose: bool

    @property
    def said(self) -> dict[str, Any]:
        """What of it belongs to an order."""
        shown = ("check", "log_format", "progress", "verbose")
        return {name: value for name, value in asdict(self).items() if name not in shown}


def words(text: str) -> tuple[str, ...]:
    """`cloud, cirrus`: names between commas, each once."""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


_OPTIONS = (
    click.option(
        "--satellites",
        required=True,
        callback=parsed_by(words),
        metavar="SET",
        help="Digits, names or groups: 2578, landsat, 2,landsat, sentinel, all.",
    ),
    click.option("--start", required=True, metavar="DATE", help="First day, such as 2018-04-01."),
    click.option("--end", required=True, metavar="DATE", help="Last day, after the first."),
    click.option(
        "--boundary",
        required=True,
        metavar="FILE",
        help="GeoJSON or another vector file: the union of all its shapes is the area.",
    ),
    click.option(
        "-i",
        "--input",
        required=True,
        metavar="FOLDER|STAC",
        help="Folder or archive of products, here or at s3://…; STAC file, address of a STAC API, "
        "or earth-search, planetary-computer, usgs.",
    ),
    click.option(
        "-o",
        "--output",
        required=True,
        metavar="FOLDER",
        help="Where the results go: here, or in an object store (s3://…, gs://…, az://…).",
    ),
    click.option(
        "--max-cloud-cover",
        type=click.FloatRange(0, 100),
        metavar="PERCENT",
        help="Leave out scenes with more clouds.",
    ),
    click.option(
        "--masker",
        metavar="NAME",
        help="Make the masks of clouds from the bands, in place of the scenes' own: csmask (clouds "
        "and shadows, all satellites) or s2cloudless (clouds, Sentinel-2 Level-1C).",
    ),
    click.option(
        "--project-shadow",
        is_flag=True,
        help="Look for the shadows of clouds: for masks that have none.",
    ),
    click.option(
        "--require-mask",
        is_flag=True,
        help="Refuse scenes that lack a requested mask; by default they are used and reported.",
    ),
    click.option(
        "--brdf",
        is_flag=True,
        help="Reflectance as seen from straight above, by the angles of each product: orbits and "
        "their edges show no more.",
    ),
    click.option("--description", default="", metavar="TEXT", help="To find the run again."),
    click.option("--check", is_flag=True, help="Check everything, print what would run, and stop."),
    click.option(
        "--overwrite",
        is_flag=True,
        help="Make anew what this mode ends with: download the scenes, composite the composites "
        "(of the scenes that are there), classification the models and maps.",
    ),
    workers_option,
    click.option(
        "--concurrency",
        type=click.Choice(CONCURRENCIES),
        default="processes",
        show_default=True,
        help="What the workers are, of scenes, samples and tiles alike.",
    ),
    dask_scheduler_option,
    click.option(
        "--log-format",
        type=click.Choice(("text", "json")),
        default="text",
        show_default=True,
        help="json: one JSON object per line on stderr.",
    ),
    click.option("--progress/--no-progress", default=True, help="Show progress.  [default: yes]"),
    click.option(
        "-v", "--verbose", is_flag=True, help="One line per scene and tile; all that is set aside."
    ),
)


def scene_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options; the command receives one `what: SceneOptions`."""
    return collecting(function, _OPTIONS, "what", SceneOptions)


satellites_option = click.option(
    "--satellites",
    callback=parsed_by(words),
    help="As in automap run.  [default: all that are there]",
)
time_option = click.option(
    "--time", metavar="FROM/TO", help="Days, months or years.  [default: all]"
)
cloud_cover_option = click.option(
    "--max-cloud-cover", type=click.FloatRange(0, 100), help="Per cent of a scene."
)
"""Which scenes of a place are looked at: the same words of all commands that ask."""

"""Options of the commands that start from scenes: `run` and `download`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from automap_tiles.cli.collecting import collecting

if TYPE_CHECKING:
    from automap_tiles.commands.run.parameters import RunParameters
    from automap_tiles.scenes.masks import Making


@dataclass(frozen=True, kw_only=True)
class SceneOptions:
    """As given at the command line."""

    satellites: str
    start: str
    end: str
    boundary: str
    source: str
    output: str
    max_cloud_cover: float | None
    masker: str | None
    project_shadow: bool
    require_mask: bool
    description: str
    check: bool
    overwrite: bool
    workers: int | None
    log_format: str
    progress: bool
    verbose: bool

    def parameters(
        self, mode: str, statistics: str, mask: str, provenance: str = "valid_count"
    ) -> RunParameters:
        """All rules of a run applied; raises `ConfigError`."""
        from automap_tiles.commands.run import parameters as rules
        from automap_tiles.errors import ConfigError
        from automap_tiles.scenes.masks import parse_flags
        from automap_tiles.storage import is_remote

        if is_remote(self.output):
            raise ConfigError("must be a folder of this machine", key="output", found=self.output)
        _check_writable(Path(self.output))
        flags = tuple(name.strip() for name in mask.split(",") if name.strip())
        parse_flags(flags)
        names = rules.parse_statistics(statistics)
        return rules.RunParameters(
            mode=rules.parse_mode(mode),
            satellites=rules.satellites_of(self.satellites),
            period=rules.parse_dates(self.start, self.end),
            area=rules.boundary_area(self.boundary),
            source=self.source,
            output=Path(self.output).absolute(),
            statistics=names,
            provenance=rules.parse_provenance(provenance, names),
            mask=flags,
            making=self._making(),
            require_mask=self.require_mask,
            max_cloud_cover=self.max_cloud_cover,
            description=self.description,
        )

    def _making(self) -> Making:
        from automap_tiles.scenes.maskers import Masking
        from automap_tiles.scenes.masks import Making

        masking = None if self.masker is None else Masking(name=self.masker)
        if masking is not None:
            masking.check([])  # that it is installed
        return Making(masking=masking, project_shadow=self.project_shadow)


def _check_writable(output: Path) -> None:
    """Raise `ConfigError` now rather than when the first scene is fetched."""
    import os

    from automap_tiles.errors import ConfigError

    absolute = output.absolute()
    there = next(path for path in (absolute, *absolute.parents) if path.exists())
    if not there.is_dir():
        raise ConfigError("is no folder", key="output", found=str(there))
    if not os.access(there, os.W_OK | os.X_OK):
        raise ConfigError("must not be written to", key="output", found=str(there))


_OPTIONS = (
    click.option(
        "--satellites",
        required=True,
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
        "source",
        required=True,
        metavar="FOLDER|STAC",
        help="Folder or archive of products; STAC file, address of a STAC API, or earth-search, "
        "planetary-computer, usgs.",
    ),
    click.option("-o", "--output", required=True, metavar="FOLDER", help="Where the results go."),
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
        help="Refuse scenes that have no mask of what is to be masked; by default that is told.",
    ),
    click.option("--description", default="", metavar="TEXT", help="To find the run again."),
    click.option("--check", is_flag=True, help="Check everything, print what would run, and stop."),
    click.option(
        "--overwrite",
        is_flag=True,
        help="Make anew what this mode ends with: download the scenes, composite the composites "
        "(of the scenes that are there), classification the models and maps.",
    ),
    click.option(
        "-w",
        "--workers",
        type=click.IntRange(min=1),
        metavar="N",
        help="How many at a time.  [default: number of cores]",
    ),
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

"""`automap run`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, fields

import click

from automap_tiles.analysis.composites.methods import (
    PROVENANCE,
    VALID_COUNT,
    choosing_methods,
    known_methods,
)
from automap_tiles.cli._wizard import WithWizard, wizard_option
from automap_tiles.cli.options.common import parsed_by
from automap_tiles.cli.options.maps import MapChoices, map_options
from automap_tiles.cli.options.order_file import (
    GIVEN,
    as_order_file,
    order_file_argument,
)
from automap_tiles.cli.options.scenes import SceneOptions, scene_options, words
from automap_tiles.errors import ConfigError
from automap_tiles.notes import Fate, Note, Subject
from automap_tiles.workflows.learning import Learning

_SHOWN = {"mode", "check", "log_format", "progress", "verbose"}
"""Options that are no part of an order."""


@click.command(cls=WithWizard)
@order_file_argument
@wizard_option
@click.option(
    "--mode",
    type=click.Choice(("download", "composite", "classification")),
    required=True,
    help="Where to end; each makes first what the one before it makes.",
)
@scene_options
@click.option(
    "--statistics",
    callback=parsed_by(words),
    default="median",
    show_default=True,
    metavar="NAMES",
    help=f"Of a composite: {known_methods()}.",
)
@click.option(
    "--mask",
    callback=parsed_by(words),
    default="cloud,cirrus,shadow",
    show_default=True,
    metavar="FLAGS",
    help="What rules a pixel out of a composite; also snow, water, dilated, saturated …",
)
@click.option(
    "--provenance",
    callback=parsed_by(words),
    default="valid_count",
    show_default=True,
    metavar="NAMES",
    help=f"Bands of a composite that say where its pixels are from: {VALID_COUNT}, and with one "
    f"of {', '.join(choosing_methods())} also {', '.join(PROVENANCE[1:])}.",
)
@click.option(
    "--coregister",
    is_flag=True,
    help="Bring the dates of a composite onto each other, where they lie apart by parts of a pixel "
    "or some pixels.",
)
@click.option(
    "--seamless",
    is_flag=True,
    help="Make the scenes of a composite equally bright, by a gain and an offset of each that are "
    "found where they overlap.",
)
@click.option(
    "--crs",
    metavar="CRS",
    help="Coordinate system of the composites, such as EPSG:3035: of scenes in several UTM zones, "
    "for instance.  [default: that of most scenes]",
)
@click.option(
    "--resolution",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SIZE",
    help="Pixel size of the composites in units of their coordinate system; coarser pixels than "
    "those of the scenes are means.  [default: about that of the scenes]",
)
@click.option(
    "--update",
    is_flag=True,
    help="Scenes came, went or changed: make anew the tiles of composites that they reach, and a "
    "classification that was made of them; --check tells how many.",
)
@map_options
@click.pass_context
def command(  # noqa: PLR0913 - the options
    context: click.Context,
    *,
    mode: str,
    statistics: tuple[str, ...],
    mask: tuple[str, ...],
    provenance: tuple[str, ...],
    coregister: bool,
    seamless: bool,
    crs: str | None,
    resolution: float | None,
    update: bool,
    what: SceneOptions,
    samples: str | None,
    learn: Learning,
    choices: MapChoices,
) -> None:
    """From satellite products to scenes, composites and maps of classes.

    Every satellite has a folder of its own below the output: scenes/ with a picture and a STAC item
    of each scene, composite_START_END_STATISTICS.tif with what each scene gave to it, and of a
    classification the model, the report of its training, and classes_START_END_STATISTICS.tif.

    What is done already is not made again: a run that was killed goes on, a composite takes what a
    download left, and one of other days or statistics lies beside those that are there. Where the
    scenes are others than those that a composite was made of, --update makes anew the tiles that
    these reach; without it the composite is left as it is, and that is said. A composite of another
    area, mask or cloud cover needs --overwrite or another output.

    ORDER.yaml holds options by their names (mode: composite); those of the command line come before
    it. Each run leaves the one that it was asked for in its output.
    """
    _check_samples(mode, samples)

    from automap_tiles.cli.show.automap import KeptOrder, carry_out
    from automap_tiles.workflows import order_kind
    from automap_tiles.workflows.automap.order import DownloadOrder
    from automap_tiles.workflows.keywords import keywords_of

    said = {
        **what.said,
        **asdict(choices),
        "mask": mask,
        "statistics": statistics,
        "provenance": provenance,
        "coregister": coregister,
        "seamless": seamless,
        "crs": crs,
        "resolution": resolution,
        "update": update,
        "samples": samples,
        "learn": learn,
    }
    kind = order_kind(mode)
    asked = {field.name for field in fields(kind)}  # type: ignore[arg-type]  # it is a dataclass
    order = kind.from_json({name: value for name, value in said.items() if name in asked})
    assert isinstance(order, DownloadOrder)  # as all modes are
    kept = KeptOrder(order=order, text=as_order_file(context, what.output))
    carry_out(order, what, _ignored(context, mode, keywords_of(kind)), kept)


def _ignored(context: click.Context, mode: str, known: Collection[str]) -> Note | None:
    """Of options that were given and mean nothing in this mode."""
    given = [
        max(each.opts, key=len)
        for each in context.command.params
        if isinstance(each, click.Option)
        and each.name not in known
        and each.expose_value
        and each.name not in _SHOWN
        and context.get_parameter_source(each.name or "") in GIVEN
    ]
    if not given:
        return None
    return Note(
        fate=Fate.IGNORED,
        subject=Subject.OPTIONS,
        reason=f"they mean nothing in the mode {mode}",
        count=len(given),
        examples=tuple(given),
    )


def _check_samples(mode: str, samples: str | None) -> None:
    """Raise `ConfigError` when the mode needs samples, or has no use for them."""
    if mode == "classification" and samples is None:
        raise ConfigError(
            "is needed to classify",
            key="--samples",
            remedy="a CSV with X, Y and a column of classes per year, or a vector file",
        )
    if mode != "classification" and samples is not None:
        raise ConfigError(
            f"has no use in the mode {mode}",
            key="--samples",
            remedy="--mode classification",
        )

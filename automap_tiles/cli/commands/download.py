"""`automap download`."""

from __future__ import annotations

import click

from automap_tiles.cli.options.scenes import SceneOptions, scene_options


@click.command()
@scene_options
def command(what: SceneOptions) -> None:
    """Fetch scenes and prepare them: one multiband GeoTIFF each.

    Cut to the area, all bands at one resolution: blue, green, red, nir, swir1, swir2 as
    reflectance, the flags of the mask, NDVI and NDWI. The same as run --mode download.
    """
    from automap_tiles.cli.show.automap import carry_out
    from automap_tiles.workflows.automap import DownloadOrder

    carry_out(DownloadOrder.from_json(what.said), what)

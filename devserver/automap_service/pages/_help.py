"""Pages to read: launching from elsewhere, and help."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Response

from automap_service.costs.prices import prices_of
from automap_service.launcher import pyodide
from automap_service.launching.schema import PROPERTIES, REQUIRED
from automap_service.pages._blueprint import blueprint
from automap_service.pages._examples import examples, scripts
from automap_service.pages._render import page
from automap_service.web.context import base, needs, service, user_asking


@blueprint.get("/code")
@needs()
def code() -> Response:
    """The same from a script: curl, Python, the command line."""
    user = user_asking()
    boundaries = service().files.all(user.id, "boundaries")
    year = datetime.fromtimestamp(service().database.clock(), UTC).year - 1
    wanted = {
        "mode": "composite",
        "satellites": ["landsat-8", "sentinel-2"],
        "start_date": f"{year}-06-01",
        "end_date": f"{year}-08-31",
        "boundary": boundaries[0].name if boundaries else "my area",
        "catalogue": next(iter(service().settings.catalogues), ""),
    }
    return page(
        "code.html",
        server=base(),
        code=examples(wanted, base()),
        has_boundary=bool(boundaries),
        name=user.name,
        year=year,
        scripts=scripts(wanted),
        may_run="launcher" in user.rights,
        has_python=pyodide.folder(service().settings.root) is not None,
        properties=PROPERTIES,
        required=REQUIRED,
    )


@blueprint.get("/help")
@needs()
def help_page() -> Response:
    """What there is and what is allowed."""
    settings = service().settings
    return page("help.html", settings=settings, limits=settings.limits, prices=prices_of(settings))

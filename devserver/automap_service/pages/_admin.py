"""The page of those who run the service: users and their limits."""

from __future__ import annotations

import secrets
from dataclasses import asdict

from flask import Response, request
from sqlalchemy import func, select
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as Answer

from automap_service import audit
from automap_service.accounts.users import RIGHTS
from automap_service.costs.estimates import is_inside
from automap_service.limits import AMOUNTS, OWN, user_limits
from automap_service.pages._blueprint import blueprint
from automap_service.pages._render import page
from automap_service.problems import Problem
from automap_service.web.context import needs, service, write_down
from automap_service.web.views.jobs import wanted_page
from automap_tiles.errors import ConfigError
from automap_tiles.jobs.tables import JOBS


@blueprint.get("/admin")
@needs("admin")
def admin() -> Response:
    """All users."""
    return _admin(None)


@blueprint.post("/admin/users")
@needs("admin")
def add_user() -> Answer:
    """A user with a one-time password, which is shown this once."""
    name, password = request.form.get("name", ""), secrets.token_urlsafe(12)
    rights = RIGHTS if request.form.get("admin") == "on" else RIGHTS[:3]
    try:
        user = service().users.add(name, password, rights, one_time=True)
    except ConfigError as error:
        detail = error.message + (f" ({error.remedy})" if error.remedy else "")
        return _admin(Problem(status=400, type="bad-request", detail=f"{name} {detail}"))
    write_down("user added", about=user.id)
    return _admin(None, made=(user.name, password))


@blueprint.post("/admin/limits")
@needs("admin")
def limit_user() -> Answer:
    """Limits of one user; an empty one is that of all others."""
    said = [f"{key}={text}" for key in OWN if (text := request.form.get(key, "").strip())]
    try:
        user = service().users.named(request.form.get("user", ""))
        service().users.set_limits(user.id, user_limits(said))
    except ConfigError as error:
        return _admin(Problem(status=400, type="bad-request", detail=error.message))
    write_down("limits", about=user.id)
    return redirect("/admin", 303)


@blueprint.get("/admin/audit")
@needs("admin")
def audit_page() -> Response:
    """Who did what."""
    database = service().database
    said = {name: request.args.get(name, "").strip() for name in ("user", "act")}
    return page(
        "audit.html",
        page=audit.acts(database, user=said["user"], act=said["act"], before=wanted_page()),
        said=said,
        users=service().users.all(),
        kinds=audit.kinds(database),
    )


def _admin(problem: Problem | None, made: tuple[str, str] | None = None) -> Response:
    with service().database.reading() as connection:
        counted = connection.execute(
            select(JOBS.c.user, func.count(), func.max(JOBS.c.created)).group_by(JOBS.c.user)
        )
        jobs = {user: (count, last) for user, count, last in counted}
    return page(
        "admin.html",
        200 if problem is None else problem.status,
        users=service().users.all(),
        jobs=jobs,
        held=service().estimates.calibration(),
        is_inside=is_inside,
        limits=asdict(service().settings.limits),
        own=OWN,
        amounts=AMOUNTS,
        problem=problem,
        made=made,
    )

"""The page on which runs are launched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, request
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as Answer

from automap_service import recipients
from automap_service.launching.launch import Manner
from automap_service.launching.schema import NAMES
from automap_service.pages._blueprint import blueprint
from automap_service.pages._form import fields, read_form
from automap_service.pages._render import page
from automap_service.problems import Problem
from automap_service.web.context import address, needs, service, user_asking
from automap_service.web.documents import file_info
from automap_service.web.views.jobs import job_of


@blueprint.get("/launch")
@needs("launch")
def launch_form() -> Response:
    """The form, made of the schema; `?like=JOB` fills in the parameters of a job."""
    like = request.args.get("like")
    said = dict(job_of(like).parameters) if like else {"mode": "composite"}
    if name := request.args.get("boundary"):
        said["boundary"] = name
    return _form({key: value for key, value in said.items() if key in NAMES}, {}, None)


@blueprint.post("/launch-form")
@needs("launch")
def launch() -> Answer:
    """Check, or launch, what stands in the form."""
    said = read_form(request.form)
    try:
        wanted = service().launching.wanted(user_asking(), said)
        if request.form.get("what") == "check":
            return _form(said, {}, service().launching.check(user_asking(), wanted))
        sent_to = recipients.chosen(service(), user_asking(), None)
        again = request.form.get("again") == "on"
        manner = Manner(again=again, recipients=sent_to, address=address())
        job, _ = service().launching.launch(user_asking(), wanted, manner)
    except Problem as problem:
        wrong = {each.pointer.removeprefix("/"): each for each in problem.errors}
        if not wrong and problem.type != "same-run-active":
            raise
        return _form(said, wrong, None, problem)
    return redirect(f"/jobs/{job.id}", 303)


def _form(
    said: Mapping[str, Any],
    wrong: Mapping[str, Any],
    checked: Mapping[str, Any] | None,
    problem: Problem | None = None,
) -> Response:
    user = user_asking()
    boundaries = service().files.all(user.id, "boundaries")
    samples = service().files.all(user.id, "samples")
    lists = {
        "boundary": tuple(file.name for file in boundaries),
        "samples": tuple(file.name for file in samples),
        "catalogue": tuple(service().settings.catalogues),
    }
    chosen = next((file for file in boundaries if file.name == said.get("boundary")), None)
    return page(
        "launch.html",
        200 if problem is None else problem.status,
        groups=fields(said, wrong, lists),
        boundaries=boundaries,
        chosen=None if chosen is None else file_info(chosen, ""),
        others=[each for name, each in wrong.items() if name not in NAMES],
        wrong=wrong,
        checked=checked,
        problem=problem,
    )

"""The pages of log-in, orders and runs; they work without scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from flask import Response, request
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as Answer

from automap_service import recipients
from automap_service.launching.launch import Manner
from automap_service.pages._account import account
from automap_service.pages._blueprint import blueprint
from automap_service.pages._examples import examples
from automap_service.pages._render import page
from automap_service.pages._timeline import bars
from automap_service.problems import OWN, Problem
from automap_service.web.context import (
    address,
    base,
    check_csrf,
    cookie_name,
    is_https,
    needs,
    service,
    user_asking,
    who,
    write_down,
)
from automap_service.web.documents import file_info
from automap_service.web.views.accounts import checked_login
from automap_service.web.views.jobs import (
    cancelled,
    conditions,
    forget,
    job_of,
    wanted_page,
)
from automap_tiles.jobs import Job, Status, stretches

_ORDERS = 50
_LINES = 300
_SCENES = 1000


@blueprint.get("/login")
def login_form() -> Response:
    """Where one logs in."""
    return page("login.html", problem=None)


@blueprint.post("/login")
def login() -> Answer:
    """A new session, whatever cookie there was before."""
    check_csrf(None)
    try:
        user = checked_login(request.form.get("username", ""), request.form.get("password", ""))
    except Problem as problem:
        answer = page("login.html", problem.status, problem=problem)
        answer.headers.update(problem.headers)
        return answer
    service().words.end_session(request.cookies.get(cookie_name(), ""))
    issued = service().words.new_session(user.id, service().settings.limits.session_hours * 3600)
    answer_to = redirect("/account" if user.one_time else "/", 303)
    answer_to.set_cookie(
        cookie_name(), issued.word, httponly=True, samesite="Lax", secure=is_https(), path="/"
    )
    return answer_to


@blueprint.post("/logout")
@needs(one_time=True)
def logout() -> Answer:
    """The end of the session."""
    write_down("logout")
    service().words.end_session(request.cookies.get(cookie_name(), ""))
    answer = redirect("/login", 303)
    answer.delete_cookie(cookie_name(), httponly=True, samesite="Lax", secure=is_https(), path="/")
    return answer


def home() -> Response:
    """The orders of whoever is logged in."""
    found = who()
    if found is None:
        return page("login.html", problem=None)
    if found.user.one_time:
        return account()
    return orders()


@needs()
def orders() -> Response:
    """The list of jobs."""
    names = ("status", "q", "since", "until")
    said = {name: value for name in names if (value := request.args.get(name, "").strip())}
    user = user_asking()
    listed = service().store.page(
        user.id, limit=_ORDERS, before=wanted_page(), where=conditions(_query(said))
    )
    ids = [job.id for job in listed.jobs]
    return page(
        "orders.html",
        page=listed,
        said=said,
        statuses=list(Status),
        results=service().store.results(ids),
        costs={job.id: service().ledger.of(job) for job in listed.jobs},
        now=service().database.clock(),
        is_first=wanted_page() is None,
    )


def _query(said: Mapping[str, str]) -> dict[str, str]:
    """The filter of the page in the words of `GET /jobs`; days are whole ones, in UTC."""
    found = {name: said[name] for name in ("status", "q") if name in said}
    if "since" in said or "until" in said:
        first = f"{said['since']}T00:00:00Z" if "since" in said else ".."
        last = f"{said['until']}T23:59:59.999Z" if "until" in said else ".."
        found["datetime"] = f"{first}/{last}"
    return found


@blueprint.get("/orders")
@needs()
def all_orders() -> Response:
    """The list of jobs, at an address of its own."""
    return orders()


@needs()
def dashboard(job: Job) -> Response:
    """A run."""
    store, now = service().store, service().database.clock()
    entries, left_out = store.tail(job.id, _LINES)
    scenes = store.scenes(job.id)
    parts = stretches(store.beginnings(job.id), job.finished)
    boundary = service().files.find(job.user, "boundaries", str(job.parameters.get("boundary")))
    return page(
        "job.html",
        job=job,
        result=store.result(job.id),
        cost=service().ledger.of(job),
        fates=Counter(each.status for each in scenes),
        scenes=sorted(scenes, key=lambda each: each.reason is None)[:_SCENES],
        scenes_left_out=max(0, len(scenes) - _SCENES),
        entries=entries,
        left_out=left_out,
        bars=bars(job, parts, now),
        now=now,
        boundary=None if boundary is None else file_info(boundary, ""),
        code=examples(dict(job.parameters), base()),
    )


@blueprint.post("/jobs/<job>/do")
@needs("launch")
def act(job: str) -> Answer:
    """A button of a run: cancel, again, remove."""
    found, what = job_of(job), request.form.get("what")
    if what == "cancel":
        cancelled(found)
    elif what == "remove" and found.is_final:
        forget(found)
        return redirect("/", 303)
    elif what == "again":
        wanted = service().launching.wanted(user_asking(), found.parameters)
        manner = Manner(
            previous=found.id,
            recipients=recipients.chosen(service(), user_asking(), None),
            address=address(),
        )
        new, _ = service().launching.launch(user_asking(), wanted, manner)
        return redirect(f"/jobs/{new.id}", 303)
    back = request.form.get("back")
    return redirect("/orders" if back == "orders" else f"/jobs/{job}", 303)


@blueprint.get("/jobs/<job>/download")
@needs()
def download(job: str) -> Answer:
    """The archive, by a link of its own.

    No form: browsers do not follow one to the bucket that the link leads to (`form-action`).
    """
    made = service().links.to(job_of(job).id)
    if made is None:
        raise Problem(status=410, type="result-expired")
    return redirect(f"{base()}/r/{made.word}", 303)


@blueprint.get("/problems/<name>")
def problem(name: str) -> Response:
    """What a type of problem means."""
    if name not in OWN:
        raise Problem(status=404, type="not-found")
    return page("problem.html", title=OWN[name], problem=None)

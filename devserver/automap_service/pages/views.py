"""Plain pages: log in, launch, orders, a run, files, account. They work without scripts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as Answer

from automap_service import recipients
from automap_service.launching.launch import Manner
from automap_service.launching.schema import ONLY, PROPERTIES, REQUIRED
from automap_service.pages.render import page
from automap_service.problems import Problem
from automap_service.web.context import (
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
from automap_service.web.views.accounts import changed, checked_login
from automap_service.web.views.jobs import (
    cancelled,
    conditions,
    forget,
    job_of,
    wanted_page,
)
from automap_tiles.errors import ConfigError
from automap_tiles.jobs import Job, Status

blueprint = Blueprint("pages", __name__)

_ORDERS = 50
_LINES = 200
_NUMBERS = {"max_cloud_cover": float, "smoothing": int, "minimum_patch": int}


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
    said = {name: value for name in ("status", "q") if (value := request.args.get(name))}
    user = user_asking()
    listed = service().store.page(
        user.id, limit=_ORDERS, before=wanted_page(), where=conditions(said)
    )
    return page("orders.html", page=listed, said=said, statuses=list(Status))


@blueprint.get("/orders")
@needs()
def all_orders() -> Response:
    """The list of jobs, at an address of its own."""
    return orders()


@needs()
def dashboard(job: Job) -> Response:
    """A run."""
    store = service().store
    entries, left_out = store.tail(job.id, _LINES)
    return page(
        "job.html",
        job=job,
        result=store.result(job.id),
        scenes=store.scenes(job.id),
        entries=entries,
        left_out=left_out,
    )


@blueprint.post("/jobs/<job>/do")
@needs("launch")
def act(job: str) -> Answer:
    """A button of a run: cancel, again, remove, download."""
    found, what = job_of(job), request.form.get("what")
    if what == "cancel":
        cancelled(found)
    elif what == "remove" and found.is_final:
        forget(found)
        return redirect("/", 303)
    elif what == "again":
        wanted = service().launching.wanted(user_asking(), found.parameters)
        manner = Manner(
            previous=found.id, recipients=recipients.chosen(service(), user_asking(), None)
        )
        new, _ = service().launching.launch(user_asking(), wanted, manner)
        write_down("launch", about=new.id)
        return redirect(f"/jobs/{new.id}", 303)
    elif what == "download":
        made = service().links.to(found.id)
        if made is None:
            raise Problem(status=410, type="result-expired")
        return redirect(f"{base()}/r/{made.word}", 303)
    return redirect(f"/jobs/{job}", 303)


@blueprint.get("/launch")
@needs("launch")
def launch_form() -> Response:
    """The form, made of the schema."""
    return _form({}, {}, None)


@blueprint.post("/launch-form")
@needs("launch")
def launch() -> Answer:
    """Check, or launch, what stands in the form."""
    said = _parameters(request.form)
    try:
        wanted = service().launching.wanted(user_asking(), said)
        if request.form.get("what") == "check":
            return _form(said, {}, service().launching.check(wanted))
        sent_to = recipients.chosen(service(), user_asking(), None)
        again = request.form.get("again") == "on"
        manner = Manner(again=again, recipients=sent_to)
        job, _ = service().launching.launch(user_asking(), wanted, manner)
    except Problem as problem:
        wrong = {each.pointer.removeprefix("/"): each for each in problem.errors}
        if not wrong and problem.type != "same-run-active":
            raise
        return _form(said, wrong, None, problem)
    write_down("launch", about=job.id)
    return redirect(f"/jobs/{job.id}", 303)


def _parameters(form: Mapping[str, str]) -> dict[str, Any]:
    """What a form says, as JSON would."""
    said: dict[str, Any] = {}
    mode = form.get("mode", "")
    for name, schema in PROPERTIES.items():
        text = form.get(name, "").strip()
        if not text or mode not in ONLY.get(name, (mode,)):
            continue
        if schema.get("type") == "boolean":
            said[name] = True
        elif name in _NUMBERS:
            try:
                said[name] = _NUMBERS[name](text)
            except ValueError:
                said[name] = text
        else:
            said[name] = text
    return said


def _form(
    said: Mapping[str, Any],
    wrong: Mapping[str, Any],
    checked: Mapping[str, Any] | None,
    problem: Problem | None = None,
) -> Response:
    user = user_asking()
    status = 200 if problem is None else problem.status
    choices = {
        "boundary": [file.name for file in service().files.all(user.id, "boundaries")],
        "samples": [file.name for file in service().files.all(user.id, "samples")],
        "catalogue": list(service().settings.catalogues),
    }
    return page(
        "launch.html",
        status,
        properties=PROPERTIES,
        required=REQUIRED,
        said=said,
        wrong=wrong,
        checked=checked,
        problem=problem,
        choices=choices,
    )


@needs()
def files() -> Response:
    """Uploads."""
    return _files(None)


def _files(problem: Problem | None) -> Response:
    found = service().files.all(user_asking().id)
    status = 200 if problem is None else problem.status
    return page("files.html", status, files=found, problem=problem)


@blueprint.post("/upload")
@needs("launch")
def upload() -> Answer:
    """A file from the form."""
    kind = request.form.get("kind", "")
    sent = request.files.get("file")
    try:
        if kind not in ("boundaries", "samples") or sent is None or not sent.filename:
            raise Problem(status=400, type="bad-request", detail="choose a file")
        name = request.form.get("name", "").strip() or sent.filename
        service().files.put(user_asking().id, kind, name, sent.stream)
    except Problem as problem:
        return _files(problem)
    write_down("upload", about=kind)
    return redirect("/files", 303)


@blueprint.post("/files/remove")
@needs("launch")
def remove_file() -> Answer:
    """Forget an upload."""
    kind, name = request.form.get("kind", ""), request.form.get("id", "")
    try:
        service().files.delete(user_asking().id, kind, name)
    except Problem as problem:
        return _files(problem)
    write_down("delete file", about=f"{kind}/{name}")
    return redirect("/files", 303)


@blueprint.get("/account")
@needs(one_time=True)
def account() -> Response:
    """Password and addresses."""
    return _account(None)


def _account(problem: Problem | None, said: str = "") -> Response:
    user = user_asking()
    status = 200 if problem is None else problem.status
    addresses = recipients.of_user(service(), user)
    mails = service().outbox.is_on
    return page(
        "account.html", status, addresses=addresses, mails=mails, problem=problem, said=said
    )


@blueprint.post("/account/password")
@needs(one_time=True)
def password() -> Answer:
    """Another password; it ends all sessions and tokens."""
    old, new = request.form.get("old", ""), request.form.get("new", "")
    try:
        changed(checked_login(user_asking().name, old), new, old)
    except Problem as problem:
        return _account(problem)
    return redirect("/login", 303)


@blueprint.post("/account/addresses")
@needs()
def add_address() -> Answer:
    """Ask whether an address is the user's, or forget one."""
    try:
        if name := request.form.get("remove"):
            recipients.remove(service(), user_asking(), name)
        else:
            recipients.add(service(), user_asking(), request.form.get("address", ""))
    except ConfigError as error:
        return _account(Problem(status=400, type="bad-request", detail=error.message))
    except Problem as problem:
        return _account(problem)
    return redirect("/account", 303)


@blueprint.get("/confirm/<word>")
def ask_to_confirm(word: str) -> Response:
    """A button: programs that follow links in mails confirm nothing."""
    return page("confirm.html", word=word, address=None)


@blueprint.post("/confirm/<word>")
def confirm(word: str) -> Response:
    """The address is somebody's."""
    check_csrf(None)
    address = recipients.confirm(service(), word)
    if address is None:
        raise Problem(status=410, type="ResultLinkExpired")
    return page("confirm.html", word=word, address=address)


@blueprint.get("/problems/<name>")
def problem(name: str) -> Response:
    """What a type of problem means."""
    from automap_service.problems import OWN

    if name not in OWN:
        raise Problem(status=404, type="not-found")
    return page("problem.html", title=OWN[name], problem=None)

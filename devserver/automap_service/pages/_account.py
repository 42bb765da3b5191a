"""The pages of an account: password, tokens, addresses."""

from __future__ import annotations

from flask import Response, request
from werkzeug.utils import redirect
from werkzeug.wrappers import Response as Answer

from automap_service import recipients
from automap_service.pages._blueprint import blueprint
from automap_service.pages._render import page
from automap_service.problems import Problem
from automap_service.web.context import check_csrf, needs, service, user_asking, write_down
from automap_service.web.views.accounts import changed, checked_login
from automap_tiles.errors import ConfigError

_LONGEST_NAME = 100


@blueprint.get("/account")
@needs(one_time=True)
def account() -> Response:
    """Password and addresses."""
    return _account(None)


def _account(problem: Problem | None, issued: str = "") -> Response:
    user = user_asking()
    return page(
        "account.html",
        200 if problem is None else problem.status,
        addresses=recipients.of_user(service(), user),
        mails=service().outbox.is_on,
        problem=problem,
        tokens=service().words.tokens_of(user.id),
        issued=issued,
        hours=f"{service().settings.limits.token_hours:g}",
    )


@blueprint.post("/account/tokens")
@needs("api")
def tokens() -> Answer:
    """A new token, whose word is shown this once; or the end of one."""
    user = user_asking()
    if known := request.form.get("end"):
        if service().words.end_token_of(user.id, known):
            write_down("token ended")
        return redirect("/account", 303)
    name = request.form.get("name", "").strip()
    if len(name) > _LONGEST_NAME or not name.isprintable():
        detail = f"a name has {_LONGEST_NAME} characters at most"
        return _account(Problem(status=400, type="bad-request", detail=detail))
    seconds = service().settings.limits.token_hours * 3600
    issued = service().words.new_token(user.id, seconds, name)
    write_down("token")
    return _account(None, issued.word)


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
            if recipients.remove(service(), user_asking(), name):
                write_down("address removed", about=name)
        else:
            added = recipients.add(service(), user_asking(), request.form.get("address", ""))
            write_down("address added", about=added)
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
    write_down("address confirmed", about=address)
    return page("confirm.html", word=word, address=address)

"""What is weak in a set-up (`check`), and whether its parts really work (`doctor`)."""

from __future__ import annotations

import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from automap_service.hosts import is_loopback
from automap_service.mails.server import checked_address, connect
from automap_service.service import Service
from automap_service.settings import Settings
from automap_tiles.errors import AutomapError
from automap_tiles.jobs.resource_usage import PROCESSES
from automap_tiles.jobs.results import FOLDER


def weak(settings: Settings, service: Service) -> Iterator[str]:
    """Sentences, one for each weakness."""
    yield from _weak_web(settings)
    if any(user.one_time for user in service.users.all()):
        yield "a user has a one-time password that was not changed"
    if settings.root.stat().st_mode & 0o077:
        yield f"others on this machine can look into {settings.root}"
    if not settings.catalogues:
        yield "there is no catalogue: nobody can launch anything"
    if os.environ.get("AWS_SESSION_TOKEN") and settings.results.url.startswith("s3://"):
        yield "the keys of the bucket are temporary: the runner must be begun anew when they end"
    seen = service.store.runner_seen()
    if seen is None or time.time() - seen > 120:
        yield "no runner was seen in the last two minutes"
    limits = settings.limits
    if (limits.job_budget or limits.month_budget) and not PROCESSES.exists():
        yield "there is no /proc: what a job costs is known, and its budget kept, only at its end"
    if not settings.mail.host:
        yield "mail.host is empty: nobody is told of the end of a run"


def _weak_web(settings: Settings) -> Iterator[str]:
    web = settings.web
    if not is_loopback(web.host) and urlsplit(web.url).scheme != "https":
        yield f"web.host is {web.host}, and web.url has no https: passwords travel in the open"
    if urlsplit(web.url).scheme == "https" and not web.behind_proxy:
        yield (
            "web.url is https and web.behind_proxy is off: all users have the proxy's address, "
            "and the wrong log-ins of one make all of them wait"
        )
    if web.behind_proxy and not web.url:
        yield "web.behind_proxy is on and web.url is empty: links in mails name this machine"
    if web.metrics_token_file and not os.access(web.metrics_token_file, os.R_OK):
        yield f"web.metrics_token_file cannot be read: {web.metrics_token_file}"


def doctor(settings: Settings, service: Service, mail_to: str | None) -> Iterator[tuple[str, str]]:
    """(what was tried, what came of it: empty when it worked)."""
    yield "database", _tried(service.store.runner_seen)
    yield "store: put, get, delete", _tried(service.results.try_out)
    if settings.results.url:
        yield "store: signed address", _tried(lambda: _signed(service))
    if settings.mail.host:
        yield "mail server", _tried(lambda: _mail(settings, mail_to))


def _signed(service: Service) -> None:
    """Really get something by a signed address."""
    key = f"{FOLDER}/.try"
    with service.results.writing(key) as file:
        file.write(b"try")
    try:
        address = service.results.signed(key, 60)
        assert address is not None
        with urllib.request.urlopen(address, timeout=20) as answer:
            if answer.read() != b"try":
                raise OSError("something else came back")
    finally:
        service.results.delete(key)


def _mail(settings: Settings, to: str | None) -> None:
    from email.message import EmailMessage

    with connect(settings) as server:
        if to is None:
            server.noop()
            return
        message = EmailMessage()
        message["From"] = checked_address(settings.mail.sender)
        message["To"] = checked_address(to)
        message["Subject"] = "AutoMap: a trial"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content("Mails of this installation arrive.\n")
        server.send_message(message)


def _tried(work: Callable[[], object]) -> str:
    import smtplib

    try:
        work()
    except (AutomapError, OSError, smtplib.SMTPException, urllib.error.URLError) as error:
        return str(error) or type(error).__name__
    return ""

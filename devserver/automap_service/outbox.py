"""Mails at the end of jobs: written down with the final state, sent until they are taken.

A mail has one row, unique by job, recipient and kind, and one `Message-ID`; so whatever is killed
or tried again, none is lost, and one that a server took twice is shown once by mail programs.
"""

from __future__ import annotations

import contextlib
import smtplib
import ssl
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import Connection, func, insert, select, update

from automap_service.accounts import tokens
from automap_service.costs.prices import prices_of, took
from automap_service.hosts import is_loopback
from automap_service.links import Links
from automap_service.settings import Settings
from automap_service.tables import ADDRESSES, MAILS
from automap_tiles.errors import ConfigError
from automap_tiles.jobs import Database, Job, Result, Status
from automap_tiles.stopping import StopToken

PAUSES = (60.0, 300.0, 1800.0, 7200.0, 43200.0, 86400.0)
"""Seconds until it is tried again; after the last one it is given up."""
CONFIRM_SECONDS = 86400.0
"""For which the word of a mail confirms its address."""
STOPPED = "stopped"
"""Kind of the mails about jobs that a limit ended."""
_PATIENCE = 30.0
_CLAIMED = 300.0
"""Seconds that a mail is left to the one that sends it."""


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A mail that waits."""

    id: str
    recipient: str
    kind: str
    said: Mapping[str, Any]
    tries: int
    created: float


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a mail was not taken."""

    reason: str
    is_final: bool = False
    """Whether the server will never take this mail; else it is tried again."""


class _NotAskedAnyMore(Exception):
    """There is nothing to be confirmed."""


class Outbox:
    """The mails of a database."""

    def __init__(self, settings: Settings, database: Database, links: Links) -> None:
        self._settings = settings
        self._database = database
        self._links = links
        self._prices = prices_of(settings)

    @property
    def is_on(self) -> bool:
        """Whether mails are sent at all."""
        return bool(self._settings.mail.host)

    def on_final(self, connection: Connection, job: Job, result: Result | None) -> None:
        """Write down who is to be told of the end of a job, in the transaction that ends it."""
        if not self.is_on or job.status is Status.DISMISSED:
            return
        for recipient in dict.fromkeys(job.recipients):
            kind = STOPPED if job.stopped else str(job.status)
            cost = self._prices.cost(took(job.usage, result))
            facts = {**_facts(job, result), "cost": cost}
            self._add(connection, job.id, kind, recipient, facts)

    def confirm(self, connection: Connection, user: str, recipient: str) -> None:
        """Write down a mail that asks whether an address is that of a user (its id)."""
        self._add(connection, None, "confirm", recipient, {"user": user})

    def confirmations(
        self, connection: Connection, since: float, *, user: str = "", recipient: str = ""
    ) -> int:
        """How many such mails a user has caused, or an address was to get, since a time."""
        who = (
            MAILS.c.recipient == recipient
            if recipient
            else MAILS.c.said["user"].as_string() == user
        )
        return connection.execute(
            select(func.count())
            .select_from(MAILS)
            .where(MAILS.c.kind == "confirm", MAILS.c.created > since, who)
        ).scalar_one()

    def _add(
        self,
        connection: Connection,
        job: str | None,
        kind: str,
        recipient: str,
        said: Mapping[str, Any],
    ) -> None:
        now = self._database.clock()
        connection.execute(
            insert(MAILS).values(
                id=str(uuid.uuid4()),
                job=job,
                kind=kind,
                recipient=recipient,
                said=dict(said),
                created=now,
                tries=0,
                next=now,
                state="waiting",
            )
        )

    def send_due(self, stop: StopToken | None = None) -> int:
        """Try to send what is due until `stop` is set; how many mails were taken."""
        taken = 0
        while self.is_on and not (stop is not None and stop.is_set()):
            mail = self._claim()
            if mail is None:
                break
            refusal = self._send(mail)
            taken += refusal is None
            self._settle(mail, refusal)
        return taken

    def _claim(self) -> Mail | None:
        """A mail that is due, left to this one for some minutes: two keepers send it once."""
        now = self._database.clock()
        with self._database.writing() as connection:
            due = (
                select(MAILS)
                .where(MAILS.c.state == "waiting", MAILS.c.next <= now)
                .order_by(MAILS.c.next)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            row = connection.execute(due).mappings().first()
            if row is None:
                return None
            connection.execute(
                update(MAILS)
                .where(MAILS.c.id == row["id"])
                .values(next=now + _CLAIMED, tries=row["tries"] + 1)
            )
        known = ("id", "recipient", "kind", "said", "created")
        return Mail(**{key: row[key] for key in known}, tries=row["tries"] + 1)

    def _send(self, mail: Mail) -> Refusal | None:
        """Why it was not taken; None when it was."""
        try:
            message = self.message(self._with_link(mail))
        except _NotAskedAnyMore:
            return Refusal(reason="the address was removed or confirmed before", is_final=True)
        except (ConfigError, ValueError) as error:
            return Refusal(reason=str(error))
        try:
            server = connect(self._settings)
            try:
                server.send_message(message, self._sender(), [mail.recipient])
            finally:
                _part_from(server)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            return Refusal(reason=f"{code} {_text(said)}", is_final=_is_final(code))
        except smtplib.SMTPDataError as error:
            reason = f"{error.smtp_code} {_text(error.smtp_error)}"
            return Refusal(reason=reason, is_final=_is_final(error.smtp_code))
        except smtplib.SMTPResponseException as error:  # of us: our log-in, our sender
            return Refusal(reason=f"{error.smtp_code} {_text(error.smtp_error)}")
        except (OSError, smtplib.SMTPException, ConfigError, ValueError) as error:
            return Refusal(reason=str(error) or type(error).__name__)
        return None

    def _with_link(self, mail: Mail) -> Mail:
        """With a link that is made now: words that open something are not kept.

        Raises `_NotAskedAnyMore`.
        """
        if mail.kind == "confirm":
            return replace(mail, said={**mail.said, "word": self._word(mail)})
        if mail.said.get("bytes") is None:
            return mail
        link = self._links.to(str(mail.said["job"]))
        if link is None:
            return mail
        said = {**mail.said, "link": link.word, "link_expires": link.expires}
        return replace(mail, said=said)

    def _word(self, mail: Mail) -> str:
        """That confirms an address; one of a mail before, which was perhaps not taken, is over."""
        word, now = tokens.new(), self._database.clock()
        with self._database.writing() as connection:
            asked = connection.execute(
                update(ADDRESSES)
                .where(
                    ADDRESSES.c.user == mail.said["user"],
                    ADDRESSES.c.address == mail.recipient,
                    ADDRESSES.c.confirmed.is_(False),
                )
                .values(hash=tokens.hashed(word), expires=now + CONFIRM_SECONDS)
            )
        if not asked.rowcount:
            raise _NotAskedAnyMore
        return word

    def _settle(self, mail: Mail, refusal: Refusal | None) -> None:
        kept = {key: mail.said[key] for key in ("user",) if key in mail.said}
        values: dict[str, Any] = {"state": "sent", "error": None, "said": kept}
        if refusal is not None:
            values = {"error": refusal.reason[:500]}
            if refusal.is_final or mail.tries > len(PAUSES):
                values |= {"state": "given up", "said": kept}  # no word is kept in clear
            else:
                values["next"] = self._database.clock() + PAUSES[mail.tries - 1]
        with self._database.writing() as connection:
            connection.execute(update(MAILS).where(MAILS.c.id == mail.id).values(values))

    def _sender(self) -> str:
        return checked_address(self._settings.mail.sender)

    def message(self, mail: Mail) -> EmailMessage:
        """As text and as HTML; the same mail has the same `Message-ID` whenever it is made."""
        url = address_of(self._settings)
        sender = self._sender()
        message = EmailMessage()
        message["From"] = Address("AutoMap", addr_spec=sender)
        message["To"] = Address(addr_spec=checked_address(mail.recipient))
        message["Date"] = format_datetime(datetime.fromtimestamp(mail.created, UTC))
        message["Message-ID"] = f"<{mail.id}@{sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        subject, lines = _said(mail, url)
        message["Subject"] = subject
        message.set_content("\n".join(lines) + "\n")
        html = "".join(f"<p>{_linked(line)}</p>" for line in lines if line)
        message.add_alternative(f"<!doctype html><html><body>{html}</body></html>", subtype="html")
        return message


def connect(settings: Settings) -> smtplib.SMTP:
    """A connection to the mail server, logged in; raises `ConfigError`, `OSError`."""
    mail = settings.mail
    if mail.security == "none" and not is_loopback(mail.host):
        raise ConfigError(
            "mails and passwords would travel in the open",
            key="mail.security",
            found=mail.security,
            remedy="starttls or tls",
        )
    context = ssl.create_default_context(cafile=mail.ca_file or None)
    if mail.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            mail.host, mail.port, timeout=_PATIENCE, context=context
        )
    else:
        server = smtplib.SMTP(mail.host, mail.port, timeout=_PATIENCE)
    with contextlib.ExitStack() as failed:
        failed.callback(server.close)
        if mail.security == "starttls":
            server.starttls(context=context)
        if mail.user:
            password = Path(mail.password_file).read_text(encoding="utf-8").rstrip("\n")
            server.login(mail.user, password)
        failed.pop_all()
    return server


def _part_from(server: smtplib.SMTP) -> None:
    """Say good-bye; whether the server likes that changes nothing about the mail it took."""
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()


def _is_final(code: int) -> bool:
    """Whether an answer is a permanent one (RFC 5321, 4.2.1)."""
    return 500 <= code < 600


def checked_address(text: str) -> str:
    """One address, as it is kept; raises `ConfigError`."""
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise ConfigError(f"is no address: {error}", key="address", found=text) from None
    return found.normalized


def address_of(settings: Settings) -> str:
    """Where users reach the service, without a slash at its end."""
    web = settings.web
    host = f"[{web.host}]" if ":" in web.host else web.host
    return web.url.rstrip("/") or f"http://{host}:{web.port}"


def _facts(job: Job, result: Result | None) -> dict[str, Any]:
    return {
        "job": job.id,
        "description": job.description,
        "parameters": dict(job.parameters),
        "reason": job.reason,
        "warnings": list(job.warnings[:20]),
        "usage": dict(job.usage),
        "bytes": None if result is None else result.size,
        "data_expire": None if result is None else result.expires,
    }


def _said(mail: Mail, url: str) -> tuple[str, list[str]]:
    """(subject, lines)."""
    said = mail.said
    if mail.kind == "confirm":
        return "AutoMap: is this your address?", [
            "Somebody wants mails of AutoMap to be sent to this address. If it was you, open",
            f"{url}/confirm/{said['word']}",
            "If not, do nothing.",
        ]
    name = " ".join(str(said["description"]).split())[:80] or str(said["job"])
    lines = [f"Your run {name} was {mail.kind}." if mail.kind == "successful" else ""]
    if mail.kind == "failed":
        lines = [f"Your run {name} failed: {said['reason']}"]
    if mail.kind == STOPPED:
        lines = [
            f"Your limit stopped the run {name}: {said['reason']}.",
            "What it had made until then is kept." if said["bytes"] else "It had made nothing yet.",
        ]
    if said.get("link"):
        lines += [
            "",
            "Results ({:,} bytes), until {}:".format(said["bytes"], _day(said["link_expires"])),
            f"{url}/r/{said['link']}",
            f"The data are kept until {_day(said['data_expire'])}; a new link is on the page:",
        ]
    lines += [f"{url}/jobs/{said['job']}", ""]
    lines += [f"Warning: {each}" for each in said["warnings"]]
    lines += [f"{key}: {value}" for key, value in said["parameters"].items()]
    if "core_seconds" in said["usage"]:
        lines.append(f"core seconds: {said['usage']['core_seconds']}")
    if (cost := said.get("cost")) is not None:  # mails of the version before have none
        lines.append(f"cost: {cost['amount']:.2f} {cost['unit']}")
    kind = "stopped by a limit" if mail.kind == STOPPED else mail.kind
    return f"AutoMap: {name}: {kind}", lines


def _day(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"


def _linked(line: str) -> str:
    text = escape(line)
    if line.startswith(("http://", "https://")) and " " not in line:
        return f'<a href="{text}">{text}</a>'
    return text


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said

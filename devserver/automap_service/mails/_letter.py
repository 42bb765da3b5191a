"""What a mail says, as text and as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from typing import Any

from automap_service.mails.server import checked_address
from automap_tiles.jobs import Job, Result

STOPPED = "stopped"
"""Kind of the mails about jobs that a limit ended."""


@dataclass(frozen=True, kw_only=True)
class Mail:
    """A mail that waits."""

    id: str
    recipient: str
    kind: str
    said: Mapping[str, Any]
    tries: int
    created: float


def letter(mail: Mail, sender: str, url: str) -> EmailMessage:
    """The same mail has the same `Message-ID` whenever it is made.

    `url` is where users reach the service. Raises `ConfigError` for an address.
    """
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


def facts(job: Job, result: Result | None) -> dict[str, Any]:
    """What mails say of a job that has ended, as JSON."""
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

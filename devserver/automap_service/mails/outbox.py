"""Mails at the end of jobs: written down with the final state, sent until they are taken.

A mail has one row, unique by job, recipient and kind, and one `Message-ID`; so whatever is killed
or tried again, none is lost, and one that a server took twice is shown once by mail programs.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from automap_service.accounts import tokens
from automap_service.costs.prices import prices_of, took
from automap_service.hosts import address_of
from automap_service.links import Links
from automap_service.mails._letter import STOPPED, Mail, facts, letter
from automap_service.mails.server import MailRefusal, checked_address, send
from automap_service.settings import Settings
from automap_service.tables import ADDRESSES, MAILS
from automap_tiles.errors import ConfigError
from automap_tiles.jobs import Database, Job, Result, Status
from automap_tiles.stopping import StopToken

PAUSES = (60.0, 300.0, 1800.0, 7200.0, 43200.0, 86400.0)
"""Seconds until it is tried again; after the last one it is given up."""
CONFIRM_SECONDS = 86400.0
"""For which the word of a mail confirms its address."""
_CLAIMED = 300.0
"""Seconds that a mail is left to the one that sends it."""


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
            said = {**facts(job, result), "cost": cost}
            self._add(connection, job.id, kind, recipient, said)

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

    def _send(self, mail: Mail) -> MailRefusal | None:
        """Why it was not taken; None when it was."""
        try:
            message = self.message(self._with_link(mail))
        except _NotAskedAnyMore:
            return MailRefusal(reason="the address was removed or confirmed before", is_final=True)
        except (ConfigError, ValueError) as error:
            return MailRefusal(reason=str(error))
        return send(self._settings, message, self._sender(), mail.recipient)

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

    def _settle(self, mail: Mail, refusal: MailRefusal | None) -> None:
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

    def message(self, mail: Mail) -> EmailMessage:
        """What is sent."""
        return letter(mail, self._sender(), address_of(self._settings))

    def _sender(self) -> str:
        return checked_address(self._settings.mail.sender)

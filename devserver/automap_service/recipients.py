"""Addresses of users: confirmed by a link before anything is sent to them."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from automap_service.accounts import tokens
from automap_service.accounts.users import User
from automap_service.mails.outbox import CONFIRM_SECONDS
from automap_service.mails.server import checked_address
from automap_service.problems import Fault, Problem, invalid
from automap_service.service import Service
from automap_service.tables import ADDRESSES

_SPAN = 3600.0
_MOST_TO_ADDRESS = 3
"""Mails that ask for a confirmation in such a span of seconds, whoever causes them."""
_MOST_OF_USER = 10


def of_user(service: Service, user: User) -> list[dict[str, Any]]:
    """All addresses of a user, with whether they are confirmed."""
    with service.database.reading() as connection:
        rows = connection.execute(
            select(ADDRESSES.c.id, ADDRESSES.c.address, ADDRESSES.c.confirmed)
            .where(ADDRESSES.c.user == user.id)
            .order_by(ADDRESSES.c.address)
        ).mappings()
        return [dict(row) for row in rows]


def add(service: Service, user: User, text: str) -> str:
    """Ask whether an address is the user's; it, as it is kept. Raises `Problem`, `ConfigError`."""
    address = checked_address(text)
    if not service.outbox.is_on:
        raise Problem(status=409, type="limit-reached", detail="no mails are sent here")
    now = service.database.clock()
    values = {
        "id": str(uuid.uuid4()),
        "user": user.id,
        "address": address,
        "hash": None,  # its word is made when the mail is sent
        "expires": now + CONFIRM_SECONDS,
        "confirmed": False,
    }
    most = service.launching.limit(user, "recipients")
    with service.database.writing() as connection:
        mine = ADDRESSES.c.user == user.id
        connection.execute(
            delete(ADDRESSES).where(
                mine, ADDRESSES.c.confirmed.is_(False), ADDRESSES.c.expires < now
            )
        )
        there = connection.execute(
            select(func.count()).select_from(ADDRESSES).where(mine)
        ).scalar_one()
        known = connection.execute(
            select(ADDRESSES.c.id).where(mine, ADDRESSES.c.address == address)
        ).scalar()
        if known is not None:
            raise Problem(status=409, type="limit-reached", detail="this address is known")
        if there >= most:
            raise Problem(status=409, type="limit-reached", detail=f"{most} addresses")
        _check_mails(service, connection, user, address)
        connection.execute(insert(ADDRESSES).values(values))
        service.outbox.confirm(connection, user.id, address)
    return address


def _check_mails(service: Service, connection: Connection, user: User, address: str) -> None:
    """Raise `Problem` where an address, perhaps a stranger's, would be flooded with questions."""
    since = service.database.clock() - _SPAN
    asked = service.outbox.confirmations(connection, since, recipient=address)
    caused = service.outbox.confirmations(connection, since, user=user.id)
    if asked >= _MOST_TO_ADDRESS or caused >= _MOST_OF_USER:
        raise Problem(
            status=429,
            type="limit-reached",
            detail="enough mails asked for a confirmation in the last hour; look into your mailbox",
            headers={"Retry-After": f"{_SPAN:.0f}"},
        )


def confirm(service: Service, word: str) -> str | None:
    """The address that a word confirms; None for one that is unknown or too old."""
    now = service.database.clock()
    with service.database.writing() as connection:
        found: str | None = connection.execute(
            update(ADDRESSES)
            .where(ADDRESSES.c.hash == tokens.hashed(word), ADDRESSES.c.expires > now)
            .values(confirmed=True, hash=None)
            .returning(ADDRESSES.c.address)
        ).scalar()
    return found


def remove(service: Service, user: User, name: str) -> bool:
    """Forget an address by its id; whether it was there."""
    with service.database.writing() as connection:
        gone = connection.execute(
            delete(ADDRESSES).where(ADDRESSES.c.user == user.id, ADDRESSES.c.id == name)
        )
    return gone.rowcount > 0


def chosen(service: Service, user: User, notify: Any) -> tuple[str, ...]:
    """Confirmed addresses that a launch names; all of them where it names none."""
    confirmed = tuple(each["address"] for each in of_user(service, user) if each["confirmed"])
    if notify is None:
        return confirmed
    if not isinstance(notify, list) or not all(isinstance(each, str) for each in notify):
        raise invalid([Fault(pointer="/notify", message="must be addresses", found=str(notify))])
    unknown = [each for each in notify if each not in confirmed]
    if unknown:
        message = "is not one of your confirmed addresses"
        raise invalid([Fault(pointer="/notify", message=message, found=unknown[0])])
    return tuple(dict.fromkeys(notify))

"""Passwords: which may be chosen, how they are kept and compared."""

from __future__ import annotations

import threading
from functools import cache
from importlib import resources

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from automap_tiles.errors import ConfigError

SHORTEST = 10
LONGEST = 256
_AT_A_TIME = 2
"""Each takes 64 MiB and 160 ms of a core (argon2id with the package's defaults)."""

_hasher = PasswordHasher()
_room = threading.BoundedSemaphore(_AT_A_TIME)
_COMMON = frozenset(resources.files(__package__).joinpath("common.txt").read_text("utf-8").split())
"""Of ten letters and more among the commonest; shorter ones are too short anyway."""


def check(password: str, name: str) -> None:
    """Raise `ConfigError` for a password that may not be chosen."""
    plain = password.casefold()
    if len(password) < SHORTEST:
        raise ConfigError(f"has fewer than {SHORTEST} characters", key="password")
    if len(password) > LONGEST:
        raise ConfigError(f"has more than {LONGEST} characters", key="password")
    if plain in _COMMON or len(set(plain)) < 4:
        raise ConfigError("is one of those that are tried first", key="password")
    if name.casefold() in plain and len(plain) < len(name) + SHORTEST:
        raise ConfigError("is little more than the name", key="password")


def hashed(password: str) -> str:
    """What is kept of a password."""
    with _room:
        return _hasher.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Whether it is the password; for None, an unknown name, the answer takes as long."""
    with _room:
        nobodys = _nobodys()  # before it is known whether that is needed
        try:
            _hasher.verify(kept or nobodys, password[:LONGEST])
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False
    return kept is not None


@cache
def _nobodys() -> str:
    """What is kept of a password that nobody has; made when the first one is compared."""
    return _hasher.hash("a password that nobody has")

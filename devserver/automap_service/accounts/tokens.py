"""Random words that stand for somebody: only their SHA-256 is kept."""

from __future__ import annotations

import hashlib
import secrets


def new() -> str:
    """256 random bits, for addresses and headers."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """What is kept of it, and looked for: the comparison tells nothing of the token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()

"""Signed links of the Planetary Computer, valid for an hour.

A token signs all files of one container. Tokens are kept in memory only, until shortly before they
expire; they are never printed, stored or passed on with a scene. A subscription key is taken from
`PC_SDK_SUBSCRIPTION_KEY`, the address of the service from `PC_SDK_SAS_URL`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from automap_tiles.errors import InputError
from automap_tiles.parsing import parse_json

SERVICE = "https://planetarycomputer.microsoft.com/api/sas/v1"
_HOST = ".blob.core.windows.net"
_PUBLIC = frozenset({"ai4edatasetspublicassets"})
"""Accounts with public files: thumbnails and the like."""

_MARGIN = timedelta(minutes=5)
"""A token is replaced this long before it expires, so that transfers just begun can finish."""

Fetch = Callable[[str], bytes]


@dataclass(frozen=True)
class _Token:
    value: str = field(repr=False)
    expires: datetime


class Signer:
    """Turns addresses into signed links; thread-safe."""

    def __init__(
        self, fetch: Fetch | None = None, clock: Callable[[], datetime] | None = None
    ) -> None:
        self._fetch = fetch or _fetch
        self._clock = clock or (lambda: datetime.now(UTC))
        self._tokens: dict[tuple[str, str], _Token] = {}
        self._lock = threading.Lock()

    def __call__(self, href: str) -> str:
        """The signed link; other hosts and links that are already signed are returned unchanged.

        Raises `InputError` if the service does not issue a token.
        """
        parts = urlsplit(href)
        account = parts.netloc.lower().removesuffix(_HOST)
        if not parts.netloc.lower().endswith(_HOST) or account in _PUBLIC:
            return href
        if "sig" in parse_qs(parts.query):
            return href
        container = parts.path.lstrip("/").partition("/")[0]
        return f"{href}{'&' if parts.query else '?'}{self._token(account, container)}"

    def _token(self, account: str, container: str) -> str:
        with self._lock:
            token = self._tokens.get((account, container))
            if token is None or token.expires - _MARGIN <= self._clock():
                token = self._ask(account, container)
                self._tokens[account, container] = token
            return token.value

    def _ask(self, account: str, container: str) -> _Token:
        service = os.environ.get("PC_SDK_SAS_URL", SERVICE).rstrip("/")
        answer = self._fetch(f"{service}/token/{account}/{container}")
        try:
            data = parse_json(answer)
            expires = datetime.fromisoformat(data["msft:expiry"])
            return _Token(str(data["token"]), expires.replace(tzinfo=expires.tzinfo or UTC))
        except (ValueError, KeyError, TypeError):
            # The response may contain a token: nothing of it is shown.
            raise InputError(
                "the signing service gives no token", f"{account}/{container}"
            ) from None


def _fetch(href: str) -> bytes:
    from automap_tiles.scenes.download.small_files import read_bytes

    key = os.environ.get("PC_SDK_SUBSCRIPTION_KEY")
    return read_bytes(href if not key else f"{href}?subscription-key={key}", largest=1 << 16)


_default = Signer()


def sign(href: str) -> str:
    """Like `Signer`, with the tokens of this Python process."""
    return _default(href)

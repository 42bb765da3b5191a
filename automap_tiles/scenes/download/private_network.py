"""Private network addresses, which items of public catalogues must not refer to.

Whoever writes an item decides which addresses this machine requests, and inside its network it may
get responses that are not meant for outsiders (metadata services of clouds, routers, servers on
loopback). Host names are resolved before GDAL opens them; where our own client connects, the peer's
address is checked before anything is sent, also in redirects, since a name may resolve differently
the next time. Proxies resolve names themselves and are left to their own rules.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from automap_tiles.errors import InputError
from automap_tiles.scenes.download.address import kind_of, shown

if TYPE_CHECKING:
    from requests import Session

PUBLIC = "public"
"""Access method (`scenes._link_signing`) for files of a public catalogue."""

_FOREIGN = frozenset({"https", "s3", "gs", "az"})
_KEPT = 60
"""Seconds for which a resolved name is cached."""


def is_public(source: str) -> bool:
    """Whether a catalogue is remote and not at an address inside the local network."""
    kind = kind_of(source)
    return kind == "object" or (kind == "http" and not lies_inside(_host(source)))


def schemes_of(source: str) -> frozenset[str] | None:
    """Permitted schemes in items of a catalogue; None: any, for a local file."""
    if kind_of(source) == "file":
        return None
    return _FOREIGN | {urlsplit(source).scheme.lower()}


def is_allowed(href: str, schemes: frozenset[str] | None) -> bool:
    """Whether items of a catalogue may use an address."""
    return schemes is None or ("://" in href and urlsplit(href).scheme.lower() in schemes)


def checked(href: str) -> str:
    """The address unchanged; raises `InputError` if its host is inside the local network."""
    if kind_of(href) == "http" and lies_inside(_host(href)):
        raise InputError(
            "a public catalogue leads to an address inside of this network", shown(href)
        )
    return href


def lies_inside(host: str) -> bool:
    """Whether any address of a host is private, of this machine, or otherwise not public.

    False if the name does not resolve: then nothing can be opened either.
    """
    return _lies_inside(host, int(time.monotonic() // _KEPT))


@lru_cache(maxsize=1024)
def _lies_inside(host: str, period: int) -> bool:
    del period
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return any(is_private(str(address[0])) for *_, address in found)


def is_private(address: str) -> bool:
    """Whether an IP address is not a public one (IANA's registries)."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        packed = ip.ipv4_mapped or ip.sixtofour
        if packed is None and ip in _NAT64:
            packed = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if packed is not None:
            return is_private(str(packed))
    return not ip.is_global or ip.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""RFC 6052: IPv4 addresses behind NAT64."""


def guard(session: Session) -> None:
    """Make a session refuse connections to addresses inside the local network."""
    from requests.adapters import HTTPAdapter
    from urllib3.connection import HTTPConnection, HTTPSConnection
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _met(super()._new_conn(), self.host)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _met(super()._new_conn(), self.host)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    class Adapter(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **more: Any) -> None:
            super().init_poolmanager(*args, **more)
            self.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}

    for scheme in ("http://", "https://"):
        session.mount(scheme, Adapter(pool_connections=32, pool_maxsize=64))


def _met(connected: socket.socket, host: str) -> socket.socket:
    address = str(connected.getpeername()[0])
    if is_private(address):
        connected.close()
        raise InputError(f"leads to {address}, an address inside of this network", host)
    return connected


def _host(href: str) -> str:
    return urlsplit(href).hostname or ""

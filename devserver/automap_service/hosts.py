"""Names and addresses of machines."""

from __future__ import annotations

from ipaddress import ip_address

from automap_service.settings import Settings


def is_loopback(host: str) -> bool:
    """Whether it is this machine, as only this machine reaches it."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def address_of(settings: Settings) -> str:
    """Where users reach the service, without a slash at its end."""
    web = settings.web
    host = f"[{web.host}]" if ":" in web.host else web.host
    return web.url.rstrip("/") or f"http://{host}:{web.port}"

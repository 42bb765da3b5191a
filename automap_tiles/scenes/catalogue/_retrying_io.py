"""The I/O class for pystac-client that retries failed requests to a STAC API."""

from __future__ import annotations

from typing import Any

import requests
from pystac_client.exceptions import APIError
from pystac_client.stac_api_io import StacApiIO

from automap_tiles.errors import InputError
from automap_tiles.scenes.download.address import shown
from automap_tiles.scenes.download.http import LATER, reason
from automap_tiles.scenes.download.private_network import guard, is_public
from automap_tiles.scenes.download.retry_policy import Patience, TryAgain, announce, retry_after
from automap_tiles.stopping import sleep

_TIMEOUT = (10.0, 120.0)
# Interrupted responses show up as connection or encoding errors.
_TEMPORARY = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)


class RetryingIO(StacApiIO):
    """Retries temporary failures, with growing pauses or those that the server requests.

    Noticeable pauses are announced and limited. A public catalogue is not followed to addresses
    inside the local network.
    """

    def __init__(self, url: str, patience: Patience) -> None:
        super().__init__(timeout=_TIMEOUT, max_retries=None)
        self._patience = patience
        if is_public(url):
            guard(self.session)
        self.session.hooks["response"].append(_turned_away)

    def read_text(self, source: Any, *args: Any, **more: Any) -> str:
        """Never reads a local file, whatever links a server sends."""
        if isinstance(source, str) and not source.startswith(("http://", "https://")):
            raise InputError("a catalogue leads to something that is not an address", shown(source))
        return super().read_text(source, *args, **more)

    def request(
        self,
        href: str,
        method: str | None = None,
        headers: dict[str, str] | None = None,
        parameters: dict[str, Any] | None = None,
    ) -> str:
        """The response; raises `APIError` for a refusal, or when the retries are used up."""
        failures = 0
        while True:
            try:
                return super().request(href, method, headers, parameters)
            except APIError as error:
                later = _temporary(error)
                failures += 1
                if later is None or failures >= self._patience.attempts:
                    raise
            pause = self._patience.pause(failures, later.wait)
            announce(shown(href), later, pause)
            sleep(pause)


def _turned_away(response: requests.Response, *_: Any, **__: Any) -> None:
    if response.status_code in LATER:
        wait = retry_after(response.headers.get("Retry-After"))
        response.close()
        raise TryAgain(f"the server answers {response.status_code} {response.reason}", wait)


def _temporary(error: BaseException) -> TryAgain | None:
    """The cause of a pystac-client error, if it may be temporary."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, TryAgain):
            return cause
        if isinstance(cause, _TEMPORARY):
            return TryAgain(reason(cause))
        cause = cause.__cause__ or cause.__context__
    return None

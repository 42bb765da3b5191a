"""The preview server of a notebook: a thread of its kernel."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from automap_tiles.errors import MissingExtra

if TYPE_CHECKING:
    from automap_tiles.layers.layer import Layer

PROXY = "AUTOMAP_NOTEBOOK_PROXY"
"""Variable: address below which the browser reaches ports of this machine, with {port}."""

_Answer = Callable[[dict[str, Any], Any], Iterable[bytes]]


class NotebookServer:
    """Serves layers at this machine alone, each under an address that cannot be guessed."""

    def __init__(self) -> None:
        try:
            from automap_devserver.serve import serve_beside
            from automap_devserver.settings import PreviewSettings
        except ModuleNotFoundError as error:
            raise MissingExtra(error.name or "flask", "notebook") from error
        self._shown: dict[str, _Answer] = {}
        self._settings = PreviewSettings(port=0, patient=True)
        self.port = serve_beside(self._answer, self._settings)

    def show(self, layer: Layer) -> str:
        """Where the tiles of a layer are from now on, with {z}, {x} and {y}."""
        from automap_devserver.app import create_app
        from automap_devserver.catalogue import Catalogue

        token = secrets.token_urlsafe(16)
        self._shown[token] = create_app(Catalogue((layer,)), self._settings).wsgi_app
        return f"{base(self.port)}/{token}/{layer.info.name}/{{z}}/{{x}}/{{y}}.png"

    def _answer(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        """Only what is asked below an address that was handed out is answered.

        It may come through a proxy then, such as that of Jupyter, under whatever name.
        """
        _, token, *rest = environ.get("PATH_INFO", "").split("/", 2)
        inner = self._shown.get(token)
        if inner is None or not rest:
            start("404 NOT FOUND", [("Content-Type", "text/plain"), ("Content-Length", "0")])
            return []
        inside = {key: value for key, value in environ.items() if key not in _PROXIED}
        inside |= {
            "SCRIPT_NAME": f"{environ.get('SCRIPT_NAME', '')}/{token}",
            "PATH_INFO": f"/{rest[0]}",
            "HTTP_HOST": "localhost",
        }
        return inner(inside, start)


_PROXIED = (
    "HTTP_FORWARDED",
    "HTTP_VIA",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_REAL_IP",
)


def base(port: int) -> str:
    """Where the browser reaches a port of this machine.

    As the variable says; on a JupyterHub through jupyter-server-proxy; else directly.
    """
    said = os.environ.get(PROXY)
    if said:
        return said.replace("{port}", str(port)).rstrip("/")
    hub = os.environ.get("JUPYTERHUB_SERVICE_PREFIX")
    return f"{hub.rstrip('/')}/proxy/{port}" if hub else f"http://127.0.0.1:{port}"


_GUARD = threading.Lock()
_STARTED: list[NotebookServer] = []


def server() -> NotebookServer:
    """The one of this process, started by the first who asks."""
    with _GUARD:
        if not _STARTED:
            _STARTED.append(NotebookServer())
        return _STARTED[0]

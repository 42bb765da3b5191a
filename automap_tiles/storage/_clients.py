"""Clients of object stores, with credentials and endpoints from the environment.

GDAL and the client name many settings differently; those set for GDAL are sufficient for both.
"""

from __future__ import annotations

import os
import re
from datetime import timedelta
from typing import Any

from automap_tiles.errors import ConfigError, OutputError
from automap_tiles.storage._retries import obstore_package, silence

# The client itself retries parts of a large object, without notifying us.
_RETRIES_OF_PARTS = 6
_PATIENCE_OF_PARTS = timedelta(seconds=90)

_YES = ("YES", "TRUE", "ON", "1")

_CONNECTION = "AZURE_STORAGE_CONNECTION_STRING"
# The client's names for settings in Azure connection strings and GDAL's environment (/vsiaz/).
_AZURE = {
    "account_name": ("AccountName", "AZURE_STORAGE_ACCOUNT"),
    "account_key": ("AccountKey", "AZURE_STORAGE_ACCESS_KEY"),
    "sas_key": ("SharedAccessSignature", "AZURE_STORAGE_SAS_TOKEN"),
    "endpoint": ("BlobEndpoint", "AZURE_STORAGE_ENDPOINT"),
}


def connect(root: str, endpoint: str | None = None, *, in_parts: bool = False) -> Any:
    """A client of a store; raises `OutputError`.

    `in_parts`: a client that retries parts of an object by itself.
    """
    retries = _RETRIES_OF_PARTS if in_parts else 0
    # No timeout for a whole response: that would forbid large objects and slow connections.
    client: dict[str, Any] = {
        "connect_timeout": "10s", "read_timeout": timedelta(seconds=silence()), "timeout": "1h",
    }  # fmt: skip
    options: dict[str, Any] = {
        "retry_config": {"max_retries": retries, "retry_timeout": _PATIENCE_OF_PARTS},
        **_credentials(root),
    }
    endpoint = endpoint or endpoint_of(root)
    if endpoint:
        options["endpoint"] = endpoint
        client["allow_http"] = endpoint.startswith("http://")
    store = obstore_package().store
    try:
        return store.from_url(root, client_options=client, **options)
    except store.BaseError as error:
        raise OutputError(f"no such store: {reason_of(error)}", root) from None


def endpoint_of(root: str) -> str | None:
    """Endpoint of a store, if the environment sets one."""
    if root.startswith("s3://"):
        return _s3_endpoint()
    return _azure().get("endpoint") if root.startswith("az://") else None


def _credentials(root: str) -> dict[str, Any]:
    """Settings that the client does not read from the environment by itself."""
    if root.startswith("s3://"):
        payer = os.environ.get("AWS_REQUEST_PAYER", "").lower() == "requester"
        # GDAL's names for unsigned requests and requester-pays buckets.
        return {
            **({"skip_signature": True} if _is_set("AWS_NO_SIGN_REQUEST") else {}),
            **({"request_payer": True} if payer else {}),
        }
    if root.startswith("gs://"):
        return {"skip_signature": True} if _is_set("GS_NO_SIGN_REQUEST") else {}
    said = {name: value for name, value in _azure().items() if name != "endpoint"}
    return said | ({"skip_signature": True} if _is_set("AZURE_NO_SIGN_REQUEST") else {})


def _is_set(name: str) -> bool:
    return os.environ.get(name, "NO").upper() in _YES


def _azure() -> dict[str, str]:
    """Settings of an Azure account by the client's names; a connection string takes precedence."""
    text = os.environ.get(_CONNECTION, "")
    parts = dict(part.split("=", 1) for part in text.split(";") if "=" in part)
    if text and "AccountName" not in parts and "BlobEndpoint" not in parts:
        raise ConfigError(
            "not a connection string of Azure",
            key=_CONNECTION,
            remedy="AccountName=…;AccountKey=…, as the portal gives it",
        )
    found = {
        ours: value
        for ours, (theirs, variable) in _AZURE.items()
        if (value := parts.get(theirs) or (not text and os.environ.get(variable)))
    }
    # Without the trailing slash: the client appends the container.
    return {
        name: value.rstrip("/") if name == "endpoint" else value for name, value in found.items()
    }


def _s3_endpoint() -> str | None:
    """The endpoint in any of its spellings, so that GDAL's variable suffices for both."""
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT", "AWS_S3_ENDPOINT"):
        value = os.environ.get(name)
        if value:
            plain = os.environ.get("AWS_HTTPS", "YES").upper() in ("NO", "FALSE", "OFF")
            return value if "://" in value else f"{'http' if plain else 'https'}://{value}"
    return None


def reason_of(error: Exception) -> str:
    """Kind and first line of an error: further lines may quote the request with its headers.

    Query strings of URLs are removed: they may contain a signature.
    """
    text = str(error).strip().splitlines()
    first = re.sub(r"\?[^\s\"')]+", "?…", text[0])[:300] if text else ""
    return f"{type(error).__name__}: {first}"

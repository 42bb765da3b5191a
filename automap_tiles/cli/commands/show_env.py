"""`automap show-env`."""

from __future__ import annotations

import os

import click

from automap_tiles.cli.options.mapchete import WithWords

_VARIABLES = {
    "of GDAL": {
        "GDAL_CACHEMAX": "memory for blocks of files",
        "GDAL_HTTP_USERPWD": "user:password of a web server",
        "GDAL_HTTP_TIMEOUT": "seconds until an answer of a web server is given up",
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "endings of files that are asked for",
    },
    "of object stores": {
        "AWS_ACCESS_KEY_ID": "key of s3://",
        "AWS_SECRET_ACCESS_KEY": "secret of s3://",
        "AWS_SESSION_TOKEN": "token of s3:// that ends with a session",
        "AWS_REGION": "region of s3://",
        "AWS_ENDPOINT_URL": "address of an s3:// that is not Amazon's",
        "AWS_S3_ENDPOINT": "the same, as GDAL calls it",
        "AWS_HTTPS": "NO for an s3:// without TLS",
        "AWS_VIRTUAL_HOSTING": "FALSE for an s3:// without names for buckets",
        "AWS_NO_SIGN_REQUEST": "YES for public buckets",
        "AWS_REQUEST_PAYER": "requester, where who asks has to pay",
        "GOOGLE_APPLICATION_CREDENTIALS": "file with the key of gs://",
        "AZURE_STORAGE_CONNECTION_STRING": "account and key of az://",
    },
    "of the service": {
        "AUTOMAP_SERVER": "address that `automap launch` goes to",
        "AUTOMAP_TOKEN": "token that it says who you are by",
        "AUTOMAP_PASSWORD": "password of a new user",
    },
    "of this machine": {
        "XDG_CACHE_HOME": "where what is fetched is kept",
        "TMPDIR": "where files of a moment are",
        "OPENBLAS_NUM_THREADS": "threads of linear algebra in one worker",
        "OMP_NUM_THREADS": "threads of OpenMP in one worker",
    },
}
"""What each is for, by what it is of."""

_SECRET = ("KEY", "SECRET", "TOKEN", "PASSWORD", "USERPWD", "CONNECTION_STRING")


@click.command(cls=WithWords)
def command() -> None:
    """Show the environment variables that count here.

    `${NAME}` in a process file is taken from any variable. Of secrets only whether they are set is
    shown.
    """
    width = max(len(name) for group in _VARIABLES.values() for name in group)
    for kind, group in _VARIABLES.items():
        click.echo(f"{kind}:")
        for name, purpose in group.items():
            click.echo(f"  {name:<{width}}  {_state(name)}  ({purpose})")


def _state(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        return "not set"
    return "set" if any(word in name for word in _SECRET) else f"= {value}"

"""Environment variables that AutoMap reads."""

from __future__ import annotations

VARIABLES = {
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


def is_secret(name: str) -> bool:
    """Whether the value of a variable is never to be shown."""
    return any(word in name for word in _SECRET)


def secrets() -> tuple[str, ...]:
    """Names of the variables that may hold credentials."""
    return tuple(
        name
        for group in VARIABLES.values()
        for name in group
        if is_secret(name) or name == "GOOGLE_APPLICATION_CREDENTIALS"
    )

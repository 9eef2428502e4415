"""Object stores and what else fsspec reads, by URL.

Who may read and write there is said by the environment, as the store's own tools have it (``AWS_PROFILE``,
``GOOGLE_APPLICATION_CREDENTIALS``), and never by the URL, which is stored and shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from core.base.errors import InputRefused
from core.language.texts import marked

_OPTIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "s3": {
        # A store that does not answer costs three minutes at most: three times half a minute, and that twice.
        "config_kwargs": {
            "connect_timeout": 5,
            "read_timeout": 30,
            "retries": {"total_max_attempts": 3, "mode": "standard"},
            "max_pool_connections": 32,
        },
        # Otherwise every file is asked for its size before it is read.
        "max_concurrency": 1,
    },
}
_SCHEMES: Final = ("s3", "gs", "gcs", "file", "memory")
"""What can be used. fsspec reads much more: web pages by the addresses of a network that only this machine may reach,
archives within archives, other people's repositories."""
_ASKED_BY_FILE_SYSTEM = 2
"""How often s3fs repeats what botocore gave up; its own five times make half an hour of one file."""


def open_file_system(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the folder in it. Raises InputRefused for a URL that cannot be used."""
    try:
        parts = urlsplit(url)
    except ValueError as fault:
        raise InputRefused(
            marked("The URL cannot be read ({fault}). Expected one as 's3://BUCKET/FOLDER'.").format(fault=fault)
        ) from fault
    if "@" in parts.netloc:
        raise InputRefused(
            marked(
                "The URL holds a password, which would be stored and shown. Give it by the environment, as the "
                "store's own tools read it (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, for example)."
            )
        )
    if parts.scheme not in _SCHEMES:
        raise InputRefused(
            marked(
                "'{scheme}://' cannot be used here. Expected an object store or a shared folder: s3://, gs:// or "
                "file://."
            ).format(scheme=parts.scheme)
        )
    try:
        # Imported here: it is installed only where files lie elsewhere.
        import fsspec

        # Without a memory of listings: whether a file has changed is to be asked anew.
        system = fsspec.filesystem(parts.scheme, use_listings_cache=False, **_OPTIONS.get(parts.scheme, {}))
    except (ImportError, ValueError) as missing:
        raise InputRefused(
            marked(
                "'{scheme}://' cannot be used here ({missing}). Run `python -m pip install -r "
                "requirements-cluster.txt`; gs:// needs gcsfs besides."
            ).format(scheme=parts.scheme, missing=missing)
        ) from missing
    if parts.scheme == "s3":
        system.retries = _ASKED_BY_FILE_SYSTEM
    return system, str(system._strip_protocol(url)).rstrip("/")


def describe_store_fault(fault: Exception) -> str:
    """What a store said, in its own words."""
    text = " ".join(str(fault).split())[:300] or type(fault).__name__
    return text.rstrip(".")

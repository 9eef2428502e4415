"""What a PostgreSQL server refuses, told as errors of Face Atlas; the psycopg of another's installation is not loaded.

Of an error's own text nothing is shown but what names no password: libpq never puts one into its messages.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy.engine import ExceptionContext

from core.base.errors import DatabaseGone, DataFolderBusy, DataFolderFault, DiskFull, FaceAtlasError

_PASSING = ("connection refused", "starting up", "shutting down", "not yet accepting", "no such file or directory")
"""What a server that is started anew says meanwhile; without its socket it is not there yet."""
_REFUSALS = {
    "password authentication failed": "refused the user's name or password. Correct FACE_ATLAS_DATABASE_URL.",
    "no password supplied": "asks for a password. Write it into FACE_ATLAS_DATABASE_URL, behind the user's name.",
    "no pg_hba.conf entry": "does not let this machine in. Ask whoever keeps the server (pg_hba.conf).",
    "does not exist": "is not there, or its user is not. Make it (CREATE DATABASE), or correct "
    "FACE_ATLAS_DATABASE_URL.",
    "too many clients": "serves as many connections as it may. Close other programs, or raise max_connections.",
    "remaining connection slots": "serves as many connections as it may. Close other programs, or raise "
    "max_connections.",
}
_LOCKED = ("55P03", "40P01", "40001", "57014")
"""lock_not_available, deadlock_detected, serialization_failure, query_canceled."""
_NOT_ALLOWED = ("42501", "25006")
"""insufficient_privilege, read_only_sql_transaction."""
_GONE = ("08", "57P")
"""Classes and codes of a connection that was cut: connection_exception, admin_shutdown and its like."""


def server_fault_translator(title: str) -> Callable[[ExceptionContext], FaceAtlasError | None]:
    """A listener for SQLAlchemy's ``handle_error`` on the database of a title."""

    def translate(context: ExceptionContext) -> FaceAtlasError | None:
        # A connection from before a restart is found out by its ping, and replaced without a word.
        if context.is_pre_ping:
            return None
        fault = context.original_exception
        # An error of the driver, known by its class's name: its module may not be imported here.
        if not any(base.__name__ == "Error" and base.__module__ == "psycopg" for base in type(fault).__mro__):
            return None
        cut = context.is_disconnect or type(fault).__name__ in ("OperationalError", "ConnectionTimeout")
        return translate_refusal(title, getattr(fault, "sqlstate", None), str(fault), cut=cut)

    return translate


def translate_refusal(title: str, code: str | None, message: str, *, cut: bool) -> FaceAtlasError | None:
    """The error to raise instead; None for one that says something about the data, not about the database.

    Parameters
    ----------
    code : SQLSTATE, None where no server answered
    cut : whether the connection is lost, or never came to be
    """
    lowered = message.lower()
    if code in _LOCKED:
        return DataFolderBusy(
            f"{title} was kept locked by others all the while. Do it again in a moment. Nothing was lost."
        )
    if code in ("53100", "53200"):
        return DiskFull(
            f"{title} has no room left, so this could not be written; what was there before is kept. "
            "Ask whoever keeps the server, then do it again."
        )
    if code in _NOT_ALLOWED:
        return DataFolderFault(
            f"{title} does not let its user write or make tables. Ask whoever keeps the server for that "
            "(GRANT), or give another user in FACE_ATLAS_DATABASE_URL."
        )
    for words, refusal in _REFUSALS.items():
        if cut and words in lowered and not is_passing(message):
            return DataFolderFault(f"{title} {refusal}")
    if cut or (code or "").startswith(_GONE):
        return DatabaseGone(
            f"{title} does not answer. It may be starting anew: do it again in a minute. If it stays away, look "
            "after the server, or correct FACE_ATLAS_DATABASE_URL. Nothing that was stored is lost."
        )
    return None


def is_passing(fault: object) -> bool:
    """Whether a refusal to connect is one of a server that may be there in a moment."""
    lowered = str(fault).lower()
    return any(words in lowered for words in _PASSING)

"""Logs as JSON lines, for a service that gathers them: an object a line, with nothing of faces, names or files.

What this program says about itself is written as it is. Of others' packages only their own constant words are, with
where in their code they said so: what they put into them may be a file's name. An exception is its kind and where it
happened, without its text.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import PurePath
from types import TracebackType
from typing import Any, TextIO

OURS = "face_atlas"
FIELDS = "fields"
"""Of ``extra``: figures that a line has beside its words."""
JSON_LINES = "json"


class JsonLines(logging.Formatter):
    """A log record as a line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "text": _words(record),
            **getattr(record, FIELDS, {}),
        }
        if record.exc_info and record.exc_info[0] is not None:
            line["fault"] = record.exc_info[0].__name__
            line["where"] = _frames(record.exc_info[2])
        return json.dumps(line)


def _words(record: logging.LogRecord) -> str:
    if record.name.split(".")[0] == OURS:
        return record.getMessage()
    # Without arguments the text may be put together already.
    template = str(record.msg) if record.args else ""
    return f"{template} ({record.module}:{record.lineno})".strip()


def _frames(trace: TracebackType | None) -> list[str]:
    return [f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)]


def write_json_lines(stream: TextIO, level: int = logging.INFO) -> None:
    """From now on every log of this process is written as JSON lines, and so are faults that nobody catches."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(level)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_fault
    threading.excepthook = lambda fault: _log_fault(fault.exc_type, fault.exc_value, fault.exc_traceback)


def hand_to_root(loggers: Iterable[logging.Logger]) -> None:
    """Let loggers that write by themselves write as all others do."""
    for logger in loggers:
        logger.handlers = []
        logger.propagate = True


def _log_fault(kind: type[BaseException], fault: BaseException | None, trace: TracebackType | None) -> None:
    if fault is not None and not issubclass(kind, KeyboardInterrupt):
        logging.getLogger(f"{OURS}.process").critical("a fault that nobody caught", exc_info=(kind, fault, trace))

"""Logs as JSON lines: this program's own words, and of others nothing that may name somebody."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from core.base.logs import FIELDS, write_json_lines

SECRET = "Ada Lovelace.jpg"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook)
    handlers, level, written = root.handlers, root.level, io.StringIO()
    write_json_lines(written)
    yield written
    root.handlers = handlers
    root.setLevel(level)
    sys.excepthook, threading.excepthook = hooks
    logging.captureWarnings(capture=False)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_has_its_words_and_figures(stream: io.StringIO) -> None:
    logging.getLogger("face_atlas.worker").info("job %s ended", "a1", extra={FIELDS: {"seconds": 1.5}})
    (line,) = lines(stream)
    assert (line["level"], line["logger"], line["text"], line["seconds"]) == (
        "info",
        "face_atlas.worker",
        "job a1 ended",
        1.5,
    )


def test_what_others_put_into_their_words_and_what_an_exception_says_is_left_out(stream: io.StringIO) -> None:
    others = logging.getLogger("another.package")
    others.warning("cannot read %s", SECRET)
    others.warning(f"cannot read {SECRET}")
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("face_atlas.store").exception("it went wrong")
    thread = threading.Thread(target=lambda: open(f"/nowhere/{SECRET}"))  # noqa: PTH123, SIM115
    thread.start()
    thread.join()
    template, formatted, raised, uncaught = lines(stream)
    assert template["text"].startswith("cannot read %s (test_logs:")
    assert formatted["text"].startswith("(test_logs:")
    assert (raised["fault"], uncaught["fault"]) == ("ValueError", "FileNotFoundError")
    assert "test_logs.py" in raised["where"][0]
    assert "Ada" not in stream.getvalue()

"""The program in which files of others are read: ``python -m core.isolation.child REGION PARENT``.

It does one task after the other for its parent, each within its bounds, and may die of any of them. It loads what
decoding needs and nothing else: no page, no network, no store.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import FileIO
from typing import Final

import msgspec

from core.base.errors import InputRefused
from core.isolation.bounds import confine_process, enforce_bounds
from core.isolation.channel import Channel, open_region
from core.isolation.messages import (
    NO_ANSWER,
    Block,
    Greeting,
    Outcome,
    Request,
    TaskHandlers,
    decode_message,
    encode_message,
)

MOST_REQUEST_BYTES: Final = 1 << 30
NO_REGION: Final = -1


def serve_tasks(region_descriptor: int, parent_pid: int) -> None:
    """Serve until the parent is gone."""
    confine_process(parent_pid)
    channel = _channel(region_descriptor)
    # Only now: what it loads (OpenCV, Pillow) reads the environment, and may print to descriptors that are set by now.
    from core.isolation.tasks import find_handlers

    channel.send(Greeting(ready=True))
    while True:
        try:
            request, blocks = channel.receive(Request, MOST_REQUEST_BYTES)
        except EOFError:
            return
        channel.send(*_do_task(find_handlers(request.task), request, blocks))


def _channel(region_descriptor: int) -> Channel:
    """Take over standard input and output, so that nothing that a library prints gets among the answers."""
    reader, writer = FileIO(os.dup(0), "r"), FileIO(os.dup(1), "w")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    return Channel(reader, writer, None if region_descriptor == NO_REGION else open_region(region_descriptor))


def _do_task(handlers: TaskHandlers, request: Request, blocks: Sequence[memoryview]) -> tuple[Outcome, Sequence[Block]]:
    """The task's answer, its refusal, or the name of what went wrong: nothing that a file does ends the child here."""
    try:
        # Taking the arguments apart and encoding the answer count too: both are as large as the file makes them.
        with enforce_bounds(request.bounds):
            task, work = handlers[request.task]
            answer, parts = work(decode_message(request.arguments, task.asked), blocks)
            return Outcome(msgspec.Raw(encode_message(answer))), parts
    except InputRefused as refusal:
        return Outcome(NO_ANSWER, refused=_in_letters(str(refusal)), kind=type(refusal).__name__), []
    # Whatever a parser raises is said of this file, MemoryError too; the name alone, as the text may hold its content.
    except Exception as fault:
        return Outcome(NO_ANSWER, fault=type(fault).__name__), []


def _in_letters(text: str) -> str:
    """A text that may hold the name of a file, which may be no text; JSON takes letters alone."""
    return text.encode("utf-8", "backslashreplace").decode()


if __name__ == "__main__":
    serve_tasks(int(sys.argv[1]), int(sys.argv[2]))

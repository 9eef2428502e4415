"""The program in which files of others are read: ``python -m core.isolation.child REGION PARENT``.

It does one task after the other for its parent, each within its bounds, and may die of any of them. It loads what
decoding needs and nothing else: no page, no network, no store.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from io import FileIO
from typing import Any, Final

from core.base.errors import InputRefused
from core.isolation.bounds import Bounds, confine_process, held_to
from core.isolation.channel import Channel, open_region

MOST_REQUEST_BYTES: Final = 1 << 30
NO_REGION: Final = -1


def serve_tasks(region_descriptor: int, parent_pid: int) -> None:
    """Serve until the parent is gone."""
    confine_process(parent_pid)
    channel = _channel(region_descriptor)
    from core.isolation.tasks import TASKS  # what it loads reads environment and descriptors that are set by now

    channel.send({"ready": True})
    while True:
        try:
            request, blocks = channel.receive(MOST_REQUEST_BYTES)
        except EOFError:
            return
        channel.send(*_answer(TASKS[request["task"]], request, blocks))


def _channel(region_descriptor: int) -> Channel:
    """Take over standard input and output, so that nothing that a library prints gets among the answers."""
    reader, writer = FileIO(os.dup(0), "r"), FileIO(os.dup(1), "w")
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    os.close(null)
    return Channel(reader, writer, None if region_descriptor == NO_REGION else open_region(region_descriptor))


def _answer(task: Any, request: dict[str, Any], blocks: Sequence[memoryview]) -> tuple[dict[str, Any], Sequence[Any]]:
    """The task's answer, its refusal, or the name of what went wrong: nothing that a file does ends the child here."""
    try:
        with held_to(Bounds(**request["bounds"])):
            answer, parts = task(request["arguments"], blocks)
    except InputRefused as refusal:
        return {"refused": str(refusal), "kind": type(refusal).__name__}, []
    except Exception as fault:
        return {"fault": type(fault).__name__}, []
    return {"answer": answer}, parts


if __name__ == "__main__":
    serve_tasks(int(sys.argv[1]), int(sys.argv[2]))

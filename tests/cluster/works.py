"""What workers of the tests do; a module, as other processes import it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.base.errors import ModelUnavailable
from core.base.settings import Settings

POISON = 13


def load_nothing(settings: Settings, model_id: str) -> Any:
    """In place of networks."""
    return None


def square(pipeline: Any, threads: int, items: Sequence[int]) -> list[int]:
    return [item * item for item in items]


def square_unless_poisonous(pipeline: Any, threads: int, items: Sequence[int]) -> list[int]:
    """Ends its process on one item, as a library's fault would."""
    if POISON in items:
        os.kill(os.getpid(), signal.SIGKILL)
    return square(pipeline, threads, items)


def end(pipeline: Any, threads: int, items: Sequence[int]) -> list[int]:
    """Ends its process whatever it is given, as networks that do not fit into the memory would."""
    os.kill(os.getpid(), signal.SIGKILL)
    return []


def refuse(pipeline: Any, threads: int, items: Sequence[int]) -> list[int]:
    raise ModelUnavailable("The networks are not installed here.")


class Idler:
    """An actor that has a processor and does nothing."""

    def wait(self) -> None:
        """Answered as soon as it runs."""


@dataclass(frozen=True)
class SquareSlowAtFirst:
    """Notes each attempt as a file in a folder; the first on one item lasts until there is a second."""

    folder: Path
    slow_item: int

    def __call__(self, pipeline: Any, threads: int, items: Sequence[int]) -> list[int]:
        (self.folder / f"{items[0]}-{time.monotonic_ns()}").touch()
        until = time.monotonic() + 60
        while self.slow_item in items and len(list(self.folder.glob(f"{items[0]}-*"))) < 2:
            if time.monotonic() > until:
                raise ModelUnavailable("Nobody else was given it.")
            time.sleep(0.05)
        return square(pipeline, threads, items)


@dataclass(frozen=True)
class SquareSlowly:
    """Notes each attempt as a file in a folder, so that repetitions can be counted; begins when two workers do."""

    folder: Path
    seconds: float = 0.2

    def __call__(self, pipeline: Any, threads: int, items: Sequence[int]) -> list[int]:
        (self.folder / f"{items[0]}-{os.getpid()}-{time.monotonic_ns()}").touch()
        until = time.monotonic() + 60
        while len({path.name.split("-")[1] for path in self.folder.iterdir()}) < 2 and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(self.seconds)
        return square(pipeline, threads, items)

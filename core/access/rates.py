"""How often something may be asked for: so many times in so many seconds, for each who asks."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from core.base.errors import TooOften
from core.language.texts import gettext as _

MOST_REMEMBERED = 10_000
"""Of those who asked lately; whoever asked longest ago is forgotten first."""


@dataclass
class RateLimit:
    """A sliding window for each who asks; of this process, and safe to share between threads."""

    count: int
    seconds: float
    clock: Callable[[], float] = time.monotonic
    _asked: dict[str, deque[float]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def allows(self, who: str) -> bool:
        """Whether they may ask once more, which is counted then."""
        now = self.clock()
        with self._lock:
            times = self._asked.pop(who, None) or deque()
            while times and times[0] <= now - self.seconds:
                times.popleft()
            # At the end: the first one of the dictionary asked longest ago.
            self._asked[who] = times
            if len(self._asked) > MOST_REMEMBERED:
                self._asked.pop(next(iter(self._asked)))
            if len(times) >= self.count:
                return False
            times.append(now)
            return True

    def require(self, who: str) -> None:
        """Count it, or raise TooOften."""
        if not self.allows(who):
            raise TooOften(
                _(
                    "That was asked for more than {count} times in {seconds} seconds. Wait a moment, then go on.",
                    count=self.count,
                    seconds=f"{self.seconds:g}",
                )
            )

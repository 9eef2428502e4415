"""Writes down who saw whom without making anybody wait: pages say it, and a thread writes what came together.

What was said within the last second is lost with a process that is killed; one that ends writes it first.
"""

from __future__ import annotations

import atexit
import logging
import threading
import time
from dataclasses import dataclass, field

from core.base.errors import DataFolderFault
from core.store.audit_log import AuditAction, AuditEntry, AuditLog

WRITTEN_WITHIN_S = 1.0
DRAWN_AGAIN = frozenset({AuditAction.VIEWED, AuditAction.COMPARED})
"""What a page does again with every click: the same of the same person counts once in ``REPEAT_S``."""
REPEAT_S = 600.0
MOST_WAITING = 20_000
"""Beyond these, while the database cannot be written, the oldest are given up, and the log of the program says so."""
log = logging.getLogger("face_atlas.audit")


@dataclass(eq=False)
class AuditRecorder:
    """Of a process; safe to use from several threads."""

    audit_log: AuditLog
    is_on: bool = True
    """Whether anything is written down at all."""
    _waiting: list[AuditEntry] = field(default_factory=list)
    _last_seen: dict[tuple[object, ...], float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _writing: threading.Lock = field(default_factory=threading.Lock)
    _come: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _is_fault_known: bool = False

    def record(self, entry: AuditEntry) -> None:
        """Write it down soon; nothing happens for a look that was recorded a few minutes ago already."""
        if not self.is_on:
            return
        with self._lock:
            if not self._is_new(entry):
                return
            self._waiting.append(entry)
            self._start()
        self._come.set()

    def write(self) -> None:
        """Write what waits. What cannot be written waits on, and is tried again with the next."""
        with self._writing:
            with self._lock:
                batch, self._waiting = self._waiting, []
            try:
                self.audit_log.add(batch)
                self._is_fault_known = False
            except DataFolderFault as fault:
                if not self._is_fault_known:
                    log.warning("the access log cannot be written; trying again: %s", fault)
                self._is_fault_known = True
                self._put_back(batch)

    def _put_back(self, batch: list[AuditEntry]) -> None:
        with self._lock:
            waiting = batch + self._waiting
            self._waiting = waiting[-MOST_WAITING:]
        if len(waiting) > MOST_WAITING:
            log.error("the access log could not be written for long: %d lines are lost", len(waiting) - MOST_WAITING)

    def _is_new(self, entry: AuditEntry) -> bool:
        if entry.action not in DRAWN_AGAIN:
            return True
        key = entry.viewer, entry.action, entry.occasion, entry.dataset_id, entry.person_id
        before = self._last_seen.get(key)
        if before is not None and entry.at - before < REPEAT_S:
            return False
        self._last_seen[key] = entry.at
        if len(self._last_seen) > MOST_WAITING:
            self._last_seen = {look: at for look, at in self._last_seen.items() if entry.at - at < REPEAT_S}
        return True

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="audit", daemon=True)
            self._thread.start()
            atexit.register(self.write)

    def _run(self) -> None:
        while self._come.wait():
            # Those of one page come within moments of each other: one transaction for all.
            time.sleep(WRITTEN_WITHIN_S)
            self._come.clear()
            self.write()
            with self._lock:
                if self._waiting:
                    self._come.set()

"""Figures of an installation in the text format of Prometheus: counts and seconds, nothing of anybody.

References
----------
https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from core.base.errors import FaceAtlasError
from core.base.types import Revision
from core.store.protocols import FaceStore, JobStore
from core.store.values.datasets import Counts
from core.workflows.monitoring.readiness import Readiness

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
FRESH_S = 5.0
"""Who asks more often gets the same figures: asking costs the database nothing then."""
Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Family:
    """Figures of one meaning, told apart by labels."""

    name: str
    meaning: str
    samples: Sequence[tuple[Labels, float]]


def encode_families(families: Sequence[Family]) -> str:
    """As Prometheus reads it; every family is a gauge, as rows of jobs may be forgotten."""
    return "".join(f"{line}\n" for family in families for line in _lines(family))


def _lines(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {family.meaning}"
    yield f"# TYPE {family.name} gauge"
    for labels, number in family.samples:
        # Labels are words of the program (kinds and states of jobs), in which nothing has to be escaped.
        pairs = ",".join(f'{key}="{word}"' for key, word in labels.items())
        yield f"{family.name}{{{pairs}}} {number:g}" if pairs else f"{family.name} {number!r}"


@dataclass
class MetricsReader:
    """Reads the figures, at most once in ``FRESH_S``; safe to use from several threads."""

    store: FaceStore
    jobs: JobStore
    readiness: Callable[[], Readiness]
    free_bytes: Callable[[], int]
    sessions: Callable[[], int]
    clock: Callable[[], float] = time.monotonic
    _counts: dict[str, tuple[Revision, Counts]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _text: str = ""
    _read_at: float | None = None

    def text(self) -> str:
        """The newest figures."""
        # Whoever asks meanwhile waits for this answer: nobody's question is computed twice.
        with self._lock:
            if self._read_at is None or self.clock() - self._read_at >= FRESH_S:
                self._text = encode_families([*self._process_families(), *self._stored_families()])
                self._read_at = self.clock()
            return self._text

    def _process_families(self) -> Iterator[Family]:
        ready = self.readiness()
        yield _figure("face_atlas_database_up", "Whether the database answers.", ready.database)
        yield _figure("face_atlas_worker_up", "Whether a worker lives.", ready.worker)
        yield _figure("face_atlas_disk_free_bytes", "Room on the disk of the data folder.", self.free_bytes())
        yield _figure("face_atlas_sessions", "Browsers with a page open.", self.sessions())

    def _stored_families(self) -> Iterator[Family]:
        try:
            yield from self._count_faces()
            yield from self._count_jobs()
        except FaceAtlasError:
            # That the database is gone is a figure above; the others are missing then.
            return

    def _count_faces(self) -> Iterator[Family]:
        datasets = self.store.datasets()
        # A million rows are counted again only after something changed.
        self._counts = {
            dataset.id: (dataset.revision, self._counts[dataset.id][1])
            if self._counts.get(dataset.id, (None,))[0] == dataset.revision
            else (dataset.revision, self.store.counts(dataset.id))
            for dataset in datasets
        }
        counts = [dataset_counts for _, dataset_counts in self._counts.values()]
        yield _figure("face_atlas_datasets", "Datasets.", len(datasets))
        yield _figure(
            "face_atlas_photos", "Photos of all datasets.", sum(dataset_counts.photos for dataset_counts in counts)
        )
        yield _figure(
            "face_atlas_faces", "Faces of all datasets.", sum(dataset_counts.faces for dataset_counts in counts)
        )
        yield _figure(
            "face_atlas_people", "People of all datasets.", sum(dataset_counts.people for dataset_counts in counts)
        )

    def _count_jobs(self) -> Iterator[Family]:
        totals = self.jobs.totals()
        labelled = [({"kind": total.kind.value, "state": total.state.value}, total) for total in totals]
        yield Family("face_atlas_jobs", "Jobs by kind and state.", [(key, total.count) for key, total in labelled])
        yield Family(
            "face_atlas_job_seconds",
            "How long jobs took that have ended, all together.",
            [(key, total.seconds) for key, total in labelled if not total.state.active],
        )


def _figure(name: str, meaning: str, number: float) -> Family:
    return Family(name, meaning, [({}, float(number))])

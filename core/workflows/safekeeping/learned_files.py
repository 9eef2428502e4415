"""Whether what was learned and computed of a dataset can be read: recognisers, tests, maps, groups, suspects, lookups.

No row knows the hashes of these files: each is read as whoever uses it reads it.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from core.base.errors import InputRefused, NotFound
from core.formats.bundle import decode_gallery
from core.store.artifacts import ArtifactKind, Artifacts
from core.store.protocols import RunStore
from core.store.values.datasets import Dataset
from core.store.values.runs import Run
from core.workflows.clustering.hierarchy import load_hierarchy
from core.workflows.evaluation.study import load_study
from core.workflows.identification.lookups.kept_lookups import load_lookup
from core.workflows.labels.review_queue import load_queue
from core.workflows.projection.project import load_map
from core.workflows.training.train import load_predictions, load_recogniser

RECOMPUTABLE = frozenset({ArtifactKind.CLUSTERS, ArtifactKind.SUSPECTS})
"""What is made by a click and holds nothing that somebody said."""
ALWAYS_THERE = frozenset({ArtifactKind.RUN, ArtifactKind.MAP})
"""Of these every row has its file."""
# What NumPy, zipfile and JSON raise for damage.
_DAMAGE = (InputRefused, ValueError, KeyError, TypeError, EOFError, OSError, zipfile.BadZipFile, zlib.error)


@dataclass(frozen=True)
class LearnedFile:
    """A file that is read to see whether it can be."""

    kind: ArtifactKind
    id: str
    title: str
    to_do: str
    """Where it cannot be read and no backup has it."""
    read: Callable[[], object]

    def find_damage(self) -> str:
        """What is wrong with it: "missing", "damaged", or nothing."""
        try:
            self.read()
        except NotFound:
            return "missing" if self.kind in ALWAYS_THERE else ""
        except _DAMAGE:
            return "damaged"
        return ""


def list_learned_files(runs: RunStore, artifacts: Artifacts, dataset: Dataset) -> Iterator[LearnedFile]:
    """All of a dataset."""
    for run in runs.runs(dataset.id):
        yield from _files_of_run(artifacts, run)
    for info in runs.maps(dataset.id):
        yield LearnedFile(
            kind=ArtifactKind.MAP,
            id=info.id,
            title=f"map '{info.id}'",
            to_do="Make the map again.",
            read=partial(load_map, artifacts, info),
        )
    for is_of_all in (False, True):
        read = partial(load_hierarchy, artifacts, dataset, is_of_all)
        yield LearnedFile(
            kind=ArtifactKind.CLUSTERS, id="", title="groups of the faces", to_do="Group the faces again.", read=read
        )
    read_queue = partial(load_queue, artifacts, dataset.id)
    yield LearnedFile(
        kind=ArtifactKind.SUSPECTS, id="", title="list of suspects", to_do="Look for suspects again.", read=read_queue
    )
    for lookup_id in artifacts.ids(dataset.id, ArtifactKind.LOOKUP):
        read_lookup = partial(load_lookup, artifacts, dataset.id, lookup_id)
        title = f"result of *Many photos* '{lookup_id}'"
        yield LearnedFile(
            kind=ArtifactKind.LOOKUP,
            id=lookup_id,
            title=title,
            to_do="Forget it and look at the photos again.",
            read=read_lookup,
        )


def _files_of_run(artifacts: Artifacts, run: Run) -> Iterator[LearnedFile]:
    again = "Delete the run and train again."
    yield LearnedFile(
        kind=ArtifactKind.RUN,
        id=run.id,
        title=f"recogniser '{run.id}'",
        to_do=again,
        read=partial(load_recogniser, artifacts, run),
    )
    title = f"test of the recogniser '{run.id}'"
    yield LearnedFile(
        kind=ArtifactKind.PREDICTIONS,
        id=run.id,
        title=title,
        to_do=again,
        read=partial(load_predictions, artifacts, run),
    )
    title = f"thorough measurement of the recogniser '{run.id}'"
    yield LearnedFile(
        kind=ArtifactKind.STUDY,
        id=run.id,
        title=title,
        to_do="Measure it again.",
        read=partial(load_study, artifacts, run),
    )

    def read_gallery() -> object:
        return decode_gallery(artifacts.read(run.dataset_id, ArtifactKind.GALLERY, run.id))

    title = f"gallery of the recogniser '{run.id}'"
    yield LearnedFile(
        kind=ArtifactKind.GALLERY, id=run.id, title=title, to_do="Bring its file in again.", read=read_gallery
    )

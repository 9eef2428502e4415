"""What of a queue of suspects is still to be done, as the command line answers: names and photos for ids."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.base.errors import NotFound
from core.base.face_table import FaceTable
from core.base.json_values import Json
from core.corrections.model import CorrectionLog
from core.language.texts import marked
from core.learn.label_errors.review_queue import SimilarFace, Suspect, SuspectKind
from core.store.artifacts import Artifacts
from core.store.protocols import FaceStore
from core.workflows.labels.open_suspects import OpenSuspects, list_open_suspects
from core.workflows.labels.review_queue import ReviewQueue, load_queue


def queue_json(
    store: FaceStore, log: CorrectionLog, artifacts: Artifacts, dataset_id: str, limit: int | None = None
) -> dict[str, Json]:
    """What of the stored queue is still to be done. Raises NotFound when nobody has looked yet."""
    queue, dataset = load_queue(artifacts, dataset_id), store.dataset(dataset_id)
    if queue is None:
        raise NotFound(marked("Nobody has looked for suspects in this dataset yet. Do that first."))
    table = store.face_table(dataset_id)
    remaining = list_open_suspects(queue, table, log.pairs_kept_apart(dataset_id), dataset.revision)
    return _queue_to_json(queue, remaining, table, limit)


def _queue_to_json(
    queue: ReviewQueue, remaining: OpenSuspects, table: FaceTable, limit: int | None = None
) -> dict[str, Json]:
    """Names and photos for ids, the most urgent first."""
    writer = _QueueWriter(table, dict(zip(table.person_ids, table.people, strict=True)))
    kinds = [entry.kind for entry in remaining.suspects]
    return {
        "faces": len(table),
        "revision": queue.revision,
        "revisions_since": remaining.revisions_since,
        "seconds": queue.seconds,
        "total": len(remaining.suspects),
        "kinds": {kind.value: kinds.count(kind) for kind in SuspectKind},
        "not_kept": queue.dropped,
        "not_looked_at": queue.not_looked_at,
        "suspects": [writer.entry(entry) for entry in remaining.suspects[:limit]],
    }


@dataclass(frozen=True, slots=True, eq=False)
class _QueueWriter:
    table: FaceTable
    names: Mapping[int, str]

    def entry(self, entry: Suspect) -> dict[str, Json]:
        suggestion = entry.suggestion
        return {
            "kind": entry.kind.value,
            "urgency": round(entry.urgency, 4),
            "faces": [self._face(face_id) for face_id in entry.face_ids],
            "action": suggestion.action.value,
            "act_on": list(suggestion.face_ids),
            "to": self.names[suggestion.person_id] if suggestion.person_id is not None else None,
            "side": suggestion.split.value if suggestion.split else None,
            "numbers": dict(entry.numbers),
            "like_own": self._likes(entry.like_own),
            "like_other": self._likes(entry.like_other),
        }

    def _face(self, face_id: str) -> dict[str, Json]:
        row = self.table.index(face_id)
        side = self.table.splits[row]
        return {
            "id": face_id,
            "photo": self.table.photo_names[row],
            "person": self.table.person(row),
            "split": side.value if side else None,
        }

    def _likes(self, likes: Sequence[SimilarFace]) -> list[dict[str, Json]]:
        # Look-alikes that were removed since are only left out: the entry stands without them.
        known = (like for like in likes if like.face_id in self.table)
        return [{**self._face(like.face_id), "similarity": like.similarity} for like in known]

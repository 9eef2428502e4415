"""What an erasing has removed and has not proved yet: written down before it is certain, read by whoever goes on.

It holds the names, ids and vectors that the search at the end looks for, so it goes as soon as the search is done.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from core.store.artifacts import ArtifactKind, Artifacts
from core.store.exchange_protocols import Erasure
from core.store.name_spelling import Spellings
from core.workflows.erasure.receipt import EraseReceipt

_BYTES = ("vectors", "elsewhere_vectors")


@dataclass(frozen=True)
class ErasePlan:
    """An erasing whose rows are gone, or about to go."""

    id: str
    erasure: Erasure
    receipt: EraseReceipt
    """What is removed, in numbers; without what the search finds."""
    began: float
    """Seconds since 1970: what was written later is not swept."""

    def is_of(self, person_id: int) -> bool:
        """Whether the person goes, by themselves or as one who was merged."""
        return person_id in self.erasure.person_ids

    def names(self, name: str) -> bool:
        """Whether this is one of the names of who goes."""
        return Spellings(self.erasure.names).is_name(name)

    def encode(self) -> bytes:
        """JSON in UTF-8; the same plan gives the same bytes."""
        # Sorted and as text, whatever collections the fields are: the same erasing gives the same file.
        erasure = {key: _plain(key, value) for key, value in asdict(self.erasure).items()}
        return json.dumps(
            {"id": self.id, "erasure": erasure, "receipt": self.receipt.to_json(), "began": self.began},
            ensure_ascii=False,
        ).encode("utf-8")

    @classmethod
    def decode(cls, content: bytes) -> ErasePlan:
        """The plan that ``encode`` wrote."""
        fields = json.loads(content)
        erasure_fields = {key: _typed(key, value) for key, value in fields["erasure"].items()}
        receipt = EraseReceipt.from_json(fields["receipt"])
        return cls(fields["id"], Erasure(**erasure_fields), receipt, fields["began"])


def _plain(key: str, value: Any) -> Any:
    if key in _BYTES:
        return [base64.b64encode(vector).decode("ascii") for vector in sorted(value)]
    return value if isinstance(value, str) else sorted(value)


def _typed(key: str, value: Any) -> Any:
    if isinstance(value, str):
        return value
    entries = map(base64.b64decode, value) if key in _BYTES else value
    return frozenset(entries) if key in ("person_ids", "elsewhere", "elsewhere_vectors") else tuple(entries)


def read_unfinished_plans(artifacts: Artifacts, dataset_id: str) -> Iterator[ErasePlan]:
    """The erasings of a dataset that were begun and not proved."""
    for plan_id in sorted(artifacts.ids(dataset_id, ArtifactKind.ERASURE)):
        yield ErasePlan.decode(artifacts.read(dataset_id, ArtifactKind.ERASURE, plan_id))


def write_plan(artifacts: Artifacts, plan: ErasePlan) -> None:
    """Write a plan down, in the place of an earlier one of the same erasing."""
    artifacts.replace(plan.erasure.dataset_id, ArtifactKind.ERASURE, plan.id, plan.encode())


def delete_plan(artifacts: Artifacts, plan: ErasePlan) -> None:
    """Forget who was erased."""
    artifacts.delete(plan.erasure.dataset_id, ArtifactKind.ERASURE, plan.id)

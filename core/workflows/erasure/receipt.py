"""The receipt of an erasing: what was removed, in numbers, and what the search for it found. No name is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.base.json_values import Json, decode_record, drop_empty, encode_record
from core.store.job_model import JobResult
from core.workflows.erasure.proof import SearchFindings
from core.workflows.safekeeping.holding_backups import HoldingBackups
from core.workflows.training.request import TrainRequest


@dataclass(frozen=True, slots=True)
class Retraining:
    """A training that is to follow."""

    since: float
    """Seconds since 1970: a run that is newer is already it."""
    params: Mapping[str, str | int | float | bool | None] = field(default_factory=dict)
    """As ``TrainRequest`` writes itself."""

    @classmethod
    def of(cls, since: float, request: TrainRequest) -> Retraining:
        """A training to be done after an erasing that began at a time."""
        return decode_record(cls, {"since": since, "params": request.to_json()})


@dataclass(frozen=True, slots=True)
class EraseReceipt(JobResult):
    """What went with a person. Receipts of earlier versions may lack some of it."""

    when: str = ""
    """The time in UTC, as ISO 8601 writes it."""
    by: str = ""
    """Who asked for it."""
    models_deleted: int = 0
    models_retrained: int = 0
    faces: int = 0
    photos: int = 0
    vectors: int = 0
    events: int = 0
    maps: int = 0
    crops: int = 0
    photos_kept: int = 0
    """Photos that show other people too."""
    photos_kept_note: str | None = None
    other_datasets_with_the_name: int = 0
    artifacts: int = 0
    exports: int = 0
    uploads: int = 0
    lookups: int | None = None
    dataset_renamed: bool | None = None
    training: Retraining | None = None
    """Only until it is done."""
    check: SearchFindings | None = None
    """What the search found; None before it is done."""
    run: str | None = None
    """Of the training that followed."""
    not_retrained: str | None = None
    """Why no training followed."""
    receipt_id: str | None = None
    """Of the signed receipt; see ``signed_receipts``."""
    backups: HoldingBackups | None = None
    """Those that hold the person still; None where none is known of."""

    def to_json(self) -> dict[str, Json]:
        """Without what it does not say."""
        check = {"check": self.check.to_json()} if self.check else {}
        return {**drop_empty(encode_record(self)), **check}

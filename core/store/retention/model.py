"""How long people may be kept and why, and the signed receipts of those who went: values, and what is asked of a store.

Dates are days of the calendar where the program runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from core.base.json_values import JsonObject


@dataclass(frozen=True, slots=True)
class RetentionTerms:
    """What was agreed on about a person, or about a whole dataset."""

    purpose: str = ""
    """What for they are kept."""
    consent: str = ""
    """Who agreed to it, when and how."""
    until: date | None = None
    """The last day on which they are kept; None is for as long as somebody wants."""

    def kept_no_longer_than(self, until: date | None) -> RetentionTerms:
        """The same terms with the earlier of the two days."""
        days = [day for day in (self.until, until) if day is not None]
        return replace(self, until=min(days, default=None))


@dataclass(frozen=True, slots=True)
class ReceiptRecord:
    """A receipt as it is kept: it outlives the dataset that it is about."""

    id: str
    dataset_id: str
    created: float
    """Seconds since 1970."""
    document: JsonObject
    """Signed; see ``workflows.erasure.signed_receipts``."""


class RetentionStore(Protocol):
    """Terms of datasets and people, and receipts."""

    def dataset_terms(self, dataset_id: str) -> RetentionTerms:
        """Those of a dataset as a whole. Raises NotFound."""

    def own_terms(self, dataset_id: str, person_id: int) -> RetentionTerms:
        """What was said of a person by themselves, as ``set_person_terms`` took it. Raises NotFound."""

    def people_terms(self, dataset_id: str) -> Mapping[int, RetentionTerms]:
        """The terms of everybody who has any, by who they are after all merges, with the earliest day of all merged."""

    def set_dataset_terms(self, dataset_id: str, terms: RetentionTerms) -> None:
        """Put these in the place of the dataset's. Raises NotFound."""

    def set_person_terms(self, dataset_id: str, person_id: int, terms: RetentionTerms) -> None:
        """Put these in the place of the person's. Raises NotFound."""

    def put_receipt(self, receipt: ReceiptRecord) -> None:
        """Keep a receipt, in the place of one of the same id."""

    def delete_receipt(self, receipt_id: str) -> None:
        """Forget one that came to nothing."""

    def receipts(self) -> list[ReceiptRecord]:
        """All that are kept, the newest first."""

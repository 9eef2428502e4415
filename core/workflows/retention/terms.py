"""What is said of how long people are kept, and whose day has passed or is near."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from core.base.errors import InputRefused
from core.language.texts import marked
from core.store.protocols import FaceStore
from core.store.retention.model import RetentionStore, RetentionTerms
from core.store.values.datasets import Dataset

WARNING_DAYS = 14
"""So long before the last day Home says what will go."""
LONGEST_TERMS = 2000
"""Letters of a purpose or a note of consent."""


@dataclass(frozen=True)
class RetentionTools:
    """What retention works with."""

    store: FaceStore
    retention: RetentionStore


@dataclass(frozen=True, slots=True)
class Expiry:
    """A day after which a person, or a whole dataset, is erased."""

    dataset: Dataset
    until: date
    """The last day on which they are kept."""
    person_id: int | None = None
    """None is the dataset as a whole."""


def local_today() -> date:
    """The day of the calendar here, which is what people mean by a date."""
    return datetime.now().astimezone().date()


def read_day(text: str) -> date:
    """A day as somebody writes it: "2027-12-31". Raises InputRefused."""
    try:
        return date.fromisoformat(text)
    except ValueError as fault:
        raise InputRefused(
            marked("'{text}' is no day. Write year, month and day, as 2027-12-31.").format(text=text)
        ) from fault


def require_sensible_terms(terms: RetentionTerms, today: date) -> RetentionTerms:
    """The same terms. Raises InputRefused for a day that has passed, and for texts that are too long."""
    if terms.until is not None and terms.until < today:
        raise InputRefused(
            marked("{day} has passed. Give today or a later day, or erase at once, which needs no day.").format(
                day=terms.until.isoformat()
            )
        )
    if max(len(terms.purpose), len(terms.consent)) > LONGEST_TERMS:
        raise InputRefused(
            marked("The purpose and the note of consent have {most} letters at most. Shorten it.").format(
                most=LONGEST_TERMS
            )
        )
    return terms


def set_dataset_terms(tools: RetentionTools, dataset_id: str, terms: RetentionTerms, today: date) -> None:
    """Say them of a whole dataset. Raises InputRefused, NotFound."""
    tools.retention.set_dataset_terms(dataset_id, require_sensible_terms(terms, today))


def set_person_terms(
    tools: RetentionTools, dataset_id: str, person_id: int, terms: RetentionTerms, today: date
) -> None:
    """Say them of a person. Raises InputRefused, NotFound."""
    tools.retention.set_person_terms(dataset_id, person_id, require_sensible_terms(terms, today))


def list_expiries(tools: RetentionTools) -> Iterator[Expiry]:
    """All days that were said; of a dataset that goes as a whole no later, its people's too."""
    for dataset in tools.store.datasets():
        whole = tools.retention.dataset_terms(dataset.id).until
        if whole is not None:
            yield Expiry(dataset, whole)
        for person_id, terms in tools.retention.people_terms(dataset.id).items():
            # Who would go with the dataset, or after it, goes with it.
            if terms.until is not None and (whole is None or terms.until < whole):
                yield Expiry(dataset, terms.until, person_id)


def list_expired(tools: RetentionTools, today: date) -> list[Expiry]:
    """Those whose last day was before today; of a dataset that goes as a whole nobody besides."""
    expired = [expiry for expiry in list_expiries(tools) if expiry.until < today]
    whole = {expiry.dataset.id for expiry in expired if expiry.person_id is None}
    return [expiry for expiry in expired if expiry.person_id is None or expiry.dataset.id not in whole]


def list_upcoming(tools: RetentionTools, today: date) -> list[Expiry]:
    """Those who go within ``WARNING_DAYS``, the next first; whose day has passed, too, until they are gone."""
    last = today + timedelta(days=WARNING_DAYS)
    return sorted((expiry for expiry in list_expiries(tools) if expiry.until <= last), key=lambda each: each.until)

"""Terms and receipts in SQL (a ``RetentionStore``)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, Table, delete, insert, or_, select, update

from core.base.errors import NotFound
from core.language.texts import marked
from core.store.retention.model import ReceiptRecord, RetentionTerms
from core.store.sql import schema
from core.store.sql.reader import SqlStore
from core.store.sql.transactions.current_values import resolve_merges


@dataclass(frozen=True)
class SqlRetentionStore(SqlStore):
    """Terms and receipts behind a SQLAlchemy engine."""

    def dataset_terms(self, dataset_id: str) -> RetentionTerms:
        return self._terms(schema.dataset, schema.dataset.c.id == dataset_id)

    def own_terms(self, dataset_id: str, person_id: int) -> RetentionTerms:
        return self._terms(schema.person, _is_person(dataset_id, person_id))

    def people_terms(self, dataset_id: str) -> dict[int, RetentionTerms]:
        person = schema.person
        is_said = or_(*(column.is_not(None) for column in (person.c.purpose, person.c.consent, person.c.keep_until)))
        with self.engine.connect() as connection:
            columns = (person.c.id, person.c.purpose, person.c.consent, person.c.keep_until)
            rows = connection.execute(select(*columns).where(person.c.dataset_id == dataset_id, is_said)).all()
            # Mostly nothing is said of anybody, and then nobody's merges are asked for.
            roots = resolve_merges(connection, dataset_id) if rows else {}
        terms_by_id = {row.id: _read_terms(row) for row in rows}
        merged: dict[int, RetentionTerms] = {}
        for person_id, terms in terms_by_id.items():
            root = roots[person_id]
            so_far = merged.get(root) or terms_by_id.get(root) or RetentionTerms()
            merged[root] = so_far.kept_no_longer_than(terms.until)
        return merged

    def set_dataset_terms(self, dataset_id: str, terms: RetentionTerms) -> None:
        self._set_terms(schema.dataset, schema.dataset.c.id == dataset_id, terms)

    def set_person_terms(self, dataset_id: str, person_id: int, terms: RetentionTerms) -> None:
        self._set_terms(schema.person, _is_person(dataset_id, person_id), terms)

    def put_receipt(self, receipt: ReceiptRecord) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(schema.receipt).where(schema.receipt.c.id == receipt.id))
            connection.execute(insert(schema.receipt).values(asdict(receipt)))

    def delete_receipt(self, receipt_id: str) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(schema.receipt).where(schema.receipt.c.id == receipt_id))

    def receipts(self) -> list[ReceiptRecord]:
        rows = self.read_rows(select(schema.receipt).order_by(schema.receipt.c.created.desc(), schema.receipt.c.id))
        return [ReceiptRecord(**row._mapping) for row in rows]

    def _terms(self, table: Table, is_it: Any) -> RetentionTerms:
        rows = self.read_rows(select(table.c.purpose, table.c.consent, table.c.keep_until).where(is_it))
        if not rows:
            raise _gone(table)
        return _read_terms(rows[0])

    def _set_terms(self, table: Table, is_it: Any, terms: RetentionTerms) -> None:
        until = terms.until.isoformat() if terms.until else None
        values = {"purpose": terms.purpose or None, "consent": terms.consent or None, "keep_until": until}
        with self.engine.begin() as connection:
            if not connection.execute(update(table).where(is_it).values(values)).rowcount:
                raise _gone(table)


def _is_person(dataset_id: str, person_id: int) -> Any:
    return (schema.person.c.dataset_id == dataset_id) & (schema.person.c.id == person_id)


def _read_terms(row: Row[*tuple[Any, ...]]) -> RetentionTerms:
    until = date.fromisoformat(row.keep_until) if row.keep_until else None
    return RetentionTerms(row.purpose or "", row.consent or "", until)


def _gone(table: Table) -> NotFound:
    if table is schema.dataset:
        return NotFound(marked("This dataset is not there any more. Reload the page."))
    return NotFound(marked("This person is not there any more. Reload the page."))

"""Who may do what with which dataset, in SQL (an ``AccessStore``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, Table, case, delete, func, insert, select

from core.base.errors import InputRefused
from core.language.texts import marked
from core.store.access_model import Asker, Grant, Role, Standing, Usage
from core.store.sql import schema
from core.store.sql.reader import SqlStore

LAST_OWNER = marked("A dataset needs an owner, and this is the only one. Make somebody else its owner first.")


class SqlAccessStore(SqlStore):
    """Grants and sign-outs behind a SQLAlchemy engine; every method is one short transaction."""

    def standings(self, address: str) -> Mapping[str, Standing]:
        table = schema.dataset_grant
        rows = self.read_rows(select(table.c.dataset_id, table.c.standing).where(table.c.address == address))
        return {row.dataset_id: Standing(row.standing) for row in rows}

    def grants(self, dataset_id: str) -> Sequence[Grant]:
        table = schema.dataset_grant
        rows = self.read_rows(select(table).where(table.c.dataset_id == dataset_id).order_by(table.c.address))
        return [Grant(row.dataset_id, row.address, Standing(row.standing)) for row in rows]

    def grant(self, grant: Grant) -> None:
        table = schema.dataset_grant
        key = {"dataset_id": grant.dataset_id, "address": grant.address}
        with self.engine.begin() as connection:
            if grant.standing is not Standing.OWNER:
                _require_other_owner(connection, grant.dataset_id, grant.address)
            _replace_row(connection, table, key, {"standing": grant.standing})

    def withdraw(self, dataset_id: str, address: str) -> None:
        table = schema.dataset_grant
        with self.engine.begin() as connection:
            _require_other_owner(connection, dataset_id, address)
            connection.execute(delete(table).where(table.c.dataset_id == dataset_id, table.c.address == address))

    def usages(self) -> Mapping[str, Usage]:
        owned, photo, dataset = schema.dataset_grant, schema.photo, schema.dataset
        # What is not kept takes no room.
        kept_bytes = case((dataset.c.keeps_photos, photo.c.size_bytes), else_=0)
        # Photos are counted by dataset first: a dataset of two owners is read once.
        of_dataset = (
            select(photo.c.dataset_id, func.count().label("photos"), func.sum(kept_bytes).label("size_bytes"))
            .join(dataset, dataset.c.id == photo.c.dataset_id)
            .group_by(photo.c.dataset_id)
            .subquery()
        )
        sums = (func.coalesce(func.sum(column), 0) for column in (of_dataset.c.photos, of_dataset.c.size_bytes))
        query = (
            select(owned.c.address, func.count(), *sums)
            .select_from(owned.outerjoin(of_dataset, of_dataset.c.dataset_id == owned.c.dataset_id))
            .where(owned.c.standing == Standing.OWNER)
            .group_by(owned.c.address)
            .order_by(owned.c.address)
        )
        # PostgreSQL sums whole numbers as decimals.
        return {row[0]: Usage(row[1], int(row[2]), int(row[3])) for row in self.read_rows(query)}

    def asker(self, job_id: str) -> Asker | None:
        table = schema.job_asker
        rows = self.read_rows(select(table).where(table.c.job_id == job_id))
        return Asker(rows[0].address, Role(rows[0].role)) if rows else None

    def sign_out(self, subject: str, moment: float) -> None:
        with self.engine.begin() as connection:
            _replace_row(connection, schema.sign_out, {"subject": subject}, {"moment": moment})

    def signed_out(self, subjects: Sequence[str]) -> Mapping[str, float]:
        table = schema.sign_out
        rows = self.read_rows(select(table).where(table.c.subject.in_(subjects)))
        return {row.subject: row.moment for row in rows}

    def forget_sign_outs(self, before: float) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(schema.sign_out).where(schema.sign_out.c.moment < before))


def _require_other_owner(connection: Connection, dataset_id: str, address: str) -> None:
    """Raise InputRefused where somebody is the only owner; whoever is none may always go."""
    table = schema.dataset_grant
    owners = (table.c.dataset_id == dataset_id) & (table.c.standing == Standing.OWNER)
    is_owner = connection.scalar(select(func.count()).where(owners, table.c.address == address))
    if is_owner and not connection.scalar(select(func.count()).where(owners, table.c.address != address)):
        raise InputRefused(LAST_OWNER)


def _replace_row(connection: Connection, table: Table, key: Mapping[str, object], values: Mapping[str, object]) -> None:
    # Both databases know an upsert, each in words of its own.
    connection.execute(delete(table).where(*(table.c[name] == value for name, value in key.items())))
    connection.execute(insert(table).values(**key, **values))

"""The per-file reports of ingests in SQL (a ``ReportStore``)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, select

from core.base.types import Face
from core.store.sql import schema
from core.store.sql.reader import SqlStore
from core.store.sql.rows import to_face, to_report, whole_faces
from core.store.values.datasets import FileOutcome, FileReport


@dataclass(frozen=True)
class SqlReportStore(SqlStore):
    """Reports behind a SQLAlchemy engine; they are written with the batch that they are about."""

    def reported(self, job_id: str) -> dict[int, str]:
        report = schema.file_report
        query = select(report.c.position, report.c.name).where(report.c.job_id == job_id)
        return {row.position: row.name for row in self.read_rows(query)}

    def file_reports(
        self, job_id: str, outcomes: Iterable[FileOutcome] = (), offset: int = 0, limit: int | None = None
    ) -> list[FileReport]:
        report = schema.file_report
        query = select(report).where(report.c.job_id == job_id).order_by(report.c.position)
        if outcome_filter := list(outcomes):
            query = query.where(report.c.outcome.in_(outcome_filter))
        return [to_report(row) for row in self.read_rows(query.offset(offset).limit(limit))]

    def recent_faces(self, dataset_id: str, job_id: str, limit: int) -> list[Face]:
        face, report = schema.face, schema.file_report
        query = (
            whole_faces()
            .join(report, report.c.photo_id == face.c.photo_id)
            .where(face.c.dataset_id == dataset_id, report.c.job_id == job_id, report.c.faces > 0, ~face.c.dismissed)
            .order_by(report.c.position.desc())
            .limit(limit)
        )
        return [to_face(row) for row in self.read_rows(query)]

    def outcome_counts(self, job_id: str) -> dict[FileOutcome, int]:
        report = schema.file_report
        query = select(report.c.outcome, func.count()).where(report.c.job_id == job_id).group_by(report.c.outcome)
        counted = {row[0]: row[1] for row in self.read_rows(query)}
        return {outcome: counted[outcome] for outcome in FileOutcome if outcome in counted}

    def remark_count(self, job_id: str) -> int:
        report = schema.file_report
        is_remark = (report.c.outcome == FileOutcome.TAKEN) & (report.c.reason != "")
        return int(self.read_value(select(func.count()).where(report.c.job_id == job_id, is_remark)))

    def reported_faces(self, job_id: str) -> int:
        report = schema.file_report
        return self.read_value(select(func.sum(report.c.faces)).where(report.c.job_id == job_id)) or 0

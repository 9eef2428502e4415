"""What commands write into the access log, at once and before they answer."""

from __future__ import annotations

import time
from collections.abc import Iterable

from core.services import Services
from core.store.audit_log import AuditAction, AuditEntry

VIEWER = "command line"


def record(
    services: Services, action: AuditAction, occasion: str, dataset_id: str, person_id: int | None = None
) -> None:
    """Somebody saw or took along one person, or what a dataset holds. Raises DataFolderFault."""
    _write(services, action, occasion, dataset_id, [person_id])


def record_identified(services: Services, dataset_id: str, occasion: str, names: Iterable[str]) -> None:
    """Somebody learned who is on photos; names that the dataset does not know are not written. Raises as ``record``."""
    ids = {name: person_id for person_id, name in services.store.names(dataset_id).items()}
    _write(
        services, AuditAction.IDENTIFIED, occasion, dataset_id, [None, *(ids[name] for name in names if name in ids)]
    )


def _write(
    services: Services, action: AuditAction, occasion: str, dataset_id: str, person_ids: Iterable[int | None]
) -> None:
    if services.settings.audit_days:
        now = time.time()
        services.audit_log.add(
            [
                AuditEntry(
                    at=now, viewer=VIEWER, action=action, occasion=occasion, dataset_id=dataset_id, person_id=person_id
                )
                for person_id in person_ids
            ]
        )

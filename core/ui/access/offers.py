"""What pages offer to whoever acts: no button for what they may not do.

Nothing is decided here. Whatever is done is refused by the stores (``core.access``), whoever drew a button for it.
"""

from __future__ import annotations

from core.access.permissions import Action
from core.access.rules import JOB_ACTIONS
from core.store.job_model import Job
from core.ui import data


def may(action: Action, dataset_id: str | None = None) -> bool:
    """Whether whoever acts may do something: with a dataset, or at all."""
    return data.access().may(action, dataset_id)


def may_create() -> bool:
    """Whether they may make datasets."""
    return may(Action.CREATE)


def may_edit(dataset_id: str) -> bool:
    """Whether they may change anything in a dataset."""
    return may(Action.EDIT, dataset_id)


def may_steer(job: Job) -> bool:
    """Whether they may stop a job, resume it or forget it."""
    return may(JOB_ACTIONS[job.kind], job.dataset_id)

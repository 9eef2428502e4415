"""Stores as one person may use them: every call is decided by ``rules`` before it reaches the store behind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from core.access.decisions import NO_SUCH, Access
from core.access.permissions import Action
from core.access.quotas import Coming, Quotas
from core.access.rules import (
    ARTIFACT_RULES,
    ARTIFACT_WRITES,
    FACE_RULES,
    JOB_ACTIONS,
    JOB_RULES,
    LOG_RULES,
    RETENTION_RULES,
    TRANSFER_RULES,
    WRITING_ACTIONS,
    Rules,
    Subject,
)
from core.base.errors import AccessRefused, NotFound
from core.base.json_values import JsonObject
from core.corrections.model import Editor, Event
from core.language.texts import gettext as _
from core.store.access_model import Asker, Grant, Standing
from core.store.artifacts import Artifacts
from core.store.exchange_protocols import DatasetSnapshot
from core.store.job_model import Job, JobKind, JobOwner
from core.store.protocols import FaceStore, JobStore, RunStore
from core.store.retention.model import ReceiptRecord, RetentionStore
from core.store.values.datasets import Dataset


@dataclass(frozen=True)
class Owners:
    """Finds the dataset that a run or a job belongs to."""

    store: FaceStore
    runs: RunStore
    jobs: JobStore
    _dataset_of_run: dict[str, str] = field(default_factory=dict, repr=False)
    """A run never goes to another dataset."""

    def dataset_of_run(self, run_id: str) -> str:
        """Also of a damaged run. Raises NotFound."""
        if run_id not in self._dataset_of_run:
            ids = (dataset.id for dataset in self.store.datasets())
            owner = next((dataset_id for dataset_id in ids if run_id in self.runs.run_ids(dataset_id)), None)
            if owner is None:
                raise NotFound(_(NO_SUCH))
            self._dataset_of_run[run_id] = owner
        return self._dataset_of_run[run_id]

    def find_dataset(self, subject: Subject, first: Any) -> str | None:
        """The dataset that a call with this first argument is about; None where it is about none."""
        match subject:
            case Subject.NOTHING:
                return None
            case Subject.RUN:
                return self.dataset_of_run(first)
            case Subject.JOB:
                return self.jobs.job(first).dataset_id
            case Subject.VALUE:
                return str(first.dataset_id)
            case Subject.DATASET:
                return str(first)


class Guarded:
    """A store behind its rules."""

    def __init__(self, whole: Any, rules: Rules, access: Access, owners: Owners) -> None:
        self._whole, self._rules, self._access, self._owners = whole, rules, access, owners

    def __getattr__(self, name: str) -> Any:
        """A method, behind its rule. Raises AttributeError for one without."""
        rule = self._rules.get(name)
        if rule is None:
            raise AttributeError(f"'{name}' has no rule in core.access.rules, so that no page can use it")
        method = getattr(self._whole, name)

        @wraps(method)
        def decided(*args: Any, **named: Any) -> Any:
            first = args[0] if args else named.get(rule.subject.value)
            self._access.require(rule.action, self._owners.find_dataset(rule.subject, first))
            return method(*args, **named)

        return decided


class GuardedFaceStore(Guarded):
    """Datasets are those that the person may look at; a new one is theirs."""

    def __init__(self, whole: FaceStore, access: Access, owners: Owners, quotas: Quotas) -> None:
        super().__init__(whole, FACE_RULES, access, owners)
        self._quotas = quotas

    def datasets(self) -> list[Dataset]:
        """Oldest first."""
        datasets = self._whole.datasets()
        visible_ids = {item.dataset_id for item in self._access.visible(map(_Whole, datasets))}
        return [dataset for dataset in datasets if dataset.id in visible_ids]

    def dataset(self, name_or_id: str) -> Dataset:
        """Raises NotFound, which names nobody else's."""
        for dataset in self.datasets():
            if name_or_id in (dataset.id, dataset.name):
                return dataset
        raise NotFound(_(NO_SUCH))

    def create_dataset(self, name: str, model_id: str, *, keeps_photos: bool = True) -> Dataset:
        """Raises as the store's, and AccessRefused."""
        self._access.require(Action.CREATE)
        self._quotas.require_dataset(self._access.principal.address)
        dataset: Dataset = self._whole.create_dataset(name, model_id, keeps_photos=keeps_photos)
        own(self._access, dataset.id)
        return dataset


@dataclass(frozen=True, slots=True)
class _Whole:
    """A dataset, as belonging to itself."""

    dataset: Dataset

    @property
    def dataset_id(self) -> str:
        return self.dataset.id


def own(access: Access, dataset_id: str) -> None:
    """Make a new dataset somebody's; until then it is nobody's, and admins alone see it."""
    access.store.grant(Grant(dataset_id, access.principal.address, Standing.OWNER))


class GuardedJobStore(Guarded):
    """Jobs of the datasets that the person may look at; what asking for one takes depends on its kind."""

    def __init__(self, whole: JobStore, access: Access, owners: Owners, quotas: Quotas) -> None:
        super().__init__(whole, JOB_RULES, access, owners)
        self._quotas = quotas

    def submit(self, dataset_id: str, kind: JobKind, params: JsonObject, owner: JobOwner = JobOwner.WORKER) -> Job:
        """A job that is done for this person; raises AccessRefused."""
        self._access.require(JOB_ACTIONS[kind], dataset_id)
        if kind is JobKind.INGEST:
            # How many come is asked when they are listed (``jobs.handlers.photos``); where none has room, none waits.
            self._quotas.require_room(dataset_id, Coming(1, 1))
        asker = Asker(self._access.principal.address, self._access.principal.role)
        job: Job = self._whole.submit(dataset_id, kind, params, owner, asker=asker)
        return job

    def jobs(self, dataset_id: str | None = None, limit: int | None = 200) -> list[Job]:
        """Newest first; of all datasets those of others are left out, which count in the limit."""
        if dataset_id is not None:
            self._access.require(Action.LOOK, dataset_id)
        return self._access.visible(self._whole.jobs(dataset_id, limit))

    def active(self) -> list[Job]:
        """What runs and what waits, in the order of the store's."""
        return self._access.visible(self._whole.active())

    def cancel(self, job_id: str) -> None:
        """Raises AccessRefused where they may not ask for such a job."""
        self._require_kind(job_id)
        self._whole.cancel(job_id)

    def resume(self, job_id: str) -> None:
        """It goes on for whoever asked for it."""
        self._require_kind(job_id)
        self._whole.resume(job_id)

    def forget_job(self, job_id: str) -> None:
        """Raises AccessRefused as ``cancel``."""
        self._require_kind(job_id)
        self._whole.forget_job(job_id)

    def _require_kind(self, job_id: str) -> None:
        job = self._whole.job(job_id)
        self._access.require(JOB_ACTIONS[job.kind], job.dataset_id)


class GuardedRetention(Guarded):
    """Receipts are those of datasets that the person may look at; an admin sees those of datasets that are gone."""

    def __init__(self, whole: RetentionStore, access: Access, owners: Owners) -> None:
        super().__init__(whole, RETENTION_RULES, access, owners)

    def receipts(self) -> list[ReceiptRecord]:
        """Newest first."""
        return self._access.visible(self._whole.receipts())


class GuardedLog(Guarded):
    """Corrections carry the name of the person who is signed in, and no other."""

    def __init__(self, whole: Any, access: Access, owners: Owners) -> None:
        super().__init__(whole, LOG_RULES, access, owners)

    def record(self, dataset_id: str, editor: Editor, *correction: Any, **seen: Any) -> Event:
        """Raises AccessRefused for somebody else's name, too."""
        event: Event = self._signed("record", dataset_id, editor)(dataset_id, editor, *correction, **seen)
        return event

    def undo(self, dataset_id: str, editor: Editor, event_ids: Iterable[int]) -> list[Event]:
        """As ``record``."""
        events: list[Event] = self._signed("undo", dataset_id, editor)(dataset_id, editor, event_ids)
        return events

    def redo(self, dataset_id: str, editor: Editor, event_ids: Iterable[int]) -> list[Event]:
        """As ``record``."""
        events: list[Event] = self._signed("redo", dataset_id, editor)(dataset_id, editor, event_ids)
        return events

    def _signed(self, name: str, dataset_id: str, editor: Editor) -> Callable[..., Any]:
        self._access.require(LOG_RULES[name].action, dataset_id)
        if editor.author != self._access.principal.address:
            raise AccessRefused(_("A correction is signed by whoever makes it. Nothing was changed; sign in again."))
        return getattr(self._whole, name)  # type: ignore[no-any-return]


class GuardedTransfer(Guarded):
    """A dataset that is brought in as a whole is the person's who brings it."""

    def __init__(self, whole: Any, access: Access, owners: Owners, quotas: Quotas) -> None:
        super().__init__(whole, TRANSFER_RULES, access, owners)
        self._quotas = quotas

    def add_snapshot(self, snapshot: DatasetSnapshot, name: str) -> dict[int, int]:
        """Raises as the store's, and AccessRefused."""
        self._access.require(Action.CREATE)
        self._quotas.require_dataset(self._access.principal.address)
        people: dict[int, int] = self._whole.add_snapshot(snapshot, name)
        own(self._access, snapshot.dataset_id)
        return people


class GuardedArtifacts(Guarded):
    """What writing a file takes depends on its kind."""

    def __init__(self, whole: Artifacts, access: Access, owners: Owners) -> None:
        super().__init__(whole, ARTIFACT_RULES, access, owners)

    @property
    def root(self) -> Any:
        """Where they lie; what may be read there, a page asks by the methods."""
        return self._whole.root

    @property
    def lists_quickly(self) -> bool:
        """As the store's."""
        return bool(self._whole.lists_quickly)

    def __getattr__(self, name: str) -> Any:
        """A method, behind its rule or that of the kind of file that it writes."""
        if name not in ARTIFACT_WRITES:
            return super().__getattr__(name)
        method = getattr(self._whole, name)

        @wraps(method)
        def decided(dataset_id: str, kind: Any, *args: Any, **named: Any) -> Any:
            self._access.require(WRITING_ACTIONS[kind], dataset_id)
            return method(dataset_id, kind, *args, **named)

        return decided

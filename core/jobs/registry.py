"""The kinds of jobs, an entry each: what is asked, who does it, what comes of it, and what is said of it meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from core.access.view import require_job_allowed
from core.base.errors import FaceAtlasError
from core.base.json_values import JsonObject
from core.base.progress import Progress
from core.jobs.answer import plan_answer, plan_index
from core.jobs.handlers import erasure, exchange, learning, lookups, photos, safekeeping
from core.language.texts import marked
from core.services import Services
from core.store.job_model import FollowUp, Job, JobKind, JobOwner, JobRequest, JobResult
from core.store.protocols import JobStore
from core.workflows.clustering.hierarchy import ClusterOptions
from core.workflows.erasure.erase_person import EraseRequest
from core.workflows.erasure.receipt import EraseReceipt
from core.workflows.evaluation.study import StudyRequest
from core.workflows.exchange.deliveries import ImportRequest, ImportResult
from core.workflows.exchange.export import ExportRequest, ExportSummary
from core.workflows.identification.lookups.values import LookupCounts, LookupRequest, SortedCounts, SortRequest
from core.workflows.keeping.discard_photos import DiscardReceipt, DiscardRequest
from core.workflows.labels.review_queue import SuspectsRequest
from core.workflows.neighbours.face_index import IndexRequest, IndexResult
from core.workflows.photos.ingest import IngestSummary
from core.workflows.photos.look_again import RedetectionSummary
from core.workflows.photos.model_change import ModelChange
from core.workflows.photos.requests import ChangeModelRequest, IngestRequest, LookAgainRequest
from core.workflows.projection.project import MapOptions
from core.workflows.safekeeping.backup import BackupReceipt, BackupRequest
from core.workflows.safekeeping.restore import RestoreReceipt, RestoreRequest
from core.workflows.training.request import TrainRequest, TrainResult

Request = TypeVar("Request", bound=JobRequest)
Result = TypeVar("Result", bound=JobResult)
Handler = Callable[[Job, Progress], JsonObject]
"""Does a claimed job; gives what is to be kept as its result."""


@dataclass(frozen=True)
class JobSpec(Generic[Request, Result]):
    """Everything that a kind of job is."""

    kind: JobKind
    request: type[Request]
    """What is asked, as the job keeps it: ``request.of(job)``."""
    result: type[Result]
    """What comes of it, as the job keeps it: ``result.of(job)``."""
    run: Callable[[Services, Job, Request, Progress], Result]
    """One call of a workflow. It may be killed at any time, and is called again then."""
    title: str
    """What is being done, in words for the user; they are translated where they are shown."""
    unit: str
    """What its progress counts, in the singular."""
    is_steady: bool = False
    """All steps take about as long, so that the time left can be told."""
    writes: bool = False
    """It holds the dataset's writing lock: one process at a time changes the faces of a dataset."""
    is_quick: Callable[[Request], bool] | None = None
    """Whether a request takes seconds on a thousand faces, so that it is done between two batches of a long job."""
    takes_turns: bool = False
    """It goes on where it was and says all that it came to, however often it was stopped: so a long one can make room
    for the job of somebody else."""
    follow_ups: Callable[[Services, str, Request], Sequence[JobRequest]] | None = None
    """What the worker is to do on the dataset when a job of this kind is done."""

    def __post_init__(self) -> None:
        # The long job that stands still for a quick one may hold the lock: the quick one would wait for it for ever.
        if self.writes and self.is_quick:
            raise ValueError(f"A job of the kind '{self.kind}' cannot be quick: it takes the writing lock.")
        # Quick jobs may run in between, where nobody asks what follows.
        if self.follow_ups and self.is_quick:
            raise ValueError(f"A job of the kind '{self.kind}' cannot be quick: something follows it.")

    @property
    def counts_photos(self) -> bool:
        """Whether its progress is said as photos, with how many a second."""
        return self.is_steady and self.unit == "photo"

    def carry(self, services: Services, job: Job, progress: Progress) -> JsonObject:
        """Do a job of this kind; what is to be kept as its result."""
        require_job_allowed(services, job)
        request = self.request.of(job)
        if not self.writes:
            return self.run(services, job, request, progress).to_json()
        # Here and not in the handlers: a new kind that forgets the lock would mix its rows with those of another
        # process.
        with services.lock_dataset(job.dataset_id, progress):
            return self.run(services, job, request, progress).to_json()


def _always(request: JobRequest) -> bool:
    return True


def _follow_ingest(services: Services, dataset_id: str, request: IngestRequest) -> Sequence[JobRequest]:
    answer = plan_answer(services, dataset_id) if request.answer else ()
    return (*answer, *plan_index(services, dataset_id))


def _follow_changed_faces(services: Services, dataset_id: str, request: JobRequest) -> Sequence[JobRequest]:
    return plan_index(services, dataset_id)


def _is_without_strangers(request: TrainRequest) -> bool:
    """Photos of strangers take as long as they are many."""
    return not request.strangers


_SPECS: tuple[JobSpec[Any, Any], ...] = (
    JobSpec(
        kind=JobKind.INGEST,
        request=IngestRequest,
        result=IngestSummary,
        run=photos.run_ingest,
        title=marked("Taking photos"),
        unit="photo",
        is_steady=True,
        writes=True,
        takes_turns=True,
        follow_ups=_follow_ingest,
    ),
    JobSpec(
        kind=JobKind.TRAIN,
        request=TrainRequest,
        result=TrainResult,
        run=learning.run_training,
        title=marked("Training"),
        unit="step",
        is_steady=True,
        is_quick=_is_without_strangers,
    ),
    JobSpec(
        kind=JobKind.MAP,
        request=MapOptions,
        result=learning.MapResult,
        run=learning.run_mapping,
        title=marked("Making the map"),
        unit="step",
        is_quick=_always,
    ),
    JobSpec(
        kind=JobKind.CLUSTER,
        request=ClusterOptions,
        result=learning.ClusterResult,
        run=learning.run_clustering,
        title=marked("Grouping faces"),
        unit="face",
        is_quick=_always,
    ),
    JobSpec(
        kind=JobKind.SUSPECTS,
        request=SuspectsRequest,
        result=learning.SuspectsResult,
        run=learning.run_review,
        title=marked("Looking for suspects"),
        unit="step",
        is_quick=_always,
    ),
    JobSpec(
        kind=JobKind.EXPORT,
        request=ExportRequest,
        result=ExportSummary,
        run=exchange.run_export,
        title=marked("Exporting"),
        unit="photo",
    ),
    JobSpec(
        kind=JobKind.IMPORT,
        request=ImportRequest,
        result=ImportResult,
        run=exchange.run_import,
        title=marked("Bringing in"),
        unit="step",
        writes=True,
        follow_ups=_follow_changed_faces,
    ),
    JobSpec(
        kind=JobKind.ERASE,
        request=EraseRequest,
        result=EraseReceipt,
        run=erasure.run_erasure,
        title=marked("Erasing a person"),
        unit="file",
        writes=True,
        follow_ups=_follow_changed_faces,
    ),
    JobSpec(
        kind=JobKind.LOOK_AGAIN,
        request=LookAgainRequest,
        result=RedetectionSummary,
        run=photos.run_look_again,
        title=marked("Looking for faces again"),
        unit="photo",
        is_steady=True,
        writes=True,
        follow_ups=_follow_changed_faces,
    ),
    JobSpec(
        kind=JobKind.CHANGE_MODEL,
        request=ChangeModelRequest,
        result=ModelChange,
        run=photos.run_model_change,
        title=marked("Changing the model"),
        unit="photo",
        is_steady=True,
        writes=True,
        follow_ups=_follow_changed_faces,
    ),
    JobSpec(
        kind=JobKind.STUDY,
        request=StudyRequest,
        result=learning.StudyResult,
        run=learning.run_study,
        title=marked("Measuring thoroughly"),
        unit="step",
    ),
    JobSpec(
        kind=JobKind.LOOKUP,
        request=LookupRequest,
        result=LookupCounts,
        run=lookups.run_lookup,
        title=marked("Looking at photos"),
        unit="photo",
        is_steady=True,
        takes_turns=True,
    ),
    JobSpec(
        kind=JobKind.SORT,
        request=SortRequest,
        result=SortedCounts,
        run=lookups.run_sorting,
        title=marked("Sorting photos"),
        unit="photo",
        is_steady=True,
    ),
    JobSpec(
        kind=JobKind.INDEX,
        request=IndexRequest,
        result=IndexResult,
        run=learning.run_indexing,
        title=marked("Indexing faces"),
        unit="step",
        is_quick=_always,
    ),
    JobSpec(
        kind=JobKind.BACKUP,
        request=BackupRequest,
        result=BackupReceipt,
        run=safekeeping.run_backup,
        title=marked("Backing up"),
        unit="file",
        is_steady=True,
    ),
    JobSpec(
        kind=JobKind.RESTORE,
        request=RestoreRequest,
        result=RestoreReceipt,
        run=safekeeping.run_restore,
        title=marked("Restoring"),
        unit="file",
        is_steady=True,
        writes=True,
        follow_ups=_follow_changed_faces,
    ),
    JobSpec(
        kind=JobKind.DISCARD_PHOTOS,
        request=DiscardRequest,
        result=DiscardReceipt,
        run=erasure.run_discarding,
        title=marked("Deleting the photos"),
        unit="photo",
        writes=True,
    ),
)
JOBS = {spec.kind: spec for spec in _SPECS}
"""The entry of every kind."""
_KINDS = {spec.request: spec.kind for spec in _SPECS}


def submit_job(jobs: JobStore, dataset_id: str, request: JobRequest, owner: JobOwner = JobOwner.WORKER) -> Job:
    """A new job that is to do what is asked: queued for the worker, or running at once under the command line."""
    return jobs.submit(dataset_id, _KINDS[type(request)], request.to_json(), owner)


def job_handlers(services: Services) -> dict[JobKind, Handler]:
    """What does the jobs of every kind."""
    return {kind: partial(spec.carry, services) for kind, spec in JOBS.items()}


def list_follow_ups(services: Services, job: Job) -> list[FollowUp]:
    """What is to be queued when a job is done."""
    spec = JOBS[job.kind]
    if spec.follow_ups is None:
        return []
    requests = spec.follow_ups(services, job.dataset_id, spec.request.of(job))
    return [FollowUp(_KINDS[type(request)], request.to_json()) for request in requests]


def is_quick(job: Job) -> bool:
    """Whether it is done between two batches of a long job."""
    spec = JOBS[job.kind]
    if spec.is_quick is None:
        return False
    try:
        return spec.is_quick(spec.request.of(job))
    except (ValueError, FaceAtlasError):
        # Of a version that asked otherwise. It says so itself when it is done in its turn; whoever looks at the queue
        # is not to fail of it.
        return False

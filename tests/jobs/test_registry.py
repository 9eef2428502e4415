"""The kinds of jobs: one entry each, whose request and result are read back as written, by earlier versions too."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.base.progress import UNWATCHED
from core.base.settings import Settings
from core.base.types import FacePolicy, Refusal
from core.jobs import registry
from core.jobs.handlers import learning
from core.jobs.registry import JOBS, JobSpec, is_quick, submit_job
from core.services import Services
from core.store.job_model import Job, JobKind, JobRequest, JobResult, JobState
from core.workflows.clustering.hierarchy import ClusterOptions
from core.workflows.erasure.erase_person import EraseRequest
from core.workflows.erasure.proof import RemainingTrace, SearchFindings
from core.workflows.erasure.receipt import EraseReceipt, Retraining
from core.workflows.evaluation.study import StudyRequest
from core.workflows.exchange.deliveries import BundleSummary, ImportRequest, ImportResult
from core.workflows.exchange.export import ExportKind, ExportRequest, ExportSummary
from core.workflows.exchange.import_names import SidecarSummary
from core.workflows.exchange.imports import LogSummary, VectorSummary
from core.workflows.identification.lookups.values import LookupCounts, LookupRequest, SortedCounts, SortRequest
from core.workflows.keeping.discard_photos import DiscardReceipt, DiscardRequest
from core.workflows.labels.review_queue import SuspectsRequest
from core.workflows.neighbours.face_index import IndexRequest, IndexResult
from core.workflows.photos.ingest import IngestSummary
from core.workflows.photos.look_again import RedetectionSummary
from core.workflows.photos.model_change import ModelChange
from core.workflows.photos.requests import ChangeModelRequest, IngestRequest, LookAgainRequest
from core.workflows.projection.project import MapOptions, Method
from core.workflows.safekeeping.backup import BackupReceipt, BackupRequest
from core.workflows.safekeeping.holding_backups import HoldingBackups
from core.workflows.safekeeping.restore import RestoreReceipt, RestoreRequest
from core.workflows.training.request import TrainRequest, TrainResult
from core.workflows.training.train import TrainOptions
from core.workflows.uploads import FileRequest
from tests import earlier_folders
from tests.conftest import MODEL_ID, PROJECT_DIR


def imported(what: ExportKind) -> ImportRequest:
    return ImportRequest("uploads/1/box.zip", "box.zip", what, "log.jsonl", "Ben", "import-1", "Family")


REFUSED = [Refusal("a.xmp", "It is no XML."), Refusal("._a", "It is nothing of yours.", left_out=True)]
FOUND = SearchFindings(3, 100, 1, (RemainingTrace("inbox/erased.txt", "name", "Look."),), None)
WORK: list[tuple[JobKind, JobRequest, JobResult]] = [
    (
        JobKind.INGEST,
        IngestRequest("inbox/a.zip", "a.zip", FacePolicy.KEEP_OTHERS, False, "2", "cp932", answer=True),
        IngestSummary(5, 6, 2, 1, 0, {"taken": 5}, 1.25),
    ),
    (
        JobKind.TRAIN,
        TrainRequest(TrainOptions(folds=3, c=0.1), "inbox/b.zip", "cp437"),
        TrainResult("ab12", (Refusal("a.txt", "no photo"),)),
    ),
    (JobKind.TRAIN, TrainRequest(update=True), TrainResult("ab12")),
    (JobKind.MAP, MapOptions(Method.TSNE, n_neighbors=30, afresh=True), learning.MapResult("ab12")),
    (JobKind.CLUSTER, ClusterOptions(everyone=True), learning.ClusterResult(7, 0.5)),
    (JobKind.SUSPECTS, SuspectsRequest(), learning.SuspectsResult(7, 3, 0.5)),
    (JobKind.EXPORT, ExportRequest(ExportKind.PHOTOS, "ab12", 4), ExportSummary(photos=0, log_lines=3, bytes=99)),
    (JobKind.IMPORT, imported(ExportKind.LOG), ImportResult.bounded(LogSummary(events=2, refused=REFUSED))),
    (JobKind.IMPORT, imported(ExportKind.XMP), ImportResult.bounded(SidecarSummary(files=2, event=5))),
    (JobKind.IMPORT, imported(ExportKind.EMBEDDINGS), ImportResult(VectorSummary(1, 2, 3))),
    (JobKind.IMPORT, imported(ExportKind.BUNDLE), ImportResult(BundleSummary("Family", "ab12", 3, False))),
    (
        JobKind.ERASE,
        EraseRequest(4, "Ben", all_photos=True, retrain=False),
        EraseReceipt(faces=2, training=Retraining.of(1.5, TrainRequest()), check=FOUND),
    ),
    (JobKind.LOOK_AGAIN, LookAgainRequest(FacePolicy.LARGEST, turned=True), RedetectionSummary(1, 2, 3, 4, 0.5)),
    (JobKind.CHANGE_MODEL, ChangeModelRequest("facenet-128"), ModelChange("facenet-128@2", 1, 2, 0.5)),
    (JobKind.STUDY, StudyRequest("ab12", 1, 2), learning.StudyResult("ab12", 0.5)),
    (JobKind.LOOKUP, LookupRequest("a.zip", "a.zip", "ab12", "cp437"), LookupCounts(1, 2, 3, 4, 0.5)),
    (JobKind.SORT, SortRequest("ab12", 0.02), SortedCounts(1, 2, 3, 4, 99)),
    (JobKind.INDEX, IndexRequest(), IndexResult(7, 0.5)),
    (JobKind.BACKUP, BackupRequest("/disk", is_whole=False), BackupReceipt("ab", 1, 2, 3, first_lacking=("photos a",))),
    (JobKind.RESTORE, RestoreRequest("/disk", "ab", "d"), RestoreReceipt("ab", ("Family",), 7)),
    (
        JobKind.DISCARD_PHOTOS,
        DiscardRequest("Ben"),
        DiscardReceipt("2026-01-02", 1.5, "Ben", photos=7, left=0, backups=HoldingBackups(("2026-01-01",))),
    ),
]


def stored(kind: JobKind, params: Any = None, result: Any = None) -> Job:
    """A job as it comes back from the database: its JSON as text, and nothing else of it."""
    told = [json.loads(json.dumps(value or {})) for value in (params, result)]
    return Job(id="1", dataset_id="d", kind=kind, state=JobState.DONE, params=told[0], created=0.0, result=told[1])


def test_every_kind_has_one_entry() -> None:
    assert set(JOBS) == set(JobKind)
    assert len({spec.request for spec in JOBS.values()}) == len(registry._SPECS) == len(JobKind)
    assert {kind for kind, _, _ in WORK} == set(JobKind), "an example of each is written and read back below"


@pytest.mark.parametrize(
    ("kind", "request_", "result"), WORK, ids=[f"{kind} {number}" for number, (kind, *_) in enumerate(WORK)]
)
def test_what_is_asked_and_what_came_of_it_are_read_back(
    kind: JobKind, request_: JobRequest, result: JobResult
) -> None:
    job = stored(kind, request_.to_json(), result.to_json())
    assert JOBS[kind].request.of(job) == request_
    assert JOBS[kind].result.of(job) == result


@pytest.mark.parametrize(
    ("kind", "params", "request_"),
    [
        (JobKind.TRAIN, {"folds": 3, "c": 1}, TrainRequest(TrainOptions(folds=3, c=1.0))),
        (JobKind.TRAIN, {}, TrainRequest()),
        (JobKind.MAP, {"method": "pca", "n_neighbors": 5, "min_dist": 0.1, "seed": 0}, MapOptions(Method.PCA, 5)),
        (JobKind.STUDY, {"run": "ab12"}, StudyRequest("ab12")),
        (JobKind.LOOK_AGAIN, {}, LookAgainRequest()),
        (JobKind.LOOK_AGAIN, {"policy": None}, LookAgainRequest()),
        (JobKind.EXPORT, {"what": "log", "run": None}, ExportRequest(ExportKind.LOG)),
        (JobKind.CLUSTER, {"everyone": False, "of a later version": [1]}, ClusterOptions()),
    ],
)
def test_jobs_of_earlier_versions_are_read(kind: JobKind, params: dict[str, Any], request_: JobRequest) -> None:
    assert JOBS[kind].request.of(stored(kind, params)) == request_


@pytest.mark.parametrize("version", earlier_folders.VERSIONS)
def test_the_jobs_of_a_data_folder_of_an_earlier_version_are_read(version: int, tmp_path: Path) -> None:
    earlier_folders.lay_out(version, tmp_path)
    jobs = Services(Settings(tmp_path)).jobs.jobs()
    for job in jobs:
        assert JOBS[job.kind].request.of(job) is not None
        assert job.state is not JobState.DONE or JOBS[job.kind].result.of(job) is not None


def test_a_receipt_of_an_earlier_version_is_read() -> None:
    result = {"faces": 1, "photos": 1, "models_deleted": 0, "check": {"files": 2, "bytes": 3, "found": 0, "left": []}}
    receipt = EraseReceipt.of(stored(JobKind.ERASE, result=result))
    assert (receipt.faces, receipt.lookups, receipt.check) == (1, None, SearchFindings(2, 3, 0, ()))


@pytest.mark.parametrize("params", [{}, {"path": 1, "title": "a"}, {"path": "a", "title": "a", "policy": "other"}])
def test_a_request_that_says_too_little_or_nonsense_is_refused(params: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="IngestRequest"):
        IngestRequest.of(stored(JobKind.INGEST, params))


def test_only_a_request_for_a_file_has_a_path() -> None:
    """Uploads are kept for jobs whose request has one."""
    with_path = {spec.kind for spec in JOBS.values() if "path" in spec.request.__dataclass_fields__}
    assert with_path == {spec.kind for spec in JOBS.values() if issubclass(spec.request, FileRequest)}


def test_a_kind_that_takes_the_writing_lock_cannot_be_quick() -> None:
    with pytest.raises(ValueError, match="writing lock"):
        JobSpec(
            kind=JobKind.MAP,
            request=MapOptions,
            result=learning.MapResult,
            run=learning.run_mapping,
            title="Making the map",
            unit="step",
            writes=True,
            is_quick=registry._always,
        )


def test_a_kind_that_something_follows_cannot_be_quick() -> None:
    """It would be done between two steps of a long job, where nobody asks what follows."""
    with pytest.raises(ValueError, match="something follows it"):
        replace(JOBS[JobKind.MAP], follow_ups=lambda *_: [])


@pytest.mark.parametrize(
    ("kind", "params", "expected"),
    [
        (JobKind.MAP, {}, True),
        (JobKind.MAP, {"method": "of a later version"}, False),
        (JobKind.MAP, {"method": "tsne", "dimensions": 3}, False),
        (JobKind.TRAIN, {"strangers": None}, True),
        (JobKind.TRAIN, {"strangers": "others.zip"}, False),
        (JobKind.INGEST, {}, False),
    ],
)
def test_a_job_is_quick_by_what_is_asked_and_never_where_that_cannot_be_read(
    kind: JobKind, params: dict[str, Any], expected: bool
) -> None:
    assert is_quick(stored(kind, params)) == expected


def test_a_request_is_submitted_under_its_kind(services: Services) -> None:
    dataset_id = services.store.create_dataset("Family", MODEL_ID).id
    for kind, request, _ in WORK:
        job = submit_job(services.jobs, dataset_id, request)
        assert (services.jobs.job(job.id).kind, JOBS[kind].request.of(services.jobs.job(job.id))) == (kind, request)


def test_a_job_that_writes_holds_the_lock_while_it_works(services: Services) -> None:
    events: list[str] = []

    class Watched(Services):
        def lock_dataset(self, *_: Any) -> Any:
            events.append("locked")
            return super().lock_dataset(*_)

    for writes in (True, False):
        spec = JobSpec(
            kind=JobKind.SORT,
            request=SortRequest,
            result=TrainResult,
            run=lambda *_: TrainResult(str(len(events))),
            title="",
            unit="",
            writes=writes,
        )
        job = stored(JobKind.SORT, SortRequest("ab12").to_json())
        spec.carry(Watched(services.settings), job, UNWATCHED)
        assert events == ["locked"], "once, by the kind that writes"


def test_only_requests_and_results_read_what_jobs_keep() -> None:
    """A key that is spelled in a page would be the second place that knows it."""
    reading = re.compile(r"\b(job\w*|ended|claimed)\.(params|result)(\[|\.get\(|\.pop\()")
    for path in [*(PROJECT_DIR / "core").rglob("*.py"), *(PROJECT_DIR / "pages").rglob("*.py")]:
        name = path.relative_to(PROJECT_DIR).as_posix()
        found = reading.search(path.read_text(encoding="utf-8"))
        is_allowed = name == "core/workflows/uploads.py"  # of any kind, whether it reads a file
        assert is_allowed or not found, f"{name} reads {found and found[0]} by itself; see JobRequest.of"


def test_jobs_are_submitted_by_their_requests_alone() -> None:
    for path in [*(PROJECT_DIR / "core").rglob("*.py"), *(PROJECT_DIR / "pages").rglob("*.py")]:
        if path.relative_to(PROJECT_DIR).as_posix() != "core/jobs/registry.py":
            assert "jobs.submit(" not in path.read_text(encoding="utf-8"), f"{path}: use jobs.registry.submit_job"

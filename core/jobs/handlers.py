"""What each kind of job does: its stored parameters turned into a call of its workflow."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from core.archives.folder_layout import AUTO
from core.base.errors import InputRefused
from core.base.types import CancelToken, FacePolicy, Report
from core.jobs import transfers
from core.jobs.worker import Handler
from core.learn.classification.training_material import TrainOptions
from core.services import Services
from core.store.job_model import Job, JobKind, JobState
from core.workflows.clustering import cluster
from core.workflows.evaluation import evaluate, study
from core.workflows.identification.lookups import kept_lookups, lookup
from core.workflows.labels import review_queue
from core.workflows.photos import ingest, look_again
from core.workflows.projection import project
from core.workflows.training import train

ABANDONED_S = 24 * 3600.0
"""An upload that was not started within a day will not be."""


@dataclass(frozen=True, slots=True)
class IngestRequest:
    """An ingest as a job keeps it."""

    path: str
    """A zip or a folder; relative paths start in the data folder."""
    title: str
    """What people call it: the name of the file they gave."""
    policy: FacePolicy = FacePolicy.LARGEST
    folders_are_people: bool = True
    folders: str = AUTO
    """How folders are read, one of ``folder_layout.RULES``."""
    zip_names: str = ""
    """The code page of names in a zip that do not say theirs; decided by the names when empty."""

    def params(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, params: dict[str, Any]) -> IngestRequest:
        return cls(**{**params, "policy": FacePolicy(params["policy"])})


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """A training as a job keeps it."""

    options: TrainOptions
    strangers: str | None = None
    """A zip or a folder with photos of other people; relative paths start in the data folder."""
    zip_names: str = ""
    """The code page of names in the strangers' zip that do not say theirs."""

    def params(self) -> dict[str, Any]:
        return {**asdict(self.options), "strangers": self.strangers, "zip_names": self.zip_names}

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> TrainRequest:
        options = {name: value for name, value in params.items() if name not in ("strangers", "zip_names")}
        return cls(TrainOptions(**options), params.get("strangers"), params.get("zip_names", ""))


@dataclass(frozen=True, slots=True)
class LookupRequest:
    """Photos to be looked at, as a job keeps it."""

    path: str
    """A zip or a folder; relative paths start in the data folder. An upload is kept with the result."""
    title: str
    """What people call it: the name of the file they gave."""
    run: str
    zip_names: str = ""
    """The code page of names in a zip that do not say theirs."""

    def params(self) -> dict[str, Any]:
        return asdict(self)


def job_handlers(services: Services) -> dict[JobKind, Handler]:
    """The handler of every kind of job."""
    return {
        JobKind.INGEST: partial(_ingest, services),
        JobKind.TRAIN: partial(_train, services),
        JobKind.MAP: partial(_map, services),
        JobKind.CLUSTER: partial(_cluster, services),
        JobKind.SUSPECTS: partial(_suspects, services),
        JobKind.EXPORT: partial(transfers.run_export, services),
        JobKind.IMPORT: partial(_bring_in, services),
        JobKind.ERASE: partial(_erase, services),
        JobKind.LOOK_AGAIN: partial(_look_again, services),
        JobKind.CHANGE_MODEL: partial(_change_model, services),
        JobKind.STUDY: partial(_study, services),
        JobKind.LOOKUP: partial(_look_up, services),
        JobKind.SORT: partial(transfers.sort_lookup, services),
    }


def _ingest(services: Services, job: Job, report: Report, token: CancelToken) -> dict[str, Any]:
    began = time.monotonic()
    request = IngestRequest.of(job.params)
    path = services.settings.data_dir / request.path
    if not path.exists():
        raise InputRefused(f"'{request.title}' is not there any more. Give it again.")
    report(0, 0, "Loading the networks")
    tools = services.ingestor(job.dataset_id)
    target = ingest.IngestTarget(job.dataset_id, job.id, request.policy)
    with (
        services.writing(job.dataset_id, report, token),
        services.open_source(
            path,
            folders_are_people=request.folders_are_people,
            folders=request.folders,
            zip_names=request.zip_names,
        ) as source,
    ):
        summary = ingest.ingest_photos(tools, source, target, report, token)
    _discard_upload(services, path)
    return {**asdict(summary), "seconds": round(time.monotonic() - began, 3)}


def _discard_upload(services: Services, path: Path) -> None:
    """An upload is a copy: once taken, it goes. What lies elsewhere is the user's."""
    if _is_upload(services, path):
        uploads = services.settings.uploads_dir.resolve()
        shutil.rmtree(uploads / path.resolve().relative_to(uploads).parts[0])


def _is_upload(services: Services, path: Path) -> bool:
    return services.settings.uploads_dir.resolve() in path.resolve().parents


def queue_turned_photos(services: Services) -> int:
    """Queue a look at photos that were turned by a process that died before it looked; for how many datasets."""
    queued = 0
    for dataset in services.store.datasets():
        waiting = any(job.kind is JobKind.LOOK_AGAIN and job.state.active for job in services.jobs.jobs(dataset.id))
        if services.store.photos_to_look_at(dataset.id) and not waiting:
            services.jobs.submit(dataset.id, JobKind.LOOK_AGAIN, {"turned": True})
            queued += 1
    return queued


def sweep_uploads(services: Services, older_than_s: float = ABANDONED_S) -> int:
    """Remove uploads that no unfinished job will read again; how many there were."""
    needed = {
        Path(job.params["path"]).resolve()
        for dataset in services.store.datasets()
        for job in services.jobs.jobs(dataset.id)
        if job.kind in (JobKind.INGEST, JobKind.IMPORT, JobKind.LOOKUP) and job.state is not JobState.DONE
    }
    swept = 0
    for folder in services.settings.uploads_dir.iterdir():
        is_needed = any(folder.resolve() == path or folder.resolve() in path.parents for path in needed)
        if not is_needed and time.time() - folder.stat().st_mtime > older_than_s:
            shutil.rmtree(folder)
            swept += 1
    return swept


def _bring_in(services: Services, job: Job, report: Report, token: CancelToken) -> dict[str, Any]:
    summary = transfers.run_import(services, job, report, token)
    _discard_upload(services, services.settings.data_dir / job.params["path"])
    return summary


def _train(services: Services, job: Job, report: Report, token: CancelToken) -> dict[str, Any]:
    """A run has its job's id: a job that is resumed when its run was stored already trains no second one."""
    if any(run.id == job.id for run in services.runs.runs(job.dataset_id)):
        return {"run": job.id}
    request = TrainRequest.of(job.params)
    outsiders = _strangers(services, job.dataset_id, request, report, token) if request.strangers else None
    task = train.TrainingTask(job.dataset_id, request.options, outsiders, job.id)
    run = train.train_recogniser(services.run_tools(), task, report, token)
    return {"run": run.id}


def _strangers(
    services: Services, dataset_id: str, request: TrainRequest, report: Report, token: CancelToken
) -> train.Outsiders:
    """The faces of other people, to set the limits by; nothing of them is kept."""
    dataset, path = services.store.dataset(dataset_id), services.settings.data_dir / (request.strangers or "")
    if not path.exists():
        raise InputRefused(f"The strangers' photos, '{path.name}', are not there any more. Give them again.")
    with services.open_source(path, zip_names=request.zip_names) as source:
        embedded = evaluate.embed_strangers(services.main_face_tools(dataset.model_id), source, report, token)
    return evaluate.select_outsiders(services.store, dataset, embedded, path.name)


def _study(services: Services, job: Job, report: Report, token: CancelToken) -> dict[str, Any]:
    run_id, options = job.params["run"], study.StudyOptions(job.params.get("seed", 0), job.params.get("repeats"))
    result = study.study_run(services.store, services.runs, services.artifacts, run_id, options, report, token)
    return {"run": run_id, "seconds": result["seconds"]}


def _map(services: Services, job: Job, report: Report, token: CancelToken) -> dict[str, Any]:
    """A map has its job's id: a job that is resumed when its map was stored already makes no second one."""
    if any(info.id == job.id for info in services.runs.maps(job.dataset_id)):
        return {"map": job.id}
    options = project.MapOptions(**{**job.params, "method": project.Method(job.params["method"])})
    stores = services.store, services.runs, services.artifacts
    info = project.make_map(*stores, job.dataset_id, options, report, token, job.id)
    return {"map": info.id}


def _cluster(services: Services, job: Job, report: Report, token: CancelToken) -> dict[str, Any]:
    options = cluster.ClusterOptions(**job.params)
    store, log = services.store, services.log
    tree = cluster.make_tree(store, log, services.artifacts, job.dataset_id, options, report, token)
    return {"faces": len(tree.face_ids), "seconds": round(tree.seconds, 3)}


def _suspects(services: Services, job: Job, report: Report, token: CancelToken) -> dict[str, Any]:
    queue = review_queue.find_suspects(services.store, services.log, services.artifacts, job.dataset_id, report, token)
    return {"suspects": len(queue.suspects), "revision": queue.revision, "seconds": queue.seconds}


def _look_up(services: Services, job: Job, report: Report, token: CancelToken) -> dict[str, Any]:
    began, request = time.monotonic(), LookupRequest(**job.params)
    run = services.runs.run(request.run)
    lookup_ids = {
        lookup_job.id for lookup_job in services.jobs.jobs(job.dataset_id) if lookup_job.kind is JobKind.LOOKUP
    }
    kept_lookups.remove_abandoned_lookups(services.artifacts, job.dataset_id, lookup_ids)
    path, is_users_own = _photos_to_look_at(services, job, request)
    report(0, 0, "Loading the networks")
    task = lookup.LookupTask(job.id, job.dataset_id, run, request.title, str(path) if is_users_own else "")
    with services.open_source(path, folders_are_people=False, zip_names=request.zip_names) as source:
        lookup_result = lookup.look_up_photos(
            services.lookup_tools(), services.identifier(run), source, task, report, token
        )
    return {**lookup.lookup_counts(lookup_result), "seconds": round(time.monotonic() - began, 3)}


def _photos_to_look_at(services: Services, job: Job, request: LookupRequest) -> tuple[Path, bool]:
    """Where the photos are read, and whether that is the user's own place; an upload moves to where it is kept."""
    kept_path = kept_lookups.kept_photos_path(services.artifacts, job.dataset_id, job.id)
    if kept_path.exists():  # it goes on
        return kept_path, False
    source_path = (services.settings.data_dir / request.path).resolve()
    if not source_path.exists():
        raise InputRefused(f"'{request.title}' is not there any more. Give it again.")
    if not _is_upload(services, source_path):
        return source_path, True
    services.open_source(source_path, zip_names=request.zip_names).close()  # what is refused as a whole is not kept
    kept_lookups.keep_photos(services.artifacts, job.dataset_id, job.id, source_path)
    _discard_upload(services, source_path)
    return kept_path, False


def _erase(services: Services, job: Job, report: Report, token: CancelToken) -> dict[str, Any]:
    def train_again(params: dict[str, Any], report: Report, token: CancelToken) -> dict[str, Any]:
        return _train(services, replace(job, params=params), report, token)

    return transfers.run_erase(services, job, report, token, train_again)


def _look_again(services: Services, job: Job, report: Report, token: CancelToken) -> dict[str, Any]:
    began = time.monotonic()
    report(0, 0, "Loading the networks")
    target = ingest.IngestTarget(job.dataset_id, job.id, _policy(services, job))
    with services.writing(job.dataset_id, report, token):
        if job.params.get("turned"):
            summary = services.look_at_turned(job.dataset_id, report, token) or look_again.RedetectionSummary(
                0, 0, 0, 0
            )
        else:
            summary = look_again.detect_again(services.ingestor(job.dataset_id), target, report, token)
    return {**asdict(summary), "seconds": round(time.monotonic() - began, 3)}


def _policy(services: Services, job: Job) -> FacePolicy:
    """The one asked for, else that of the newest ingest."""
    return FacePolicy(job.params.get("policy") or services.face_policy(job.dataset_id))


def _change_model(services: Services, job: Job, report: Report, token: CancelToken) -> dict[str, Any]:
    began = time.monotonic()
    report(0, 0, "Loading the networks")
    tools = services.ingestor(job.dataset_id, job.params["model"])
    with services.writing(job.dataset_id, report, token):
        summary = look_again.change_model(tools, job.dataset_id, report, token)
    return {**asdict(summary), "seconds": round(time.monotonic() - began, 3)}

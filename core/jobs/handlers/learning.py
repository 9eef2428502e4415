"""Jobs that learn from the faces of a dataset: a recogniser and its thorough measurement, the map, groups, suspects."""

from __future__ import annotations

from dataclasses import dataclass

from core.base.errors import InputRefused
from core.base.progress import Progress
from core.language.texts import marked
from core.services import Services
from core.store.job_model import Job, JobResult
from core.workflows.clustering import hierarchy
from core.workflows.clustering.hierarchy import ClusterOptions
from core.workflows.evaluation import evaluate, study
from core.workflows.evaluation.study import StudyRequest
from core.workflows.labels import review_queue
from core.workflows.labels.review_queue import SuspectsRequest
from core.workflows.neighbours import face_index
from core.workflows.neighbours.face_index import IndexRequest, IndexResult
from core.workflows.projection import project
from core.workflows.projection.project import MapOptions
from core.workflows.training import train, update
from core.workflows.training.request import TrainRequest, TrainResult, find_training_request

REFUSALS_KEPT = 20
"""Of strangers' photos that could not be used; how many they are stands with the run."""


@dataclass(frozen=True, slots=True)
class StudyResult(JobResult):
    """A thorough measurement lies beside the run."""

    run: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class MapResult(JobResult):
    """The id of the map."""

    map: str = ""


@dataclass(frozen=True, slots=True)
class ClusterResult(JobResult):
    """How many faces were grouped."""

    faces: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class SuspectsResult(JobResult):
    """How many entries the review queue has, and of which revision it is."""

    suspects: int = 0
    revision: int = 0
    seconds: float = 0.0


def run_training(services: Services, job: Job, request: TrainRequest, progress: Progress) -> TrainResult:
    """A run has its job's id: a job that is resumed when its run was stored already trains no second one."""
    runs, tools = services.runs.runs(job.dataset_id), services.run_tools()
    if stored := next((run for run in runs if run.id == job.id), None):
        train.delete_updated_before(tools, stored)
        return TrainResult(job.id)
    if request.update:
        if updated := update.update_newest_run(tools, job.dataset_id, job.id, progress=progress):
            return TrainResult(updated.id)
        # Nothing to begin at: the whole way, as the newest was trained.
        request = find_training_request(services.jobs, job.dataset_id, next(iter(runs), None))
    elif runs and runs[0].metrics.n_train >= update.UPDATE_FIRST_FROM:
        # Who came since is known in seconds, and who went no more, while the training takes its minutes.
        update.update_newest_run(tools, job.dataset_id, progress=progress)
    # The strangers first: their photos take minutes, and the faces of the dataset are then read as they are when the
    # training begins.
    strangers = _embed_training_strangers(services, job.dataset_id, request, progress) if request.strangers else None
    task = train.TrainingTask(job.dataset_id, request.options, strangers, job.id)
    run = train.train_recogniser(tools, task, progress)
    return TrainResult(run.id, strangers.refusals[:REFUSALS_KEPT] if strangers else ())


def _embed_training_strangers(
    services: Services, dataset_id: str, request: TrainRequest, progress: Progress
) -> train.TrainingStrangers:
    """The faces of other people, to set the limits by; nothing of them is kept."""
    dataset, path = services.store.dataset(dataset_id), services.settings.data_dir / (request.strangers or "")
    if not path.exists():
        raise InputRefused(
            marked("The strangers' photos, '{title}', are not there any more. Give them again.").format(title=path.name)
        )
    with services.open_source(path, zip_names=request.zip_names) as source:
        embedded = evaluate.embed_strangers(services.main_face_tools(dataset.model_id), source, progress)
    return evaluate.select_training_strangers(services.store, dataset, embedded, path.name)


def run_study(services: Services, job: Job, request: StudyRequest, progress: Progress) -> StudyResult:
    """Measure a run thoroughly."""
    return StudyResult(request.run, study.study_run(services.run_tools(), request, progress).seconds)


def run_mapping(services: Services, job: Job, request: MapOptions, progress: Progress) -> MapResult:
    """A map has its job's id: a job that is resumed when its map was stored already makes no second one."""
    if any(info.id == job.id for info in services.runs.maps(job.dataset_id)):
        return MapResult(job.id)
    return MapResult(project.build_map(services.run_tools(), job.dataset_id, request, progress, job.id).id)


def run_clustering(services: Services, job: Job, request: ClusterOptions, progress: Progress) -> ClusterResult:
    """Group the faces."""
    stores = services.store, services.log, services.artifacts
    tree = hierarchy.build_hierarchy(*stores, job.dataset_id, request, progress)
    return ClusterResult(len(tree.face_ids), round(tree.seconds, 3))


def run_review(services: Services, job: Job, request: SuspectsRequest, progress: Progress) -> SuspectsResult:
    """Look for what is probably wrong."""
    stores = services.store, services.log, services.artifacts
    queue = review_queue.find_suspects(*stores, job.dataset_id, progress)
    return SuspectsResult(len(queue.suspects), queue.revision, queue.seconds)


def run_indexing(services: Services, job: Job, request: IndexRequest, progress: Progress) -> IndexResult:
    """Index the faces, where they are many."""
    return face_index.index_faces(services.store, services.artifacts, job.dataset_id, progress)

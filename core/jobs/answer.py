"""What photos that were taken lead to: a recogniser, groups, suspects, a map and, of very many faces, their index.

It is planned as far as it is not there already. Nothing is done here: each step is a job of its own kind, as somebody
would ask for it on its page.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.base.errors import InputRefused, TrainingRefused
from core.services import Services
from core.store.job_model import JobRequest
from core.store.values.datasets import Dataset
from core.workflows.clustering.hierarchy import ClusterOptions, load_hierarchy
from core.workflows.labels.review_queue import SuspectsRequest, load_queue
from core.workflows.neighbours.face_index import IndexRequest, is_index_due
from core.workflows.projection.project import FEWEST_TO_LAY_OUT, MapOptions
from core.workflows.training.request import TrainRequest, find_training_request
from core.workflows.training.train import preview_training


def plan_answer(services: Services, dataset_id: str) -> Sequence[JobRequest]:
    """The steps that a dataset's photos are ready for, in the order in which somebody waits for them."""
    dataset, counts = services.store.dataset(dataset_id), services.store.counts(dataset_id)
    requests: list[JobRequest] = []
    if counts.people >= 2 and (training := _plan_training(services, dataset)):
        requests.append(training)
    if counts.unnamed_faces and not _is_grouped(services, dataset):
        requests.append(ClusterOptions())
    if counts.people and not _is_searched(services, dataset):
        requests.append(SuspectsRequest())
    # Last, as it takes longest: the figures need not wait for it.
    if counts.faces >= FEWEST_TO_LAY_OUT and not _is_mapped(services, dataset):
        requests.append(MapOptions())
    return requests


def plan_index(services: Services, dataset_id: str) -> Sequence[IndexRequest]:
    """An index of the faces, where they are many and it is missing or too old."""
    n_faces = services.store.counts(dataset_id).faces
    is_due = is_index_due(services.store, services.artifacts, services.store.dataset(dataset_id), n_faces)
    return [IndexRequest()] if is_due else []


def _plan_training(services: Services, dataset: Dataset) -> TrainRequest | None:
    """A training like the newest one; None where that is of these faces, or they are too few to learn from."""
    newest = next(iter(services.runs.runs(dataset.id)), None)
    if newest is not None and newest.revision == dataset.revision:
        return None
    request = find_training_request(services.jobs, dataset.id, newest)
    try:
        preview_training(services.store.face_table(dataset.id), services.store.embeddings(dataset.id), request.options)
    except TrainingRefused:
        # Said on the page of the training to who asks for one; nobody has asked here.
        return None
    return request


def _is_grouped(services: Services, dataset: Dataset) -> bool:
    tree = load_hierarchy(services.artifacts, dataset)
    return tree is not None and tree.revision == dataset.revision


def _is_searched(services: Services, dataset: Dataset) -> bool:
    try:
        queue = load_queue(services.artifacts, dataset.id)
    except InputRefused:
        # Damaged, or of an earlier version: a new search writes it anew.
        return False
    return queue is not None and (queue.revision, queue.model_id) == (dataset.revision, dataset.model_id)


def _is_mapped(services: Services, dataset: Dataset) -> bool:
    options = MapOptions()
    return any(
        (info.method, info.params.dimensions, info.revision) == (options.method, options.dimensions, dataset.revision)
        for info in services.runs.maps(dataset.id)
    )

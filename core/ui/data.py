"""What pages read: services, and cached readers keyed by dataset and revision.

``services``, the arrays and long lists are shared objects that nobody changes (a copy for every rerun would cost
more than reading); everything else is small and cached as data. Nothing heavy is computed here.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import streamlit as st

from core.access.decisions import Access
from core.access.view import access_of, services_for
from core.base import words
from core.base.columns import number_values
from core.base.face_table import Embeddings, FaceTable
from core.base.settings import settings_from_env
from core.base.types import Photo, Revision
from core.learn.metrics.predictions import Predictions
from core.services import Services
from core.store.columns.people_columns import People, build_counts, build_people
from core.store.job_model import Job, JobKind
from core.store.values.datasets import Counts, Dataset, PersonCount
from core.store.values.runs import MapInfo, Run
from core.ui.access import kept
from core.ui.access.signed_in import current_principal
from core.workflows.neighbours.face_index import index_time, is_indexed
from core.workflows.neighbours.search import ExactSearch, NeighbourSearch, open_gallery_search, open_search
from core.workflows.projection import project
from core.workflows.projection.project import FaceMap, Method
from core.workflows.training import train

_kept_services: list[Services] = []
"""The working parts while everything else that is remembered goes."""
_seen: dict[Path, tuple[set[str], set[str]]] = {}
"""By data folder, the erasings that were done and the datasets that were there when a page was drawn last."""
# Sessions run in threads of one process: two that see the same erasing must not both clear, and the second must not
# read what the first is about to drop.
_forgetting = threading.Lock()


def services() -> Services:
    """The working parts as far as whoever acts may use them. Raises SignInNeeded where nobody does."""
    whole = whole_services()
    return whole if kept.is_decided() else services_for(whole, current_principal(whole))


def access() -> Access:
    """What whoever acts may do."""
    return access_of(services())


@st.cache_resource(show_spinner=False)
def whole_services() -> Services:
    """The working parts of everybody, and the worker process beside the app: for whoever decides, and no page."""
    # After ``forget_erased_people`` cleared this cache too: the worker process and the loaded networks are to live on.
    if _kept_services:
        return _kept_services[0]
    working = Services(settings_from_env())
    if working.settings.supervise:
        working.supervisor.start()
    return working


def forget_erased_people() -> None:
    """Drop all that is remembered for pages, of every session, when people, datasets or photos went since then.

    It does not matter which process or machine erased them.
    """
    with _forgetting:
        working = whole_services()
        # By their ids and not by a time: machines that share the database have clocks of their own. A dataset that went
        # took the jobs that told of it along.
        erasings = working.jobs.done_ids(JobKind.ERASE) | working.jobs.done_ids(JobKind.DISCARD_PHOTOS)
        dataset_ids = {dataset.id for dataset in working.store.datasets()}
        # At the first page after a start nothing is remembered yet, so that there is nothing to forget.
        seen_erasings, seen_datasets = _seen.get(working.settings.data_dir, (erasings, dataset_ids))
        if erasings - seen_erasings or seen_datasets - dataset_ids:
            _kept_services[:] = [working]
            st.cache_data.clear()
            st.cache_resource.clear()
            # Faces and galleries of them lie outside of Streamlit's caches, with the services.
            working.forget_erased_people()
            whole_services()
            _kept_services.clear()
        _seen[working.settings.data_dir] = erasings, dataset_ids


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """All faces of a dataset, or of one person, at one revision; shared, never changed."""

    dataset_id: str
    revision: Revision
    table: FaceTable
    person_id: int | None = None

    @property
    def embeddings(self) -> Embeddings:
        """Their vectors, read when they are first asked for: many views do without."""
        if self.person_id is not None:
            return _person_embeddings(self.dataset_id, self.revision, self.person_id)
        return services().newest_faces(self.dataset_id).vectors_of(self.table)


# Resources, not data: ``cache_data`` would pickle the arrays for every reader, and hash only a sample of large ones
# where they are arguments. Nothing here is changed by who reads it, and the revision is a part of every key.
@kept.cache_resource(show_spinner=False, max_entries=4)
def dataset_faces(dataset_id: str, revision: Revision) -> Faces:
    """Every face."""
    return Faces(dataset_id, revision, services().newest_faces(dataset_id).read_table(revision))


@kept.cache_resource(show_spinner=False, max_entries=8)
def person_faces(dataset_id: str, revision: Revision, person_id: int) -> Faces:
    """Every face of one person: much faster than all when there are many."""
    table = services().store.face_table(dataset_id, person_id)
    return Faces(dataset_id, revision, table, person_id)


@kept.cache_resource(show_spinner=False, max_entries=8)
def _person_embeddings(dataset_id: str, revision: Revision, person_id: int) -> Embeddings:
    return services().store.embeddings(dataset_id, person_id)


@kept.cache_resource(show_spinner=False, max_entries=4)
def _indexed_search(dataset_id: str, revision: Revision, indexed_at: float) -> NeighbourSearch:
    working, table = services(), dataset_faces(dataset_id, revision).table
    # Of the revision of the table, which may be older than the dataset by now.
    dataset = replace(working.store.dataset(dataset_id), revision=revision)
    return open_search(working.store, working.artifacts, dataset, table.face_ids)


def face_search(faces: Faces) -> NeighbourSearch:
    """What finds the faces most like one among these: by comparing with all, or by the index of a large dataset."""
    if faces.person_id is not None or not is_indexed(len(faces.table)):
        return ExactSearch(faces.embeddings)
    # The index may come, or be made anew, while the dataset stays as it is.
    dataset = services().store.dataset(faces.dataset_id)
    return _indexed_search(faces.dataset_id, faces.revision, index_time(services().artifacts, dataset))


@kept.cache_resource(show_spinner=False, max_entries=4)
def run_predictions(run_id: str) -> Predictions:
    """What a run said; a run never changes."""
    return train.load_predictions(services().artifacts, services().runs.run(run_id))


@kept.cache_resource(show_spinner=False, max_entries=4)
def face_map(dataset_id: str, revision: Revision, map_id: str | None, dimensions: int = 2) -> FaceMap:
    """A stored map with those who came since, or the quick one of this revision when ``map_id`` is None."""
    if map_id is None:
        return project.build_pca_map(dataset_faces(dataset_id, revision).embeddings, dimensions)
    info = next(info for info in services().runs.maps(dataset_id) if info.id == map_id)
    stored_map, faces = project.load_map(services().artifacts, info), dataset_faces(dataset_id, revision)
    # Nobody has come since: the vectors, the largest thing that there is to read, are not read.
    if len(faces.table.match(stored_map.face_ids)[0]) == len(faces.table):
        return stored_map
    # Of the revision of the faces, which may be older than the dataset by now.
    dataset = replace(services().store.dataset(dataset_id), revision=revision)
    search = partial(open_gallery_search, services().store, services().artifacts, dataset)
    return project.add_newcomers(stored_map, faces.embeddings, search)


@kept.cache_data(show_spinner=False, max_entries=64)
def dataset_counts(dataset_id: str, revision: Revision) -> Counts:
    """How much a dataset holds."""
    store = services().store
    # The first page says this of every dataset, and needs no face of them.
    if not services().has_faces(dataset_id):
        return store.counts(dataset_id)
    return build_counts(dataset_faces(dataset_id, revision).table, store.photo_count(dataset_id))


# Resources too, as they are long where a dataset is large: unpickling 5,000 people took most of a page's run.
@kept.cache_resource(show_spinner=False, max_entries=8)
def photos_without_face(dataset_id: str, revision: Revision) -> tuple[Photo, ...]:
    """Photos on which no face is, by name."""
    # Mostly there are none, which the faces tell: the database would look at every photo.
    photos = number_values(dataset_faces(dataset_id, revision).table.photo_ids)
    if np.count_nonzero(np.bincount(photos)) == services().store.photo_count(dataset_id):
        return ()
    return tuple(services().store.photos_without_face(dataset_id))


@kept.cache_resource(show_spinner=False, max_entries=32)
def dataset_people(dataset_id: str, revision: Revision) -> People:
    """The people of a dataset by name."""
    return build_people(dataset_faces(dataset_id, revision).table, services().store.person_remarks(dataset_id))


@kept.cache_data(show_spinner=False, max_entries=32)
def largest_people(dataset_id: str, revision: Revision, count: int) -> list[PersonCount]:
    """Those with the most faces."""
    if not services().has_faces(dataset_id):
        return services().store.largest_people(dataset_id, count)
    return dataset_people(dataset_id, revision).largest(count)


def find_cover(dataset: Dataset, name: str) -> str | None:
    """The portrait of somebody by name."""
    person = dataset_people(dataset.id, dataset.revision).find_named(name)
    return person.cover_crop_id if person else None


def describe_file_size(dataset_id: str, revision: Revision) -> str:
    """Space that a dataset's files take, as a text; empty where it would take long to count."""
    size = _file_size(dataset_id, revision)
    return "" if size is None else words.format_size(size)


@kept.cache_data(show_spinner=False, max_entries=32)
def _file_size(dataset_id: str, revision: Revision) -> int | None:
    artifacts = services().artifacts
    return artifacts.size_bytes(dataset_id) if artifacts.lists_quickly else None


def dataset_runs(dataset: Dataset) -> list[Run]:
    """The dataset's runs, newest first, but for damaged ones."""
    return services().runs.runs(dataset.id)


def newest_run(dataset: Dataset) -> Run | None:
    """The newest run that is not damaged."""
    return next(iter(dataset_runs(dataset)), None)


def newest_map(dataset: Dataset, method: Method = Method.UMAP, dimensions: int = 2) -> MapInfo | None:
    """The newest stored map of a kind, of whatever revision."""
    kind = (method, dimensions)
    maps = services().runs.maps(dataset.id)
    return next((info for info in maps if (info.method, info.params.dimensions) == kind), None)


def jobs_of(dataset: Dataset, kind: JobKind) -> list[Job]:
    """A dataset's jobs of one kind, the newest first."""
    return [job for job in services().jobs.jobs(dataset.id) if job.kind is kind]


def newest_job(dataset: Dataset, kind: JobKind) -> Job | None:
    """The newest job of a kind on this dataset."""
    return next(iter(jobs_of(dataset, kind)), None)

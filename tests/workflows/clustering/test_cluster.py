"""Grouping the faces of a dataset: which faces, what is kept apart, what stays good when names are given."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from core.__main__ import main
from core.base.errors import Cancelled, InputRefused, NotFound
from core.base.progress import CancelToken, Progress
from core.base.settings import Settings
from core.base.types import Box, Face, Photo, Quality
from core.corrections.model import Editor
from core.jobs.registry import job_handlers
from core.jobs.worker import run_job
from core.learn.clustering.agglomerative import DEFAULT_THRESHOLD, FARTHEST
from core.services import Services
from core.store.job_model import JobKind, JobState
from core.store.values.datasets import Dataset, IngestBatch, PhotoLabel, StoredFace
from core.workflows.clustering import cluster, hierarchy
from core.workflows.clustering.cluster import Clustering
from core.workflows.clustering.hierarchy import ClusterOptions
from core.workflows.labels.correct import Corrector

LEFT, RIGHT, NEARLY_LEFT = Box(0, 0, 40, 50), Box(50, 0, 90, 50), Box(2, 2, 41, 50)


class Album:
    """A dataset whose faces have looks: faces of one look lie around one direction, those of "ann+x" between two."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.dataset_id = services.store.create_dataset("Album", "facenet-128").id
        self.looks: dict[str, str] = {}
        self.vectors: dict[str, np.ndarray] = {}
        self.photos = 0

    @property
    def dataset(self) -> Dataset:
        return self.services.store.dataset(self.dataset_id)

    @property
    def by(self) -> Corrector:
        return Corrector(self.services.store, self.services.log, self.dataset_id, Editor("Ann", "sitting"))

    def photo(self, faces: Mapping[str, Box], person: str | None = None) -> list[str]:
        """Add a photo that shows these looks; the faces' ids."""
        photo = Photo(
            id=f"{self.photos:064x}",
            name=f"{self.photos}.jpg",
            width_px=100,
            height_px=100,
            size_bytes=1000,
            perceptual_hash=self.photos,
        )
        self.photos += 1
        stored = [self._face(photo.id, look, box, person) for look, box in faces.items()]
        batch = IngestBatch([(photo, PhotoLabel(person, None))], stored)
        self.services.store.add(self.dataset_id, "", batch)
        return [face.face.id for face in stored]

    def add(self, look: str, count: int, person: str | None = None) -> list[str]:
        return [self.photo({look: LEFT}, person)[0] for _ in range(count)]

    def spoil(self, face_ids: Sequence[str]) -> None:
        """Let faces be too poor to tell who they are."""
        poor = Quality(**dict.fromkeys(Quality.__dataclass_fields__, 0.4))
        for face in self.services.store.faces(self.dataset_id, face_ids):
            vector = self.vectors[face.id]
            found = [StoredFace(dataclasses.replace(face, quality=poor), vector)]
            self.services.store.replace_faces(self.dataset_id, face.photo_id, found)

    def _face(self, photo_id: str, look: str, box: Box, person: str | None) -> StoredFace:
        number = len(self.looks)
        name = look.split(" ")[0]
        direction = sum(np.random.default_rng(list(part.encode())).normal(size=128) for part in name.split("+"))
        vector = direction / np.linalg.norm(direction) + 0.04 * np.random.default_rng(number).normal(size=128)
        face_id = f"{number:024x}"
        self.looks[face_id] = name
        face = Face(
            id=face_id,
            photo_id=photo_id,
            box=box,
            landmarks=np.zeros((5, 2), np.float32),
            prob=0.99,
            crop_id="crop",
            person=person,
        )
        self.vectors[face_id] = (vector / np.linalg.norm(vector)).astype(np.float32)
        return StoredFace(face, self.vectors[face_id])

    def make(self, everyone: bool = False) -> Clustering:
        parts = self.services
        hierarchy.build_hierarchy(parts.store, parts.log, parts.artifacts, self.dataset_id, ClusterOptions(everyone))
        return self.now(everyone)

    def now(self, everyone: bool = False) -> Clustering:
        parts = self.services
        return cluster.load_clustering(parts.store, parts.log, parts.artifacts, self.dataset_id, everyone)

    def groups(self, clustering: Clustering, threshold: float = DEFAULT_THRESHOLD) -> list[set[str]]:
        groups = clustering.cut(threshold)
        return [set(groups.members(number)) for number in range(len(groups))]

    def questions(self, threshold: float = DEFAULT_THRESHOLD) -> list[cluster.SamePersonQuestion]:
        store = self.services.store
        return cluster.list_same_person_questions(
            self.now().cut(threshold),
            store.face_table(self.dataset_id),
            store.embeddings(self.dataset_id),
            self.services.log.pairs_kept_apart(self.dataset_id),
        )

    def twins(self) -> list[cluster.MergeCandidate]:
        store = self.services.store
        return cluster.rank_merge_candidates(
            store.face_table(self.dataset_id),
            store.embeddings(self.dataset_id),
            self.services.log.pairs_kept_apart(self.dataset_id),
        )

    def person_id(self, name: str) -> int:
        return next(person.id for person in self.services.store.people(self.dataset_id) if person.name == name)


@pytest.fixture
def album(tmp_path) -> Album:
    return Album(Services(Settings(tmp_path / "data")))


def test_only_faces_that_wait_for_a_name_are_grouped(album):
    ann, bob = album.add("ann", 6), album.add("bob", 4)
    album.add("ann", 3, person="Ann")
    album.by.mark_strangers(bob[:1])
    album.by.exclude(ann[:1])
    assert album.groups(album.make()) == [set(ann[1:]), set(bob[1:])]
    everyone = album.groups(album.make(everyone=True))
    assert [len(group) for group in everyone] == [9, 4]


def test_naming_a_group_leaves_the_others_and_needs_no_new_hierarchy(album):
    ann, bob, cat = album.add("ann", 6), album.add("bob", 4), album.add("cat", 3)
    album.make()
    album.by.move(bob, "Bob")
    after = album.now()
    assert album.groups(after) == [set(ann), set(cat)]
    assert not after.stale
    album.by.undo()
    assert album.groups(album.now()) == [set(ann), set(bob), set(cat)]


def test_faces_that_came_later_make_it_stale(album):
    album.add("ann", 6)
    album.make()
    album.add("bob", 2)
    album.add("cat", 2, person="Cat")
    assert (album.now().stale, album.now().new_faces) == (True, 2)
    assert not album.make().stale


def test_two_faces_of_one_photo_are_two_people_unless_they_are_one_face_twice(album):
    beside = album.photo({"ann": LEFT, "ann again": RIGHT})
    twice = album.photo({"ann": LEFT, "ann again": NEARLY_LEFT})
    album.add("ann", 5)
    labels = dict(zip((found := album.make().cut(FARTHEST)).face_ids, found.labels.tolist(), strict=True))
    assert labels[beside[0]] != labels[beside[1]]
    assert labels[twice[0]] == labels[twice[1]]


def test_what_was_told_apart_is_parted_at_once_and_joined_again_when_that_is_undone(album):
    ann = album.add("ann", 8)
    album.make()
    album.by.keep_apart([(ann[0], ann[1])])
    parted = album.now()
    labels = dict(zip(parted.face_ids, parted.cut().labels.tolist(), strict=True))
    assert labels[ann[0]] != labels[ann[1]]
    assert not parted.stale
    made_anew = album.make().cut()
    assert made_anew.labels[made_anew.face_ids.index(ann[0])] != made_anew.labels[made_anew.face_ids.index(ann[1])]
    album.by.undo()
    assert album.now().stale
    assert album.groups(album.make()) == [set(ann)]


def test_the_preview_says_what_the_cut_gives(album):
    for look, count in (("ann", 6), ("bob", 4), ("cat", 1), ("dan", 2)):
        album.add(look, count)
    clustering = album.make()
    for threshold in np.linspace(0.0, FARTHEST, 21).tolist():
        cut, preview = clustering.cut(threshold), clustering.preview(threshold)
        assert (len(cut), cut.alone) == (preview.groups, preview.alone)
    assert clustering.preview(DEFAULT_THRESHOLD) == cluster.ThresholdPreview(3, 1)


def test_a_group_shows_its_most_typical_face_first(album):
    album.add("ann", 9)
    clustering = album.make()
    groups = clustering.cut()
    vectors = clustering.vectors[[clustering.face_ids.index(face_id) for face_id in groups.members(0)]]
    typical = vectors @ vectors.mean(axis=0)
    assert typical.tolist() == sorted(typical.tolist(), reverse=True)
    assert groups.members(0, 3) == groups.members(0)[:3]
    assert groups.tightness(0) == pytest.approx(typical.mean() / np.linalg.norm(vectors.mean(axis=0)), abs=1e-5)


def test_the_group_with_the_most_clear_faces_comes_before_a_larger_one_of_blurred_ones(album):
    blurred, clear = set(album.add("crowd", 7)), set(album.add("ann", 5))
    clustering = album.make()
    assert album.groups(clustering) == [blurred, clear]
    grades = np.array([0.7 if face_id in blurred else 0.9 for face_id in clustering.face_ids], dtype=np.float32)
    graded = dataclasses.replace(clustering, grades=grades)
    assert album.groups(graded) == [clear, blurred]
    groups = graded.cut()
    assert groups.sizes.tolist() == [5, 7]
    assert {face_id for face_id, label in zip(groups.face_ids, groups.labels, strict=True) if label == 0} == clear


def test_a_question_is_asked_until_it_is_answered(album):
    ann, _ = album.add("ann", 4), album.add("bob", 3)
    named = album.add("ann", 5, person="Ann")
    album.make()
    (question,) = album.questions()
    assert (question.group, question.person_id) == (0, album.person_id("Ann"))
    album.by.keep_apart([(ann[0], named[0])])
    assert album.questions() == []


def test_no_question_is_asked_of_people_seen_side_by_side_nor_of_hidden_ones(album):
    album.add("ann", 5, person="Ann")
    album.add("ann", 4)
    album.make()
    assert len(album.questions()) == 1
    (_, right) = album.photo({"ann": LEFT, "ann again": RIGHT}, person="Ann")
    album.by.unname([right])
    album.make()
    assert album.questions() == []
    album.by.exclude([right])
    assert len(album.questions()) == 1
    album.by.hide(album.person_id("Ann"))
    assert album.questions() == []


def test_each_group_that_a_person_fell_into_is_asked_about(album):
    young, old = album.add("ann", 6), album.add("ann+x", 5)
    album.add("ann", 3, person="Ann")
    clustering, strict = album.make(), 0.3
    assert album.groups(clustering, strict)[:2] == [set(young), set(old)]
    same, older = album.questions(strict)
    ann = album.person_id("Ann")
    assert [(question.group, question.person_id) for question in (same, older)] == [(0, ann), (1, ann)]
    assert 0.6 < older.similarity < 0.95 < same.similarity


def test_two_people_who_are_one_are_found_unless_they_were_told_apart(album):
    first, second = album.add("ann", 4, person="Ann"), album.add("ann", 3, person="Anna")
    album.add("bob", 4, person="Bob")
    (twins,) = album.twins()
    assert {twins.person_id, twins.other_id} == {album.person_id("Ann"), album.person_id("Anna")}
    album.by.keep_apart([(first[0], second[0])])
    assert album.twins() == []


def test_a_person_who_is_two_falls_into_the_two(album):
    mixed = album.add("ann", 6, person="Ann") + album.add("bob", 4, person="Ann")
    album.add("cat", 8, person="Cat")
    table = album.services.store.face_table(album.dataset_id)
    embeddings = album.services.store.embeddings(album.dataset_id)
    (found,) = cluster.rank_split_candidates(table, embeddings)
    assert (found.person_id, found.sizes) == (album.person_id("Ann"), (6, 4))
    parts = cluster.split_person(embeddings.vectors[embeddings.indices(mixed)])
    assert parts.tolist() == [0] * 6 + [1] * 4


def test_a_dataset_without_unnamed_faces_is_refused(album):
    album.add("ann", 3, person="Ann")
    with pytest.raises(InputRefused, match="No face waits for a name"):
        album.make()
    with pytest.raises(NotFound, match="not grouped yet"):
        album.now()


def test_stopping_it_keeps_the_hierarchy_that_was_there(album):
    ann = album.add("ann", 3)
    album.make()
    bob, token = album.add("bob", 4), CancelToken()
    token.cancel()
    parts = album.services
    with pytest.raises(Cancelled):
        hierarchy.build_hierarchy(
            parts.store, parts.log, parts.artifacts, album.dataset_id, ClusterOptions(), progress=Progress(token=token)
        )
    assert album.groups(album.now()) == [set(ann)]
    assert album.groups(album.make()) == [set(bob), set(ann)]


def test_the_job_makes_what_the_page_reads(album):
    ann, services = album.add("ann", 3), album.services
    services.jobs.submit(album.dataset_id, JobKind.CLUSTER, {"everyone": False})
    job = services.jobs.claim()
    assert run_job(services.jobs, job, job_handlers(services)[JobKind.CLUSTER], CancelToken()) is JobState.DONE
    assert services.jobs.job(job.id).result["faces"] == 3
    assert album.groups(album.now()) == [set(ann)]


def test_the_command_line_answers_with_the_groups(album):
    for look, count in (("ann", 6), ("bob", 4), ("cat", 1)):
        album.add(look, count)
    album.add("dan", 2, person="Dan")
    words = ["cluster", "--dataset", "Album", "--data", str(album.services.settings.data_dir), "--json"]
    told = answer(*words)
    assert {**told, "seconds": 0} == {
        "clusters": 2, "noise": 1, "threshold": DEFAULT_THRESHOLD, "faces": 11, "sizes": [6, 4], "seconds": 0
    }  # fmt: skip
    assert answer(*words, "--all")["sizes"] == [6, 4, 2]
    assert answer(*words, "--threshold", "0")["clusters"] == 0


def answer(*words: str):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert main(words) == 0
    return json.loads(out.getvalue())


def test_faces_too_poor_to_tell_make_no_group_even_where_all_are(album: Album) -> None:
    blurred = album.add("passer-by", 5)
    album.spoil(blurred)
    assert (len(album.make().cut()), album.make().cut().alone) == (0, 5)
    clear = album.add("ann", 4)
    groups = album.make().cut()
    assert [set(groups.members(0))] == [set(clear)] and len(groups) == 1


def test_faces_too_poor_to_tell_say_nothing_of_whom_two_people_are_alike(album: Album) -> None:
    album.add("ann", 4, "Ann")
    others = [*album.add("ann", 4, "Bob"), *album.add("bob", 4, "Bob")]
    album.spoil(others[:4])
    table, embeddings = (
        read(album.dataset_id) for read in (album.services.store.face_table, album.services.store.embeddings)
    )
    assert cluster.rank_merge_candidates(table, embeddings, []) == []
    assert table.learnable.tolist() == [True] * 4 + [False] * 4 + [True] * 4

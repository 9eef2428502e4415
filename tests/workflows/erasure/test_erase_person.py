"""Erasing a person leaves no byte of them, and everybody else as they were."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import sqlite3
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import update

from core.base.errors import DataFolderBusy, NameTaken, NotFound, TrainingRefused
from core.base.progress import UNWATCHED, CancelToken
from core.base.types import FacePolicy
from core.corrections.replay import replay_log
from core.formats.traces import SoughtTraces, Trace, TraceSearch
from core.jobs.handlers import erasure as erasure_handlers
from core.jobs.registry import job_handlers
from core.jobs.worker import run_job
from core.learn.classification.training_material import TrainOptions
from core.learn.metrics.run_values import KnownStranger
from core.services import Services
from core.store.artifacts import ArtifactKind
from core.store.job_model import Job, JobKind, JobOwner, JobState
from core.store.name_scrubber import Scrubber
from core.store.sql.databases import sqlite
from core.store.sql.erasure import SqlEraseStore
from core.store.sql.schema import job as job_table
from core.store.sql.schema import metadata
from core.store.sql.transactions import name_texts
from core.workflows.datasets import find_person
from core.workflows.erasure import erase_person
from core.workflows.erasure.erase_person import EraseRequest
from core.workflows.erasure.plan import ErasePlan, write_plan
from core.workflows.erasure.proof import IN_PHOTO
from core.workflows.erasure.receipt import EraseReceipt
from core.workflows.exchange.export import ExportRequest
from core.workflows.identification.lookups.values import LookupRequest
from core.workflows.neighbours import face_index
from core.workflows.photos.requests import IngestRequest
from core.workflows.training import train
from tests import prepared
from tests.conftest import new_data_dir, services_on, write_zip
from tests.contracts.test_corrections import EDITORS, Desk
from tests.postgresql import running_server
from tests.workflows.exchange.test_export import Album

GONE, ALIKE, THIRD = "Zoë Quux", "Zoë Quuxley", "Mary Zoë Quux"
"""Who is erased, and two whose names hold that name."""
FOLDERS = {GONE: "madonna", ALIKE: "elton_john", THIRD: "mindy_kaling"}


def work(services: Services, dataset_id: str, kind: JobKind, params: dict) -> Job:
    job = services.jobs.submit(dataset_id, kind, params)
    claimed = services.jobs.claim()
    assert claimed.id == job.id
    state = run_job(services.jobs, claimed, job_handlers(services)[kind], CancelToken())
    ended = services.jobs.job(job.id)
    assert state is JobState.DONE, ended.error + ended.detail
    return ended


@pytest.fixture(scope="module")
def filled(models_dir, engine, sample_files, tmp_path_factory) -> Path:
    """Three people with names that hold each other, learned, indexed, mapped, corrected, exported and looked up."""
    elsewhere = tmp_path_factory.mktemp("family")
    services = services_on(new_data_dir(models_dir, elsewhere / "data"), engine)
    photos = {}
    for name, folder in FOLDERS.items():
        found = [content for path, content in sample_files.items() if path.startswith(f"train/{folder}")][:4]
        photos |= {f"{name}/{name} {number}.jpg": content for number, content in enumerate(found)}
    archive = write_zip(elsewhere / f"{GONE}.zip", photos)
    dataset = services.store.create_dataset(f"Photos of {GONE}", "facenet-128")
    request = IngestRequest(str(archive), archive.name, FacePolicy.KEEP_OTHERS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(face_index, "INDEXED_FROM", 1)
        work(services, dataset.id, JobKind.INGEST, request.to_json())
        work(services, dataset.id, JobKind.INGEST, request.to_json())  # a report full of duplicates
        work(services, dataset.id, JobKind.TRAIN, {"folds": 2})
        work(services, dataset.id, JobKind.MAP, {"method": "pca", "n_neighbors": 5, "min_dist": 0.1, "seed": 0})
        work(services, dataset.id, JobKind.INDEX, {})
        work(services, dataset.id, JobKind.EXPORT, ExportRequest().to_json())
        upload = services.settings.uploads_dir / "1" / f"{GONE}.zip"
        upload.parent.mkdir()
        shutil.copy(archive, upload)
        looked_at = LookupRequest(str(upload), upload.name, services.runs.runs(dataset.id)[0].id)
        work(services, dataset.id, JobKind.LOOKUP, looked_at.to_json())
        _correct(services, dataset.id)
    services.store.engine.dispose()
    return services.settings.data_dir


@pytest.fixture
def family(filled, engine, tmp_path, monkeypatch) -> tuple[Services, str]:
    """The three people, in a data folder of the test's own."""
    monkeypatch.setattr(face_index, "INDEXED_FROM", 1)
    services = services_on(prepared.copy(filled, tmp_path / "data"), engine)
    (dataset,) = services.store.datasets()
    return services, dataset.id


def _correct(services: Services, dataset_id: str) -> None:
    from core.workflows.labels.correct import Corrector

    mine = Corrector(services.store, services.log, dataset_id, EDITORS[0])
    ids = {person.name: person.id for person in services.store.people(dataset_id)}
    faces = {name: faces_of(services, dataset_id, name) for name in ids}
    mine.note(ids[GONE], f"{GONE} was here")
    mine.note(ids[ALIKE], f"no relation of {GONE}, says {THIRD}; {GONE}-Smith? ZOË QUUX!")
    mine.move(faces[ALIKE][:1], GONE)
    mine.move(faces[ALIKE][:1], ALIKE)
    mine.undo(mine.rename(ids[ALIKE], f"{GONE} junior").id)
    mine.keep_apart([(faces[GONE][0], faces[THIRD][0])])
    mine.cover(ids[THIRD], faces[THIRD][1])
    mine.turn([services.store.faces(dataset_id, faces[name][:1])[0].photo_id for name in (GONE, ALIKE)], 1)


def faces_of(services: Services, dataset_id: str, name: str) -> list[str]:
    table = services.store.face_table(dataset_id)
    return [face_id for row, face_id in enumerate(table.face_ids) if table.person(row) == name]


def blobs(data_dir: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of a data folder but the networks, its name, and what zips in it hold."""
    for path in data_dir.rglob("*"):
        if path.is_file() and "models" not in path.relative_to(data_dir).parts:
            yield str(path), str(path.relative_to(data_dir)).encode()
            yield from _opened(str(path), path.read_bytes())


def _opened(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    yield name, content
    if content[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.namelist():
                yield f"{name}!{member}", member.encode()
                yield from _opened(f"{name}!{member}", archive.read(member))


def places(data_dir: Path, needles: dict[str, bytes], spared: tuple[str, ...] = ()) -> set[tuple[str, str]]:
    found = set()
    for place, content in blobs(data_dir):
        for name in sorted(spared, key=len, reverse=True):
            for written in (name.encode(), json.dumps(name)[1:-1].encode()):
                content = content.replace(written, b"~")
        found |= {(place, what) for what, needle in needles.items() if needle in content}
    return found


def traces(services: Services, dataset_id: str) -> dict[str, bytes]:
    """The person's name in several forms, and the ids, pictures and vectors of their faces."""
    found = {form: form.encode() for form in (GONE, GONE.lower(), GONE.upper(), "Zoe\u0308 Quux")}
    found |= {"escaped": json.dumps(GONE)[1:-1].encode(), "utf-32": GONE.encode("utf-32-le")}
    embeddings = services.store.embeddings(dataset_id)
    for face in services.store.faces(dataset_id, faces_of(services, dataset_id, GONE)):
        vector = embeddings.vectors[embeddings.index(face.id)].tobytes()
        found |= {f"vector {face.id}": vector, f"half {face.id}": vector[64:128], face.id: face.id.encode()}
        for kind, file_id in ((ArtifactKind.CROP, face.crop_id), (ArtifactKind.PHOTO, face.photo_id)):
            content = services.artifacts.read(dataset_id, kind, file_id)
            found |= {file_id: file_id.encode(), f"{kind} {file_id}": content[len(content) // 2 :][:64]}
    return found


def test_after_erasing_a_person_no_byte_of_them_is_left(family):
    """Another process has the database open all the while."""
    services, dataset_id = family
    data_dir, needles = services.settings.data_dir, traces(services, dataset_id)
    before = {what for _, what in places(data_dir, needles, (ALIKE, THIRD))}
    assert {GONE, "escaped"} < before and len(before) > 4 * 6, "what is looked for must be there to begin with"
    others = {name: faces_of(services, dataset_id, name) for name in (ALIKE, THIRD)}
    with sqlite3.connect(services.settings.database_path) as another:
        another.execute("SELECT count(*) FROM face").fetchone()
        person_id = find_person(services.store, dataset_id, GONE).id
        receipt = work(services, dataset_id, JobKind.ERASE, EraseRequest(person_id, "Ben").to_json()).result
        assert another.execute("SELECT count(*) FROM person WHERE name LIKE '%Quux'").fetchone() == (1,)
    assert places(data_dir, needles, (ALIKE, THIRD)) == set()
    assert (receipt["faces"], receipt["photos"], receipt["models_deleted"], receipt["exports"]) == (4, 4, 1, 1)
    assert receipt["check"] | {"bytes": 0, "files": 0} == {"bytes": 0, "files": 0, "found": 0, "left": []}
    assert receipt["lookups"] == 1 and not services.artifacts.ids(dataset_id, ArtifactKind.LOOKUP_PHOTOS)
    assert receipt["check"]["files"] > 16 and receipt["dataset_renamed"] is True
    assert GONE not in json.dumps(receipt, ensure_ascii=False)
    assert {name: faces_of(services, dataset_id, name) for name in others} == others
    notes = {person.name: person.note for person in services.store.people(dataset_id)}
    assert notes == {ALIKE: f"no relation of erased, says {THIRD}; erased-Smith? erased!", THIRD: ""}
    assert services.artifacts.path(
        dataset_id, ArtifactKind.CROP, services.store.people(dataset_id)[0].cover_crop_id
    ).exists()
    with pytest.raises(NotFound):
        find_person(services.store, dataset_id, GONE)


def test_a_recogniser_that_knew_the_person_is_trained_again_on_request(family):
    services, dataset_id = family
    person_id = find_person(services.store, dataset_id, GONE).id
    receipt = work(services, dataset_id, JobKind.ERASE, EraseRequest(person_id, "Ben", retrain=True).to_json()).result
    assert (receipt["models_deleted"], receipt["models_retrained"]) == (1, 1)
    (run,) = services.runs.runs(dataset_id)
    assert run.id == receipt["run"] and run.params.people == tuple(sorted([ALIKE, THIRD]))
    assert run.params.folds == 2, "as the deleted one was trained"


def test_an_erasing_killed_when_the_training_after_it_was_stored_leaves_one_run_when_it_goes_on(family, monkeypatch):
    services, dataset_id = family
    request = EraseRequest(find_person(services.store, dataset_id, GONE).id, "Ben")
    job = services.jobs.submit(dataset_id, JobKind.ERASE, request.to_json(), JobOwner.COMMAND_LINE)

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(services.runs), "delete_run", stop)
        with pytest.raises(KeyboardInterrupt):
            erasure_handlers.run_erasure(services, job, request, UNWATCHED)
    assert len(services.runs.runs(dataset_id)) == 2, "the updated one and the one that is to take its place"
    receipt = erasure_handlers.run_erasure(services, services.jobs.job(job.id), request, UNWATCHED)
    assert [run.id for run in services.runs.runs(dataset_id)] == [receipt.run]


def test_the_recogniser_answers_on_without_the_person_and_holds_nothing_of_them(family, monkeypatch):
    """The training that follows is refused, so that what was updated stays to be looked through."""
    services, dataset_id = family
    needles = traces(services, dataset_id)

    def refuse(*_):
        raise TrainingRefused("Add photos.")

    monkeypatch.setattr(erasure_handlers, "run_training", refuse)
    person_id = find_person(services.store, dataset_id, GONE).id
    receipt = work(services, dataset_id, JobKind.ERASE, EraseRequest(person_id, "Ben").to_json()).result
    (run,) = services.runs.runs(dataset_id)
    assert run.params.updated.people_removed == 1 and run.params.people == tuple(sorted([ALIKE, THIRD]))
    assert run.revision == services.store.dataset(dataset_id).revision
    assert services.identifier(run).recogniser.people == run.params.people
    assert (receipt["models_deleted"], receipt["not_retrained"]) == (1, "Add photos.")
    assert receipt["check"]["found"] == 0
    assert places(services.settings.data_dir, needles, (ALIKE, THIRD)) == set()


def test_a_refused_erasing_updates_nothing(family):
    services, dataset_id = family
    (before,) = services.runs.runs(dataset_id)
    services.jobs.submit(dataset_id, JobKind.MAP, {}, JobOwner.COMMAND_LINE)
    job = services.jobs.submit(dataset_id, JobKind.ERASE, {})
    person_id = find_person(services.store, dataset_id, GONE).id
    with pytest.raises(DataFolderBusy):
        erasure_handlers.run_erasure(services, job, EraseRequest(person_id, "Ben"), UNWATCHED)
    assert services.runs.runs(dataset_id) == [before]


def test_a_run_that_only_left_the_person_out_stays_without_their_name(tmp_path):
    """Too few photos to be learned, and met among the strangers given: it knows the name and nothing else."""
    album = Album(tmp_path)
    album.services.jobs.finish(album.job.id, JobState.DONE)
    for name in ("Bob", "Cleo"):
        for number in range(2):
            album.add(f"{name} {number}.jpg", name)
    album.add("1.jpg", "Ann")
    met = KnownStranger("Ann", 1, "its folder has this person's name")
    given = train.TrainingStrangers(
        "Ann.zip", np.eye(128, dtype=np.float32)[:2], np.arange(2), "facenet-128", 3, 0, (met,)
    )
    tools, dataset_id = album.services.erase_tools(), album.dataset.id
    task = train.TrainingTask(dataset_id, TrainOptions(folds=2), given)
    run = train.train_recogniser(album.services.run_tools(), task)
    assert run.params.left_out[0].person == run.params.strangers_given.known[0].person == "Ann"
    receipt = erase_person.erase_person(tools, dataset_id, EraseRequest(album.people()["Ann"], "Ben"))
    (kept,) = album.services.runs.runs(dataset_id)
    assert kept.id == run.id and kept.params.people == ("Bob", "Cleo")
    assert (receipt.models_deleted, receipt.check.found) == (0, 0)
    assert not any(b"Ann" in content for _, content in blobs(tmp_path))


def test_traces_in_files_of_the_user_are_found_and_told_without_the_name(family, tmp_path):
    services, dataset_id = family
    inbox, needles = services.settings.inbox_dir, traces(services, dataset_id)
    photo_id = next(key for key in needles if key.startswith(ArtifactKind.PHOTO)).split(" ")[1]
    photo = services.artifacts.read(dataset_id, ArtifactKind.PHOTO, photo_id)
    vector = next(value for key, value in needles.items() if key.startswith("vector"))
    inner = io.BytesIO()
    np.savez_compressed(inner, deep=np.frombuffer(vector, np.float32), names=np.array([GONE]))
    with zipfile.ZipFile(inbox / "box.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("1.bin", photo)
        archive.writestr("inner.npz", inner.getvalue())
        archive.writestr("fine.txt", f"only {ALIKE}".encode())
    (inbox / f"{GONE}.txt").write_text("nothing")
    person_id = find_person(services.store, dataset_id, GONE).id
    check = erase_person.erase_person(services.erase_tools(), dataset_id, EraseRequest(person_id, "Ben")).check
    assert {(entry.path, entry.what) for entry in check.left} == {
        ("inbox/box.zip!1.bin", "file"),
        ("inbox/box.zip!inner.npz!deep.npy", "vector"),
        ("inbox/box.zip!inner.npz!names.npy", "name"),
        ("inbox/erased.txt", "name"),
    }


def test_a_reader_that_keeps_old_pages_is_told_and_doing_it_again_finishes(tmp_path, monkeypatch):
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MS", 200)
    album = Album(tmp_path)
    album.services.jobs.finish(album.job.id, JobState.DONE)
    album.add("1.jpg", "Ann")
    request = EraseRequest(album.people()["Ann"], "Ben")
    another = sqlite3.connect(album.services.settings.database_path, isolation_level=None)
    another.execute("BEGIN")
    another.execute("SELECT count(*) FROM face").fetchone()
    with pytest.raises(DataFolderBusy, match="another process is reading"):
        erase_person.erase_person(album.services.erase_tools(), album.dataset.id, request)
    another.close()
    receipt = erase_person.erase_person(album.services.erase_tools(), album.dataset.id, request)
    assert (receipt.faces, receipt.photos, receipt.check.found) == (1, 1, 0), "nothing of it was lost"
    assert not any(b"Ann" in content for _, content in blobs(tmp_path))


def test_work_on_the_dataset_must_end_first(tmp_path):
    album = Album(tmp_path)
    album.add("1.jpg", "Ann")
    request = EraseRequest(album.people()["Ann"], "Ben")
    with pytest.raises(DataFolderBusy, match="Wait"):
        erase_person.erase_person(album.services.erase_tools(), album.dataset.id, request, "another job")
    assert album.people()


# what stays


@pytest.fixture
def album(tmp_path) -> Album:
    made = Album(tmp_path / "data")
    made.services.jobs.finish(made.job.id, JobState.DONE)
    return made


def test_photos_with_others_stay_unless_all_are_to_go(album):
    album.add("own.jpg", "Ann")
    album.add("both.jpg", "Ann", "Bob")
    album.add("stranger.jpg", "Ann", None)
    album.add("bob.jpg", "Bob")
    request = EraseRequest(album.people()["Ann"], "Ben")
    tools = album.services.erase_tools()
    assert erase_person.preview_erasure(tools, album.dataset.id, request) == {
        "faces": 3,
        "photos": 1,
        "photos_kept": 2,
        "models": 0,
        "lookups": 0,
    }
    wider = erase_person.preview_erasure(
        tools, album.dataset.id, EraseRequest(request.person_id, "Ben", all_photos=True)
    )
    assert wider == {"faces": 5, "photos": 3, "photos_kept": 0, "models": 0, "lookups": 0}
    receipt = erase_person.erase_person(tools, album.dataset.id, request)
    assert receipt.photos_kept == 2 and "still to be seen" in receipt.photos_kept_note
    assert sorted(album.names().values(), key=str) == ["Bob", "Bob", None]
    assert album.services.store.counts(album.dataset.id).photos == 3


def test_all_photos_of_a_person_go_with_everybody_on_them(album):
    album.add("both.jpg", "Ann", "Bob")
    album.add("bob.jpg", "Bob")
    request = EraseRequest(album.people()["Ann"], "Ben", all_photos=True)
    assert erase_person.erase_person(album.services.erase_tools(), album.dataset.id, request).photos == 1
    assert list(album.names().values()) == ["Bob"]


def test_a_photo_of_the_folder_in_which_no_face_was_found_goes_too(album):
    album.add("1.jpg", "Ann")
    album.add("Ann/blurred.jpg", folder="Ann")
    album.add("Bob/blurred.jpg", folder="Bob")
    erase_person.erase_person(
        album.services.erase_tools(), album.dataset.id, EraseRequest(album.people()["Ann"], "Ben")
    )
    assert list(album.services.transfer.photo_ids(album.dataset.id).values()) == ["Bob/blurred.jpg"]


def test_the_same_person_in_another_dataset_stays_and_is_told(album):
    album.add("1.jpg", "Ann")
    album.add("2.jpg", "Bob")
    first, job = album.dataset, album.job
    album.dataset = album.services.store.create_dataset("Second", "facenet-128")
    album.job = album.services.jobs.submit(album.dataset.id, JobKind.INGEST, {})
    (kept,) = album.add("1.jpg", "Ann")
    second, album.dataset, album.job = album.dataset, first, job
    receipt = erase_person.erase_person(
        album.services.erase_tools(), first.id, EraseRequest(album.people()["Ann"], "Ben")
    )
    assert receipt.other_datasets_with_the_name == 1
    assert receipt.check.found == 0, receipt.check
    album.dataset = second
    assert album.names() == {kept: "Ann"}
    assert album.services.artifacts.read(
        second.id, ArtifactKind.PHOTO, album.services.store.face_table(second.id).photo_ids[0]
    )


def test_those_who_were_merged_into_the_person_go_with_them(album):
    album.add("1.jpg", "Ann")
    album.add("2.jpg", "Anne-Marie")
    (moved,) = album.add("3.jpg", "Ann")
    people, mine = album.people(), album.corrector()
    mine.merge(people["Anne-Marie"], people["Ann"])
    mine.move([moved], "Bob")
    receipt = erase_person.erase_person(
        album.services.erase_tools(), album.dataset.id, EraseRequest(people["Ann"], "Ben")
    )
    assert receipt.faces == 2 and receipt.check.found == 0
    assert album.names() == {moved: "Bob"}
    album.corrector().undo(album.services.log.events(album.dataset.id)[0].id)
    assert album.names() == {moved: None}, "the folder's name is gone for good"
    assert not any(b"Anne" in content for _, content in blobs(album.services.settings.data_dir))


@pytest.fixture(params=["sqlite", *[f"sqlite {seed}" for seed in range(1, 4)], "postgresql"])
def seeded_desk(request, tmp_path):
    """A desk, and what it is worked at by; on SQLite four times."""
    kind, _, seed = request.param.partition(" ")
    address = running_server().new_database() if kind == "postgresql" else f"sqlite:///{tmp_path / 'atlas.db'}"
    desk = Desk(address)
    yield desk, random.Random(int(seed or 0))
    desk.engine.dispose()


def test_after_erasing_the_columns_are_still_the_replay_of_the_log(seeded_desk):
    desk, rng = seeded_desk
    faces = desk.ingest(*rng.choices(["ada", "bob", "cleo", None], k=12))
    for _ in range(60):
        mine = desk.corrector(rng.choice(EDITORS))
        known = desk.names()
        there = [face for face in faces if face in known]
        people = [person.id for person in desk.store.people(desk.dataset_id)]
        act = rng.choice(
            ["move", "exclude", "unname", "merge", "hide", "cover", "keep_apart", "undo", "dismiss", "rename"]
        )
        chosen = rng.sample(there, min(2, len(there)))
        if act == "move":
            mine.move(chosen, rng.choice(["ada", "bob", "cleo", "dan", "eve"]))
        elif act in ("exclude", "unname", "dismiss"):
            getattr(mine, act)(chosen[:1])
        elif act == "merge" and len(people) > 2:
            mine.merge(*rng.sample(people, 2))
        elif act == "hide" and people:
            mine.hide(rng.choice(people))
        elif act == "cover" and people:
            mine.cover(rng.choice(people), chosen[0])
        elif act == "keep_apart" and len(chosen) == 2:
            mine.keep_apart([(chosen[0], chosen[1])])
        elif act == "rename" and people:
            mine.rename(rng.choice(people), f"name {rng.randrange(10**6)}")
        elif act == "undo" and mine.undoable():
            with suppress(NameTaken):
                desk.log.undo(desk.dataset_id, EDITORS[0], [rng.choice(mine.undoable()).id])
    before = desk.names()
    person = rng.choice(desk.store.people(desk.dataset_id))
    SqlEraseStore(desk.engine).erase(desk.dataset_id, person.id, lambda _: [], lambda *_: None, with_shared=False)
    assert desk.names() == {face: name for face, name in before.items() if name != person.name}
    columns = desk.columns()
    told = replay_log(desk.base(columns), desk.entries())
    assert {key: told[key] for key in columns} == columns
    if desk.engine.dialect.name == "sqlite":  # the other one cannot be told to forget a key
        assert desk.rows("PRAGMA foreign_key_check") == []
    known = {row[0] for row in desk.rows("SELECT id FROM person")}
    for column in ("person_id", "from_person_id"):
        assert {row[0] for row in desk.rows(f"SELECT {column} FROM event WHERE {column} IS NOT NULL")} <= known
    dead = "SELECT count(*) FROM change WHERE entity = 'face' AND entity_id NOT IN (SELECT id FROM face)"
    assert desk.rows(dead) == [(0,)]
    acts = [event.id for event in desk.log.events(desk.dataset_id) if event.target_id is None]
    desk.log.undo(desk.dataset_id, EDITORS[0], acts)
    columns = desk.columns()
    assert columns == desk.base(columns), "the others' history can still be taken back"


# names

SPELLED = (
    "Ann Lee",
    "Ann_Lee_0001.jpg",
    "ann-lee",
    "ann.lee2",
    "AnnLee",
    "ANN LEE",
    "IMG_20200101_AnnLee.JPG",
    "Ann%20Lee",
    "Ann L\u00e9e",
    "A\u0301nn Lee",
)
"""The same name, as it stands in files and folders."""
OF_OTHERS = ("Ann Lee-Smith", "Anna Lee", "ann_lee-smith_01", "Anna_Lee_0002", "Joann Lee")


@pytest.mark.parametrize("written", SPELLED)
def test_a_name_is_taken_out_of_texts_however_it_is_written(album, written):
    """File names, titles of jobs, notes: the photo with Bob stays, and says the name no more."""
    album.add(f"Bob/{written}", "Ann Lee", "Bob")
    album.services.jobs.submit(album.dataset.id, JobKind.MAP, {"title": written, "deep": [{"who": written}]})
    people, mine = album.people(), album.corrector()
    mine.note(people["Bob"], f"beside {written}")
    receipt = erase_person.erase_person(
        album.services.erase_tools(), album.dataset.id, EraseRequest(people["Ann Lee"], "Ben")
    )
    assert [entry.advice for entry in receipt.check.left] == [IN_PHOTO], "the album's photos hold their names"
    with sqlite3.connect(album.services.settings.database_path) as connection:
        texts = "".join(connection.iterdump())
    for form in (written, json.dumps(written)[1:-1], written.replace("%20", " ")):
        assert form not in texts
    assert "erased" in texts and "Bob/" in texts


@pytest.mark.parametrize("written", SPELLED)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le"])
def test_the_search_finds_a_name_however_it_is_written(tmp_path, written, encoding):
    noise = random.Random(0).randbytes(300)
    (tmp_path / "some.bin").write_bytes(noise + f"  {written}  ".encode(encoding) + noise)
    search = TraceSearch(SoughtTraces(("Ann Lee",), ("Ann Lee-Smith", "Anna Lee")))
    search.search_stream(io.BytesIO((tmp_path / "some.bin").read_bytes()), "some.bin")
    assert search.traces_found == [Trace("some.bin", "name")]


@pytest.mark.parametrize("text", OF_OTHERS)
def test_a_name_that_is_part_of_another_persons_stays_and_is_no_trace(tmp_path, text):
    spared = ("Ann Lee-Smith", "Anna Lee", "Joann Lee")
    assert Scrubber(("Ann Lee",), spared).text(text) == text
    (tmp_path / "some.txt").write_text(f"a {text} b")
    search = TraceSearch(SoughtTraces(("Ann Lee",), spared))
    search.search_stream(io.BytesIO((tmp_path / "some.txt").read_bytes()), "some.txt")
    assert search.traces_found == []


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("Li", "photo of Li, 2019", "name"),
        ("Li", "Lisa and Ali at the Lido", None),
        ("Al", '{"person": "Al"}', "name"),
        ("Ann", "JoAnn", "possible name"),
        ("Ann", "planning for Joanna", None),
        ("Madonna", "MadonnaLive.jpg", "name"),
        ("Madonna", "madonnalive.jpg", "possible name"),
        ("Ann Lee", "Lee, Ann (1999)", "possible name"),
        ("Ann Lee", "Ann Leeson", "possible name"),
        ("\u738b\u82b3", "IMG\u738b\u82b3001", "name"),
        ("\u738b\u82b3", '"\\u738b\\u82b3"', "name"),
        ("\u0410\u043d\u043d\u0430 \u041b\u0438", "\u0430\u043d\u043d\u0430_\u043b\u0438_01", "name"),
        ("M\u00fcller", "mueller_3.jpg", "name"),
        ("O'Brien", "O&apos;Brien", "name"),
        ("7", "IMG_7.jpg of 7 people", None),
    ],
)
def test_what_is_a_name_what_may_be_one_and_what_is_none(tmp_path, name, text, what):
    (tmp_path / "some.txt").write_text(text)
    search = TraceSearch(SoughtTraces((name,)))
    search.search_stream(io.BytesIO((tmp_path / "some.txt").read_bytes()), "some.txt")
    assert search.traces_found == ([Trace("some.txt", what)] if what else [])
    assert (Scrubber((name,)).text(text) != text) == (what == "name" and "\\" not in text and "&" not in text)


@pytest.mark.parametrize("code_page", ["gb18030", "cp1251", "shift_jis", "cp1252"])
def test_a_name_in_an_old_code_page_is_found(tmp_path, code_page):
    names = {
        "gb18030": "\u738b\u82b3",
        "cp1251": "\u0410\u043d\u043d\u0430",
        "shift_jis": "\u5c71\u7530",
        "cp1252": "Zo\u00eb Quux",
    }
    (tmp_path / "some.txt").write_bytes(f"x {names[code_page]} y".encode(code_page))
    search = TraceSearch(SoughtTraces((names[code_page],)))
    search.search_stream(io.BytesIO((tmp_path / "some.txt").read_bytes()), "some.txt")
    assert search.traces_found == [Trace("some.txt", "name")]


def test_short_names_are_not_found_in_noise(tmp_path):
    (tmp_path / "some.bin").write_bytes(random.Random(1).randbytes(4 << 20))
    search = TraceSearch(SoughtTraces(("Li", "Ann", "Anna")))
    search.search_stream(io.BytesIO((tmp_path / "some.bin").read_bytes()), "some.bin")
    assert search.traces_found == []


def test_a_trace_anywhere_in_the_data_folder_is_found(album):
    """Each planted trace must be found, or the search proves nothing."""
    album.add("both.jpg", "Ann Lee", "Bob")
    album.add("bob.jpg", "Bob")
    data_dir, dataset_id = album.services.settings.data_dir, album.dataset.id
    with sqlite3.connect(album.services.settings.database_path) as connection:
        connection.execute("CREATE TABLE other (said TEXT)")
        connection.execute("INSERT INTO other VALUES ('of Ann_Lee_0001')")
    photo = io.BytesIO()
    exif = Image.Exif()
    exif[0x013B] = "Ann"
    exif[0x010E] = "Ann Lee by the sea"
    Image.new("RGB", (64, 64)).save(photo, "JPEG", exif=exif)
    kept = next(iter(album.services.transfer.photo_ids(dataset_id)))
    album.services.artifacts.replace(dataset_id, ArtifactKind.PHOTO, kept, photo.getvalue())
    planted = {
        "face_atlas.log": b"job of ann.lee failed",
        "bench/results.json": b'{"person": "Ann Lee"}',
        "inbox/Ann_Lee/1.txt": b"",
        "locks/some.part": "Ann Lee".encode("utf-16-le"),
        "exports/table.csv": b"name;faces\nAnnLee;3\n",
        f"artifacts/{dataset_id}/crops/ab/note": b"<rdf:li>Ann Lee</rdf:li>",
    }
    receipt_of = EraseRequest(album.people()["Ann Lee"], "Ben")
    for name, content in planted.items():
        path = data_dir / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (time.time() + 60, time.time() + 60))  # as if written while the erasing runs
    receipt = erase_person.erase_person(album.services.erase_tools(), dataset_id, receipt_of)
    found = {entry.path for entry in receipt.check.left if entry.what == "name"}
    photo_path = album.services.artifacts.path(dataset_id, ArtifactKind.PHOTO, kept).relative_to(data_dir).as_posix()
    scrubbed = {name.replace("Ann_Lee", "erased") for name in planted}
    assert found == scrubbed | {"atlas.db", photo_path}
    assert "Ann" not in json.dumps(receipt.to_json()).replace("erased", "")


def test_an_erasing_killed_after_its_proof_gives_its_receipt_when_it_is_asked_for_again(album):
    album.add("1.jpg", "Ann")
    jobs, params = album.services.jobs, EraseRequest(album.people()["Ann"], "Ben").to_json()
    killed = jobs.submit(album.dataset.id, JobKind.ERASE, params)
    request = EraseRequest.from_json(params)
    receipt = erase_person.erase_person(album.services.erase_tools(), album.dataset.id, request, killed.id)
    with jobs.engine.begin() as connection:
        connection.execute(update(job_table).where(job_table.c.id == killed.id).values(state=JobState.INTERRUPTED))
    again = jobs.submit(album.dataset.id, JobKind.ERASE, params)
    handler = job_handlers(album.services)[JobKind.ERASE]
    assert run_job(jobs, again, handler, CancelToken()) is JobState.DONE
    assert EraseReceipt.of(jobs.job(again.id)) == receipt


def test_an_erasing_that_was_cut_off_before_its_rows_went_is_begun_anew_and_keeps_no_name(album):
    album.add("1.jpg", "Ann")
    tools, dataset_id, person_id = album.services.erase_tools(), album.dataset.id, album.people()["Ann"]
    erasure = tools.eraser.erasure(dataset_id, person_id, with_shared=False)
    write_plan(tools.artifacts, ErasePlan("ab12cd34ef56", erasure, EraseReceipt(), time.time()))
    receipt = erase_person.erase_person(tools, dataset_id, EraseRequest(person_id, "Ben"), "0123456789ab")
    assert receipt.check.left == ()
    assert tools.artifacts.ids(dataset_id, ArtifactKind.ERASURE) == []


def test_uploads_go_but_for_what_other_work_will_read(album):
    album.add("1.jpg", "Ann Lee")
    other = album.services.store.create_dataset("Other", "facenet-128")
    uploads = album.services.settings.uploads_dir
    for folder in ("dropped", "stopped", "waiting", "others"):
        (uploads / folder).mkdir()
        (uploads / folder / "Ann_Lee.zip").write_bytes(b"a zip")
        os.utime(uploads / folder, (1, 1))
    jobs = album.services.jobs
    for folder, dataset_id in (("stopped", album.dataset.id), ("others", other.id), ("waiting", album.dataset.id)):
        job = jobs.submit(
            dataset_id, JobKind.INGEST, IngestRequest(str(uploads / folder / "Ann_Lee.zip"), "a").to_json()
        )
        if folder != "waiting":
            jobs.cancel(job.id)
    receipt = erase_person.erase_person(
        album.services.erase_tools(), album.dataset.id, EraseRequest(album.people()["Ann Lee"], "B")
    )
    assert sorted(path.name for path in uploads.iterdir()) == ["others", "waiting"] and receipt.uploads == 2
    assert sorted(entry.path for entry in receipt.check.left) == [
        "uploads/others/erased.zip",
        "uploads/waiting/erased.zip",
    ]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Ann", "erased"),
        ("Anna", "Anna"),
        ("ANN/1.jpg", "erased/1.jpg"),
        ("Joann", "Joann"),
        ("Mary Ann and Ann", "Mary Ann and erased"),
        ("ann-lee_ann", "erased-lee_erased"),
        ("Zoe\u0308 was", "erased was"),
    ],
)
def test_a_name_goes_as_a_word_and_not_where_it_is_part_of_another(text, left):
    assert Scrubber(("Ann", "Zoë"), ("Anna", "Mary Ann")).text(text) == left


def test_json_loses_names_and_ids_at_any_depth():
    scrubber = Scrubber(("Ann", "seed"), (), frozenset({"ab12"}))
    value = {"seed": [1, None, {"who": "Ann's", "face": "ab12"}], "kept": "ab123"}
    left = {"seed": [1, None, {"who": "erased's", "face": "erased"}], "kept": "ab123"}
    assert scrubber.json(value) == left, "the program's own words stay, whatever people are called"


def test_every_table_says_what_erasing_does_with_it():
    known = {*name_texts.WORDS, *name_texts.WORDLESS}
    assert {table.name for table in metadata.sorted_tables} == {table.name for table in known}

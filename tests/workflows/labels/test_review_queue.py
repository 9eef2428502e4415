"""The queue on real faces: photos put into wrong folders, copies and leaks planted; and what settles an entry."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from core.__main__ import main
from core.base.errors import InputRefused
from core.base.progress import CancelToken
from core.base.settings import Settings
from core.base.types import Ints, Photo, Split
from core.corrections.model import Editor
from core.jobs.registry import job_handlers
from core.jobs.worker import run_job
from core.learn.label_errors import review_queue as finding
from core.learn.label_errors.review_queue import Suspect, SuspectKind
from core.services import Services
from core.store.artifacts import ArtifactKind as FileKind
from core.store.job_model import JobKind, JobState
from core.store.values.datasets import PhotoLabel
from core.workflows.labels import open_suspects, review_queue, stored_crops
from core.workflows.labels.correct import Corrector
from core.workflows.labels.open_suspects import OpenSuspects
from tests import prepared
from tests.conftest import write_zip

SHUFFLED_SHARE, HEAD_SHARE = 0.05, 0.07
PLANTED = ("quality", "size", "corner", "middle")


@pytest.fixture(scope="module")
def data_dir(lfw_dir: Path) -> Path:
    """One data folder for the module, in which the photos were taken as they should be."""
    return lfw_dir


@pytest.fixture(scope="module")
def lfw_files(shared_dir: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(shared_dir / "faces" / "lfw-dev.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist() if name.endswith(".jpg")}


def answer(data_dir: Path, *words: str | Path) -> dict[str, Any]:
    """The JSON document with which a command answers."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = main([*map(str, words), "--data", str(data_dir), "--json"])
    assert status == 0, f"{words[0]} ended with {status}"
    return json.loads(out.getvalue())


def corrector(services: Services, dataset: str) -> Corrector:
    return Corrector(services.store, services.log, services.store.dataset(dataset).id, Editor("Ann", "sitting"))


# wrong folders


def shuffled(labels: Ints, n_people: int, seed: int) -> tuple[Ints, Ints]:
    """5 % of the labels changed to those of other people, and the rows where."""
    rng = np.random.default_rng(seed)
    rows = rng.choice(len(labels), round(SHUFFLED_SHARE * len(labels)), replace=False)
    others = rng.integers(n_people - 1, size=len(rows))
    changed = labels.copy()
    changed[rows] = others + (others >= labels[rows])
    return changed, rows


@pytest.fixture(scope="module")
def misfiled(data_dir: Path, lfw_files: Mapping[str, bytes]) -> str:
    """A dataset of which 5 % of the photos lie in the wrong folder; the file's name tells whose they are."""
    names = sorted(lfw_files)
    people = sorted({name.split("/")[1] for name in names})
    labels = np.array([people.index(name.split("/")[1]) for name in names])
    changed, _ = shuffled(labels, len(people), seed=11)
    folders = {name: people[label] for name, label in zip(names, changed, strict=True)}

    def filed(photo: Photo) -> tuple[str, PhotoLabel]:
        side, _, file = photo.name.split("/")
        return f"{side}/{folders[photo.name]}/{file}", PhotoLabel(folders[photo.name], Split(side))

    prepared.refile(Services(Settings(data_dir)), "lfw-dev", "misfiled", filed)
    return "misfiled"


def true_person(photo: str) -> str:
    return photo.split("/")[-1].rsplit("_", 1)[0]


def in_head(queue: dict[str, Any]) -> tuple[list[dict[str, Any]], set[str]]:
    """The entries within the first 7 % of the queue, counted in faces of the dataset, and their faces."""
    entries, faces = [], set()
    for entry in queue["suspects"]:
        mine = {face["id"] for face in entry["faces"]}
        if len(faces | mine) > HEAD_SHARE * queue["faces"]:
            break
        entries.append(entry)
        faces |= mine
    return entries, faces


def test_photos_in_wrong_folders_head_the_queue_and_doing_what_it_says_mends_the_recogniser(data_dir, misfiled):
    services = Services(Settings(data_dir))
    dataset_id = services.store.dataset(misfiled).id
    table = services.store.face_table(dataset_id)
    rows = range(len(table))
    wrong = {table.face_ids[row] for row in rows if table.person(row) != true_person(table.photo_names[row])}
    assert len(wrong) == 51
    spoiled = answer(data_dir, "train", "--dataset", misfiled)["accuracy"]
    entries, head = in_head(answer(data_dir, "suspects", "--dataset", misfiled))
    assert len(wrong & head) >= 0.99 * len(wrong)
    by = corrector(services, misfiled)
    for entry in entries:
        if entry["action"] == "move":
            by.move(entry["act_on"], entry["to"])
    mended = answer(data_dir, "train", "--dataset", misfiled)["accuracy"]
    assert spoiled < 0.97
    assert mended >= 0.997


def test_whichever_labels_are_shuffled_they_head_the_queue(data_dir, misfiled):
    services = Services(Settings(data_dir))
    dataset_id = services.store.dataset(misfiled).id
    table, vectors = services.store.face_table(dataset_id), services.store.embeddings(dataset_id).vectors
    true = np.array([table.people.index(true_person(name)) for name in table.photo_names])
    changed, rows = shuffled(true, len(table.people), seed=1)
    asked = replace(table, labels=changed, confirmed=np.zeros(len(table), dtype=bool))
    crops = stored_crops.make_crop_reader(services.artifacts, dataset_id, table)
    head: list[str] = []
    for entry in finding.build_review_queue(asked, vectors, crops).suspects:
        head += [face_id for face_id in entry.face_ids if face_id not in head]
    head = head[: int(HEAD_SHARE * len(table))]
    found = {table.face_ids[row] for row in rows} & set(head)
    assert len(found) >= 0.99 * len(rows)


# copies and leaks


def altered(content: bytes, how: str) -> bytes:
    """The photo saved again with quality 60, at 60 % of its size, or without 5 % of its sides."""
    image = Image.open(io.BytesIO(content)).convert("RGB")
    width, height = image.size
    cut = round(0.05 * width)
    sizes = {"corner": (cut, cut, width, height), "middle": (cut // 2, cut // 2, width - cut // 2, height - cut // 2)}
    if how == "size":
        image = image.resize((round(0.6 * width), round(0.6 * height)))
    elif how in sizes:
        image = image.crop(sizes[how])
    out = io.BytesIO()
    image.save(out, "JPEG", quality=60 if how == "quality" else 90)
    return out.getvalue()


@pytest.fixture(scope="module")
def planted(data_dir: Path, lfw_files: Mapping[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> str:
    """Photos of 24 people, and 48 altered copies: beside the original, on the other side, under another person."""
    people = sorted({name.split("/")[1] for name in lfw_files})[:24]
    originals = sorted(name for name in lfw_files if name.split("/")[1] in people)
    copies = {}
    rng = np.random.default_rng(5)
    for number, place in enumerate(rng.choice(len(originals), 48, replace=False)):
        side, person, file = originals[place].split("/")
        how, where = PLANTED[number % 4], ("duplicate", "leak", "two names")[number % 3]
        if where == "leak":
            side = "val" if side == "train" else "train"
        if where == "two names":
            person = people[(people.index(person) + 7) % len(people)]
        copies[f"{side}/{person}/{where}~{how}~{file}"] = altered(lfw_files[originals[place]], how)

    def filed(photo: Photo) -> tuple[str, PhotoLabel] | None:
        side, person, _ = photo.name.split("/")
        return (photo.name, PhotoLabel(person, Split(side))) if person in people else None

    prepared.refile(Services(Settings(data_dir)), "lfw-dev", "planted", filed)
    archive = write_zip(tmp_path_factory.mktemp("planted") / "planted.zip", copies)
    answer(data_dir, "ingest", archive, "--dataset", "planted")
    return "planted"


SAME_SHOTS_OF_LFW = {("Ari_Fleischer_0006.jpg", "Ari_Fleischer_0011.jpg")}
"""Of these people, what the data itself holds twice."""


def files_of(entry: dict[str, Any]) -> list[str]:
    return [face["photo"].split("/")[-1] for face in entry["faces"]]


@pytest.fixture(scope="module")
def planted_queue(data_dir: Path, planted: str) -> dict[str, Any]:
    """What the command answers for the planted dataset."""
    return answer(data_dir, "suspects", "--dataset", planted)


def test_every_planted_copy_and_leak_is_found_and_nothing_else(planted_queue):
    found, false = set(), []
    for entry in planted_queue["suspects"]:
        if entry["kind"] in ("duplicate", "leak", "two names"):
            found |= {file for file in files_of(entry) if file.startswith(entry["kind"] + "~")}
            originals = {file.split("~")[-1] for file in files_of(entry)}
            if len(originals) > 1 and tuple(sorted(originals)) not in SAME_SHOTS_OF_LFW:
                false.append(entry)
    assert len(found) == 48
    assert false == [], "at most 1 % may be false, and of 48 that is none"
    assert planted_queue["not_looked_at"] == 0


def test_a_copy_under_another_person_is_moved_to_whom_it_shows(planted_queue):
    moves = [entry for entry in planted_queue["suspects"] if entry["kind"] == "two names"]
    moved = {face["photo"]: entry["to"] for entry in moves for face in entry["faces"] if face["id"] in entry["act_on"]}
    assert len(moved) == 16
    assert {photo: true_person(photo.split("~")[-1]) for photo in moved} == moved


# what settles an entry; on the planted copies


@pytest.fixture
def sitting(data_dir: Path, planted: str):
    """The planted dataset with its queue, and everything undone afterwards."""
    services = Services(Settings(data_dir))
    dataset_id = services.store.dataset(planted).id
    if review_queue.load_queue(services.artifacts, dataset_id) is None:
        review_queue.find_suspects(services.store, services.log, services.artifacts, dataset_id)
    by = corrector(services, planted)
    yield services, by
    by.undo_session()


def now(services: Services, by: Corrector) -> OpenSuspects:
    queue = review_queue.load_queue(services.artifacts, by.dataset_id)
    assert queue is not None
    dataset, table = services.store.dataset(by.dataset_id), services.store.face_table(by.dataset_id)
    return open_suspects.list_open_suspects(
        queue, table, services.log.pairs_kept_apart(by.dataset_id), dataset.revision
    )


def first(standing: OpenSuspects, kind: SuspectKind) -> Suspect:
    return next(entry for entry in standing.suspects if entry.kind is kind)


def test_what_was_done_drops_out_and_comes_back_when_it_is_undone(sitting):
    services, by = sitting
    before = now(services, by)
    leak, copy, names = (
        first(before, kind) for kind in (SuspectKind.LEAK, SuspectKind.DUPLICATE, SuspectKind.TWO_NAMES)
    )
    table = services.store.face_table(by.dataset_id)
    by.assign_split(leak.suggestion.face_ids, leak.suggestion.split)
    by.exclude(copy.suggestion.face_ids)
    by.move(names.suggestion.face_ids, table.people[table.person_ids.index(names.suggestion.person_id)])
    after = now(services, by)
    assert [entry for entry in before.suspects if entry not in after.suspects] == [names, leak, copy]
    assert after.revisions_since >= before.revisions_since + 3
    by.undo_session()
    assert now(services, by).suspects == before.suspects


def test_two_names_that_were_both_confirmed_stay(sitting):
    services, by = sitting
    before = now(services, by)
    names = first(before, SuspectKind.TWO_NAMES)
    by.confirm(names.face_ids[:1])
    assert names in now(services, by).suspects
    by.confirm(names.face_ids[1:])
    assert [entry for entry in before.suspects if entry not in now(services, by).suspects] == [names]


def test_a_face_that_was_dismissed_is_spoken_of_no_more(sitting):
    services, by = sitting
    entry = first(now(services, by), SuspectKind.LEAK)
    by.dismiss(entry.face_ids[:1])
    assert not any(set(entry.face_ids[:1]) & set(left.face_ids) for left in now(services, by).suspects)


# the job and its file


def test_the_job_says_what_it_found_and_leaves_one_file(data_dir, planted):
    services = Services(Settings(data_dir))
    dataset = services.store.dataset(planted)
    for _ in range(2):
        services.jobs.submit(dataset.id, JobKind.SUSPECTS, {})
        job = services.jobs.claim()
        assert run_job(services.jobs, job, job_handlers(services)[JobKind.SUSPECTS], CancelToken()) is JobState.DONE
    queue = review_queue.load_queue(services.artifacts, dataset.id)
    assert services.jobs.job(job.id).result["suspects"] == len(queue.suspects) > 40
    assert queue.revision == dataset.revision
    assert len(list((services.settings.artifacts_dir / dataset.id / FileKind.SUSPECTS).rglob("*/*"))) == 1


def test_a_cancelled_search_leaves_no_queue(services, sample_files, tmp_path):
    names = [name for name in sample_files if name.startswith("val/")]
    archive = write_zip(tmp_path / "few.zip", {name: sample_files[name] for name in names})
    answer(services.settings.data_dir, "ingest", archive, "--dataset", "few")
    dataset = services.store.dataset("few")
    token = CancelToken()
    services.jobs.submit(dataset.id, JobKind.SUSPECTS, {})
    token.cancel()
    job = services.jobs.claim()
    assert run_job(services.jobs, job, job_handlers(services)[JobKind.SUSPECTS], token) is JobState.CANCELLED
    assert review_queue.load_queue(services.artifacts, dataset.id) is None


def test_an_empty_dataset_is_refused(services):
    dataset = services.store.create_dataset("Empty", "facenet-128")
    with pytest.raises(InputRefused, match="no faces"):
        review_queue.find_suspects(services.store, services.log, services.artifacts, dataset.id)


def test_a_damaged_file_is_refused_with_the_way_out(services):
    dataset = services.store.create_dataset("Damaged", "facenet-128")
    services.artifacts.replace(dataset.id, FileKind.SUSPECTS, "queue", b"\x1f\x8bno")
    with pytest.raises(InputRefused, match="again"):
        review_queue.load_queue(services.artifacts, dataset.id)

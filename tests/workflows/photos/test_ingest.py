"""Taking photos in, with the real networks on a few photos of the sample."""

from __future__ import annotations

import io
import shutil
import zipfile
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from core.base.errors import Cancelled, InputRefused
from core.base.progress import UNWATCHED, CancelToken, Progress
from core.base.settings import Settings
from core.base.types import Box, Detection, FacePolicy, RgbImage, Split
from core.corrections.model import Editor
from core.services import Services
from core.store.artifacts import ArtifactKind, content_id
from core.store.job_model import JobKind, JobOwner
from core.store.values.datasets import FileOutcome, FileReport
from core.vision.engine.base import DeviceLoad
from core.vision.models.catalogue import DEFAULT_VECTORS_ID
from core.workflows.labels.correct import Corrector
from core.workflows.photos.face_finding import (
    REFUSED_BEFORE,
    AnsweredPhoto,
    Batch,
    LocalFinder,
    PhotoQuestion,
    refuse_photo,
)
from core.workflows.photos.ingest import IngestSummary, IngestTarget, ingest_photos
from tests import prepared
from tests.conftest import write_zip

Photos = Sequence[bytes]


@dataclass
class Uploads:
    """Ingests into one dataset, a job each, as the worker and the command line do."""

    services: Services
    dataset_id: str

    def job(self) -> str:
        return self.services.jobs.submit(self.dataset_id, JobKind.INGEST, {}, JobOwner.COMMAND_LINE).id

    def take(
        self,
        path: Path,
        policy: FacePolicy = FacePolicy.LARGEST,
        *,
        folders_are_people: bool = True,
        job_id: str = "",
        progress: Progress = UNWATCHED,
    ) -> tuple[IngestSummary, list[FileReport]]:
        """Ingest and give the summary and the per-file report."""
        target = IngestTarget(self.dataset_id, job_id or self.job(), policy)
        with self.services.open_source(path, folders_are_people=folders_are_people) as source:
            summary = ingest_photos(self.services.ingestor(self.dataset_id), source, target, progress)
        return summary, self.services.store.file_reports(target.job_id)

    def people(self) -> dict[str, int]:
        return {person.name: person.faces for person in self.services.store.people(self.dataset_id)}


@pytest.fixture
def uploads(services: Services) -> Uploads:
    return Uploads(services, services.store.create_dataset("family", DEFAULT_VECTORS_ID).id)


@pytest.fixture(scope="session")
def single(sample_files: Mapping[str, bytes], sample_faces: Mapping[str, list[Detection]]) -> list[bytes]:
    """Photos with exactly one face."""
    return [content for name, content in sample_files.items() if len(sample_faces[name]) == 1]


@pytest.fixture(scope="session")
def crowded(sample_files: Mapping[str, bytes], sample_faces: Mapping[str, list[Detection]]) -> bytes:
    """A photo with two faces."""
    return next(content for name, content in sample_files.items() if len(sample_faces[name]) == 2)


@pytest.fixture(scope="session")
def faceless() -> bytes:
    """A photo of noise."""
    pixels = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG")
    return out.getvalue()


def outcomes(lines: Sequence[FileReport]) -> dict[str, FileOutcome]:
    return {line.name: line.outcome for line in lines}


def test_photos_become_faces_of_their_folders_people(uploads: Uploads, single: Photos, tmp_path: Path) -> None:
    archive = write_zip(
        tmp_path / "a.zip", {"train/ada/1.jpg": single[0], "train/bob/2.jpg": single[1], "val/ada/3.jpg": single[2]}
    )
    summary, lines = uploads.take(archive)
    assert (summary.photos, summary.faces, summary.people, summary.duplicates) == (3, 3, 2, 0)
    assert [(line.name, line.outcome, line.faces, line.person, line.split) for line in lines] == [
        ("train/ada/1.jpg", FileOutcome.TAKEN, 1, "ada", Split.TRAIN),
        ("train/bob/2.jpg", FileOutcome.TAKEN, 1, "bob", Split.TRAIN),
        ("val/ada/3.jpg", FileOutcome.TAKEN, 1, "ada", Split.VAL),
    ]
    counts = uploads.services.store.counts(uploads.dataset_id)
    assert (counts.train_faces, counts.val_faces) == (2, 1)
    vectors = uploads.services.store.embeddings(uploads.dataset_id).vectors
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_what_a_photo_holds_besides_and_what_is_none_stand_in_the_report(
    uploads: Uploads, single: Photos, tmp_path: Path
) -> None:
    pages = [Image.open(io.BytesIO(content)).convert("RGB") for content in single[:2]]
    scan = io.BytesIO()
    pages[0].save(scan, "TIFF", save_all=True, append_images=pages[1:])
    files = {
        "ada/scan.tif": scan.getvalue(),
        "ada/1.jpg_large": single[2],
        "ada/2.jpg": b"%PDF-1.4 a document",
        "ada/3.doc": b"%PDF-1.4 another",
    }
    summary, lines = uploads.take(write_zip(tmp_path / "a.zip", files))
    assert (summary.photos, summary.faces) == (2, 2)
    reasons = {line.name: (line.outcome, line.reason) for line in lines}
    assert reasons == {
        "ada/scan.tif": (
            FileOutcome.TAKEN,
            "It holds 2 pages; only the first was looked at. Save the others as photos of their own.",
        ),
        "ada/1.jpg_large": (FileOutcome.TAKEN, ""),
        "ada/2.jpg": (FileOutcome.REFUSED, "The file is not a photo but a PDF document."),
        "ada/3.doc": (FileOutcome.REFUSED, "not a photo but a PDF document"),
    }
    assert uploads.services.store.remark_count(uploads.services.jobs.jobs(uploads.dataset_id)[0].id) == 1


def test_photo_and_crop_are_kept_under_their_hashes(uploads: Uploads, single: Photos, tmp_path: Path) -> None:
    uploads.take(write_zip(tmp_path / "a.zip", {"ada/1.jpg": single[0], "bob/2.jpg": single[1]}))
    artifacts, table = uploads.services.artifacts, uploads.services.store.face_table(uploads.dataset_id)
    for photo_id, crop_id in zip(table.photo_ids, table.crop_ids, strict=True):
        assert content_id(artifacts.read(uploads.dataset_id, ArtifactKind.PHOTO, photo_id)) == photo_id
        assert content_id(artifacts.read(uploads.dataset_id, ArtifactKind.CROP, crop_id)) == crop_id


@pytest.mark.parametrize(
    ("policy", "outcome", "named", "unnamed"),
    [
        (FacePolicy.LARGEST, FileOutcome.TAKEN, 1, 0),
        (FacePolicy.ONLY_SINGLE, FileOutcome.SEVERAL_FACES, 0, 0),
        (FacePolicy.KEEP_OTHERS, FileOutcome.TAKEN, 1, 1),
    ],
)
def test_several_faces_are_treated_by_the_policy(
    uploads: Uploads, single: Photos, crowded: bytes, tmp_path: Path,
    policy: FacePolicy, outcome: FileOutcome, named: int, unnamed: int,
) -> None:  # fmt: skip
    archive = write_zip(tmp_path / "a.zip", {"ada/crowd.jpg": crowded, "bob/1.jpg": single[0]})
    summary, lines = uploads.take(archive, policy)
    assert outcomes(lines) == {"ada/crowd.jpg": outcome, "bob/1.jpg": FileOutcome.TAKEN}
    assert "2 faces" in lines[0].reason
    assert summary.photos == 2
    counts = uploads.services.store.counts(uploads.dataset_id)
    assert (counts.faces - counts.unnamed_faces - 1, counts.unnamed_faces) == (named, unnamed)


def test_uploading_again_adds_nothing(uploads: Uploads, single: Photos, tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"ada/1.jpg": single[0], "bob/2.jpg": single[1]})
    uploads.take(archive)
    before = uploads.services.store.dataset(uploads.dataset_id)
    summary, lines = uploads.take(archive)
    assert set(outcomes(lines).values()) == {FileOutcome.DUPLICATE}
    assert (summary.photos, summary.faces, summary.duplicates) == (0, 0, 2)
    assert uploads.services.store.dataset(uploads.dataset_id) == before
    assert uploads.people() == {"ada": 1, "bob": 1}


def test_the_same_photo_twice_in_one_archive_is_taken_once(uploads: Uploads, single: Photos, tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"ada/1.jpg": single[0], "ada/copy.jpg": single[0], "bob/2.jpg": single[1]})
    _, lines = uploads.take(archive)
    assert outcomes(lines)["ada/copy.jpg"] is FileOutcome.DUPLICATE
    assert uploads.people() == {"ada": 1, "bob": 1}


@pytest.mark.parametrize("at_once", [True, False], ids=["in one archive", "in two uploads"])
def test_the_same_photo_under_two_people_is_flagged(
    uploads: Uploads, single: Photos, tmp_path: Path, at_once: bool
) -> None:
    files = {"ada/1.jpg": single[0], "ada/2.jpg": single[1], "bob/3.jpg": single[2]}
    other = {"bob/one.jpg": single[0]}
    if at_once:
        summary, lines = uploads.take(write_zip(tmp_path / "a.zip", files | other))
    else:
        uploads.take(write_zip(tmp_path / "a.zip", files))
        summary, lines = uploads.take(write_zip(tmp_path / "b.zip", other | {"carl/4.jpg": single[3]}))
    line = next(line for line in lines if line.name == "bob/one.jpg")
    assert line.outcome is FileOutcome.CONFLICT
    assert "'ada'" in line.reason
    assert (summary.duplicates, summary.conflicts) == (0, 1)
    assert uploads.people()["ada"] == 2


def test_a_photo_on_both_sides_of_the_split_is_flagged(uploads: Uploads, single: Photos, tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"train/ada/1.jpg": single[0], "val/ada/1.jpg": single[0]})
    _, lines = uploads.take(archive)
    assert [line.outcome for line in lines] == [FileOutcome.TAKEN, FileOutcome.CONFLICT]
    assert "train" in lines[1].reason


@pytest.mark.parametrize("files", [{}, {"__MACOSX/._1.jpg": b"x", ".DS_Store": b"x"}], ids=["empty", "only litter"])
def test_an_archive_without_photos_is_refused_with_what_to_do(
    uploads: Uploads, tmp_path: Path, files: dict[str, bytes]
) -> None:
    with pytest.raises(InputRefused, match=r"(?i)photos"):
        uploads.take(write_zip(tmp_path / "a.zip", files))


def test_files_that_are_no_photos_are_reported_each(uploads: Uploads, single: Photos, tmp_path: Path) -> None:
    files = {"ada/notes.txt": b"hello", "ada/broken.jpg": b"\xff\xd8\xff nothing", "ada/1.jpg": single[0]}
    summary, lines = uploads.take(write_zip(tmp_path / "a.zip", files | {"bob/2.jpg": single[1]}))
    assert outcomes(lines) == {
        "ada/1.jpg": FileOutcome.TAKEN,
        "bob/2.jpg": FileOutcome.TAKEN,
        "ada/broken.jpg": FileOutcome.REFUSED,
        "ada/notes.txt": FileOutcome.REFUSED,
    }
    assert all(line.reason for line in lines if line.outcome is FileOutcome.REFUSED)
    assert summary.outcomes == {"taken": 2, "refused": 2}


def test_only_files_that_are_no_photos_end_without_photos(uploads: Uploads, tmp_path: Path) -> None:
    summary, lines = uploads.take(write_zip(tmp_path / "a.zip", {"ada/notes.txt": b"hello"}))
    assert (summary.photos, summary.faces) == (0, 0)
    assert [line.outcome for line in lines] == [FileOutcome.REFUSED]


def test_photos_without_faces_are_kept_and_said(uploads: Uploads, faceless: bytes, tmp_path: Path) -> None:
    summary, lines = uploads.take(write_zip(tmp_path / "a.zip", {"ada/1.jpg": faceless}))
    assert outcomes(lines) == {"ada/1.jpg": FileOutcome.NO_FACE}
    assert (summary.photos, summary.faces) == (1, 0)
    assert len(uploads.services.store.photo_labels(uploads.dataset_id)) == 1
    assert len(uploads.services.store.embeddings(uploads.dataset_id)) == 0


def test_one_person_alone_is_taken(uploads: Uploads, single: Photos, tmp_path: Path) -> None:
    summary, _ = uploads.take(write_zip(tmp_path / "a.zip", {"ada/1.jpg": single[0], "ada/2.jpg": single[1]}))
    assert summary.people == 1
    assert uploads.people() == {"ada": 2}


def test_loose_photos_keep_all_their_faces_without_names(
    uploads: Uploads, single: Photos, crowded: bytes, tmp_path: Path
) -> None:
    summary, _ = uploads.take(write_zip(tmp_path / "a.zip", {"1.jpg": single[0], "crowd.jpg": crowded}))
    assert (summary.faces, summary.people) == (3, 0)
    assert uploads.services.store.counts(uploads.dataset_id).unnamed_faces == 3


@pytest.mark.parametrize("at_once", [True, False], ids=["in one archive", "in two uploads"])
def test_a_loose_photo_that_comes_again_in_a_persons_folder_is_that_persons(
    uploads: Uploads, single: Photos, crowded: bytes, tmp_path: Path, at_once: bool
) -> None:
    loose = {"1.jpg": single[0], "crowd.jpg": crowded}
    folders = {"train/ann/1.jpg": single[0], "val/bob/crowd.jpg": crowded, "train/bob/2.jpg": single[1]}
    folders["train/carl/1.jpg"] = single[0]
    if at_once:
        _, lines = uploads.take(write_zip(tmp_path / "a.zip", loose | folders))
    else:
        uploads.take(write_zip(tmp_path / "a.zip", loose))
        _, lines = uploads.take(write_zip(tmp_path / "b.zip", folders))
    said = {line.name: (line.outcome, line.reason) for line in lines}
    expected = "The same photo was there without a name; it is a photo of 'ann' now."
    assert said["train/ann/1.jpg"] == (FileOutcome.DUPLICATE, expected)
    assert uploads.people() == {"ann": 1, "bob": 2}
    store = uploads.services.store
    counts = store.counts(uploads.dataset_id)
    assert (counts.train_faces, counts.val_faces, counts.unnamed_faces) == (2, 1, 1)
    assert said["train/carl/1.jpg"][0] is FileOutcome.CONFLICT


def test_only_photos_of_one_face_are_adopted_where_that_is_asked_for(
    uploads: Uploads, single: Photos, crowded: bytes, tmp_path: Path
) -> None:
    uploads.take(write_zip(tmp_path / "a.zip", {"1.jpg": single[0], "crowd.jpg": crowded}))
    again = write_zip(tmp_path / "b.zip", {"ann/1.jpg": single[0], "ann/crowd.jpg": crowded})
    _, lines = uploads.take(again, FacePolicy.ONLY_SINGLE)
    assert [line.outcome for line in lines] == [FileOutcome.DUPLICATE] * 2
    assert "left so" in lines[1].reason
    assert uploads.people() == {"ann": 1}


def test_a_name_that_somebody_gave_is_kept_when_the_photo_comes_in_a_folder(
    uploads: Uploads, single: Photos, tmp_path: Path
) -> None:
    uploads.take(write_zip(tmp_path / "a.zip", {"1.jpg": single[0], "2.jpg": single[1]}))
    store, by = uploads.services.store, corrector(uploads)
    faces = {face.photo_id: face.id for face in store.faces(uploads.dataset_id, all_ids(uploads))}
    first, second = (faces[content_id(data)] for data in single[:2])
    by.move([first], "zoe")
    by.mark_strangers([second])
    _, lines = uploads.take(write_zip(tmp_path / "b.zip", {"ann/1.jpg": single[0], "ann/2.jpg": single[1]}))
    assert uploads.people() == {"zoe": 1}
    assert "its face stays 'zoe'" in lines[0].reason
    assert "stays without a name" in lines[1].reason
    by.undo_session()
    assert uploads.people() == {"ann": 2}


def corrector(uploads: Uploads) -> Corrector:
    return Corrector(uploads.services.store, uploads.services.log, uploads.dataset_id, Editor("Ann", "sitting"))


def all_ids(uploads: Uploads) -> Sequence[str]:
    return uploads.services.store.face_table(uploads.dataset_id).face_ids


def test_every_face_of_the_sample_has_a_quality(sample_dir: Path, tmp_path: Path) -> None:
    store = Services(Settings(prepared.copy(sample_dir, tmp_path / "taken"))).store
    (dataset,) = store.datasets()
    table, qualities = store.face_table(dataset.id), store.qualities(dataset.id)
    assert len(table) == 118
    assert set(qualities) == set(table.face_ids)
    assert all(0 < quality.grade < 1 for quality in qualities.values())
    np.testing.assert_allclose(table.grades, [qualities[face_id].grade for face_id in table.face_ids], rtol=1e-6)
    steadiness = [quality.steadiness for quality in qualities.values() if quality.steadiness is not None]
    # One face in sixteen, drawn by its pixels.
    assert 1 <= len(steadiness) < 20 and all(0.3 < steady <= 1 for steady in steadiness)
    assert all(quality.size_px >= 20 and 0 <= quality.cut_frac < 1 for quality in qualities.values())


def test_the_mirror_images_of_people_with_two_photos_are_looked_at(uploads: Uploads, sample_zip, tmp_path) -> None:
    with zipfile.ZipFile(sample_zip) as source:
        names = {
            person: [name for name in source.namelist() if person in name] for person in ("madonna", "mindy_kaling")
        }
        photos = {name: source.read(name) for name in names["madonna"][:2] + names["mindy_kaling"][:3]}
    uploads.take(write_zip(tmp_path / "few.zip", photos))
    store = uploads.services.store
    table, qualities = store.face_table(uploads.dataset_id), store.qualities(uploads.dataset_id)
    for person, expected in (("madonna", {True}), ("mindy_kaling", {False})):
        rows = np.flatnonzero(table.labels == table.people.index(person))
        assert {qualities[table.face_ids[row]].steadiness is not None for row in rows} == expected


def test_the_moment_that_the_camera_wrote_is_kept(uploads: Uploads, single: Photos, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = "2009:06:30 14:05:00"
    out = io.BytesIO()
    Image.open(io.BytesIO(single[0])).save(out, "JPEG", exif=exif)
    uploads.take(write_zip(tmp_path / "a.zip", {"ann/1.jpg": out.getvalue(), "bob/2.jpg": single[1]}))
    table = uploads.services.store.face_table(uploads.dataset_id)
    moments = dict(zip(table.photo_names, table.taken.tolist(), strict=True))
    assert moments["ann/1.jpg"] == datetime(2009, 6, 30, 14, 5, tzinfo=UTC).timestamp()
    assert np.isnan(moments["bob/2.jpg"])


def test_folders_that_are_not_people_give_no_names(uploads: Uploads, single: Photos, tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"2019/1.jpg": single[0], "2020/2.jpg": single[1]})
    uploads.take(archive, folders_are_people=False)
    assert uploads.people() == {}
    assert uploads.services.store.counts(uploads.dataset_id).unnamed_faces == 2


def test_a_folder_gives_what_its_zip_gives(uploads: Uploads, single: Photos, crowded: bytes, tmp_path: Path) -> None:
    files = {"ada/1.jpg": single[0], "ada/crowd.jpg": crowded, "bob/2.jpg": single[1], "bob/notes.txt": b"no"}
    archive = write_zip(tmp_path / "a.zip", files)
    shutil.unpack_archive(archive, tmp_path / "folder")
    _, of_folder = uploads.take(tmp_path / "folder")
    table = uploads.services.store.face_table(uploads.dataset_id)
    other = Uploads(uploads.services, uploads.services.store.create_dataset("zipped", DEFAULT_VECTORS_ID).id)
    _, of_zip = other.take(archive)
    assert of_folder == of_zip
    assert uploads.services.store.face_table(other.dataset_id).face_ids == table.face_ids


def test_every_hostile_file_has_its_line(uploads: Uploads, shared_dir: Path) -> None:
    hostile = shared_dir / "hostile" / "odd-images.zip"
    names = zipfile.ZipFile(hostile).namelist()
    summary, lines = uploads.take(hostile)
    assert sorted(line.name for line in lines) == sorted(names)
    assert [line.position for line in lines] == list(range(len(names)))
    assert all(line.reason for line in lines if line.outcome is not FileOutcome.TAKEN)
    found = outcomes(lines)
    turned = [name for name in names if name.startswith("hopper_orientation_")]
    assert len(turned) == 8
    assert {found[name] for name in turned} == {FileOutcome.TAKEN}
    for bomb in ("decompression_bomb.gif", "heif-heif_corrupted-empty.heic", "broken.png"):
        assert found[bomb] is FileOutcome.REFUSED
    assert summary.photos + summary.duplicates + summary.outcomes["refused"] == len(names)


# large photos


def test_a_small_face_in_a_large_jpeg_is_embedded_with_all_its_pixels(
    uploads: Uploads,
    sample_images: Mapping[str, RgbImage],
    sample_faces: Mapping[str, list[Detection]],
    tmp_path: Path,
) -> None:
    """The JPEG is decoded at half its size, where the face is too small to embed; the PNG is decoded whole."""
    name = next(name for name, (face, *others) in sample_faces.items() if not others and face.prob > 0.999)
    box = sample_faces[name][0].box
    scene = np.full((2000, 3000, 3), 110, dtype=np.uint8)
    height, width = sample_images[name].shape[:2]
    scene[600 : 600 + height, 900 : 900 + width] = sample_images[name]
    assert 40 < box.width < uploads.services.embedder(DEFAULT_VECTORS_ID).sharp_face_px
    files = {}
    for format_ in ("JPEG", "PNG"):
        out = io.BytesIO()
        Image.fromarray(scene).save(out, format_, quality=95)
        files[f"ada/{format_}"] = out.getvalue()
    _, lines = uploads.take(write_zip(tmp_path / "a.zip", {f"{name}.jpg": data for name, data in files.items()}))
    assert [line.outcome for line in lines] == [FileOutcome.TAKEN] * 2
    store = uploads.services.store
    embeddings = store.embeddings(uploads.dataset_id)
    found = [face.box for face in store.faces(uploads.dataset_id, embeddings.face_ids)]
    expected = Box(box.left + 900, box.top + 600, box.right + 900, box.bottom + 600)
    for each in found:
        np.testing.assert_allclose(each.as_tuple(), expected.as_tuple(), atol=0.12 * box.width)
    assert embeddings.vectors[0] @ embeddings.vectors[1] > 0.97


# stopping and going on


def test_more_photos_come_together_where_a_graphics_card_waits_for_their_faces(
    uploads: Uploads, sample_files: Mapping[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = uploads.services.ingestor(uploads.dataset_id).pace.photos_at_once + 3
    monkeypatch.setattr(uploads.services.engine, "load", DeviceLoad(canvases=4, photos=at_once))
    names = list(sample_files)[: at_once + 1]
    archive = write_zip(tmp_path / "a.zip", {name: sample_files[name] for name in names})
    seen: list[int] = []
    uploads.take(archive, progress=Progress(lambda done, total, message: seen.append(done)))
    assert seen == [0, at_once, at_once + 1]


def test_a_cancelled_ingest_keeps_what_is_done_and_resumes(
    uploads: Uploads, sample_files: Mapping[str, bytes], tmp_path: Path
) -> None:
    at_once = uploads.services.ingestor(uploads.dataset_id).pace.photos_at_once
    names = list(sample_files)[: 2 * at_once + 3]
    assert len(names) > 2 * at_once
    archive = write_zip(tmp_path / "a.zip", {name: sample_files[name] for name in names})
    token, job_id = CancelToken(), uploads.job()
    seen: list[tuple[int, int]] = []

    def stop_after_one_batch(done: int, total: int, message: str) -> None:
        if done:
            token.cancel()

    with pytest.raises(Cancelled, match="resume"):
        uploads.take(archive, job_id=job_id, progress=Progress(stop_after_one_batch, token))
    store = uploads.services.store
    # The batches that were looked through when it was stopped are stored too.
    n_stored = len(store.photo_labels(uploads.dataset_id))
    assert 2 <= n_stored < len(names)
    assert store.reported(job_id).keys() == set(range(n_stored))
    resumed = uploads.take(
        archive, job_id=job_id, progress=Progress(lambda done, total, message: seen.append((done, total)))
    )
    assert seen[0] == (n_stored, len(names))
    undisturbed = Uploads(uploads.services, store.create_dataset("undisturbed", DEFAULT_VECTORS_ID).id)
    assert resumed == undisturbed.take(archive)
    mine, theirs = (store.face_table(each.dataset_id) for each in (uploads, undisturbed))
    assert (mine.face_ids, mine.people, mine.splits) == (theirs.face_ids, theirs.people, theirs.splits)
    np.testing.assert_array_equal(mine.labels, theirs.labels)
    np.testing.assert_array_equal(
        store.embeddings(uploads.dataset_id).vectors, store.embeddings(undisturbed.dataset_id).vectors
    )


def test_resuming_what_is_done_changes_nothing(uploads: Uploads, single: Photos, tmp_path: Path) -> None:
    archive = write_zip(tmp_path / "a.zip", {"ada/1.jpg": single[0], "bob/notes.txt": b"no"})
    job_id = uploads.job()
    assert uploads.take(archive, job_id=job_id) == uploads.take(archive, job_id=job_id)


def test_a_folder_that_changed_is_not_gone_on_with(uploads: Uploads, single: Photos, tmp_path: Path) -> None:
    job_id, folder = uploads.job(), tmp_path / "photos"
    folder.mkdir()
    (folder / "b.jpg").write_bytes(single[0])
    before = uploads.take(folder, job_id=job_id)
    # It comes before the other, whose position it has now: it would count as dealt with.
    (folder / "a.jpg").write_bytes(single[1])
    with pytest.raises(InputRefused, match="Files came, went or were renamed"):
        uploads.take(folder, job_id=job_id)
    (folder / "a.jpg").rename(folder / "c.jpg")
    summary, lines = uploads.take(folder, job_id=job_id)
    assert before[0].photos == 1 and summary.photos == 2
    assert [line.name for line in lines] == ["b.jpg", "c.jpg"]


@dataclass(frozen=True)
class AheadFinder(LocalFinder):
    """A finder that is asked about several batches before it answers, as a cluster is, and finds no photo readable."""

    n_ahead: int = 2

    def stream_faces(
        self,
        batches: Iterable[tuple[Batch, Sequence[PhotoQuestion]]],
        enough_px: int | None,
        progress: Progress,
        *,
        portraits: bool = False,
    ) -> Iterator[tuple[Batch, list[AnsweredPhoto]]]:
        upcoming, in_hand = iter(batches), deque[tuple[Batch, Sequence[PhotoQuestion]]]()
        in_hand.extend(islice(upcoming, self.n_ahead))
        while in_hand:
            batch, questions = in_hand.popleft()
            yield batch, [refuse_photo(question.photo, "It is broken.") for question in questions]
            in_hand.extend(islice(upcoming, 1))


def test_copies_of_a_refused_photo_are_refused_however_many_batches_are_asked_about_ahead(
    uploads: Uploads, single: Photos, tmp_path: Path
) -> None:
    archive = write_zip(tmp_path / "a.zip", {f"{number}.jpg": single[0] for number in range(4)})
    tools = uploads.services.ingestor(uploads.dataset_id)
    tools = replace(tools, open_finder=AheadFinder, pace=replace(tools.pace, photos_at_once=1))
    job_id = uploads.job()
    with uploads.services.open_source(archive) as source:
        summary = ingest_photos(tools, source, IngestTarget(uploads.dataset_id, job_id))
    lines = uploads.services.store.file_reports(job_id)
    assert [line.reason for line in lines] == ["It is broken.", *[REFUSED_BEFORE] * 3]
    assert summary.outcomes == {"refused": 4}

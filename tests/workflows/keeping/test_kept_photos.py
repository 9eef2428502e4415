"""A dataset that keeps no photos: nothing of their bytes stays, what needs none works, and the rest says why not."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from core.base.errors import InputRefused
from core.base.progress import CancelToken
from core.base.settings import Settings, settings_from_env
from core.base.types import Box
from core.corrections.model import Editor
from core.jobs.registry import job_handlers
from core.jobs.retention import let_go
from core.jobs.worker import run_job
from core.services import Services
from core.store.artifacts import ArtifactKind
from core.store.job_model import Job, JobKind, JobState
from core.store.values.datasets import FileOutcome
from core.vision.engine.openvino import OpenVinoEngine
from core.vision.models.catalogue import EMBEDDING_MODELS
from core.workflows.erasure.erase_person import EraseRequest, erase_person
from core.workflows.erasure.signed_receipts import ErasedWhat, verify_receipt
from core.workflows.exchange.export import ExportKind, ExportRequest, export_dataset
from core.workflows.exchange.import_names import import_xmp
from core.workflows.identification.lookups.values import LookupRequest
from core.workflows.keeping.discard_photos import DiscardReceipt, DiscardRequest
from core.workflows.keeping.photo_keeping import choose_photo_keeping
from core.workflows.labels import teach
from core.workflows.labels.correct import Corrector
from core.workflows.photos import look_again
from core.workflows.photos.ingestor import Ingestor
from core.workflows.photos.model_change import change_model
from core.workflows.photos.orphans import sweep_leftovers
from core.workflows.photos.requests import IngestRequest
from core.workflows.retention.terms import local_today
from core.workflows.safekeeping.backup import take_backup
from core.workflows.safekeeping.backup_folder import open_backup_folder
from core.workflows.safekeeping.doctor import examine
from core.workflows.safekeeping.restore import restore_dataset
from tests import postgresql, prepared
from tests.conftest import MODEL_ID, services_on, write_zip
from tests.photo_traces import find_photo_traces, list_traces

BEN = Editor("Ben", "a sitting")


@dataclass(frozen=True)
class Album:
    """A dataset with a few photos of the sample."""

    services: Services
    dataset_id: str
    photos: Mapping[str, bytes]

    @property
    def tools(self) -> Ingestor:
        return self.services.ingestor(self.dataset_id)

    @property
    def corrector(self) -> Corrector:
        return Corrector(self.services.store, self.services.log, self.dataset_id, BEN)

    @property
    def left(self) -> set[str]:
        return find_photo_traces(self.services.settings.data_dir, self.photos.values())

    def drop(self, name: str = "photos.zip") -> Path:
        """An upload of the photos, as a page writes it."""
        folder = self.services.settings.uploads_dir / "a1b2"
        folder.mkdir(parents=True, exist_ok=True)
        return write_zip(folder / name, dict(self.photos))

    def take(self) -> Job:
        return prepared.carry(
            self.services, self.dataset_id, JobKind.INGEST, IngestRequest(str(self.drop()), "photos.zip").to_json()
        )


@pytest.fixture
def photos(sample_files: Mapping[str, bytes]) -> dict[str, bytes]:
    people = ("madonna", "elton_john")
    chosen = {
        person: [content for name, content in sample_files.items() if f"train/{person}/" in name][:2]
        for person in people
    }
    return {f"{person}/{n}.jpg": content for person in people for n, content in enumerate(chosen[person])}


@pytest.fixture
def unkept(services: Services, photos: dict[str, bytes]) -> Album:
    dataset = services.store.create_dataset("Family", MODEL_ID, keeps_photos=False)
    return Album(services, dataset.id, photos)


def test_an_ingest_leaves_faces_and_vectors_and_no_byte_of_a_photo(unkept: Album) -> None:
    job = unkept.take()
    services, dataset_id = unkept.services, unkept.dataset_id
    assert unkept.left == set()
    assert services.artifacts.ids(dataset_id, ArtifactKind.PHOTO) == []
    counts = services.store.counts(dataset_id)
    assert (counts.photos, counts.people) == (4, 2) and counts.faces >= 4
    assert len(services.artifacts.ids(dataset_id, ArtifactKind.CROP)) == counts.faces
    assert len(services.store.embeddings(dataset_id).face_ids) == counts.faces
    assert services.store.outcome_counts(job.id).keys() == {FileOutcome.TAKEN}
    again = unkept.take()
    assert services.store.outcome_counts(again.id) == {FileOutcome.DUPLICATE: 4}, "known by the hash that is kept"
    report = examine(services.doctor_tools())
    assert report.is_well and not report.leftovers_removed and not report.files - counts.faces


NEEDS_A_PHOTO: dict[str, Callable[[Album], object]] = {
    "look": lambda album: look_again.detect_again(album.tools, look_again.IngestTarget(album.dataset_id, "none")),
    "drawn": lambda album: look_again.add_drawn_face(album.tools, album.corrector, album_photo(album), Box(0, 0, 9, 9)),
    "turned": lambda album: album.corrector.turn([album_photo(album)], 1),
    "export": lambda album: export(album, ExportKind.PHOTOS),
    "cannot be embedded with 'facenet-128-casia": lambda album: change_model(
        with_another_model(album.tools), album.dataset_id
    ),
    "inside of them": lambda album: import_xmp(album.services.import_tools(), album.dataset_id, None, BEN),
}


def with_another_model(tools: Ingestor) -> Ingestor:
    pipeline = tools.pipeline
    return replace(tools, pipeline=replace(pipeline, embedder=replace(pipeline.embedder, model=EMBEDDING_MODELS[1])))


def album_photo(album: Album) -> str:
    return next(iter(album.services.transfer.photo_ids(album.dataset_id)))


def export(album: Album, what: ExportKind):
    path = album.services.settings.data_dir.parent / f"{what}.zip"
    return export_dataset(album.services.export_tools(), album.dataset_id, ExportRequest(what), path)


def test_what_needs_a_photo_says_why_not_and_all_else_works(unkept: Album, tmp_path: Path) -> None:
    unkept.take()
    services, dataset_id = unkept.services, unkept.dataset_id
    before = services.store.dataset(dataset_id)
    for name, act in NEEDS_A_PHOTO.items():
        with pytest.raises(InputRefused, match="'Family' keeps no photos") as refusal:
            act(unkept)
        assert name in str(refusal.value)
    with pytest.raises(InputRefused, match="'Family' keeps no photos, and those that came cannot be brought back"):
        choose_photo_keeping(services.store, dataset_id, keeps_photos=True)
    assert services.store.dataset(dataset_id) == before
    everything = export(unkept, ExportKind.ALL)
    assert (everything.photos, everything.photos_missing) == (None, None)
    assert everything.sidecars == 4, "how a file lies by its EXIF is noted, so that sidecars fit the user's own photos"
    assert services.look_at_turned(dataset_id) is None


def test_a_face_can_be_taught_from_a_photo_that_is_given_once_more(unkept: Album) -> None:
    content = next(iter(unkept.photos.values()))
    photo, (face, *_) = teach.detect_unstored_faces(unkept.tools, "given.jpg", content)
    teach.teach_face(unkept.tools, unkept.corrector, photo, face, "Ada")
    assert [person.name for person in unkept.services.store.people(unkept.dataset_id)] == ["Ada"]
    assert unkept.left == set()


def test_a_person_is_erased_without_a_word_of_pixels_that_stay(unkept: Album) -> None:
    unkept.take()
    services = unkept.services
    person = services.store.people(unkept.dataset_id)[0]
    receipt = erase_person(services.erase_tools(), unkept.dataset_id, EraseRequest(person.id, "Ben"))
    assert receipt.photos_kept_note is None and receipt.check is not None and not receipt.check.found


# work that stops


def stopping_after(photos: int) -> CancelToken:
    token = CancelToken()
    asked = iter(range(1000))

    def between() -> None:
        if next(asked) >= photos:
            token.cancel()

    token.between_batches = between
    return token


def test_what_was_dropped_goes_when_its_work_is_stopped(unkept: Album) -> None:
    services = unkept.services
    request = IngestRequest(str(unkept.drop()), "photos.zip")
    services.jobs.submit(unkept.dataset_id, JobKind.INGEST, request.to_json())
    job = services.jobs.claim()
    assert run_job(services.jobs, job, job_handlers(services)[job.kind], stopping_after(0)) is JobState.CANCELLED
    assert unkept.left == set()


@pytest.mark.parametrize("got_further", [True, False])
def test_work_that_was_killed_goes_on_by_itself_or_its_upload_goes(unkept: Album, got_further: bool) -> None:
    services = unkept.services
    request = IngestRequest(str(unkept.drop()), "photos.zip")
    job = services.jobs.submit(unkept.dataset_id, JobKind.INGEST, request.to_json())
    services.jobs.claim()
    services.jobs.beat(job.id, 2 if got_further else 0, 4, "")
    services.jobs.locks.release(job.id)  # as when its process is killed
    let_go(services, local_today())
    assert services.jobs.job(job.id).state is (JobState.QUEUED if got_further else JobState.INTERRUPTED)
    assert bool(unkept.left) is got_further


# a dataset that kept them until now


@pytest.fixture
def kept(few_dir: Path, engine: OpenVinoEngine, few_files: Mapping[str, bytes], tmp_path: Path) -> Album:
    """A few photos, learned, with an export, photos that were looked up, and an upload that nobody started."""
    services = services_on(prepared.copy(few_dir, tmp_path / "data"), engine)
    album = Album(services, services.store.dataset(prepared.SAMPLE).id, few_files)
    prepared.carry(services, album.dataset_id, JobKind.EXPORT, ExportRequest(ExportKind.PHOTOS).to_json())
    run = services.runs.runs(album.dataset_id)[0].id
    few = replace(album, photos=dict(list(few_files.items())[:2]))
    upload = few.drop("asked.zip")
    prepared.carry(services, album.dataset_id, JobKind.LOOKUP, LookupRequest(str(upload), "asked", run).to_json())
    few.drop("waiting.zip")
    return album


def discard(album: Album) -> DiscardReceipt:
    job = prepared.carry(album.services, album.dataset_id, JobKind.DISCARD_PHOTOS, DiscardRequest("Ben").to_json())
    return DiscardReceipt.of(job)


def test_photos_of_a_dataset_go_for_good_with_a_receipt_and_faces_stay(kept: Album, tmp_path: Path) -> None:
    services, dataset_id, n_photos = kept.services, kept.dataset_id, len(kept.photos)
    backups = tmp_path / "backups"
    take_backup(services.backup_tools(), backups)
    counts, table = services.store.counts(dataset_id), services.store.face_table(dataset_id)
    before = export(kept, ExportKind.XMP)
    assert kept.left > {"uploads/a1b2/waiting.zip"}
    receipt = discard(kept)
    assert kept.left == set()
    assert (receipt.photos, receipt.exports, receipt.uploads, receipt.lookups, receipt.left) == (n_photos, 1, 1, 1, 0)
    assert receipt.backups is not None and len(receipt.backups.taken) == 1, "the backup of before is named"
    document = services.erase_tools().receipts.find(receipt.receipt_id)
    verified, _ = verify_receipt(json.dumps(document).encode())
    assert (verified["what"], verified["receipt"]["photos"]) == (ErasedWhat.PHOTOS, n_photos)
    assert services.store.counts(dataset_id) == counts
    assert services.store.face_table(dataset_id).face_ids == table.face_ids
    assert export(kept, ExportKind.XMP).sidecars == before.sidecars == n_photos
    assert examine(services.doctor_tools()).is_well
    job = services.jobs.submit(dataset_id, JobKind.DISCARD_PHOTOS, DiscardRequest("Ben").to_json())
    claimed = services.jobs.claim()
    assert run_job(services.jobs, claimed, job_handlers(services)[claimed.kind], CancelToken()) is JobState.FAILED
    assert services.jobs.job(job.id).error == f"'{prepared.SAMPLE}' keeps no photos already."


def test_a_backup_carries_the_choice_and_lacks_nothing(unkept: Album, tmp_path: Path) -> None:
    unkept.take()
    services = unkept.services
    receipt = take_backup(services.backup_tools(), tmp_path / "backups")
    assert receipt.lacking == 0
    assert find_photo_traces(tmp_path / "backups", unkept.photos.values()) == set()
    folder = open_backup_folder(tmp_path / "backups")
    restore_dataset(services.restore_tools(), folder, folder.manifests()[0], "Family", "Again")
    assert not services.store.dataset("Again").keeps_photos
    assert services.store.counts(services.store.dataset("Again").id) == services.store.counts(unkept.dataset_id)
    assert examine(services.doctor_tools()).is_well


def test_photos_go_out_of_a_database_server_and_an_object_store_too(
    data_dir: Path,
    engine: OpenVinoEngine,
    object_store: str,
    photos: dict[str, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Imported here: it takes a second, which only this test needs.
    from tests.object_store import new_bucket, use_store

    use_store(object_store, monkeypatch)
    traces = list_traces(photos.values())
    settings = Settings(
        data_dir,
        database_url=postgresql.running_server().new_database(),
        artifacts_url=new_bucket(keeps_versions=True),
    )
    services = Services(settings)
    services.__dict__["engine"] = engine
    albums = [
        Album(services, services.store.create_dataset(name, MODEL_ID, keeps_photos=keeps_photos).id, photos)
        for name, keeps_photos in (("Kept", True), ("Unkept", False))
    ]
    for album in albums:
        album.take()
    discard(albums[0])
    for album in albums:
        assert services.artifacts.ids(album.dataset_id, ArtifactKind.PHOTO) == []
        stored = services.artifacts.remote_files(album.dataset_id)
        contents = [services.artifacts.read(album.dataset_id, ArtifactKind(file.kind), file.id) for file in stored]
        assert len(contents) >= 4 and not any(trace in content for trace in traces for content in contents)
        assert album.left == set()
    assert examine(services.doctor_tools()).is_well
    services.store.engine.dispose()


def test_a_photo_that_lies_there_all_the_same_is_swept(unkept: Album) -> None:
    unkept.take()
    services, content = unkept.services, next(iter(unkept.photos.values()))
    services.artifacts.put(unkept.dataset_id, ArtifactKind.PHOTO, album_photo(unkept), content)
    assert sweep_leftovers(services.leftover_tools(), older_than_s=0.0) == 1
    assert unkept.left == set()


# the choice


def test_it_is_chosen_as_long_as_there_are_no_photos(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = services.store.create_dataset("Family", MODEL_ID)
    for keeps_photos in (False, True):
        choose_photo_keeping(services.store, dataset.id, keeps_photos=keeps_photos)
        assert services.store.dataset(dataset.id).keeps_photos is keeps_photos
    monkeypatch.setenv("FACE_ATLAS_KEEP_PHOTOS", "0")
    assert not settings_from_env(services.settings.data_dir).keeps_photos
    monkeypatch.setenv("FACE_ATLAS_KEEP_PHOTOS", "no")
    with pytest.raises(InputRefused, match="give '0' where new datasets keep no photos"):
        settings_from_env(services.settings.data_dir)

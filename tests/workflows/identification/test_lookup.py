"""Photos that are looked at and not taken in: what is found, kept, taken along and forgotten."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.archives.opening import open_source
from core.base.errors import Cancelled, InputRefused, ModelMismatch, NotFound
from core.base.progress import UNWATCHED, CancelToken, Progress
from core.base.settings import ArchiveLimits, ImageLimits
from core.base.types import Box
from core.cli.program import main
from core.formats import xmp
from core.imaging.decoding import decode_image
from core.jobs.registry import job_handlers
from core.jobs.worker import run_job
from core.learn.label_errors.conflicting_labels import find_conflicting_faces, same_person_cosine
from core.learn.open_set.rejection_rule import RATES, Threshold
from core.learn.verification.pair_rule import MEASURED
from core.services import Services
from core.store.artifacts import ArtifactKind, content_id
from core.store.folder_artifacts import FolderArtifacts
from core.store.job_model import Job, JobKind, JobState
from core.vision.pipeline import NO_FACE, DecodedPhoto
from core.workflows.exchange.export import export_path
from core.workflows.identification.identify import Candidate, Evidence
from core.workflows.identification.lookups import kept_lookups, lookup, outputs, stored
from core.workflows.identification.lookups.lookup import LookupTask
from core.workflows.identification.lookups.marks import LookupMark, mark_faces
from core.workflows.identification.lookups.values import (
    Lookup,
    LookupFace,
    LookupPhoto,
    LookupRequest,
    SortedCounts,
    SortRequest,
)
from tests import prepared
from tests.conftest import services_on, write_zip

PEOPLE = ("ann", "bob", "=cmd")


def a_seen(person: str, score: float, prob: float = 0.95) -> LookupFace:
    others = [name for name in PEOPLE if name != person]
    candidates = (Candidate(person, prob, 0.4), *(Candidate(name, (1 - prob) / 2, 1.2) for name in others))
    return LookupFace(
        box=Box(10, 20, 60, 80),
        detection_prob=0.99,
        candidates=candidates,
        score=score,
        margin=0.5,
        crop=b"jpeg",
        evidence=(Evidence("a" * 24, 0.3),),
    )


def a_lookup(*photos: LookupPhoto, rivals: Sequence[int] = (), scores: Sequence[float] = (1, 2, 3, 4, 5, 6)) -> Lookup:
    limits = tuple(
        Threshold(rate=rate, score=float(score), expected=rate, low=0.0, high=0.1, enough=True)
        for rate, score in zip(RATES, scores, strict=True)
    )
    n_faces = sum(len(photo.faces) for photo in photos)
    alone = tuple(rivals) or (-1,) * n_faces
    return Lookup(
        id="f00",
        dataset_id="d00",
        run_id="r00",
        title="box.zip",
        created=1e9,
        model_id="facenet-128",
        people=PEOPLE,
        photos=photos,
        thresholds=limits,
        rivals=alone,
    )


def a_photo(name: str, *faces: LookupFace) -> LookupPhoto:
    return LookupPhoto(
        name=name,
        photo_id=content_id(name.encode()),
        width_px=400,
        height_px=300,
        faces=faces,
        reason="" if faces else NO_FACE,
    )


# what is said of the faces


def test_marks_follow_the_limit_that_is_chosen():
    made = a_lookup(a_photo("1.jpg", a_seen("ann", 3.5)), a_photo("2.jpg", a_seen("bob", 9)), a_photo("3.jpg"))
    loose, strict = mark_faces(made, 0.01), mark_faces(made, 0.001)
    sure, unsure = LookupMark.NAMED | LookupMark.SURE, LookupMark.NAMED | LookupMark.UNSURE
    assert [loose.of_face(row) for row in range(2)] == [unsure, sure]
    assert [strict.of_face(row) for row in range(2)] == [LookupMark.UNKNOWN, sure]
    assert loose.photos.tolist() == [unsure, sure, LookupMark.NO_FACE]


def test_an_improbable_name_is_unsure_and_an_unknown_face_is_not_for_that():
    made = a_lookup(a_photo("1.jpg", a_seen("ann", 9, prob=0.6), a_seen("bob", -5, prob=0.6)))
    assert mark_faces(made).faces.tolist() == [LookupMark.NAMED | LookupMark.UNSURE, LookupMark.UNKNOWN]


def test_one_name_twice_in_a_photo_is_marked_only_while_both_have_it():
    made = a_lookup(a_photo("1.jpg", a_seen("ann", 9), a_seen("ann", 4.5)), a_photo("2.jpg", a_seen("ann", 9)))
    assert [bool(each & LookupMark.AGAIN) for each in mark_faces(made, 0.01).faces.tolist()] == [True, True, False]
    assert not (mark_faces(made, 0.001).faces & LookupMark.AGAIN).any()


def test_two_names_for_one_person_need_both_names():
    made = a_lookup(a_photo("1.jpg", a_seen("ann", 9)), a_photo("2.jpg", a_seen("bob", 4.5)), rivals=(1, 0))
    assert (mark_faces(made, 0.01).faces & LookupMark.TWO_NAMES > 0).tolist() == [True, True]
    assert (mark_faces(made, 0.001).faces & LookupMark.TWO_NAMES > 0).tolist() == [False, False]


def test_a_rival_is_the_surest_face_that_is_alike_and_named_otherwise():
    vectors = np.array([[1, 0], [0.99, 0.141], [0.98, 0.199], [0, 1]], dtype=np.float32)
    found = find_conflicting_faces(vectors, np.array([0, 1, 1, 1]), np.array([5.0, 1.0, 2.0, 9.0]), threshold=0.9)
    assert found.tolist() == [2, 0, 0, -1]


def test_among_more_people_two_faces_must_be_more_alike():
    rule = MEASURED["facenet-128@2"]
    assert rule.limit(1e-3) < same_person_cosine(rule, 10) < same_person_cosine(rule, 1000) < 1


# the file


def test_a_lookup_is_read_back_as_it_was_written(tmp_path):
    made = a_lookup(
        a_photo("Zoë/1.jpg", a_seen("ann", 9), a_seen("=cmd", 2)),
        a_photo("2.jpg"),
        LookupPhoto(name="3.txt", photo_id="", width_px=0, height_px=0, faces=(), reason="no photo"),
        rivals=(1, 0),
    )
    content = stored.encode_lookup(made)
    again = stored.decode_lookup(content)
    figures = [(face.score, face.margin, face.crop, face.evidence[0].face_id) for face in again.faces()]
    assert figures == [(face.score, face.margin, face.crop, face.evidence[0].face_id) for face in made.faces()]
    assert [[one.person for one in face.candidates] for face in again.faces()] == [
        [one.person for one in face.candidates] for face in made.faces()
    ]
    assert [(photo.name, photo.photo_id, photo.reason, len(photo.faces)) for photo in again.photos] == [
        (photo.name, photo.photo_id, photo.reason, len(photo.faces)) for photo in made.photos
    ]
    assert (again.thresholds, again.rivals) == (made.thresholds, made.rivals)
    info = stored.decode_lookup_info(io.BytesIO(content))
    assert (info.title, info.photos, info.faces, info.covers) == ("box.zip", 3, 2, (b"jpeg", b"jpeg"))


@pytest.mark.parametrize(
    "damage", [lambda content: content[:-200], lambda content: b"\x00" * 100], ids=["cut", "zeros"]
)
def test_a_damaged_file_is_refused_with_what_to_do(damage):
    with pytest.raises(InputRefused, match="Forget it"):
        stored.decode_lookup(damage(stored.encode_lookup(a_lookup(a_photo("1.jpg", a_seen("ann", 9))))))


def test_a_batch_that_was_half_written_is_cut_off(tmp_path):
    part = stored.PartFile(tmp_path / "part", PEOPLE)
    batch = stored.LookupBatch((3,), (a_photo("1.jpg", a_seen("ann", 9)),), np.ones((1, 4), np.float32))
    part.append(batch)
    whole = part.path.read_bytes()
    part.append(batch)
    part.path.write_bytes(part.path.read_bytes()[:-5])
    (found,) = part.batches()
    assert (found.positions, found.photos[0].name, found.vectors.tolist()) == ((3,), "1.jpg", [[1, 1, 1, 1]])
    assert part.path.read_bytes() == whole
    part.append(batch)
    assert len(part.batches()) == 2


# what is taken along


def read_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_table_has_a_row_for_each_face_and_each_file_without_one():
    made = a_lookup(
        a_photo("1.jpg", a_seen("ann", 9), a_seen("bob", 0)),
        a_photo("2.jpg"),
        LookupPhoto(name="3", photo_id="", width_px=0, height_px=0, faces=(), reason="broken"),
    )
    rows = read_csv(outputs.lookup_csv(made))
    said = [(row["photo"], row["face"], row["name"], row["nearest"], row["reason"]) for row in rows]
    assert said == [
        ("1.jpg", "1", "ann", "ann", ""),
        ("1.jpg", "2", "", "bob", ""),
        ("2.jpg", "", "", "", NO_FACE),
        ("3", "", "", "", "broken"),
    ]


def test_a_name_that_a_spreadsheet_would_run_is_only_text_in_the_table():
    (row,) = read_csv(outputs.lookup_csv(a_lookup(a_photo("@sum.jpg", a_seen("=cmd", 9)))))
    assert (row["photo"], row["name"], row["score"]) == ("'@sum.jpg", "'=cmd", "9")
    # Without a scale of its own, 100 is the largest of the face's score and twice the strictest threshold.
    assert (row["certainty"], row["likeness"]) == ("sure", "75.0")


def test_the_document_gives_the_names_at_the_limit():
    made = a_lookup(a_photo("1.jpg", a_seen("ann", 3.5)), a_photo("2.jpg"))
    loose, strict = (json.loads(json.dumps(outputs.lookup_json(made, rate))) for rate in (0.01, 0.001))
    assert [photo["faces"][0]["name"] for photo in (loose["photos"][0], strict["photos"][0])] == ["ann", None]
    assert loose["photos"][1] == {
        "photo": "2.jpg", "sha256": content_id(b"2.jpg"), "size": [400, 300], "turn": 0, "faces": [],
        "reason": NO_FACE,
    }  # fmt: skip


def test_sidecars_tell_names_and_places(tmp_path):
    made = a_lookup(a_photo("a/1.jpg", a_seen("ann", 9), a_seen("bob", 0)), a_photo("a/2.jpg"))
    assert outputs.write_sidecars(made, tmp_path / "x.zip") == 1
    with zipfile.ZipFile(tmp_path / "x.zip") as archive:
        assert archive.namelist() == ["a/1.jpg.xmp"]
        told = xmp.decode_sidecar(archive.read("a/1.jpg.xmp"))
    assert [region.name for region in told.regions] == ["ann", None]
    sides = np.array(told.size_wh * 2)
    np.testing.assert_allclose(told.regions[0].area.as_tuple() * sides, (10, 20, 60, 80), atol=1e-3)
    assert told.upright  # this lookup did not note how the photo is stored


# with real networks


@pytest.fixture(scope="module")
def photos(sample_files, sample_faces) -> dict[str, bytes]:
    """Somebody known, two people on one photo, a broken file, a picture of nothing, and a text."""
    single = next(name for name in sample_files if name.startswith("val/madonna/") and len(sample_faces[name]) == 1)
    crowd = next(name for name in sample_files if len(sample_faces[name]) == 2)
    nothing = io.BytesIO()
    Image.fromarray(np.full((300, 400, 3), 90, np.uint8)).save(nothing, "JPEG")
    rest = [name for name in sample_files if name.startswith("val/") and len(sample_faces[name]) == 1][:15]
    return {
        "new/1.jpg": sample_files[single],
        "new/crowd.jpg": sample_files[crowd],
        "new/broken.jpg": sample_files[single][:2000],
        "new/nothing.jpg": nothing.getvalue(),
        "notes.txt": b"hello",
        "again/1.jpg": sample_files[single],
        **{f"rest/{name.split('/')[1]}-{number}.jpg": sample_files[name] for number, name in enumerate(rest)},
    }


@pytest.fixture
def learned(sample_dir: Path, tmp_path: Path, engine) -> tuple[Services, str]:
    """The services on a copy of the trained sample, and its dataset."""
    services = services_on(prepared.copy(sample_dir, tmp_path / "data"), engine)
    return services, services.store.datasets()[0].id


def wish(services: Services, dataset_id: str, lookup_id: str = "abc") -> LookupTask:
    return LookupTask(
        id=lookup_id, dataset_id=dataset_id, run=services.runs.runs(dataset_id)[0], title="new.zip", source=""
    )


def look(services: Services, wanted: LookupTask, archive: Path, progress=UNWATCHED) -> Lookup:
    tools = services.lookup_tools()
    # Two batches, however many processors there are.
    tools = replace(tools, pace=replace(tools.pace, photos_at_once=16))
    with services.open_source(archive, folders_are_people=False) as source:
        return lookup.look_up_photos(tools, services.identifier(wanted.run), source, wanted, progress)


def work(services: Services, dataset_id: str, kind: JobKind, params: dict) -> Job:
    job = services.jobs.submit(dataset_id, kind, params)
    run_job(services.jobs, services.jobs.claim(), job_handlers(services)[kind], CancelToken())
    return services.jobs.job(job.id)


def test_every_file_of_a_zip_gets_its_line(learned, photos, tmp_path):
    services, dataset_id = learned
    before = services.store.dataset(dataset_id)
    made = look(services, wish(services, dataset_id), write_zip(tmp_path / "new.zip", photos))
    by_name = {photo.name: photo for photo in made.photos}
    assert set(by_name) == set(photos)
    (madonna,) = by_name["new/1.jpg"].faces
    assert madonna.name(made.threshold()) == "madonna"
    assert decode_image(madonna.crop, ImageLimits()).shape == (lookup.CROP_PX, lookup.CROP_PX, 3)
    assert len(by_name["new/crowd.jpg"].faces) == 2
    assert by_name["new/broken.jpg"].refused and "cut off" in by_name["new/broken.jpg"].reason
    assert (by_name["new/nothing.jpg"].reason, by_name["new/nothing.jpg"].refused) == (NO_FACE, False)
    assert by_name["notes.txt"].refused
    assert services.store.dataset(dataset_id) == before, "nothing is taken into the dataset"


def test_looking_at_many_finds_what_identifying_one_finds(learned, photos, tmp_path):
    services, dataset_id = learned
    wanted = wish(services, dataset_id)
    made = look(services, wanted, write_zip(tmp_path / "new.zip", photos))
    crowd = next(photo for photo in made.photos if photo.name == "new/crowd.jpg")
    alone = (
        services.identifier(wanted.run)
        .identify_photo(DecodedPhoto.whole(decode_image(photos["new/crowd.jpg"], ImageLimits())))
        .faces
    )
    assert [face.candidates[0].person for face in crowd.faces] == [face.candidates[0].person for face in alone]
    np.testing.assert_allclose([face.score for face in crowd.faces], [face.score for face in alone], atol=0.05)
    boxes = [face.detection.box.as_tuple() for face in alone]
    np.testing.assert_allclose([face.box.as_tuple() for face in crowd.faces], boxes, atol=1)
    assert [face.evidence[0].face_id for face in crowd.faces] == [face.evidence[0].face_id for face in alone]


def test_a_lookup_that_was_stopped_goes_on_and_comes_to_the_same(learned, photos, tmp_path):
    services, dataset_id = learned
    archive, token = write_zip(tmp_path / "new.zip", photos), CancelToken()
    whole = look(services, wish(services, dataset_id, "abc"), archive)

    def stop_soon(done: int, total: int, message: str) -> None:
        if done:
            token.cancel()

    stopped = wish(services, dataset_id, "def")
    with pytest.raises(Cancelled):
        look(services, stopped, archive, Progress(stop_soon, token))
    assert [info.id for info in kept_lookups.list_lookups(services.artifacts, dataset_id)] == ["abc"]
    # Without its first file, so that each of the others has another position.
    changed = write_zip(tmp_path / "changed.zip", dict(list(photos.items())[1:]))
    with pytest.raises(InputRefused, match="Files came, went or were renamed"):
        look(services, stopped, changed)
    steps: list[int] = []
    resumed = look(services, stopped, archive, Progress(lambda done, total, message: steps.append(done)))
    assert steps[0] == 16, "what was finished is not looked at again"
    assert _said(resumed) == _said(whole)
    assert not services.artifacts.path(dataset_id, ArtifactKind.LOOKUP_PART, "def").exists()


def _said(made: Lookup) -> list[tuple]:
    """Batches of other photos move a box by a little of a pixel."""
    return [
        (photo.name, photo.photo_id, photo.reason, [face.name(made.threshold()) for face in photo.faces])
        for photo in made.photos
    ]


def test_an_upload_is_kept_with_its_result_and_both_are_forgotten(learned, photos):
    services, dataset_id = learned
    upload = services.settings.uploads_dir / "1" / "new.zip"
    upload.parent.mkdir()
    write_zip(upload, photos)
    run = services.runs.runs(dataset_id)[0]
    job = work(services, dataset_id, JobKind.LOOKUP, LookupRequest(str(upload), "new.zip", run.id).to_json())
    assert job.state is JobState.DONE, job.error + job.detail
    assert {name: job.result[name] for name in ("photos", "without_face", "refused")} == {
        "photos": len(photos) - 2, "without_face": 1, "refused": 2,
    }  # fmt: skip
    assert list(services.settings.uploads_dir.iterdir()) == []
    (info,) = kept_lookups.list_lookups(services.artifacts, dataset_id)
    assert (info.id, info.photos, info.faces) == (job.id, len(photos), job.result["faces"])
    sorting = work(services, dataset_id, JobKind.SORT, SortRequest(job.id).to_json())
    assert sorting.state is JobState.DONE, sorting.error
    zipped = export_path(services.settings.exports_dir, dataset_id, sorting.id)
    assert zipped.exists()
    kept_lookups.forget_lookup(services.lookup_tools(), dataset_id, job.id)
    assert not zipped.exists()
    assert not [kind for kind in ArtifactKind if kind.startswith("lookup") and services.artifacts.ids(dataset_id, kind)]
    with pytest.raises(NotFound):
        kept_lookups.load_lookup(services.artifacts, dataset_id, job.id)


def test_sorted_copies_are_the_photos_byte_for_byte_in_each_persons_folder(tmp_path):
    files = {"a/1.jpg": b"one", "b/1.jpg": b"other", "2.jpg": b"two", "3.jpg": b"three", "gone.jpg": b"gone"}
    faces = {"a/1.jpg": ["ann", "bob"], "b/1.jpg": ["ann"], "2.jpg": [], "3.jpg": None, "gone.jpg": ["ann"]}
    photos = [
        LookupPhoto(
            name=name,
            photo_id=content_id(content),
            width_px=40,
            height_px=30,
            faces=() if faces[name] is None else tuple(a_seen(who, 9) for who in faces[name]) or (a_seen("ann", 0),),
        )
        for name, content in files.items()
    ]
    made = a_lookup(
        *photos, LookupPhoto(name="broken.jpg", photo_id="", width_px=0, height_px=0, faces=(), reason="broken")
    )
    archive = write_zip(tmp_path / "in.zip", {**files, "gone.jpg": b"another photo now"})

    with open_source(archive, ArchiveLimits(), folders_are_people=False) as source:
        counts = outputs.sort_photos(made, source, tmp_path / "out.zip")
    with zipfile.ZipFile(tmp_path / "out.zip") as zipped:
        assert {name: zipped.read(name) for name in zipped.namelist()} == {
            "ann/1.jpg": b"one",
            "bob/1.jpg": b"one",
            "ann/1 (2).jpg": b"other",
            "unknown/2.jpg": b"two",
            "no face/3.jpg": b"three",
        }
    assert counts == SortedCounts(photos=4, copies=5, people=2, missing=1)


def test_one_photo_that_was_identified_can_be_kept(learned, photos):
    services, dataset_id = learned
    run = services.runs.runs(dataset_id)[0]
    identifier, content = services.identifier(run), photos["new/crowd.jpg"]
    faces = identifier.identify_photo(DecodedPhoto.whole(decode_image(content, ImageLimits()))).faces
    nothing = lookup.PhotoToKeep("crowd.jpg", photos["new/nothing.jpg"], 0, [])
    given = [lookup.PhotoToKeep("crowd.jpg", content, 0, faces), nothing]
    made = lookup.keep_identified_photos(services.lookup_tools(), dataset_id, run, identifier, "crowd.jpg", given)
    again = kept_lookups.load_lookup(services.artifacts, dataset_id, made.id)
    assert [face.score for face in again.faces()] == [face.score for face in faces]
    assert again.photos[1].reason == NO_FACE
    with services.open_source(
        kept_lookups.find_lookup_photos(services.artifacts, again), folders_are_people=False
    ) as source:
        assert [source.read(entry) for entry in source.entries] == [content, photos["new/nothing.jpg"]]


def test_what_was_given_up_is_swept_and_what_is_kept_or_unfinished_stays(tmp_path):
    artifacts = FolderArtifacts(tmp_path)
    for lookup_id in ("abc", "def", "fed"):
        artifacts.put("d00", ArtifactKind.LOOKUP_PHOTOS, lookup_id, b"zip")
        artifacts.put("d00", ArtifactKind.LOOKUP_PART, lookup_id, b"part")
    artifacts.put("d00", ArtifactKind.LOOKUP, "abc", b"whole")
    kept_lookups.remove_abandoned_lookups(artifacts, "d00", {"def"})
    assert set(artifacts.ids("d00", ArtifactKind.LOOKUP_PHOTOS)) == {"abc", "def"}


def test_photos_in_the_users_own_folder_are_read_where_they_are(learned, photos):
    services, dataset_id = learned
    archive = write_zip(services.settings.inbox_dir / "new.zip", {"1.jpg": photos["new/1.jpg"]})
    run = services.runs.runs(dataset_id)[0]
    identifier = services.identifier(run)
    job = work(services, dataset_id, JobKind.LOOKUP, LookupRequest(str(archive), "new.zip", run.id).to_json())
    assert services.identifier(run) is not identifier, "a worker remembers nobody, who may be erased elsewhere"
    made = kept_lookups.load_lookup(services.artifacts, dataset_id, job.id)
    assert (kept_lookups.find_lookup_photos(services.artifacts, made), archive.exists()) == (archive.resolve(), True)
    assert services.artifacts.ids(dataset_id, ArtifactKind.LOOKUP_PHOTOS) == []
    archive.unlink()
    sorting = work(services, dataset_id, JobKind.SORT, SortRequest(made.id).to_json())
    assert (sorting.state, "not where they were" in sorting.error) == (JobState.FAILED, True)


def test_a_zip_that_is_refused_is_not_kept(learned):
    services, dataset_id = learned
    upload = services.settings.uploads_dir / "1" / "new.zip"
    upload.parent.mkdir()
    upload.write_bytes(b"no zip at all")
    run = services.runs.runs(dataset_id)[0]
    job = work(services, dataset_id, JobKind.LOOKUP, LookupRequest(str(upload), "new.zip", run.id).to_json())
    assert job.state is JobState.FAILED and "zip" in job.error
    assert services.artifacts.ids(dataset_id, ArtifactKind.LOOKUP_PHOTOS) == []


def test_the_command_line_says_who_is_there_and_writes_what_is_asked(learned, photos, tmp_path, capsys):
    services, dataset_id = learned
    few = {name: photos[name] for name in ("new/1.jpg", "new/broken.jpg", "new/nothing.jpg")}
    archive, folder = write_zip(tmp_path / "new.zip", few), tmp_path / "out"
    folder.mkdir()
    words = ["lookup", str(archive), "--dataset", dataset_id, "--data", str(services.settings.data_dir), "--json"]
    files = ["--csv", str(folder / "a.csv"), "--xmp", str(folder / "x.zip"), "--sorted", str(folder / "s.zip")]
    assert main([*words, *files, "--forget"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert {photo["photo"]: [face["name"] for face in photo["faces"]] for photo in answer["photos"]} == {
        "new/1.jpg": ["madonna"], "new/broken.jpg": [], "new/nothing.jpg": [],
    }  # fmt: skip
    counts = {name: answer["counts"][name] for name in ("photos", "faces", "named", "without_face", "refused")}
    assert counts == {"photos": 2, "faces": 1, "named": 1, "without_face": 1, "refused": 1}
    assert [row["name"] for row in read_csv((folder / "a.csv").read_bytes())] == ["madonna", "", ""]
    with zipfile.ZipFile(folder / "s.zip") as archived:
        assert archived.read("madonna/1.jpg") == photos["new/1.jpg"]
    assert kept_lookups.list_lookups(services.artifacts, dataset_id) == []
    assert main([*words, "--fpir", "0.5"]) == 1, "a rate without a limit is refused before the work"


def test_a_recogniser_of_another_model_is_refused(learned, photos, tmp_path):
    services, dataset_id = learned
    wanted = wish(services, dataset_id)
    identifier = services.identifier(wanted.run)
    foreign = replace(identifier, gallery=replace(identifier.gallery, model_id="another"))
    with (
        services.open_source(write_zip(tmp_path / "new.zip", photos), folders_are_people=False) as source,
        pytest.raises(ModelMismatch),
    ):
        lookup.look_up_photos(services.lookup_tools(), foreign, source, wanted)
    assert services.artifacts.ids(dataset_id, ArtifactKind.LOOKUP_PART) == []

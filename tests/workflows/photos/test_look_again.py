"""Looking again at photos that are there, with the real networks on a few photos of the sample."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import ExifTags, Image
from sqlalchemy import delete, update

from core.__main__ import main
from core.base.errors import Cancelled, InputRefused, NotFound
from core.base.machine import Pace
from core.base.progress import CancelToken, Progress
from core.base.types import Box, Face, FacePolicy, RgbImage, Split
from core.corrections.model import EventKind
from core.imaging.geometry import match_boxes, turn_detection
from core.imaging.pixels import encode_jpeg
from core.jobs.registry import job_handlers
from core.jobs.startup import queue_turned_photos
from core.jobs.worker import run_job
from core.services import Services
from core.store import artifacts
from core.store.job_model import JobKind, JobState
from core.store.sql import schema
from core.store.values.datasets import FileOutcome
from core.vision.engine.openvino import OpenVinoEngine
from core.workflows.exchange import export, imports
from core.workflows.exchange.export import ExportKind, ExportRequest
from core.workflows.photos import look_again
from core.workflows.photos.face_finding import LocalFinder
from core.workflows.photos.look_again import SAME_FACE, RedetectionSummary
from tests.conftest import MODEL_ID
from tests.workflows.photos.conftest import OTHER_MODEL, Album, Blind, Dim, Twice, vector, with_pace

# detecting again


def test_a_face_that_is_found_again_keeps_all_that_was_said_of_it(album: Album, single: Sequence[bytes]) -> None:
    album.take({"train/ann/1.jpg": single[0], "val/bob/2.jpg": single[1]})
    before, plain = album.face("train/ann/1.jpg"), album.face("val/bob/2.jpg")
    album.by.move([before.id], "zoe")
    album.by.assign_split([before.id], Split.VAL)
    album.by.exclude([before.id])
    labels, history = album.labels(), album.services.log.events(album.dataset_id, face_id=before.id)
    vectors = album.services.store.embeddings(album.dataset_id).vectors
    assert album.look() == RedetectionSummary(photos=2, kept=2, added=0, missing=0)
    after = album.face("train/ann/1.jpg")
    assert after.box != before.box
    assert (after.id, after.person, after.split, after.excluded) == (before.id, "zoe", Split.VAL, True)
    assert album.face("val/bob/2.jpg").id == plain.id
    assert album.labels() == labels
    assert album.services.log.events(album.dataset_id, face_id=before.id) == history
    moved = album.services.store.embeddings(album.dataset_id).vectors
    closeness = np.einsum("ij,ij->i", vectors, moved)
    assert (closeness > 0.9).all()  # the same faces
    assert (closeness < 0.9999).all()  # at other boxes
    album.by.undo_session()
    assert album.face("train/ann/1.jpg").person == "ann"


def test_a_dismissed_face_stays_dismissed(album: Album, single: Sequence[bytes]) -> None:
    album.take({"ann/1.jpg": single[0], "bob/2.jpg": single[1]})
    face = album.face("ann/1.jpg")
    event = album.by.dismiss([face.id])
    assert album.look().kept == 2
    assert album.people() == {"bob": 1}
    album.by.undo(event.id)
    back = album.face("ann/1.jpg")
    assert (back.id, back.person) == (face.id, "ann")
    assert back.box != face.box


def test_a_face_that_is_not_found_again_goes_unless_somebody_spoke_of_it(album: Album, single: Sequence[bytes]) -> None:
    album.take({"ann/1.jpg": single[0], "bob/2.jpg": single[1], "carl/3.jpg": single[2]})
    album.by.confirm([album.face("ann/1.jpg").id])
    album.by.undo(album.by.exclude([album.face("bob/2.jpg").id]).id)  # can be redone, so it is still spoken of
    assert album.look(album.seeing(Blind)) == RedetectionSummary(photos=3, kept=0, added=0, missing=0)
    assert album.people() == {"ann": 1, "bob": 1}
    assert album.look() == RedetectionSummary(photos=3, kept=2, added=1, missing=0)
    assert album.people() == {"ann": 1, "bob": 1, "carl": 1}


def test_new_faces_are_named_by_their_folder_as_an_ingest_would(
    album: Album, single: Sequence[bytes], sample_files: Mapping[str, bytes], crowded: str
) -> None:
    album.take({"train/ann/1.jpg": sample_files[crowded], "train/bob/2.jpg": single[0]}, FacePolicy.ONLY_SINGLE)
    assert album.people() == {"bob": 1}
    assert album.look().added == 1
    (found,) = album.faces("train/ann/1.jpg")
    assert (found.person, found.split) == ("ann", Split.TRAIN)
    assert album.look(policy=FacePolicy.KEEP_OTHERS).added == 1
    assert sorted(str(face.person) for face in album.faces("train/ann/1.jpg")) == ["None", "ann"]


def test_a_larger_face_that_is_found_later_gets_no_name_that_another_has(
    album: Album, sample_files: Mapping[str, bytes], crowded: str
) -> None:
    album.take({"ann/1.jpg": sample_files[crowded]}, tools=album.seeing(Dim))
    named = album.face("ann/1.jpg")
    assert album.look() == RedetectionSummary(photos=1, kept=1, added=1, missing=0)
    assert {face.id: face.person for face in album.faces("ann/1.jpg") if face.person} == {named.id: "ann"}
    assert len(album.faces("ann/1.jpg")) == 2


def test_looking_again_measures_what_earlier_versions_did_not(album: Album, single: Sequence[bytes]) -> None:
    exif, out = Image.Exif(), io.BytesIO()
    exif[ExifTags.Base.DateTime] = "1970:01:01 00:01:00"
    Image.open(io.BytesIO(single[0])).save(out, "JPEG", exif=exif)
    album.take({"ann/1.jpg": out.getvalue(), "bob/2.jpg": single[1]})
    store = album.services.store
    with store.engine.begin() as connection:
        connection.execute(delete(schema.quality))
        connection.execute(update(schema.photo).values(taken=None))
    table = store.face_table(album.dataset_id)
    assert np.isnan([table.grades, table.taken]).all()
    album.look()
    table = store.face_table(album.dataset_id)
    assert not np.isnan(table.grades).any()
    np.testing.assert_array_equal(np.sort(table.taken), [60, np.nan])


def test_photos_that_are_gone_or_damaged_are_counted_and_the_rest_goes_on(
    album: Album, single: Sequence[bytes]
) -> None:
    names = ["ann/1.jpg", "ann/2.jpg", "bob/3.jpg"]
    album.take(dict(zip(names, single, strict=False)))
    album.file("ann/1.jpg").unlink()
    album.file("ann/2.jpg").write_bytes(single[1][:2000])
    faces, job_id = album.services.store.counts(album.dataset_id).faces, album.job(JobKind.LOOK_AGAIN)
    assert album.look(job_id=job_id) == RedetectionSummary(photos=3, kept=1, added=0, missing=2)
    assert album.services.store.counts(album.dataset_id).faces == faces
    lines = album.services.store.file_reports(job_id, [FileOutcome.REFUSED])
    assert sorted(line.name for line in lines) == names[:2]
    assert all(line.reason for line in lines)


def test_it_stops_between_two_batches_and_goes_on_from_there(album: Album, single: Sequence[bytes]) -> None:
    album.take({f"ann/{number}.jpg": single[number] for number in range(4)})
    boxes = {face_id: face.box for face_id, face in _all_faces(album).items()}
    token, job_id = CancelToken(), album.job(JobKind.LOOK_AGAIN)

    def stop_after_one(done: int, total: int, message: str) -> None:
        if done == 1:
            token.cancel()

    with pytest.raises(Cancelled):
        album.look(with_pace(album.seeing(), 1), job_id=job_id, progress=Progress(stop_after_one, token))
    moved = [face_id for face_id, face in _all_faces(album).items() if face.box != boxes[face_id]]
    seen: list[tuple[int, int]] = []
    came = album.look(job_id=job_id, progress=Progress(lambda done, total, message: seen.append((done, total))))
    assert len(moved) == 4 - came.photos
    assert seen[0] == (len(moved), 4)
    assert seen[-1] == (4, 4)
    assert all(face.box != boxes[face_id] for face_id, face in _all_faces(album).items())


def _all_faces(album: Album) -> dict[str, Face]:
    store = album.services.store
    ids = store.face_table(album.dataset_id).face_ids
    return {face.id: face for face in store.faces(album.dataset_id, ids)}


# drawing


def test_a_drawn_face_survives_another_look_and_undo_takes_it_away(album: Album, faceless: bytes) -> None:
    album.take({"1.jpg": faceless})
    box = Box(30, 20, 90, 100)
    event = look_again.add_drawn_face(album.tools, album.by, album.photo_id("1.jpg"), box, "ann")
    drawn = album.face("1.jpg")
    assert (event.kind, drawn.person, drawn.drawn, drawn.box, drawn.prob) == (EventKind.DRAW, "ann", True, box, 0.5)
    assert drawn.quality is not None
    np.testing.assert_allclose(drawn.landmarks, look_again.MEAN_FACE * [60, 80] + [30, 20], atol=1e-3)
    assert album.services.store.embeddings(album.dataset_id).face_ids == (drawn.id,)
    assert album.look() == RedetectionSummary(photos=1, kept=0, added=0, missing=0)
    assert (album.face("1.jpg").id, album.people()) == (drawn.id, {"ann": 1})
    album.by.undo(event.id)
    album.look()
    assert album.faces("1.jpg") == []
    again = look_again.add_drawn_face(album.tools, album.by, album.photo_id("1.jpg"), box)
    assert (again.kind, album.face("1.jpg").id, album.face("1.jpg").person) == (EventKind.DRAW, drawn.id, None)


@pytest.mark.parametrize(
    ("box", "why"),
    [
        pytest.param(None, "already", id="on a face that is there"),
        pytest.param(Box(10, 10, 17, 60), "8 pixels", id="too narrow"),
        pytest.param(Box(-50, 10, 5, 60), "8 pixels", id="nearly all of it beyond the edge"),
        pytest.param(Box(5000, 5000, 5100, 5100), "8 pixels", id="beyond the photo"),
    ],
)
def test_a_box_that_cannot_be_a_new_face_is_refused(
    album: Album, single: Sequence[bytes], box: Box | None, why: str
) -> None:
    album.take({"ann/1.jpg": single[0]})
    before = album.labels()
    with pytest.raises(InputRefused, match=why):
        look_again.add_drawn_face(
            album.tools, album.by, album.photo_id("ann/1.jpg"), box or album.face("ann/1.jpg").box
        )
    assert album.labels() == before


def test_a_box_where_the_detector_sees_a_face_takes_its_landmarks(
    album: Album, sample_images: Mapping[str, RgbImage], crowded: str
) -> None:
    framed = np.pad(sample_images[crowded], ((150, 0), (200, 0), (0, 0)), constant_values=110)
    album.take({"ann/1.jpg": encode_jpeg(framed)})
    named = album.face("ann/1.jpg").box
    (found,) = album.tools.pipeline.detector.detect([framed])
    other = next(face for face in found if match_boxes([named], [face.box], SAME_FACE) == [None])
    left, top, right, bottom = other.box.as_tuple()
    shift = other.box.width / 10
    drawn = Box(left + shift, top, right + shift, bottom)
    look_again.add_drawn_face(album.tools, album.by, album.photo_id("ann/1.jpg"), drawn, "bob")
    face = next(face for face in album.faces("ann/1.jpg") if face.person == "bob")
    np.testing.assert_allclose(face.box.as_tuple(), drawn.as_tuple(), atol=1e-3)
    # found in a smaller part of the photo, so on another pyramid
    np.testing.assert_allclose(face.landmarks, other.landmarks, atol=0.08 * other.box.width)
    assert face.prob > 0.8


def test_nothing_is_drawn_on_a_photo_whose_file_is_gone(album: Album, faceless: bytes) -> None:
    album.take({"1.jpg": faceless})
    album.file("1.jpg").unlink()
    with pytest.raises(NotFound):
        look_again.add_drawn_face(album.tools, album.by, album.photo_id("1.jpg"), Box(30, 20, 90, 100))


# boxes that are one face

A, B, C = Box(0, 0, 10, 10), Box(2, 0, 12, 10), Box(20, 0, 30, 10)


@pytest.mark.parametrize(
    ("before", "found", "expected"),
    [
        pytest.param([], [A], [None], id="nothing before"),
        pytest.param([A], [], [], id="nothing found"),
        pytest.param([A], [A], [0], id="the same"),
        pytest.param([A, C], [C, A], [1, 0], id="in another order"),
        pytest.param([A], [Box(0, 0, 10, 4.1)], [0], id="just enough"),
        pytest.param([A], [Box(0, 0, 10, 3.9)], [None], id="just too little"),
        pytest.param([A], [B, A], [None, 0], id="the better one has it"),
        pytest.param([A, B], [B], [1], id="and takes the better one"),
        pytest.param([A, B], [Box(1, 0, 11, 10), A], [1, 0], id="the second best has what is left"),
    ],
)
def test_boxes_are_matched_best_first_and_once(before: list[Box], found: list[Box], expected: list[int | None]) -> None:
    assert match_boxes(found, before, SAME_FACE) == expected


# the command line


def answer(*arguments: str) -> dict[str, object]:
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        assert main([*arguments, "--json"]) == 0
    return json.loads(out.getvalue())


def test_the_command_line_looks_again_and_changes_the_model(
    album: Album,
    engine: OpenVinoEngine,
    sample_files: Mapping[str, bytes],
    crowded: str,
    single: Sequence[bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Services, "engine", Twice(engine))
    where = ("--dataset", "family", "--data", str(album.services.settings.data_dir))
    album.take({"ann/1.jpg": sample_files[crowded], "bob/2.jpg": single[0]})
    album.file("bob/2.jpg").unlink()
    said = answer("look-again", *where, "--faces", "keep-others")
    assert {name: said[name] for name in ("photos", "kept", "added")} == {"photos": 2, "kept": 1, "added": 1}
    assert said["missing"] == [
        {"name": "bob/2.jpg", "reason": "A file of this dataset (photos) is missing from the data folder."}
    ]
    with contextlib.redirect_stderr(io.StringIO()) as refused:
        assert main(["change-model", *where, "--model", OTHER_MODEL]) == 1
    assert "1 photo is missing" in refused.getvalue()
    album.file("bob/2.jpg").write_bytes(single[0])
    said = answer("change-model", *where, "--model", OTHER_MODEL)
    assert (said["model"], said["photos"]) == (OTHER_MODEL, 2)
    assert album.services.store.dataset(album.dataset_id).model_id == OTHER_MODEL


# photos that lie on their side or head


def state(album: Album) -> dict[str, tuple[object, ...]]:
    """Every photo with its turn and size, and every face with its box and name."""
    store, found = album.services.store, {}
    for photo_id in store.photo_labels(album.dataset_id):
        photo, faces = store.photo(album.dataset_id, photo_id)
        places = tuple((face.id, _rounded(face), face.person, face.crop_id) for face in faces)
        found[photo.name] = (photo.turn, photo.width_px, photo.height_px, photo.perceptual_hash, places)
    return found


def _rounded(face: Face) -> list[int]:
    """Box and landmarks to a tenth of a pixel: float32 sums differ with what else is in a batch."""
    return np.rint(np.array([*face.box.as_tuple(), *face.landmarks.ravel()]) * 10).astype(int).tolist()


def catch_up(album: Album) -> RedetectionSummary:
    return look_again.detect_on_turned_photos(album.tools, album.dataset_id, FacePolicy.LARGEST)


def test_a_photo_on_its_side_is_taken_upright_and_says_so(album: Album, lying: dict[str, bytes]) -> None:
    album.take(lying)
    upright, side = (
        album.services.store.photo(album.dataset_id, album.photo_id(f"madonna/{name}.png"))[0]
        for name in ("upright", "side")
    )
    assert (upright.turn, side.turn) == (0, 3)
    assert (side.width_px, side.height_px) == (upright.width_px, upright.height_px)
    assert side.perceptual_hash == upright.perceptual_hash  # the same shot, however it lies
    np.testing.assert_allclose(
        album.faces("madonna/side.png")[0].box.as_tuple(),
        album.faces("madonna/upright.png")[0].box.as_tuple(),
        atol=0.5,
    )
    assert vector(album, "madonna/side.png") @ vector(album, "madonna/upright.png") > 0.999
    (job,) = album.services.jobs.jobs(album.dataset_id)
    reasons = {line.name: line.reason for line in album.services.store.file_reports(job.id)}
    assert reasons == {
        "madonna/upright.png": "",
        "madonna/side.png": "It lay on its right side; it was turned upright.",
        "jerry/head.png": "It stood on its head; it was turned upright.",
    }
    path = album.services.artifacts.path(album.dataset_id, artifacts.ArtifactKind.PHOTO, side.id)
    assert path.read_bytes() == lying["madonna/side.png"], "the file stays as it is"


def test_a_turn_by_hand_is_looked_at_anew_and_undone_without_a_trace(album: Album, lying: dict[str, bytes]) -> None:
    album.take(lying)
    before, photo_id = state(album), album.photo_id("madonna/upright.png")
    (face,) = album.faces("madonna/upright.png")
    event = album.by.turn([photo_id], 1)
    catch_up(album)
    assert album.services.store.photo(album.dataset_id, photo_id)[0].turn == 1  # as somebody said, though it lies now
    later = album.by.turn([photo_id], 1)
    catch_up(album)
    album.by.undo(event.id)  # the earlier one; the later holds, and it says the same
    assert album.services.store.photo(album.dataset_id, photo_id)[0].turn == 2
    album.by.undo(later.id)
    catch_up(album)
    assert state(album) == before
    assert album.faces("madonna/upright.png")[0].id == face.id


def test_a_named_face_keeps_its_id_and_name_through_every_turn(album: Album, lying: dict[str, bytes]) -> None:
    album.take(lying)
    photo_id, (face,) = album.photo_id("jerry/head.png"), album.faces("jerry/head.png")
    album.by.move([face.id], "Reginald")
    before = state(album)
    for _ in range(4):
        album.by.turn([photo_id], 1)
        catch_up(album)
        assert face.id in {each.id for each in album.faces("jerry/head.png")}
    assert state(album) == before
    assert album.services.store.photos_to_look_at(album.dataset_id) == []


def test_faces_of_a_photo_that_was_taken_lying_are_found_once_it_is_turned(
    album: Album, lying: dict[str, bytes]
) -> None:
    album.take(lying, tools=album.seeing(Blind))
    assert [photo.name for photo in album.services.store.photos_without_face(album.dataset_id)] == sorted(lying)
    album.by.turn([album.photo_id("jerry/head.png")], 2)
    came = catch_up(album)
    assert (came.photos, came.kept, came.added, came.missing) == (1, 0, 1, 0)
    (face,) = album.faces("jerry/head.png")
    assert face.person == "jerry"
    album.by.undo()
    catch_up(album)
    assert state(album)["jerry/head.png"][0] == 0  # as the ingest left it


def test_looking_again_turns_photos_of_an_earlier_version_but_none_that_somebody_turned(
    album: Album, lying: dict[str, bytes]
) -> None:
    album.take(lying, tools=album.seeing(Blind))
    by_hand = album.photo_id("madonna/side.png")
    album.by.turn([by_hand], 1)
    album.look(album.tools)
    turns = {name: each[0] for name, each in state(album).items()}
    assert turns == {"madonna/upright.png": 0, "madonna/side.png": 1, "jerry/head.png": 2}
    album.by.undo()
    album.look(album.tools)
    assert state(album)["madonna/side.png"][0] == 3  # nobody says it any more, so it is turned as its face is surest


def test_a_turned_photo_whose_file_is_gone_costs_that_photo_only(album: Album, lying: dict[str, bytes]) -> None:
    album.take(lying)
    gone = album.photo_id("madonna/side.png")
    album.services.artifacts.delete(album.dataset_id, artifacts.ArtifactKind.PHOTO, gone)
    album.by.turn([gone, album.photo_id("jerry/head.png")], 1)
    came = catch_up(album)
    assert (came.photos, came.missing) == (2, 1)


@dataclass
class Disturbed:
    """A finder; while it looks at its first batch, somebody does something."""

    finder: LocalFinder
    disturb: Callable[[], object]
    decodes: bool = False
    batches_in_hand: int = 1

    def fit_pace(self, pace: Pace) -> Pace:
        return pace

    def stream_faces(self, *question: Any, portraits: bool = False) -> Iterator[Any]:
        for answered in self.finder.stream_faces(*question, portraits=portraits):
            disturb, self.disturb = self.disturb, lambda: None
            disturb()
            yield answered


def test_a_photo_that_is_turned_while_it_is_looked_at_is_looked_at_once_more(
    album: Album, lying: dict[str, bytes]
) -> None:
    album.take(lying)
    photo_id, (face,) = album.photo_id("madonna/upright.png"), album.faces("madonna/upright.png")
    album.by.confirm([face.id])  # so that it stays where a face that lies is not seen
    tools = album.seeing()
    finder = Disturbed(LocalFinder(tools.pipeline), lambda: album.by.turn([photo_id], 1))
    came = album.look(replace(tools, open_finder=lambda _: finder))
    assert (came.photos, came.missing) == (3, 0)
    photo, faces = album.services.store.photo(album.dataset_id, photo_id)
    assert photo.turn == 1
    assert album.services.store.photos_to_look_at(album.dataset_id) == []
    # Its box is turned with it, whether the detector sees a face that lies or not.
    assert [each.id for each in faces] == [face.id]
    turned = turn_detection(face.detection, photo.height_px, photo.width_px, 1).box
    np.testing.assert_allclose(faces[0].box.as_tuple(), turned.as_tuple(), atol=0.2 * turned.width)


def test_the_command_line_turns_a_photo(album: Album, lying: dict[str, bytes]) -> None:
    album.take(lying)
    name = album.services.store.dataset(album.dataset_id).name
    with contextlib.redirect_stdout(io.StringIO()) as told:
        words = ["turn", "upright.png", "--by", "over", "--dataset", name, "--json"]
        assert main([*words, "--data", str(album.services.settings.data_dir)]) == 0
    assert json.loads(told.getvalue())["photos"][0]["turn"] == 2
    with contextlib.redirect_stderr(io.StringIO()) as refused:
        words = ["turn", "nobody.png", "--by", "left", "--dataset", name]
        assert main([*words, "--data", str(album.services.settings.data_dir)]) == 1
    assert "no photo 'nobody.png'" in refused.getvalue()


def test_a_log_takes_turns_and_what_was_said_of_turned_faces_along(
    album: Album, lying: dict[str, bytes], tmp_path: Path
) -> None:
    """Elsewhere the photos were taken by a version that turned none; here one was turned by hand and undone."""
    services = album.services
    elsewhere = Album(services, services.store.create_dataset("elsewhere", MODEL_ID).id, tmp_path / "elsewhere")
    elsewhere.folder.mkdir()
    for each in (album, elsewhere):
        each.take(lying, tools=each.seeing(Blind))
    album.by.undo(album.by.turn([album.photo_id("madonna/side.png")], 2).id)
    album.by.turn([album.photo_id("jerry/head.png")], 2)
    catch_up(album)
    album.by.move([album.face("jerry/head.png").id], "Jerome")
    export.export_dataset(
        services.export_tools(), album.dataset_id, ExportRequest(ExportKind.LOG), tmp_path / "log.zip"
    )
    by = imports.new_import_editor("Ben")
    summary = imports.import_log(services.import_tools(), elsewhere.dataset_id, tmp_path / "log.zip", by)
    assert (summary.events, summary.faces, summary.faces_missing, summary.refused) == (2, 1, 0, [])
    assert elsewhere.face("jerry/head.png").person == "Jerome"
    assert {name: each[0] for name, each in state(elsewhere).items()} == {
        "madonna/upright.png": 0,
        "madonna/side.png": 0,
        "jerry/head.png": 2,
    }


def test_a_log_finds_faces_on_photos_that_are_turned_otherwise_here(
    album: Album, lying: dict[str, bytes], tmp_path: Path
) -> None:
    """The log was written where the photo was upright by itself; here somebody has turned it."""
    services = album.services
    elsewhere = Album(services, services.store.create_dataset("elsewhere", MODEL_ID).id, tmp_path / "elsewhere")
    elsewhere.folder.mkdir()
    for each in (album, elsewhere):
        each.take({"ann/1.png": lying["madonna/upright.png"]})
    elsewhere.by.confirm([elsewhere.face("ann/1.png").id])
    elsewhere.by.turn([elsewhere.photo_id("ann/1.png")], 3)
    album.by.move([album.face("ann/1.png").id], "Zoe")
    export.export_dataset(
        services.export_tools(), album.dataset_id, ExportRequest(ExportKind.LOG), tmp_path / "log.zip"
    )
    imports.import_log(
        services.import_tools(), elsewhere.dataset_id, tmp_path / "log.zip", imports.new_import_editor("Ben")
    )
    assert elsewhere.face("ann/1.png").person == "Zoe"


def test_a_photo_turned_by_a_process_that_died_is_looked_at_when_a_worker_starts(
    album: Album, lying: dict[str, bytes]
) -> None:
    album.take(lying)
    album.by.turn([album.photo_id("jerry/head.png")], 1)
    services = album.services
    assert (queue_turned_photos(services), queue_turned_photos(services)) == (1, 0), "once is enough"
    job = services.jobs.jobs(album.dataset_id)[0]
    assert run_job(services.jobs, job, job_handlers(services)[JobKind.LOOK_AGAIN], CancelToken()) is JobState.DONE
    assert services.store.photos_to_look_at(album.dataset_id) == []
    assert queue_turned_photos(services) == 0

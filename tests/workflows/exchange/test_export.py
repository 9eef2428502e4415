"""What is taken out of a dataset can be used elsewhere and comes back as it was."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import time
import unicodedata
import zipfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from core.archives.opening import open_source
from core.base.errors import Cancelled, InputRefused, ModelMismatch, NotFound
from core.base.progress import CancelToken, Progress
from core.base.settings import ArchiveLimits, Settings
from core.base.types import Box, Face, Photo, Quality, Split
from core.corrections.model import Editor, EventKind
from core.formats import xmp
from core.formats.signed_zip import SIGNATURE_NAME
from core.formats.xmp import Region, Sidecar
from core.formats.zip_writer import Folders, safe_part, writing_zip
from core.imaging.geometry import match_boxes
from core.services import Services
from core.store.artifacts import ArtifactKind, content_id
from core.store.job_model import JobKind, JobOwner
from core.store.values.datasets import IngestBatch, PhotoLabel, StoredFace
from core.workflows.exchange import export, import_names, imports
from core.workflows.exchange.export import ExportKind, ExportRequest
from core.workflows.labels.correct import Corrector
from core.workflows.photos.requests import IngestRequest

EDITOR = Editor("Ann", "sitting-1")
INGEST = IngestRequest("photos.zip", "photos.zip").to_json()
QUALITY = Quality(
    size_px=30.0,
    sharpness=0.9,
    brightness=0.5,
    contrast=0.2,
    yaw_deg=-3.0,
    pitch_deg=2.0,
    roll_deg=1.0,
    cut_frac=0.0,
    steadiness=0.95,
    grade=0.8,
)


class Album:
    """A dataset with photos that are a few bytes each, for work that opens none."""

    def __init__(self, folder: Path, **stores: str) -> None:
        self.services = Services(Settings(folder, **stores))
        self.dataset = self.services.store.create_dataset("Family", "facenet-128")
        self.job = self.services.jobs.submit(self.dataset.id, JobKind.INGEST, INGEST, JobOwner.COMMAND_LINE)

    def add(
        self, name: str, *people: str | None, split: Split | None = None, shift: float = 0.0, folder: str | None = None
    ) -> list[str]:
        """A photo with a face for each person, a hundred pixels apart; the faces' ids."""
        content = name.encode()
        photo_id = content_id(content)
        photo = Photo(
            id=photo_id, name=name, width_px=400, height_px=300, size_bytes=len(content), perceptual_hash=0, taken=1e9
        )
        faces = [self._face(photo_id, place, person, split, shift) for place, person in enumerate(people)]
        label = PhotoLabel(folder or (people[0] if people else None), split)
        self.services.artifacts.put(self.dataset.id, ArtifactKind.PHOTO, photo_id, content)
        self.services.store.add(self.dataset.id, self.job.id, IngestBatch([(photo, label)], faces))
        return [face.face.id for face in faces]

    def _face(self, photo_id: str, place: int, person: str | None, split: Split | None, shift: float) -> StoredFace:
        left = 10 + 100 * place + shift
        face_id = hashlib.sha256(f"{photo_id}{left}".encode()).hexdigest()[:24]
        crop = f"crop of {face_id}".encode()
        self.services.artifacts.put(self.dataset.id, ArtifactKind.CROP, content_id(crop), crop)
        landmarks = np.zeros((5, 2), np.float32)
        face = Face(
            id=face_id,
            photo_id=photo_id,
            box=Box(left, 20, left + 60, 90),
            landmarks=landmarks,
            prob=0.99,
            crop_id=content_id(crop),
            person=person,
            split=split,
            quality=QUALITY,
        )
        vector = np.random.default_rng(int(face_id[:8], 16)).normal(size=128).astype(np.float32)
        return StoredFace(face, vector / np.linalg.norm(vector))

    def corrector(self, editor: Editor = EDITOR) -> Corrector:
        return Corrector(self.services.store, self.services.log, self.dataset.id, editor)

    def names(self) -> dict[str, str | None]:
        table = self.services.store.face_table(self.dataset.id)
        return {face_id: table.person(row) for row, face_id in enumerate(table.face_ids)}

    def people(self) -> dict[str, int]:
        return {person.name: person.id for person in self.services.store.people(self.dataset.id)}

    def export(self, what: ExportKind, path: Path, person_id: int | None = None) -> dict:
        return export.export_dataset(
            self.services.export_tools(), self.dataset.id, ExportRequest(what, person_id=person_id), path
        ).to_json()

    def take(self, reader, path: Path):
        return reader(self.services.import_tools(), self.dataset.id, path, imports.new_import_editor("Ben"))


@pytest.fixture
def album(tmp_path: Path) -> Album:
    return Album(tmp_path / "home")


@pytest.fixture
def other(tmp_path: Path) -> Album:
    return Album(tmp_path / "elsewhere")


def entries(path: Path) -> dict[str, bytes]:
    """What was exported; the signature, which every export has, is left out."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist() if name != SIGNATURE_NAME}


# photos


def test_exported_photos_taken_in_again_have_the_same_people_and_sides(album, tmp_path):
    album.add("a/1.jpg", "Ann", split=Split.TRAIN)
    album.add("b/1.jpg", "Ann", split=Split.VAL)
    album.add("2.jpg", "Bob", split=Split.TRAIN)
    album.add("3.jpg", None)
    album.corrector().rename(album.people()["Bob"], "Rob")
    assert album.export(ExportKind.PHOTOS, tmp_path / "out.zip") == {"photos": 4}
    with open_source(tmp_path / "out.zip", ArchiveLimits()) as source:
        told = {source.read(entry): (entry.person, entry.split) for entry in source.entries}
    assert told == {
        b"a/1.jpg": ("Ann", Split.TRAIN),
        b"b/1.jpg": ("Ann", Split.VAL),
        b"2.jpg": ("Rob", Split.TRAIN),
        b"3.jpg": (None, None),
    }


def test_two_photos_of_one_name_are_both_there(album, tmp_path):
    album.add("2019/1.jpg", "Ann")
    album.add("2020/1.jpg", "Ann")
    album.add("2.jpg", "Bob")
    album.export(ExportKind.PHOTOS, tmp_path / "out.zip")
    assert set(entries(tmp_path / "out.zip")) == {"photos/Ann/1.jpg", "photos/Ann/1 (2).jpg", "photos/Bob/2.jpg"}


def dates(path: Path) -> dict[str, tuple[int, ...]]:
    with zipfile.ZipFile(path) as archive:
        return {entry.filename: entry.date_time for entry in archive.infolist()}


@pytest.mark.parametrize("kind", [ExportKind.PHOTOS, ExportKind.CROPS])
def test_photos_and_faces_are_dated_when_they_were_taken(album, tmp_path, kind):
    album.add("1.jpg", "Ann")
    album.export(kind, tmp_path / "out.zip")
    assert list(dates(tmp_path / "out.zip").values())[:-1] == [(2001, 9, 9, 1, 46, 40)]


@pytest.mark.parametrize("taken", [None, -5e7, 5e9], ids=["no date", "1968", "2128"])
def test_what_has_no_date_that_a_zip_could_hold_is_dated_when_the_zip_was_written(tmp_path, taken):
    with writing_zip(tmp_path / "out.zip") as target:
        target.add_content("1.jpg", b"photo", taken)
        target.add_parts("faces.csv", [b"face"])
    assert {date[:3] for date in dates(tmp_path / "out.zip").values()} == {time.localtime()[:3]}


def test_a_photo_of_two_people_lies_with_both(album, tmp_path):
    album.add("1.jpg", "Ann", "Bob")
    assert album.export(ExportKind.PHOTOS, tmp_path / "out.zip") == {"photos": 2}
    assert set(entries(tmp_path / "out.zip")) == {"photos/Ann/1.jpg", "photos/Bob/1.jpg"}


def test_one_persons_photos_hold_nobody_elses_folder_and_no_log(album, tmp_path):
    album.add("1.jpg", "Ann", "Bob")
    album.add("2.jpg", "Bob")
    ann = album.people()["Ann"]
    assert album.export(ExportKind.PHOTOS, tmp_path / "out.zip", ann) == {"photos": 1}
    assert set(entries(tmp_path / "out.zip")) == {"photos/Ann/1.jpg"}
    assert album.export(ExportKind.FACES, tmp_path / "faces.zip", ann) == {"faces": 1}
    with pytest.raises(InputRefused, match="Of one person there are photos"):
        album.export(ExportKind.LOG, tmp_path / "log.zip", ann)


@pytest.mark.parametrize(
    ("name", "folder"),
    [("a/b", "a_b"), ("..", "_"), (".hidden", "_.hidden"), ("con", "_con"), ("Zoë ☃", "Zoë ☃"), ("tail. ", "tail")],
)
def test_a_name_that_no_folder_can_have_gets_one_that_can(name, folder):
    assert safe_part(name) == folder


def test_people_whose_folders_would_be_the_same_get_two(album):
    folders = Folders()
    assert [folders.folder_of(name) for name in ("Ann", "ann", "a/b", "a_b", "Ann")] == [
        "Ann",
        "ann (2)",
        "a_b",
        "a_b (2)",
        "Ann",
    ]


def test_crops_lead_back_to_the_table_of_faces(album, tmp_path):
    (face_id,) = album.add("1.jpg", "Ann")
    album.export(ExportKind.CROPS, tmp_path / "out.zip")
    assert entries(tmp_path / "out.zip") == {f"crops/Ann/1-{face_id}.jpg": f"crop of {face_id}".encode()}


# tables


def test_the_tables_say_what_the_store_says(album, tmp_path):
    first, second = album.add('odd ",\n=name.jpg', "Ann", None, split=Split.VAL)
    album.corrector().exclude([first])
    album.export(ExportKind.FACES, tmp_path / "out.zip")
    files = entries(tmp_path / "out.zip")
    rows = {
        row["face_id"]: row for row in csv.DictReader(io.StringIO(files["faces.csv"].decode("utf-8-sig"), newline=""))
    }
    assert rows.keys() == {first, second}
    assert (rows[first]["person"], rows[first]["split"], rows[first]["excluded"]) == ("Ann", "val", "True")
    assert (rows[second]["person"], rows[first]["photo"]) == ("", 'odd ",\n=name.jpg')
    assert rows[first]["photo_sha256"] == content_id(b'odd ",\n=name.jpg')
    table = pq.read_table(io.BytesIO(files["faces.parquet"])).to_pylist()
    by_id = {row["face_id"]: row for row in table}
    assert (by_id[first]["left_px"], by_id[first]["bottom_px"], by_id[first]["grade"]) == (10.0, 90.0, 0.8)
    assert by_id[second]["person"] is None and by_id[first]["excluded"] is True


def test_an_empty_dataset_has_nothing_to_export(album, tmp_path):
    with pytest.raises(InputRefused, match="no photos"):
        album.export(ExportKind.ALL, tmp_path / "out.zip")
    with pytest.raises(NotFound, match="trained"):
        album.export(ExportKind.BUNDLE, tmp_path / "out.zip")
    assert not list(tmp_path.glob("out*"))


# vectors


@pytest.mark.parametrize("name", ["embeddings.npz", "embeddings.parquet"])
def test_vectors_come_back_bit_by_bit(album, other, tmp_path, name):
    for each in (album, other):
        each.add("1.jpg", "Ann", "Bob")
    album.export(ExportKind.EMBEDDINGS, tmp_path / "out.zip")
    (tmp_path / name).write_bytes(entries(tmp_path / "out.zip")[name])
    wanted = album.services.store.embeddings(album.dataset.id)
    broken = {face_id: np.eye(128, dtype=np.float32)[0] for face_id in wanted.face_ids}
    other.services.transfer.replace_vectors(other.dataset.id, "facenet-128", broken)
    taken = imports.import_vectors(other.services.import_tools(), other.dataset.id, tmp_path / name)
    assert taken == imports.VectorSummary(taken=2, unchanged=0, unknown=0)
    before = other.services.store.dataset(other.dataset.id).revision
    again = imports.import_vectors(other.services.import_tools(), other.dataset.id, tmp_path / name)
    assert again == imports.VectorSummary(taken=0, unchanged=2, unknown=0)
    assert other.services.store.dataset(other.dataset.id).revision == before
    assert np.array_equal(other.services.store.embeddings(other.dataset.id).vectors, wanted.vectors)


def test_vectors_of_another_model_are_refused_by_its_id(album, tmp_path):
    album.add("1.jpg", "Ann")
    album.export(ExportKind.EMBEDDINGS, tmp_path / "out.zip")
    (tmp_path / "e.npz").write_bytes(entries(tmp_path / "out.zip")["embeddings.npz"])
    stranger = album.services.store.create_dataset("Other", "facenet-512")
    with pytest.raises(ModelMismatch, match="facenet-512"):
        imports.import_vectors(album.services.import_tools(), stranger.id, tmp_path / "e.npz")


def test_an_npz_that_would_make_room_for_terabytes_is_refused(album, tmp_path):
    album.add("1.jpg", "Ann")
    with zipfile.ZipFile(tmp_path / "e.npz", "w") as archive, archive.open("vectors.npy", "w") as member:
        head = {"descr": "<f4", "fortran_order": False, "shape": (1 << 40, 128)}
        np.lib.format.write_array_header_1_0(member, head)
    with pytest.raises(InputRefused, match="not as large as"):
        imports.import_vectors(album.services.import_tools(), album.dataset.id, tmp_path / "e.npz")


# sidecars


@pytest.mark.parametrize("name", ["Ann", "Zoë <&> \"x\" 'y'", "名前", "👩‍👧", "\ufffe odd", "a]]>b", "Zoe\u0308", None])
def test_a_sidecar_holds_any_name(name):
    areas = (Box(0.025, 0.0625, 0.175, 0.3), Box(0.75, 0.015, 1.05, 0.3))
    regions = (Region(areas[0], name), Region(areas[1], "over the edge"))
    read = xmp.decode_sidecar(xmp.encode_sidecar(Sidecar((400, 300), regions, "ab" * 32)))
    assert (read.size_wh, read.photo_id, read.upright) == ((400, 300), "ab" * 32, False)
    assert read.regions[0].name == (name and unicodedata.normalize("NFC", name.replace("\ufffe", "\ufffd")).strip())
    for region, area in zip(read.regions, areas, strict=True):
        assert np.allclose(region.area.as_tuple(), area.as_tuple(), atol=1e-8)


LOG_HEAD = '{"format": "face-atlas-log", "version": 1}\n'
DIGIKAM = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/"
 xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#" xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#">
<mwg-rs:Regions><rdf:Description><mwg-rs:AppliedToDimensions rdf:parseType="Resource"><stDim:w>400</stDim:w>
<stDim:h>300</stDim:h><stDim:unit>pixel</stDim:unit></mwg-rs:AppliedToDimensions><mwg-rs:RegionList><rdf:Bag>
<rdf:li><rdf:Description mwg-rs:Name="Cleo" mwg-rs:Type="Face"><mwg-rs:Area><rdf:Description stArea:x="0.1"
 stArea:y="0.183" stArea:w="0.2" stArea:h="0.3" stArea:unit="normalized"/></mwg-rs:Area></rdf:Description></rdf:li>
<rdf:li><rdf:Description mwg-rs:Name="Rex" mwg-rs:Type="Pet"><mwg-rs:Area stArea:x="0.9" stArea:y="0.9" stArea:w="0.1"
 stArea:h="0.1"/></rdf:Description></rdf:li></rdf:Bag></mwg-rs:RegionList></rdf:Description></mwg-rs:Regions>
</rdf:Description></rdf:RDF></x:xmpmeta>"""


def test_names_of_another_program_are_taken_in_one_event_that_can_be_undone(album, tmp_path):
    (face,) = album.add("holiday/1.jpg", None)
    (tmp_path / "1.jpg.xmp").write_bytes(DIGIKAM)
    summary = album.take(import_names.import_xmp, tmp_path / "1.jpg.xmp")
    assert (summary.named, summary.unmatched, summary.refused) == (1, 0, [])
    assert album.names() == {face: "Cleo"}
    assert album.services.log.event(album.dataset.id, summary.event).kind is EventKind.IMPORT
    album.corrector().undo(summary.event)
    assert album.names() == {face: None}


def test_exported_sidecars_name_the_same_faces_elsewhere(album, other, tmp_path):
    album.add("1.jpg", "Ann", "Bob")
    album.add("2/1.jpg", "Cleo")
    faces = other.add("1.jpg", None, None, shift=9) + other.add("2/1.jpg", None, shift=-9)
    assert album.export(ExportKind.XMP, tmp_path / "out.zip") == {"sidecars": 2}
    summary = other.take(import_names.import_xmp, tmp_path / "out.zip")
    assert (summary.files, summary.named) == (2, 3)
    assert other.names() == dict(zip(faces, ("Ann", "Bob", "Cleo"), strict=True))
    assert other.take(import_names.import_xmp, tmp_path / "out.zip").unchanged == 3


def test_sidecars_that_cannot_be_used_are_each_reported_and_the_rest_goes_on(album, tmp_path):
    (face,) = album.add("1.jpg", None)
    good = xmp.encode_sidecar(Sidecar((400, 300), (Region(Box(10 / 400, 20 / 300, 70 / 400, 90 / 300), "Ann"),)))
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for name, content in {
            "size/1.jpg.xmp": good.replace(b'"400"', b'"300"').replace(b'h="300"', b'h="400"'),
            "gone/9.jpg.xmp": good,
            "bomb/1.jpg.xmp": b'<!DOCTYPE x [<!ENTITY a "aa">]><x>&a;</x>',
            "cut/1.jpg.xmp": good[:300],
            "empty/1.jpg.xmp": b"<x/>",
            "1.jpg.xmp": good,
        }.items():
            archive.writestr(name, content)
    summary = album.take(import_names.import_xmp, tmp_path / "x.zip")
    reasons = {line.name.split("/")[0]: line.reason for line in summary.refused}
    assert reasons.keys() == {"size", "gone", "bomb", "cut", "empty"}
    assert "300 x 400" in reasons["size"]
    assert "not in this dataset" in reasons["gone"]
    assert "document type" in reasons["bomb"]
    assert "well-formed" in reasons["cut"]
    assert album.names() == {face: "Ann"}


def test_a_box_has_one_partner_and_the_nearer_wins():
    boxes = [Box(0, 0, 10, 10), Box(2, 0, 12, 10), Box(50, 50, 60, 60)]
    assert match_boxes(boxes, [Box(1.9, 0, 12, 10)], 0.3) == [None, 0, None]


# the log


def test_a_log_replayed_on_another_ingest_gives_the_same_names(album, other, tmp_path):
    """Boxes are a few pixels elsewhere, ids are others, one photo is missing."""
    for each, shift in ((album, 0), (other, 4)):
        each.add("1.jpg", "Ann", "Bob", shift=shift)
        each.add("2.jpg", "Bob", shift=shift)
        each.add("3.jpg", None, shift=shift)
        each.add("5.jpg", "Eve", None, shift=shift)
    lost = album.add("4.jpg", "Ann")
    faces, people, mine = list(album.names()), album.people(), album.corrector()
    by_photo = {f.photo_id: f.id for f in album.services.store.faces(album.dataset.id, faces)}
    third = by_photo[content_id(b"3.jpg")]
    mine.rename(people["Ann"], "Ann Lee")
    mine.move([third], "Dan")
    mine.merge(people["Bob"], people["Ann"])
    mine.exclude([third, *lost])
    mine.cover(people["Ann"], lost[0])
    mine.keep_apart([(third, by_photo[content_id(b"2.jpg")])])
    mine.undo(mine.mark_strangers([third]).id)
    mine.note(album.people()["Eve"], "a \u2028 note")
    assert album.export(ExportKind.LOG, tmp_path / "out.zip")["log_lines"]
    start = other.names()
    summary = other.take(imports.import_log, tmp_path / "out.zip")
    assert (summary.refused, summary.faces_missing, summary.undone, summary.empty) == ([], 1, 2, 1)
    assert _told(other) == {key: value for key, value in _told(album).items() if key[0] != content_id(b"4.jpg")}
    assert len(other.services.log.pairs_kept_apart(other.dataset.id)) == 1
    assert {p.name: p.note for p in other.services.store.people(other.dataset.id)}["Eve"] == "a \u2028 note"
    events = other.services.log.events(other.dataset.id)
    assert len(events) == summary.events and {event.kind for event in events} == {EventKind.IMPORT}
    Corrector(other.services.store, other.services.log, other.dataset.id, EDITOR).undo_session(events[0].session)
    assert other.names() == start


@pytest.fixture
def corrected(album, tmp_path):
    """A dataset with five corrections, and their log."""
    for number in range(5):
        album.add(f"{number}.jpg", "Ann")
    for face_id, name in zip(album.names(), ("Bob", "Cleo", "Dan", "Eve", "Fay"), strict=True):
        album.corrector().move([face_id], name)
    album.export(ExportKind.LOG, tmp_path / "log.zip")
    return tmp_path / "log.zip"


def state(album: Album) -> tuple:
    """What an import can change: names, the number of events, the revision."""
    services, dataset_id = album.services, album.dataset.id
    return album.names(), len(services.log.events(dataset_id)), services.store.dataset(dataset_id).revision


def same_photos(album: Album, other: Album) -> Album:
    for name in album.services.transfer.photo_ids(album.dataset.id).values():
        other.add(name, "Ann")
    return other


def test_the_same_log_twice_changes_nothing_and_says_so(album, other, corrected):
    same_photos(album, other)
    assert other.take(imports.import_log, corrected).events == 5
    before = state(other)
    again = other.take(imports.import_log, corrected)
    assert (again.events, again.known, again.refused) == (0, 5, [])
    assert state(other) == before and before[0] == album.names()


def test_the_own_log_taken_back_changes_nothing(album, corrected):
    before = state(album)
    assert album.take(imports.import_log, corrected).known == 5
    assert state(album) == before


def test_a_log_that_went_there_and_back_changes_nothing(album, other, corrected, tmp_path):
    same_photos(album, other).take(imports.import_log, corrected)
    other.export(ExportKind.LOG, tmp_path / "back.zip")
    before = state(album)
    assert album.take(imports.import_log, tmp_path / "back.zip").known == 5
    assert state(album) == before


def test_a_log_taken_again_after_a_stopped_import_goes_on_where_it_was(album, other, corrected):
    same_photos(album, other)
    token = CancelToken()

    def report(done: int, _total: int, _message: str) -> None:
        if done == 2:
            token.cancel()

    with pytest.raises(Cancelled):
        imports.import_log(
            other.services.import_tools(),
            other.dataset.id,
            corrected,
            imports.new_import_editor("Ben"),
            Progress(report, token),
        )
    assert len(other.services.log.events(other.dataset.id)) == 3
    summary = other.take(imports.import_log, corrected)
    assert (summary.known, summary.events) == (3, 2)
    assert other.names() == album.names()


def test_a_log_can_be_taken_again_when_its_import_was_undone_and_not_what_was_undone_alone(album, other, corrected):
    same_photos(album, other).take(imports.import_log, corrected)
    events = other.services.log.events(other.dataset.id)
    other.services.log.undo(other.dataset.id, EDITOR, [events[0].id])
    before = state(other)
    assert other.take(imports.import_log, corrected).known == 5
    assert state(other) == before, "somebody decided against this one"
    other.corrector().undo_session(events[0].session)
    assert other.take(imports.import_log, corrected).events == 5
    assert other.names() == album.names()


def test_a_longer_log_of_the_same_dataset_adds_what_is_new(album, other, corrected, tmp_path):
    same_photos(album, other).take(imports.import_log, corrected)
    album.corrector().rename(album.people()["Bob"], "Robert")
    album.export(ExportKind.LOG, tmp_path / "longer.zip")
    summary = other.take(imports.import_log, tmp_path / "longer.zip")
    assert (summary.known, summary.events) == (5, 1)
    assert other.names() == album.names()


def _told(album: Album) -> dict[tuple[str, int], tuple]:
    """Each face's name and marks, by its photo and place."""
    faces = album.services.store.faces(album.dataset.id, list(album.names()))
    return {(f.photo_id, int(f.box.left) // 100): (f.person, f.excluded, f.confirmed, f.stranger) for f in faces}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"format": "other"}', "no correction log"),
        ('{"format": "face-atlas-log", "version": 99}', "later version"),
        (f'{LOG_HEAD}{{"event": 1}}', "Line 2"),
        (f'{LOG_HEAD}{{"face": 0, "photo": "x", "box": [1, 2, 0, 4], "drawn": false}}', "Line 2"),
        (LOG_HEAD + json.dumps({
            "event": 1, "kind": "exclude", "author": "x", "why": "", "active": True, "undoes": None, "person": None,
            "from": None, "changes": [["face", 0, "excluded", "yes"]]}), "cannot be 'yes'"),
        ("\x00\x01", "no correction log"),
    ],
)  # fmt: skip
def test_a_damaged_log_is_refused_with_its_line_and_changes_nothing(album, tmp_path, line, reason):
    album.add("1.jpg", "Ann")
    before = album.services.store.dataset(album.dataset.id).revision
    (tmp_path / "log.jsonl").write_text(line, encoding="utf-8")
    with pytest.raises(InputRefused, match=reason):
        album.take(imports.import_log, tmp_path / "log.jsonl")
    assert album.services.store.dataset(album.dataset.id).revision == before

"""Take a dataset, or a part of it, out as one zip: photos, crops, tables, sidecars, vectors, the bundle, the log.

Everything is read and written in pages; what is held in memory does not grow with the photos, but for the zip's own
table of contents.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path, PurePosixPath

from core.base.errors import InputRefused, NotFound, ReadingEnded
from core.base.face_table import Embeddings
from core.base.json_values import Json, decode_record, drop_empty, encode_record
from core.base.progress import UNWATCHED, Progress
from core.base.settings import ImageLimits
from core.base.types import Face, Split
from core.base.words import display_name
from core.formats import correction_log, signed_zip, tables, xmp
from core.formats.xmp import Sidecar
from core.formats.xmp_frame import build_sidecar
from core.formats.zip_writer import Folders, ZipWriter, safe_part, writing_zip
from core.imaging.geometry import turned_orientation
from core.language.texts import marked
from core.store.artifacts import ArtifactKind, Artifacts
from core.store.exchange_protocols import StoredPhoto, TransferStore
from core.store.job_model import JobRequest, JobResult
from core.store.protocols import FaceStore
from core.store.values.datasets import Dataset
from core.store.values.runs import Run
from core.workflows.exchange.bundles import BundleTools, export_bundle
from core.workflows.exchange.imports import LOG_NAME
from core.workflows.keeping.photo_keeping import require_kept_photos
from core.workflows.photos.stored_orientation import read_file_orientation


class ExportKind(StrEnum):
    """What can be exported."""

    PHOTOS = "photos"
    """The photos, a folder for each person; taking the zip in again gives the same names."""
    CROPS = "crops"
    """The faces cut out, a folder for each person."""
    FACES = "faces"
    """A table of all faces: CSV and Parquet."""
    XMP = "xmp"
    """A sidecar with the face regions for each photo."""
    EMBEDDINGS = "embeddings"
    """The vectors: npz and Parquet."""
    BUNDLE = "bundle"
    """The trained recogniser, for another installation."""
    LOG = "log"
    """The correction log, for the same photos elsewhere."""
    ALL = "all"


BUNDLE_NAME = "recogniser.bundle.zip"
NOTHING_TO_TAKE = marked(
    "'{dataset}' keeps no photos, so there are none to export. Faces, tables, sidecars for your own photos, vectors "
    "and the recogniser are there."
)


ONE_PERSON = (ExportKind.PHOTOS, ExportKind.CROPS, ExportKind.FACES, ExportKind.XMP)
"""What can be had of one person alone."""


@dataclass(frozen=True, slots=True)
class ExportRequest(JobRequest):
    """What is to be exported."""

    what: ExportKind = ExportKind.ALL
    run: str | None = None
    """The id of the trained recogniser for the bundle; the newest by default."""
    person_id: int | None = None
    """Only the photos and faces of this person."""


@dataclass(frozen=True, slots=True)
class ExportSummary(JobResult):
    """How many of each thing are in an export; None of what it is not about."""

    photos: int | None = None
    crops: int | None = None
    faces: int | None = None
    sidecars: int | None = None
    photos_missing: int | None = None
    """Photos without a sidecar: where their faces are in the stored picture cannot be told."""
    vectors: int | None = None
    log_lines: int | None = None
    bundles: int | None = None
    people: int | None = None
    """Whom the recogniser of a bundle knows."""
    evidence_faces: int | None = None
    """Faces that come along with it."""
    sha256: str | None = None
    bytes: int | None = None
    """Of the file, once it lies where it stays."""

    def to_json(self) -> dict[str, Json]:
        """What it is about alone."""
        return drop_empty(encode_record(self))


@dataclass(frozen=True)
class ExportTools:
    """What exports work with."""

    store: FaceStore
    transfer: TransferStore
    artifacts: Artifacts
    bundles: BundleTools
    images: ImageLimits = field(default_factory=ImageLimits)


@dataclass
class _Export:
    """One export on its way."""

    tools: ExportTools
    dataset: Dataset
    target: ZipWriter
    progress: Progress
    person_id: int | None = None
    counts: dict[str, int] = field(default_factory=dict)

    def pages(self, message: str) -> Iterator[list[StoredPhoto]]:
        """The photos in pages, with progress."""
        total, n_done = self.tools.store.counts(self.dataset.id).photos, 0
        for page in self.tools.transfer.photos(self.dataset.id):
            # Between pages: a cancelled export leaves no page half written, and its draft goes with it.
            self.progress.step(n_done, total, message)
            yield page if self.person_id is None else list(_of_person(page, self.person_id))
            n_done += len(page)
        self.progress.report(total, total, message)

    def count(self, name: str, number: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + number


def _of_person(page: list[StoredPhoto], person_id: int) -> Iterator[StoredPhoto]:
    """The photos of one person, each with this person's faces alone."""
    for stored_photo in page:
        faces = tuple(face for face in stored_photo.faces if face.person_id == person_id)
        if faces:
            yield replace(stored_photo, faces=faces)


def export_dataset(
    tools: ExportTools,
    dataset_id: str,
    request: ExportRequest,
    path: Path,
    progress: Progress = UNWATCHED,
) -> ExportSummary:
    """Write an export to ``path``, whole or not at all.

    Raises
    ------
    InputRefused
        There is nothing of this kind to export, or it cannot be had of one person.
    """
    kind = request.what
    # A run that does not exist is told before a zip is begun.
    dataset, run = tools.store.dataset(dataset_id), _run_to_bundle(tools, dataset_id, request)
    if request.person_id is not None and kind not in ONE_PERSON:
        raise InputRefused(
            marked("Of one person there are {kinds}. Export the others of everybody.").format(
                kinds=", ".join(ONE_PERSON)
            )
        )
    if kind is ExportKind.BUNDLE:
        if run is None:
            raise NotFound(
                marked("Nothing was trained on '{dataset}' yet. Train first, then export the bundle.").format(
                    dataset=dataset.name
                )
            )
        return decode_record(ExportSummary, encode_record(export_bundle(tools.bundles, run, path)))
    if kind is ExportKind.PHOTOS:
        require_kept_photos(dataset, NOTHING_TO_TAKE)
    if not tools.store.counts(dataset_id).photos:
        raise InputRefused(
            marked("'{dataset}' holds no photos, so there is nothing to export.").format(dataset=dataset.name)
        )
    with writing_zip(path) as target:
        work = _Export(tools=tools, dataset=dataset, target=target, progress=progress, person_id=request.person_id)
        # The table is the order in which they lie in the zip; the bundle comes last, as not every dataset has one.
        for part in _list_parts(dataset) if kind is ExportKind.ALL else (kind,):
            _WRITERS[part](work)
        if kind is ExportKind.ALL and run is not None:
            _add_bundle(work, run)
        # Last, when the hashes of all files are known.
        signed_list = signed_zip.encode_signed_list(target.digests(), tools.bundles.keyring.open_own())
        target.add_parts(signed_zip.SIGNATURE_NAME, [signed_list])
    return decode_record(ExportSummary, work.counts)


def _list_parts(dataset: Dataset) -> list[ExportKind]:
    """What there is of a dataset, in the order in which it lies in the zip."""
    return [part for part in _WRITERS if dataset.keeps_photos or part is not ExportKind.PHOTOS]


def _run_to_bundle(tools: ExportTools, dataset_id: str, request: ExportRequest) -> Run | None:
    """The recogniser that was asked for, else the newest, if there is one."""
    runs = tools.bundles.runs
    return runs.run(request.run) if request.run else next(iter(runs.runs(dataset_id)), None)


# photos and crops


def _photos(work: _Export) -> None:
    folders, fully_split = Folders(), _is_fully_split(work)
    for page in work.pages("Copying photos"):
        for stored_photo in page:
            for folder in _photo_folders(stored_photo, folders, fully_split):
                # A copy for each person on it, so that taking the zip in again finds everybody; names that meet get a
                # number.
                name = safe_part(PurePosixPath(stored_photo.photo.name).name)
                name = work.target.free_name("/".join(("photos", *folder, name)))
                _add_artifact(work, name, ArtifactKind.PHOTO, stored_photo.photo.id, stored_photo.photo.taken)
                work.count("photos")


def _is_fully_split(work: _Export) -> bool:
    """Whether every named face is on a side: folders for the sides would make people of the sides otherwise."""
    people = work.tools.store.people(work.dataset.id)
    return all(person.train + person.val == person.faces for person in people)


def _photo_folders(stored_photo: StoredPhoto, folders: Folders, fully_split: bool) -> list[tuple[str, ...]]:
    """The folders of a photo: of everybody on it, or none when nobody has a name."""
    people_and_splits: set[tuple[str | None, Split | None]] = {
        (face.person, face.split) for face in stored_photo.faces if face.person is not None
    }
    # A person's photo on which no face was found stays with its person: a better detector may find one later.
    if not people_and_splits and stored_photo.label.person and not stored_photo.faces:
        people_and_splits = {(stored_photo.label.person, stored_photo.label.split)}
    # Nobody named: no folder of a person, but its side of the split is kept.
    people_and_splits = people_and_splits or {(None, stored_photo.label.split)}
    return sorted({_folder(person, split if fully_split else None, folders) for person, split in people_and_splits})


def _folder(person: str | None, split: Split | None, folders: Folders) -> tuple[str, ...]:
    parts = (split.value if split else None, folders.folder_of(person) if person else None)
    return tuple(part for part in parts if part)


def _crops(work: _Export) -> None:
    folders = Folders()
    for page in work.pages("Copying faces"):
        for stored_photo in page:
            for face in stored_photo.faces:
                crop_name = _crop_name(stored_photo, face, folders)
                _add_artifact(work, crop_name, ArtifactKind.CROP, face.crop_id, stored_photo.photo.taken)
                work.count("crops")


def _crop_name(stored_photo: StoredPhoto, face: Face, folders: Folders) -> str:
    """The face's id in the name leads back to the table of faces."""
    stem = safe_part(PurePosixPath(stored_photo.photo.name).stem)
    return "/".join(("crops", *_folder(face.person, face.split, folders), f"{stem}-{face.id}.jpg"))


def _add_artifact(work: _Export, name: str, kind: ArtifactKind, file_id: str, taken: float | None) -> None:
    with work.tools.artifacts.open(work.dataset.id, kind, file_id) as file:
        work.target.add_stream(name, file, taken)


# tables


def _faces(work: _Export) -> None:
    hidden = {person.id: person.hidden for person in work.tools.store.people(work.dataset.id)}

    def rows(message: str) -> Iterator[list[tables.Row]]:
        return (list(tables.build_face_rows(page, hidden)) for page in work.pages(message))

    def counted() -> Iterator[list[tables.Row]]:
        for page in rows("Writing faces.parquet"):
            work.count("faces", len(page))
            yield page

    # Two passes over the pages, as rows are not held in memory. Faces are counted in one of them.
    work.target.add_parts("faces.csv", tables.encode_csv(rows("Writing faces.csv")))
    with _scratch(work, "faces.parquet") as path:
        tables.write_faces_parquet(path, counted())


def _sidecars(work: _Export) -> None:
    # In sidecars hidden people have no name, unless just this person was asked for.
    hidden = {person.id for person in work.tools.store.people(work.dataset.id) if person.hidden} - {work.person_id}
    for page in work.pages("Writing sidecars"):
        for stored_photo in page:
            try:
                tools = work.tools
                orientation = read_file_orientation(tools.artifacts, work.dataset.id, stored_photo.photo, tools.images)
            except (NotFound, ReadingEnded):
                # Without its file it cannot be told where the faces are in the stored picture; the others go on.
                work.count("photos_missing")
                continue
            content = xmp.encode_sidecar(_sidecar(stored_photo, hidden, orientation))
            parts = map(safe_part, PurePosixPath(stored_photo.photo.name).parts)
            work.target.add_parts(work.target.free_name("/".join(["xmp", *parts]) + ".xmp"), [content])
            work.count("sidecars")


def _sidecar(stored_photo: StoredPhoto, hidden: Set[int], orientation: int) -> Sidecar:
    """The faces of a photo as regions, those without a name too; names as pages show them, and none that is hidden."""
    photo = stored_photo.photo
    faces = [
        (face.box, display_name(face.person) if face.person and face.person_id not in hidden else None)
        for face in stored_photo.faces
    ]
    shown_wh = (photo.width_px, photo.height_px)
    return build_sidecar(photo.id, shown_wh, faces, turned_orientation(orientation, photo.turn))


def _embeddings(work: _Export) -> None:
    # The first page tells the dimension and the model, which stand before the vectors in both files.
    first = next(work.tools.transfer.vectors(work.dataset.id), None)
    if first is None:
        return
    dimension, count = first.vectors.shape[1], work.tools.store.counts(work.dataset.id).faces
    with _scratch(work, "embeddings.npz") as path:
        tables.write_vectors_npz(path, _vectors(work), first.model_id, dimension, count)
    with _scratch(work, "embeddings.parquet") as path:
        tables.write_vectors_parquet(path, _vectors(work), first.model_id, dimension)
    work.count("vectors", count)


def _vectors(work: _Export) -> Iterator[Embeddings]:
    for page in work.tools.transfer.vectors(work.dataset.id):
        work.progress.raise_if_cancelled()
        yield page


def _log(work: _Export) -> None:
    transfer, dataset = work.tools.transfer, work.dataset

    def lines() -> Iterator[bytes]:
        for line in correction_log.encode_log(
            dataset.name,
            dataset.model_id,
            transfer.origins(dataset.id),
            transfer.log(dataset.id),
            lambda face_ids: transfer.locate_faces(dataset.id, face_ids),
        ):
            work.progress.raise_if_cancelled()
            work.count("log_lines")
            yield line

    work.target.add_parts(LOG_NAME, lines())


def _add_bundle(work: _Export, run: Run) -> None:
    with _scratch(work, BUNDLE_NAME) as path:
        export_bundle(work.tools.bundles, run, path)
    work.count("bundles")


@contextmanager
def _scratch(work: _Export, name: str) -> Iterator[Path]:
    """A file that is written beside the zip and moved into it; it does not stay."""
    # Beside the zip, on the disk that has to hold it anyway: the system's folder for temporary files may be small, or
    # memory.
    with tempfile.TemporaryDirectory(dir=work.target.folder, prefix="part-") as folder:
        path = Path(folder) / name
        yield path
        work.target.add_file(name, path)


_WRITERS: dict[ExportKind, Callable[[_Export], None]] = {
    ExportKind.PHOTOS: _photos,
    ExportKind.CROPS: _crops,
    ExportKind.FACES: _faces,
    ExportKind.XMP: _sidecars,
    ExportKind.EMBEDDINGS: _embeddings,
    ExportKind.LOG: _log,
}


def export_path(exports_dir: Path, dataset_id: str, job_id: str) -> Path:
    """Where the export of a job lies, until it is removed."""
    return exports_dir / dataset_id / f"{job_id}.zip"


def export_file_name(dataset: Dataset, kind: ExportKind, person: str | None = None) -> str:
    """What a download of an export is called."""
    return "-".join(safe_part(part) for part in (dataset.name, kind, person) if part) + ".zip"

"""What a file from elsewhere holds that can be brought in, told before anything is taken; and taking it.

A file is a bundle, a correction log, an XMP sidecar or vectors; a zip or folder may hold several of them, as an export
of everything does.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, replace
from pathlib import Path, PurePosixPath

from core.archives.file_names import PHOTO_EXTENSIONS
from core.archives.zip_file import ZipMembers
from core.base import words
from core.base.errors import InputRefused
from core.base.json_values import Json, JsonRecord, decode_record
from core.base.progress import UNWATCHED, Progress
from core.base.settings import ArchiveLimits
from core.corrections.model import Editor
from core.formats.correction_log import EventLine, FaceLine
from core.store.job_model import Job, JobResult
from core.store.protocols import Dataset
from core.workflows.exchange import bundles, import_names, imports
from core.workflows.exchange.bundles import BundleTools
from core.workflows.exchange.export import ExportKind
from core.workflows.exchange.import_names import SidecarSummary
from core.workflows.exchange.imports import ImportTools, LogSummary, VectorSummary
from core.workflows.exchange.name_sources import SIDECAR_ENDING, may_say_names, read_name_sources
from core.workflows.uploads import FileRequest

ENDINGS = ("zip", "jsonl", "xmp", "npz", "parquet", *sorted(PHOTO_EXTENSIONS))
"""Of files that may hold something to bring in."""
MOST_REFUSED = 1000
"""Of more refused files only the number is told."""
MOST_LOOKED_INTO_BYTES = 64 << 20
"""Of photos that are looked into before anything is taken: about half a second."""
_MANIFEST = "manifest.json"
_ORDER = (ExportKind.LOG, ExportKind.XMP, ExportKind.BUNDLE, ExportKind.EMBEDDINGS)
"""What can be undone comes first: the first is offered unless another is chosen."""
_EXPECTED = "Give a bundle, a correction log (.jsonl), XMP sidecars, photos, or vectors (.npz, .parquet)."


@dataclass(frozen=True)
class ArrivalTools:
    """What bringing in works with."""

    imports: ImportTools
    bundles: BundleTools
    scratch_dir: Path
    """Room for what has to be taken out of a zip."""


@dataclass(frozen=True, slots=True)
class ArrivalPart:
    """One thing that can be brought in, and what can be said of it beforehand."""

    kind: ExportKind
    member: str = ""
    """Where it lies in a zip or folder; empty when it is the whole."""
    count: int = 0
    """People of a bundle, corrections of a log, sidecars, or vectors."""
    photos: int = 0
    """Photos that carry names inside, or that may where there are too many to look into."""
    origin: str = ""
    """The dataset that a bundle was trained on."""
    model_id: str = ""
    n_mentioned: int = 0
    """Photos that a log speaks of, or faces that come along with a bundle."""
    n_present: int = 0
    """How many of a log's photos, or of the faces that vectors are of, this dataset has."""
    objection: str = ""
    """Why it cannot be taken."""


@dataclass(frozen=True, slots=True)
class ImportRequest(FileRequest):
    """A delivery to be brought in."""

    what: ExportKind
    member: str
    """Which file of a zip or folder; empty for the whole."""
    author: str
    session: str
    """The sitting by which names and corrections are undone."""
    name: str | None = None
    """Of the dataset that a bundle becomes."""

    def delivery(self, data_dir: Path) -> Delivery:
        """What is to be taken from where."""
        return Delivery(data_dir / self.path if self.path else None, self.what, self.member, self.name)


@dataclass(frozen=True, slots=True)
class BundleSummary(JsonRecord):
    """What came of a bundle; see ``bundles.ImportedBundle``."""

    dataset: str
    run: str
    people: int
    known: bool
    model: str = ""
    evidence_faces: int = 0
    sha256: str = ""


ImportSummary = LogSummary | SidecarSummary | VectorSummary | BundleSummary
_SUMMARIES: Mapping[ExportKind, type[ImportSummary]] = {
    ExportKind.LOG: LogSummary,
    ExportKind.XMP: SidecarSummary,
    ExportKind.EMBEDDINGS: VectorSummary,
    ExportKind.BUNDLE: BundleSummary,
}
_COUNT = "_count"


@dataclass(frozen=True, slots=True)
class ImportResult(JobResult):
    """What came of a delivery. As JSON, the summary and, of each of its lists, how many lines there were in all."""

    summary: ImportSummary
    """Its lists have at most ``MOST_REFUSED`` lines."""
    list_lengths: Mapping[str, int] = field(default_factory=dict)
    """By the lists' names."""

    @classmethod
    def bounded(cls, summary: ImportSummary) -> ImportResult:
        """Of a summary whose lists may be long."""
        # A folder of 100,000 unreadable sidecars would put as many lines into the job's row, which pages read again and
        # again.
        lists = {entry.name: getattr(summary, entry.name) for entry in fields(summary)}
        lists = {name: lines for name, lines in lists.items() if isinstance(lines, list)}
        shortened = {name: lines[:MOST_REFUSED] for name, lines in lists.items()}
        return cls(replace(summary, **shortened), {name: len(lines) for name, lines in lists.items()})

    def to_json(self) -> dict[str, Json]:
        """One object."""
        counts = {f"{name}{_COUNT}": length for name, length in self.list_lengths.items()}
        return {**self.summary.to_json(), **counts}

    @classmethod
    def of(cls, job: Job) -> ImportResult:
        """Raises ValueError."""
        summary = _SUMMARIES[ImportRequest.of(job).what].from_json(job.result)
        lengths = {name.removesuffix(_COUNT): length for name, length in job.result.items() if name.endswith(_COUNT)}
        return cls(summary, decode_record(dict[str, int], lengths))


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is to be taken from where."""

    path: Path | None
    """None for names that the dataset's own photos carry inside."""
    kind: ExportKind
    member: str = ""
    name: str | None = None
    """Of the dataset that a bundle becomes; as it was called at home by default."""


def inspect_arrival(tools: ArrivalTools, path: Path, dataset_id: str | None) -> list[ArrivalPart]:
    """What is in a file, zip or folder; what cannot be taken into this dataset comes with the reason.

    Raises
    ------
    InputRefused
        Nothing of it can be brought in.
    """
    parts = [_with_photos(tools.imports, path, part) for part in _list_parts(path, tools.imports.limits)]
    # Photos are listed before it is known whether they carry names; a part of plain photos offers nothing.
    parts = [part for part in parts if part.kind is not ExportKind.XMP or part.count or part.photos]
    if not parts:
        raise InputRefused(f"There is nothing in '{path.name}' that can be brought in. {_EXPECTED}")
    return [_describe_part(tools, path, part, dataset_id) for part in parts]


# what is in it


def _list_parts(path: Path, limits: ArchiveLimits) -> list[ArrivalPart]:
    if path.is_file() and path.suffix.lower() != ".zip":
        kind = _kind_of_file(path.name)
        return [] if kind is None else [_names_in([path.name]) if kind is ExportKind.XMP else ArrivalPart(kind)]
    names = _file_names(path, limits)
    # A bundle is a zip of parts, among them npz files that would each be offered as vectors.
    if not path.is_dir() and _MANIFEST in names:
        return [ArrivalPart(ExportKind.BUNDLE)]
    return _group_parts(names)


def _file_names(path: Path, limits: ArchiveLimits) -> list[str]:
    """Of all files in a folder or zip."""
    if path.is_dir():
        return [file.relative_to(path).as_posix() for file in sorted(path.rglob("*")) if _is_regular_file(file)]
    if not path.exists():
        raise InputRefused(f"'{path.name}' is not there any more. Give it again.")
    with ZipMembers(path, limits) as members:
        return list(members.names)


def _is_regular_file(file: Path) -> bool:
    """A link is not followed out of the folder."""
    return file.is_file() and not file.is_symlink()


def _group_parts(names: Iterable[str]) -> list[ArrivalPart]:
    """Sidecars and photos are one part wherever they lie; everything else counts at the top only."""
    kinds = {name: kind for name in names if (kind := _kind_of_file(name)) is not None}
    parts = []
    for name, kind in kinds.items():
        # An export has the same vectors in both forms, and one of them is enough.
        twin = name.lower().endswith(".parquet") and f"{PurePosixPath(name).stem}.npz" in kinds
        # A log in a sub-folder belongs to what else lies there, and may be of another dataset.
        if kind is not ExportKind.XMP and "/" not in name and not twin:
            parts.append(ArrivalPart(kind, name))
    if sources := [name for name, kind in kinds.items() if kind is ExportKind.XMP]:
        parts.append(_names_in(sources))
    return sorted(parts, key=lambda part: _ORDER.index(part.kind))


def _names_in(sources: Sequence[str]) -> ArrivalPart:
    """Sidecars, and photos that may carry names inside."""
    sidecars = sum(name.lower().endswith(SIDECAR_ENDING) for name in sources)
    return ArrivalPart(ExportKind.XMP, count=sidecars, photos=len(sources) - sidecars)


def _with_photos(tools: ImportTools, path: Path, part: ArrivalPart) -> ArrivalPart:
    """The part with the photos that carry names, where they are few enough to look into while somebody waits."""
    if not part.photos or _size_bytes(path) > MOST_LOOKED_INTO_BYTES:
        return part
    return replace(part, photos=import_names.count_photos_with_names(read_name_sources(path, tools.limits)))


def _size_bytes(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if _is_regular_file(file))


def _kind_of_file(name: str) -> ExportKind | None:
    lower = PurePosixPath(name).name.lower()
    # Asked first: a photo's ending says more than what stands before it.
    if may_say_names(name):
        return ExportKind.XMP
    endings = {".jsonl": ExportKind.LOG, ".npz": ExportKind.EMBEDDINGS, "bundle.zip": ExportKind.BUNDLE}
    # The table of faces of an export is for people and their programs; there is nothing in it to take.
    if lower.endswith(".parquet") and lower != "faces.parquet":
        return ExportKind.EMBEDDINGS
    return next((kind for ending, kind in endings.items() if lower.endswith(ending)), None)


# what can be said of it


def _describe_part(tools: ArrivalTools, path: Path, part: ArrivalPart, dataset_id: str | None) -> ArrivalPart:
    try:
        with _open_part(tools, path, part.member) as file:
            if part.kind is ExportKind.BUNDLE:
                return _describe_bundle(tools.bundles, file, part)
            dataset = _dataset(tools, dataset_id)
            if part.kind is ExportKind.LOG:
                return _describe_log(tools.imports, file, part, dataset)
            return _describe_vectors(tools.imports, file, part, dataset) if part.kind is ExportKind.EMBEDDINGS else part
    # Told beside the part and not raised: of an export of everything the rest can be taken.
    except InputRefused as refusal:
        return replace(part, objection=str(refusal))


def _dataset(tools: ArrivalTools, dataset_id: str | None) -> Dataset:
    if dataset_id is None:
        raise InputRefused("It belongs to photos, and there are none here yet. Add the photos first.")
    dataset = tools.imports.store.dataset(dataset_id)
    if not tools.imports.store.counts(dataset_id).photos:
        raise InputRefused(f"It belongs to photos, and '{dataset.name}' holds none. Add them first.")
    return dataset


def _describe_bundle(tools: BundleTools, file: Path, part: ArrivalPart) -> ArrivalPart:
    bundle, digest = bundles.read_usable_bundle(tools, file)
    if (earlier_run := bundles.find_imported(tools, digest)) is not None:
        name = tools.store.dataset(earlier_run.dataset_id).name
        raise InputRefused(f"It is here already, as the dataset '{name}'.")
    n_faces = len(bundle.gallery) if bundle.gallery else 0
    return replace(part, count=len(bundle.people), origin=bundle.dataset, model_id=bundle.model_id, n_mentioned=n_faces)


def _describe_log(tools: ImportTools, file: Path, part: ArrivalPart, dataset: Dataset) -> ArrivalPart:
    lines = imports.read_log(file, tools.limits)
    photos = {line.photo_id for line in lines if isinstance(line, FaceLine)}
    n_present = len(photos & tools.transfer.photo_ids(dataset.id).keys())
    if photos and not n_present:
        raise InputRefused(
            f"None of the {words.count(len(photos))} photos that the log speaks of is in '{dataset.name}'."
        )
    n_active = sum(isinstance(line, EventLine) and line.active and line.undoes is None for line in lines)
    return replace(part, count=n_active, n_mentioned=len(photos), n_present=n_present)


def _describe_vectors(tools: ImportTools, file: Path, part: ArrivalPart, dataset: Dataset) -> ArrivalPart:
    embeddings = imports.read_fitting_vectors(tools, dataset.id, file)
    n_present = len(set(embeddings.face_ids) & set(tools.store.face_table(dataset.id).face_ids))
    if not n_present:
        raise InputRefused(
            f"None of the {words.count(len(embeddings))} faces that the vectors are of is in '{dataset.name}'."
        )
    return replace(part, count=len(embeddings), model_id=embeddings.model_id, n_present=n_present)


@contextmanager
def _open_part(tools: ArrivalTools, path: Path, member: str) -> Iterator[Path]:
    """The file itself, one of a folder, or one of a zip, which is taken out for as long as it is needed."""
    if not member:
        yield path
    elif path.is_dir():
        yield path / member
    else:
        with (
            ZipMembers(path, tools.imports.limits) as members,
            tempfile.TemporaryDirectory(dir=tools.scratch_dir, prefix="part-") as folder,
        ):
            extracted = Path(folder) / PurePosixPath(member).name
            # A file of its own, as readers want to move about in it and the child that reads opens it by its path.
            extracted.write_bytes(members.read(member))
            yield extracted


# taking it


def import_delivery(
    tools: ArrivalTools,
    dataset_id: str | None,
    delivery: Delivery,
    by: Editor,
    progress: Progress = UNWATCHED,
    keep: Callable[[ImportResult], None] = lambda result: None,
) -> ImportResult:
    """Bring a delivery in; gives what came of it, in numbers, and what was refused with the reasons.

    A bundle becomes a dataset of its own. Names and corrections are one sitting of ``by``, so that they can be undone
    together; of work that was cancelled, the corrections of a log that were applied stay.

    Parameters
    ----------
    keep : is given what comes of names before they are recorded, for whoever goes on after a kill

    Raises
    ------
    InputRefused
        It cannot be used; nothing was changed.
    """
    delivery_import = _DeliveryImport(tools=tools.imports, by=by, progress=progress, keep=keep)
    takers = {
        ExportKind.LOG: delivery_import.log,
        ExportKind.XMP: delivery_import.sidecars,
        ExportKind.EMBEDDINGS: delivery_import.vectors,
    }
    # Names inside of the dataset's own photos: there is no file to open.
    if delivery.path is None:
        return delivery_import.sidecars(_dataset(tools, dataset_id).id, None)
    with _open_part(tools, delivery.path, delivery.member) as file:
        if delivery.kind is ExportKind.BUNDLE:
            bundle = bundles.import_bundle(tools.bundles, file, delivery.name)
            # The names of a bundle's people are its own; what is kept of it here is how many there are.
            return ImportResult(BundleSummary.from_json({**bundle.to_json(), "people": len(bundle.people)}))
        return takers[delivery.kind](_dataset(tools, dataset_id).id, file)


@dataclass(frozen=True)
class _DeliveryImport:
    """One delivery on its way in."""

    tools: ImportTools
    by: Editor
    progress: Progress
    keep: Callable[[ImportResult], None]

    def log(self, dataset_id: str, file: Path) -> ImportResult:
        return ImportResult.bounded(imports.import_log(self.tools, dataset_id, file, self.by, self.progress))

    def sidecars(self, dataset_id: str, file: Path | None) -> ImportResult:
        total = self._sources(dataset_id, file)

        # The import counts sources as it meets them and cannot know how many will come; that is worked out here, once.
        def tell(done: int, _: int, message: str) -> None:
            self.progress.report(done, total, message)

        def keep(summary: SidecarSummary) -> None:
            self.keep(ImportResult.bounded(summary))

        work = self.tools, dataset_id, file, self.by
        return ImportResult.bounded(import_names.import_xmp(*work, replace(self.progress, listener=tell), keep))

    def _sources(self, dataset_id: str, file: Path | None) -> int:
        if file is None:
            return self.tools.store.counts(dataset_id).photos
        # A file that is no source itself is a zip.
        alone = file.is_file() and _kind_of_file(file.name) is ExportKind.XMP
        return (
            1 if alone else sum(_kind_of_file(name) is ExportKind.XMP for name in _file_names(file, self.tools.limits))
        )

    def vectors(self, dataset_id: str, file: Path) -> ImportResult:
        self.progress.report(0, 0, "Reading vectors")
        return ImportResult(imports.import_vectors(self.tools, dataset_id, file))

"""Bringing in what a file from elsewhere holds: as it is asked for, done, and recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from core.base.json_values import Json, JsonRecord, decode_record
from core.base.progress import UNWATCHED, Progress
from core.corrections.model import Editor
from core.signing.keyring import UNSIGNED, Signer
from core.store.job_model import Job, JobResult
from core.workflows.exchange import bundles, import_names, imports
from core.workflows.exchange.arrivals import ArrivalTools, kind_of_file, list_file_names, open_part, require_photos
from core.workflows.exchange.export import ExportKind
from core.workflows.exchange.import_names import SidecarSummary
from core.workflows.exchange.imports import ImportTools, LogSummary, VectorSummary
from core.workflows.exchange.signers import recognise_export
from core.workflows.uploads import FileRequest

MOST_REFUSED = 1000
"""Of more refused files only the number is told."""


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
    signer: Signer = UNSIGNED


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
        return delivery_import.sidecars(require_photos(tools, dataset_id).id, None)
    require_unaltered(tools, delivery.path, delivery.kind, delivery.member, progress)
    with open_part(tools, delivery.path, delivery.member) as file:
        if delivery.kind is ExportKind.BUNDLE:
            bundle = bundles.import_bundle(tools.bundles, file, delivery.name)
            # The names of a bundle's people are its own; what is kept of it here is how many there are.
            return ImportResult(BundleSummary.from_json({**bundle.to_json(), "people": len(bundle.people)}))
        return takers[delivery.kind](require_photos(tools, dataset_id).id, file)


def require_unaltered(
    tools: ArrivalTools, path: Path, kind: ExportKind, member: str = "", progress: Progress = UNWATCHED
) -> Signer:
    """Who signed the zip that something is taken from. Raises ArchiveRefused where what is taken was altered since."""

    def is_taken(name: str) -> bool:
        return name == member if member else kind_of_file(name) is kind

    return recognise_export(tools.bundles.keyring, tools.imports.limits, path, is_taken, progress)


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
        if file.is_file() and kind_of_file(file.name) is ExportKind.XMP:
            return 1
        return sum(kind_of_file(name) is ExportKind.XMP for name in list_file_names(file, self.tools.limits))

    def vectors(self, dataset_id: str, file: Path) -> ImportResult:
        self.progress.report(0, 0, "Reading vectors")
        return ImportResult(imports.import_vectors(self.tools, dataset_id, file))

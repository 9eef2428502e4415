"""Gather what is known of a training run and write it as a report: one HTML file and one PDF.

Nothing is trained or measured anew, but for pairs of faces; the same run on the same revision gives the same bytes.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from platform import python_version

import numpy as np

from core.base.errors import InputRefused, NotFound
from core.base.face_table import Embeddings, FaceTable
from core.base.progress import UNWATCHED, Progress
from core.base.types import Ints
from core.formats.zip_writer import safe_part
from core.language.texts import marked
from core.learn.metrics.predictions import Predictions
from core.learn.open_set.operating_points import list_operating_points
from core.report import writing
from core.report.material import FaceSetHashes, FacesNow, ReportedNetwork, ReportMaterial, WrongName
from core.store.artifacts import ArtifactKind, Artifacts
from core.store.protocols import FaceStore, RunStore
from core.store.values.datasets import Dataset
from core.store.values.runs import Run
from core.workflows.evaluation import study
from core.workflows.training.train import load_predictions, load_recogniser
from core.workflows.verification import verify

MISTAKES_SHOWN = 12
PACKAGES = (
    *("scikit-learn", "numpy", "scipy", "openvino", "opencv-python-headless", "pillow"),
    *("matplotlib", "jinja2", "fpdf2"),
)
"""What the figures and the files depend on."""
_STEPS = 5


@dataclass(frozen=True)
class ReportTools:
    """What reports work with."""

    store: FaceStore
    runs: RunStore
    artifacts: Artifacts
    networks: Callable[[str], tuple[ReportedNetwork, ...]]
    """The networks that vectors of this name came from."""


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """A finished report."""

    name: str
    """What its files are called, without an ending."""
    html: bytes
    pdf: bytes
    facts: tuple[tuple[str, str], ...]
    """What can be told of it beforehand."""


def make_report(
    tools: ReportTools,
    run_id: str,
    *,
    faces: bool,
    progress: Progress = UNWATCHED,
) -> WrittenReport:
    """Write the report of a run.

    Parameters
    ----------
    faces : whether pictures of people are in it

    Raises
    ------
    NotFound
        There is no such run, or its files are gone.
    InputRefused
        Its files are damaged.
    """
    # Here, as the packages that write the files need not be loaded when the app starts.
    from core.report.html import to_html
    from core.report.pdf import to_pdf

    def begin(step: int, message: str) -> None:
        progress.step(step, _STEPS, message)

    begin(0, marked("Reading the run"))
    run = tools.runs.run(run_id)
    dataset = tools.store.dataset(run.dataset_id)
    material = gather_report_material(tools, dataset, run, faces=faces, begin=begin)
    document = writing.write_report(material)
    # Both files are written of one document, so that they cannot say two things.
    begin(3, marked("Writing the page"))
    html = to_html(document)
    begin(4, marked("Writing the PDF"))
    pdf = to_pdf(document)
    begin(_STEPS, "Done")
    return WrittenReport(report_file_name(dataset, run), html, pdf, tuple(writing.report_facts(document)))


def report_file_name(dataset: Dataset, run: Run) -> str:
    """What the files are called on every system, without an ending."""
    return f"report-{safe_part(dataset.name)}-{run.id}"


def gather_report_material(
    tools: ReportTools, dataset: Dataset, run: Run, *, faces: bool, begin: Callable[[int, str], None]
) -> ReportMaterial:
    """Everything that the report tells of."""
    predictions = load_predictions(tools.artifacts, run)
    table, embeddings = tools.store.face_table(dataset.id), tools.store.embeddings(dataset.id)
    begin(1, marked("Comparing faces two by two"))
    # The one figure that is worked out here: pairs are of the dataset as it is now, and no run keeps them.
    named_faces = verify.select_named_faces(table, embeddings)
    begin(2, marked("Looking at the errors"))
    wrong_names = _surest_wrong_names(tools, run, predictions, _CurrentFaces(table, embeddings), with_pictures=faces)
    return ReportMaterial(
        dataset=dataset.name,
        revision_now=dataset.revision,
        run=run,
        predictions=predictions,
        operating_points=list_operating_points(predictions, load_recogniser(tools.artifacts, run).rules.full),
        study=study.load_study(tools.artifacts, run),
        faces=_faces_now(predictions, table),
        pairs=named_faces.measure_pairs(),
        pair_points=named_faces.measure_operating_points(),
        mistakes=wrong_names,
        networks=tools.networks(run.model_id),
        hashes=_hashes(run, dataset, predictions, table),
        packages=(("Python", python_version()), *((name, version(name)) for name in PACKAGES)),
        with_faces=faces,
    )


def save_report(report: WrittenReport, folder: Path) -> tuple[Path, Path]:
    """Write both files into a folder, made when it is not there; both or none: the HTML, the PDF.

    Raises
    ------
    InputRefused
        They cannot be written there.
    """
    html, pdf = folder / f"{report.name}.html", folder / f"{report.name}.pdf"
    # A name of its own for each attempt: two reports may be saved into one folder at once.
    drafts = {path: path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.part") for path in (html, pdf)}
    replaced: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in ((html, report.html), (pdf, report.pdf)):
            drafts[path].write_bytes(content)
        for path, draft in drafts.items():
            draft.replace(path)
            replaced.append(path)
    except OSError as fault:
        # Both or none: an HTML without its PDF would look like a report that was saved.
        for path in replaced:
            path.unlink()
        why = fault.strerror or type(fault).__name__
        raise InputRefused(
            marked("The report cannot be written into '{folder}' ({fault}). Give another folder.").format(
                folder=folder, fault=why
            )
        ) from fault
    finally:
        for draft in filter(Path.exists, drafts.values()):
            draft.unlink()
    return html, pdf


# the parts


@dataclass(frozen=True, slots=True, eq=False)
class _CurrentFaces:
    """The dataset's faces as they are now."""

    table: FaceTable
    embeddings: Embeddings


def _faces_now(predictions: Predictions, table: FaceTable) -> FacesNow:
    _, tested_rows = table.match(predictions.face_ids)
    # Figures of the run count them still, and pictures cannot show them: the report says how many.
    n_gone = len({*predictions.face_ids, *predictions.learned_ids}.difference(table.face_ids))
    return FacesNow(table.sizes_px[tested_rows], table.grades[tested_rows], n_gone)


def _surest_wrong_names(
    tools: ReportTools, run: Run, predictions: Predictions, current: _CurrentFaces, *, with_pictures: bool
) -> tuple[WrongName, ...]:
    """The surest wrong names."""
    rows = predictions.surest_rows(predictions.wrong)[:MISTAKES_SHOWN]
    _, learned_rows = current.table.match(predictions.learned_ids)
    wrong_names = []
    for row in rows.tolist():
        true, predicted = int(predictions.true[row]), int(predictions.given[row])
        table_row = current.table.find(predictions.face_ids[row]) if with_pictures else None
        similar_row = (
            None
            if table_row is None
            else _most_like(current, learned_rows, table_row, _label(run, current.table, predicted))
        )
        wrong_names.append(
            WrongName(
                person=predictions.people[true],
                assigned_name=predictions.people[predicted],
                prob=float(predictions.probs[row]),
                score=float(predictions.scores[row]),
                distance=float(predictions.distances[row]),
                face=_crop(tools.artifacts, current.table, run.dataset_id, table_row),
                like=_crop(tools.artifacts, current.table, run.dataset_id, similar_row),
            )
        )
    return tuple(wrong_names)


def _label(run: Run, table: FaceTable, person: int) -> int:
    """The place that a person of the run has among those of the dataset now; -1 when nobody is left."""
    ids = run.params.person_ids
    if ids is not None:
        return table.person_ids.index(ids[person]) if ids[person] in table.person_ids else -1
    # Runs of an earlier version know names only.
    name = run.params.people[person]
    return table.people.index(name) if name in table.people else -1


def _most_like(current: _CurrentFaces, learned_rows: Ints, face_row: int, label: int) -> int | None:
    """Of the learned faces of a person, the row of the one most like a face, from another photo."""
    table, vectors = current.table, current.embeddings.vectors
    # Another photo: the nearest face of the very same picture would explain nothing.
    rows = [
        row
        for row in learned_rows[table.labels[learned_rows] == label]
        if table.photo_ids[row] != table.photo_ids[face_row]
    ]
    return int(rows[int(np.argmax(vectors[rows] @ vectors[face_row]))]) if rows else None


def _crop(artifacts: Artifacts, table: FaceTable, dataset_id: str, row: int | None) -> bytes | None:
    """A face as a picture; None without a face, or when its file is gone."""
    if row is None:
        return None
    try:
        return artifacts.read(dataset_id, ArtifactKind.CROP, table.crop_ids[row])
    except NotFound:
        return None


def _hashes(run: Run, dataset: Dataset, predictions: Predictions, table: FaceTable) -> FaceSetHashes:
    tested = zip(predictions.face_ids, (predictions.people[person] for person in predictions.true), strict=True)
    learned = predictions.learned_ids
    # Which names were learned is told by the dataset, so it can be hashed only while that is as the run saw it.
    unchanged = run.revision == dataset.revision and all(face_id in table for face_id in learned)
    names = _hash_of((face_id, table.person(table.index(face_id)) or "") for face_id in learned) if unchanged else None
    return FaceSetHashes(
        tested=_hash_of(tested),
        learned=_hash_of((face_id,) for face_id in learned),
        learned_with_names=names,
    )


def _hash_of(lines: Iterable[Sequence[str]]) -> str:
    """sha256 over the lines in order, their parts divided by tabs, in UTF-8."""
    # Sorted, so that the hash is of the set and not of an order: somebody else can work it out from a table of the
    # faces.
    text = "".join(f"{line}\n" for line in sorted("\t".join(parts) for parts in lines))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()

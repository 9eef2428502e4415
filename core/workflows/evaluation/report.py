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
from core.base.types import CancelToken, Embeddings, FaceTable, Ints, silent
from core.base.types import Report as Progress
from core.formats.zip_writer import safe_part
from core.learn.metrics.predictions import Predictions
from core.learn.verification.pair_likelihood import ALL_PAIRS_MOST
from core.report import writing
from core.report.html import to_html
from core.report.material import FacesNow, Hashes, Material, Network, Pairs, WrongName
from core.report.pdf import to_pdf
from core.store.artifacts import Artifacts, Kind
from core.store.protocols import Dataset, FaceStore, Run, RunStore
from core.workflows.evaluation import study
from core.workflows.evaluation.evaluate import evaluation_json
from core.workflows.training.train import load_predictions, load_recogniser
from core.workflows.verification import verify

MISTAKES_SHOWN = 12
PACKAGES = ("scikit-learn", "numpy", "scipy", "openvino", "opencv-python-headless", "pillow", "fpdf2")
"""What the figures and the files depend on."""
_STEPS = 5


@dataclass(frozen=True)
class ReportTools:
    """What reports work with."""

    store: FaceStore
    runs: RunStore
    artifacts: Artifacts
    networks: Callable[[str], tuple[Network, ...]]
    """The networks that vectors of this name came from."""


@dataclass(frozen=True, slots=True)
class Report:
    """A finished report."""

    name: str
    """What its files are called, without an ending."""
    html: bytes
    pdf: bytes
    facts: tuple[tuple[str, str], ...]
    """What can be told of it beforehand."""


def make_report(
    tools: ReportTools, run_id: str, *, faces: bool, report: Progress = silent, token: CancelToken | None = None
) -> Report:
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
    token = token or CancelToken()

    def begin(step: int, message: str) -> None:
        token.raise_if_cancelled()
        report(step, _STEPS, message)

    begin(0, "Reading the run")
    run = tools.runs.run(run_id)
    dataset = tools.store.dataset(run.dataset_id)
    given = gather(tools, dataset, run, faces=faces, begin=begin)
    document = writing.write(given)
    begin(3, "Writing the page")
    html = to_html(document)
    begin(4, "Writing the PDF")
    pdf = to_pdf(document)
    begin(_STEPS, "Done")
    return Report(file_name(dataset, run), html, pdf, tuple(writing.facts(document)))


def file_name(dataset: Dataset, run: Run) -> str:
    """What the files are called on every system, without an ending."""
    return f"report-{safe_part(dataset.name)}-{run.id}"


def gather(
    tools: ReportTools, dataset: Dataset, run: Run, *, faces: bool, begin: Callable[[int, str], None]
) -> Material:
    """Everything that the report tells of."""
    predictions = load_predictions(tools.artifacts, run)
    table, embeddings = tools.store.face_table(dataset.id), tools.store.embeddings(dataset.id)
    place = {face_id: row for row, face_id in enumerate(table.ids)}
    begin(1, "Comparing faces two by two")
    pairs = own_pairs(table, embeddings)
    begin(2, "Looking at the errors")
    wrong = _mistakes(tools, run, predictions, _Now(table, embeddings, place), with_pictures=faces)
    return Material(
        dataset=dataset.name,
        revision_now=dataset.revision,
        run=run,
        predictions=predictions,
        evaluation=evaluation_json(run, predictions, load_recogniser(tools.artifacts, run)),
        study=study.load(tools.artifacts, run),
        faces=_faces_now(predictions, table, place),
        pairs=pairs,
        mistakes=wrong,
        networks=tools.networks(run.model_id),
        hashes=_hashes(run, dataset, predictions, table, place),
        packages=(("Python", python_version()), *((name, version(name)) for name in PACKAGES)),
        with_faces=faces,
    )


def save(report: Report, folder: Path) -> tuple[Path, Path]:
    """Write both files into a folder, made when it is not there; both or none: the HTML, the PDF.

    Raises
    ------
    InputRefused
        They cannot be written there.
    """
    html, pdf = folder / f"{report.name}.html", folder / f"{report.name}.pdf"
    drafts = {path: path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}.part") for path in (html, pdf)}
    placed: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in ((html, report.html), (pdf, report.pdf)):
            drafts[path].write_bytes(content)
        for path, draft in drafts.items():
            draft.replace(path)
            placed.append(path)
    except OSError as fault:
        for path in placed:
            path.unlink()
        why = fault.strerror or type(fault).__name__
        raise InputRefused(f"The report cannot be written into '{folder}' ({why}). Give another folder.") from fault
    finally:
        for draft in filter(Path.exists, drafts.values()):
            draft.unlink()
    return html, pdf


# the parts


@dataclass(frozen=True, slots=True, eq=False)
class _Now:
    """The dataset's faces as they are now."""

    table: FaceTable
    embeddings: Embeddings
    place: dict[str, int]

    def rows(self, face_ids: Iterable[str]) -> Ints:
        """Of those that are still there."""
        found = [self.place[face_id] for face_id in face_ids if face_id in self.place]
        return np.array(found, dtype=np.int64)


def own_pairs(table: FaceTable, embeddings: Embeddings) -> Pairs | None:
    """The dataset's faces two by two; None without a pair of one person, or of two people."""
    own = verify.own_faces(table, embeddings)
    if not len(own.face_ids):
        return None
    scores = own.pairs()
    if scores.same.all() or not scores.same.any():
        return None
    distances = np.sqrt(np.maximum(0.0, 2 - 2 * scores.cosines.astype(np.float64)))
    return Pairs(distances, scores.same, scores.n_people, drawn=len(own.face_ids) > ALL_PAIRS_MOST)


def _faces_now(predictions: Predictions, table: FaceTable, place: dict[str, int]) -> FacesNow:
    tested = [place[face_id] for face_id in predictions.face_ids if face_id in place]
    mentioned = {*predictions.face_ids, *predictions.learned_ids}
    return FacesNow(table.sizes_px[tested], table.grades[tested], sum(one not in place for one in mentioned))


def _mistakes(
    tools: ReportTools, run: Run, predictions: Predictions, now: _Now, *, with_pictures: bool
) -> tuple[WrongName, ...]:
    """The surest wrong names."""
    rows = np.flatnonzero(predictions.wrong)
    rows = rows[np.argsort(-predictions.probs[rows], kind="stable")][:MISTAKES_SHOWN]
    learned = now.rows(predictions.learned_ids)
    found = []
    for row in rows.tolist():
        true, given = int(predictions.true[row]), int(predictions.given[row])
        own = now.place.get(predictions.face_ids[row]) if with_pictures else None
        like = None if own is None else _most_like(now, learned, own, _label(run, now.table, given))
        found.append(
            WrongName(
                person=predictions.people[true],
                given=predictions.people[given],
                prob=float(predictions.probs[row]),
                score=float(predictions.scores[row]),
                distance=float(predictions.distances[row]),
                face=_crop(tools.artifacts, now.table, run.dataset_id, own),
                like=_crop(tools.artifacts, now.table, run.dataset_id, like),
            )
        )
    return tuple(found)


def _label(run: Run, table: FaceTable, person: int) -> int:
    """The place that a person of the run has among those of the dataset now; -1 when nobody is left."""
    ids = run.params.get("person_ids")
    if ids is not None:
        return table.person_ids.index(ids[person]) if ids[person] in table.person_ids else -1
    name = run.params["people"][person]  # a run of an earlier version knows names only
    return table.people.index(name) if name in table.people else -1


def _most_like(now: _Now, learned: Ints, own: int, label: int) -> int | None:
    """Of the learned faces of a person, the row of the one most like a face, from another photo."""
    table, vectors = now.table, now.embeddings.vectors
    rows = [row for row in learned[table.labels[learned] == label] if table.photo_ids[row] != table.photo_ids[own]]
    return int(rows[int(np.argmax(vectors[rows] @ vectors[own]))]) if rows else None


def _crop(artifacts: Artifacts, table: FaceTable, dataset_id: str, row: int | None) -> bytes | None:
    """A face as a picture; None without a face, or when its file is gone."""
    if row is None:
        return None
    try:
        return artifacts.read(dataset_id, Kind.CROP, table.crop_ids[row])
    except NotFound:
        return None


def _hashes(run: Run, dataset: Dataset, predictions: Predictions, table: FaceTable, place: dict[str, int]) -> Hashes:
    tested = zip(predictions.face_ids, (predictions.people[person] for person in predictions.true), strict=True)
    learned = predictions.learned_ids
    unchanged = run.revision == dataset.revision and all(face_id in place for face_id in learned)
    names = _hash_of((one, table.person(place[one]) or "") for one in learned) if unchanged else None
    return Hashes(
        tested=_hash_of(tested),
        learned=_hash_of((face_id,) for face_id in learned),
        learned_with_names=names,
    )


def _hash_of(lines: Iterable[Sequence[str]]) -> str:
    """sha256 over the lines in order, their parts divided by tabs, in UTF-8."""
    text = "".join(f"{line}\n" for line in sorted("\t".join(parts) for parts in lines))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()

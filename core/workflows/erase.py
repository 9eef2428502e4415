"""Erase a person: rows, vectors, crops, photos, names, what was learned from them; then prove that nothing is left.

The rows go first, in one transaction; what lies in files and is spoken of no more is swept, so that work which was
killed in between is finished by doing it again. It cannot be undone.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import DataFolderBusy, InputRefused, NotFound
from core.exchange.traces import Found, Search, Traces
from core.jobs.model import JobState
from core.store.artifacts import Artifacts, Kind
from core.store.base import FaceStore, JobStore, Run, RunStore
from core.store.exchange import Erased, EraseStore, Erasure
from core.store.scrub import Scrubber
from core.types import CancelToken, Report, silent
from core.workflows.datasets import delete_exports
from core.workflows.train import load_predictions

PIXELS_STAY = (
    "These photos show other people too and were kept: the person's face is still to be seen in them, without a box, "
    "a name or a vector. Erase with all photos to remove them as well."
)
YOURS = "It is a file of yours and was not touched. Delete it yourself."
IN_PHOTO = "It is a kept photo; what its camera or its owner wrote into the file holds the name."


@dataclass(frozen=True)
class EraseTools:
    """What erasing works with."""

    store: FaceStore
    eraser: EraseStore
    runs: RunStore
    jobs: JobStore
    artifacts: Artifacts
    data_dir: Path
    exports_dir: Path
    models_dir: Path


@dataclass(frozen=True, slots=True)
class EraseRequest:
    """Who is to go."""

    person_id: int
    by: str
    """Who asks for it."""
    all_photos: bool = False
    """Also remove the photos that show other people too."""


def person_named(store: FaceStore, dataset_id: str, name: str) -> int:
    """The id of a person by the name that they have now. Raises NotFound."""
    for person in store.people(dataset_id):
        if person.name == name:
            return person.id
    raise NotFound(f"There is no person '{name}' in this dataset. Give the name exactly as the app shows it.")


def preview(tools: EraseTools, dataset_id: str, request: EraseRequest) -> dict[str, int]:
    """What would go, in numbers, without doing anything. Raises NotFound."""
    erasure = tools.eraser.erasure(dataset_id, request.person_id, with_shared=request.all_photos)
    return {
        "faces": len(erasure.face_ids),
        "photos": len(erasure.photo_ids),
        "photos_kept": len(erasure.shared_photo_ids),
        "models": len(_runs_of(tools, erasure)),
        "lookups": len(tools.artifacts.ids(dataset_id, Kind.LOOKUP)),
    }


def erase(
    tools: EraseTools,
    dataset_id: str,
    request: EraseRequest,
    job_id: str = "",
    report: Report = silent,
    token: CancelToken | None = None,
) -> dict[str, Any]:
    """Erase a person from a dataset and look for what is left.

    Returns
    -------
    The receipt: what was removed, in numbers, when and by whom, and what the search found. No name is in it.

    Raises
    ------
    NotFound
        There is no such person; leftovers of an erasing that was killed are removed all the same.
    DataFolderBusy
        Other work on the dataset is running, or another process keeps the database's log from being emptied.
    """
    began, token = time.time(), token or CancelToken()
    _require_quiet(tools.jobs, dataset_id, job_id)
    token.raise_if_cancelled()
    report(0, 0, "Erasing")
    try:
        erasure = tools.eraser.erasure(dataset_id, request.person_id, with_shared=request.all_photos)
    except NotFound:
        _clear(tools, dataset_id, began)
        raise
    before = tools.store.dataset(dataset_id).name
    runs = _runs_of(tools, erasure)
    erased = tools.eraser.erase(dataset_id, request.person_id, runs, with_shared=request.all_photos)
    lookups = len(tools.artifacts.ids(dataset_id, Kind.LOOKUP))
    files, exports = _clear(tools, dataset_id, began)
    check = _check(tools, erasure, report)
    renamed = tools.store.dataset(dataset_id).name != before
    return _receipt(request, erasure, erased, began) | {
        "artifacts": files,
        "exports": exports,
        "lookups": lookups,
        "dataset_renamed": renamed,
        "check": check,
    }


def _receipt(request: EraseRequest, erasure: Erasure, erased: Erased, began: float) -> dict[str, Any]:
    counts = asdict(erased)
    kept = len(erasure.shared_photo_ids)
    return {
        "when": datetime.fromtimestamp(began, UTC).isoformat(timespec="seconds"),
        "by": request.by if request.by not in erasure.names else "the person",
        "models_deleted": counts.pop("runs"),
        "models_retrained": 0,
        **counts,
        "crops": len(erasure.crop_ids),
        "photos_kept": kept,
        **({"photos_kept_note": PIXELS_STAY} if kept else {}),
        "other_datasets_with_the_name": len(erasure.named_elsewhere),
    }


def _require_quiet(jobs: JobStore, dataset_id: str, own_id: str) -> None:
    if any(job.state is JobState.RUNNING and job.id != own_id for job in jobs.jobs(dataset_id)):
        raise DataFolderBusy("Other work on this dataset is running. Wait until it is done, or stop it; then erase.")


def _runs_of(tools: EraseTools, erasure: Erasure) -> list[str]:
    """Runs that learned from the person or were tested on them. A run that left them out has only their name, in its
    parameters, and loses it with all texts of the dataset."""
    faces = set(erasure.face_ids)
    return [run.id for run in tools.runs.runs(erasure.dataset_id) if _knows(tools.artifacts, run, erasure, faces)]


def _knows(artifacts: Artifacts, run: Run, erasure: Erasure, faces: set[str]) -> bool:
    try:
        said = load_predictions(artifacts, run)
    except InputRefused:
        return True  # a run that cannot be read cannot be shown to be free of them
    named = not set(said.people).isdisjoint(erasure.names)
    return named or not faces.isdisjoint(said.learned_ids) or not faces.isdisjoint(said.face_ids)


# files


def _clear(tools: EraseTools, dataset_id: str, began: float) -> tuple[int, int]:
    """Remove files that no row speaks of, whatever can be made again, and all exports; then compact the database.

    All lookups go: nobody can tell who is on photos that were only looked at.
    """
    photos, crops = tools.eraser.kept_files(dataset_id)
    runs = {run.id for run in tools.runs.runs(dataset_id)}
    kept: dict[str, set[str]] = {
        Kind.PHOTO: photos,
        Kind.CROP: crops,
        Kind.RUN: runs,
        Kind.PREDICTIONS: runs,
        Kind.GALLERY: runs,
    }
    swept = tools.artifacts.sweep(dataset_id, kept, began)
    exports = delete_exports(tools.exports_dir, dataset_id)
    tools.eraser.compact()
    return swept, exports


# the proof


def _check(tools: EraseTools, erasure: Erasure, report: Report) -> dict[str, Any]:
    """Search every file of the data folder but the networks, and other datasets' own, for what was removed."""
    words, standing = tools.eraser.words_around(erasure)
    search = Search(
        _traces(tools, erasure, words),
        frozenset(path.name for path in tools.data_dir.glob("*.db*")),
        _is_photo,
    )
    files = list(_files(tools, erasure.dataset_id))
    for number, path in enumerate(files):
        report(number, len(files), "Looking for what is left")
        search.file(path, path.relative_to(tools.data_dir).as_posix())
    report(len(files), len(files), "Looking for what is left")
    left = [*search.found, *[Found("atlas.db", "name")] * bool(standing)]
    return {"files": len(files), "bytes": search.bytes_read, "found": len(left), "left": _told(erasure, left)}


def _traces(tools: EraseTools, erasure: Erasure, words: set[str]) -> Traces:
    photos, crops = tools.eraser.kept_files(erasure.dataset_id)
    gone = {*erasure.face_ids, *erasure.crop_ids, *erasure.photo_ids} - erasure.elsewhere - photos - crops
    vectors = frozenset(erasure.vectors) - erasure.elsewhere_vectors
    return Traces(erasure.names, tuple(sorted({*words, *erasure.spared})), frozenset(gone), vectors)


def _files(tools: EraseTools, dataset_id: str) -> Iterator[Path]:
    others = {dataset.id for dataset in tools.store.datasets()} - {dataset_id}
    skipped = {root / other for root in (tools.artifacts.root, tools.exports_dir) for other in others}
    skipped.add(tools.models_dir)
    pending = [tools.data_dir]
    while pending:
        for path in sorted(pending.pop().iterdir()):
            if path.is_symlink() or path in skipped:
                continue
            if path.is_dir():
                pending.append(path)
            elif path.is_file():
                yield path


def _told(erasure: Erasure, left: Sequence[Found]) -> list[dict[str, str]]:
    """Where traces are left, without the names in paths."""
    scrubber = Scrubber(erasure.names, erasure.spared)
    return [{"path": scrubber.text(found.path), "what": found.what, "advice": _advice(found)} for found in left]


def _advice(found: Found) -> str:
    if found.path.split("/")[0] in ("inbox", "uploads"):
        return YOURS
    return IN_PHOTO if _is_photo(found.path) and found.what == "name" else ""


def _is_photo(name: str) -> bool:
    parts = Path(name).parts
    return parts[:1] == ("artifacts",) and parts[2:3] in ((Kind.PHOTO,), (Kind.CROP,))

"""The search that ends an erasing: every file of the data folder but the networks, and other datasets' own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from core.base.errors import ReadingEnded
from core.base.json_values import Json, JsonRecord, drop_empty, encode_record
from core.base.progress import Progress
from core.base.settings import ImageLimits
from core.formats.traces import SoughtTraces, Trace, TraceSearch
from core.isolation.photos import read_header_texts_isolated
from core.language.texts import marked
from core.store.artifacts import ArtifactKind, Artifacts
from core.store.exchange_protocols import EraseStore, Erasure
from core.store.name_scrubber import Scrubber

YOURS = marked("It is a file of yours and was not touched. Delete it yourself.")
OF_OTHER_WORK = marked("It was given for another dataset, and goes when that has taken it.")
IN_PHOTO = marked("It is a kept photo; what its camera or its owner wrote into the file holds the name.")
LOOK = marked("It may be somebody else's. Look at it.")
POSSIBLE = "possible name"


@dataclass(frozen=True, slots=True)
class RemainingTrace:
    """Where something is left, without the names in paths."""

    path: str
    what: str
    advice: str


@dataclass(frozen=True, slots=True)
class SearchFindings(JsonRecord):
    """What the search came to."""

    files: int
    bytes: int
    """How much was searched."""
    found: int
    left: tuple[RemainingTrace, ...]
    possible: tuple[RemainingTrace, ...] | None = None
    """Where something stands that may be a name; None where there is nothing like it."""

    def to_json(self) -> dict[str, Json]:
        """Without what there is nothing of."""
        return drop_empty(encode_record(self))


def search_remains(
    eraser: EraseStore,
    data_dir: Path,
    artifacts: Artifacts,
    skipped: Collection[Path],
    erasure: Erasure,
    progress: Progress,
) -> SearchFindings:
    """Look for what was removed.

    Parameters
    ----------
    artifacts : searched where they lie outside of the data folder, too
    skipped : folders and files that are not searched
    """
    remains = eraser.remains(erasure)
    # A photo or crop that another row still speaks of has its sha256 in the database for a good reason.
    kept_ids = {file_id for ids in eraser.kept_files(erasure.dataset_id) for file_id in ids}
    removed_ids = {*erasure.face_ids, *erasure.crop_ids, *erasure.photo_ids} - erasure.elsewhere - kept_ids
    # The same photo in another dataset has the same vector to the last bit.
    vectors = frozenset(erasure.vectors) - erasure.elsewhere_vectors
    traces = SoughtTraces(
        names=erasure.names, spared=erasure.spared, ids=frozenset(removed_ids), vectors=vectors, living=remains.living
    )
    search = TraceSearch(traces, frozenset(path.name for path in data_dir.glob("*.db*")), _header_texts)
    files = list(_files_to_search(data_dir, artifacts, skipped, erasure.dataset_id))
    for number, (name, open_file) in enumerate(files):
        progress.report(number, len(files), marked("Looking for what is left"))
        with open_file() as stream:
            search.search_stream(stream, name)
    progress.report(len(files), len(files), marked("Looking for what is left"))
    # The database is asked by rows, too: there a name can be told from others' much better than in bytes.
    texts = [Trace("atlas.db", "name")] * bool(remains.sure)
    texts += [Trace("atlas.db", POSSIBLE)] * bool(remains.possible)
    traces_left = _surest([*texts, *search.traces_found])
    sure, possible = ([trace for trace in traces_left if (trace.kind == POSSIBLE) is maybe] for maybe in (False, True))
    return SearchFindings(
        files=len(files),
        bytes=search.bytes_read,
        found=len(sure),
        left=describe_traces(erasure, sure),
        possible=describe_traces(erasure, possible) or None,
    )


def _surest(traces: Sequence[Trace]) -> list[Trace]:
    """Each trace once, and no possible name where there is a name."""
    # Somebody who looks at the file for the sure one meets the possible one as well.
    named_paths = {trace.path for trace in traces if trace.kind == "name"}
    return [trace for trace in dict.fromkeys(traces) if trace.kind != POSSIBLE or trace.path not in named_paths]


def _header_texts(stream: IO[bytes], name: str) -> list[str]:
    """What a header that cannot be read says is nothing; its bytes are searched all the same."""
    try:
        # EXIF and XMP may hold the name in compressed or encoded parts, which the bytes do not show; a child reads
        # them, as the photo is of others.
        return read_header_texts_isolated(stream.read(), ImageLimits()) if _is_photo(name) else []
    except ReadingEnded:
        return []


def _files_to_search(
    data_dir: Path, artifacts: Artifacts, skipped: Collection[Path], dataset_id: str
) -> Iterator[tuple[str, Callable[[], IO[bytes]]]]:
    """Every file by its name in a data folder, and what opens it."""
    for path in _files(data_dir, skipped):
        yield path.relative_to(data_dir).as_posix(), partial(artifacts.open_stored, path)
    if not artifacts.root.is_relative_to(data_dir) and artifacts.root.is_dir():
        for path in _files(artifacts.root, skipped):
            yield f"artifacts/{path.relative_to(artifacts.root).as_posix()}", partial(artifacts.open_stored, path)
    for file in artifacts.remote_files(dataset_id):
        name = f"artifacts/{dataset_id}/{file.kind}/{file.id[:2]}/{file.id}"
        yield name, partial(artifacts.open, dataset_id, ArtifactKind(file.kind), file.id)


def _files(data_dir: Path, skipped: Collection[Path]) -> Iterator[Path]:
    """Every file; links are followed where they stand for a folder of the data folder itself, and no deeper."""
    pending = [data_dir]
    while pending:
        folder = pending.pop()
        for path in sorted(folder.iterdir()):
            # The data folder's own folders may lie on another disk, by a link; deeper ones could lead anywhere, or
            # round in a circle.
            if path in skipped or (path.is_symlink() and folder != data_dir):
                continue
            if path.is_dir():
                pending.append(path)
            elif path.is_file():
                yield path


def describe_traces(erasure: Erasure, traces: Sequence[Trace]) -> tuple[RemainingTrace, ...]:
    """Where traces are left, and what can be done about it."""
    # A path may be the trace: the receipt must not become a new one.
    scrubber = Scrubber(erasure.names, erasure.spared)
    return tuple(RemainingTrace(scrubber.text(trace.path), trace.kind, _advice(trace)) for trace in traces)


def _advice(trace: Trace) -> str:
    first = trace.path.split("/")[0]
    if trace.kind == POSSIBLE:
        return LOOK
    if first in ("inbox", "uploads"):
        return YOURS if first == "inbox" else OF_OTHER_WORK
    return IN_PHOTO if _is_photo(trace.path) and trace.kind == "name" else ""


def _is_photo(name: str) -> bool:
    parts = Path(name).parts
    return parts[:1] == ("artifacts",) and parts[2:3] in ((ArtifactKind.PHOTO,), (ArtifactKind.CROP,))

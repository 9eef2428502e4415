"""Same person or not: a list of pairs measured by the protocol of Labeled Faces in the Wild.

References
----------
G. B. Huang, M. Ramesh, T. Berg, E. Learned-Miller, "Labeled Faces in the Wild", UMass Amherst 07-49, 2007.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np

from core.archive import Entry, PhotoSource
from core.detect.mtcnn import Detector
from core.embed.embedder import Embedder
from core.errors import ImageRefused, InputRefused
from core.geometry import centrality
from core.images import decode
from core.learn.verification import Verification, verify_pairs
from core.settings import ImageLimits
from core.types import Bools, Detection, Ints, Refusal, Report, RgbImage, Vectors, silent

PHOTOS_AT_ONCE = 16
COLUMNS = ("photo_a", "photo_b", "same", "fold")


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of photos by name."""

    photo_a: tuple[str, ...]
    photo_b: tuple[str, ...]
    same: Bools
    fold: Ints


@dataclass(frozen=True)
class PairTools:
    """What turns photos into vectors."""

    detector: Detector
    embedder: Embedder
    limits: ImageLimits


def read_pairs(path: Path) -> Pairs:
    """Read ``photo_a,photo_b,same,fold``.

    Raises
    ------
    InputRefused
        A missing file or column, or a row that cannot be read; the message names the line.
    """
    if not path.is_file():
        raise InputRefused(f"There is no file '{path}'.")
    with path.open(newline="", encoding="utf-8") as lines:
        table = csv.DictReader(lines)
        if missing := [name for name in COLUMNS if name not in (table.fieldnames or ())]:
            raise InputRefused(f"'{path.name}' has no column {', '.join(missing)}; expected {','.join(COLUMNS)}.")
        rows = [_pair(path.name, number, row) for number, row in enumerate(table, start=2)]
    if not rows:
        raise InputRefused(f"'{path.name}' lists no pairs.")
    left, right, same, fold = zip(*rows, strict=True)
    return Pairs(left, right, np.array(same, dtype=np.bool_), np.array(fold, dtype=np.int64))


def _pair(file_name: str, line: int, row: dict[str, str]) -> tuple[str, str, bool, int]:
    try:
        same, fold = {"0": False, "1": True}[row["same"]], int(row["fold"])
    except (KeyError, TypeError, ValueError) as fault:
        raise InputRefused(f"Line {line} of '{file_name}': same is 0 or 1 and fold is a whole number.") from fault
    return row["photo_a"], row["photo_b"], same, fold


def measure(tools: PairTools, source: PhotoSource, pairs: Pairs, report: Report = silent) -> Verification:
    """Embed the photos that the pairs name and measure how well distance tells same from different.

    Raises
    ------
    InputRefused
        A photo is missing or cannot be read, or shows no face.
    """
    wanted = {*pairs.photo_a, *pairs.photo_b}
    entries = [entry for entry in source.entries if entry.name in wanted]
    if absent := sorted(wanted - {entry.name for entry in entries}):
        raise InputRefused(f"{len(absent)} photos of the list are not among the photos given, first '{absent[0]}'.")
    vectors, refused = _vectors(tools, source, entries, report)
    if refused:
        raise InputRefused(f"{len(refused)} photos cannot be compared, first '{refused[0].name}': {refused[0].reason}")
    place = {entry.name: row for row, entry in enumerate(entries)}
    left = vectors[[place[name] for name in pairs.photo_a]]
    right = vectors[[place[name] for name in pairs.photo_b]]
    return verify_pairs(np.linalg.norm(left - right, axis=1), pairs.same, pairs.fold)


def _vectors(
    tools: PairTools, source: PhotoSource, entries: Sequence[Entry], report: Report
) -> tuple[Vectors, list[Refusal]]:
    vectors, refused, done = [], [], 0
    for batch in _parts(entries):
        images, kept = [], []
        for entry in batch:
            try:
                images.append(decode(source.read(entry), tools.limits))
                kept.append(entry)
            except ImageRefused as refusal:
                refused.append(Refusal(entry.name, str(refusal)))
        faces = []
        for entry, image, found in zip(kept, images, tools.detector.detect(images), strict=True):
            if found:
                faces.append((image, _main_face(image, found)))
            else:
                refused.append(Refusal(entry.name, "No face could be found."))
        vectors.append(tools.embedder.embed(faces))
        done += len(batch)
        report(done, len(entries), "Embedding the photos")
    return np.concatenate(vectors), refused


def _main_face(image: RgbImage, found: Sequence[Detection]) -> Detection:
    return max(found, key=lambda face: centrality(face.box, image.shape[1], image.shape[0]))


def _parts(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    rest = iter(entries)
    while part := list(islice(rest, PHOTOS_AT_ONCE)):
        yield part

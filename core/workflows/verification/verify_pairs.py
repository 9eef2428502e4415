"""Same person or not: a list of pairs measured by the protocol of Labeled Faces in the Wild.

References
----------
G. B. Huang, M. Ramesh, T. Berg, E. Learned-Miller, "Labeled Faces in the Wild", UMass Amherst 07-49, 2007.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, takewhile
from typing import Any

import numpy as np

from core.archives.source import Entry, PhotoSource
from core.base.errors import ImageRefused, InputRefused
from core.base.settings import ImageLimits
from core.base.types import Detection, Floats, Refusal, Report, RgbImage, Vectors, silent
from core.imaging.decoding import turn_pixels
from core.imaging.geometry import centrality
from core.isolation.photos import decode
from core.learn.verification.lfw_protocol import Verification, curves, verify_pairs
from core.vision.detect.mtcnn import Detector
from core.vision.detect.upright import Upright, detect_upright
from core.vision.embed.embedder import Embedder
from core.workflows.verification.pair_lists import Pairs, clean_path

PHOTOS_AT_ONCE = 16


@dataclass(frozen=True)
class PairTools:
    """What turns photos into vectors."""

    detector: Detector
    embedder: Embedder
    limits: ImageLimits


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """Pairs with their distances."""

    pairs: Pairs
    distances: Floats
    """(n,) Euclidean distance of the unit vectors, 0 .. 2"""

    def verification(self) -> Verification:
        """The protocol's figures. Raises InputRefused when the folds do not allow it."""
        return verify_pairs(self.distances, self.pairs.same, self.pairs.fold)

    def curves(self) -> dict[str, Any]:
        """The DET curve and the histograms of genuine and impostor pairs."""
        return curves(self.distances, self.pairs.same)


def compare(tools: PairTools, source: PhotoSource, pairs: Pairs, report: Report = silent) -> Compared:
    """Embed the photos that the pairs name, and give the distance of every pair.

    Raises
    ------
    InputRefused
        A photo is missing or cannot be read, or shows no face.
    """
    wanted = sorted({*pairs.photo_a, *pairs.photo_b})
    found = find_photos(source.entries, wanted)
    vectors, refused = _vectors(tools, source, list(found.values()), report)
    if refused:
        raise InputRefused(f"{len(refused)} photos cannot be compared, first '{refused[0].name}': {refused[0].reason}")
    place = {name: row for row, name in enumerate(found)}
    left = vectors[[place[name] for name in pairs.photo_a]]
    right = vectors[[place[name] for name in pairs.photo_b]]
    return Compared(pairs, np.linalg.norm(left - right, axis=1))


def find_photos(entries: Sequence[Entry], wanted: Sequence[str]) -> dict[str, Entry]:
    """The photos by the names of the list: by the whole path, else by folder and file name where only one has them.

    Where nothing fits as it is written, capitals do not count, then not whether spaces or underscores stand between
    words, then not the ending. A list may name folders above those that the photos were given with.

    Raises
    ------
    InputRefused
        A photo is not there, or the list may mean several.
    """
    candidates: dict[str, list[Entry]] = {}
    for spelling in _SPELLINGS:
        if left := [name for name in wanted if not candidates.get(name)]:
            index = _PhotoIndex(entries, spelling)
            candidates |= {name: index.find(spelling(clean_path(name))) for name in left}
    if absent := [name for name in wanted if not candidates[name]]:
        raise InputRefused(f"{len(absent)} photos of the list are not among the photos given, first '{absent[0]}'.")
    if double := [name for name in wanted if len(candidates[name]) > 1]:
        first, second = candidates[double[0]][:2]
        raise InputRefused(
            f"'{double[0]}' of the list is '{first.name}' and '{second.name}'. Give a folder with one of them."
        )
    return {name: candidates[name][0] for name in wanted}


_SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    str.casefold,
    lambda path: path.casefold().replace("_", " "),
    lambda path: re.sub(r"\.\w+$", "", path.casefold().replace("_", " ")),
)
"""How a path is spelt, from as it is to what is left of it when capitals, spaces and the ending do not count."""


class _PhotoIndex:
    """Photos by the ends of their paths, in one spelling."""

    def __init__(self, entries: Sequence[Entry], spelling: Callable[[str], str]) -> None:
        self._by_end: dict[tuple[str, ...], list[tuple[list[str], Entry]]] = defaultdict(list)
        for entry in entries:
            parts = spelling(clean_path(entry.name)).split("/")
            for end in {tuple(parts[-2:]), tuple(parts[-1:])}:
                self._by_end[end].append((parts, entry))

    def find(self, path: str) -> list[Entry]:
        """Those that the path may mean: with most of their path alike, and of these the whole one."""
        parts = path.split("/")
        alike = self._by_end.get(tuple(parts[-2:]), [])
        if not alike:  # photos without folders
            alike = [known for known in self._by_end.get(tuple(parts[-1:]), []) if len(known[0]) == 1]
        ranks = [(_shared_end(own, parts), own == parts) for own, _ in alike]
        return [entry for rank, (_, entry) in zip(ranks, alike, strict=True) if rank == max(ranks)]


def _shared_end(parts: Sequence[str], others: Sequence[str]) -> int:
    """How many last parts of two paths are alike."""
    pairs = zip(reversed(parts), reversed(others), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


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
        for entry, image, upright in zip(kept, images, detect_upright(tools.detector, images), strict=True):
            if upright.faces:
                faces.append(main_face(image, upright))
            else:
                refused.append(Refusal(entry.name, "No face could be found."))
        vectors.append(tools.embedder.embed(faces))
        done += len(batch)
        report(done, len(entries), "Embedding the photos")
    return np.concatenate(vectors), refused


def main_face(image: RgbImage, upright: Upright) -> tuple[RgbImage, Detection]:
    """The largest and most central face of a photo, and the photo turned as it is upright."""
    image = turn_pixels(image, upright.turn)
    height, width = image.shape[:2]
    return image, max(upright.faces, key=lambda face: centrality(face.box, width, height))


def _parts(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    rest = iter(entries)
    while part := list(islice(rest, PHOTOS_AT_ONCE)):
        yield part

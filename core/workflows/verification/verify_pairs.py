"""Same person or not: a list of pairs measured by the protocol of Labeled Faces in the Wild.

References
----------
G. B. Huang, M. Ramesh, T. Berg, E. Learned-Miller, "Labeled Faces in the Wild", UMass Amherst 07-49, 2007.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np

from core.archives.source import PhotoEntry, PhotoSource
from core.base.errors import InputRefused
from core.base.json_values import Json
from core.base.progress import UNWATCHED, Progress
from core.base.types import Floats
from core.learn.verification.lfw_protocol import Verification, verification_curves, verify_pairs
from core.workflows.photos.main_faces import MainFaceTools, embed_main_faces
from core.workflows.verification.pair_lists import PhotoPairs, clean_path


@dataclass(frozen=True, slots=True, eq=False)
class ComparedPairs:
    """Pairs with their distances."""

    pairs: PhotoPairs
    distances: Floats
    """(n,) Euclidean distance of the unit vectors, 0 .. 2"""

    def verification(self) -> Verification:
        """The protocol's figures. Raises InputRefused when the folds do not allow it."""
        return verify_pairs(self.distances, self.pairs.same, self.pairs.fold)

    def curves(self) -> dict[str, Json]:
        """The DET curve and the histograms of genuine and impostor pairs."""
        return verification_curves(self.distances, self.pairs.same)


def compare_pairs(
    tools: MainFaceTools, source: PhotoSource, pairs: PhotoPairs, progress: Progress = UNWATCHED
) -> ComparedPairs:
    """Embed the photos that the pairs name, and give the distance of every pair.

    Raises
    ------
    InputRefused
        A photo is missing or cannot be read, or shows no face.
    """
    # Each photo once, however many pairs name it, and in an order that does not hang on the list's.
    names = sorted({*pairs.photo_a, *pairs.photo_b})
    entries = find_listed_photos(source.entries, names)
    main_faces = embed_main_faces(tools, source, list(entries.values()), "Embedding the photos", progress)
    # All or nothing: with pairs left out the figures could not be compared with others' on the same list.
    if refused := main_faces.refused:
        raise InputRefused(f"{len(refused)} photos cannot be compared, first '{refused[0].name}': {refused[0].reason}")
    row_of = {name: row for row, name in enumerate(entries)}
    vectors_a = main_faces.vectors[[row_of[name] for name in pairs.photo_a]]
    vectors_b = main_faces.vectors[[row_of[name] for name in pairs.photo_b]]
    return ComparedPairs(pairs, np.linalg.norm(vectors_a - vectors_b, axis=1))


def find_listed_photos(entries: Sequence[PhotoEntry], names: Sequence[str]) -> dict[str, PhotoEntry]:
    """The photos by the names of the list: by the whole path, else by folder and file name where only one has them.

    Where nothing fits as it is written, capitals do not count, then not whether spaces or underscores stand between
    words, then not the ending. A list may name folders above those that the photos were given with.

    Raises
    ------
    InputRefused
        A photo is not there, or the list may mean several.
    """
    candidates: dict[str, list[PhotoEntry]] = {}
    # From strict to loose, and only for names that nothing has met yet: a loose match must not take the place of an
    # exact one.
    for spelling in _SPELLINGS:
        if remaining := [name for name in names if not candidates.get(name)]:
            index = _PhotoIndex(entries, spelling)
            candidates |= {name: index.find(spelling(clean_path(name))) for name in remaining}
    if absent := [name for name in names if not candidates[name]]:
        raise InputRefused(f"{len(absent)} photos of the list are not among the photos given, first '{absent[0]}'.")
    if ambiguous := [name for name in names if len(candidates[name]) > 1]:
        first, second = candidates[ambiguous[0]][:2]
        raise InputRefused(
            f"'{ambiguous[0]}' of the list is '{first.name}' and '{second.name}'. Give a folder with one of them."
        )
    return {name: candidates[name][0] for name in names}


_SPELLINGS: tuple[Callable[[str], str], ...] = (
    str,
    str.casefold,
    lambda path: path.casefold().replace("_", " "),
    lambda path: re.sub(r"\.\w+$", "", path.casefold().replace("_", " ")),
)
"""How a path is spelt, from as it is to what is left of it when capitals, spaces and the ending do not count."""


class _PhotoIndex:
    """Photos by the ends of their paths, in one spelling."""

    def __init__(self, entries: Sequence[PhotoEntry], spelling: Callable[[str], str]) -> None:
        self._by_end: dict[tuple[str, ...], list[tuple[list[str], PhotoEntry]]] = defaultdict(list)
        for entry in entries:
            parts = spelling(clean_path(entry.name)).split("/")
            # By its last two parts and by its last: a set, as a photo without a folder has one and the same for both.
            for end in {tuple(parts[-2:]), tuple(parts[-1:])}:
                self._by_end[end].append((parts, entry))

    def find(self, path: str) -> list[PhotoEntry]:
        """Those that the path may mean: with most of their path alike, and of these the whole one."""
        parts = path.split("/")
        candidates = self._by_end.get(tuple(parts[-2:]), [])
        if not candidates:  # photos without folders
            candidates = [candidate for candidate in self._by_end.get(tuple(parts[-1:]), []) if len(candidate[0]) == 1]
        # A list may name more folders than the photos lie in, or fewer: what counts is how far both agree from the file
        # upwards.
        ranks = [(_shared_end(entry_parts, parts), entry_parts == parts) for entry_parts, _ in candidates]
        return [entry for rank, (_, entry) in zip(ranks, candidates, strict=True) if rank == max(ranks)]


def _shared_end(parts: Sequence[str], other_parts: Sequence[str]) -> int:
    """How many last parts of two paths are alike."""
    pairs = zip(reversed(parts), reversed(other_parts), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))

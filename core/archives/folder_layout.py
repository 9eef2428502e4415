"""What the names in an archive say: who is on a photo, which split it belongs to, which names are not taken.

Pure functions over names with '/' between the parts; nothing here opens a file. ``interpret_folders`` understands
``person/x.jpg``, ``train/person/x.jpg``, ``person/train/x.jpg``, and any number of folders around them. What it cannot
know for sure it says in sentences, and a rule tells it otherwise.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final, NamedTuple

from core.archives.folder_names import Folders, find_split_folders, is_called_strangers
from core.archives.zip_names import ZipNameDecoding
from core.base import words
from core.base.errors import InputRefused
from core.base.types import Split
from core.language.texts import gettext as _
from core.language.texts import ngettext


class FolderLabel(NamedTuple):
    """What the folders around one photo say about it."""

    person: str | None
    split: Split | None
    is_stranger: bool = False
    """It shows people who are not to be named, as its folder is called."""


@dataclass(frozen=True, slots=True)
class FolderLayout:
    """Counts of what an archive's folders say; ``str()`` is what a page shows."""

    photos: int
    train: int
    val: int
    unlabelled: int
    people: tuple[str, ...]
    strangers: int = 0
    """Photos in folders called "unknown" or the like."""
    notes: tuple[str, ...] = ()
    """Sentences on what was understood and what was left out, for whoever is to say otherwise."""
    local_names: ZipNameDecoding | None = None
    """How names in a local code page were read; None where there are none."""

    @classmethod
    def of(
        cls, labels: Sequence[FolderLabel], notes: Sequence[str] = (), local_names: ZipNameDecoding | None = None
    ) -> FolderLayout:
        """Count the labels of all photos, one a photo."""
        return cls(
            notes=tuple(notes),
            local_names=local_names,
            photos=len(labels),
            train=sum(label.split is Split.TRAIN for label in labels),
            val=sum(label.split is Split.VAL for label in labels),
            unlabelled=sum(label.person is None and not label.is_stranger for label in labels),
            strangers=sum(label.is_stranger for label in labels),
            people=tuple(sorted({label.person for label in labels if label.person is not None})),
        )

    def __str__(self) -> str:
        """Text such as 'train 93, val 25, 5 people'."""
        splits = (
            [_("train {number}", number=self.train), _("val {number}", number=self.val)]
            if self.train or self.val
            else []
        )
        photos = [] if splits else [ngettext("{number} photo", "{number} photos", self.photos)]
        people = [words.format_people_count(len(self.people))]
        unlabelled = [_("{number} unlabelled", number=self.unlabelled)] if self.unlabelled else []
        strangers = [_("{number} of strangers", number=self.strangers)] if self.strangers else []
        return ", ".join(splits + photos + people + unlabelled + strangers)


# --- folders

AUTO, PEOPLE, SPLITS, NOBODY = "auto", "people", "splits", "none"
_LEVELS: Final = tuple("123456789")
RULES: Final = (AUTO, PEOPLE, SPLITS, NOBODY, *_LEVELS)
"""How folders may be read: as they look; all of them people; train and val with people inside; no people; or the
people's folders are those of a level, 1 for the outermost."""


@dataclass(frozen=True, slots=True)
class FolderInterpretation:
    """What folders say about every photo, and sentences on what could be meant otherwise."""

    labels: list[FolderLabel]
    notes: tuple[str, ...]


def interpret_folders(
    names: Iterable[str], *, folders_are_people: bool = True, rule: str = AUTO, stranger_folders: bool = True
) -> FolderInterpretation:
    """Person and split of each photo, in the order of the names.

    Folders named like a split are splits when all folders beside them are, or when both sides are there, or when a name
    that nobody bears has folders inside: a person called Test beside Ann stays a person. What lies beside splits with
    people inside is nobody. Folders around nearly all photos are wrapping, but the folder that directly holds them is
    the person. Dates are no people. Below a person, folders mean nothing: Ann/2019/x.jpg is Ann. Names that differ only
    in case, spaces, underscores, final dots or Unicode form are one person, in the most frequent spelling.

    Parameters
    ----------
    names : iterable of str
        Names of the photos, parts separated by '/'; other files must have been left out.
    folders_are_people : bool
        False gives every photo the person None; splits stay.
    rule : str
        One of ``RULES``.
    stranger_folders : bool
        Photos in a folder called "unknown", "strangers" or the like are nobody's. False makes a person of it, as does
        the rule that all folders are people.

    Raises
    ------
    InputRefused
        There is no such rule.
    """
    if rule not in RULES:
        choices = ", ".join((AUTO, PEOPLE, SPLITS, NOBODY))
        raise InputRefused(f"Folders cannot be read as '{rule}'. Give one of {choices}, or a level, 1 to 9.")
    paths = [_folders(name) for name in names]
    reading = _Reading(paths, rule)
    splits = [reading.split(path) for path in paths]
    if not folders_are_people or rule == NOBODY:
        return FolderInterpretation([FolderLabel(None, split) for split in splits], reading.split_notes())
    # Every photo's name first: which spelling of a name is right is decided by how many photos bear it.
    folder_names = [reading.person(path) for path in paths]
    strangers = [stranger_folders and rule != PEOPLE and reading.is_of_strangers(path) for path in paths]
    folder_names = [None if stranger else name for name, stranger in zip(folder_names, strangers, strict=True)]
    spelling = _spelling(folder_names)
    labels = [
        FolderLabel(None if name is None else spelling[person_key(name)], split, stranger)
        for name, split, stranger in zip(folder_names, splits, strangers, strict=True)
    ]
    notes = (*reading.split_notes(), *reading.person_notes(strangers), *_spelling_notes(folder_names, spelling))
    return FolderInterpretation(labels, notes)


def _folders(name: str) -> Folders:
    """Folders of a photo's name; those whose names are nothing but spaces and dots are nobody's."""
    return tuple(part for part in unicodedata.normalize("NFC", name).split("/")[:-1] if person_key(part))


@cache
def person_key(name: str) -> str:
    """What two spellings of one person's folder have in common."""
    # NFKC makes full-width letters and ligatures plain; marks of writing direction (Cf) are not seen by anybody.
    visible = "".join(letter for letter in unicodedata.normalize("NFKC", name) if unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFKC", " ".join(visible.replace("_", " ").split()).rstrip(" .").casefold())


@dataclass
class _Reading:
    """The folders of all photos together, read by a rule."""

    paths: Sequence[Folders]
    rule: str
    split_folders: dict[Folders, Split] = field(init=False)
    _around: Folders | None = field(init=False, default=None)
    """The folder that holds splits with people inside; None where there are no such splits."""
    _level: int = field(init=False, default=0)
    """Depth of the people's folders; splits around them are counted only when the level was asked for."""
    _dated: bool = field(init=False, default=False)
    _insiders: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        distinct = set(self.paths)
        self.split_folders = {} if self.rule == PEOPLE else find_split_folders(distinct, lenient=self.rule == SPLITS)
        if self.rule in _LEVELS:
            self._level = int(self.rule) - 1
            self.split_folders = {
                path: side for path, side in self.split_folders.items() if len(path) != int(self.rule)
            }
            return
        # Splits are taken out first: what is left is judged as one tree of people, whichever side a photo is on.
        self._around = self._find_around(distinct)
        counts = Counter(self._without_split(path) for path in self.paths if not self._is_outside(path))
        self._level = _wrapping_depth(counts)
        if self.rule == AUTO:
            self._level, self._dated = _past_dates(counts, self._level)
        if self._around is not None:
            self._insiders = {person_key(name) for path in counts if (name := self._name_at(path)) is not None}

    def _depth_of_split(self, path: Folders) -> int | None:
        return next((depth for depth in range(len(path)) if path[: depth + 1] in self.split_folders), None)

    def split(self, path: Folders) -> Split | None:
        depth = self._depth_of_split(path)
        return None if depth is None else self.split_folders[path[: depth + 1]]

    def _without_split(self, path: Folders) -> Folders:
        depth = self._depth_of_split(path)
        return path if depth is None else path[:depth] + path[depth + 1 :]

    def _find_around(self, distinct: Iterable[Folders]) -> Folders | None:
        depths = [(path, depth) for path in distinct if (depth := self._depth_of_split(path)) is not None]
        around = {path[:depth] for path, depth in depths}
        has_people = any(len(path) > depth + 1 for path, depth in depths)
        return next(iter(around)) if len(around) == 1 and (has_people or self.rule == SPLITS) else None

    def _is_outside(self, path: Folders) -> bool:
        """Beside splits with people inside; without such splits, all are where the rule looks for them."""
        return self._around is not None and self._depth_of_split(path) is None

    def person(self, path: Folders) -> str | None:
        """The name as the folder spells it."""
        if self.rule in _LEVELS:
            return self._name_at(path)
        if self._around is not None and self._is_outside(path):
            beside = path[len(self._around) :]
            return beside[0] if beside and person_key(beside[0]) in self._insiders else None
        return self._name_at(self._without_split(path))

    def is_of_strangers(self, path: Folders) -> bool:
        return is_called_strangers(self._strangers_folder(path))

    def _strangers_folder(self, path: Folders) -> str:
        """The folder that would be a person's, or lies beside the splits."""
        name = self.person(path)
        if name is None and self._around is not None and self._is_outside(path):
            name = next(iter(path[len(self._around) :]), None)
        return name or ""

    def _name_at(self, path: Folders) -> str | None:
        if len(path) <= self._level or (self._dated and _is_date(path[self._level])):
            return None
        return path[self._level]

    def split_notes(self) -> tuple[str, ...]:
        sides: dict[Split, dict[str, None]] = defaultdict(dict)
        for path, side in sorted(self.split_folders.items()):
            sides[side][path[-1]] = None
        parts = []
        if Split.TRAIN in sides:
            parts.append(_("{folders} to learn from", folders=_listed(sides[Split.TRAIN])))
        if Split.VAL in sides:
            parts.append(_("{folders} to test with", folders=_listed(sides[Split.VAL])))
        return (_("Read as sides of the test, not as people: {folders}.", folders="; ".join(parts)),) if parts else ()

    def person_notes(self, strangers: Sequence[bool]) -> tuple[str, ...]:
        notes = []
        if any(strangers):
            folders = {
                self._strangers_folder(path): None for path, is_so in zip(self.paths, strangers, strict=True) if is_so
            }
            notes.append(
                _(
                    "Read as strangers, nobody to name: {folders} ({photos}).",
                    folders=_listed(sorted(folders)),
                    photos=ngettext("{number} photo", "{number} photos", sum(strangers)),
                )
            )
        others = [path for path, stranger in zip(self.paths, strangers, strict=True) if not stranger]
        outside = [path for path in others if self._is_outside(path) and self.person(path) is None]
        if outside and self._around is not None:
            level = len(self._around)
            folders = dict.fromkeys(path[level] for path in outside if len(path) > level)
            notes.append(_describe_outside(len(outside), _listed(folders)))
        if wrapping := self._wrapping():
            notes.append(_("People are the folders inside {folder}.", folder=wrapping))
        if self._dated:
            dates = sorted({part for path in self.paths for part in path if _is_date(part)})
            notes.append(_("Dates are not read as people: {folders}.", folders=_listed(dates)))
        return tuple(notes)

    def _wrapping(self) -> str:
        """The folders around the people's, where they are the same for all."""
        if self.rule in _LEVELS:
            return ""
        bare = {self._without_split(path) for path in set(self.paths) if not self._is_outside(path)}
        around = {path[: self._level] for path in bare if len(path) > self._level}
        return "/".join(next(iter(around))) if len(around) == 1 else ""


_MOST_LISTED: Final = 5


def _listed(names: Iterable[str]) -> str:
    all_names = list(names)
    listed = ", ".join(all_names[:_MOST_LISTED])
    n_more = len(all_names) - _MOST_LISTED
    if n_more <= 0:
        return listed
    return ngettext("{names} and {number} more", "{names} and {number} more", n_more, names=listed)


def _describe_outside(n_photos: int, folders: str) -> str:
    if not folders:
        return ngettext(
            "{number} photo beside them is taken without a name.",
            "{number} photos beside them are taken without a name.",
            n_photos,
        )
    return ngettext(
        "{number} photo beside them is taken without a name ({folders}).",
        "{number} photos beside them are taken without a name ({folders}).",
        n_photos,
        folders=folders,
    )


# people


def _wrapping_depth(counts: Mapping[Folders, int]) -> int:
    """Number of folders around the people's: each is alone, and holds more photos in folders than directly.

    Parameters
    ----------
    counts : how many photos each folder holds directly
    """
    depth = 0
    while len({person_key(path[depth]) for path in counts if len(path) > depth}) == 1:
        directly = sum(count for path, count in counts.items() if len(path) == depth + 1)
        below = sum(count for path, count in counts.items() if len(path) > depth + 1)
        # The folder that holds the photos themselves is a person's, though it be the only one.
        if directly >= below:
            break
        depth += 1
    return depth


_YEAR: Final = re.compile(r"(?:19|20)\d\d(?:[-_. ]?(?:0[1-9]|1[0-2])(?:[-_. ]?(?:[0-2]\d|3[01]))?)?(?:[-_. ]\D.*)?")
_WITHIN_YEAR: Final = re.compile(r"\d{1,2}(?:[-_. ]|$)")


def _is_date(name: str) -> bool:
    return _YEAR.fullmatch(name.strip()) is not None


def _past_dates(counts: Mapping[Folders, int], depth: int) -> tuple[int, bool]:
    """The depth of the people where folders are dates, and whether dates are no people.

    2019/Ann/x.jpg: the first level below that is not of dates. Ann/2019/x.jpg, of one person alone: the folder above.
    Numbers among which there are others than years are people's numbers.
    """
    # First up: where the folders around all photos end in years, those divide the photos of one person, above them.
    while depth and all(_is_date(name) for name in _names_at(counts, depth - 1)):
        depth -= 1
    names = _names_at(counts, depth)
    dates = {name for name in names if _is_date(name)}
    if not dates or any(name.isdecimal() for name in names - dates):
        return depth, False
    if names - dates:
        return depth, True
    deeper = depth + 1
    while (names := _names_at(counts, deeper)) and all(_is_date(name) or _WITHIN_YEAR.match(name) for name in names):
        deeper += 1
    if names:
        return deeper, True
    return max(depth - 1, 0), True


def _names_at(counts: Iterable[Folders], depth: int) -> set[str]:
    return {path[depth] for path in counts if len(path) > depth}


def _spelling(names: Iterable[str | None]) -> dict[str, str]:
    """How each person is spelt: as most photos' folders do, else the one with a capital and without a final dot."""
    spellings: dict[str, Counter[str]] = defaultdict(Counter)
    for name in names:
        if name is not None:
            spellings[person_key(name)][" ".join(name.split())] += 1
    return {
        key: max(counts, key=lambda name: (counts[name], not name.endswith("."), name[:1].isupper(), name))
        for key, counts in spellings.items()
    }


def _spelling_notes(names: Iterable[str | None], spelling: Mapping[str, str]) -> tuple[str, ...]:
    variants_of: dict[str, set[str]] = defaultdict(set)
    for name in names:
        if name is not None and name != (usual_spelling := spelling[person_key(name)]):
            variants_of[usual_spelling].add(name)
    return tuple(
        _(
            "One person, {name}, is spelt differently too: {names}.",
            name=usual_spelling,
            names=_listed(f"“{name}”" for name in sorted(variants)),
        )
        for usual_spelling, variants in sorted(variants_of.items())
    )

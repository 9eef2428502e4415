"""Which folders of an archive are sides of an evaluation: train and val, by whatever names they go."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from core.base.types import Split

Folders = tuple[str, ...]
"""The folders around a photo, the outermost first."""

_OF_PHOTOS: Final = r"(?:set|data|dataset|dir|folder|split|images?|imgs?|photos?|pictures?|pics|faces)?\d*"
_TRAIN: Final = r"train|training|trn"
_VAL: Final = r"val|valid|validation|test|testing|tst|dev|devel|development|eval|evaluation|holdout|heldout"
_SIDES: Final = (
    (re.compile(f"(?:{_TRAIN}){_OF_PHOTOS}"), Split.TRAIN),
    (re.compile(f"(?:{_VAL}){_OF_PHOTOS}"), Split.VAL),
)
_MAY_BE_A_PERSON: Final = frozenset(("test", "dev", "val", "eval", "tst", "devel", "development", "evaluation"))
_NEED_THE_OTHER_SIDE: Final = _MAY_BE_A_PERSON - {"test", "val"}


def _side(name: str) -> Split | None:
    bare = re.sub(r"[\s_.\-]", "", name.casefold())
    return next((side for pattern, side in _SIDES if pattern.fullmatch(bare)), None)


def find_split_folders(paths: Iterable[Folders], *, lenient: bool) -> dict[Folders, Split]:
    """Paths of the folders that are splits; all that are named like one when ``lenient``."""
    children: dict[Folders, set[str]] = defaultdict(set)
    with_folders: set[Folders] = set()
    for path in paths:
        for depth, part in enumerate(path):
            children[path[:depth]].add(part)
            if depth + 1 < len(path):
                with_folders.add(path[: depth + 1])
    folders: dict[Folders, Split] = {}
    for parent, parts in children.items():
        sides = {part: side for part in sorted(parts) if (side := _side(part)) is not None}
        holding = [part for part in sides if (*parent, part) in with_folders]
        for part in sides if lenient else _believed(sides, holding, alone=len(sides) == len(parts)):
            folders[*parent, part] = sides[part]
    return folders


def _believed(sides: Mapping[str, Split], holding: Iterable[str], *, alone: bool) -> list[str]:
    """Which of the folders that are named like splits, side by side, are splits.

    Parameters
    ----------
    holding : those with folders inside
    alone : whether there are no other folders beside them
    """
    # Train beside val is no pair of people.
    if len(set(sides.values())) == 2:
        return list(sides)
    # One side without the other: train alone is a split, but a lone Dev or Eval may be somebody's name.
    if alone:
        return [part for part in sides if part.casefold() not in _NEED_THE_OTHER_SIDE]
    return [part for part in holding if part.casefold() not in _MAY_BE_A_PERSON]

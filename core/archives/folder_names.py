"""What folders are by their names: sides of an evaluation (train and val), or of strangers, who are not to be named.

Such a name may be somebody's all the same, so whoever gives the photos is asked; see ``folder_layout``.
"""

from __future__ import annotations

import re
import unicodedata
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


# strangers

_BETWEEN_WORDS: Final = re.compile(r"[\s_.\-]+|\d+$")


def is_called_strangers(folder: str) -> bool:
    """Whether a folder's name says that it holds strangers, in one of many languages; case and accents do not count."""
    return _fold_name(folder) in _NAMES


def _fold_name(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return _BETWEEN_WORDS.sub("", bare)


_IN_MANY_LANGUAGES: Final = (
    # English, German, Dutch, Swedish, Danish and Norwegian
    "unknown unknowns unknown-people unknown-person unknown-persons unknown-faces stranger strangers unnamed no-name "
    "no-names unidentified nobody unbekannt unbekannte unbekannter fremde fremder niemand namenlos onbekend onbekenden "
    "vreemden okänd okända främlingar ukendt ukendte ukjent ukjente fremmede",
    # French, Spanish, Portuguese, Italian
    "inconnu inconnus inconnue inconnues étranger étrangers sans-nom desconocido desconocidos desconocida desconocidas "
    "extraño extraños sin-nombre desconhecido desconhecidos desconhecida desconhecidas estranhos sem-nome sconosciuto "
    "sconosciuti sconosciuta sconosciute estranei senza-nome",
    # Polish, Czech, Hungarian, Turkish, Finnish
    "nieznany nieznani nieznana nieznane obcy neznámý neznámí neznámá cizí ismeretlen ismeretlenek bilinmeyen "
    "bilinmeyenler yabancı yabancılar tuntematon tuntemattomat",
    # Russian, Ukrainian, Greek
    "неизвестный неизвестные неизвестно неизвестная незнакомцы чужие невідомі невідомий άγνωστος άγνωστοι άγνωστη",
    # Chinese, Japanese, Korean, Arabic, Hebrew
    "未知 陌生人 不认识 不認識 未知人物 不明 知らない人 他人 名前なし 알수없음 모르는-사람",
    "مجهول مجهولون غرباء לא-ידוע זרים",
)
_NAMES: Final = frozenset(_fold_name(name) for names in _IN_MANY_LANGUAGES for name in names.split())

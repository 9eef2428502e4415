"""The languages of the interface: how each calls itself, writes its numbers, and which catalogue it has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

CATALOGUES_FOLDER = Path(__file__).with_name("catalogues")


@dataclass(frozen=True, slots=True)
class Language:
    """A language that the interface can be read in."""

    code: str
    """As ISO 639-1 has it: "de"."""
    name: str
    """As its speakers write it."""
    decimal_sign: str = "."
    date_field_format: str = ""
    """How ``st.date_input`` writes a day; "" leaves that to the page."""
    is_right_to_left: bool = False
    has_elisions: bool = False
    """A short word loses its vowel before another one: "de Ben", "d’Ann"."""
    has_capital_nouns: bool = False
    """Nouns have a capital letter inside of a sentence too."""
    is_complete: bool = False
    """Every text is said in it; then it is read without being chosen, where a browser prefers it."""

    @property
    def catalogue_path(self) -> Path:
        """Its texts, as gettext's tools write them; English has none."""
        return CATALOGUES_FOLDER / f"{self.code}.po"


ENGLISH = Language("en", "English", is_complete=True)
LANGUAGES = {
    language.code: language
    for language in (
        ENGLISH,
        Language(
            "de",
            "Deutsch",
            decimal_sign=",",
            date_field_format="DD.MM.YYYY",
            has_capital_nouns=True,
            is_complete=True,
        ),
        Language(
            "fr", "Français", decimal_sign=",", date_field_format="DD/MM/YYYY", has_elisions=True, is_complete=True
        ),
        Language("es", "Español", decimal_sign=",", date_field_format="DD/MM/YYYY", is_complete=True),
    )
}
"""By their codes."""


@overload
def find_language(wish: str) -> Language: ...
@overload
def find_language(wish: str, otherwise: None) -> Language | None: ...
def find_language(wish: str, otherwise: Language | None = ENGLISH) -> Language | None:
    """The language that a browser or a setting asks for, as "de-AT" or "de"; ``otherwise`` where it is none of ours."""
    return LANGUAGES.get(wish.replace("_", "-").partition("-")[0].lower(), otherwise)


@lru_cache(maxsize=len(LANGUAGES))
def load_translations(language: Language) -> NullTranslations:
    """The catalogue of a language; a text that it lacks stays English."""
    if language is ENGLISH:
        return NullTranslations()
    # Imported here: who reads English needs it not.
    from babel.messages.mofile import write_mo

    compiled = BytesIO()
    write_mo(compiled, read_catalogue(language))
    compiled.seek(0)
    return GNUTranslations(compiled)


def plural_category(number: int, language: Language) -> str:
    """Which plural a number of things has, as CLDR and browsers call it: "one", "few", "many", "other"."""
    from babel import Locale

    return str(Locale.parse(language.code).plural_form(number))


@lru_cache(maxsize=len(LANGUAGES))
def read_catalogue(language: Language) -> Catalog:
    """All texts of the interface with what they are in a language; not of English, which has no catalogue."""
    from babel.messages.pofile import read_po

    with language.catalogue_path.open("rb") as file:
        catalogue = read_po(file, locale=language.code)
    for message in catalogue:
        if not isinstance(message.string, str):
            message.string = _fill_forms(message.string)
    return catalogue


def _fill_forms(forms: Sequence[str]) -> tuple[str, ...]:
    """The forms of a text about a number of things; one that was left empty is the last that was said."""
    # French and Spanish have a form for whole millions, before that of other numbers; most translators know two.
    said = [form for form in forms if form]
    return tuple(form or said[-1] for form in forms) if said else tuple(forms)

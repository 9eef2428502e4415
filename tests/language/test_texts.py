"""Texts are said in the language of who reads them, and English where a language has none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from core.language import said_before
from core.language.dates import date_field_format, format_day, format_moment
from core.language.languages import ENGLISH, LANGUAGES, find_language
from core.language.preference import Preference
from core.language.said_before import forget_texts, say_again
from core.language.texts import gettext, ngettext, speaking
from core.ui import words

GERMAN = LANGUAGES["de"]


@pytest.mark.parametrize(
    ("wish", "code"), [("de", "de"), ("de-AT", "de"), ("fr_CA", "fr"), ("DE", "de"), ("xx", "en"), ("", "en")]
)
def test_a_wish_becomes_a_language_that_there_is(wish: str, code: str):
    assert find_language(wish).code == code


@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        *(("de-AT,de;q=0.9,en;q=0.5", "de"), ("de", "de"), ("en-GB,de;q=0.9", "en"), ("en;q=0.4, de;q=0.8", "de")),
        *(("fr-FR,fr;q=0.9,de;q=0.8,en;q=0.7", "fr"), ("es", "es"), ("ja,xx;q=2", "en"), ("de;q=0", "en")),
        *((";;,q=,de;q=high", "de"), ("*", "en"), ("", "en")),
    ],
)
def test_a_browser_gets_the_dearest_of_its_languages_that_is_complete(accepted: str, code: str):
    assert Preference(accepted=accepted).resolve().code == code


def test_a_language_that_is_not_complete_is_left_for_the_next(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(LANGUAGES, "fr", replace(LANGUAGES["fr"], is_complete=False))
    assert [Preference(accepted=accepted).resolve().code for accepted in ("fr,de;q=0.8", "fr")] == ["de", "en"]


def test_a_choice_comes_before_the_installation_and_that_before_the_browser():
    assert Preference("fr", "en", "de").resolve().code == "fr"
    assert Preference("", "en", "de").resolve().code == "en"


def test_a_text_is_said_in_the_language_that_is_spoken():
    assert gettext("Who is this?") == "Who is this?"
    with speaking(GERMAN):
        assert gettext("Who is this?") == "Wer ist das?"
        with speaking(ENGLISH):
            assert gettext("Who is this?") == "Who is this?"
        assert gettext("Nobody translated this.") == "Nobody translated this."


def test_a_french_text_elides_before_a_name_that_begins_with_a_vowel():
    with speaking(LANGUAGES["fr"]):
        shown = [gettext("Others of {name}", name=name) for name in ("Ben", "Élise", "", "2 personnes")]
        assert shown == ["D’autres de Ben", "D’autres d’Élise", "D’autres de ", "D’autres de 2 personnes"]
        assert words.titled("Ben", "3") == "Ben\u202f: 3"


def test_values_stay_as_they_are():
    with speaking(GERMAN):
        assert gettext("Renamed to '{name}'.", name="{0} %s") == "Umbenannt in „{0} %s“."


def test_numbers_of_things_have_their_own_forms():
    with speaking(GERMAN):
        assert [ngettext("{number} face", "{number} faces", n) for n in (0, 1, 1234)] == [
            "0 Gesichter",
            "1 Gesicht",
            "1\u202f234 Gesichter",
        ]


def test_numbers_are_written_as_the_language_writes_them():
    with speaking(GERMAN):
        assert words.percent(0.976) == "97,6\u00a0%"
        assert words.percent(0.9999) == "über 99,9\u00a0%"
        assert words.format_duration(2 * words.HOUR_S) == "2,0 Stunden"
        assert words.format_size(12_340_000) == "12,3 MB"


_ICON = "Die Datei ist kein Foto, sondern ein Symbolbild, und das wird nicht gelesen; speichern Sie es als JPEG."


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        ("Who is this?", "Wer ist das?"),
        ("Renamed to 'Train'.", "Umbenannt in „Train“."),
        ("1\u202f234 faces", "1\u202f234 Gesichter"),
        ("12 traces left in a.jpg, b.jpg", "12 Spuren sind übrig in a.jpg, b.jpg"),
        ("1 face (2 without a name)", "1 Gesicht (2 ohne Namen)"),
        ("Keep the linear SVM: 3 faces of it.", "Keep the linear SVM: 3 faces of it."),
        ("3: Nobody has a name yet.", "3: Noch hat niemand einen Namen."),
        (
            "left out: thumbnails that a Synology makes (@eaDir)",
            "ausgelassen: Vorschaubilder, die ein Synology anlegt (@eaDir)",
        ),
        ("The file is not a photo but an icon, which is not read; save it as JPEG.", _ICON),
        ("Nobody translated this. Work is in progress.", "Nobody translated this. Die Arbeit läuft."),
    ],
)
def test_what_was_kept_in_english_is_said_again(kept: str, read: str):
    assert say_again(kept) == kept
    with speaking(GERMAN):
        assert say_again(kept) == read


def test_days_and_times_are_written_as_the_language_writes_them():
    moment = datetime(2027, 3, 1, 14, 5, 9, tzinfo=UTC)
    assert (format_day(moment), format_moment(moment)) == ("1 March 2027", "2027-03-01 14:05")
    with speaking(GERMAN):
        assert (format_day(moment), format_moment(moment)) == ("1. März 2027", "01.03.2027, 14:05")
        assert format_moment(moment, with_seconds=True) == "01.03.2027, 14:05:09"
        assert date_field_format() == "DD.MM.YYYY"


def test_a_text_about_somebody_who_is_erased_is_not_kept_in_memory():
    with speaking(GERMAN):
        say_again("Ann is the only one here.")
    forget_texts()
    assert not said_before._say_again.cache_info().currsize

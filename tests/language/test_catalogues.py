"""The catalogues hold the texts of the code, in German all of them; ``make words`` collects them."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from core.language.languages import ENGLISH, LANGUAGES, load_translations

ROOT = Path(__file__).parents[2]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "marked": None}
TRANSLATED = tuple(code for code in LANGUAGES if code != ENGLISH.code)
COMPLETE = tuple(code for code in TRANSLATED if LANGUAGES[code].is_complete)
TRANSLATED_ROOMS = ("core/ui", "core/report", "pages")
"""Whose texts all come from the catalogue."""
SHOWN_BY_STREAMLIT = {
    *("title", "header", "subheader", "caption", "markdown", "info", "warning", "error", "success", "toast", "button"),
    *("text_input", "selectbox", "multiselect", "radio", "checkbox", "toggle", "slider", "popover", "expander", "tabs"),
    *("file_uploader", "download_button", "spinner", "progress", "metric", "pills", "segmented_control", "dialog"),
}
Message = str | tuple[str, ...]


@cache
def collected() -> frozenset[Message]:
    messages: set[Message] = set()
    for part in ("core", "pages"):
        for _, _, message, _, _ in extract_from_dir(ROOT / part, [("**.py", "python")], keywords=KEYWORDS):
            messages.add(message)
    return frozenset(messages)


@cache
def catalogue_of(code: str) -> Catalog:
    with LANGUAGES[code].catalogue_path.open("rb") as file:
        return read_po(file, locale=code)


def texts_of(message: object) -> tuple[str, ...]:
    return (message,) if isinstance(message, str) else tuple(message)


def names_in(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_catalogue_has_the_texts_of_the_code(code: str):
    known = {texts_of(message.id) for message in catalogue_of(code) if message.id}
    assert known == {texts_of(message) for message in collected()}, "make words"


@pytest.mark.parametrize("code", COMPLETE)
def test_a_complete_catalogue_lacks_no_text(code: str):
    assert [message.id for message in catalogue_of(code) if message.id and not all(texts_of(message.string))] == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_translation_speaks_of_the_same_values(code: str):
    for message in catalogue_of(code):
        expected = names_in(texts_of(message.id)[-1])
        for text in filter(None, texts_of(message.string)):
            assert not message.id or names_in(text) == expected, text


@pytest.mark.parametrize(("code", "spoken"), [("fr", "{number} visages"), ("es", "{number} caras")])
def test_a_language_with_a_form_for_millions_has_the_usual_one_for_the_others(code: str, spoken: str):
    said = load_translations(LANGUAGES[code])
    assert [said.ngettext("{number} face", "{number} faces", number) for number in (2, 1_000_000)] == [spoken, spoken]


def python_files(room: str) -> list[Path]:
    return [ROOT / room] if room.endswith(".py") else sorted((ROOT / room).rglob("*.py"))


def calls_in(room: str) -> Iterator[tuple[Path, ast.Call]]:
    for path in python_files(room):
        yield from ((path, node) for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call))


def test_no_text_is_asked_for_where_it_cannot_be_collected():
    """Within an f-string, or by a name, which only a text that was ``marked`` may have."""
    for part in ("core", "pages"):
        for path in sorted((ROOT / part).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    asked = [call for call in ast.walk(node) if isinstance(call, ast.Call) and is_text(call)]
                    assert all(not isinstance(call.args[0], ast.Constant) for call in asked), f"{path}:{node.lineno}"


def test_every_text_that_is_written_out_is_collected_whole():
    """One within the arguments of a ``ngettext`` would cut off its plural."""
    whole = {texts_of(message)[-1] for message in collected()}
    for path, call in (*calls_in("core"), *calls_in("pages")):
        if is_text(call):
            text = call.args[KEYWORDS[call.func.id] is not None]
            assert not isinstance(text, ast.Constant) or text.value in whole, f"{path}:{call.lineno}"


def is_text(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id in KEYWORDS


@pytest.mark.parametrize("room", TRANSLATED_ROOMS)
def test_a_translated_room_says_nothing_outside_of_the_catalogue(room: str):
    for path, call in calls_in(room):
        if isinstance(call.func, ast.Attribute) and call.func.attr in SHOWN_BY_STREAMLIT:
            shown = [*call.args[:1], *(word.value for word in call.keywords if word.arg in ("help", "placeholder"))]
            assert not any(map(says_words, shown)), f"{path}:{call.lineno} says {ast.unparse(call)}"


def says_words(text: ast.expr) -> bool:
    """Whether a text, a constant, or an f-string between its values has words of its own; names of icons are none."""
    if isinstance(text, ast.Name | ast.Attribute):
        # A text that was ``marked``, shown as it is.
        name = text.id if isinstance(text, ast.Name) else text.attr
        return name.isupper() and not name.startswith("EXAMPLE_")
    parts = text.values if isinstance(text, ast.JoinedStr) else [text]
    bare = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
    return bool(re.search("[A-Za-z]", re.sub(r":material/\S+:|:\w+\[", "", bare)))


@pytest.mark.parametrize("room", TRANSLATED_ROOMS)
def test_a_translated_room_uses_the_name_of_gettext_for_nothing_else(room: str):
    """Or it would be another function's value where a text is asked for."""
    for path in python_files(room):
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef):
                # The variable of a comprehension is of the comprehension alone.
                loops = [node.target for node in ast.walk(function) if isinstance(node, ast.comprehension)]
                own = {id(node) for target in loops for node in ast.walk(target)}
                names = [node for node in ast.walk(function) if isinstance(node, ast.Name) and node.id == "_"]
                uses = {type(node.ctx) for node in names if id(node) not in own}
                assert len(uses) < 2, f"{path}:{function.lineno}"

"""What the browser's modules say: each text comes with its component, in the language of who reads."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from core.language.languages import ENGLISH, LANGUAGES
from core.language.texts import speaking
from core.ui.components import mount
from core.ui.components.browser_words import english_plural, words_for_reader

BROWSER = mount.BROWSER_FOLDER
MODULES = sorted(BROWSER.rglob("*.js"))
PHRASE = r'("(?:[^"\\]|\\.)*")'
SAID = (rf"\b(?:gettext|marked)\(\s*{PHRASE}", rf"\bngettext\(\s*\"[^\"]*\",\s*{PHRASE}")
COMMENT = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*", re.DOTALL)
IMPORTED = re.compile(r'\bfrom "(\.[^"]+)"|new URL\("(\.[^"]+)", import\.meta')
SHOWN = "textContent|innerText|title|placeholder|alt|ariaLabel"
STRING = r"""(["'`])(?=[^"'`]*[A-Za-z])"""
WORDS_OF_ITS_OWN = (
    re.compile(rf"\b(?:{SHOWN})\s*(?::|=(?!=))\s*(?!\"\"){STRING}"),
    re.compile(rf"\?\s*{STRING}[A-Z][a-z]+ ?[^\"'`]*\1\s*:"),
    re.compile(rf'"(?:{SHOWN}|aria-(?:label|description|valuetext|roledescription))"\s*[:,]\s*{STRING}'),
    re.compile(rf"\bcreateText\([^,]+,[^,]+,\s*{STRING}"),
    re.compile(r"""(["'`])(?:[A-Z][\w']*|\{\}),? [a-z]{2,}\b[^"'`\n]*\1"""),
    re.compile(r"<title>\w|aria-label=\"\w|>[A-Z][a-z]+ ?[a-z ]*</"),
)
"""Texts that are assigned to what is shown or read aloud, chosen from, or look like a sentence."""


def code_of(path: Path) -> str:
    return COMMENT.sub("", path.read_text("utf-8"))


def texts_of(path: Path) -> set[str]:
    return {ast.literal_eval(text) for pattern in SAID for text in re.findall(pattern, code_of(path))}


@cache
def components() -> dict[Path, str]:
    """The module of each component, and the Python module that registers it with words, or ""."""
    entries = {}
    for source in sorted(BROWSER.parent.glob("*.py")):
        for call in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "register_component":
                parts = {part.arg: part.value for part in call.keywords}
                entries[BROWSER / ast.literal_eval(parts["module"])] = source.stem if "words" in parts else ""
    return entries


def modules_behind(entry: Path) -> Iterator[Path]:
    """What a component's module is made of; what it imports of another component has words of its own."""
    seen, waiting = set[Path](), [entry]
    while waiting:
        path = waiting.pop()
        if path in seen or (path != entry and path in components()):
            continue
        seen.add(path)
        yield path
        waiting += [(path.parent / (one or other)).resolve() for one, other in IMPORTED.findall(code_of(path))]


@pytest.mark.parametrize("entry", components(), ids=lambda entry: entry.stem)
def test_a_component_brings_exactly_the_words_that_its_modules_say(entry: Path) -> None:
    said = set().union(*map(texts_of, modules_behind(entry)))
    source = components()[entry]
    if not source:
        assert said == set()
        return
    words = import_module(f"core.ui.components.{source}")._WORDS
    assert {*words.texts, *map(english_plural, words.counted)} == said


def own_words(code: str) -> list[str]:
    """What a module would say whatever language is read."""
    # A fault is read by who mends it.
    code = re.sub(r"\bthrow new \w+\([^;]*\);", "", re.sub(r"\$\{[^{}]*\}", "{}", code))
    for pattern in (*SAID, rf"\bngettext\(\s*{PHRASE}"):
        code = re.sub(pattern, "said(", code)
    return [match[0] for pattern in WORDS_OF_ITS_OWN for match in pattern.finditer(code)]


def test_no_module_says_anything_that_is_not_collected() -> None:
    assert {path.name: found for path in MODULES if (found := own_words(code_of(path)))} == {}


@pytest.mark.parametrize(
    "written",
    [
        'note.textContent = "Stop";',
        'createElement("p", { title: `Face of ${name}` })',
        'createElement("p", {}, { "aria-label": "Person" })',
        'bar.setAttribute("aria-label", "Tools");',
        'createText("p", "", "Unknown")',
        'const name = isKnown ? "Ann" : POOR;',
        'const STOP = "Draw around the face";',
        "note.append(`${count} faces in view`);",
    ],
)
def test_words_of_a_module_itself_would_be_seen(written: str) -> None:
    assert own_words(written)


def test_english_travels_by_itself_and_german_with_its_plurals_and_its_sign() -> None:
    words = import_module("core.ui.components.lookups")._WORDS
    with speaking(ENGLISH):
        assert words_for_reader(words) == {"language": "en", "decimal_sign": ".", "texts": {}}
    with speaking(LANGUAGES["de"]):
        german = words_for_reader(words)
    assert (german["language"], german["decimal_sign"]) == ("de", ",")
    texts = german["texts"]
    assert isinstance(texts, dict)
    assert texts["Everybody"] == "Alle"
    assert texts["{number} photos"] == {"one": "{number} Foto", "other": "{number} Fotos"}
    with speaking(LANGUAGES["fr"]):
        assert set(words_for_reader(words)["texts"]["{number} photos"]) == {"one", "other"}  # type: ignore[index]

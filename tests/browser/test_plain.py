"""Names, notes and errors look on a page as they were written, whatever Markdown would make of them."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import VIEWPORT, settle
from tests.serving import ROOT, free_port, wait_until_up
from tests.waiting import LONGEST_S

INVISIBLE = re.compile("[\u2060\u2066-\u2069\u202a-\u202e]")
TEXTS = (
    "plain",
    "elton_john __init__ _x_ a_b_ *a* **b** ***c***",
    "back\\slash \\* \\\\ C:\\photos\\new\\",
    "![a](http://127.0.0.1:9/a.png) ![a][b] [c](d) [e] [f]: http://example.invalid [^1]",
    "<img src=x> <b>b</b> <http://example.invalid> <a@example.invalid> <!-- c --> </div>",
    "http://example.invalid https://example.invalid/x?y=1&z=2 WWW.example.invalid www.example.invalid ftp://x.y",
    "anna@home.jpg mailto:anna@home.org IMG@2x.jpg",
    ":material/home: :material_home: :streamlit: :heart: :+1: 12:30:45 a:b :red[x] :red :small[y] ::leaf ::: div",
    ":red-background[x] :color[x]{foreground=red} :blue-badge[b] :rainbow[r] :help[h] :shimmer[s]",
    "$x^2$ $$y$$ A$AP $5 and $6 \\(z\\) \\[w\\]",
    "`code` ``two`` ```three```",
    "# heading", "## heading", "#tag", "- item", "* item", "+ item", "1. first", "2) second", "1.", "2024. Summer",
    "> quote", ">", "---", "***", "___", "===", "- - -", "-", "+", "1", "1. ", "~~~", "```",
    "| a | b |", "a | b", "~~gone~~ ~gone~ a~b",
    "a -> b <- c <-> d -- e >= f <= g ~= h", "->", "--", ">=", "<->",
    "&amp; &lt; &#65; &copy; AT&T & co",
    "Ben \"the\" 'one' & (two) {three} 100 % #4 a+b=c; d!",
    "[ ] todo", "[x] done", "term\n: definition",
    "two\nlines", "a\n---", "a\n===", "| a |\n|---|\n| b |", "- a\n- b", "a\n\n\n    code", "\tcode", "     code",
    "שלום", "محمد (1)", "![ש](http://127.0.0.1:9/x.png) שלום http://example.invalid", "\u202egpj.exe",
    "Zoë Ωmega 山田太郎 👩‍👧 ❤ Žižek", "a" * 120,
)  # fmt: skip
ELEMENTS = {
    "[data-testid=stMarkdown]": 2,
    "[data-testid=stCaptionContainer]": 2,
    "[data-testid=stAlert]": 1,
    "[data-testid=stButton]": 1,
    "[data-testid=stCheckbox]": 1,
    "[data-testid=stRadio]": 1,
    "[data-testid=stButtonGroup]": 1,
    "[data-testid=stMetricLabel]": 1,
    "[data-testid=stExpander] summary [data-testid=stMarkdownContainer]": 1,
    "[data-testid=stPopover] [data-testid=stMarkdownContainer]": 1,
    "[data-testid=stTabs] [role=tab]": 2,
    "[data-testid=stProgress]": 1,
    "[data-testid=stHeading]": 1,
    "[data-testid=stDownloadButton]": 1,
}
"""Where the text stands, and how often in one container."""

SHOWN = """([n, selectors]) => Array.from({ length: n }, (_, number) => selectors.map((selector) =>
  [...document.querySelectorAll(`.st-key-text_${number} :is(${selector})`)].map((each) => each.innerText)))"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of a page with every text in every element."""
    texts = tmp_path_factory.mktemp("plain") / "texts.json"
    texts.write_text(json.dumps(TEXTS), encoding="utf-8")
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "tests/browser/markup.py", "--server.port", str(port)]
    environment = {**os.environ, "TEXTS": str(texts), "PROJECT": str(ROOT)}
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        wait_until_up(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(LONGEST_S)


@pytest.fixture(scope="module")
def drawn(address: str, tab: Page) -> Page:
    """That page, drawn to its end."""
    tab.set_viewport_size(VIEWPORT)
    tab.goto(address)
    tab.get_by_role("heading", name="Drawn").wait_for()
    settle(tab)
    return tab


def words_of(text: str) -> str:
    """A text without what cannot be seen, its white space as a browser shows it."""
    return " ".join(INVISIBLE.sub("", text).split())


def test_every_text_is_shown_as_it_was_written_by_every_element(drawn: Page):
    wrong = []
    for text, container in zip(TEXTS, drawn.evaluate(SHOWN, [len(TEXTS), list(ELEMENTS)]), strict=True):
        for (selector, expected), shown in zip(ELEMENTS.items(), container, strict=True):
            assert len(shown) >= expected, selector
            wrong += [(text, selector, each) for each in shown[:expected] if not holds(each, text)]
    assert not wrong, "\n".join(map(repr, wrong))


def holds(shown: str, text: str) -> bool:
    """Whether an element shows the text, and nothing but what its page put beside it."""
    written = words_of(text)
    beside = {"", ": and more", "other", f"{written} other"}
    shown = words_of(shown)
    return shown == "other" or (shown.startswith(written) and shown.removeprefix(written).strip() in beside)


def test_no_text_became_a_part_of_the_page(drawn: Page):
    within = "[class*=st-key-text_] [data-testid=stMarkdownContainer]"
    made = ", ".join(
        f"{within} {tag}"
        for tag in (
            "a",
            "img",
            "em",
            "code",
            "pre",
            "del",
            "ul",
            "ol",
            "hr",
            "table",
            "h1",
            "blockquote",
            ".katex",
            "[role=img]",
            "input",
            "dl",
        )
    )
    assert drawn.locator(made).evaluate_all("all => all.map((each) => each.outerHTML.slice(0, 200))") == []

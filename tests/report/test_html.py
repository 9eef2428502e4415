"""The report as a page: nothing from elsewhere, everything described, charts that follow its colours."""

from __future__ import annotations

import re

import pytest

from tests.report.reading import KINDS, Page, written


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_loads_nothing_and_runs_nothing(kind):
    page = Page(written(kind).html)
    assert not {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object", "embed", "base", "form"}
    addresses = [
        value
        for _, attributes in page.tags
        for name, value in attributes.items()
        if name in {"src", "href", "srcset", "action", "data", "poster", "xlink:href"}
    ]
    assert addresses and all(re.match(r"#\w|data:image/jpeg;base64,", address) for address in addresses)
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert not re.search(r"url\(|@import|https?:", page.text)


@pytest.mark.parametrize("kind", KINDS)
def test_every_picture_and_table_says_what_it_is(kind):
    page = Page(written(kind).html)
    pictures = [(tag, attributes) for tag, attributes in page.tags if tag in {"img", "svg"}]
    assert pictures and all(attributes.get("alt") or attributes.get("aria-label") for _, attributes in pictures)
    counted = {name: sum(tag == name for tag, _ in page.tags) for name in ("table", "caption", "thead", "h1")}
    assert counted["table"] == counted["caption"] > counted["thead"] and counted["h1"] == 1


def test_what_a_page_refers_to_has_a_name_of_its_own():
    html = written("a study").html.decode()
    names = re.findall(r"\bid=['\"]([^'\"]+)", html)
    assert len(names) == len(set(names))
    referred = re.findall(r"(?:url\(|href=['\"])#([\w-]+)", html)
    assert len(referred) > 10 and set(referred) <= set(names)


def test_colours_of_charts_follow_the_page():
    html = written("some errors").html.decode()
    charts = "".join(re.findall(r"<svg.*?</svg>", html, re.DOTALL))
    assert "currentColor" in charts and "var(--quiet)" in charts and "var(--grid)" in charts
    assert not re.search("#1b2426|#556165|#d9e0e1|DejaVu", charts)

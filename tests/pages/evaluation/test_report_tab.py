"""The tab "Report": asked for by a button, with faces or without, and gone when something else is asked for."""

from __future__ import annotations

from tests.pages.conftest import button, open_tab, texts


def downloads(app) -> list[str]:
    return [found.proto.label for found in app.get("download_button")]


def facts(app) -> str:
    return "\n".join(str(table.value) for table in app.table)


def test_the_report_is_made_when_it_is_asked_for(trained, open_page):
    app = open_tab(open_page, "Report")
    assert "One file to keep or to pass on" in texts(app) and not downloads(app)
    button(app, "Make the report").click().run()
    assert not app.exception, app.exception
    assert [label.split(",")[0] for label in downloads(app)] == ["HTML file", "PDF file"]
    assert "right on new photos" in facts(app) and "100\u00a0%" in facts(app)


def test_a_report_with_faces_is_not_offered_as_one_without(trained, open_page):
    app = open_tab(open_page, "Report")
    button(app, "Make the report").click().run()
    app.checkbox(key="report_faces").uncheck().run()
    assert not app.exception and not downloads(app)
    button(app, "Make the report").click().run()
    assert not app.exception and len(downloads(app)) == 2

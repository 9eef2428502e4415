"""The access log: what pages write down of who looks at whom, and the page that shows it."""

from __future__ import annotations

from core.store.audit_log import AuditAction, AuditFilter
from core.ui import menu
from tests.pages.conftest import texts


def lines(services) -> list[tuple[str, str, int | None]]:
    services.audit_recorder.write()
    return [
        (line.entry.action.value, line.entry.occasion, line.entry.person_id)
        for line in services.audit_log.lines(AuditFilter())
    ]


def test_pages_and_people_that_are_looked_at_are_written_down_and_shown(trained, open_page):
    (dataset,) = trained.store.datasets()
    madonna = next(person for person in trained.store.people(dataset.id) if person.name == "madonna")
    open_page(menu.PEOPLE, dataset=dataset.id, person=str(madonna.id))
    open_page(menu.EXCHANGE, dataset=dataset.id)
    log = lines(trained)
    assert (AuditAction.VIEWED, "people", None) in log and (AuditAction.VIEWED, "person", madonna.id) in log
    app = open_page(menu.ACCESS_LOG)
    table = app.dataframe[0].value
    assert "madonna" in set(table["Whom"]) and set(table["Who"]) == {"this computer"}
    assert lines(trained) == log, "looking at the log is no look at people"


def test_an_export_is_written_down_with_its_person_and_its_download(trained, open_page):
    (dataset,) = trained.store.datasets()
    app = open_page(menu.EXCHANGE, dataset=dataset.id)
    next(button for button in app.button if button.label == "Export").click().run()
    assert (AuditAction.EXPORTED, "all", None) in lines(trained)


def test_without_a_log_the_page_says_so(trained, open_page, monkeypatch):
    monkeypatch.setattr(trained.audit_recorder, "is_on", False)
    open_page(menu.PEOPLE)
    trained.audit_recorder.write()
    assert lines(trained) == []
    assert "Nothing is in the log of this time." in texts(open_page(menu.ACCESS_LOG))

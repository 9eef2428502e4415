"""The page of licences is what is installed, and an audit that could not ask says so."""

from __future__ import annotations

from tests.security import licences, vulnerabilities


def test_every_licence_is_known_and_a_new_one_is_refused() -> None:
    assert licences.refused(licences.packages()) == []
    assert licences.refused({"a": "", "b": "Commercial, ask us", "c": "MIT"}) == [
        "a: names no licence", "b: Commercial, ask us",
    ]  # fmt: skip


def test_the_page_of_licences_lacks_what_is_not_on_it() -> None:
    assert licences.missing({"a": "MIT", "b": "BSD"}, "| a | MIT |\n| b | GPL |") == ["| b | BSD |"]


def test_packages_that_nobody_could_be_asked_about_are_said_and_a_fault_is_one(capsys) -> None:
    assert vulnerabilities.report([{"name": "a", "skip_reason": "not there"}]) == 0
    assert "NOT AUDITED: 1 of 1" in capsys.readouterr().out
    assert vulnerabilities.report([{"name": "a", "version": "1", "vulns": [{"id": "CVE-1"}]}]) == 1
    assert "CVE-1" in capsys.readouterr().out

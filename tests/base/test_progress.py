"""How far work is: steps, shares, parts of it, and the wish to stop."""

from __future__ import annotations

import re

import pytest

from core.base.errors import Cancelled
from core.base.progress import UNWATCHED, CancelToken, Progress
from tests.conftest import PROJECT_DIR


def test_shares_are_told_as_the_steps_that_the_work_takes_of_the_whole() -> None:
    told: list[tuple[int, int, str]] = []
    whole = Progress(lambda *line: told.append(line)).over(200, "Learning", 50, 150)
    first, second = whole.part(0.0, 0.25), whole.part(0.25, 1.0)
    for part, share in ((first, 0.0), (first, 1.0), (second, 0.0), (second, 0.5), (second.part(0.5, 1.0), 1.0)):
        part.advance(share)
    assert told == [(done, 200, "Learning") for done in (50, 75, 75, 112, 150)]


def test_a_step_stops_the_work_before_it_is_told_and_a_report_never_does() -> None:
    told: list[int] = []
    token = CancelToken()
    progress = Progress(lambda done, total, message: told.append(done), token)
    progress.step(1, 3, "")
    token.cancel()
    for ask in (lambda: progress.step(2, 3, ""), progress.over(3, "").part(0.0, 0.5).raise_if_cancelled):
        with pytest.raises(Cancelled):
            ask()
    with pytest.raises(Cancelled):
        progress.over(3, "").advance(0.5)
    progress.report(3, 3, "Done")
    assert told == [1, 3]


def test_what_else_is_to_be_done_is_done_between_steps_until_it_is_to_stop() -> None:
    asked: list[str] = []
    token = CancelToken(lambda: asked.append("between"))
    Progress(token=token).step(0, 1, "")
    token.cancel()
    with pytest.raises(Cancelled):
        Progress(token=token).step(0, 1, "")
    assert asked == ["between"]


def test_work_that_nobody_follows_goes_on() -> None:
    UNWATCHED.part(0.0, 0.5).advance(1.0)
    UNWATCHED.step(1, 2, "")


def test_progress_has_one_form() -> None:
    """Another callable for it would be a second language for one thing."""
    for path in (PROJECT_DIR / "core").rglob("*.py"):
        forms = re.search(r"Callable\[\[(float|int, int, str)\], None\]", path.read_text(encoding="utf-8"))
        assert not forms or path.name == "progress.py", f"{path}: {forms and forms[0]}; use core.base.progress"

"""Every page as somebody may use it: nothing breaks, nothing is offered that would be refused, nothing is queued."""

from __future__ import annotations

import time

import pytest
from streamlit.testing.v1 import AppTest

from core.access import view
from core.access.permissions import Action, Principal
from core.access.rates import RateLimit
from core.base.errors import TooOften
from core.services import Services
from core.store.access_model import Grant, Role, Standing
from core.ui import menu
from tests.pages.conftest import ROOT, texts
from tests.waiting import LONGEST_S

BOB, CY, EVE, BOSS = "bob@example.org", "cy@example.org", "eve@example.org", "boss@example.org"
ROLES = f'[roles]\n"{BOB}" = "viewer"\n"{CY}" = "viewer"\n"{EVE}" = "editor"\n"{BOSS}" = "admin"\n'
OUT = {"Sign out", "Sign out everywhere"}
TRIALS = {*(f"Photo {number}" for number in range(1, 6)), "A stranger"}
WALKING = {"Everybody", "Previous", "Next"}
LOOKING = OUT | TRIALS | {"Who is this?"}
"""All the buttons that somebody sees with whom the trained sample was shared to look at."""


@pytest.fixture
def shared(trained: Services) -> Services:
    """The trained sample, shared with a viewer and an editor."""
    (dataset,) = trained.store.datasets()
    trained.access.grant(Grant(dataset.id, BOSS, Standing.OWNER))
    trained.access.grant(Grant(dataset.id, BOB, Standing.VIEWER))
    trained.access.grant(Grant(dataset.id, EVE, Standing.EDITOR))
    trained.settings.access_file.write_text(ROLES)
    return trained


def sign_in(address: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=LONGEST_S)
    app.user = {"is_logged_in": True, "email": address, "email_verified": True, "iat": time.time(), "sub": address}
    return app.run()


def labels(app: AppTest) -> set[str]:
    return {button.label for button in app.button}


def walk(address: str) -> tuple[dict[str, set[str]], str]:
    """The buttons of every page, by its file, and all that the pages say; none of them shows a fault."""
    app, offered, said = sign_in(address), {}, ""
    for entry in menu.ENTRIES:
        app.switch_page(entry.script).run()
        assert not app.exception and not app.error, f"{address}, {entry.script}: {app.exception} {app.error}"
        offered[entry.script] = labels(app) - OUT
        said += texts(app)
    return offered, said


def test_a_viewer_walks_every_page_and_is_offered_to_look_and_to_identify(shared: Services) -> None:
    (dataset,) = shared.store.datasets()
    before = [job.id for job in shared.jobs.jobs()]
    offered, said = walk(BOB)
    assert set().union(*offered.values()) <= LOOKING
    assert offered[menu.IDENTIFY] == TRIALS
    assert "is made when somebody opens this page who may change the dataset" in said
    changing = [entry for entry in menu.ENTRIES if entry.action in (Action.EDIT, Action.EXPORT)]
    assert said.count("recognise people with it") == len(changing), "each page of those who change something says so"
    assert [job.id for job in shared.jobs.jobs()] == before, "no page of a viewer asks for work"
    madonna = next(person for person in shared.store.people(dataset.id) if person.name == "madonna")
    app = sign_in(BOB)
    for query in ({"person": str(madonna.id)}, {"person": str(madonna.id), "about": "Note and history"}):
        for name, value in query.items():
            app.query_params[name] = value
        app.switch_page(menu.PEOPLE).run()
        assert not app.exception and not app.error
        assert labels(app) <= LOOKING | WALKING, labels(app)
    assert all(field.disabled for field in app.text_area)


def test_who_has_no_share_is_told_so_on_every_page_and_offered_nothing(shared: Services) -> None:
    offered, said = walk(CY)
    assert set().union(*offered.values()) == {"Go to the datasets"}
    assert "Nothing was shared with you yet." in said
    assert "madonna" not in said and "Five celebrities" not in said


def test_an_editor_changes_what_was_shared_and_erases_and_shares_nothing(shared: Services) -> None:
    offered, _ = walk(EVE)
    assert {"Rename", "New dataset"} <= offered[menu.HOME] and "Export" in offered[menu.EXCHANGE]
    assert not {"Delete", "Consent and retention", "Share"} & set().union(*offered.values())


def test_an_admin_is_offered_everything(shared: Services) -> None:
    offered, said = walk(BOSS)
    assert {"Delete", "Consent and retention"} <= offered[menu.HOME] and "Share" in offered[menu.ACCESS]
    assert "for admins" not in said


def test_who_identifies_too_often_waits(shared: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "IDENTIFICATIONS", RateLimit(2, 60.0, clock=lambda: 0.0))
    (dataset,) = shared.store.datasets()
    (run,) = shared.runs.runs(dataset.id)
    bob, eve = (view.services_for(shared, Principal(who, Role.VIEWER)) for who in (BOB, EVE))
    for _ in range(2):
        bob.identifier(run)
    with pytest.raises(TooOften, match="2 times in 60 seconds"):
        bob.identifier(run)
    eve.identifier(run)

"""The door without a server: how often one may try, and how long a session lasts, whatever process asks."""

from __future__ import annotations

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from itsdangerous import URLSafeTimedSerializer
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from core.access.rates import RateLimit
from core.base.settings import Settings
from core.services import Services
from core.ui.access import door
from core.ui.access.door import Admission, Door
from core.ui.access.media_owners import MediaOwners
from core.ui.access.signed_in import admit, sign_out_everywhere

ANN, BOB = "ann@example.org", "bob@example.org"
CLAIMS = {"is_logged_in": True, "email": ANN, "email_verified": True, "sub": "1", "iat": 1.0}
HOUR_S = 3600.0


@pytest.fixture
def whole(tmp_path: Path) -> Services:
    (tmp_path / "access.toml").write_text(f'session_hours = 2\n[roles]\n"{ANN}" = "editor"\n"{BOB}" = "viewer"\n')
    return Services(Settings(tmp_path, supervise=False))


def ask(asked: Door, path: str, client: str, method: str = "GET", cookie: str = "") -> int:
    """The status with which a request from a network address is answered."""
    return read(asked, path, client, method, cookie)[0]


def read(
    asked: Door, path: str, client: str, method: str = "GET", cookie: str = "", accepted: str = ""
) -> tuple[int, str]:
    """The status with which a request from a network address is answered, and the page."""
    sent: list[Any] = []
    headers = [(b"cookie", cookie.encode()), (b"accept-language", accepted.encode())]
    scope = {
        **{"type": "http", "method": method, "path": path},
        **{"query_string": b"", "headers": headers, "client": (client, 1)},
    }

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    # In a thread of its own: what drives a browser leaves its loop running in this one.
    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, asked(scope, receive, send)).result()
    return int(sent[0]["status"]), sent[1]["body"].decode()


def door_before(whole: Services, pages: dict[str, str]) -> Door:
    """The door before an app that answers everything, with the address of who opened each page, by its session."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    opened = [SimpleNamespace(id=session, _user_info={"email": address}) for session, address in pages.items()]
    manager = SimpleNamespace(list_active_sessions=lambda: [SimpleNamespace(session=session) for session in opened])
    runtime: Any = SimpleNamespace(_session_mgr=manager)
    return Door(app, Admission(lambda: whole), MediaOwners(runtime), ("default",), lambda provider: "/auth/login")


def cookie_of(address: str) -> str:
    """The cookie that Streamlit writes for whoever signed in."""
    claims = {**CLAIMS, "email": address, "sub": address, "origin": None}
    signed = URLSafeTimedSerializer(get_cookie_secret(), salt=USER_COOKIE_NAME).dumps(json.dumps(claims))
    return f"{USER_COOKIE_NAME}={signed}"


def test_who_tries_to_sign_in_too_often_waits_and_nobody_else_does(
    whole: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "SIGN_INS", RateLimit(3, 60.0, clock=lambda: 0.0))
    asked = door_before(whole, {})
    assert [ask(asked, "/sign-in", "203.0.113.7") for _ in range(4)] == [200, 200, 200, 429]
    assert ask(asked, "/sign-in", "203.0.113.8") == 200
    assert ask(asked, "/_stcore/health", "203.0.113.7") == 200


@pytest.mark.parametrize(
    ("cookie", "accepted", "lines"),
    [
        ("", "de-AT,de;q=0.9", ('lang="de"', "Melden Sie sich an", "Warten Sie eine Minute")),
        ("face_atlas_language=en", "de", ('lang="en"', "Sign in to see", "Wait a minute")),
        ("", "fr", ('lang="fr"', "Connectez-vous pour voir", "Attendez une minute")),
        ("", "ja", ('lang="en"', "Sign in to see", "Wait a minute")),
    ],
)
def test_the_door_speaks_the_language_of_who_stands_before_it(
    whole: Services, monkeypatch: pytest.MonkeyPatch, cookie: str, accepted: str, lines: tuple[str, str, str]
) -> None:
    monkeypatch.setattr(door, "SIGN_INS", RateLimit(1, 60.0, clock=lambda: 0.0))
    asked = door_before(whole, {})
    language, welcome, refusal = lines
    status, page = read(asked, "/sign-in", "203.0.113.7", cookie=cookie, accepted=accepted)
    assert status == 200 and language in page and welcome in page
    status, page = read(asked, "/sign-in", "203.0.113.7", cookie=cookie, accepted=accepted)
    assert status == 429 and language in page and refusal in page and 'href="/sign-in"' in page


def test_who_uploads_too_often_waits_whatever_page_it_is_and_nobody_else_does(
    whole: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr(door, "UPLOADS", RateLimit(3, 60.0, clock=lambda: now[0]))
    asked = door_before(whole, {"one": ANN, "two": ANN, "bobs": BOB})
    ann, bob = cookie_of(ANN), cookie_of(BOB)

    def upload(session: str, cookie: str, method: str = "PUT") -> int:
        return ask(asked, f"/_stcore/upload_file/{session}/file", "203.0.113.7", method, cookie)

    assert [upload(page, ann) for page in ("one", "two", "one", "two")] == [200, 200, 200, 429]
    assert upload("one", ann, "DELETE") == 200, "what was dropped can be taken back"
    assert ask(asked, "/", "203.0.113.7", cookie=ann) == 200, "pages go on"
    assert [upload("bobs", bob), upload("one", bob), upload("one", "")] == [200, 404, 401]
    now[0] = 60.0
    assert [upload("one", ann) for _ in range(4)] == [200, 200, 200, 429]


def test_a_session_ends_after_its_hours_and_everywhere_also_for_the_process_of_the_next_start(whole: Services) -> None:
    now = time.time()
    principal = admit(whole, CLAIMS, now)
    assert principal is not None and admit(whole, CLAIMS, now - 2 * HOUR_S + 60) is not None
    assert admit(whole, CLAIMS, now - 2 * HOUR_S - 1) is None
    started_again = Services(Settings(whole.settings.data_dir, supervise=False))
    assert admit(started_again, CLAIMS, now) is not None
    sign_out_everywhere(whole.access, principal)
    assert admit(started_again, CLAIMS, now) is None
    assert admit(started_again, {**CLAIMS, "iat": 2.0}, now - 60) is None, "another device's session of before"
    assert admit(started_again, {**CLAIMS, "iat": 3.0}, time.time() + 1) is not None

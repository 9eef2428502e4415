"""The door without a server: how often one may try, and how long a session lasts, whatever process asks."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from core.access.rates import RateLimit
from core.base.settings import Settings
from core.services import Services
from core.ui.access import door
from core.ui.access.door import Admission, Door
from core.ui.access.media_owners import MediaOwners
from core.ui.access.signed_in import admit, sign_out_everywhere

ANN = "ann@example.org"
CLAIMS = {"is_logged_in": True, "email": ANN, "email_verified": True, "sub": "1", "iat": 1.0}
HOUR_S = 3600.0


@pytest.fixture
def whole(tmp_path: Path) -> Services:
    (tmp_path / "access.toml").write_text(f'session_hours = 2\n[roles]\n"{ANN}" = "editor"\n')
    return Services(Settings(tmp_path, supervise=False))


def ask(asked: Door, path: str, client: str) -> int:
    """The status with which a request from a network address is answered."""
    sent: list[Any] = []
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [], "client": (client, 1)}

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    asyncio.run(asked(scope, receive, send))
    return int(sent[0]["status"])


def test_who_tries_to_sign_in_too_often_waits_and_nobody_else_does(
    whole: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "SIGN_INS", RateLimit(3, 60.0, clock=lambda: 0.0))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    runtime: Any = None  # of files below /media/, which nobody asks for here
    asked = Door(app, Admission(lambda: whole), MediaOwners(runtime), ("default",), lambda provider: "/auth/login")
    assert [ask(asked, "/sign-in", "203.0.113.7") for _ in range(4)] == [200, 200, 200, 429]
    assert ask(asked, "/sign-in", "203.0.113.8") == 200
    assert ask(asked, "/_stcore/health", "203.0.113.7") == 200


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

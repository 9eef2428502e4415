"""Sign-in with a real provider on the real app: who is not signed in gets nothing, and nobody gets another's."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from oidc_provider_mock import User, run_server_in_thread
from playwright.sync_api import Page, expect

from core.access.permissions import Principal
from core.access.view import services_for
from core.store.access_model import Role
from tests.conftest import PROJECT_DIR, new_data_dir
from tests.serving import App, free_port, serve
from tests.waiting import LONGEST_S

ANN, BOB, DAN = "ann@example.org", "bob@example.org", "dan@elsewhere.org"
ROLES = '[roles]\n"ann@example.org" = "editor"\n"bob@example.org" = "viewer"\n'
SECRETS = """[auth]
redirect_uri = "{app}/oauth2callback"
cookie_secret = "{secret}"
client_id = "face-atlas"
client_secret = "told to nobody"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": "streamlit",
}
# The provider runs in a thread of this process; its packages speak of their own future.
pytestmark = pytest.mark.filterwarnings("ignore")


@dataclass(frozen=True)
class Guarded:
    """An app that asks for sign-in."""

    app: App
    roles: Path


@pytest.fixture(scope="module")
def guarded(prepared_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    folder, port = tmp_path_factory.mktemp("sign-in"), free_port()
    users = [User(sub=sub, claims={"email": sub, "email_verified": True}) for sub in (ANN, BOB, DAN)]
    data = new_data_dir(prepared_models, folder / "data")
    (data / "access.toml").write_text(ROLES)
    with run_server_in_thread(user_claims=users) as provider:
        secrets = folder / "secrets.toml"
        addresses = {"app": f"http://127.0.0.1:{port}", "provider": f"http://localhost:{provider.server_port}"}
        secrets.write_text(SECRETS.format(secret="s" * 40, **addresses))
        with serve(data, ["--secrets.files", str(secrets)], port=port) as app:
            yield Guarded(app, data / "access.toml")


def sign_in(app: App, address: str) -> httpx.Client:
    """A client with the cookies of somebody who went through the provider's page."""
    client = httpx.Client(base_url=app.url, timeout=LONGEST_S)
    there = client.get("/sign-in?with=default", follow_redirects=True)
    back = client.post(there.url, data={"sub": address})
    arrived = client.get(back.headers["location"])
    assert arrived.status_code == 302, arrived.text
    return client


def connect(client: httpx.Client, app: App) -> int:
    """The answer to the wish for a WebSocket; 101 where it is opened."""
    with client.stream("GET", "/_stcore/stream", headers={**HANDSHAKE, "Origin": app.url}) as answer:
        return answer.status_code


def test_who_is_not_signed_in_gets_the_sign_in_page_and_nothing_else(guarded: Guarded) -> None:
    with httpx.Client(base_url=guarded.app.url, timeout=LONGEST_S) as client:
        for page in ("/", "/people", "/identify?dataset=x", "/static/js/index.js", "/app/static/x", "/component/x"):
            answer = client.get(page)
            assert (answer.status_code, answer.headers["location"], answer.content) == (303, "/sign-in", b"")
        for path in ("/media/0123.jpg", "/_stcore/metrics", "/_stcore/host-config", "/_stcore/bidi-components/x"):
            assert client.get(path).status_code == 401
        assert client.put("/_stcore/upload_file/s/f", content=b"x").status_code == 401
        assert client.post("/people").status_code == 401
        assert connect(client, guarded.app) == 403
        client.cookies.set("_streamlit_user", "forged")
        assert connect(client, guarded.app) == 403
        assert "Sign in" in client.get("/sign-in").text


def test_somebody_without_a_role_is_told_so_and_gets_no_further(guarded: Guarded) -> None:
    client = sign_in(guarded.app, DAN)
    assert client.get("/").headers["location"] == "/sign-in"
    assert connect(client, guarded.app) == 403
    assert "nobody gave you a role" in client.get("/sign-in").text


def test_a_session_ends_by_sign_out_by_its_role_and_a_copied_cookie_with_it(guarded: Guarded) -> None:
    client, stolen = sign_in(guarded.app, BOB), httpx.Client(base_url=guarded.app.url, timeout=LONGEST_S)
    stolen.cookies.update(client.cookies)
    assert client.get("/").status_code == stolen.get("/").status_code == 200
    client.get("/auth/logout")
    assert stolen.get("/").status_code == 303
    assert connect(stolen, guarded.app) == 403


def test_somebody_signs_in_sees_what_is_theirs_and_signs_out_everywhere(guarded: Guarded, page: Page) -> None:
    services = guarded.app.open_services()
    ann = services_for(services, Principal(ANN, Role.EDITOR))
    ann.store.create_dataset("Ann's family", "facenet-128")
    page.goto(guarded.app.url)
    page.get_by_role("link", name="Sign in").click()
    page.locator("[name=sub]").first.fill(ANN)
    page.locator("button").first.click()
    # An address is written so that nothing makes a link of it.
    who = page.get_by_text(re.compile("Signed in as ann@.?example.org, editor"))
    expect(who).to_be_visible()
    expect(page.get_by_text("Ann's family").first).to_be_visible()
    page.get_by_role("button", name="Sign out everywhere").click()
    expect(who).not_to_be_visible()
    page.goto(guarded.app.url)
    expect(page.get_by_text("Sign in to see").or_(page.get_by_text("this session has ended"))).to_be_visible()


@pytest.mark.parametrize(("roles", "auth"), [(True, False), (False, True)])
def test_half_a_sign_in_does_not_start(roles: bool, auth: bool, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets.toml"
    secrets.write_text(
        SECRETS.format(app="http://127.0.0.1", provider="http://localhost", secret="s" * 40) if auth else ""
    )
    if roles:
        (tmp_path / "access.toml").write_text(ROLES)
    command = [sys.executable, "-m", "core.ui.serve", "--server.port", "0", "--secrets.files", str(secrets)]
    variables = {**os.environ, "FACE_ATLAS_DATA": str(tmp_path)}
    ended = subprocess.run(command, cwd=PROJECT_DIR, env=variables, capture_output=True, text=True, timeout=LONGEST_S)
    assert ended.returncode == 1
    assert "Refused:" in ended.stderr

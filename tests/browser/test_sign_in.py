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
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as socket_connect
from websockets.typing import Origin, Subprotocol

from core.access.permissions import Principal
from core.access.view import services_for
from core.store.access_model import Role
from tests.conftest import PROJECT_DIR, new_data_dir
from tests.serving import WITHOUT_WORKER, App, free_port, serve
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
RUN = BackMsg(rerun_script=ClientState()).SerializeToString()
MEDIA_ADDRESS = re.compile(rb"/media/[0-9a-f]+\.\w+")
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
        with serve(data, ["--secrets.files", str(secrets)], WITHOUT_WORKER, port) as app:
            yield Guarded(app, data / "access.toml")


OPENED: list[httpx.Client] = []


@pytest.fixture(autouse=True)
def closed_clients() -> Iterator[None]:
    """What is left open would be complained of in a later test."""
    yield
    while OPENED:
        OPENED.pop().close()


def new_client(app: App) -> httpx.Client:
    """Somebody whose browser knows no cookie."""
    OPENED.append(httpx.Client(base_url=app.url, timeout=LONGEST_S))
    return OPENED[-1]


def sign_in(app: App, address: str) -> httpx.Client:
    """A client with the cookies of somebody who went through the provider's page."""
    client = new_client(app)
    there = client.get("/sign-in?with=default", follow_redirects=True)
    back = client.post(there.url, data={"sub": address})
    arrived = client.get(back.headers["location"])
    assert arrived.status_code == 302, arrived.text
    return client


def open_socket(client: httpx.Client, app: App) -> ClientConnection:
    """The socket of a page, with the cookies of a client."""
    client.get("/_stcore/health")
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)
    address = app.url.replace("http", "ws", 1) + "/_stcore/stream"
    return socket_connect(
        address,
        origin=Origin(app.url),
        additional_headers={"Cookie": cookies},
        subprotocols=[Subprotocol("streamlit"), Subprotocol(client.cookies["_streamlit_xsrf"])],
        max_size=None,
        proxy=None,
    )


def hear(page: ClientConnection) -> ForwardMsg:
    content = page.recv(timeout=LONGEST_S)
    assert isinstance(content, bytes)
    return ForwardMsg.FromString(content)


def hear_end(page: ClientConnection) -> str:
    """Where the page is sent as its connection is ended, before anything else is said."""
    message = hear(page)
    with pytest.raises(ConnectionClosedError):
        page.recv(timeout=LONGEST_S)
    assert page.close_code == 1008
    return message.auth_redirect.url


def run_page(page: ClientConnection, name: str, query: str = "") -> tuple[str, bytes]:
    """The id of the page's session, and all that is said as a page runs."""
    wish = BackMsg()
    wish.rerun_script.page_name, wish.rerun_script.query_string = name, query
    page.send(wish.SerializeToString())
    session, said = "", b""
    while True:
        message = hear(page)
        said += message.SerializeToString()
        session = message.new_session.initialize.session_id or session
        if message.WhichOneof("type") == "script_finished":
            return session, said


def connect(client: httpx.Client, app: App) -> int:
    """The answer to the wish for a WebSocket; 101 where it is opened."""
    with client.stream("GET", "/_stcore/stream", headers={**HANDSHAKE, "Origin": app.url}) as answer:
        return answer.status_code


def test_who_is_not_signed_in_gets_the_sign_in_page_and_nothing_else(guarded: Guarded) -> None:
    with httpx.Client(base_url=guarded.app.url, timeout=LONGEST_S) as client:
        for page in ("/", "/people", "/identify?dataset=x", "/static/js/index.js", "/app/static/x", "/component/x"):
            answer = client.get(page)
            assert (answer.status_code, answer.headers["location"], answer.content) == (303, "/sign-in", b"")
        for path in (
            "/media/0123.jpg",
            "/_stcore/metrics",
            "/_stcore/anything",
            "/_stcore/bidi-components/x",
        ):
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
    with open_socket(client, guarded.app) as page:
        assert hear_end(page) == "/sign-in"
    assert "nobody gave you a role" in client.get("/sign-in").text


def test_a_session_ends_by_sign_out_by_its_role_and_a_copied_cookie_with_it(guarded: Guarded) -> None:
    client, stolen = sign_in(guarded.app, BOB), new_client(guarded.app)
    stolen.cookies.update(client.cookies)
    assert client.get("/").status_code == stolen.get("/").status_code == 200
    with open_socket(client, guarded.app) as page:
        client.get("/auth/logout")
        assert stolen.get("/").status_code == 303
        page.send(RUN)
        assert hear_end(page) == "/sign-in", "an open page is sent to sign in, and nothing that it asks for is done"
    with open_socket(stolen, guarded.app) as page:
        assert hear_end(page) == "/sign-in", "so is one that comes with a copy of the cookie"
    assert "has ended" in stolen.get("/sign-in").text


def test_files_and_pages_of_one_person_are_nothing_to_another(guarded: Guarded) -> None:
    services = guarded.app.open_services()
    owners = services_for(services, Principal(ANN, Role.EDITOR))
    dataset = owners.store.create_dataset("Ann's own", "facenet-128")
    ann, bob = sign_in(guarded.app, ANN), sign_in(guarded.app, BOB)
    with open_socket(ann, guarded.app) as hers, open_socket(bob, guarded.app) as his:
        session, said = run_page(hers, "about")
        _, said_to_bob = run_page(his, "datasets", f"dataset={dataset.id}")
        assert b"Ann's own" in said and b"Ann's own" not in said_to_bob
        _, pages = run_page(hers, "privacy")
        (file, *_) = MEDIA_ADDRESS.findall(pages)
        assert ann.get(file.decode()).status_code == 200
        assert bob.get(file.decode()).status_code == 404
        upload = f"/_stcore/upload_file/{session}/0f"
        xsrf = {"X-Xsrftoken": bob.cookies["_streamlit_xsrf"]}
        assert bob.put(upload, files={"file": b"x"}, headers=xsrf).status_code == 404
        assert bob.delete(upload, headers=xsrf).status_code == 404


def test_a_proxy_hears_how_the_server_is_and_nothing_of_anybody(guarded: Guarded) -> None:
    with httpx.Client(base_url=guarded.app.url, timeout=LONGEST_S) as proxy:
        health = proxy.get("/health", headers={"X-Forwarded-For": "203.0.113.7"})
        assert set(health.json()) == {"ready", "database", "disk", "worker"}
        assert proxy.get("/_stcore/health").text == "ok"
        assert proxy.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 403
        figures = proxy.get("/metrics").text
        assert "face_atlas_datasets" in figures and "example.org" not in figures + health.text
    # Who is signed in is nobody to whom metrics are given: the way is.
    assert sign_in(guarded.app, ANN).get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"}).status_code == 403


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
    # The provider is told too, which asks of its own session; here nobody is signed in any more.
    page.wait_for_url("**/oauth2/end_session**")
    page.goto(guarded.app.url)
    expect(page.get_by_text("Sign in to see")).to_be_visible()


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

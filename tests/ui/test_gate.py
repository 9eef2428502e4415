"""Who may speak with the app: names, origins, addresses, and the headers of every answer, on a server that runs."""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from core.base.errors import InputRefused
from core.ui.components.mount import modules_address
from core.ui.gate import Hosts, check_address, host_name, inline_script_sources
from tests.conftest import new_data_dir
from tests.serving import ROOT, WITHOUT_WORKER, App, serve
from tests.waiting import LONGEST_S

PORT_OF_ANOTHER = 9999
MODULE = f"{modules_address()}picker.js"
ROUTES = (
    "/",
    "/map?dataset=none",
    "/no/such/page",
    "/_stcore/health",
    "/_stcore/host-config",
    "/_stcore/metrics",
    "/_stcore/agent/openapi.json",
    "/_stcore/upload_file/none/none",
    "/_stcore/bidi-components/none/none.js",
    MODULE,
    "/component/none/none.js",
    "/media/none.jpg",
    "/favicon.png",
    "/static/none.js",
)
HEADERS = {
    "content-security-policy": r"default-src 'none'; .*frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": r".*camera=\(self\).*microphone=\(\).*",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
STREAM = "/_stcore/stream"


@pytest.fixture(scope="module")
def server(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = new_data_dir(models_dir, tmp_path_factory.mktemp("gate") / "data")
    with serve(folder, environment=WITHOUT_WORKER) as running:
        yield running


def own_host(server: App) -> str:
    """Address and port of a server."""
    return urlsplit(server.url).netloc


def ask(server: App, path: str, headers: Mapping[str, str], method: str = "GET") -> tuple[int, http.client.HTTPMessage]:
    """The status and the headers of an answer; ``headers`` may hold another Host than the one that is connected to."""
    connection = http.client.HTTPConnection(own_host(server), timeout=LONGEST_S)
    try:
        connection.putrequest(method, path, skip_host=True)
        for name, value in {"Host": own_host(server), **headers}.items():
            connection.putheader(name, value)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.headers
    finally:
        connection.close()


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
@pytest.mark.parametrize("path", ROUTES)
def test_every_route_answers_with_the_headers(server: App, path: str, method: str):
    _, headers = ask(server, path, {}, method)
    for name, pattern in HEADERS.items():
        values = headers.get_all(name) or []
        assert len(values) == 1, f"{name}: {values}"
        assert re.fullmatch(pattern, values[0]), values[0]


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "faces.example.invalid"},
        {"Host": "127.0.0.1.example.invalid:8501"},
        {"Host": "localhost@example.invalid"},
        {"Host": "192.168.1.5"},
        {"Host": ""},
        {"Origin": "https://example.invalid"},
        {"Origin": f"http://127.0.0.1:{PORT_OF_ANOTHER}"},
        {"Origin": f"http://localhost:{PORT_OF_ANOTHER}"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
    ],
    ids=str,
)
def test_another_page_or_another_name_gets_nothing_from_any_route(server: App, path: str, headers: Mapping[str, str]):
    status, answered = ask(server, path, headers)
    assert status == 403
    assert "frame-ancestors 'none'" in str(answered["content-security-policy"])


def test_a_page_of_another_port_cannot_upload(server: App):
    headers = {"Origin": f"http://127.0.0.1:{PORT_OF_ANOTHER}", "Content-Length": "0"}
    assert ask(server, "/_stcore/upload_file/none/none", headers, "PUT")[0] == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "localhost:7000"},
        {"Host": "[::1]:8501"},
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
        {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
    ],
    ids=str,
)
def test_its_own_page_a_link_and_a_program_of_this_machine_are_let_in(server: App, headers: Mapping[str, str]):
    assert ask(server, "/", headers)[0] == 200


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Origin": "http://{host}"}, 101),
        ({"Host": "localhost:{port}", "Origin": "http://localhost:{port}"}, 101),
        ({}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://example.invalid"}, 403),
        ({"Origin": f"http://127.0.0.1:{PORT_OF_ANOTHER}"}, 403),
        ({"Origin": "http://localhost:{port}"}, 403),
        ({"Host": "example.invalid:{port}", "Origin": "http://example.invalid:{port}"}, 403),
        ({"Host": "example.invalid:{port}", "Origin": "http://{host}"}, 403),
    ],
    ids=str,
)
def test_the_connection_of_a_page_is_opened_for_the_apps_own_only(
    server: App, headers: Mapping[str, str], expected: int
):
    host = own_host(server)
    own = {name: value.format(host=host, port=host.partition(":")[2]) for name, value in headers.items()}
    assert ask(server, STREAM, {**HANDSHAKE, **own})[0] == expected


def test_no_page_that_frames_the_app_may_steer_it(server: App):
    connection = http.client.HTTPConnection(own_host(server), timeout=LONGEST_S)
    connection.request("GET", "/_stcore/host-config")
    assert b'"allowedOrigins":[]' in connection.getresponse().read()
    connection.close()


def test_browsers_keep_the_modules_of_components_and_nothing_else(server: App):
    status, headers = ask(server, MODULE, {})
    assert (status, headers["content-type"]) == (200, "application/javascript")
    assert headers.get_all("cache-control") == ["private, max-age=31536000, immutable"]
    for path in (
        f"{modules_address()}none.js",
        f"{modules_address()}../mount.py",
        f"{modules_address()}%2e%2e/mount.py",
    ):
        status, headers = ask(server, path, {})
        assert status in (400, 404)
        assert "immutable" not in (headers["cache-control"] or "")


# where it may be opened


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.9", "localhost", "::1"])
def test_this_computer_may_always_open_it(address: str):
    check_address(address, opened=None)


@pytest.mark.parametrize("opened", [None, "", "1", "true", "no"])
@pytest.mark.parametrize("address", [None, "", "0.0.0.0", "::", "192.168.1.5", "faces.example.org"])
def test_others_are_let_in_only_when_that_is_said_in_so_many_words(address: str | None, opened: str | None):
    with pytest.raises(InputRefused, match="FACE_ATLAS_OPEN_TO_EVERYBODY=yes"):
        check_address(address, opened)
    check_address(address, opened="yes")


@pytest.mark.parametrize(
    ("arguments", "environment"),
    [
        ([], {"STREAMLIT_SERVER_ADDRESS": "0.0.0.0"}),
        (["--server.address="], {}),
    ],
)
def test_the_app_does_not_start_where_others_reach_it(
    arguments: list[str], environment: Mapping[str, str], tmp_path: Path
):
    command = [sys.executable, "-m", "core.ui.serve", "--server.port", "0", *arguments]
    variables = {**os.environ, "FACE_ATLAS_DATA": str(tmp_path), **environment}
    ended = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=LONGEST_S)
    assert ended.returncode == 1
    assert "Refused: At the address" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_opened_to_everybody_it_goes_by_its_numbers_and_the_names_that_were_given(models_dir: Path, tmp_path: Path):
    arguments = ["--server.address", "0.0.0.0", "--server.allowedHosts", "faces.example.org"]
    data = new_data_dir(models_dir, tmp_path / "data")
    with serve(data, arguments, WITHOUT_WORKER | {"FACE_ATLAS_OPEN_TO_EVERYBODY": "yes"}) as server:
        for host in ("192.168.1.5:80", "faces.example.org", "localhost"):
            assert ask(server, "/", {"Host": host})[0] == 200
            assert ask(server, STREAM, {**HANDSHAKE, "Host": host, "Origin": f"https://{host}"})[0] == 101
        assert ask(server, "/", {"Host": "other.example.org"})[0] == 403


# names


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("LocalHost:8501", "localhost"),
        ("[::1]:8501", "::1"),
        ("faces.example.org.", "faces.example.org"),
        ("localhost:port", ""),
        ("user@localhost", ""),
        ("localhost/path", ""),
        ("localhost?", ""),
        ("", ""),
    ],
)
def test_the_name_in_a_host_header(host: str, name: str):
    assert host_name(host) == name


def test_a_star_stands_for_sub_domains_only():
    hosts = Hosts(("*.example.org",))
    assert hosts.allow("faces.example.org")
    assert not hosts.allow("example.org")
    assert not hosts.allow("badexample.org")


def test_a_script_within_the_page_is_let_by_its_hash():
    # printf 'let a = 1' | openssl dgst -sha256 -binary | base64
    sources = inline_script_sources("<script src='x'></script><script>let a = 1</script>")
    assert sources == ("'sha256-LAfYd7pbFUgwfQu8b4q135PeTG2z+/coPEUYCd74eCQ='",)

"""The addresses for programs, on a real server: who may ask, what they are told, and how the server goes."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from core.ui.monitoring.routes import METRICS, may_read_metrics
from tests.conftest import new_data_dir
from tests.serving import serve
from tests.waiting import wait_until


def asked(url: str, headers: Mapping[str, str] = {}) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=dict(headers)), timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def test_a_server_says_how_it_is_and_takes_its_worker_along(models_dir: Path, tmp_path: Path) -> None:
    with serve(new_data_dir(models_dir, tmp_path / "data"), environment={"FACE_ATLAS_LOG": "json"}) as app:
        status, text = asked(f"{app.url}/health")
        assert (status, json.loads(text)["ready"]) == (200, True)
        # The first question starts the worker, as a first page does.
        wait_until(lambda: json.loads(asked(f"{app.url}/health")[1])["worker"] == "ok", "the worker")
        worker = Path(f"/proc/{app.worker_pid()}")
        status, text = asked(f"{app.url}{METRICS}")
        assert status == 200 and "\nface_atlas_worker_up 1.0\n" in text
        for path in (METRICS, "/_stcore/metrics"):
            assert asked(f"{app.url}{path}", {"X-Forwarded-For": "203.0.113.7"})[0] == 403
    assert not worker.exists(), "the app has gone before its worker"


def scope(client: str, **headers: str) -> dict[str, Any]:
    sent = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {"client": (client, 50000), "headers": sent}


@pytest.mark.parametrize(
    ("request_scope", "token", "may"),
    [
        (scope("127.0.0.1", host="localhost:8501"), "", True),
        (scope("127.0.0.1", host="faces.example.org"), "", False),
        (scope("127.0.0.1", host="localhost", x_real_ip="203.0.113.7"), "", False),
        (scope("203.0.113.7", host="localhost"), "", False),
        (scope("127.0.0.1", host="localhost"), "secret", False),
        (scope("203.0.113.7", host="faces.example.org", authorization="Bearer secret"), "secret", True),
        (scope("127.0.0.1", host="localhost", authorization="Bearer other"), "secret", False),
    ],
)
def test_metrics_are_for_this_machine_or_for_who_has_the_token(
    request_scope: dict[str, Any], token: str, may: bool
) -> None:
    assert may_read_metrics(request_scope, token) is may

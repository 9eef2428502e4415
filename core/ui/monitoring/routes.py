"""What programs ask the server: ``/health`` for a proxy, ``/metrics`` for Prometheus.

Health says nothing about anybody and is for whoever reaches the server. Metrics, Streamlit's own too, are for this
machine alone, or for who has the token of ``FACE_ATLAS_METRICS_TOKEN``.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from streamlit import config
from streamlit.runtime import Runtime

from core.base.errors import FaceAtlasError
from core.ui.gate import AsgiApp, Receive, Scope, Send, host_name, is_loopback
from core.workflows.monitoring.metrics import CONTENT_TYPE, MetricsReader
from core.workflows.monitoring.readiness import NOT_STARTED, Readiness, check_readiness

if TYPE_CHECKING:
    from core.services import Services

TOKEN = "FACE_ATLAS_METRICS_TOKEN"
HEALTH, METRICS, STREAMLIT_METRICS = "/health", "/metrics", "/_stcore/metrics"
FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-real-ip")
"""What a proxy adds: the request comes from elsewhere, though the connection does not."""
NOT_FOR_YOU = f"Metrics are for this machine, or with the token of {TOKEN}."


@dataclass(frozen=True)
class Monitored:
    """The app behind the two addresses; an ASGI application itself."""

    app: AsgiApp
    health: Callable[[], Readiness]
    metrics: Callable[[], str]
    token: str = ""
    base: str = ""
    """What the app's addresses begin with, where it is not alone on its server."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what is asked of the server; everything else is the app's."""
        path = str(scope["path"]).removeprefix(self.base) if scope["type"] == "http" else ""
        if path in (METRICS, STREAMLIT_METRICS) and not may_read_metrics(scope, self.token):
            await _answer(send, HTTPStatus.FORBIDDEN, "text/plain", NOT_FOR_YOU)
        elif path == HEALTH:
            readiness = await asyncio.to_thread(self.health)
            status = HTTPStatus.OK if readiness.serves else HTTPStatus.SERVICE_UNAVAILABLE
            await _answer(send, status, "application/json", json.dumps(readiness.to_json()))
        elif path == METRICS:
            await _answer(send, HTTPStatus.OK, CONTENT_TYPE, await asyncio.to_thread(self.metrics))
        else:
            await self.app(scope, receive, send)


def monitor(app: AsgiApp, runtime: Runtime) -> Monitored:
    """The app with its two addresses, on the services that its pages use."""
    base = str(config.get_option("server.baseUrlPath")).strip("/")
    figures = _Figures(lambda: runtime._session_mgr.num_active_sessions())
    return Monitored(
        app, figures.health, figures.metrics, os.environ.get(TOKEN, "").strip(), base=f"/{base}" if base else ""
    )


def _services() -> Services:
    # Here: before the server runs, Streamlit warns of every function that it is to keep answers of, and the first page
    # would wait for what this loads.
    from core.ui import data

    return data.whole_services()


@dataclass
class _Figures:
    sessions: Callable[[], int]
    _readers: list[MetricsReader] = field(default_factory=list)

    def health(self) -> Readiness:
        try:
            services = _services()
        # The data folder cannot be opened: that is what somebody asks.
        except FaceAtlasError:
            return NOT_STARTED
        return check_readiness(services.store, services.reserve, services.settings.locks_dir)

    def metrics(self) -> str:
        try:
            services = _services()
        except FaceAtlasError:
            return "face_atlas_database_up 0\n"
        if not self._readers:
            self._readers.append(
                MetricsReader(
                    store=services.store,
                    jobs=services.jobs,
                    readiness=self.health,
                    free_bytes=services.reserve.free_bytes,
                    sessions=self.sessions,
                )
            )
        return self._readers[0].text()


def may_read_metrics(scope: Scope, token: str) -> bool:
    """Whether a request comes from this machine and through no proxy, or with the token, where there is one."""
    received = {name.lower(): value for name, value in scope["headers"]}
    if token:
        sent = received.get(b"authorization", b"")
        return hmac.compare_digest(sent, f"Bearer {token}".encode())
    client, host = scope.get("client"), host_name(received.get(b"host", b"").decode("latin-1"))
    is_direct = not any(name in received for name in FORWARDED)
    return is_direct and client is not None and is_loopback(str(client[0])) and is_loopback(host)


async def _answer(send: Send, status: HTTPStatus, content_type: str, text: str) -> None:
    headers = [(b"content-type", content_type.encode()), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status.value, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})

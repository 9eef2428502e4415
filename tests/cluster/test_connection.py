"""Reaching a cluster: an address at which nobody answers, and one at which somebody else does."""

from __future__ import annotations

import signal
import socket
from typing import Any

import pytest

from core.base.errors import ClusterUnavailable
from core.cluster import connection
from core.cluster.connection import ClusterWatch, connected


@pytest.fixture
def silent_port() -> int:
    """A port at which nobody listens any more."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.mark.parametrize("address", ["127.0.0.1:{port}", "ray://127.0.0.1:{port}", "nonsense", "host:seven"])
def test_a_wrong_address_is_told_with_what_is_expected(silent_port: int, address: str) -> None:
    wrong = address.format(port=silent_port)
    with pytest.raises(ClusterUnavailable, match=wrong), connected(wrong):
        pass


def test_a_cluster_that_falls_silent_is_told_before_ray_ends_the_process(
    silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "CHECK_S", 0.01)
    monkeypatch.setattr(connection, "GONE_S", 0.03)
    watch = ClusterWatch(f"127.0.0.1:{silent_port}")
    watch._thread.join()
    with pytest.raises(ClusterUnavailable, match="does not answer any more"):
        watch.require_cluster()


def test_a_job_still_hears_that_it_is_to_stop(cluster: Any) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with connected(cluster.address):
        assert signal.getsignal(signal.SIGTERM) is before
    assert signal.getsignal(signal.SIGTERM) is before

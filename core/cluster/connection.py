"""Reaching a Ray cluster, and hearing soon that it is gone."""

from __future__ import annotations

import gc
import logging
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from core.base.errors import ClusterUnavailable
from core.base.privacy import forbid_telemetry

# Before the import, as it hands on to what it starts whether to report.
forbid_telemetry()
try:
    import ray
except ModuleNotFoundError as missing:
    raise ClusterUnavailable(
        "FACE_ATLAS_RAY_ADDRESS is set, but Ray is not installed. Run `python -m pip install -r "
        "requirements-cluster.txt`, or unset FACE_ATLAS_RAY_ADDRESS to compute on this machine."
    ) from missing

ANSWER_S = 5.0
CHECK_S = 2.0
GONE_S = 10.0
"""Ray ends its own process when the first node was silent for 60 s; by then the work here has stopped by itself."""
AUTO = "auto"
"""The address of the cluster that runs on this machine."""
_CLIENT = "ray://"


@contextmanager
def connected(address: str) -> Iterator[ClusterWatch]:
    """Make a driver of the cluster of this process, as long as work is done there.

    Raises
    ------
    ClusterUnavailable
        Nobody answers at the address, or with another version of Ray or Python.
    """
    _require_answer(address)
    at_termination = signal.getsignal(signal.SIGTERM)
    try:
        # Output of the workers stays on their nodes: it may name files.
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, namespace="face-atlas")
    except (ConnectionError, RuntimeError, TimeoutError, ValueError) as fault:
        raise ClusterUnavailable(_explain_refusal(address, fault)) from fault
    finally:
        # Ray takes it for itself; a job that is to stop ends by its own.
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, at_termination)
    watch = ClusterWatch(address if address != AUTO else ray.get_runtime_context().gcs_address)
    try:
        yield watch
    finally:
        watch.stop()
        # Ray ends the process in which a reference goes while it closes, on whatever thread; its futures and their
        # references hold each other, and are garbage that any thread collects.
        gc.collect()
        ray.shutdown()


class ClusterWatch:
    """Whether the cluster's first node answers, asked now and then."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._stopped, self._gone = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._watch, name="cluster-watch", daemon=True)
        self._thread.start()

    def require_cluster(self) -> None:
        """Raises ClusterUnavailable when it has not answered for a while."""
        if self._gone.is_set():
            raise ClusterUnavailable(
                f"The Ray cluster at '{self._address}' does not answer any more. What was finished is kept; when the "
                "cluster runs again, resume the job: it goes on from there."
            )

    def answers(self) -> bool:
        """Whether it answers at this moment. Where it does not, Ray's questions to it would hang for a minute."""
        return not self._gone.is_set() and _answers(self._address)

    def stop(self) -> None:
        """Ask no more."""
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        silent_s = 0.0
        while not self._stopped.wait(CHECK_S):
            silent_s = 0.0 if _answers(self._address) else silent_s + CHECK_S
            if silent_s >= GONE_S:
                self._gone.set()
                return


def _require_answer(address: str) -> None:
    # Ray itself asks for a minute before it gives up, and says it in many lines.
    if address != AUTO and not _answers(address):
        raise ClusterUnavailable(
            f"No Ray cluster answers at '{address}' (FACE_ATLAS_RAY_ADDRESS). Expected 'HOST:PORT' of its first node, "
            f"'{_CLIENT}HOST:PORT' of its client server, or '{AUTO}' on a machine that is part of it. Start it with "
            "`ray start --head`, or unset FACE_ATLAS_RAY_ADDRESS to compute on this machine."
        )


def _answers(address: str) -> bool:
    host, _, port = address.removeprefix(_CLIENT).rpartition(":")
    with suppress(OSError, ValueError), socket.create_connection((host.strip("[]"), int(port)), ANSWER_S):
        return True
    return False


def _explain_refusal(address: str, fault: Exception) -> str:
    """Ray's own words name both versions where they differ."""
    first_lines = " ".join(line.strip() for line in str(fault).splitlines() if line.strip())[:600]
    return (
        f"The Ray cluster at '{address}' cannot be used from here: {first_lines.rstrip('.')}. Python and Ray must be "
        "the same on all of its nodes and here (requirements-cluster.txt)."
    )

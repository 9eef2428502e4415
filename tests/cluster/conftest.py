"""A Ray cluster of two nodes on this machine, which leaves no process and no file."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.base.privacy import forbid_telemetry
from tests.object_store import rights_to

# Before Ray is imported, as the cluster's first node asks it whether to report.
forbid_telemetry()
from ray.cluster_utils import Cluster  # noqa: E402

NODE = {"num_cpus": 1, "object_store_memory": 100 << 20}


@pytest.fixture(scope="session")
def cluster(object_store: str) -> Iterator[Any]:
    """Two nodes with a processor each and a right to the object store; a test that takes one away puts it back."""
    NODE["env_vars"] = rights_to(object_store)
    # Short, and not pytest's own: the names of Ray's sockets must fit into 107 bytes.
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
    started = Cluster(
        initialize_head=True, head_node_args={**NODE, "include_dashboard": False, "temp_dir": str(folder)}
    )
    try:
        started.add_node(**NODE)
        yield started
    finally:
        started.shutdown()
        shutil.rmtree(folder, ignore_errors=True)


def lose_node(cluster: Any) -> None:
    """End a node as a machine ends that loses its power; ``restore_node`` puts one back."""
    (node,) = cluster.worker_nodes
    processes = [started.process for kind in node.all_processes.values() for started in kind]
    cluster.remove_node(node, allow_graceful=False)
    for process in processes:
        process.wait()


def restore_node(cluster: Any) -> None:
    """Put a node back, and wait until the lost one is forgotten: until then its processors are counted too."""
    cluster.add_node(**NODE)
    cluster.wait_for_nodes()

"""No package reports to its makers, which is switched off before it loads; the data folder is its owner's alone."""

from __future__ import annotations

import logging
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

log = logging.getLogger("face_atlas")
OWNER_ONLY = 0o077
"""The rights that nobody else gets, as a mask."""


def forbid_telemetry() -> None:
    """Keep OpenVINO, ONNX Runtime and Ray from reporting; call it before any of them is imported.

    OpenVINO's Python package sends an event over the network at every import (and forks the process to do so) unless
    its telemetry package is absent. None in ``sys.modules`` makes that import fail, which OpenVINO allows for.

    ONNX Runtime, from 1.29 on, gives the computer a number, keeps it in the user's folder, and sends what it runs. Its
    own switch comes too late for the first event; the variable is read before anything is written.

    A Ray cluster reports its size and hardware once an hour, from its first node, unless it was started with
    ``RAY_USAGE_STATS_ENABLED=0``; a driver that starts one here hands that on.

    References
    ----------
    https://github.com/microsoft/onnxruntime/pull/27379
    https://docs.ray.io/en/latest/cluster/usage-stats.html
    """
    # setdefault: where somebody has imported the package already, it is too late, and taking it away would break them.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"


def restrict_new_files() -> None:
    """Let whatever this process and its children write be read by its owner alone (on Windows the user's folder does).

    Call it before anything is written.
    """
    os.umask(OWNER_ONLY)


def restrict_to_owner(folder: Path) -> None:
    """Take away others' rights to a folder and, where it was open to them until now, to everything in it.

    What a link points to belongs to somebody else and stays as it is. A folder of another user, which cannot be
    closed, is told on standard error.
    """
    if os.name == "nt" or not folder.is_dir() or not stat.S_IMODE(folder.stat().st_mode) & OWNER_ONLY:
        return
    try:
        # From the bottom up, the folder itself last: it stays open while anything in it may be, so a walk that was cut
        # short begins anew at the next start.
        for parent, _, files in os.walk(folder, topdown=False):
            for path in (*(Path(parent, name) for name in files), Path(parent)):
                # Another process may have deleted it since the walk listed it.
                with suppress(FileNotFoundError):
                    _close_to_others(path)
    except PermissionError:
        log.warning("The data folder %s is open to other users, and cannot be closed: it is not yours.", folder)


def _close_to_others(path: Path) -> None:
    # chmod follows links, and would change a file that lies outside of the data folder.
    if not path.is_symlink():
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~OWNER_ONLY)

"""Nothing is sent anywhere: what packages would report to their makers is switched off here, before they load."""

from __future__ import annotations

import sys


def forbid_telemetry() -> None:
    """Keep OpenVINO from reporting; call it before ``import openvino``.

    Its Python package sends an event over the network at every import (and forks the process to do so) unless its
    telemetry package is absent. None in ``sys.modules`` makes that import fail, which OpenVINO allows for.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

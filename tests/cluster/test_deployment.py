"""What starts Face Atlas on many machines says the same as the requirements, and reports to nobody."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]


def environment(entry: Any) -> dict[str, str]:
    return entry if isinstance(entry, dict) else {item["name"]: item["value"] for item in entry}


def test_every_service_of_ray_keeps_its_statistics_to_itself() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    starting_ray = {name: service for name, service in services.items() if "ray start" in str(service.get("command"))}
    assert set(starting_ray) == {"head", "node", "worker"}
    documents = list(yaml.safe_load_all((ROOT / "docs/kubernetes.yaml").read_text()))
    groups = [documents[0]["spec"]["headGroupSpec"], *documents[0]["spec"]["workerGroupSpecs"]]
    of_pods = [group["template"]["spec"]["containers"][0]["env"] for group in groups]
    for settings in [*(service["environment"] for service in starting_ray.values()), *of_pods]:
        assert environment(settings)["RAY_USAGE_STATS_ENABLED"] == "0"


def test_the_cluster_runs_the_version_of_ray_that_is_pinned() -> None:
    pinned = re.search(r"^ray==([\d.]+)", (ROOT / "requirements-cluster.txt").read_text(), re.M)
    documents = list(yaml.safe_load_all((ROOT / "docs/kubernetes.yaml").read_text()))
    assert pinned and documents[0]["spec"]["rayVersion"] == pinned[1]


def test_no_password_stands_in_a_file() -> None:
    text = (ROOT / "compose.yaml").read_text() + (ROOT / "docs/kubernetes.yaml").read_text()
    secrets = re.findall(r"(?:PASSWORD|SECRET_ACCESS_KEY)\w*: (\S+)", text)
    assert secrets and all(secret.strip('"').startswith("${") for secret in secrets)

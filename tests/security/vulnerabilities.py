"""Known vulnerabilities of the pinned packages, by pip-audit. Exits 1 for one; says so where nothing could be asked."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = ("requirements.txt", "requirements-cluster.txt")
MOST_S = 120


def main() -> int:
    """Ask for all pinned packages at once."""
    files = [argument for file in FILES for argument in ("-r", str(ROOT / file))]
    options = ["--disable-pip", "--no-deps", "--progress-spinner", "off", "--format", "json"]
    try:
        asked = subprocess.run(
            [sys.executable, "-m", "pip_audit", *options, *files],
            capture_output=True, text=True, check=False, timeout=MOST_S,
        )  # fmt: skip
        packages = json.loads(asked.stdout)["dependencies"]
    except (ValueError, KeyError, subprocess.TimeoutExpired):
        print("NOT AUDITED: the service of known vulnerabilities does not answer here. Run `make audit` where it does.")
        return 0
    return report(packages)


def report(packages: list[dict]) -> int:
    """Say what was found, and of how many packages nothing is known; 1 when something was found."""
    skipped = [package["name"] for package in packages if "skip_reason" in package]
    faulty = [package for package in packages if package.get("vulns")]
    for package in faulty:
        ids = ", ".join(each["id"] for each in package["vulns"])
        print(
            f"{package['name']} {package['version']}: {ids}. Update it, or say in this file why it does not concern us."
        )
    if skipped:
        print(
            f"NOT AUDITED: {len(skipped)} of {len(packages)} packages; the index at hand does not know them as a service."
        )
    print(f"Known vulnerabilities: {len(faulty)} of {len(packages) - len(skipped)} packages that could be asked for.")
    return 1 if faulty else 0


if __name__ == "__main__":
    sys.exit(main())

"""The licences of every package that Face Atlas needs, and of theirs, by what the installed packages say.

``python -m tests.security.licences --write`` writes docs/licences.md; without it, says what the page lacks and exits 1.
A package that names no licence, or one that was never looked at, is refused.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "licences.md"
FILES = ("requirements.txt", "requirements-cluster.txt")
SAID_ELSEWHERE = {"namex": "Apache-2.0", "sqlcipher3": "Zlib; within it SQLCipher: BSD-3-Clause, OpenSSL: Apache-2.0"}
"""Licences of packages whose metadata name none, by the text that lies beside them."""
SEEN = re.compile(
    r"apache|mit\b|bsd|isc|python|psf|mozilla|mpl|lgpl|zlib|unlicense|hpnd|cc0|public domain|0bsd|blueoak|"
    r"gpl.*exception|gnu lesser|dual license|historical permission",
    re.IGNORECASE,
)
"""Licences that were looked at: each lets the package be used, and passed on unchanged, beside a program of any licence."""
HEAD = """# Licences of what Face Atlas stands on

Written by `python -m tests.security.licences --write` from the metadata of the installed packages: those of
`requirements.txt` and `requirements-cluster.txt`, and what they need. `make audit` refuses a licence that it does not
know. Packages for development alone are not listed: they are not passed on.

| Package | Licence |
|---|---|
"""


def packages() -> dict[str, str]:
    """Every package that is needed and installed, and its licence."""
    waiting = [Requirement(line) for file in FILES for line in _lines(ROOT / file)]
    found: dict[str, str] = {}
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in found or not _applies(requirement):
            continue
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        found[name] = licence_of(package)
        for text in package.requires or ():
            needed = Requirement(text)
            if needed.marker is None or any(
                needed.marker.evaluate({"extra": extra}) for extra in ("", *requirement.extras)
            ):
                needed.marker = None
                waiting.append(needed)
    return dict(sorted(found.items()))


def _lines(path: Path) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8").splitlines():
        text = re.split(r"\s#", line)[0].strip()
        if text and not text.startswith(("#", "-")):
            yield text


def _applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate()


def licence_of(package: metadata.Distribution) -> str:
    """As an expression where it says one, else by its classifiers, else the first line of its text."""
    said = package.metadata
    classifiers = [
        line.rpartition(" :: ")[2] for line in said.get_all("Classifier") or () if line.startswith("License ::")
    ]
    texts = (
        said.get("License-Expression"),
        ", ".join(sorted(set(classifiers) - {"OSI Approved"})),
        said.get("License"),
    )
    text = next((text for text in texts if text and text.strip() not in ("", "UNKNOWN")), "")
    return (
        text.strip().splitlines()[0][:100].replace("|", "/") if text else SAID_ELSEWHERE.get(said["Name"].lower(), "")
    )


def refused(licences: dict[str, str]) -> list[str]:
    """Those that name no licence, or one that was never looked at."""
    return [
        f"{name}: {licence or 'names no licence'}" for name, licence in licences.items() if not SEEN.search(licence)
    ]


def missing(licences: dict[str, str], page: str) -> list[str]:
    """What is installed, and not so on the page."""
    return [row for row in map(_row, licences.items()) if row not in page.splitlines()]


def _row(entry: tuple[str, str]) -> str:
    return f"| {entry[0]} | {entry[1]} |"


def main() -> int:
    """Write the page, or hold it against what is installed."""
    licences = packages()
    if "--write" in sys.argv:
        PAGE.write_text(HEAD + "\n".join(map(_row, licences.items())) + "\n", encoding="utf-8")
    unknown, lacking = refused(licences), missing(licences, PAGE.read_text(encoding="utf-8"))
    for line in unknown:
        print(f"A licence that is not known: {line}. Look at it, then add it to {Path(__file__).name}.")
    for line in lacking:
        print(f"docs/licences.md lacks {line}. Run: python -m tests.security.licences --write")
    return 1 if unknown or lacking else 0


if __name__ == "__main__":
    sys.exit(main())

"""Every measure of docs/security.md has a test, and every test that is named there exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@cache
def functions(path: Path) -> frozenset[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_test_that_the_threat_model_names_exists() -> None:
    named = NAMED.findall(PAGE)
    assert len(named) > 30
    missing = [f"{file}::{name}" for file, name in named if name not in functions(ROOT / file)]
    assert not missing, missing


def test_every_threat_names_a_test() -> None:
    threats = PAGE.partition("## Threats")[2].partition("\n## ")[0].split("\n- **")[1:]
    assert len(threats) > 30
    assert [threat for threat in threats if not NAMED.search(threat)] == []

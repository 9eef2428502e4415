"""Who has which role by the file; who is not in it has none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from core.access.directory import DirectoryFile, parse_directory
from core.access.rates import RateLimit
from core.base.errors import InputRefused, TooOften
from core.store.access_model import Asker, Role

FILE = b"""
unverified_addresses = ["club"]
[roles]
"Ann@Example.org" = "admin"
"bob@example.org" = "none"
"*@example.org" = "viewer"
[groups]
"face editors" = "editor"
"""
DIRECTORY = parse_directory(FILE)


def claims(**changed: Any) -> dict[str, Any]:
    told = {"is_logged_in": True, "email": "cy@example.org", "email_verified": True, "provider": "idp", "iat": 1000}
    return told | {"iss": "https://idp", "sub": "1"} | changed


@pytest.mark.parametrize(
    ("changed", "role"),
    [
        ({}, Role.VIEWER),
        ({"email": "ANN@example.org"}, Role.ADMIN),
        ({"groups": ["face editors", "others"]}, Role.EDITOR),
        ({"email": "cy@elsewhere.org", "groups": ["face editors"]}, Role.EDITOR),
        # An address that is named decides by itself.
        ({"email": "bob@example.org", "groups": ["face editors"]}, None),
        ({"email": "cy@elsewhere.org"}, None),
        ({"email": "cy@badexample.org"}, None),
        ({"email": "ann@example.org@elsewhere.org"}, None),
        ({"email": None}, None),
        ({"email": ["ann@example.org"]}, None),
        ({"groups": "face editors"}, Role.VIEWER),
        # An address that nobody has verified is anybody's.
        ({"email_verified": False}, None),
        ({"email_verified": "true"}, None),
        ({"email_verified": None, "provider": "club"}, Role.VIEWER),
        ({"is_logged_in": False}, None),
        ({"iat": None}, None),
    ],
)
def test_somebody_has_the_role_that_the_file_gives(changed: dict[str, Any], role: Role | None) -> None:
    principal = DIRECTORY.identify(claims(**changed))
    assert (principal.role if principal else None) is role


def test_each_sign_in_is_a_session_of_its_own() -> None:
    first, again, other = (DIRECTORY.identify(claims(iat=iat)) for iat in (1000, 1000, 1001))
    assert first and other
    assert first == again
    assert first.session != other.session
    assert "cy" not in first.session


@pytest.mark.parametrize(
    ("asker", "role"),
    [
        (Asker("ann@example.org", Role.ADMIN), Role.ADMIN),
        (Asker("bob@example.org", Role.ADMIN), None),
        (Asker("cy@elsewhere.org", Role.EDITOR), Role.EDITOR),
    ],
)
def test_a_job_is_done_with_the_role_that_its_asker_has_now(asker: Asker, role: Role | None) -> None:
    assert DIRECTORY.present_role(asker) is role


@pytest.mark.parametrize(
    "content",
    [
        b'[roles]\n"ann@example.org" = "boss"',
        b"[role]",
        b"session_hours = 0",
        b"session_hours = 'long'",
        b"[roles",
        b"\xff",
        b'[groups]\neditors = "Editor"',
    ],
)
def test_a_file_that_cannot_be_understood_lets_nobody_in(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "access.toml").write_bytes(content)
    with pytest.raises(InputRefused, match=r"access\.toml.*Nobody is let in"):
        DirectoryFile(tmp_path / "access.toml").read()


def test_a_changed_file_counts_at_once(tmp_path: Path) -> None:
    file = DirectoryFile(tmp_path / "access.toml")
    assert file.read() is None
    file.path.write_bytes(FILE)
    assert (read := file.read()) is not None
    assert read.role_of("ann@example.org") is Role.ADMIN
    assert file.read() is read
    file.path.write_bytes(FILE.replace(b'"admin"', b'"none" '))
    os.utime(file.path, ns=(1, 1))
    assert (read := file.read()) is not None
    assert read.role_of("ann@example.org") is None


def test_so_many_requests_are_let_through_in_so_many_seconds_for_each() -> None:
    now = [0.0]
    limit = RateLimit(2, 10.0, lambda: now[0])
    assert [limit.allows("ann"), limit.allows("ann"), limit.allows("ann"), limit.allows("bob")] == [
        True,
        True,
        False,
        True,
    ]
    now[0] = 10.0
    limit.require("ann")
    limit.require("ann")
    with pytest.raises(TooOften, match="more than 2 times in 10 seconds"):
        limit.require("ann")

"""The beginning of an entry is had without unpacking it, and never more than asked for."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from core.archives.entry_heads import ZipHeads


def heads_of(path: Path) -> dict[str, bytes | None]:
    with zipfile.ZipFile(path) as archive, ZipHeads(path, 100) as heads:
        return {info.filename: heads.read(info) for info in archive.infolist()}


CONTENT = bytes(range(256)) * 40


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("name", ["a.bin", "n" * 5000], ids=["short name", "long name"])
def test_the_first_bytes_are_those_of_the_file(tmp_path: Path, method: int, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", method) as archive:
        archive.writestr("first", os.urandom(3000))
        archive.writestr(name, CONTENT)
        archive.writestr("short", b"abc")
        archive.writestr("empty", b"")
    heads = heads_of(tmp_path / "a.zip")
    assert (heads[name], heads["short"], heads["empty"]) == (CONTENT[:100], b"abc", b"")


def test_a_zip_behind_something_else_is_read_at_the_right_places(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a", CONTENT)
    (tmp_path / "b.exe").write_bytes(b"MZ" + bytes(777) + (tmp_path / "a.zip").read_bytes())
    assert heads_of(tmp_path / "b.exe") == {"a": CONTENT[:100]}


def test_what_is_packed_otherwise_or_damaged_has_no_beginning(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("bzip2", CONTENT, zipfile.ZIP_BZIP2)
        archive.writestr("damaged", CONTENT, zipfile.ZIP_DEFLATED)
        archive.writestr("overwritten", CONTENT)
    data = bytearray((tmp_path / "a.zip").read_bytes())
    at = data.index(b"damaged") + len("damaged")
    data[at] = 0xFF
    header = data.index(b"overwritten") - 30
    data[header : header + 4] = b"XXXX"
    (tmp_path / "a.zip").write_bytes(data)
    assert heads_of(tmp_path / "a.zip") == {"bzip2": None, "damaged": None, "overwritten": None}

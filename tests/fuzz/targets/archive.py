"""Zips as they come, and zips of hostile names: the first byte says which, and how folders are read."""

from __future__ import annotations

import io
import random
import struct
import zlib
from collections.abc import Iterator

from core.archives.folder_layout import RULES
from core.archives.opening import open_source
from core.archives.zip_file import ZipMembers
from core.base.errors import ArchiveRefused, FaceAtlasError, ImageRefused, InputRefused
from core.base.settings import ArchiveLimits
from tests.archives.hostile_zips import hostile_zip, ordinary_zip
from tests.fuzz.written_file import folder, written

LIMITS = ArchiveLimits(max_entries=400, max_total_bytes=1 << 22, max_entry_bytes=1 << 20)
CODE_PAGES = ("", "cp932", "utf-8", "cp866")
WORDS = (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"../", b"..\\", b"C:\\", b"up\x01",
         b"train/", b"val/", b"\xff\xff\xff\xff", b"\x00\x08", b"__MACOSX/", b"2019/", b"unknown/", b".jpg\n")  # fmt: skip


def seeds() -> Iterator[bytes]:
    for number in range(24):
        yield bytes([number * 2]) + (ordinary_zip if number % 3 else hostile_zip)(random.Random(number))
    for names in (b"Ann/1.jpg\nBen/2.jpg", b"train/Ann/1.jpg\nval/Ann/2.jpg\ntrain/Ben/1.png", "王伟/1.jpg\nZoë/2.jpg".encode(),
                  b"../1.jpg", b"a/2019/1.jpg\na/2020/2.jpg", b"\x83\x5c/1.jpg\n\x83\x5c/2.jpg", b"x\\..\\1.jpg"):  # fmt: skip
        yield b"\1" + names


def mutate(rng: random.Random, data: bytes) -> bytes:
    """Another zip altogether, written field by field."""
    return bytes([rng.randrange(256)]) + hostile_zip(rng)


def check(data: bytes) -> None:
    """Open the archive and read everything in it."""
    if not data:
        return
    how, content = data[0], data[1:]
    if how & 1:
        content = zip_of(content.split(b"\n")[:60])
    path = written("a.zip", content)
    before = set(folder().iterdir())
    try:
        with open_source(
            path, LIMITS, folders=RULES[how // 2 % len(RULES)], zip_names=CODE_PAGES[how >> 4 & 3]
        ) as source:
            for index, entry in enumerate(source.entries):
                assert entry.index == index
                require_inside(entry.name)
                if entry.person is not None:
                    assert entry.person.strip(), "a person has a name"
                    entry.person.encode()
                _read_entry(source, entry)
            for refused in source.refused:
                (refused.name + refused.reason).encode()
    except InputRefused as refusal:
        assert str(refusal)
    _read_members(path)
    assert set(folder().iterdir()) == before, "nothing is unpacked"


def _read_entry(source, entry) -> None:
    try:
        assert len(source.read(entry)) <= LIMITS.max_entry_bytes
    except ImageRefused as refusal:
        assert str(refusal)


def _read_members(path) -> None:
    """The same zip as one of parts: names, and what they hold."""
    try:
        with ZipMembers(path, LIMITS) as members:
            for name in members.names:
                try:
                    members.read(name)
                except ArchiveRefused as refusal:
                    str(refusal).encode()
    except FaceAtlasError as refusal:
        str(refusal).encode()


def require_inside(name: str) -> None:
    """The name leads nowhere but into the folder, and is text that a database takes."""
    assert not name.startswith(("/", "\\")), name
    assert ".." not in name.replace("\\", "/").split("/"), name
    assert "\x00" not in name
    name.encode()


def zip_of(names: list[bytes]) -> bytes:
    """A sound zip of small files under exactly these names, whatever their bytes are."""
    body, directory = io.BytesIO(), io.BytesIO()
    for number, name in enumerate(names):
        name, content = name[:60_000], b"\xff\xd8\xff\xe0" + bytes([number])
        flags = 0x0800 if number % 2 and _is_utf8(name) else 0
        fields = (20, flags, 0, 0, 0, zlib.crc32(content), len(content), len(content), len(name))
        offset = body.tell()
        body.write(struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", *fields, 0) + name + content)
        directory.write(struct.pack("<4s2B5H3I5H2I", b"PK\x01\x02", 20, 3, *fields, 0, 0, 0, 0, 0, offset) + name)
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", 0, 0, len(names), len(names), directory.tell(), body.tell(), 0)
    return body.getvalue() + directory.getvalue() + end


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True

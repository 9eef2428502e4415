"""Zips that nobody would make, written field by field, and those that tools write, changed."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib

PARTS = (
    "Ann", "Ben", "..", ".", "", " ", "train", "val", "docs", "C:", "\\", "con", "@eaDir", ".hidden", "__MACOSX",
    "a" * 300, "王伟", "Zoe\u0308", "\u202e", "\x00", "\n", "2019", "%2e%2e", "~", "-rf", "\ufeff", "ソ", "🙂",
)  # fmt: skip
ENDINGS = (".jpg", ".JPG", ".png", ".zip", ".txt", "", ".", ".jpg/", ".heic", "\x00.jpg")


def random_name(chance: random.Random) -> bytes:
    """A path of parts that people, tools and attackers use, or bytes of no encoding."""
    if chance.random() < 0.15:
        return chance.randbytes(chance.randrange(1, 40))
    parts = [chance.choice(PARTS) for _ in range(chance.randrange(1, 6))]
    name = chance.choice("//\\").join(parts) + chance.choice(ENDINGS)
    return name.encode(chance.choice(["utf-8", "cp932", "gbk", "cp866", "utf-16-le"]), "replace")


def extra_field(chance: random.Random, raw_name: bytes) -> bytes:
    """A Unicode path field that fits or does not, or something that is no list of fields."""
    if chance.random() < 0.5:
        return chance.randbytes(chance.randrange(0, 12))
    crc = zlib.crc32(raw_name) if chance.random() < 0.5 else 0
    value = b"\x01" + struct.pack("<I", crc) + random_name(chance)
    return struct.pack("<HH", 0x7075, len(value) + chance.choice((0, 0, 1, 60_000 - len(value)))) + value


def hostile_zip(chance: random.Random) -> bytes:
    """A zip written field by field: any names, flags, methods, sizes and offsets."""
    body, directory = io.BytesIO(), io.BytesIO()
    count = chance.randrange(0, 8)
    for _ in range(count):
        name, content = random_name(chance), chance.randbytes(chance.randrange(0, 200))
        method = chance.choice((0, 0, 8, 8, 8, 9, 12, 14, 99))
        data = zlib.compress(content)[2:-4] if method == 8 else content
        flags = chance.choice((0, 0, 0x0800, 0x0001, 0x0008, 0xFFFF))
        crc = zlib.crc32(content) if chance.random() < 0.8 else 1
        declared = len(content) if chance.random() < 0.8 else chance.choice((0, 1, 1 << 21, 0xFFFFFFFF))
        offset = body.tell() if chance.random() < 0.9 else chance.choice((0, 7, 1 << 20, 0xFFFFFFFF))
        extra = extra_field(chance, name) if chance.random() < 0.4 else b""
        fields = (20, flags, method, 0, 0, crc, len(data), declared, len(name))
        attributes = chance.choice((0, 0o100644 << 16, 0o120777 << 16, 0o060000 << 16))
        body.write(struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", *fields, 0) + name + data)
        directory.write(
            struct.pack("<4s2B5H3I5H2I", b"PK\x01\x02", 20, 3, *fields, len(extra), 0, 0, 0, attributes, offset)
        )
        directory.write(name + extra)
    told = count if chance.random() < 0.9 else chance.choice((0, 1, 65535))
    disks = (0, 0) if chance.random() < 0.95 else (chance.randrange(9), chance.randrange(9))
    end = struct.pack("<4s4H2IH", b"PK\x05\x06", *disks, told, told, directory.tell(), body.tell(), 0)
    return body.getvalue() + directory.getvalue() + end


def ordinary_zip(chance: random.Random) -> bytes:
    """A zip as tools write it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        for number in range(chance.randrange(1, 6)):
            archive.writestr(f"{chance.choice(('Ann', 'Zoë', 'train/Ben', 'val/李明'))}/{number}.jpg", b"photo" * 40)
    return content.getvalue()


def mutated(chance: random.Random, content: bytes) -> bytes:
    """Some bytes changed, a piece cut out, doubled or moved."""
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 5, 40))):
        start = chance.randrange(len(data) + 1)
        stop = min(len(data), start + chance.choice((1, 2, 4, 30)))
        piece = data[start:stop]
        how = chance.randrange(4)
        if how == 0:
            data[start:stop] = chance.randbytes(len(piece))
        elif how == 1:
            del data[start:stop]
        elif how == 2:
            data[start:start] = piece
        else:
            data[start:stop] = chance.choice((b"\x00", b"\xff")) * len(piece)
    return bytes(data)

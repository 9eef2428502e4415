"""Tables, by the first byte: vectors as npz and Parquet, lists of pairs, and names written as CSV and read back."""

from __future__ import annotations

import csv
import io
import json
import random
import zipfile
from collections.abc import Iterator

import numpy as np

from core.base.errors import InputRefused
from core.base.face_table import Embeddings
from core.formats.tables import encode_csv, read_vectors, write_vectors_npz, write_vectors_parquet
from core.workflows.verification.pair_lists import read_pairs
from tests.fuzz.written_file import folder, written

MOST_FACES = 50
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
KINDS = 5
NPZ, PARQUET, PAIRS, CSV, ARRAYS = range(KINDS)
WORDS = (b"\x93NUMPY\x01\x00", b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 4), }", b"'|O'", b"PAR1", b"PK\x03\x04",
         b"photo_a,photo_b,same,fold\n", b"same", b"different", b"10\t300\n", b"sep=;\n", b"\xff\xfe", b"9" * 30,
         b"=cmd|' /C calc'!A0", b"\xe2\x80\xae")  # fmt: skip


def vectors() -> Embeddings:
    return Embeddings(tuple(f"{number:024x}" for number in range(3)), np.eye(3, 4, dtype=np.float32), "facenet-128")


def seeds() -> Iterator[bytes]:
    path, page = folder() / "seed", vectors()
    write_vectors_npz(path, [page], page.model_id, 4, 3)
    yield bytes([NPZ]) + path.read_bytes()
    write_vectors_parquet(path, [page], page.model_id, 4)
    yield bytes([PARQUET]) + path.read_bytes()
    path.unlink()
    for text in ("photo_a,photo_b,same\na/1.jpg,a/2.jpg,1\na/1.jpg,b/1.jpg,0\n", "1\t1\nAnn\t1\t2\nAnn\t1\tBen\t1\n",
                 "name,imagenum1,imagenum2\nAnn,1,2\n", "sep=;\r\nsame;photo_a;photo_b;fold\r\nja;x.jpg;y.jpg;3.0\r\n",
                 "a.jpg b.jpg 1\n", '"a\n.jpg","b.jpg",same,2\n', "Ann Lee 1 2\nAnn Lee 1 Bob 3"):  # fmt: skip
        yield bytes([PAIRS]) + text.encode()
    yield from (bytes([CSV]) + name.encode() for name in ("=1+1", "Ann\r\n=x", '"@', "\uff1d", "\t=", " =1", "'=1"))
    yield (
        bytes([ARRAYS, 0])
        + np.lib.format.magic(1, 0)
        + b"\x3a\0{'descr': '|O', 'fortran_order': False, 'shape': (3,)}    \n"
    )
    yield bytes([ARRAYS, 2]) + b'{"format": 1, "model_id": "facenet-128"}'


def mutate(rng: random.Random, data: bytes) -> bytes:
    """An array's header, or rows of a list of pairs, put together anew."""
    if rng.random() < 0.5:
        shape = tuple(rng.choice((0, 1, 2, 3, 4, 50, 512, 1 << 31, 1 << 62, -1)) for _ in range(rng.randrange(4)))
        descr = rng.choice(
            ("<f4", ">f4", "<f8", "|O", "S24", "<U6", "<i4", "|u1", "<c8", "|V0", "[('a', '<f4')]", "<M8[s]")
        )
        head = repr({"descr": descr, "fortran_order": rng.random() < 0.3, "shape": shape}).encode() + b" " * 8 + b"\n"
        version = rng.choice(((1, 0), (1, 0), (2, 0), (3, 0), (9, 9)))
        length = len(head).to_bytes(2 if version == (1, 0) else 4, "little")
        body = rng.choice((b"", bytes(48), bytes(72), rng.randbytes(48), np.eye(3, 4, dtype="<f4").tobytes()))
        return bytes([ARRAYS, rng.randrange(3)]) + b"\x93NUMPY" + bytes(version) + length + head + body
    cells = (
        "a.jpg",
        "b/1.jpg",
        "1",
        "0",
        "same",
        "different",
        "",
        "3.0",
        "Ann",
        "12",
        '"x,\ny"',
        "photo_a",
        "fold",
        "-1",
        "٣",
        "²",
    )
    rows = [
        rng.choice("\t;,| ").join(rng.choice(cells) for _ in range(rng.randrange(6))) for _ in range(rng.randrange(8))
    ]
    return bytes([PAIRS]) + rng.choice(("\n", "\r\n", "\r")).join(rows).encode(
        rng.choice(("utf-8", "utf-16", "cp1252")), "replace"
    )


def check(data: bytes) -> None:
    """Read the table, or write one and read it back."""
    if not data:
        return
    kind, content = data[0] % KINDS, data[1:]
    if kind == CSV:
        write_names(
            content.decode("utf-8", "surrogatepass" if b"\xed" in content else "ignore") if _decodes(content) else ""
        )
        return
    try:
        if kind == PAIRS:
            pairs = read_pairs(written("pairs.csv", content))
            assert len(pairs.photo_a) == len(pairs.photo_b) == len(pairs.same) == len(pairs.fold) > 0
            assert all(a and b and a != b for a, b in zip(pairs.photo_a, pairs.photo_b, strict=True))
            return
        content = with_array(content) if kind == ARRAYS else content
        table = read_vectors(written("v.parquet" if kind == PARQUET else "v.npz", content), MOST_FACES)
        require_sound(table)
    except InputRefused as refusal:
        assert str(refusal)


def require_sound(table: Embeddings) -> None:
    assert table.vectors.ndim == 2 and len(table.vectors) == len(table.face_ids) <= MOST_FACES
    assert table.vectors.dtype == np.float32 and np.isfinite(table.vectors).all()
    table.model_id.encode()
    for face_id in table.face_ids:
        assert isinstance(face_id, str), face_id
        face_id.encode()


def with_array(content: bytes) -> bytes:
    """A sound npz in which one array is these bytes, so that the zip's own checks hold."""
    buffer = io.BytesIO()
    page = vectors()
    header = np.frombuffer(json.dumps({"format": 1, "model_id": page.model_id}).encode(), np.uint8)
    arrays = {"vectors": page.vectors, "face_ids": np.array(page.face_ids, dtype="S24"), "header": header}
    chosen = tuple(arrays)[content[0] % 3] if content else "vectors"
    if chosen == "header" and content[1:2] != b"\x93":
        arrays["header"] = np.frombuffer(content[1:], np.uint8)
        chosen = ""
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w") as member:
                if name == chosen:
                    member.write(content[1:])
                else:
                    np.lib.format.write_array(member, array, allow_pickle=False)
    return buffer.getvalue()


def _decodes(content: bytes) -> bool:
    try:
        content.decode("utf-8", "surrogatepass" if b"\xed" in content else "ignore")
    except UnicodeDecodeError:
        return False
    return True


def write_names(name: str) -> None:
    """A name in a table comes back as it was, and begins no formula."""
    content = b"".join(encode_csv([[{"person": name, "faces": -1}]], ("person", "faces")))
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    assert len(rows) == 2, rows
    person, faces = rows[1]
    assert not person.startswith(FORMULA), person
    assert faces == "-1"
    kept = name.encode("utf-8", "replace").decode()
    assert person == (f"'{kept}" if name.startswith(FORMULA) else kept), (person, name)

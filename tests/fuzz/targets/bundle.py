"""Bundles: a file as it comes, one whose hash was made to fit, and sound ones with a part, header or array of others."""

from __future__ import annotations

import hashlib
import io
import json
import random
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from core.base.errors import InputRefused
from core.base.face_table import Embeddings
from core.formats import bundle as bundle_files
from core.formats.bundle import Bundle, BundledRun, encode_gallery, read_bundle_file, write_bundle
from core.formats.npz_header import require_bounded_npz
from core.learn.classification.recogniser import Recogniser
from tests.fuzz.written_file import folder, written
from tests.learn.classification.test_recogniser import a_recogniser
from tests.report.made import material

PEOPLE = ("Ann", "Bob", "Cat")
PARTS = ("run", "card", "recogniser", "predictions", "gallery")
AS_IT_COMES, REHASHED, PART, HEADER, ARRAY = range(5)
WORDS = (b"NaN", b"Infinity", b"[[[[[[[[", b'"format": 1', b'"people"', b"\\ud800", b"\x93NUMPY\x01\x00", b"'|O'", b"null",
         b"'shape': (2147483647, 2147483647)", b"9" * 40, b"PK\x03\x04", b"PK\x01\x02")  # fmt: skip


@dataclass(frozen=True)
class OddBundle:
    """What stands where a run is expected, and is written as if it were one."""

    text: bytes

    def to_json(self) -> object:
        return json.loads(self.text)


@cache
def sound() -> Bundle:
    """A recogniser of three people, with its run, its card, and the faces that it learned from."""
    of_report = material(PEOPLE)
    recogniser = a_recogniser(PEOPLE)
    ids = tuple(f"{number:024x}" for number in range(3))
    return Bundle(
        dataset="Family",
        model_id=recogniser.model_id,
        model_sha256="a" * 64,
        run=BundledRun(1.0, 2.0, of_report.run.params, of_report.run.metrics),
        card={"people": list(PEOPLE)},
        recogniser=recogniser.to_bytes(),
        predictions=of_report.predictions.to_bytes(),
        gallery=Embeddings(ids, np.ascontiguousarray(recogniser.centroids), recogniser.model_id),
    )


@cache
def sound_file() -> bytes:
    path = folder() / "sound.zip"
    write_bundle(path, sound())
    content = path.read_bytes()
    path.unlink()
    return content


@cache
def arrays(part: str) -> dict[str, bytes]:
    """The .npy files of a part, by name."""
    with zipfile.ZipFile(io.BytesIO(parts()[part])) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@cache
def parts() -> dict[str, bytes]:
    bundle = sound()
    return {
        "run": json.dumps(bundle.run.to_json()).encode(),
        "card": json.dumps(bundle.card).encode(),
        "recogniser": bundle.recogniser,
        "predictions": bundle.predictions,
        "gallery": encode_gallery(bundle.gallery) if bundle.gallery else b"",
    }


def seeds() -> Iterator[bytes]:
    yield bytes([AS_IT_COMES]) + sound_file()
    yield bytes([REHASHED]) + sound_file()[:-64]
    yield from (bytes([PART, number]) + parts()[name] for number, name in enumerate(PARTS))
    for number, name in enumerate(PARTS[2:]):
        yield bytes([HEADER, number]) + arrays(name)["header.npy"][128:]
        for which, content in enumerate(arrays(name).values()):
            yield bytes([ARRAY, number, which]) + content


def mutate(rng: random.Random, data: bytes) -> bytes:
    """JSON with a value replaced, or an array of another type or shape."""
    if rng.random() < 0.6:
        number = rng.randrange(5)
        text = parts()[PARTS[number]] if number < 2 else arrays(PARTS[number])["header.npy"][128:]
        value = _changed(rng, json.loads(text))
        return (bytes([PART, number]) if number < 2 else bytes([HEADER, number - 2])) + json.dumps(value).encode()
    part = rng.randrange(3)
    which = rng.randrange(len(arrays(PARTS[2 + part])))
    descr = rng.choice(("<f4", ">f4", "<f8", "|O", "S24", "<U6", "<i4", "<i8", "|b1", "<c8", "|V0", "<M8[s]", "<f2"))
    shape = tuple(rng.choice((0, 1, 2, 3, 12, 1 << 31, 1 << 62)) for _ in range(rng.randrange(3)))
    if max(shape, default=1) > 100:
        head = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode() + b"    \n"
        return bytes([ARRAY, part, which]) + b"\x93NUMPY\1\0" + len(head).to_bytes(2, "little") + head
    file = io.BytesIO()
    room = np.dtype("<f4" if descr == "|O" else descr)
    values = np.frombuffer(rng.randbytes(max(1, int(np.prod(shape))) * max(1, room.itemsize)), "u1")
    array = (
        values[: int(np.prod(shape)) * room.itemsize].view(room).reshape(shape)
        if room.itemsize
        else np.zeros(shape, room)
    )
    np.lib.format.write_array(file, array, allow_pickle=False)
    return bytes([ARRAY, part, which]) + file.getvalue()


ODD = (None, True, -1, 0, 1 << 70, 1e308, float("nan"), float("inf"), "", "\ud800", [], {}, [[]], "1", 0.5, ["Ann"] * 3,
       list(PEOPLE), {"x": 1}, "linear_svm", "softmax")  # fmt: skip


def _changed(rng: random.Random, value):
    if isinstance(value, dict) and value and rng.random() < 0.95:
        key = rng.choice(sorted(value))
        if rng.random() < 0.1:
            return {name: each for name, each in value.items() if name != key}
        return {**value, key: _changed(rng, value[key])}
    if isinstance(value, list) and value and rng.random() < 0.8:
        at = rng.randrange(len(value))
        return [_changed(rng, each) if place == at else each for place, each in enumerate(value)]
    return rng.choice(ODD)


def check(data: bytes) -> None:
    """Read the bundle; of one that is taken, everything can be used and written anew."""
    if len(data) < 3:
        return
    kind, content = data[0] % 5, data[1:]
    try:
        bundle, digest = read_bundle_file(written("b.zip", _file(kind, content)))
    except InputRefused as refusal:
        str(refusal).encode()
        return
    assert len(digest) == 64
    require_usable(bundle)


def _file(kind: int, content: bytes) -> bytes:
    if kind == AS_IT_COMES:
        return content
    if kind == REHASHED:
        return content + hashlib.sha256(content).hexdigest().encode()
    if kind == PART:
        return _with_part(PARTS[content[0] % 5], content[1:])
    part = PARTS[2 + content[0] % 3]
    members = dict(arrays(part))
    if kind == HEADER:
        file = io.BytesIO()
        np.lib.format.write_array(file, np.frombuffer(content[1:], np.uint8))
        members["header.npy"] = file.getvalue()
    else:
        members[tuple(members)[content[1] % len(members)]] = content[2:]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, array in members.items():
            archive.writestr(name, array)
    return _with_part(part, file.getvalue())


def _with_part(part: str, content: bytes) -> bytes:
    """A bundle whose hashes are right and whose part is this."""
    buffer = io.BytesIO()
    names = {"run": "run.json", "card": "card.json"}
    pieces = {names.get(name, f"{name}.npz"): content if name == part else each for name, each in parts().items()}
    manifest = {
        "dataset": "Family", "model": {"id": sound().model_id, "sha256": "a" * 64}, "format": bundle_files.FORMAT,
        "parts": {name: {"sha256": hashlib.sha256(each).hexdigest(), "bytes": len(each)} for name, each in pieces.items()},
        "version": 1,
    }  # fmt: skip
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.comment = b"0" * 64
        for name, each in {"manifest.json": json.dumps(manifest).encode(), **pieces}.items():
            archive.writestr(zipfile.ZipInfo(name), each)
    body = buffer.getvalue()[:-64]
    return body + hashlib.sha256(body).hexdigest().encode()


def require_usable(bundle: Bundle) -> None:
    """Names are texts, the recogniser names a face, and what was read is written and read again."""
    for name in (bundle.dataset, bundle.model_id, *bundle.people):
        name.encode()
    recogniser = Recogniser.from_bytes(bundle.recogniser, "b")
    require_bounded_npz(bundle.recogniser, bundle_files.LIMITS.max_entry_bytes)
    for name in recogniser.people:
        name.encode()
    probe = np.zeros((1, recogniser.centroids.shape[1]), np.float32)
    probe[:, :1] = 1
    scores = recogniser.classifier.linear.margins(probe) if hasattr(recogniser.classifier.linear, "margins") else None
    assert scores is None or scores.shape == (1, len(recogniser.people))
    path = folder() / "again.zip"
    write_bundle(path, bundle)
    again, _ = read_bundle_file(path)
    path.unlink()
    assert replace(again, gallery=None, run=bundle.run, card=bundle.card) == replace(bundle, gallery=None) or (
        again.recogniser == bundle.recogniser and again.predictions == bundle.predictions
    )

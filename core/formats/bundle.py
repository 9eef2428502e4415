"""A trained recogniser in one file that another installation can take: a zip of parts, each with its sha256.

The file's last 64 bytes (the zip's comment) are the sha256 of everything before them, so that no byte can change
unnoticed. That tells damage. A forger, who writes a fitting hash, is told by the signature over the manifest, which
knows every part by its hash: without the signer's key there is none that fits.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

import numpy as np

from core.archives.zip_file import ZipMembers
from core.base import words
from core.base.errors import ArchiveRefused, InputRefused
from core.base.face_table import Embeddings
from core.base.json_values import Json, JsonObject, JsonRecord, parse_json
from core.base.settings import ArchiveLimits
from core.formats.npz_header import require_bounded_npz
from core.language.texts import marked
from core.learn.classification.recogniser import Recogniser
from core.learn.metrics.predictions import Predictions
from core.learn.metrics.run_values import RunMetrics, RunParams, read_run_values
from core.signing.documents import Signature, is_signature_of, sign_bytes
from core.signing.keys import SigningKey

FORMAT = "face-atlas-bundle"
VERSION = 1
LIMITS = ArchiveLimits(max_entries=64, max_total_bytes=1 << 30, max_entry_bytes=1 << 29)
"""A recogniser of 10,000 people has 10 MB."""
HASH_CHARS = 64
_HASH = re.compile(rb"[0-9a-f]{64}")
_MANIFEST, _RECOGNISER, _PREDICTIONS = "manifest.json", "recogniser.npz", "predictions.npz"
_SIGNATURE = "signature.json"
SIGNED_AS = "bundle"
_RUN, _CARD, _GALLERY = "run.json", "card.json", "gallery.npz"
_NEEDED = (_RECOGNISER, _PREDICTIONS, _RUN, _CARD)
_LACKING = {
    "`$.parts[": marked("does not describe its parts"),
    "`$.model": marked("does not say which network it is for"),
}
"""What is said of a manifest in which something is missing, by where that is."""


@dataclass(frozen=True, slots=True)
class BundledRun:
    """What a run is, without where it is kept."""

    created: float
    seconds: float
    params: RunParams
    metrics: RunMetrics

    def to_json(self) -> dict[str, Json]:
        """Plain values under the field names."""
        params, metrics = self.params.to_json(), self.metrics.to_json()
        return {"created": self.created, "seconds": self.seconds, "params": params, "metrics": metrics}


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """What a bundle carries."""

    dataset: str
    model_id: str
    model_sha256: str
    """Of the weights: two networks may have one name."""
    run: BundledRun
    card: JsonObject
    """What people want to know about it."""
    recogniser: bytes
    predictions: bytes
    gallery: Embeddings | None
    """The faces that it learned from, for the evidence: ids and vectors."""
    signature: Signature | None = None
    """Of whoever wrote the file; one that was read fits. None is none."""

    @property
    def people(self) -> tuple[str, ...]:
        """Whom the card lists."""
        return tuple(map(str, _names_in(self.card)))


@dataclass(frozen=True, slots=True)
class _Network:
    """Which network a recogniser is for."""

    id: str
    sha256: str


@dataclass(frozen=True, slots=True)
class _Part:
    """What a part of the zip must be."""

    sha256: str
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class _Manifest(JsonRecord):
    """What is in the zip."""

    dataset: str
    model: _Network
    parts: Mapping[str, _Part]
    format: str = FORMAT
    version: int = VERSION


def write_bundle(path: Path, bundle: Bundle, key: SigningKey | None = None) -> str:
    """Write the file, signed with a key where one is given; gives its sha256, which is also its end."""
    parts = dict(_parts(bundle))
    manifest = _Manifest(
        dataset=bundle.dataset,
        model=_Network(bundle.model_id, bundle.model_sha256),
        parts={name: _Part(hashlib.sha256(content).hexdigest(), len(content)) for name, content in parts.items()},
    )
    encoded_manifest, buffer = _json(manifest.to_json()), io.BytesIO()
    members = {_MANIFEST: encoded_manifest, **parts}
    if key is not None:
        members[_SIGNATURE] = _json(sign_bytes(SIGNED_AS, encoded_manifest, key).to_json())
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        # A comment of the same length holds the place: the zip's own end says how long its comment is, so the hash that
        # replaces it moves no byte before it.
        archive.comment = b"0" * HASH_CHARS
        for name, content in members.items():
            # ``ZipInfo`` without a time writes 1980: the same recogniser gives the same bytes, and so the same hash.
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    content = buffer.getvalue()[:-HASH_CHARS]
    digest = hashlib.sha256(content).hexdigest()
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    try:
        draft.write_bytes(content + digest.encode("ascii"))
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return digest


def _parts(bundle: Bundle) -> Iterator[tuple[str, bytes]]:
    yield _CARD, _json(bundle.card)
    yield _RUN, _json(bundle.run.to_json())
    yield _RECOGNISER, bundle.recogniser
    yield _PREDICTIONS, bundle.predictions
    if bundle.gallery is not None:
        yield _GALLERY, encode_gallery(bundle.gallery)


def _json(value: JsonObject) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode("utf-8")


def encode_gallery(gallery: Embeddings) -> bytes:
    """An npz of face ids and vectors."""
    buffer = io.BytesIO()
    # Bytes of a fixed width and JSON as numbers: an array of objects would have to be pickled.
    ids = np.array(gallery.face_ids, dtype="S24")
    header = np.frombuffer(json.dumps({"model_id": gallery.model_id}).encode("ascii"), np.uint8)
    np.savez(buffer, face_ids=ids, vectors=gallery.vectors, header=header)
    return buffer.getvalue()


def decode_gallery(content: bytes) -> Embeddings:
    """What ``encode_gallery`` wrote. Raises InputRefused."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            ids = tuple(value.decode("ascii") for value in arrays["face_ids"].tolist())
            model_id = parse_json(bytes(arrays["header"]))["model_id"]
            vectors = arrays["vectors"]
            if vectors.ndim != 2 or vectors.dtype != np.float32 or not np.isfinite(vectors).all():
                raise ValueError("expected a matrix of float32")
            return Embeddings(ids, vectors, str(model_id))
    except (ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as fault:
        raise InputRefused(
            marked("The faces that the recogniser learned from cannot be read ({fault}).").format(fault=fault)
        ) from fault


# reading


def read_bundle_file(path: Path) -> tuple[Bundle, str]:
    """The bundle in a file, checked, and the file's sha256.

    Raises
    ------
    InputRefused
        No bundle, a changed or damaged one, one with a part missing, or one of a later version.
    """
    # From cheap to dear, and nothing is unpacked before the hash fits: a damaged file says so instead of failing
    # somewhere inside NumPy.
    digest = _require_unchanged(path)
    with ZipMembers(path, LIMITS) as members:
        manifest, signature = _manifest(path.name, members), _read_signature(path.name, members)
        parts = {name: _read_part(path.name, members, name, part) for name, part in manifest.parts.items()}
    if missing := [name for name in _NEEDED if name not in parts]:
        raise InputRefused(
            marked("'{file}' lacks its part '{part}'. Export it again.").format(file=path.name, part=missing[0])
        )
    for name in (_RECOGNISER, _PREDICTIONS, _GALLERY):
        if name in parts:
            # The zip's own limits know nothing of the arrays inside of a part, which is a zip once more.
            require_bounded_npz(parts[name], LIMITS.max_entry_bytes)
    bundle = Bundle(
        dataset=manifest.dataset,
        model_id=manifest.model.id,
        model_sha256=manifest.model.sha256,
        run=_read_run(path.name, parts[_RUN]),
        card=_object(path.name, parts[_CARD]),
        recogniser=parts[_RECOGNISER],
        predictions=parts[_PREDICTIONS],
        gallery=decode_gallery(parts[_GALLERY]) if _GALLERY in parts else None,
        signature=signature,
    )
    _require_fitting(path.name, bundle)
    return bundle, digest


def _require_unchanged(path: Path) -> str:
    try:
        size, digest = path.stat().st_size, hashlib.sha256()
        if size > LIMITS.max_total_bytes:
            raise InputRefused(
                marked("'{file}' has {size} bytes; a bundle has {most} at most.").format(
                    file=path.name, size=words.count(size), most=words.count(LIMITS.max_total_bytes)
                )
            )
        with path.open("rb") as file:
            left_bytes = size - HASH_CHARS
            while left_bytes > 0 and (chunk := file.read(min(left_bytes, 1 << 20))):
                digest.update(chunk)
                left_bytes -= len(chunk)
            stated_digest = file.read()
    except OSError as fault:
        raise InputRefused(
            marked("'{file}' cannot be read ({fault}).").format(file=path.name, fault=fault.strerror)
        ) from fault
    # Told apart from a changed one: a file of another program ends in anything, and 'changed' would send people looking
    # for damage.
    if size <= HASH_CHARS or not _HASH.fullmatch(stated_digest):
        raise InputRefused(
            marked("'{file}' is no bundle of Face Atlas, or its end is missing. Export or copy it again.").format(
                file=path.name
            )
        )
    if stated_digest.decode("ascii") != digest.hexdigest():
        raise InputRefused(
            marked("'{file}' was changed or damaged after it was exported. Export or copy it again.").format(
                file=path.name
            )
        )
    return digest.hexdigest()


def _manifest(file: str, members: ZipMembers) -> _Manifest:
    document = _object(file, members.read(_MANIFEST))
    # Before the rest is read: a later version may have other fields, and what helps then is to update, not to export
    # again.
    version = document.get("version")
    if document.get("format") != FORMAT or not isinstance(version, int):
        raise InputRefused(marked("'{file}' is no bundle of Face Atlas.").format(file=file))
    if version > VERSION:
        raise InputRefused(
            marked(
                "'{file}' was made by a later version of Face Atlas (format {version}; this one reads "
                "{read_version}). Update this installation, or export again with the older one."
            ).format(file=file, version=version, read_version=VERSION)
        )
    try:
        return _Manifest.from_json(document)
    except ValueError as fault:
        lacking = next((sentence for place, sentence in _LACKING.items() if place in str(fault)), "is incomplete")
        raise InputRefused(
            marked("The manifest of '{file}' {lack}. Export it again.").format(file=file, lack=lacking)
        ) from fault


def _read_signature(file: str, members: ZipMembers) -> Signature | None:
    """The signature over the manifest, which fits; None where there is none. Raises ArchiveRefused for another."""
    if _SIGNATURE not in members.names:
        return None
    try:
        signature = Signature.from_json(_object(file, members.read(_SIGNATURE)))
        fits = is_signature_of(signature, SIGNED_AS, members.read(_MANIFEST))
    except ValueError as fault:
        raise ArchiveRefused(
            marked("The signature of '{file}' is damaged. Ask whoever sent it for another copy.").format(file=file)
        ) from fault
    if not fits:
        raise ArchiveRefused(
            marked(
                "'{file}' was altered on purpose: its parts fit each other, but not the signature. Do not use "
                "it, and ask whoever signed it for the original."
            ).format(file=file)
        )
    return signature


def _read_part(file: str, members: ZipMembers, name: str, part: _Part) -> bytes:
    content = members.read(name)
    if hashlib.sha256(content).hexdigest() != part.sha256:
        raise InputRefused(
            marked("Part '{part}' of '{file}' is not what its manifest says. Export or copy it again.").format(
                part=name, file=file
            )
        )
    return content


def _object(file: str, content: bytes) -> JsonObject:
    try:
        value = parse_json(content)
    except ValueError as fault:
        raise InputRefused(
            marked("A part of '{file}' is no JSON ({fault}). Export it again.").format(file=file, fault=fault)
        ) from fault
    if not isinstance(value, dict):
        raise InputRefused(marked("A part of '{file}' is not of its form. Export it again.").format(file=file))
    return value


def _read_run(file: str, content: bytes) -> BundledRun:
    document = _object(file, content)
    try:
        params, metrics = read_run_values(document.get("params"), document.get("metrics"))
    except ValueError as fault:
        raise ArchiveRefused(
            marked("The training in '{file}' cannot be one: {fault}. Export it again.").format(file=file, fault=fault)
        ) from fault
    created, seconds = document.get("created"), document.get("seconds")
    if not (_is_number(created) and _is_number(seconds)):
        raise ArchiveRefused(marked("The parts of '{file}' do not belong together. Export it again.").format(file=file))
    return BundledRun(created, seconds, params, metrics)


def _is_number(value: object) -> TypeGuard[float]:
    """Whether a value of JSON can be a point in time or a duration, seconds."""
    # JSON of Python knows NaN and infinity, and a bool is an int: a run of the year NaN could not be dated or sorted
    # anywhere. 1e12 seconds are 30,000 years.
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e12


def _names_in(card: JsonObject) -> list[object]:
    """The people whom a card lists; [None] where it lists none."""
    people = card.get("people")
    return people if isinstance(people, list) else [None]


def _require_fitting(file: str, bundle: Bundle) -> None:
    recogniser = Recogniser.from_bytes(bundle.recogniser, _RECOGNISER)
    predictions = Predictions.from_bytes(bundle.predictions)
    # Each part may be sound by itself and come from another bundle: whatever indexes one by the other's people would
    # name the wrong ones.
    models = {recogniser.model_id, bundle.model_id}
    models |= {bundle.gallery.model_id} if bundle.gallery else set()
    if not all(isinstance(name, str) for name in _names_in(bundle.card)):
        raise ArchiveRefused(marked("The card of '{file}' is not of its form. Export it again.").format(file=file))
    fits = (
        len(models) == 1
        and predictions.people == recogniser.people
        and (bundle.gallery is None or bundle.gallery.vectors.shape[1] == recogniser.centroids.shape[1])
    )
    if not fits:
        raise ArchiveRefused(marked("The parts of '{file}' do not belong together. Export it again.").format(file=file))

"""JSON documents that carry their own signature, so that they can be verified anywhere without this installation.

The signature is over everything else in the document, in one fixed spelling (keys sorted, no spaces, UTF-8), and over
what kind of document it is: a signature cannot be moved to a document of another kind.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from core.base.errors import InputRefused
from core.base.json_values import Json, JsonObject, JsonRecord, decode_record
from core.language.texts import marked
from core.signing.keys import PublicKey, SigningKey

SIGNATURE = "signature"
"""The field of a document that holds it."""
ALGORITHM = "Ed25519"


@dataclass(frozen=True, slots=True)
class Signature(JsonRecord):
    """Who signed, and what came of it."""

    public_key: str
    """64 hexadecimal digits. Hexadecimal, as no name can ever stand in it for whoever looks for names."""
    value: str
    """128 of them."""
    algorithm: str = ALGORITHM


def sign_bytes(kind: str, content: bytes, key: SigningKey) -> Signature:
    """The signature of some bytes that are of a kind."""
    return Signature(key.public.hex, key.sign(_message(kind, content)).hex())


def is_signature_of(signature: Signature, kind: str, content: bytes, key: PublicKey | None = None) -> bool:
    """Whether these bytes were signed by ``key``, or without one by the key that the signature names.

    Raises InputRefused where that is no key.
    """
    signer = key or PublicKey.from_hex(signature.public_key)
    try:
        value = bytes.fromhex(signature.value)
    except ValueError:
        return False
    return signature.algorithm == ALGORITHM and signer.verifies(value, _message(kind, content))


def _message(kind: str, content: bytes) -> bytes:
    return b"face-atlas " + kind.encode("ascii") + b"\n" + content


def sign_document(kind: str, document: JsonObject, key: SigningKey) -> dict[str, Json]:
    """The document with its signature, in the place of one that it had."""
    unsigned = {name: value for name, value in document.items() if name != SIGNATURE}
    return {**unsigned, SIGNATURE: sign_bytes(kind, _spell(unsigned), key).to_json()}


def verify_document(kind: str, document: JsonObject, key: PublicKey | None = None) -> PublicKey:
    """The key that signed a document: ``key``, or without one the key inside of it.

    Raises
    ------
    InputRefused
        It is not signed, was altered since, or is signed by another key.
    """
    if SIGNATURE not in document:
        raise InputRefused(
            marked("It is not signed, so nothing can be said of where it comes from. Ask for a signed one.")
        )
    try:
        signature = decode_record(Signature, _object(document[SIGNATURE]))
    except ValueError as fault:
        raise InputRefused(marked("Its signature is damaged. Ask whoever sent it for another copy.")) from fault
    unsigned = {name: value for name, value in document.items() if name != SIGNATURE}
    # Asked with the key inside first: an altered document and one of somebody else are told apart by it.
    if not is_signature_of(signature, kind, _spell(unsigned)):
        raise InputRefused(marked("It was altered after it was signed. Do not rely on it; ask for the original."))
    signer = PublicKey.from_hex(signature.public_key)
    if key is not None and key != signer:
        raise InputRefused(
            marked("It is whole, but signed by another key ({signer}) than the one given ({key}).").format(
                signer=signer.fingerprint, key=key.fingerprint
            )
        )
    return signer


def parse_document(content: bytes) -> JsonObject:
    """A document as it was written. Raises InputRefused, also where a field stands twice."""
    try:
        document = json.loads(content, object_pairs_hook=_without_twins)
    except ValueError as fault:
        raise InputRefused(
            marked("It is no JSON document ({fault}). Give the file as it was saved.").format(fault=fault)
        ) from fault
    return _object(document)


def _without_twins(pairs: Sequence[tuple[str, Json]]) -> dict[str, Json]:
    # Of two fields of one name readers choose differently: what is shown would be another one than what was verified.
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError(marked("a field stands twice"))
    return fields


def _object(value: object) -> JsonObject:
    if not isinstance(value, dict):
        raise InputRefused(marked("It is no document of Face Atlas. Give the file as it was saved."))
    return value


def _spell(document: JsonObject) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")

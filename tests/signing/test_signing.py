"""A document says whether it is whole and who signed it; the key that signs is its owner's alone and one."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from core.base.errors import DataFolderFault, InputRefused, NotFound
from core.signing.documents import Signature, parse_document, sign_document, verify_document
from core.signing.keyring import Keyring, SignerKind
from core.signing.keys import KEY_FILE, PublicKey, open_signing_key

DOCUMENT = {"when": "2026-11-29", "faces": 4, "share": 0.1, "nested": {"name": "Zoë", "list": [1, None, True]}}


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "keys")


def signed(keyring: Keyring) -> dict:
    return sign_document("receipt", DOCUMENT, keyring.open_own())


def test_a_document_verifies_however_it_is_laid_out(keyring):
    document = signed(keyring)
    for laid_out in (json.dumps(document, indent=3), json.dumps(dict(reversed(document.items())), ensure_ascii=False)):
        assert verify_document("receipt", parse_document(laid_out.encode())) == keyring.open_own().public


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda document: document.update(faces=5), "altered"),
        (lambda document: document["nested"].update(name="Zoe"), "altered"),
        (lambda document: document.update(more=1), "altered"),
        (lambda document: document.pop("share"), "altered"),
        (lambda document: document["signature"].update(value="00" * 64), "altered"),
        (lambda document: document["signature"].update(value="no digits"), "altered"),
        (lambda document: document["signature"].update(algorithm="none"), "altered"),
        (lambda document: document["signature"].update(public_key="ab"), "64 hexadecimal digits"),
        (lambda document: document["signature"].pop("value"), "damaged"),
        (lambda document: document.update(signature=7), "no document"),
        (lambda document: document.pop("signature"), "not signed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_whatever_is_changed_is_noticed(keyring, change, reason):
    document = json.loads(json.dumps(signed(keyring)))
    change(document)
    with pytest.raises(InputRefused, match=reason):
        verify_document("receipt", document)


def test_a_field_that_stands_twice_is_no_document(keyring):
    content = json.dumps(signed(keyring)).replace('"faces": 4', '"faces": 40, "faces": 4').encode()
    with pytest.raises(InputRefused, match="twice"):
        parse_document(content)


def test_a_signature_is_of_one_kind_of_document(keyring):
    with pytest.raises(InputRefused, match="altered"):
        verify_document("export", signed(keyring))


def test_a_forger_is_told_from_damage_by_the_key(keyring, tmp_path):
    forged = sign_document("receipt", {**DOCUMENT, "faces": 0}, open_signing_key(tmp_path / "forger"))
    assert verify_document("receipt", forged) != keyring.open_own().public, "whole, and by somebody else"
    with pytest.raises(InputRefused, match="another key"):
        verify_document("receipt", forged, keyring.open_own().public)


def test_the_key_is_made_once_and_its_owners_alone(tmp_path):
    folder, keys = tmp_path / "keys", []
    before = os.umask(0)
    try:
        makers = [threading.Thread(target=lambda: keys.append(open_signing_key(folder).public)) for _ in range(8)]
        for maker in makers:
            maker.start()
        for maker in makers:
            maker.join()
    finally:
        os.umask(before)
    assert len(set(keys)) == 1 and len(keys) == 8
    assert stat.S_IMODE((folder / KEY_FILE).stat().st_mode) == 0o600 and stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_damaged_key_is_told_and_not_replaced(tmp_path):
    open_signing_key(tmp_path)
    (tmp_path / KEY_FILE).write_text("-----BEGIN nothing-----")
    with pytest.raises(DataFolderFault, match="backup"):
        open_signing_key(tmp_path)
    assert (tmp_path / KEY_FILE).read_text() == "-----BEGIN nothing-----"


def test_a_public_key_is_read_as_it_was_written(keyring):
    public = keyring.open_own().public
    assert PublicKey.from_text(public.to_pem()) == PublicKey.from_text(f" {public.hex}\n") == public
    with pytest.raises(InputRefused, match="cannot be read"):
        PublicKey.from_text("-----BEGIN PUBLIC KEY-----\nxx\n-----END PUBLIC KEY-----")
    with pytest.raises(InputRefused, match="hexadecimal"):
        PublicKey.from_text("my key")


def test_a_signer_is_this_installation_a_trusted_one_or_unknown(keyring, tmp_path):
    other = Keyring(tmp_path / "other")
    own, theirs = (Signature.from_json(signed(each)["signature"]) for each in (keyring, other))
    assert keyring.recognise(own).kind is SignerKind.OWN
    assert keyring.recognise(theirs).kind is SignerKind.UNKNOWN
    assert keyring.recognise(None).kind is SignerKind.NONE
    keyring.trust(other.open_own().public, "Museum")
    assert (signer := keyring.recognise(theirs)).kind is SignerKind.TRUSTED and "'Museum'" in signer.sentence
    with pytest.raises(InputRefused, match="trusted as 'Museum'"):
        keyring.trust(keyring.open_own().public, "Museum")
    keyring.distrust("Museum")
    assert keyring.recognise(theirs).kind is SignerKind.UNKNOWN
    with pytest.raises(NotFound, match="none"):
        keyring.distrust("Museum")


def test_recognising_makes_no_key(keyring, tmp_path):
    signature = Signature.from_json(signed(Keyring(tmp_path / "other"))["signature"])
    assert keyring.recognise(signature).kind is SignerKind.UNKNOWN
    assert not keyring.folder.exists()

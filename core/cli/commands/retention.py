"""``retention``, ``receipts``, ``verify-receipt`` and ``keys``: how long people are kept, and what is signed."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path

from core.base import words
from core.base.errors import InputRefused, describe_os_error
from core.base.settings import settings_from_env
from core.cli import destination, resolution
from core.cli.parser import Answer, Commands, require_dataset
from core.services import Services
from core.signing.keyring import Keyring
from core.signing.keys import PublicKey
from core.store.retention.model import ReceiptRecord, RetentionTerms
from core.store.values.datasets import Dataset
from core.workflows.datasets import find_person
from core.workflows.erasure.signed_receipts import verify_receipt
from core.workflows.retention import terms as retention

LARGEST_RECEIPT_BYTES = 16 << 20


def add_retention(commands: Commands) -> None:
    """``retention``."""
    text = "say or show what for and until when a dataset, or a person, is kept"
    command = require_dataset(commands.add("retention", _retention, text))
    command.add_argument("--person", metavar="NAME", help="of this person (default: of the whole dataset)")
    command.add_argument("--purpose", metavar="TEXT", help="what for they are kept")
    command.add_argument("--consent", metavar="TEXT", help="who agreed to it, when and how")
    day = command.add_mutually_exclusive_group()
    day.add_argument("--until", metavar="DAY", help="the last day, as 2027-12-31; the worker erases afterwards")
    day.add_argument("--no-date", action="store_true", help="keep for as long as somebody wants")


def _retention(options: argparse.Namespace) -> Answer:
    services, dataset = resolution.open_dataset(options)
    tools, today = services.retention_tools(), retention.local_today()
    person_id = find_person(services.store, dataset.id, options.person).id if options.person else None
    before = _own_terms(services, dataset, person_id)
    terms = _changed_terms(before, options)
    if terms != before and person_id is None:
        retention.set_dataset_terms(tools, dataset.id, terms, today)
    elif terms != before and person_id is not None:
        retention.set_person_terms(tools, dataset.id, person_id, terms, today)
    effective = services.retention.people_terms(dataset.id).get(person_id, terms) if person_id else terms
    return {
        "purpose": terms.purpose,
        "consent": terms.consent,
        # Of somebody into whom others were merged the earliest day counts.
        "until": effective.until.isoformat() if effective.until else None,
    }


def _own_terms(services: Services, dataset: Dataset, person_id: int | None) -> RetentionTerms:
    if person_id is None:
        return services.retention.dataset_terms(dataset.id)
    return services.retention.own_terms(dataset.id, person_id)


def _changed_terms(terms: RetentionTerms, options: argparse.Namespace) -> RetentionTerms:
    if options.purpose is not None:
        terms = replace(terms, purpose=options.purpose)
    if options.consent is not None:
        terms = replace(terms, consent=options.consent)
    if options.no_date:
        terms = replace(terms, until=None)
    return replace(terms, until=retention.read_day(options.until)) if options.until else terms


def add_receipts(commands: Commands) -> None:
    """``receipts``."""
    command = commands.add("receipts", _receipts, "the signed receipts of all erasings, or one of them as a file")
    command.add_argument("id", nargs="?", metavar="ID")
    command.add_argument("--out", type=Path, metavar="FILE", help="write that one there")


def _receipts(options: argparse.Namespace) -> Answer:
    services = resolution.open_services(options)
    if not options.id:
        return {"receipts": [_receipt_json(record) for record in services.retention.receipts()]}
    document = services.erase_tools().receipts.find(options.id)
    if options.out is None:
        return dict(document)
    destination.require_writable_file(options.out)
    destination.save_file(options.out, json.dumps(document, indent=2, ensure_ascii=False).encode())
    return {"file": str(options.out), "id": options.id}


def _receipt_json(record: ReceiptRecord) -> Answer:
    return {"id": record.id, "what": record.document["what"], "began": words.utc_time(record.created)}


def add_verify_receipt(commands: Commands) -> None:
    """``verify-receipt``."""
    text = "say whether a receipt is as it was signed; needs nothing but the file"
    command = commands.add("verify-receipt", _verify_receipt, text)
    command.add_argument("file", type=Path, metavar="FILE")
    command.add_argument("--key", type=Path, metavar="FILE", help="the signer's public key (default: the one inside)")


def _verify_receipt(options: argparse.Namespace) -> Answer:
    content = _read_small(options.file)
    key = PublicKey.from_text(_read_small(options.key).decode("ascii", "replace")) if options.key else None
    document, signer = verify_receipt(content, key)
    used = "the key that was given" if key else "the key inside the receipt: compare it with the signer's own"
    answer: Answer = {"verified": True, "with": used, "fingerprint": signer.fingerprint, "public_key": signer.hex}
    answer.update(document)
    return answer


def _read_small(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_RECEIPT_BYTES:
            raise InputRefused(f"'{path.name}' is far too large for a receipt or a key. Give the file as it was saved.")
        return path.read_bytes()
    except OSError as fault:
        raise InputRefused(describe_os_error(fault)) from fault


def add_keys(commands: Commands) -> None:
    """``keys``."""
    keys = commands.group("keys", "the key that this installation signs with, and those that you trust")
    show = keys.add("show", _show_keys, "the public key of this installation, and the trusted ones")
    show.add_argument("--out", type=Path, metavar="FILE", help="write the public key there, for others to trust")
    trust = keys.add("trust", _trust_key, "trust what is signed with a key")
    trust.add_argument("file", type=Path, metavar="FILE", help="the public key, as the other wrote it")
    trust.add_argument("--name", required=True, metavar="NAME", help="whose it is")
    keys.add("distrust", _distrust_key, "forget a trusted key").add_argument("name", metavar="NAME")


def _open_keyring(options: argparse.Namespace) -> Keyring:
    # With the data folder, which is closed to others before a key lies in it.
    return Services(settings_from_env(options.data)).keyring


def _show_keys(options: argparse.Namespace) -> Answer:
    keyring = _open_keyring(options)
    public = keyring.open_own().public
    if options.out:
        destination.require_writable_file(options.out)
        destination.save_file(options.out, public.to_pem().encode())
    return {"public_key": public.hex, "fingerprint": public.fingerprint, **_trusted_json(keyring)}


def _trust_key(options: argparse.Namespace) -> Answer:
    keyring = _open_keyring(options)
    keyring.trust(PublicKey.from_text(_read_small(options.file).decode("ascii", "replace")), options.name)
    return _trusted_json(keyring)


def _distrust_key(options: argparse.Namespace) -> Answer:
    keyring = _open_keyring(options)
    keyring.distrust(options.name)
    return _trusted_json(keyring)


def _trusted_json(keyring: Keyring) -> Answer:
    names = keyring.trusted().items()
    return {"trusted": {name: PublicKey.from_hex(key).fingerprint for key, name in names}}

"""Receipts of erasings, signed by this installation: kept when what they are about is gone, and verified anywhere."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from core.base import words
from core.base.errors import InputRefused, NotFound
from core.base.json_values import Json, JsonObject, JsonRecord
from core.language.texts import marked
from core.signing.documents import parse_document, sign_document, verify_document
from core.signing.keyring import Keyring
from core.signing.keys import PublicKey
from core.store.exchange_protocols import Erasure
from core.store.name_scrubber import Scrubber
from core.store.retention.model import ReceiptRecord, RetentionStore

FORMAT = "face-atlas-receipt"
VERSION = 1
KIND = "erasure receipt"
"""What such a document is signed as."""
CUT_OFF = marked(
    "The program ended while it erased this dataset. What was left of its files was removed at the next "
    "start; they were not searched afterwards."
)


class ErasedWhat(StrEnum):
    """What a receipt is about."""

    PERSON = "person"
    DATASET = "dataset"
    PHOTOS = "photos"
    """Of a dataset, which keeps none from then on."""


@dataclass(frozen=True, slots=True)
class ReceiptHead(JsonRecord):
    """What stands before the receipt itself in its signed document."""

    id: str
    what: ErasedWhat
    dataset_id: str
    began: float
    """Seconds since 1970."""
    is_done: bool = True
    """False where a dataset's erasing was written down before it began, and not ended since."""

    @classmethod
    def of(cls, what: ErasedWhat, dataset_id: str, began: float, whom: str = "") -> ReceiptHead:
        """That of an erasing; whoever goes on with it after a kill comes to the same id."""
        digest = hashlib.sha256(f"{what} {dataset_id} {began!r} {whom}".encode())
        return cls(digest.hexdigest()[:12], what, dataset_id, began)


@dataclass(frozen=True)
class ReceiptBook:
    """Signs receipts and keeps them."""

    store: RetentionStore
    keyring: Keyring

    def keep(self, head: ReceiptHead, receipt: JsonObject) -> None:
        """Sign a receipt and keep it, in the place of one of the same id."""
        document: dict[str, Json] = {
            "format": FORMAT,
            "version": VERSION,
            **head.to_json(),
            "began_utc": words.utc_time(head.began),
            "receipt": receipt,
        }
        self._keep(head, document)

    def _keep(self, head: ReceiptHead, document: JsonObject) -> None:
        signed = sign_document(KIND, document, self.keyring.open_own())
        self.store.put_receipt(ReceiptRecord(head.id, head.dataset_id, head.began, signed))

    def find(self, receipt_id: str) -> JsonObject:
        """A signed receipt. Raises NotFound."""
        for record in self.store.receipts():
            if record.id == receipt_id:
                return record.document
        raise NotFound(
            marked("There is no receipt '{receipt}'. `python -m core receipts` lists them.").format(receipt=receipt_id)
        )

    def forget_names(self, erasure: Erasure) -> None:
        """Take the names of somebody who goes out of earlier receipts, which name who asked, and sign those anew."""
        scrubber = Scrubber(erasure.names, erasure.spared)
        for record in self.store.receipts():
            document = scrubber.json(record.document)
            if record.dataset_id == erasure.dataset_id and document != record.document:
                self._keep(ReceiptHead.from_json(document), document)

    def settle(self, dataset_ids: Iterable[str]) -> int:
        """End the receipts of datasets whose erasing was cut off; how many there were.

        Parameters
        ----------
        dataset_ids : the datasets that are there: of these nothing was erased
        """
        present, settled = set(dataset_ids), 0
        for record in self.store.receipts():
            head = ReceiptHead.from_json(record.document)
            if head.is_done:
                continue
            settled += 1
            if record.dataset_id in present:
                self.store.delete_receipt(record.id)
            else:
                ended = ReceiptHead(head.id, head.what, head.dataset_id, head.began)
                self.keep(ended, {"when": words.utc_time(time.time()), "note": CUT_OFF})
        return settled


def verify_receipt(content: bytes, key: PublicKey | None = None) -> tuple[JsonObject, PublicKey]:
    """A receipt as it was saved and the key that signed it: ``key``, or without one the key inside.

    Nothing is needed for it but the file. The key inside proves that nothing was changed, not whose key it is.

    Raises
    ------
    InputRefused
        It is no receipt, or not signed, or was altered, or is signed by another key.
    """
    document = parse_document(content)
    if document.get("format") != FORMAT:
        raise InputRefused(marked("It is no signed receipt of Face Atlas. Give the file as it was saved."))
    return document, verify_document(KIND, document, key)

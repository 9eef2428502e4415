"""The signature of an export: a list of all its files with their sha256, signed, as the last file of the zip.

It tells three things apart: a file that was damaged or exchanged, one that was added or taken away, and a list that
somebody else wrote. The zip is a plain zip for every other program.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from core.base.errors import ArchiveRefused, InputRefused
from core.base.json_values import JsonRecord
from core.language.texts import marked
from core.signing.documents import SIGNATURE, Signature, parse_document, sign_document, verify_document
from core.signing.keys import SigningKey

SIGNATURE_NAME = "signature.json"
"""Of the file in the zip."""
SIGNED_AS = "export"
FORMAT = "face-atlas-export"


@dataclass(frozen=True, slots=True)
class SignedList(JsonRecord):
    """What a zip held when it was signed."""

    files: Mapping[str, str]
    """The sha256 of every file, by its name."""
    signature: Signature
    """Over the list; it fits."""

    def require_file(self, archive: str, name: str, content: bytes) -> None:
        """Raises ArchiveRefused where the content of a file is not what was signed."""
        if self.files.get(name) != hashlib.sha256(content).hexdigest():
            raise ArchiveRefused(
                marked(
                    "'{file}' was altered after it was signed: '{part}' in it is another file. Take nothing of "
                    "it, and ask whoever signed it for the original."
                ).format(file=archive, part=name)
            )


def encode_signed_list(digests: Mapping[str, str], key: SigningKey) -> bytes:
    """The signed list of files and their sha256, as the file that goes into the zip."""
    document = sign_document(SIGNED_AS, {"format": FORMAT, "files": dict(digests)}, key)
    return json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False).encode("utf-8")


def read_signed_list(archive: str, names: Collection[str], read: Callable[[str], bytes]) -> SignedList | None:
    """The list of an archive, which is signed and names just these files; None where there is no list.

    Raises
    ------
    ArchiveRefused
        The list was altered, or files were added or taken away since.
    """
    if SIGNATURE_NAME not in names:
        return None
    try:
        document = parse_document(read(SIGNATURE_NAME))
        # A file of that name of another program is none of ours, and its zip is unsigned.
        if document.get("format") != FORMAT or SIGNATURE not in document:
            return None
        verify_document(SIGNED_AS, document)
        signed_list = SignedList.from_json(document)
    except (InputRefused, ValueError) as fault:
        raise ArchiveRefused(
            marked("The signature of '{file}' does not fit: {fault}").format(file=archive, fault=fault)
        ) from fault
    if signed_list.files.keys() != set(names) - {SIGNATURE_NAME}:
        raise ArchiveRefused(
            marked(
                "'{file}' was altered after it was signed: files were added to it or taken away. Take nothing of "
                "it, and ask whoever signed it for the original."
            ).format(file=archive)
        )
    return signed_list

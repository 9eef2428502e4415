"""The keys that an installation knows: its own, and those of others whom somebody here trusts, by a name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.base.errors import DataFolderFault, InputRefused, NotFound, data_folder_fault
from core.base.json_values import JsonRecord, decode_record
from core.language.texts import gettext as _
from core.language.texts import marked
from core.signing.documents import Signature
from core.signing.keys import IN_CLEAR, KEY_FILE, KeyFileCipher, PublicKey, SigningKey, open_signing_key

TRUSTED_FILE = "trusted-keys.json"
LONGEST_NAME = 80


class SignerKind(StrEnum):
    """What is known of whoever signed a file."""

    OWN = "this installation"
    TRUSTED = "a key you trust"
    UNKNOWN = "an unknown key"
    NONE = "nobody"


@dataclass(frozen=True, slots=True)
class Signer(JsonRecord):
    """Who signed a file that is whole and unaltered."""

    kind: SignerKind = SignerKind.NONE
    name: str = ""
    """Under which the key is trusted here."""
    fingerprint: str = ""

    @property
    def sentence(self) -> str:
        """The answer in words."""
        match self.kind:
            case SignerKind.OWN:
                return _("Signed by this installation.")
            case SignerKind.TRUSTED:
                return _("Signed by '{name}', whose key you trust.", name=self.name)
            case SignerKind.UNKNOWN:
                return _(
                    "Signed by a key that is not known here ({fingerprint}): compare it with what the sender says, "
                    "and trust it, or do not take the file.",
                    fingerprint=self.fingerprint,
                )
        return _("Not signed: who wrote it cannot be told.")


UNSIGNED = Signer()
"""Of a file that carries no signature."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys in a folder; the own one is made when something is signed first."""

    folder: Path
    cipher: KeyFileCipher = IN_CLEAR

    def open_own(self) -> SigningKey:
        """The key that this installation signs with. Raises DataFolderFault."""
        return open_signing_key(self.folder, self.cipher)

    def trusted(self) -> dict[str, str]:
        """Public keys (hexadecimal) with the names under which they are trusted. Raises DataFolderFault."""
        try:
            stored = (self.folder / TRUSTED_FILE).read_bytes()
            return decode_record(dict[str, str], json.loads(self.cipher.unseal(TRUSTED_FILE, stored)))
        except FileNotFoundError:
            return {}
        except OSError as fault:
            raise data_folder_fault(fault) from fault
        except ValueError as fault:
            raise DataFolderFault(
                marked(
                    "The list of trusted keys, '{file}', is damaged. Put it back from a backup, or delete it and trust "
                    "the keys again."
                ).format(file=f"{self.folder.name}/{TRUSTED_FILE}")
            ) from fault

    def trust(self, key: PublicKey, name: str) -> None:
        """Remember a key under a name. Raises InputRefused where the name is none or of another key."""
        name, known = name.strip(), self.trusted()
        if not 0 < len(name) <= LONGEST_NAME:
            raise InputRefused(
                marked("A key is trusted under a name of 1 to {longest} letters. Give one.").format(
                    longest=LONGEST_NAME
                )
            )
        if name in {known_name for public_key, known_name in known.items() if public_key != key.hex}:
            raise InputRefused(
                marked("Another key is trusted as '{name}'. Choose another name, or distrust that one first.").format(
                    name=name
                )
            )
        self._write({**known, key.hex: name})

    def distrust(self, name: str) -> None:
        """Forget a trusted key. Raises NotFound."""
        known = self.trusted()
        if name not in known.values():
            raise NotFound(
                marked("No key is trusted as '{name}'. Trusted: {names}.").format(
                    name=name, names=", ".join(sorted(known.values())) or "none"
                )
            )
        self._write({public_key: known_name for public_key, known_name in known.items() if known_name != name})

    def _write(self, trusted: Mapping[str, str]) -> None:
        draft = self.folder / f"{TRUSTED_FILE}.part"
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            content = json.dumps(trusted, indent=1, ensure_ascii=False).encode()
            draft.write_bytes(self.cipher.seal(TRUSTED_FILE, content))
            draft.replace(self.folder / TRUSTED_FILE)
        except OSError as fault:
            raise data_folder_fault(fault) from fault

    def recognise(self, signature: Signature | None) -> Signer:
        """Who made a signature that was verified; None is no signature."""
        if signature is None:
            return UNSIGNED
        key = PublicKey.from_hex(signature.public_key)
        # Not made for this question: where nothing was signed yet, nothing is by this installation.
        if (self.folder / KEY_FILE).exists() and self.open_own().public == key:
            return Signer(SignerKind.OWN, fingerprint=key.fingerprint)
        if (name := self.trusted().get(key.hex)) is not None:
            return Signer(SignerKind.TRUSTED, name, key.fingerprint)
        return Signer(SignerKind.UNKNOWN, fingerprint=key.fingerprint)

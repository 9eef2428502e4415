"""Ed25519 keys: the one that this installation signs with, made once, and the public ones of whoever signed a file.

``cryptography`` is loaded where something is signed or verified, which few commands and pages do.

References
----------
RFC 8032, Edwards-Curve Digital Signature Algorithm; RFC 8410, its keys in PEM.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from core.base.errors import DataFolderFault, InputRefused, data_folder_fault
from core.language.texts import marked

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_FILE = "signing-key.pem"
KEY_BYTES = 32
_FINGERPRINT_CHARS = 16


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key with which anybody can verify what its owner signed."""

    raw: bytes
    """The 32 bytes of RFC 8032."""

    @classmethod
    def from_hex(cls, digits: str) -> PublicKey:
        """Raises InputRefused."""
        try:
            raw = bytes.fromhex(digits)
        except ValueError:
            raw = b""
        if len(raw) != KEY_BYTES:
            raise InputRefused(
                marked("A public key has {digits} hexadecimal digits; this is none.").format(digits=2 * KEY_BYTES)
            )
        return cls(raw)

    @classmethod
    def from_text(cls, text: str) -> PublicKey:
        """A key as somebody passes it on: PEM, or hexadecimal digits. Raises InputRefused."""
        if "-----BEGIN" not in text:
            return cls.from_hex(text.strip())
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key

        try:
            key = load_pem_public_key(text.encode())
        except (ValueError, UnsupportedAlgorithm) as fault:
            raise InputRefused(
                marked("The public key cannot be read. Give the .pem file as it was exported.")
            ) from fault
        if not isinstance(key, Ed25519PublicKey):
            raise InputRefused(
                marked("The key is of another kind; Face Atlas signs with Ed25519. Give the key of the signer.")
            )
        return cls(key.public_bytes_raw())

    @property
    def hex(self) -> str:
        """64 hexadecimal digits."""
        return self.raw.hex()

    @property
    def fingerprint(self) -> str:
        """What two people compare: the beginning of the key's sha256, as "1a2b 3c4d 5e6f 7a8b"."""
        digest = hashlib.sha256(self.raw).hexdigest()[:_FINGERPRINT_CHARS]
        return " ".join(digest[start : start + 4] for start in range(0, _FINGERPRINT_CHARS, 4))

    def to_pem(self) -> str:
        """The key as other programs read it."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        key = Ed25519PublicKey.from_public_bytes(self.raw)
        return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether the owner of this key signed just these bytes."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The private key of an installation."""

    private: Ed25519PrivateKey

    @property
    def public(self) -> PublicKey:
        """What others verify with."""
        return PublicKey(self.private.public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """64 bytes, the same for the same message."""
        return self.private.sign(message)


def _leave(name: str, content: bytes) -> bytes:
    return content


@dataclass(frozen=True, slots=True)
class KeyFileCipher:
    """How key files lie on the disk, by their name: as they are, or encrypted where the data folder is."""

    seal: Callable[[str, bytes], bytes] = _leave
    unseal: Callable[[str, bytes], bytes] = _leave


IN_CLEAR = KeyFileCipher()


def open_signing_key(folder: Path, cipher: KeyFileCipher = IN_CLEAR) -> SigningKey:
    """The key in a folder, which is made with it when it is asked for first. Raises DataFolderFault."""
    path = folder / KEY_FILE
    try:
        if not path.exists():
            _create_key(path, cipher)
        return _read_key(path, cipher)
    except OSError as fault:
        raise data_folder_fault(fault) from fault


def _create_key(path: Path, cipher: KeyFileCipher) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    # A page and the worker may both be the first to sign: there is one key, or what one of them signed is nobody's.
    with FileLock(path.with_suffix(".lock")):
        if path.exists():
            return
        draft.unlink(missing_ok=True)
        # Its owner's alone from the first byte on, whatever the process' own mask is.
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            private = Ed25519PrivateKey.generate()
            pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            file.write(cipher.seal(path.name, pem))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)


def _read_key(path: Path, cipher: KeyFileCipher) -> SigningKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(cipher.unseal(path.name, path.read_bytes()), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as fault:
        raise _damaged(path) from fault
    if not isinstance(private, Ed25519PrivateKey):
        raise _damaged(path)
    return SigningKey(private)


def _damaged(path: Path) -> DataFolderFault:
    return DataFolderFault(
        marked(
            "'{file}', with which this installation signs, cannot be read. Put it back from a backup, or move it away: "
            "then a new one is made, and what was signed before is by an unknown key."
        ).format(file=f"{path.parent.name}/{path.name}")
    )

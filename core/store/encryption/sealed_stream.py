"""Content as it lies encrypted on a disk: AES-256-GCM in chunks, so that parts of large files are read alone.

A file is a header (magic, the id of its data key, a salt) and chunks of ``CHUNK_BYTES``, each with its tag. Every file
has a key of its own, derived from the data key and the salt, so that nonces may count: the chunk's number, and whether
it is the last, as in the STREAM construction. A chunk that was changed, moved or cut off, or a file that was put in
the place of another, is refused: the name of the file is authenticated with each chunk.

References
----------
V. T. Hoang, R. Reyhanitabar, P. Rogaway, D. Vizar, "Online Authenticated-Encryption and its Nonce-Reuse
Misuse-Resistance", CRYPTO 2015: STREAM. RFC 5869: HKDF.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping
from typing import IO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.base.errors import FileDamaged
from core.base.files.sized_reader import SizedReader
from core.language.texts import marked

MAGIC: Final = b"FAcrypt\x01"
KEY_ID_BYTES: Final = 8
KEY_BYTES: Final = 32
_SALT_BYTES: Final = 16
HEADER_BYTES: Final = len(MAGIC) + KEY_ID_BYTES + _SALT_BYTES
CHUNK_BYTES: Final = 64 << 10
TAG_BYTES: Final = 16
_SEALED_CHUNK: Final = CHUNK_BYTES + TAG_BYTES


def derive_key(key: bytes, salt: bytes, purpose: bytes) -> bytes:
    """A key of 32 bytes for one purpose, from which the others cannot be told."""
    return HKDF(hashes.SHA256(), KEY_BYTES, salt, b"face-atlas " + purpose).derive(key)


def seal_stream(source: IO[bytes], target: IO[bytes], key_id: bytes, key: bytes, name: str) -> None:
    """Write what can be read of a stream encrypted; ``name`` is what ``SealedReader`` has to be told, too."""
    for part in _sealed_parts(source, key_id, key, name):
        target.write(part)


def _sealed_parts(source: IO[bytes], key_id: bytes, key: bytes, name: str) -> Iterator[bytes]:
    """The header and the encrypted chunks of a stream, none of them empty."""
    salt = os.urandom(_SALT_BYTES)
    yield MAGIC + key_id + salt
    cipher, number = AESGCM(derive_key(key, salt, b"file")), 0
    chunk = source.read(CHUNK_BYTES)
    while True:
        following = source.read(CHUNK_BYTES)
        # An empty file has one chunk, which is empty: that it is the last is said by the nonce.
        yield cipher.encrypt(_nonce(number, is_last=not following), chunk, name.encode())
        if not following:
            return
        chunk, number = following, number + 1


def seal(content: bytes, key_id: bytes, key: bytes, name: str) -> bytes:
    """Bytes encrypted; see ``seal_stream``."""
    target = io.BytesIO()
    seal_stream(io.BytesIO(content), target, key_id, key, name)
    return target.getvalue()


def content_bytes(sealed_bytes: int) -> int:
    """How many bytes a sealed file of so many holds."""
    body = max(0, sealed_bytes - HEADER_BYTES)
    return body - TAG_BYTES * (-(-body // _SEALED_CHUNK))


def sealed_key_id(header: bytes) -> bytes | None:
    """The id of the data key that the first bytes of a file name; None where it is not encrypted."""
    return header[len(MAGIC) : len(MAGIC) + KEY_ID_BYTES] if header.startswith(MAGIC) else None


class SealingReader(io.RawIOBase):
    """What can be read of a stream, encrypted while it is read; see ``seal_stream``."""

    def __init__(self, source: IO[bytes], key_id: bytes, key: bytes, name: str) -> None:
        self._parts, self._part = _sealed_parts(source, key_id, key, name), memoryview(b"")

    def readable(self) -> bool:
        """See ``RawIOBase``."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """See ``RawIOBase``."""
        if not self._part:
            self._part = memoryview(next(self._parts, b""))
        n_bytes = min(len(buffer), len(self._part))
        buffer[:n_bytes] = self._part[:n_bytes]
        self._part = self._part[n_bytes:]
        return n_bytes


class SealedReader(SizedReader):
    """An encrypted file as what it holds, of which only the chunks that are asked for are read."""

    def __init__(self, file: IO[bytes], keys: Mapping[bytes, bytes], name: str) -> None:
        """Raises FileDamaged for a file that is not encrypted, or with a key that is not there."""
        self._file, self._name = file, name
        header = file.read(HEADER_BYTES)
        key = keys.get(sealed_key_id(header) or b"")
        if key is None or len(header) < HEADER_BYTES:
            raise _unreadable(marked("is not encrypted with a key of this data folder"))
        self._cipher = AESGCM(derive_key(key, header[-_SALT_BYTES:], b"file"))
        sealed_bytes = file.seek(0, os.SEEK_END)
        super().__init__(content_bytes(sealed_bytes))
        self._n_chunks = -(-(sealed_bytes - HEADER_BYTES) // _SEALED_CHUNK)
        self._number, self._chunk = -1, b""
        # At once, so that a file that was cut off at a chunk, or swapped, is told before anything of it is used.
        self._load(max(0, self._n_chunks - 1))

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """See ``RawIOBase``. Raises FileDamaged for a chunk that was changed."""
        if self._at >= self._size:
            return 0
        number, begin = divmod(self._at, CHUNK_BYTES)
        self._load(number)
        part = self._chunk[begin : begin + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)

    def close(self) -> None:
        """See ``RawIOBase``."""
        self._file.close()
        super().close()

    def _load(self, number: int) -> None:
        if number == self._number:
            return
        self._file.seek(HEADER_BYTES + number * _SEALED_CHUNK)
        sealed = self._file.read(_SEALED_CHUNK)
        nonce = _nonce(number, is_last=number == self._n_chunks - 1)
        try:
            self._chunk = self._cipher.decrypt(nonce, sealed, self._name.encode())
        except InvalidTag as fault:
            raise _unreadable(marked("was changed or cut off")) from fault
        self._number = number


def open_sealed(file: IO[bytes], keys: Mapping[bytes, bytes], name: str) -> io.BufferedReader:
    """An encrypted file, opened for reading; ``file`` closes with it. Raises FileDamaged as ``SealedReader``."""
    try:
        return io.BufferedReader(SealedReader(file, keys, name), CHUNK_BYTES)
    except BaseException:
        file.close()
        raise


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([is_last])


def _unreadable(reason: str) -> FileDamaged:
    return FileDamaged(
        marked("A file of the encrypted data folder {reason}. Put it back from a backup.").format(reason=reason)
    )

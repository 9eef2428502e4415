"""The XMP that a photo carries inside its file, found without decoding a pixel.

JPEGs hold it in APP1 segments, what does not fit into one in numbered pieces (ExtendedXMP); PNGs in a text chunk that
may be compressed. In all other formats a packet lies in one piece and is found by its marks, as the standard provides.
Of a file with several pictures the first packet counts, which is the main picture's.

References
----------
Adobe, "XMP Specification Part 3: Storage in Files" (2020): 1.1.3.1 (JPEG), 1.1.5 (PNG), 2 (packet scanning).
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Iterator

from core.formats.xml_tree import MOST_BYTES

_JPEG_HEAD, _PNG_HEAD = b"\xff\xd8", b"\x89PNG\r\n\x1a\n"
_MAIN = b"http://ns.adobe.com/xap/1.0/\0"
_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_EXTENDED_BY = re.compile(rb"HasExtendedXMP(?:\s*=\s*[\"']|\s*>\s*)([0-9A-Fa-f]{32})")
_DIGEST_CHARS = 32
_PNG_KEYWORD = b"XML:com.adobe.xmp"
_MARKS = (
    (re.compile(rb"<x:x[am]pmeta[\s>]"), re.compile(rb"</x:x[am]pmeta\s*>")),
    (re.compile(rb"<rdf:RDF[\s>]"), re.compile(rb"</rdf:RDF\s*>")),
)
"""Where a packet begins and ends; some programs leave the outer element out."""
_APP1, _START_OF_SCAN, _END_OF_IMAGE = 0xE1, 0xDA, 0xD9


def find_xmp_packets(photo: bytes) -> list[bytes]:
    """The XMP documents of a photo's file: none, one, or a JPEG's main one and its extension."""
    if photo.startswith(_JPEG_HEAD):
        return _of_jpeg(photo)
    if photo.startswith(_PNG_HEAD):
        return _of_png(photo)
    return _scanned(photo)


def _scanned(photo: bytes) -> list[bytes]:
    """The first packet between its marks."""
    for begin_mark, end_mark in _MARKS:
        begin = begin_mark.search(photo)
        # Bounded: the mark may stand in pixels by chance, and its end a gigabyte further.
        end = end_mark.search(photo, begin.end(), begin.end() + MOST_BYTES) if begin else None
        if begin and end:
            return [photo[begin.start() : end.end()]]
    return []


def _of_jpeg(photo: bytes) -> list[bytes]:
    packets: list[bytes] = []
    pieces: dict[bytes, dict[int, bytes]] = {}
    for segment in _app1_segments(photo):
        if segment.startswith(_MAIN) and not packets:
            packets.append(segment[len(_MAIN) :])
        elif segment.startswith(_EXTENSION):
            digest, offset, content = _piece(segment)
            # By digest and offset: pieces of two extensions may be mixed, come in any order, or twice.
            pieces.setdefault(digest, {})[offset] = content
    extended = _EXTENDED_BY.search(packets[0]) if packets else None
    if extended and (digest := extended[1].upper()) in pieces:
        packets += _joined(pieces[digest], digest)
    return packets


def _app1_segments(photo: bytes) -> Iterator[bytes]:
    position = 2
    while position + 4 <= len(photo) and photo[position] == 0xFF:
        marker = photo[position + 1]
        # A fill byte, of which there may be any number before a marker.
        if marker == 0xFF:
            position += 1
            continue
        if marker in (_START_OF_SCAN, _END_OF_IMAGE):
            return
        length = int.from_bytes(photo[position + 2 : position + 4], "big")
        if marker == _APP1:
            yield photo[position + 4 : position + 2 + length]
        # A length counts its own two bytes; one that says less would keep the walk in its place for ever.
        position += 2 + max(length, 2)


def _piece(segment: bytes) -> tuple[bytes, int, bytes]:
    """Digest of the whole extension, where this piece begins in it, and the piece."""
    payload = segment[len(_EXTENSION) :]
    offset = int.from_bytes(payload[_DIGEST_CHARS + 4 : _DIGEST_CHARS + 8], "big")
    return payload[:_DIGEST_CHARS].upper(), offset, payload[_DIGEST_CHARS + 8 :]


def _joined(pieces: dict[int, bytes], digest: bytes) -> list[bytes]:
    """The extension, where it is whole: its name is its MD5."""
    content = b"".join(pieces[offset] for offset in sorted(pieces))
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest().upper().encode("ascii")
    return [content] if md5 == digest else []


def _of_png(photo: bytes) -> list[bytes]:
    position = len(_PNG_HEAD)
    while position + 12 <= len(photo):
        (length,) = struct.unpack_from(">I", photo, position)
        kind, content = photo[position + 4 : position + 8], photo[position + 8 : position + 8 + length]
        if kind == b"iTXt" and content.startswith(_PNG_KEYWORD + b"\0"):
            return _international_text(content[len(_PNG_KEYWORD) + 1 :])
        position += 12 + length
    return []


def _international_text(content: bytes) -> list[bytes]:
    """The text after its flags, language and translated keyword."""
    parts = content[2:].split(b"\0", 2)
    if len(parts) < 3:
        return []
    if not content.startswith(b"\1"):
        return [parts[2]]
    try:
        # Bounded while it unpacks: a few kilobytes can become gigabytes.
        return [zlib.decompressobj().decompress(parts[2], MOST_BYTES)]
    except zlib.error:
        return []

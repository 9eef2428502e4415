"""What the boxes of a HEIF or AVIF file say of its primary picture: how it is turned, and where its EXIF lies.

Only the index at the head of the file is read, never a pixel; what is damaged or unusual counts as not there.

References
----------
ISO/IEC 14496-12 (boxes; 8.11: meta, iloc, pitm, iinf) and 23008-12 (6.5.10: irot, 6.5.12: imir, annex A: Exif).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_MOST_BOXES: Final = 4096
"""Of one level; a phone's HEIC of 48 tiles has about 100 properties."""
_MOST_ITEMS: Final = 65_536
_AVIF_BRANDS: Final = frozenset((b"avif", b"avis"))
_HEIF_BRANDS: Final = frozenset(
    (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")
)


@dataclass(frozen=True, slots=True)
class Turn:
    """One ``irot`` or ``imir`` of a picture."""

    kind: bytes
    """b"irot" or b"imir"."""
    value: int
    """Of irot quarter turns anticlockwise; of imir 0 where top and bottom are exchanged, 1 where left and right are."""


@dataclass(frozen=True, slots=True)
class PrimaryPicture:
    """What the index says of the picture that is to be shown."""

    turns: tuple[Turn, ...]
    """In the order in which they are applied; empty where the file does not say."""
    exif: bytes
    """From the TIFF header on; empty where there is none."""


def read_brands(head: bytes) -> frozenset[bytes]:
    """Brands of an ISO media file, by its first 256 bytes; empty for any other file."""
    if head[4:8] != b"ftyp":
        return frozenset()
    end = min(int.from_bytes(head[:4], "big"), 256, len(head))
    return frozenset((head[8:12], *(head[at : at + 4] for at in range(16, end, 4))))


def is_avif(head: bytes) -> bool:
    """Whether the brands, in the first 256 bytes of a file, say AVIF."""
    return bool(read_brands(head) & _AVIF_BRANDS)


def is_heif(head: bytes) -> bool:
    """Whether the brands say HEIF and not AVIF, which may carry HEIF's general one."""
    file_brands = read_brands(head)
    return bool(file_brands & _HEIF_BRANDS) and not file_brands & _AVIF_BRANDS


def iterate_boxes(data: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """Kind and content of the boxes that follow each other in ``data``; ends at the first that does not fit."""
    position = 0
    for _ in range(_MOST_BOXES):
        if position + 8 > len(data):
            return
        size, kind = int.from_bytes(data[position : position + 4], "big"), bytes(data[position + 4 : position + 8])
        start = position + 8
        # A size of 1 is a larger one behind the kind, and 0 is all that is left (14496-12, 4.2).
        if size == 1:
            size, start = int.from_bytes(data[start : start + 8], "big"), start + 8
        end = len(data) if size == 0 else position + size
        # A size that is smaller than its own head would have the walk go back: it ends there.
        if end < start or end > len(data):
            return
        yield kind, data[start:end]
        position = end


def has_image_sequence(data: bytes) -> bool:
    """Whether there is a sequence of pictures besides, as in a film."""
    return any(kind == b"moov" for kind, _ in iterate_boxes(memoryview(data)))


def read_primary_picture(data: bytes) -> PrimaryPicture:
    """What the file's index says of its primary picture; nothing where it cannot be read."""
    try:
        return _primary_picture(memoryview(data))
    except (struct.error, IndexError):
        return PrimaryPicture((), b"")


def _primary_picture(data: memoryview) -> PrimaryPicture:
    # meta is a full box: four bytes of version and flags stand before what it holds.
    meta = next((content[4:] for kind, content in iterate_boxes(data) if kind == b"meta"), None)
    if meta is None:
        return PrimaryPicture((), b"")
    inside = dict(iterate_boxes(meta))
    item_id = _primary_id(inside.get(b"pitm", memoryview(b"")))
    return PrimaryPicture(tuple(_turns(inside.get(b"iprp", memoryview(b"")), item_id)), _exif(data, inside))


def _primary_id(pitm: memoryview) -> int:
    return _number(pitm, 4, 2 if pitm[0] == 0 else 4)


def _number(data: memoryview, position: int, size: int) -> int:
    """Unsigned, big end first. Raises IndexError beyond the end."""
    if position + size > len(data):
        raise IndexError(position)
    return int.from_bytes(data[position : position + size], "big")


# --- turns


def _turns(iprp: memoryview, item_id: int) -> Iterator[Turn]:
    inside = list(iterate_boxes(iprp))
    properties = [entry for kind, content in inside if kind == b"ipco" for entry in iterate_boxes(content)]
    for kind, content in inside:
        if kind != b"ipma":
            continue
        # Properties are shared by items, which name them by number; of ours those that turn count, in their order.
        for index in _associated(content, item_id):
            if 0 < index <= len(properties) and properties[index - 1][0] in (b"irot", b"imir"):
                property_kind, value = properties[index - 1]
                yield Turn(property_kind, value[0] & (3 if property_kind == b"irot" else 1))


def _associated(ipma: memoryview, item_id: int) -> Iterator[int]:
    """Numbers of an item's properties, from 1 on, in their order."""
    id_bytes = 2 if ipma[0] == 0 else 4
    # The highest bit only says that a reader must understand the property.
    index_bytes, most = (2, 0x7FFF) if ipma[3] & 1 else (1, 0x7F)
    position = 8
    for _ in range(min(_number(ipma, 4, 4), _MOST_ITEMS)):
        entry_id, count = _number(ipma, position, id_bytes), _number(ipma, position + id_bytes, 1)
        position += id_bytes + 1
        if entry_id == item_id:
            for number in range(count):
                yield _number(ipma, position + number * index_bytes, index_bytes) & most
        position += count * index_bytes


# --- EXIF


def _exif(data: memoryview, inside: dict[bytes, memoryview]) -> bytes:
    """The first Exif item, without the four bytes that say where its TIFF header begins."""
    item_id = _exif_id(inside.get(b"iinf", memoryview(b"")))
    if item_id is None:
        return b""
    item = _content(data, inside, item_id)
    start = 4 + int.from_bytes(item[:4], "big")
    return item[start:] if len(item) > start else b""


def _exif_id(iinf: memoryview) -> int | None:
    if not iinf:
        return None
    for kind, content in iterate_boxes(iinf[6 if iinf[0] == 0 else 8 :]):
        if kind == b"infe" and content[0] in (2, 3):
            id_bytes = 2 if content[0] == 2 else 4
            if bytes(content[6 + id_bytes : 10 + id_bytes]) == b"Exif":
                return _number(content, 4, id_bytes)
    return None


def _content(data: memoryview, inside: dict[bytes, memoryview], item_id: int) -> bytes:
    """Bytes of an item, by the file's iloc; of a kind of construction that is not known none."""
    iloc = inside.get(b"iloc", memoryview(b""))
    # All widths are told by the box itself, down to none at all, so every entry must be walked to find the one.
    version = iloc[0]
    offset_bytes, length_bytes = iloc[4] >> 4, iloc[4] & 15
    base_bytes, index_bytes = iloc[5] >> 4, iloc[5] & 15 if version else 0
    id_bytes = 4 if version == 2 else 2
    position = 6 + id_bytes
    for _ in range(min(_number(iloc, 6, id_bytes), _MOST_ITEMS)):
        entry_id = _number(iloc, position, id_bytes)
        position += id_bytes
        method = 0
        if version:
            method = _number(iloc, position, 2) & 15
            position += 2
        # The number of the file in which the item lies: of this one, as photos refer to no other.
        position += 2
        base = _number(iloc, position, base_bytes)
        extents = _number(iloc, position + base_bytes, 2)
        position += base_bytes + 2
        if entry_id == item_id and extents:
            source = {0: data, 1: inside.get(b"idat", memoryview(b""))}.get(method, memoryview(b""))
            start = base + _number(iloc, position + index_bytes, offset_bytes)
            length = _number(iloc, position + index_bytes + offset_bytes, length_bytes)
            return bytes(source[start : start + length])
        position += extents * (index_bytes + offset_bytes + length_bytes)
    return b""

"""Photos of every kind: headers, turns, metadata and pixels are taken or refused with words."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache

import numpy as np
import pillow_heif

from core.formats.xmp_packets import find_xmp_packets
from core.imaging.header_texts import read_header_texts
from tests.imaging.mutate import CHANGES, decode_all_ways
from tests.imaging.mutate import seeds as photo_seeds

WORDS = (b"\xff\xd8\xff", b"\xff\xe1", b"Exif\0\0", b"II*\0", b"MM\0*", b"\x01\x12", b"\x12\x01", b"ftypheic", b"ftypavif",
         b"ftypcrx ", b"irot", b"imir", b"iloc", b"RIFF", b"WEBP", b"IHDR", b"eXIf", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff",
         b"tiff:Orientation=\"6\"", b"FUJIFILMCCD-RAW")  # fmt: skip


@cache
def photos() -> list[bytes]:
    pillow_heif.register_heif_opener()  # for writing HEIC alone
    return photo_seeds()


def seeds() -> Iterator[bytes]:
    yield from photos()


def mutate(rng: random.Random, data: bytes) -> bytes:
    """What becomes of photos on the way: numbers at their edges, pieces lost, repeated and of another photo."""
    changed = bytearray(data)
    numbers = np.random.default_rng(rng.getrandbits(63))
    for _ in range(rng.randint(1, 3)):
        CHANGES[rng.randrange(len(CHANGES))](changed, numbers, photos())
    return bytes(changed)


def check(data: bytes) -> None:
    """Decode the photo in every way."""
    decode_all_ways(data)
    find_xmp_packets(data)
    read_header_texts(data)

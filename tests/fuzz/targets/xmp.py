"""Sidecars and packets, by the first byte: a document, a photo's file that holds one, or names and boxes to be written."""

from __future__ import annotations

import math
import random
import unicodedata
from collections.abc import Iterator

from core.base.errors import InputRefused
from core.base.types import Box, Photo
from core.formats import xmp
from core.formats.xmp import Region, Sidecar, decode_sidecar, encode_sidecar
from core.formats.xmp_frame import locate_regions
from core.formats.xmp_packets import find_xmp_packets

HEAD = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:mwg-rs="http://www.metadataworkinggroup.com/schemas/regions/" '
    b'xmlns:stDim="http://ns.adobe.com/xap/1.0/sType/Dimensions#" xmlns:stArea="http://ns.adobe.com/xmp/sType/Area#" '
    b'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:FaceAtlas="urn:face-atlas:xmp:1.0/" '
    b'xmlns:MP="http://ns.microsoft.com/photo/1.2/" xmlns:MPRI="http://ns.microsoft.com/photo/1.2/t/RegionInfo#" '
    b'xmlns:MPReg="http://ns.microsoft.com/photo/1.2/t/Region#">'
)
TAIL = b"</rdf:Description></rdf:RDF></x:xmpmeta>"
PIECES = (
    b"<mwg-rs:Regions>", b"</mwg-rs:Regions>", b"<mwg-rs:RegionList>", b"</mwg-rs:RegionList>", b"<rdf:Bag>", b"</rdf:Bag>",
    b"<rdf:li>", b"</rdf:li>", b"<rdf:Description>", b"</rdf:Description>",
    b'<mwg-rs:Area stArea:x="0.5" stArea:y="0.5" stArea:w="0.1" stArea:h="0.1" stArea:unit="normalized"/>',
    b'<mwg-rs:Area stArea:x="50" stArea:y="1e308" stArea:w="nan" stArea:h="-1" stArea:unit="pixel"/>',
    b'<mwg-rs:AppliedToDimensions stDim:w="400" stDim:h="300" stDim:unit="pixel"/>',
    b"<mwg-rs:Name>Ann</mwg-rs:Name>", b"<mwg-rs:Type>Face</mwg-rs:Type>", b"<mwg-rs:Type>Pet</mwg-rs:Type>",
    b"<MPRI:Regions>", b"</MPRI:Regions>", b"<MPReg:PersonDisplayName>Ben</MPReg:PersonDisplayName>",
    b"<MPReg:Rectangle>0.1, 0.2, 0.3, 0.4</MPReg:Rectangle>", b"<dc:identifier>sha256:aa</dc:identifier>",
    b"<FaceAtlas:SidecarVersion>2</FaceAtlas:SidecarVersion>",
)  # fmt: skip
WORDS = (*PIECES[:12], b"1e999", b"-0", b"\xe2\x80\xae", b"&#x202e;", b"<!DOCTYPE x>", b"encoding='utf-16'", b"\0\0\0")


def seeds() -> Iterator[bytes]:
    rng = random.Random(0)
    for number in range(16):
        yield b"\0" + document(rng)
        yield b"\1" + in_jpeg(document(rng)) if number % 2 else b"\1" + in_png(document(rng))
        yield b"\2" + rng.randbytes(60) + "Ann Zoe\u0308 王".encode()


def mutate(rng: random.Random, data: bytes) -> bytes:
    """Elements in another order, one lost or one more; well-formed for the most part."""
    content = document(rng)
    return b"\0" + content if rng.random() < 0.7 else b"\1" + (in_jpeg, in_png)[rng.randrange(2)](content)


def document(rng: random.Random) -> bytes:
    """Regions as programs write them, with pieces changed by chance."""
    items = []
    for _ in range(rng.randrange(4)):
        inside = b"".join(rng.sample(PIECES[10:], rng.randrange(1, 5)))
        wrapped = b"<rdf:Description>" + inside + b"</rdf:Description>" if rng.random() < 0.3 else inside
        items.append(b"<rdf:li>" + wrapped + b"</rdf:li>")
    inner = b"<rdf:Bag>" + b"".join(items) + b"</rdf:Bag>"
    listed = (b"mwg-rs:RegionList", b"MPRI:Regions")[rng.random() < 0.3]
    size = PIECES[12] if rng.random() < 0.6 else b""
    return (
        HEAD + b"<mwg-rs:Regions>" + size + b"<" + listed + b">" + inner + b"</" + listed + b"></mwg-rs:Regions>" + TAIL
    )


def in_jpeg(content: bytes) -> bytes:
    segment = b"http://ns.adobe.com/xap/1.0/\0" + content
    return b"\xff\xd8\xff\xe1" + (len(segment) + 2).to_bytes(2, "big") + segment + b"\xff\xd9"


def in_png(content: bytes) -> bytes:
    text = b"XML:com.adobe.xmp\0\0\0\0\0" + content
    return b"\x89PNG\r\n\x1a\n" + len(text).to_bytes(4, "big") + b"iTXt" + text + bytes(4)


def check(data: bytes) -> None:
    """Read it, or write it and read it back."""
    if not data:
        return
    how, content = data[0] % 3, data[1:]
    try:
        if how == 0:
            read(content)
        elif how == 1:
            packets = find_xmp_packets(content)
            assert all(len(packet) <= max(len(content), xmp.parse_tree.__globals__["MOST_BYTES"]) for packet in packets)
            read(*packets)
        else:
            write_and_read(content)
    except InputRefused as refusal:
        assert str(refusal)


def read(*documents: bytes) -> None:
    sidecar = decode_sidecar(*documents)
    for region in sidecar.regions:
        assert all(map(math.isfinite, region.area.as_tuple())), region
        (region.name or "").encode()
    for refusal in sidecar.refused:
        (refusal.name + refusal.reason).encode()
    if sidecar.regions and sidecar.size_wh is not None:
        encoded = decode_sidecar(encode_sidecar(sidecar))
        assert [region.name for region in encoded.regions] == [_as_kept(region.name) for region in sidecar.regions]
    photo = _photo()
    for orientation in (1, 6):
        boxes = locate_regions(photo, sidecar, orientation)
        assert len(boxes) == len(sidecar.regions)


def write_and_read(content: bytes) -> None:
    """What is written is what is read: names but for what XML cannot hold, boxes to nine digits."""
    numbers, name = content[:8], content[8:].decode("utf-8", "ignore")
    left, top, width, height = (0.002 + byte / 300 for byte in (*numbers[:4], *bytes(4 - len(numbers[:4]))))
    region = Region(Box(left, top, left + width, top + height), name or None)
    again = decode_sidecar(encode_sidecar(Sidecar((400, 300), (region,), "a" * 64)))
    assert len(again.regions) == 1, again
    assert again.regions[0].name == _as_kept(region.name), (again.regions[0].name, name)
    drift = [abs(a - b) for a, b in zip(again.regions[0].area.as_tuple(), region.area.as_tuple(), strict=True)]
    assert max(drift) < 1e-8, drift


def _as_kept(name: str | None) -> str | None:
    if name is None:
        return None
    kept = xmp._NOT_XML.sub("\ufffd", unicodedata.normalize("NFC", name))
    return unicodedata.normalize("NFC", kept.replace("\r\n", "\n").replace("\r", "\n")).strip() or None


def _photo() -> Photo:
    return Photo(id="a" * 64, name="1.jpg", width_px=400, height_px=300, size_bytes=1, perceptual_hash=0)

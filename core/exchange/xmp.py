"""Names and boxes of faces as XMP sidecars, the way photo managers keep them.

A region is normalised to the upright photo: centre, width and height as shares of its sides. Sidecars of other programs
are read in every form that RDF allows (attributes, elements, nested descriptions).

References
----------
Metadata Working Group, "Guidelines for Handling Image Metadata" 2.0 (2010), section 5.9: face regions (mwg-rs).
Adobe, "XMP Specification Part 1" (2012). XML 1.0, section 2.2: the characters that a document may hold.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, TreeBuilder, register_namespace, tostring
from xml.parsers import expat

from core.errors import InputRefused
from core.types import Box

MOST_BYTES = 16 << 20
_X = "adobe:ns:meta/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DC = "http://purl.org/dc/elements/1.1/"
_REGIONS = "http://www.metadataworkinggroup.com/schemas/regions/"
_DIMENSIONS = "http://ns.adobe.com/xap/1.0/sType/Dimensions#"
_AREA = "http://ns.adobe.com/xmp/sType/Area#"
_PREFIXES = {"x": _X, "rdf": _RDF, "dc": _DC, "mwg-rs": _REGIONS, "stDim": _DIMENSIONS, "stArea": _AREA}
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PHOTO_ID = "sha256:"
_BEGIN = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_END = '\n<?xpacket end="w"?>\n'

for _prefix, _uri in _PREFIXES.items():
    register_namespace(_prefix, _uri)


@dataclass(frozen=True, slots=True)
class Region:
    """A face in a photo."""

    box: Box
    """Pixels of the upright photo; it may reach over the edge."""
    name: str | None


@dataclass(frozen=True, slots=True)
class Sidecar:
    """The faces of one photo."""

    width_px: int
    height_px: int
    regions: tuple[Region, ...]
    photo_id: str | None = None
    """The photo's sha256, where the sidecar says it."""


def encode(sidecar: Sidecar) -> bytes:
    """The sidecar's file."""
    root = Element(_q(_X, "xmpmeta"))
    about = SubElement(SubElement(root, _q(_RDF, "RDF")), _q(_RDF, "Description"), {_q(_RDF, "about"): ""})
    if sidecar.photo_id:
        SubElement(about, _q(_DC, "identifier")).text = _PHOTO_ID + sidecar.photo_id
    regions = SubElement(about, _q(_REGIONS, "Regions"), {_q(_RDF, "parseType"): "Resource"})
    size = {"w": str(sidecar.width_px), "h": str(sidecar.height_px), "unit": "pixel"}
    SubElement(regions, _q(_REGIONS, "AppliedToDimensions"), {_q(_DIMENSIONS, name): size[name] for name in size})
    bag = SubElement(SubElement(regions, _q(_REGIONS, "RegionList")), _q(_RDF, "Bag"))
    for region in sidecar.regions:
        _add_region(bag, region, sidecar)
    return (_BEGIN + tostring(root, encoding="unicode") + _END).encode("utf-8")


def _add_region(bag: Element, region: Region, sidecar: Sidecar) -> None:
    item = SubElement(bag, _q(_RDF, "li"), {_q(_RDF, "parseType"): "Resource"})
    across, down = region.box.centre
    shares = {
        "x": across / sidecar.width_px,
        "y": down / sidecar.height_px,
        "w": region.box.width / sidecar.width_px,
        "h": region.box.height / sidecar.height_px,
    }
    area = {_q(_AREA, name): f"{share:.9f}" for name, share in shares.items()}
    SubElement(item, _q(_REGIONS, "Area"), {**area, _q(_AREA, "unit"): "normalized"})
    SubElement(item, _q(_REGIONS, "Type")).text = "Face"
    if region.name is not None:
        SubElement(item, _q(_REGIONS, "Name")).text = _NOT_XML.sub("\ufffd", region.name)


def _q(namespace: str, name: str) -> str:
    return f"{{{namespace}}}{name}"


# reading


def decode(content: bytes) -> Sidecar:
    """What a sidecar says of faces; other kinds of regions are passed over.

    Raises
    ------
    InputRefused
        It is no XMP, holds no face regions or not the size of their photo, or a number in it cannot be one.
    """
    root = _tree(content)
    applied = root.find(f".//{_q(_REGIONS, 'AppliedToDimensions')}")
    listed = root.find(f".//{_q(_REGIONS, 'RegionList')}")
    if applied is None or listed is None:
        raise InputRefused("it holds no face regions (mwg-rs) with the size of their photo")
    width, height = (_number(applied, _DIMENSIONS, side) for side in ("w", "h"))
    if not (1 <= width <= 1e6 and 1 <= height <= 1e6):
        raise InputRefused("the size of the photo in it cannot be one")
    regions = tuple(_regions(listed, width, height))
    identifier = root.findtext(f".//{_q(_DC, 'identifier')}") or ""
    photo_id = identifier.removeprefix(_PHOTO_ID) if identifier.startswith(_PHOTO_ID) else None
    return Sidecar(round(width), round(height), regions, photo_id)


def _tree(content: bytes) -> Element:
    """The elements of an XML document. A document type, by which entities explode, is refused."""
    if len(content) > MOST_BYTES:
        raise InputRefused(f"it has {len(content):,} bytes; a sidecar may have {MOST_BYTES:,}")
    builder = TreeBuilder()
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = lambda name, given: builder.start(
        _name(name), {_name(key): value for key, value in given.items()}
    )
    parser.EndElementHandler = lambda name: builder.end(_name(name))
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(content, True)
    except expat.ExpatError as fault:
        raise InputRefused(f"it is no well-formed XMP ({fault})") from fault
    return builder.close()


def _name(name: str) -> str:
    return "{" + name if "}" in name else name


def _refuse_doctype(*_: object) -> None:
    raise InputRefused("it declares a document type, which no XMP needs")


def _regions(listed: Element, width: float, height: float) -> Iterator[Region]:
    for item in listed.iter(_q(_RDF, "li")):
        area = item.find(f".//{_q(_REGIONS, 'Area')}")
        kind = _value(item, _REGIONS, "Type")
        if area is None or (kind is not None and kind != "Face"):
            continue
        if (_value(area, _AREA, "unit") or "normalized") != "normalized":
            raise InputRefused("a region in it is not in shares of the photo's sides")
        x, y, w, h = (_number(area, _AREA, name) for name in ("x", "y", "w", "h"))
        if not (0 < w <= 2 and 0 < h <= 2 and -1 <= x <= 2 and -1 <= y <= 2):
            raise InputRefused("a region in it lies outside of the photo")
        box = Box((x - w / 2) * width, (y - h / 2) * height, (x + w / 2) * width, (y + h / 2) * height)
        yield Region(box, (_value(item, _REGIONS, "Name") or "").strip() or None)


def _number(element: Element, namespace: str, name: str) -> float:
    text = _value(element, namespace, name)
    try:
        return float(text or "")
    except ValueError:
        raise InputRefused(f"'{name}' of a region or of the photo is missing or no number") from None


def _value(element: Element, namespace: str, name: str) -> str | None:
    """A property, written as an attribute or an element, of the element or of a description in it."""
    wanted = _q(namespace, name)
    for holder in (element, *element.iter(_q(_RDF, "Description"))):
        if wanted in holder.attrib:
            return holder.attrib[wanted]
        child = holder.find(wanted)
        if child is not None:
            return "".join(child.itertext())
    return None

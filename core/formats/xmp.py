"""Names and boxes of faces as XMP, the way photo managers keep them: in sidecars, or inside of photos.

A region is written by the standard of the Metadata Working Group: centre, width and height as shares of the sides of
the picture *as it is stored*, before EXIF turns it upright. It is read in every form that RDF allows (attributes,
elements, nested descriptions), and Microsoft's regions too. A region that cannot be one spoils only itself.

Exports of earlier versions of this project, which say whose photo they are and no version, refer to the upright
picture.

References
----------
Metadata Working Group, "Guidelines for Handling Image Metadata" 2.0 (2010), section 5.9: face regions (mwg-rs).
Microsoft, "People Tagging Overview" (Windows Imaging Component): MP:RegionInfo.
Adobe, "XMP Specification Part 1" (2012). XML 1.0, section 2.2: the characters that a document may hold.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

from core.base import words
from core.base.errors import InputRefused
from core.base.types import Box, Refusal
from core.formats.xml_tree import parse_tree
from core.imaging.geometry import boxes_to_array, pairwise_overlaps
from core.language.texts import marked

VERSION = 2
"""Of the sidecars written here: regions refer to the stored picture. Version 1 did not say which it is."""
MOST_REGIONS = 2_000
SAME_REGION_IOU = 0.5
"""Least overlap (IoU) of a region with itself, written a second time in Microsoft's form."""
_X = "adobe:ns:meta/"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DC = "http://purl.org/dc/elements/1.1/"
_REGIONS = "http://www.metadataworkinggroup.com/schemas/regions/"
_DIMENSIONS = "http://ns.adobe.com/xap/1.0/sType/Dimensions#"
_AREA = "http://ns.adobe.com/xmp/sType/Area#"
_OWN = "urn:face-atlas:xmp:1.0/"
_PREFIXES = {
    "x": _X, "rdf": _RDF, "dc": _DC, "mwg-rs": _REGIONS, "stDim": _DIMENSIONS, "stArea": _AREA, "FaceAtlas": _OWN,
}  # fmt: skip
_MICROSOFT = "http://ns.microsoft.com/photo/1.2/t/RegionInfo#"
_MICROSOFT_REGION = "http://ns.microsoft.com/photo/1.2/t/Region#"
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PHOTO_ID = "sha256:"
_BEGIN = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
_END = '\n<?xpacket end="w"?>\n'

# ElementTree keeps prefixes for the whole process. Without them it writes ns0, ns1, and not those that the standards
# use.
for _prefix, _uri in _PREFIXES.items():
    register_namespace(_prefix, _uri)


@dataclass(frozen=True, slots=True)
class Region:
    """A face in a photo."""

    area: Box
    """Shares of the sides of the picture, 0 to 1; it may reach over the edge."""
    name: str | None


@dataclass(frozen=True, slots=True)
class Sidecar:
    """The faces of one photo."""

    size_wh: tuple[float, float] | None
    """Of the picture that the regions were drawn on, pixels; it may be a smaller copy. None where it does not say."""
    regions: tuple[Region, ...]
    photo_id: str | None = None
    """The photo's sha256, where the sidecar says it."""
    upright: bool = False
    """The regions refer to the upright picture and not to the stored one: an export of version 1."""
    refused: tuple[Refusal, ...] = ()
    """Regions that cannot be used, by the names in them, and why."""


def encode_sidecar(sidecar: Sidecar) -> bytes:
    """The sidecar's file."""
    root = Element(_q(_X, "xmpmeta"))
    description = SubElement(SubElement(root, _q(_RDF, "RDF")), _q(_RDF, "Description"), {_q(_RDF, "about"): ""})
    # A sidecar of version 1 carries no version: that is how it is known.
    if not sidecar.upright:
        SubElement(description, _q(_OWN, "SidecarVersion")).text = str(VERSION)
    if sidecar.photo_id:
        SubElement(description, _q(_DC, "identifier")).text = _PHOTO_ID + sidecar.photo_id
    regions = SubElement(description, _q(_REGIONS, "Regions"), {_q(_RDF, "parseType"): "Resource"})
    if sidecar.size_wh is not None:
        width, height = (f"{side:g}" for side in sidecar.size_wh)
        size = {"w": width, "h": height, "unit": "pixel"}
        SubElement(regions, _q(_REGIONS, "AppliedToDimensions"), {_q(_DIMENSIONS, name): size[name] for name in size})
    bag = SubElement(SubElement(regions, _q(_REGIONS, "RegionList")), _q(_RDF, "Bag"))
    for region in sidecar.regions:
        _add_region(bag, region)
    return (_BEGIN + tostring(root, encoding="unicode") + _END).encode("utf-8")


def _add_region(bag: Element, region: Region) -> None:
    item = SubElement(bag, _q(_RDF, "li"), {_q(_RDF, "parseType"): "Resource"})
    across, down = region.area.centre
    shares = {"x": across, "y": down, "w": region.area.width, "h": region.area.height}
    # Nine digits: a thousandth of a pixel on the longest side that is read. ``g`` would write exponents for narrow
    # faces.
    area = {_q(_AREA, name): f"{share:.9f}" for name, share in shares.items()}
    SubElement(item, _q(_REGIONS, "Area"), {**area, _q(_AREA, "unit"): "normalized"})
    SubElement(item, _q(_REGIONS, "Type")).text = "Face"
    if region.name is not None:
        name = unicodedata.normalize("NFC", region.name)
        # A control character in a name would make the whole document unreadable.
        SubElement(item, _q(_REGIONS, "Name")).text = _NOT_XML.sub("\ufffd", name)


def _q(namespace: str, name: str) -> str:
    return f"{{{namespace}}}{name}"


# reading


def decode_sidecar(*documents: bytes) -> Sidecar:
    """What a sidecar, or the documents inside of one photo, say of faces; other kinds of regions are passed over.

    Raises
    ------
    InputRefused
        It is no XMP, or holds no face regions at all.
    """
    # Packets in files are padded, by some programs with zeros.
    roots = [parse_tree(document.rstrip(b"\0")) for document in documents]
    # Before the regions: the size may stand in the main packet, and regions that refer to it in its extension.
    size_wh = next((size for root in roots if (size := _size(root)) is not None), None)
    regions_and_refusals = [region for root in roots for region in _mwg_regions(root, size_wh)]
    regions_and_refusals = _with_microsoft(
        regions_and_refusals, [region for root in roots for region in _microsoft_regions(root)]
    )
    regions = tuple(region for region in regions_and_refusals if isinstance(region, Region))
    refused = tuple(region for region in regions_and_refusals if isinstance(region, Refusal))
    if not regions_and_refusals and not any(_has_list(root) for root in roots):
        raise InputRefused(
            marked("it holds no face regions, neither of the Metadata Working Group (mwg-rs) nor Microsoft's")
        )
    photo_id = next((identifier for root in roots if (identifier := _photo_id(root))), None)
    return Sidecar(
        size_wh=size_wh, regions=regions, photo_id=photo_id, upright=_is_version_1(roots, photo_id), refused=refused
    )


def mentions_regions(document: bytes) -> bool:
    """Whether a document may hold face regions; most photos carry XMP that does not."""
    return b"RegionList" in document or b"PersonDisplayName" in document


def _has_list(root: Element) -> bool:
    lists = (_q(_REGIONS, "RegionList"), _q(_MICROSOFT, "Regions"))
    return any(root.find(f".//{name}") is not None for name in lists)


def _photo_id(root: Element) -> str | None:
    identifier = (_anywhere(root, _DC, "identifier") or "").strip()
    return identifier.removeprefix(_PHOTO_ID).lower() if identifier.startswith(_PHOTO_ID) else None


def _is_version_1(roots: Sequence[Element], photo_id: str | None) -> bool:
    """Written here before sidecars had a version, and by no other program since: those sign with their toolkit."""
    signed = any(_q(_X, "xmptk") in root.attrib for root in roots)
    versioned = any(_anywhere(root, _OWN, "SidecarVersion") is not None for root in roots)
    return photo_id is not None and not signed and not versioned


def _size(root: Element) -> tuple[float, float] | None:
    """The size of the picture, where it is said in pixels and can be one."""
    applied = root.find(f".//{_q(_REGIONS, 'AppliedToDimensions')}")
    if applied is None:
        return None
    sides = [_number(_value(applied, _DIMENSIONS, side)) for side in ("w", "h")]
    unit = (_value(applied, _DIMENSIONS, "unit") or "pixel").strip().lower()
    width, height = sides
    if unit != "pixel" or width is None or height is None or not (1 <= width <= 1e6 and 1 <= height <= 1e6):
        return None
    return width, height


def _mwg_regions(root: Element, size_wh: tuple[float, float] | None) -> Iterator[Region | Refusal]:
    for listed in root.iter(_q(_REGIONS, "RegionList")):
        for number, item in enumerate(listed.iter(_q(_RDF, "li")), start=1):
            area = item.find(f".//{_q(_REGIONS, 'Area')}")
            kind = (_value(item, _REGIONS, "Type") or "Face").strip()
            if area is None or kind.casefold() != "face":
                continue
            _require_few(number)
            yield _checked(_value(item, _REGIONS, "Name"), number, _area(area, size_wh))


def _area(area: Element, size_wh: tuple[float, float] | None) -> Box | str:
    """The area in shares, or why it is none."""
    unit = (_value(area, _AREA, "unit") or "normalized").strip().lower()
    across, down, width, height = (_number(_value(area, _AREA, name)) for name in ("x", "y", "w", "h"))
    if across is None or down is None or width is None or height is None:
        return marked("one of its x, y, w and h is missing or no number")
    if unit in ("pixel", "pixels"):
        if size_wh is None:
            return marked("it is in pixels, and the size of the picture is not said")
        # The standard knows shares; pixels can be read where the sides are said.
        across, down, width, height = across / size_wh[0], down / size_wh[1], width / size_wh[0], height / size_wh[1]
    elif unit != "normalized":
        return marked("its unit is '{unit}', neither shares of the sides (normalized) nor pixels").format(
            unit=unit[:40]
        )
    return _shares(across - width / 2, down - height / 2, width, height)


def _shares(left: float, top: float, width: float, height: float) -> Box | str:
    # A face may reach over the edge, so 1 is no limit; what is twice as large as the picture is a mistake of units.
    if not (0 < width <= 2 and 0 < height <= 2):
        return marked("its width and height are {width} and {height} of the picture's").format(
            width=f"{width:g}", height=f"{height:g}"
        )
    # With left at 1e17 a width of 0.1 is lost in rounding: then right equals left, and the box has no area.
    right, bottom = left + width, top + height
    if not (right > left and bottom > top and left < 1 and top < 1 and right > 0 and bottom > 0):
        return marked("it lies outside of the picture")
    return Box(left, top, right, bottom)


def _microsoft_regions(root: Element) -> Iterator[Region | Refusal]:
    for listed in root.iter(_q(_MICROSOFT, "Regions")):
        for number, item in enumerate(listed.iter(_q(_RDF, "li")), start=1):
            rectangle, name = (_value(item, _MICROSOFT_REGION, key) for key in ("Rectangle", "PersonDisplayName"))
            if rectangle is None and name is None:
                continue
            _require_few(number)
            yield _checked(name, number, _rectangle(rectangle))


def _rectangle(text: str | None) -> Box | str:
    """Left, top, width and height in shares, "0.1, 0.2, 0.3, 0.4"."""
    if text is None or not text.strip():
        return marked("it does not say where in the picture the face is")
    sides = [_number(side) for side in text.split(",")]
    left, top, width, height = sides if len(sides) == 4 else [None] * 4
    if left is None or top is None or width is None or height is None:
        return marked("its place is '{text}', and not four numbers").format(text=text.strip()[:80])
    return _shares(left, top, width, height)


def _with_microsoft(
    regions: list[Region | Refusal], microsoft_regions: list[Region | Refusal]
) -> list[Region | Refusal]:
    """Those of both forms. Programs write both side by side: what says the same is taken once."""
    mwg_regions = [region for region in regions if isinstance(region, Region)]
    contradicted: list[Region | Refusal] = []
    added: list[Region | Refusal] = []
    for microsoft_region in microsoft_regions:
        twin = _at_same_place(mwg_regions, microsoft_region) if isinstance(microsoft_region, Region) else None
        # Of a twin without a name both are kept: the nameless one names nobody.
        if twin is None or (microsoft_region.name and not twin.name):
            added.append(microsoft_region)
        elif microsoft_region.name and microsoft_region.name != twin.name:
            contradicted.append(twin)
            why = marked(
                "the region of the Metadata Working Group says '{name}' of the same face; neither was taken"
            ).format(name=twin.name)
            added.append(Refusal(microsoft_region.name, why))
    return [region for region in regions if region not in contradicted] + added


def _at_same_place(regions: Sequence[Region], other: Region) -> Region | None:
    if not regions:
        return None
    shared = pairwise_overlaps(boxes_to_array([other.area]), boxes_to_array([region.area for region in regions]))[0]
    return regions[int(shared.argmax())] if shared.max() >= SAME_REGION_IOU else None


def _checked(name: str | None, number: int, area: Box | str) -> Region | Refusal:
    name = unicodedata.normalize("NFC", name or "").strip() or None
    if isinstance(area, Box):
        return Region(area, name)
    return Refusal(name or f"region {number}", area)


def _require_few(number: int) -> None:
    if number > MOST_REGIONS:
        raise InputRefused(
            marked("it has more than {most} face regions, and no photo has so many faces").format(
                most=words.count(MOST_REGIONS)
            )
        )


def _number(text: str | None) -> float | None:
    try:
        number = float((text or "").strip())
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _value(element: Element, namespace: str, name: str) -> str | None:
    """A property, written as an attribute or an element, of the element or of a description in it."""
    qualified_name = _q(namespace, name)
    # RDF allows a property as an attribute or an element, and a description around either: programs use all of it.
    for holder in (element, *element.iter(_q(_RDF, "Description"))):
        if qualified_name in holder.attrib:
            return holder.attrib[qualified_name]
        child = holder.find(qualified_name)
        if child is not None:
            return "".join(child.itertext())
    return None


def _anywhere(root: Element, namespace: str, name: str) -> str | None:
    qualified_name = _q(namespace, name)
    for element in root.iter():
        if qualified_name in element.attrib:
            return element.attrib[qualified_name]
        if element.tag == qualified_name:
            return "".join(element.itertext())
    return None

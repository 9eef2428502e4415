"""XML as a tree of elements, within bounds: no document types, and neither more depth nor more elements than XMP needs.

The parser calls back for each element, so that depth costs it nothing and is refused as soon as it is met.

References
----------
XML 1.0, section 2.8: document types, by whose entities a few bytes become gigabytes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from core.base import words
from core.base.errors import InputRefused
from core.language.texts import marked

MOST_BYTES = 16 << 20
MOST_DEPTH = 64
"""Deeper than any XMP of other programs: theirs have about 12 levels."""
MOST_ELEMENTS = 200_000


def parse_tree(content: bytes) -> Element:
    """The elements of an XML document.

    Raises
    ------
    InputRefused
        It is no well-formed XML, declares a document type, or is larger or deeper than ``MOST_...``.
    """
    if len(content) > MOST_BYTES:
        raise InputRefused(
            marked("it has more than {most} bytes, and no sidecar needs so many").format(most=words.count(MOST_BYTES))
        )
    builder = _Builder()
    # Expat directly: its calls refuse a document type or too much depth as soon as they are met, where ElementTree's
    # own parser tells of them when the tree is there.
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.tree.data
    parser.StartDoctypeDeclHandler = _refuse_doctype
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, LookupError, ValueError) as fault:  # the latter two: an encoding that Python lacks
        raise InputRefused(marked("it is no well-formed XMP ({fault})").format(fault=fault)) from fault
    return builder.tree.close()


@dataclass
class _Builder:
    tree: TreeBuilder = field(default_factory=TreeBuilder)
    depth: int = 0
    elements: int = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.elements += 1
        if self.depth > MOST_DEPTH:
            raise InputRefused(
                marked("its elements are nested more than {most} deep, as no sidecar's are").format(most=MOST_DEPTH)
            )
        if self.elements > MOST_ELEMENTS:
            raise InputRefused(
                marked("it has more than {most} elements, and no sidecar needs so many").format(
                    most=words.count(MOST_ELEMENTS)
                )
            )
        self.tree.start(_qualified(name), {_qualified(key): value for key, value in attributes.items()})

    def end(self, name: str) -> None:
        self.depth -= 1
        self.tree.end(_qualified(name))


def _qualified(name: str) -> str:
    """A name as ElementTree writes it, ``{namespace}name``."""
    return "{" + name if "}" in name else name


def _refuse_doctype(*_: object) -> NoReturn:
    raise InputRefused(marked("it declares a document type, which no XMP needs"))

"""Pictures of faces: an even grid of square crops, and a photo with boxes and names on it.

Both are plain HTML with the pictures inside, so that nothing of a face is served under an address of its own, and a
grid fits any width. The only styles of the app that are not the theme's stand here.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

import streamlit as st

from core.base.errors import NotFound
from core.base.types import Box, RgbImage
from core.imaging.pixels import encode_jpeg, shrink_image
from core.language.texts import gettext as _
from core.store.artifacts import ArtifactKind
from core.ui import address, data, state
from core.ui.access import kept
from core.workflows.labels.close_up import cut_close_up

PER_PAGE = 48
TILE_PX = 104
PHOTO_PX = 1400
GREY = "data:image/gif;base64,R0lGODlhAQABAIAAAMLCwgAAACH5BAAAAAAALAAAAAABAAEAAAICRAEAOw=="
"""A grey square, for a picture whose file is gone."""

_STYLE = """<style>
.fa-grid {display:grid; gap:14px 12px; margin:0}
.fa-grid > div {min-width:0}
.fa-grid img {width:100%; aspect-ratio:1; object-fit:cover; border-radius:8px; display:block;
 background:rgba(128,128,128,.15)}
.fa-round > div {text-align:center}
.fa-round img {border-radius:50%}
.fa-round .fa-name, .fa-pair + .fa-name {white-space:normal; overflow-wrap:anywhere; display:-webkit-box;
 -webkit-line-clamp:2; -webkit-box-orient:vertical}
.fa-name {font-size:.82rem; line-height:1.25; margin-top:5px; overflow:hidden; text-overflow:ellipsis;
 white-space:nowrap}
.fa-round .fa-name {font-size:.75rem}
.fa-note {font-size:.75rem; line-height:1.25; opacity:.72; overflow:hidden; text-overflow:ellipsis;
 white-space:nowrap}
.fa-pair {display:grid; grid-template-columns:1fr 1fr; gap:3px}
.fa-photo {position:relative; display:block; line-height:0}
.fa-photo > img {width:100%; border-radius:8px; display:block}
.fa-box {position:absolute; border:3px solid #fff; outline:2px solid #0B6E75; border-radius:4px; box-sizing:border-box}
.fa-box.fa-unknown {outline-color:#555; border-style:dashed}
.fa-tag {position:absolute; transform:translateY(4px); left:-3px; top:100%; line-height:1.2; font-size:.8rem;
 padding:2px 6px; border-radius:4px; background:#0B6E75; color:#fff; white-space:nowrap}
.fa-unknown .fa-tag {background:#444}
.fa-right .fa-tag {left:auto; right:-3px}
.fa-low .fa-tag {top:auto; bottom:100%; transform:translateY(-4px)}
</style>"""


@dataclass(frozen=True, slots=True)
class Tile:
    """One face of a grid."""

    crop_id: str
    name: str
    note: str = ""
    alt: str = ""


@dataclass(frozen=True, slots=True)
class TilePair:
    """Two faces side by side."""

    left: Tile
    right: Tile
    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class LabelledBox:
    """One face on a photo, in pixels of the photo, and what stands at it."""

    box: Box
    label: str
    known: bool = True


def show_face_grid(dataset_id: str, tiles: Iterable[Tile], tile_px: int = TILE_PX, *, is_round: bool = False) -> None:
    """An even grid of face crops, names under them; round ones stand for people."""
    tiles = list(tiles)
    fetch_crops(dataset_id, [tile.crop_id for tile in tiles])
    cells = "".join(_cell(dataset_id, tile) for tile in tiles)
    st.html(_grid(cells, tile_px, "fa-grid fa-round" if is_round else "fa-grid"))


def page_slice(n: int, per_page: int, key: str, *, address_name: str | None = None) -> slice:
    """The part of ``n`` things that is shown; a row of page numbers when they do not fit on one page.

    Under ``address_name`` the page number is kept in the address, for the list of this ``key``.
    """
    # Rounded up, by dividing the negative number. Nothing at all is one empty page.
    pages = max(1, -(-n // per_page))
    first = min(pages, max(1, _page_of_address(address_name, key))) if address_name else 1
    # With another number of pages it is another widget: a page that is gone by now would stay chosen.
    page = st.pagination(pages, default=first, key=f"{key}_page_{pages}") if pages > 1 else 1
    if address_name:
        address.set_query_values(**{address_name: str(page) if page > 1 else None})
    return slice((page - 1) * per_page, page * per_page)


def _page_of_address(address_name: str, key: str) -> int:
    """The page that the address names; the first where its number was of another list."""
    lists = st.session_state.setdefault(state.PAGED, {})
    # A tab that draws its first list came by a link or a reload: the number is of this one.
    is_of_this = lists.get(address_name, key) == key
    lists[address_name] = key
    return (address.query_number(address_name) or 1) if is_of_this else 1


def show_pairs(dataset_id: str, pairs: Iterable[TilePair], pair_px: int = 2 * TILE_PX) -> None:
    """An even grid of two faces side by side, what they are to each other under them."""
    pairs = list(pairs)
    fetch_crops(dataset_id, [tile.crop_id for pair in pairs for tile in (pair.left, pair.right)])
    cells = "".join(_pair(dataset_id, pair) for pair in pairs)
    st.html(_grid(cells, pair_px))


def _pair(dataset_id: str, pair: TilePair) -> str:
    faces = "".join(
        f"<img src='{crop_address(dataset_id, tile.crop_id)}' alt='{escape(_face_alt(tile))}'>"
        for tile in (pair.left, pair.right)
    )
    text = escape(pair.text)
    return (
        f"<div role='listitem'><div class='fa-pair'>{faces}</div>"
        f"<div class='fa-name' dir='auto' title='{text}'>{text}</div>"
        f"<div class='fa-note' dir='auto' title='{escape(pair.note)}'>{escape(pair.note)}</div></div>"
    )


def _grid(cells: str, tile_px: int, style_classes: str = "fa-grid") -> str:
    # The width stands at the grid itself: the style sheet is the page's, whichever grid brought it last.
    columns = f"grid-template-columns:repeat(auto-fill,minmax({tile_px}px,1fr))"
    return f"{_STYLE}<div class='{style_classes}' role='list' style='{columns}'>{cells}</div>"


def _cell(dataset_id: str, tile: Tile) -> str:
    alt = _face_alt(tile)
    note = f"<div class='fa-note' dir='auto' title='{escape(tile.note)}'>{escape(tile.note)}</div>" if tile.note else ""
    return (
        f"<div role='listitem'><img src='{crop_address(dataset_id, tile.crop_id)}' alt='{escape(alt)}'>"
        f"<div class='fa-name' dir='auto' title='{escape(tile.name)}'>{escape(tile.name)}</div>{note}</div>"
    )


def _face_alt(tile: Tile) -> str:
    return tile.alt or _("Face of {name}", name=tile.name)


def picture_html(src: str, alt: str, note: str = "") -> str:
    """One square picture with a note under it, as HTML; ``src`` is a data address."""
    under = f"<div class='fa-note' dir='auto'>{escape(note)}</div>" if note else ""
    return f"{_STYLE}<div class='fa-grid'><div><img src='{src}' alt='{escape(alt)}'>{under}</div></div>"


def fetch_crops(dataset_id: str, crop_ids: Iterable[str]) -> None:
    """Have the crops ready that are about to be shown: from an object store they come together, not one by one."""
    data.services().artifacts.fetch_ahead(dataset_id, ArtifactKind.CROP, list(crop_ids))


def crop_address(dataset_id: str, crop_id: str) -> str:
    """A stored crop as a data address; a grey square when its file is gone."""
    try:
        return jpeg_data_url(data.services().artifacts.read(dataset_id, ArtifactKind.CROP, crop_id))
    except NotFound:
        return GREY


@kept.cache_data(show_spinner=False, max_entries=4096)
def close_up_address(dataset_id: str, face_id: str, crop_id: str, side_px: int) -> str:
    """A face without who stands beside it, as a data address, at most so wide; a grey square when it is gone."""
    # The crop is a part of the key alone: a photo that was turned has others, of the same faces.
    services = data.services()
    try:
        face = cut_close_up(services.store, services.artifacts, dataset_id, face_id)
    except NotFound:
        return GREY
    return jpeg_data_url(encode_jpeg(shrink_image(face, side_px), quality=85))


def jpeg_data_url(jpeg: bytes) -> str:
    """A JPEG file as a data address."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")


def photo_data_url(image: RgbImage) -> str:
    """A photo, (height, width, 3) uint8 RGB, as a data address, its longer side reduced to ``PHOTO_PX``."""
    return jpeg_data_url(encode_jpeg(shrink_image(image, PHOTO_PX), quality=88))


def show_photo(image: RgbImage, boxes: Iterable[LabelledBox], alt: str) -> None:
    """A photo, (height, width, 3) uint8 RGB, with a labelled box on every face."""
    height, width = image.shape[:2]
    src = photo_data_url(image)
    frames = "".join(_frame(box, width, height) for box in boxes)
    # As high as most of a window at most, at the photo's own proportions, so that boxes in per cent lie where they
    # belong.
    st.html(
        f"{_STYLE}<div class='fa-photo' style='width:min(100%,calc(68vh*{width / height:.4f}))'>"
        f"<img src='{src}' alt='{escape(alt)}'>{frames}</div>"
    )


def _frame(labelled_box: LabelledBox, width_px: int, height_px: int) -> str:
    box = labelled_box.box
    kinds = ["fa-box"]
    kinds += ["fa-unknown"] if not labelled_box.known else []
    # The tag grows inwards from the right, and stands above the box at the lower edge: beyond the photo it is cut off.
    kinds += ["fa-right"] if box.centre[0] > width_px * 0.7 else []
    kinds += ["fa-low"] if box.bottom > height_px * 0.9 else []
    tag = f"<span class='fa-tag' dir='auto'>{escape(labelled_box.label)}</span>"
    return f"<div class='{' '.join(kinds)}' style='{place_box(box, width_px, height_px)}'>{tag}</div>"


def place_box(box: Box, width_px: int, height_px: int) -> str:
    """The style of a box on its photo, whatever size that is shown at."""
    return (
        f"left:{box.left / width_px:.4%};top:{box.top / height_px:.4%};"
        f"width:{box.width / width_px:.4%};height:{box.height / height_px:.4%}"
    )

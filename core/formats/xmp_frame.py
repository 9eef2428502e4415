"""From the stored picture, which the regions of XMP refer to, to the picture as it is shown here, and back.

A sidecar may have been drawn on a smaller copy: then the proportions are the photo's, and the shares hold. Some
programs turn the copy that they show, and say its size: then the proportions are those of the upright picture, and so
are the regions.

References
----------
Metadata Working Group, "Guidelines for Handling Image Metadata" 2.0 (2010), section 5.9.4: AppliedToDimensions.
"""

from __future__ import annotations

from collections.abc import Iterable

from core.base.errors import InputRefused
from core.base.types import Box, Photo
from core.formats.xmp import Region, Sidecar
from core.imaging.geometry import stored_box, stored_size, turn_size, turned_orientation, upright_box
from core.language.texts import marked

ROUNDING_PX = 1.5
"""Of a side, when a picture is made smaller."""
ROUNDING_FRAC = 0.01
"""Of a side: cameras and programs cut a few pixels off to whole blocks."""
_OTHER_SIZE = marked(
    "it is for a picture of {size} pixels, and the photo has {stored}: one was cut or turned. Write the sidecar again "
    "from this photo"
)
_OTHER_SIZE_TURNED = marked(
    "it is for a picture of {size} pixels, and the photo has {stored} ({upright} upright): one was cut or turned. "
    "Write the sidecar again from this photo"
)


def build_sidecar(
    photo_id: str, shown_wh: tuple[int, int], faces: Iterable[tuple[Box, str | None]], orientation: int
) -> Sidecar:
    """The sidecar of a photo.

    Parameters
    ----------
    shown_wh : of the picture as it is shown
    faces : boxes in pixels of that picture, and names as they are to be read
    orientation : how it is stored, see ``upright_box``; 0 where that is not known, so that the sidecar is one of
        version 1, which refers to the upright picture
    """
    regions = tuple(
        # Shares are turned in a picture of 1 by 1, so that nothing here depends on which side is which after the turn.
        Region(stored_box(_scaled(box, 1 / shown_wh[0], 1 / shown_wh[1]), (1, 1), orientation), name)
        for box, name in faces
    )
    return Sidecar(stored_size(shown_wh, orientation), regions, photo_id, upright=not orientation)


def locate_regions(photo: Photo, sidecar: Sidecar, orientation: int) -> list[Box]:
    """Where a sidecar's regions are in the picture as it is shown, pixels.

    Parameters
    ----------
    orientation : EXIF's of the file, by ``stored_orientation``; the turn by hand is composed with it

    Raises
    ------
    InputRefused
        It was drawn on a picture of other proportions.
    """
    shown_wh = (photo.width_px, photo.height_px)
    drawn_on = 1 if _refers_to_upright(sidecar, photo, orientation) else orientation
    whole_turn = turned_orientation(drawn_on, photo.turn)
    return [_scaled(upright_box(region.area, (1, 1), whole_turn), *shown_wh) for region in sidecar.regions]


def _refers_to_upright(sidecar: Sidecar, photo: Photo, orientation: int) -> bool:
    """Whether the regions were drawn on the picture that EXIF has turned, and not on the stored one."""
    if sidecar.size_wh is None:
        return False
    upright_wh = turn_size(photo.width_px, photo.height_px, photo.turn)  # a half turn more or less keeps the size
    stored_wh = stored_size(upright_wh, orientation)
    # An export of version 1: its sides are the upright ones to the pixel, also where both frames have the same
    # proportions.
    if sidecar.upright and sidecar.size_wh == upright_wh:
        return True
    # The standard's own frame is asked first: of a square picture the proportions tell nothing, and the standard
    # decides.
    if _has_proportions(sidecar.size_wh, stored_wh):
        return False
    if _has_proportions(sidecar.size_wh, upright_wh):
        return True
    size, stored, upright = (f"{width:g} x {height:g}" for width, height in (sidecar.size_wh, stored_wh, upright_wh))
    raise InputRefused(
        (_OTHER_SIZE_TURNED if stored_wh != upright_wh else _OTHER_SIZE).format(
            size=size, stored=stored, upright=upright
        )
    )


def _has_proportions(size_wh: tuple[float, float], of_wh: tuple[int, int]) -> bool:
    """Whether a picture can be a smaller or larger copy of another one, but for the rounding of its sides."""
    width, height = size_wh
    # From either side: of a long picture one pixel of the short side is many of the long one.
    off_px = (abs(width - height * of_wh[0] / of_wh[1]), abs(height - width * of_wh[1] / of_wh[0]))
    return any(off <= max(ROUNDING_PX, ROUNDING_FRAC * side) for off, side in zip(off_px, (width, height), strict=True))


def _scaled(box: Box, across: float, down: float) -> Box:
    return Box(box.left * across, box.top * down, box.right * across, box.bottom * down)

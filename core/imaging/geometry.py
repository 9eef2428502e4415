"""Box arithmetic and alignment transforms; pure functions of arrays.

Boxes are (n, 4) float arrays of left, top, right, bottom in pixels. The refinement arithmetic (the ``+ 1`` in
widths, suppression by any stronger overlap) follows the published MTCNN weights, which were trained with it.

References
----------
.. [1] K. Zhang, Z. Zhang, Z. Li, Y. Qiao, "Joint Face Detection and Alignment Using Multitask Cascaded
   Convolutional Networks", IEEE Signal Processing Letters 23(10), 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from core.base.types import Box, Detection, Doubles, Floats, Ints

Overlap = Literal["union", "min"]

PORTRAIT_MARGIN = 0.5
"""Around the box of a face, in shares of its longer side, in the picture for people to look at."""
LANDMARK_TEMPLATE = np.array([[0.331, 0.384], [0.669, 0.384], [0.352, 0.755], [0.648, 0.755]])
"""Where eyes and corners of the mouth (left, right; left, right in the picture) lie in a square about the box of an
average face, as fractions of its side: the mean of 1,027 level faces of lfw-dev, made symmetric."""
_TEMPLATE_ROWS = [0, 1, 3, 4]
"""Those four among the five landmarks. The nose is left out: it moves when the head turns."""


def pairwise_overlaps(boxes: Doubles, other_boxes: Doubles, over: Overlap = "union") -> Doubles:
    """Intersection area over the union, or over the smaller box, of every pair.

    Parameters
    ----------
    boxes, other_boxes : (n, 4) and (m, 4) arrays, pixels

    Returns
    -------
    (n, m) array in 0..1
    """
    shared = _shared(boxes, other_boxes, 0) * _shared(boxes, other_boxes, 1)
    area, other_area = box_areas(boxes)[:, None], box_areas(other_boxes)[None, :]
    whole = np.minimum(area, other_area) if over == "min" else area + other_area - shared
    # A box without area overlaps nothing, and must not divide by nothing.
    return np.asarray(shared / np.maximum(whole, 1e-9), dtype=np.float64)


def _shared(boxes: Doubles, other_boxes: Doubles, axis: int) -> Doubles:
    """(n, m) lengths that two boxes have in common along x (axis 0) or y (axis 1)."""
    end = np.minimum(boxes[:, None, axis + 2], other_boxes[None, :, axis + 2])
    length = end - np.maximum(boxes[:, None, axis], other_boxes[None, :, axis])
    return np.asarray(np.maximum(length, 0, out=length))


def box_areas(boxes: Doubles) -> Doubles:
    """Area of each box of an (n, 4) array, square pixels."""
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), dtype=np.float64)


def match_boxes(boxes: Sequence[Box], other_boxes: Sequence[Box], min_iou: float) -> list[int | None]:
    """For each box the index of the one in ``other_boxes`` that it overlaps most; each is used once, best pairs first.

    Parameters
    ----------
    min_iou : the smallest overlap (IoU) that makes two boxes one; None is given where there is none
    """
    matches: list[int | None] = [None] * len(boxes)
    if not boxes or not other_boxes:
        return matches
    shared = pairwise_overlaps(boxes_to_array(boxes), boxes_to_array(other_boxes))
    while shared.max() >= min_iou:
        row, column = divmod(int(shared.argmax()), len(other_boxes))
        matches[row] = column
        # Either is taken now: its row and column are out of the running.
        shared[row, :], shared[:, column] = 0.0, 0.0
    return matches


def boxes_to_array(boxes: Sequence[Box]) -> Doubles:
    """Boxes as an (n, 4) array."""
    return np.array([box.as_tuple() for box in boxes], dtype=np.float64)


def suppress_overlapping(
    boxes: Doubles, probs: Doubles, groups: Ints, threshold: float, over: Overlap = "union"
) -> Ints:
    """Rows that no stronger box of their own group overlaps by more than ``threshold``.

    Unlike greedy suppression a box that is itself suppressed still suppresses weaker ones: this is what the
    reference implementation does.

    Parameters
    ----------
    boxes : (n, 4) array, pixels
    probs : (n,) array
    groups : (n,) integers; boxes of different groups never suppress each other
    threshold : overlap in 0..1

    Returns
    -------
    (k,) row numbers, by group and then by falling probability
    """
    # One box has none beside it; for a single photo that is the usual case.
    if len(boxes) < 2:
        return np.arange(len(boxes))
    # By group and then by falling probability: within its group each box comes after all that are stronger.
    order = np.lexsort((-probs, groups))
    rows, sorted_groups = np.arange(len(order)), groups[order]
    first_rows = np.searchsorted(sorted_groups, sorted_groups)
    # Every box with each stronger one of its group, all groups at once: one by one they would be hundreds of calls.
    n_stronger = rows - first_rows
    weaker = np.repeat(rows, n_stronger)
    stronger = np.arange(len(weaker)) - np.repeat(np.cumsum(n_stronger) - n_stronger - first_rows, n_stronger)
    left, top, right, bottom = np.ascontiguousarray(boxes[order].T)
    width = np.minimum(right[weaker], right[stronger]) - np.maximum(left[weaker], left[stronger])
    # Most pairs lie apart: only those that share columns are measured further.
    near = np.flatnonzero(width > 0)
    weaker, stronger = weaker[near], stronger[near]
    height = np.minimum(bottom[weaker], bottom[stronger]) - np.maximum(top[weaker], top[stronger])
    shared = width[near] * np.maximum(height, 0)
    areas = box_areas(boxes)[order]
    smaller, larger = np.minimum(areas[weaker], areas[stronger]), np.maximum(areas[weaker], areas[stronger])
    whole = smaller if over == "min" else smaller + larger - shared
    return np.delete(order, weaker[shared > threshold * whole])


def square_boxes(boxes: Doubles) -> Doubles:
    """The smallest squares about the centres of (n, 4) boxes that hold their longer side."""
    sides = (boxes[:, 2:4] - boxes[:, :2]).max(axis=1, keepdims=True)
    corner = (boxes[:, :2] + boxes[:, 2:4]) / 2 - sides / 2
    return np.hstack([corner, corner + sides])


def refine_boxes(boxes: Doubles, offsets: Floats) -> Doubles:
    """Move each side of (n, 4) boxes by the network's (n, 4) offsets, which are fractions of the box's size."""
    # "+ 1", as if the sides were the last pixels inside: the weights were trained with boxes that count so.
    sizes = np.tile(boxes[:, 2:4] - boxes[:, :2] + 1, 2)
    return np.asarray(boxes + offsets * sizes, dtype=np.float64)


def portrait_square(box: Box, width_px: int, height_px: int) -> tuple[int, int, int]:
    """The square about a face that people look at, all of it inside the photo: left, top and side, in pixels."""
    # Moved inside rather than filled up: people look at it, and a grey border tells them nothing.
    side = min(round(max(box.width, box.height) * (1 + PORTRAIT_MARGIN)), height_px, width_px)
    left, top = (round(middle - side / 2) for middle in box.centre)
    return min(max(0, left), width_px - side), min(max(0, top), height_px - side), side


def eye_angle(landmarks: Floats) -> float:
    """Angle in radians of the line between the eyes of (5, 2) landmarks; 0 when they are level."""
    across, down = (landmarks[1] - landmarks[0]).tolist()
    return float(np.arctan2(down, across))


def crop_transform(box: Box, landmarks: Floats, size_px: int, margin: float) -> Doubles:
    """The (2, 3) affine matrix from photo pixels to a square crop with the eyes level.

    The crop is centred on the box; its side is the box's longer side enlarged by ``margin`` (0.1 is 10 %).
    """
    scale = size_px / (max(box.width, box.height) * (1 + margin))
    angle = eye_angle(landmarks)
    cos, sin = np.cos(angle) * scale, np.sin(angle) * scale
    turn = np.array([[cos, sin], [-sin, cos]])
    # The middle of a crop lies between its pixels' centres, at (size - 1) / 2, as OpenCV counts them.
    shift = np.full(2, (size_px - 1) / 2) - turn @ np.array(box.centre)
    return np.hstack([turn, shift[:, None]])


def landmark_transform(landmarks: Floats, size_px: int, margin: float) -> Doubles:
    """The (2, 3) affine matrix from photo pixels to a square crop with eyes and mouth at ``LANDMARK_TEMPLATE``.

    It turns, moves and scales (least squares over the four points), and never shears. The crop is what a square about
    an average face's box would be, enlarged by ``margin`` (0.1 is 10 %).

    References
    ----------
    Umeyama, "Least-squares estimation of transformation parameters between two point patterns", IEEE TPAMI 13(4), 1991;
    in the plane without reflection, with points as complex numbers.
    """
    target = (0.5 + (LANDMARK_TEMPLATE - 0.5) / (1 + margin)) * (size_px - 1)
    source = landmarks[_TEMPLATE_ROWS].astype(np.float64)
    middle, target_middle = source.mean(axis=0), target.mean(axis=0)
    # As complex numbers a turn with a scale is one factor, and least squares for one factor is one division.
    source_offsets, target_offsets = ((points - points.mean(axis=0)) @ np.array([1, 1j]) for points in (source, target))
    turn_and_scale = (source_offsets.conj() @ target_offsets) / (source_offsets.conj() @ source_offsets).real
    cos, sin = turn_and_scale.real, turn_and_scale.imag
    turn = np.array([[cos, -sin], [sin, cos]])
    return np.hstack([turn, (target_middle - turn @ middle)[:, None]])


def turn_box(box: Box, width_px: int, height_px: int, turn: int) -> Box:
    """Where a box lies when its picture is turned.

    Parameters
    ----------
    width_px, height_px : of the picture before it is turned
    turn : quarters clockwise, of any sign
    """
    left, top, right, bottom = box.as_tuple()
    for _ in range(turn % 4):
        left, top, right, bottom = height_px - bottom, left, height_px - top, right
        width_px, height_px = height_px, width_px
    return Box(left, top, right, bottom)


def turn_points(points: Floats, width_px: int, height_px: int, turn: int) -> Floats:
    """Where (n, 2) points (x, y) lie when their picture is turned; as ``turn_box``."""
    for _ in range(turn % 4):
        points = np.stack([height_px - points[:, 1], points[:, 0]], axis=1)
        width_px, height_px = height_px, width_px
    return np.asarray(points, dtype=np.float32)


def turn_detection(face: Detection, width_px: int, height_px: int, turn: int) -> Detection:
    """A face where it lies when its picture is turned; as ``turn_box``."""
    box = turn_box(face.box, width_px, height_px, turn)
    return Detection(box, turn_points(face.landmarks, width_px, height_px, turn), face.prob)


def turn_size(width_px: int, height_px: int, turn: int) -> tuple[int, int]:
    """Width and height of a picture that is turned by quarters."""
    return (height_px, width_px) if turn % 2 else (width_px, height_px)


_CLOCKWISE = {1: 6, 6: 3, 3: 8, 8: 1, 2: 7, 7: 4, 4: 5, 5: 2}
"""The EXIF orientation that shows a stored picture as another one does, and then a quarter further clockwise."""


def turned_orientation(orientation: int, turn: int) -> int:
    """The EXIF orientation (1 to 8) that shows a stored picture as ``orientation`` does, then turned.

    Parameters
    ----------
    turn : quarters clockwise, of any sign

    References
    ----------
    CIPA DC-008 (Exif 2.32), 4.6.4: Orientation.
    """
    for _ in range(turn % 4):
        orientation = _CLOCKWISE[orientation]
    return orientation


_ON_THEIR_SIDE = (5, 6, 7, 8)
_BACK = {6: 8, 8: 6}
"""The EXIF orientation that undoes another one, where it is not the same."""


def upright_box(box: Box, size_wh: tuple[float, float], orientation: int) -> Box:
    """Where a box of the stored picture lies in the upright one.

    Parameters
    ----------
    size_wh : of the stored picture, in the unit of the box
    orientation : EXIF's, 1 to 8; what else a photo is turned by is composed with it before

    References
    ----------
    CIPA DC-008 (Exif 2.32), 4.6.4: Orientation.
    """
    left, top, right, bottom = box.as_tuple()
    width, height = size_wh
    # Rows and columns change places first; what is left then is one of the ways 1 to 4.
    if orientation in _ON_THEIR_SIDE:
        left, top, right, bottom, width, height = top, left, bottom, right, height, width
    if orientation in (2, 3, 6, 7):
        left, right = width - right, width - left
    if orientation in (3, 4, 7, 8):
        top, bottom = height - bottom, height - top
    return Box(left, top, right, bottom)


def stored_box(box: Box, size_wh: tuple[float, float], orientation: int) -> Box:
    """Where a box of the upright picture lies in the stored one: ``upright_box`` undone.

    Parameters
    ----------
    size_wh : of the upright picture, in the unit of the box
    """
    return upright_box(box, size_wh, _BACK.get(orientation, orientation))


def stored_size(size_wh: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Width and height of the stored picture from those of the upright one, or the other way round."""
    return (size_wh[1], size_wh[0]) if orientation in _ON_THEIR_SIDE else size_wh


def box_centrality(box: Box, width_px: int, height_px: int) -> float:
    """How much of the subject a face is: its area less twice the squared distance from the photo's middle.

    References
    ----------
    The rule with which D. Sandberg's ``facenet`` picks one of several faces (``align_dataset_mtcnn.py``).
    """
    across, down = box.centre
    return box.area - 2 * ((across - width_px / 2) ** 2 + (down - height_px / 2) ** 2)

"""The MTCNN cascade over any engine: proposals, refinement, output; many photos in one pass.

Three networks look closer and closer: PNet proposes windows over a pyramid, RNet rejects and refines them at 24 x 24
pixels, ONet decides at 48 x 48 and adds five landmarks. The weights, thresholds and arithmetic are those of the
``mtcnn`` package 1.0; packing, batching and resampling are our own, and so is one step: ONet is asked about the mirror
image too. A face is as likely in both, a sleeve or a pattern is not: on the sample the two boxes with nobody in them
fall from 0.90 and 0.92 to 0.78 and 0.55, and of 137 faces in group photos one falls below the threshold.

References
----------
.. [1] K. Zhang, Z. Zhang, Z. Li, Y. Qiao, "Joint Face Detection and Alignment Using Multitask Cascaded
   Convolutional Networks", IEEE Signal Processing Letters 23(10), 2016.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import ceil, log

import numpy as np
import numpy.typing as npt

from core.base.types import Box, Detection, Doubles, Floats, Ints, RgbImage
from core.imaging.geometry import pairwise_overlaps, refine_boxes, square_boxes, suppress_overlapping
from core.imaging.pixels import halve_repeatedly
from core.vision.detect.patches import sample_patches
from core.vision.detect.pyramid import (
    WINDOW_PX,
    Canvas,
    PyramidLevel,
    cell_windows,
    group_by_size,
    pack_canvases,
    pyramid_levels,
)
from core.vision.engine.base import Engine

MODEL_ID = "mtcnn"
COVERED = 0.5
"""A window of which so much is a face's, or of whose area a face fills so much, shows that face and no other."""
FEW_PATCHES = 4
"""As many are shown to the last network with their mirror images at once."""
LEAST_LEAD = 0.25
"""A turned face is asked about only where this much may come of it."""


@dataclass(frozen=True, slots=True)
class _Look:
    """How closely photos are looked at: as if shrunk to a size, for faces of how many pixels there."""

    long_side_px: int
    min_face_px: float
    factor: float


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """What counts as a face; the defaults are the reference's."""

    min_face_px: float = 20
    pyramid_factor: float = 0.709
    fine_scale: float = 0.6
    """Levels of a pyramid that are larger, against its largest, are looked at where there may be small faces: they
    have three quarters of all pixels."""
    proposal_prob: float = 0.6
    refined_prob: float = 0.7
    final_prob: float = 0.8
    coarse_long_side_px: int = 640
    """Larger photos are looked at as if they were shrunk to this."""
    coarse_min_face_px: float = 28
    """And there only for faces of this size and more, which is half the work of looking for all."""
    fine_long_side_px: int = 1280
    """They are looked at as if shrunk to this, for all faces, in a second pass, where the first found nothing, or
    faces so small or many that others may be smaller still."""
    fine_pyramid_factor: float = 0.8
    """Where the first pass found nothing, the second looks at more sizes in between."""
    small_face_px: float = 40.0
    """A face narrower than this in the first pass asks for the second."""
    many_faces: int = 4

    @property
    def coarse_look(self) -> _Look:
        """The first at every photo."""
        return _Look(self.coarse_long_side_px, self.coarse_min_face_px, self.pyramid_factor)

    @property
    def fine_look(self) -> _Look:
        """The second, where it is needed."""
        return _Look(self.fine_long_side_px, self.min_face_px, self.pyramid_factor)


@dataclass(frozen=True, slots=True, eq=False)
class _Candidates:
    """Boxes of several photos: (n, 4) pixels, (n,) probabilities, (n,) photo numbers."""

    boxes: Doubles = field(default_factory=lambda: np.empty((0, 4)))
    probs: Doubles = field(default_factory=lambda: np.empty(0))
    photos: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def take(self, rows: Ints | npt.NDArray[np.bool_]) -> _Candidates:
        return _Candidates(self.boxes[rows], self.probs[rows], self.photos[rows])

    def of(self, photos: Sequence[int]) -> _Candidates:
        """Those of some photos."""
        return self.take(np.isin(self.photos, photos))

    def __add__(self, others: _Candidates) -> _Candidates:
        return _Candidates(
            np.concatenate([self.boxes, others.boxes]),
            np.concatenate([self.probs, others.probs]),
            np.concatenate([self.photos, others.photos]),
        )

    def beside(self, earlier: _Candidates, limit: float) -> _Candidates:
        """Those that neither earlier ones nor each other overlap by more than ``limit`` and are more probable."""
        every = earlier + self
        rows = suppress_overlapping(every.boxes, every.probs, every.photos, limit)
        return every.take(rows[rows >= len(earlier.boxes)])


@dataclass(frozen=True, slots=True, eq=False)
class _Sighted:
    """What the networks see in several photos, in pixels of the views; other than proposals, each is seen by all."""

    proposals: _Candidates = field(default_factory=_Candidates)
    refined: _Candidates = field(default_factory=_Candidates)
    """Of the proposals those that the second network holds for faces."""
    faces: _Candidates = field(default_factory=_Candidates)
    """Of these those that the last one does; several may be of one face."""
    landmarks: Floats = field(default_factory=lambda: np.empty((0, 5, 2), dtype=np.float32))

    def leaves_open(self, photo: int, levels: Sequence[PyramidLevel]) -> bool:
        """Whether a photo may show faces smaller than those that these levels of its pyramid show."""
        boxes = self.faces.of([photo]).boxes
        # So few levels that a face on any of them is a small one.
        if not len(boxes) or len(levels) < 2:
            return True
        # Small faces come in company, and look like faces to the second network in a window that is too large.
        is_small = (boxes[:, 2] - boxes[:, 0]).min() < WINDOW_PX / levels[1].scale_x
        shared = pairwise_overlaps(self.refined.of([photo]).boxes, boxes, over="min")
        return bool(is_small or (shared.max(axis=1) < COVERED).any())

    def detections(self, images: list[RgbImage], views: list[RgbImage]) -> list[list[Detection]]:
        """The faces of each photo in the pixels of the whole, each face once; the most probable first."""
        # Over the smaller box: one that lies within a larger one overlaps it wholly, and only one of them is a face.
        kept_rows = suppress_overlapping(self.faces.boxes, self.faces.probs, self.faces.photos, 0.7, over="min")
        faces, landmarks = self.faces.take(kept_rows), self.landmarks[kept_rows]
        detections = []
        for photo, (image, view) in enumerate(zip(images, views, strict=True)):
            rows = faces.photos == photo
            detections.append(_detections(faces.take(rows), landmarks[rows], image, view))
        return detections


@dataclass
class Detector:
    """Finds faces in photos; one instance may serve several threads."""

    engine: Engine
    settings: DetectorSettings = field(default_factory=DetectorSettings)

    def detect(self, images: list[RgbImage]) -> list[list[Detection]]:
        """Faces of each photo, most probable first.

        Parameters
        ----------
        images : list of (height, width, 3) uint8, RGB, upright; sizes may differ

        Returns
        -------
        One list a photo; boxes lie inside the photo, in its own pixels.
        """
        settings = self.settings
        faces_of_photo = self.detect_coarsely(images)
        # Most photos show one large face, and the coarse pass finds it; only the others are worth the closer looks.
        coarse, fine = settings.coarse_look, settings.fine_look
        between = settings.fine_pyramid_factor
        empty = [photo for photo, faces in enumerate(faces_of_photo) if not faces]
        small = [photo for photo, image in enumerate(images) if self.may_hold_smaller(image, faces_of_photo[photo])]
        self._look_again(images, faces_of_photo, empty, replace(coarse, factor=between))
        empty = [photo for photo in empty if not faces_of_photo[photo] and self._is_shrunk(images[photo])]
        self._look_again(images, faces_of_photo, empty, replace(fine, factor=between))
        self._look_again(images, faces_of_photo, small, fine)
        return faces_of_photo

    def _look_again(
        self, images: list[RgbImage], faces_of_photo: list[list[Detection]], photos: list[int], look: _Look
    ) -> None:
        """Look at some of the photos more closely, and replace their faces."""
        for photo, faces in zip(photos, self._pass([images[photo] for photo in photos], look), strict=True):
            # A close look may lose a face that fills the photo; it must not cost what was found.
            if len(faces) >= len(faces_of_photo[photo]):
                faces_of_photo[photo] = faces

    def detect_coarsely(self, images: list[RgbImage]) -> list[list[Detection]]:
        """As ``detect``, in one pass: where that shows nothing, or small faces, no closer look follows."""
        return self._pass(images, self.settings.coarse_look)

    def turned_leads(self, images: Sequence[RgbImage], faces: Sequence[Detection]) -> Doubles:
        """How many times less is missing to certainty for a face turned in its place than as it stands.

        Parameters
        ----------
        images : list of (height, width, 3) uint8, RGB
        faces : one of each photo, in its pixels

        Returns
        -------
        (n,) by the last network's word, its mirror image averaged in, of the surest of three turns; 0 where that is
        far from a lead
        """
        long_side_px = self.settings.coarse_long_side_px
        views = [halve_repeatedly(image, long_side_px) for image in images]
        scales = [view.shape[1] / image.shape[1] for view, image in zip(views, images, strict=True)]
        corners = [np.array(face.box.as_tuple()) * scale for face, scale in zip(faces, scales, strict=True)]
        patches = sample_patches(views, square_boxes(np.array(corners).reshape(-1, 4)), np.arange(len(views)), 48)
        # The patch about the face is turned, not the photo: small patches for one network, and no pyramid.
        turned = np.stack([np.rot90(patches, -turn, axes=(1, 2)) for turn in range(4)], axis=1)
        # The mirror image halves what is missing at best. Of upright faces that leaves few whose turns may have a lead.
        missing = np.array([1 - face.prob for face in faces])
        turned_missing = 1 - self._final_probs(turned[:, 1:]).max(axis=1)
        rows = np.flatnonzero(missing >= LEAST_LEAD * turned_missing)
        leads = np.zeros(len(views))
        if len(rows):
            both = self._final_probs(np.stack([turned[rows], turned[rows, :, :, ::-1]]))
            missing = 1 - both.mean(axis=0)
            leads[rows] = missing[:, 0] / np.maximum(missing[:, 1:].min(axis=1), 1e-9)
        return leads

    def _final_probs(self, patches: npt.NDArray[np.uint8]) -> Doubles:
        """The last network's probability of each of (..., 48, 48, 3) patches."""
        onet = self.engine.network(MODEL_ID, "onet")
        probs = onet(patches.reshape(-1, *patches.shape[-3:]))[-1][:, 1]
        return np.asarray(probs.reshape(patches.shape[:-3]), dtype=np.float64)

    def may_hold_smaller(self, image: RgbImage, faces: Sequence[Detection]) -> bool:
        """Whether a photo was shrunk, and shows faces so small or many that others may be too small to see now."""
        settings = self.settings
        if not faces or not self._is_shrunk(image):
            return False
        scale = settings.coarse_long_side_px / max(image.shape[:2])
        narrowest = min(face.box.width * scale for face in faces)
        return narrowest < settings.small_face_px or len(faces) >= settings.many_faces

    def _is_shrunk(self, image: RgbImage) -> bool:
        """Whether a fine look sees more of a photo than a coarse one."""
        return bool(max(image.shape[:2]) > self.settings.coarse_long_side_px)

    def _pass(self, images: list[RgbImage], look: _Look) -> list[list[Detection]]:
        """Faces of each photo, looked for at this size."""
        # Most closer looks are at no photo at all.
        if not images:
            return []
        views = [halve_repeatedly(image, look.long_side_px) for image in images]
        pyramids = self._pyramids(images, views, look)
        # Levels become smaller by the look's factor.
        n_fine = ceil(log(self.settings.fine_scale, look.factor))
        coarse = [level for pyramid in pyramids for level in pyramid[n_fine:]]
        sighted = self._sight(views, self._proposals(views, coarse), _Sighted())
        # The large levels cost most and show the smallest faces, which a portrait has none of.
        fine = [
            level
            for photo, pyramid in enumerate(pyramids)
            if pyramid[:n_fine] and sighted.leaves_open(photo, pyramid[n_fine:])
            for level in pyramid[:n_fine]
        ]
        if fine:
            sighted = self._sight(views, self._proposals(views, fine), sighted)
        return sighted.detections(images, views)

    def _sight(self, views: list[RgbImage], proposals: _Candidates, earlier: _Sighted) -> _Sighted:
        """What was seen earlier, and what the networks see in other proposals."""
        # A face answers on several levels of its photo.
        proposals = proposals.beside(earlier.proposals, 0.7)
        if not len(proposals.boxes):
            return earlier
        refined = self._refined(views, proposals).beside(earlier.refined, 0.7)
        faces, landmarks = self._final(views, refined)
        return _Sighted(
            proposals=earlier.proposals + proposals,
            refined=earlier.refined + refined,
            faces=earlier.faces + faces,
            landmarks=np.concatenate([earlier.landmarks, landmarks]),
        )

    def _pyramids(self, images: list[RgbImage], views: list[RgbImage], look: _Look) -> list[list[PyramidLevel]]:
        """Levels of each photo; of one that is not larger than the look, down to the smallest face there is."""
        pyramids = []
        for photo, (image, view) in enumerate(zip(images, views, strict=True)):
            min_face_px = self.settings.min_face_px
            # In pixels of the view, which is up to twice as large as the look is meant to be.
            if max(image.shape[:2]) > look.long_side_px:
                min_face_px = look.min_face_px * max(view.shape[:2]) / look.long_side_px
            pyramids.append(pyramid_levels(photo, view.shape[1], view.shape[0], min_face_px, look.factor))
        return pyramids

    def _proposals(self, images: list[RgbImage], levels: list[PyramidLevel]) -> _Candidates:
        """Windows of these levels that may show a face."""
        pnet = self.engine.network(MODEL_ID, "pnet")
        parts = []
        for canvases in group_by_size(pack_canvases(images, levels), self.engine.load.canvases):
            offsets, probs = pnet(np.stack([canvas.pixels for canvas in canvases]))
            parts += [
                _read_canvas(canvas, levels, offsets[row], probs[row, :, :, 1], self.settings.proposal_prob)
                for row, canvas in enumerate(canvases)
            ]
        if not parts:
            return _Candidates()
        boxes, prob, level = (np.concatenate(column) for column in zip(*parts, strict=True))
        # A face answers in several neighbouring cells of one level.
        kept_rows = suppress_overlapping(boxes, prob, level, 0.5)
        photos = np.array([level.photo for level in levels], dtype=np.int64)[level[kept_rows]]
        return _Candidates(boxes[kept_rows], prob[kept_rows], photos)

    def _refined(self, images: list[RgbImage], proposals: _Candidates) -> _Candidates:
        """Proposals that the second network holds for faces."""
        if not len(proposals.boxes):
            return proposals
        squares = square_boxes(proposals.boxes)
        offsets, probs = self.engine.network(MODEL_ID, "rnet")(sample_patches(images, squares, proposals.photos, 24))
        refined = _Candidates(refine_boxes(squares, offsets), probs[:, 1].astype(np.float64), proposals.photos)
        return refined.take(refined.probs > self.settings.refined_prob)

    def _final(self, views: list[RgbImage], candidates: _Candidates) -> tuple[_Candidates, Floats]:
        """Candidates that the last network holds for faces, with their landmarks."""
        if not len(candidates.boxes):
            return candidates, np.empty((0, 5, 2), dtype=np.float32)
        squares = square_boxes(candidates.boxes)
        patches = sample_patches(views, squares, candidates.photos, 48)
        n_patches = len(patches)
        # Of a few, both come in one call: two small ones take nearly twice as long.
        together = n_patches <= FEW_PATCHES
        images = np.concatenate([patches, patches[:, :, ::-1]]) if together else patches
        offsets, points, probs = self.engine.network(MODEL_ID, "onet")(images)
        prob = probs[:n_patches, 1].astype(np.float64)
        detected = _Candidates(refine_boxes(squares, offsets[:n_patches]), prob, candidates.photos)
        # No mirror image can lift the others: even one that is certain brings their mean below the limit.
        likely = np.flatnonzero(prob > 2 * self.settings.final_prob - 1)
        if len(likely):
            mirrored = probs[n_patches + likely, 1] if together else self._final_probs(patches[likely, :, ::-1])
            prob[likely] = (prob[likely] + mirrored) / 2
        sure = prob > self.settings.final_prob
        return detected.take(sure), _landmarks(points[:n_patches][sure], squares[sure])


def _read_canvas(
    canvas: Canvas, levels: list[PyramidLevel], offsets: Floats, probs: Floats, limit: float
) -> tuple[Doubles, Doubles, Ints]:
    """Boxes in photo pixels, probabilities and level numbers of a canvas's cells above ``limit``."""
    height, width = canvas.owner.shape
    rows, columns = np.nonzero((probs[:height, :width] > limit) & (canvas.owner >= 0))
    tiles = canvas.owner[rows, columns].astype(np.int64)
    windows = cell_windows(rows, columns, tiles, canvas)
    # Offsets are fractions of the window's side of 11 pixels.
    moved = windows + offsets[rows, columns] * (windows[:, 2:3] - windows[:, :1])
    level = np.array([tile.level for tile in canvas.tiles], dtype=np.int64)[tiles]
    scales = np.array([(level.scale_x, level.scale_y) for level in levels])[level]
    return moved / np.tile(scales, 2), probs[rows, columns].astype(np.float64), level


def _landmarks(points: Floats, squares: Doubles) -> Floats:
    """(n, 5, 2) pixels from ONet's (n, 10) fractions: five x, then five y."""
    sizes = squares[:, 2:] - squares[:, :2] + 1
    fractions = points.reshape(-1, 2, 5).transpose(0, 2, 1)
    return np.asarray(fractions * sizes[:, None, :] + squares[:, None, :2] - 1, dtype=np.float32)


def _detections(faces: _Candidates, landmarks: Floats, image: RgbImage, view: RgbImage) -> list[Detection]:
    """Faces of one photo in the pixels of the whole, cut at its edges; the most probable first."""
    size = np.array([image.shape[1], image.shape[0]], dtype=np.float64)
    scale = size / np.array([view.shape[1], view.shape[0]])
    boxes = np.clip(faces.boxes * np.tile(scale, 2), 0, np.tile(size, 2))
    points = landmarks * scale.astype(np.float32)
    return [
        Detection(Box(*boxes[row].tolist()), points[row], float(faces.probs[row]))
        for row in np.argsort(-faces.probs, kind="stable")
        # Cut at the edge, a box beyond it may have nothing left.
        if (boxes[row, 2:] - boxes[row, :2] >= 1).all()
    ]

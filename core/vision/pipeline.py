"""A photo's bytes to its faces: box, landmarks, crop, vector and quality. Whatever asks for faces comes this way.

    bytes -> decode -> detect, turned where the photo lies -> choose -> cut -> embed -> faces

Many photos go through together, so that the batches of the networks are full. What differs between uses is a value:
how many pixels a photo was decoded to, which of its faces are chosen, whether pictures for people are cut too. Where a
face is known before (a stored one, one that somebody drew, one that is followed) the steps are taken by themselves.

It reads no archive (``workflows.photos.photo_reader`` does, ahead of the work here), stores nothing and names nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import islice
from math import ceil, isnan
from zlib import crc32

import numpy as np

from core.base.errors import ImageRefused
from core.base.settings import ImageLimits
from core.base.types import Detection, Quality, RgbImage, Vectors
from core.base.vectors import normalise_rows
from core.imaging.decoding import DecodedPicture
from core.imaging.geometry import box_centrality
from core.imaging.pixels import encode_jpeg
from core.language.texts import marked
from core.vision.detect.mtcnn import Detector
from core.vision.detect.upright import UprightFaces, detect_upright
from core.vision.embed.crops import crop_portrait
from core.vision.embed.embedder import Embedder, Preparation
from core.vision.quality import PixelMeasures, explain_low_grade, measure_quality

SAMPLED_EVERY = 32
"""Of so many faces one has its mirror image looked at in any case."""
NO_FACE = marked("No face could be found.")
"""What is said of a photo that shows none."""
Decode = Callable[[bytes, ImageLimits, int | None], DecodedPicture]
"""What turns a file into a picture, upright by its EXIF, with at least so many pixels on its longer side, or all; it
raises ImageRefused. ``isolation.photos.decode_photo`` does it in a child."""
ChooseFaces = Callable[[Sequence[Detection], DecodedPicture], Sequence[Detection]]
"""Which faces of a photo are cut and embedded, and in which order. They come with the most probable first, in pixels of
the whole photo, turned as the picture is."""


def choose_every_face(faces: Sequence[Detection], picture: DecodedPicture) -> Sequence[Detection]:
    """Every face, from left to right."""
    return sorted(faces, key=lambda face: face.box.left)


def choose_main_face(faces: Sequence[Detection], picture: DecodedPicture) -> Sequence[Detection]:
    """The largest and most central face alone."""
    return [faces[main_face_index(faces, picture)]] if faces else []


def main_face_index(faces: Sequence[Detection], picture: DecodedPicture) -> int:
    """The index of the largest and most central face; there must be one."""
    width_px, height_px = picture.width_px, picture.height_px
    return max(range(len(faces)), key=lambda index: box_centrality(faces[index].box, width_px, height_px))


@dataclass(frozen=True, slots=True, eq=False)
class DecodedPhoto:
    """A photo on its way to its faces."""

    picture: DecodedPicture
    content: bytes = b""
    """Its file, to be decoded once more where a face needs more pixels than ``picture`` has of it."""
    photo_id: str = ""
    choose: ChooseFaces = choose_every_face
    mirrored: bool = False
    """Whether the mirror image of every face is looked at too."""
    may_turn: bool = True
    """Whether it is looked at turned where it seems to lie on its side or head; else it is taken as it is."""
    known: tuple[Detection, ...] | None = None
    """Its faces where they are known, in all its pixels: none are looked for then, and all are taken in this order."""

    @classmethod
    def whole(cls, pixels: RgbImage) -> DecodedPhoto:
        """A photo with all its pixels, upright by its EXIF: (height, width, 3) uint8, RGB."""
        return cls(DecodedPicture.whole(pixels))

    def turned(self, quarters: int) -> DecodedPhoto:
        """The photo turned further, clockwise."""
        return replace(self, picture=self.picture.turned(quarters))


@dataclass(frozen=True, slots=True, eq=False)
class CutFace:
    """A face cut out of its photo: all that is needed of the pixels."""

    detection: Detection
    """In pixels of the whole upright photo."""
    crop: RgbImage
    """What the network sees: levelled, square."""
    portrait: bytes
    """For people to look at, a JPEG; empty unless it was asked for."""
    measures: PixelMeasures
    mirrored: bool
    """Whether its mirror image is looked at too."""


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddedFace(CutFace):
    """A face with its vector."""

    vector: Vectors
    """(dimension,) float32, unit length; of a face whose grade is poor too, though it tells nobody apart."""
    quality: Quality

    @property
    def doubt(self) -> str:
        """Why nobody can tell who it is: "too blurred"; "" where that is no question."""
        return explain_low_grade(self.quality)


@dataclass(frozen=True, slots=True, eq=False)
class PhotoFaces:
    """A photo after its faces were looked for."""

    photo_id: str
    picture: DecodedPicture
    """Turned upright; ``picture.turn`` says by how much. It may have fewer pixels than the photo."""
    faces: tuple[EmbeddedFace, ...] = ()
    """Those that were chosen, in that order."""
    n_detected: int = 0
    """How many there are on the photo, chosen or not."""
    objection: str = ""
    """Why there are none though the photo could be decoded once: damage that showed only with more of its pixels."""

    @property
    def main(self) -> int:
        """The index of the largest and most central of ``faces``; there must be one."""
        return main_face_index([face.detection for face in self.faces], self.picture)


@dataclass(frozen=True)
class FacePipeline:
    """A detector, and the embedder of one model, behind a decoder; safe to share between threads."""

    detector: Detector
    embedder: Embedder
    decode: Decode
    limits: ImageLimits

    @property
    def model(self) -> Preparation:
        """Whose vectors they are."""
        return self.embedder.model

    @property
    def photos_at_once(self) -> int:
        """How many photos should come together, at least, so that the device is busy with their faces."""
        return self.embedder.engine.load.photos

    @property
    def side_by_side(self) -> FacePipeline:
        """The same for threads that look through a batch each at the same time, as many as ``streams``."""
        detecting, embedding = self.detector.engine.side_by_side, self.embedder.engine.side_by_side
        if embedding is self.embedder.engine:
            return self
        return replace(
            self,
            detector=replace(self.detector, engine=detecting),
            embedder=replace(self.embedder, engine=embedding),
        )

    @property
    def streams(self) -> int:
        """How many batches are looked through at the same time."""
        return self.embedder.engine.streams

    @property
    def enough_px(self) -> int:
        """Longer side of a picture on which all faces are found that more pixels would show."""
        return self.detector.settings.fine_long_side_px

    def read_photo(self, content: bytes) -> PhotoFaces:
        """All faces of one photo file with their mirror images, from left to right. Raises ImageRefused."""
        return self.find_faces([replace(self.decode_photo(content), mirrored=True)])[0]

    def decode_photo(self, content: bytes, turn: int = 0) -> DecodedPhoto:
        """A photo with all its pixels, turned by quarters clockwise after what its EXIF says. Raises ImageRefused."""
        picture = self.decode(content, self.limits, None)
        return DecodedPhoto(picture.turned(turn), content, sha256(content).hexdigest())

    def find_faces(self, photos: Sequence[DecodedPhoto], *, portraits: bool = False) -> list[PhotoFaces]:
        """The chosen faces of photos that are looked at together, turned upright where they lie.

        A photo whose damage shows only now has an ``objection`` instead.
        """
        uprights = self._detect_unknown(photos)
        answers, cuts = [], []
        for photo, upright in zip(photos, uprights, strict=True):
            # The turned pixels and those decoded sharper live for one photo at a time: of a batch, crops remain.
            answer, cut = self._cut_chosen(photo.turned(upright.turn), upright.faces, portraits=portraits)
            answers.append(answer)
            cuts.append(cut)
        # One call for all photos: their few faces each would leave the network's batches mostly padding.
        embedded = iter(self.embed_faces([face for cut in cuts for face in cut]))
        return [
            replace(answer, faces=tuple(islice(embedded, len(cut)))) for answer, cut in zip(answers, cuts, strict=True)
        ]

    def detect_faces(self, pictures: Sequence[DecodedPicture], *, may_turn: bool = True) -> list[UprightFaces]:
        """Every face of each picture, in pixels of the whole photo turned by ``UprightFaces.turn``.

        Parameters
        ----------
        may_turn : whether a picture that lies on its side or head is looked at turned; else it is taken as it is
        """
        pixels = [picture.pixels for picture in pictures]
        if may_turn:
            uprights = detect_upright(self.detector, pixels)
        else:
            uprights = [UprightFaces(0, faces) for faces in self.detector.detect(pixels)]
        return [_in_whole_photo(upright, picture) for upright, picture in zip(uprights, pictures, strict=True)]

    def _detect_unknown(self, photos: Sequence[DecodedPhoto]) -> list[UprightFaces]:
        upright_of = {photo: UprightFaces(0, list(photo.known)) for photo in photos if photo.known is not None}
        for may_turn in (True, False):
            unknown = [photo for photo in photos if photo.known is None and photo.may_turn is may_turn]
            uprights = self.detect_faces([photo.picture for photo in unknown], may_turn=may_turn)
            upright_of |= dict(zip(unknown, uprights, strict=True))
        return [upright_of[photo] for photo in photos]

    def cut_faces(self, photo: DecodedPhoto, faces: Sequence[Detection], *, portraits: bool = False) -> list[CutFace]:
        """Cut faces out of a photo, decoded once more where they need more of its pixels.

        Parameters
        ----------
        faces : in pixels of the whole photo, turned as ``photo`` is

        Raises
        ------
        ImageRefused
            Damage that shows only when more of the photo is decoded.
        """
        picture = self._decode_sharp_enough(photo, faces)
        return [self._cut_face(picture, face, portraits=portraits, mirrored=photo.mirrored) for face in faces]

    def embed_faces(self, cuts: Sequence[CutFace]) -> list[EmbeddedFace]:
        """Vectors and grades of faces that were cut out, in their order."""
        mirrored = np.array([cut.mirrored for cut in cuts], dtype=np.bool_)
        vectors, steadiness = self.embedder.embed_steadily([cut.crop for cut in cuts], mirrored)
        return [
            EmbeddedFace(
                detection=cut.detection,
                crop=cut.crop,
                portrait=cut.portrait,
                measures=cut.measures,
                mirrored=cut.mirrored,
                vector=vector,
                quality=cut.measures.quality(None if isnan(steady) else float(steady)),
            )
            for cut, vector, steady in zip(cuts, vectors, steadiness, strict=True)
        ]

    def add_mirror_images(self, faces: Sequence[EmbeddedFace]) -> list[EmbeddedFace]:
        """The same faces, those whose mirror image was not looked at yet with it."""
        mirrors = iter(self.embedder.embed_crops([face.crop[:, ::-1] for face in faces if not _has_mirror(face)]))
        return [face if _has_mirror(face) else _with_mirror(face, next(mirrors)) for face in faces]

    def _cut_chosen(
        self, photo: DecodedPhoto, faces: Sequence[Detection], *, portraits: bool
    ) -> tuple[PhotoFaces, list[CutFace]]:
        answer = PhotoFaces(photo.photo_id, photo.picture, n_detected=len(faces))
        taken = faces if photo.known is not None else photo.choose(faces, photo.picture)
        try:
            return answer, self.cut_faces(photo, taken, portraits=portraits)
        except ImageRefused as refusal:
            return replace(answer, objection=str(refusal)), []

    def _cut_face(self, picture: DecodedPicture, face: Detection, *, portraits: bool, mirrored: bool) -> CutFace:
        face_in_picture = face.scaled(*picture.scale_xy)
        crop = self.embedder.crop(picture.pixels, face_in_picture)
        return CutFace(
            detection=face,
            crop=crop,
            portrait=encode_jpeg(crop_portrait(picture.pixels, face_in_picture.box)) if portraits else b"",
            measures=measure_quality(picture.pixels, face_in_picture, 1 / picture.scale_xy[0]),
            mirrored=mirrored or _is_sampled(crop),
        )

    def _decode_sharp_enough(self, photo: DecodedPhoto, faces: Sequence[Detection]) -> DecodedPicture:
        """The photo with as many pixels as the smallest of these faces needs."""
        picture = photo.picture
        if not faces:
            return picture
        # Below this scale the crop of the smallest face would be enlarged, and its vector that of a blurred face.
        smallest = min(max(face.box.width, face.box.height) for face in faces)
        needed_scale = min(1.0, self.embedder.sharp_face_px / smallest)
        if min(picture.scale_xy) >= needed_scale:
            return picture
        # Rounded up: a pixel too few would have the same face asked for once more.
        needed_px = ceil(needed_scale * max(picture.width_px, picture.height_px))
        return self.decode(photo.content, self.limits, needed_px).turned(picture.turn)


def _is_sampled(crop: RgbImage) -> bool:
    """Whether it is one of the few faces whose mirror image is looked at though nobody asked: always the same ones.

    A dataset's crops are judged by how steady the vectors of these are (``learn.metrics.crop_check``).
    """
    return crc32(crop.tobytes()) % SAMPLED_EVERY == 0


def _has_mirror(face: EmbeddedFace) -> bool:
    return face.quality.steadiness is not None


def _with_mirror(face: EmbeddedFace, mirror: Vectors) -> EmbeddedFace:
    (vector,) = normalise_rows((face.vector + mirror)[None])
    quality = replace(face.quality, steadiness=float(face.vector @ mirror))
    return replace(face, mirrored=True, vector=vector, quality=quality)


def _in_whole_photo(upright: UprightFaces, picture: DecodedPicture) -> UprightFaces:
    """Faces of a picture that may have fewer pixels, in those of the whole photo."""
    across, down = picture.scale_xy
    # Turned by a quarter, the sides have changed places.
    if upright.turn % 2:
        across, down = down, across
    return UprightFaces(upright.turn, [face.scaled(1 / across, 1 / down) for face in upright.faces])

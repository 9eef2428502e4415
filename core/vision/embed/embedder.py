"""Faces to unit vectors: crop, standardise, run the network; where it is asked for, on the mirror image too.

How a face is prepared belongs to the model, never to the caller, and its version is part of the name of the vectors.
Measured on pairs of the development part of LFW: see docs/accuracy.md.

References
----------
.. [1] F. Schroff, D. Kalenichenko, J. Philbin, "FaceNet: A Unified Embedding for Face Recognition and Clustering",
   CVPR 2015.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from core.base.types import Bools, Detection, Floats, RgbImage, Vectors
from core.base.vectors import normalise_rows
from core.imaging.geometry import crop_transform, landmark_transform
from core.vision.embed.crops import crop_face
from core.vision.engine.base import Engine


class Preparation(Protocol):
    """What the embedder must know of a model (``vision.models.catalogue.EmbeddingModel`` is one)."""

    @property
    def id(self) -> str:
        """The network's name."""

    @property
    def vectors_id(self) -> str:
        """The name of its vectors: the network and how faces are prepared for it."""

    @property
    def dimension(self) -> int:
        """Numbers in one vector."""

    @property
    def input_px(self) -> int:
        """Side of the square crop that the network takes."""

    @property
    def margin(self) -> float:
        """Fraction of the face box's size that a crop adds, both sides together."""

    @property
    def by_landmarks(self) -> bool:
        """Whether eyes and mouth are brought to fixed places, else a square about the box is turned level."""

    @property
    def always_mirrored(self) -> bool:
        """Whether every vector is the mean of the face's and its mirror image's, asked for or not."""

    @property
    def per_image_standardisation(self) -> bool:
        """Whether a crop is scaled by its own mean and deviation, else by fixed numbers."""


@dataclass
class Embedder:
    """Turns detected faces into unit vectors of one model."""

    engine: Engine
    model: Preparation

    def embed(self, faces: Sequence[tuple[RgbImage, Detection]]) -> Vectors:
        """Unit vectors of faces.

        Parameters
        ----------
        faces : pairs of a (height, width, 3) uint8 RGB photo and a face detected in it

        Returns
        -------
        (n_faces, dimension) float32, unit length
        """
        return self.embed_crops([self.crop(image, face) for image, face in faces])

    @property
    def sharp_face_px(self) -> float:
        """Longer side of an average face from which on its crop is not enlarged."""
        return self.model.input_px / (1 + self.model.margin)

    def crop(self, image: RgbImage, face: Detection) -> RgbImage:
        """What the network sees of a face: (input_px, input_px, 3) uint8."""
        size_px, margin = self.model.input_px, self.model.margin
        if self.model.by_landmarks:
            transform = landmark_transform(face.landmarks, size_px, margin)
        else:
            transform = crop_transform(face.box, face.landmarks, size_px, margin)
        return crop_face(image, transform, size_px)

    def embed_crops(self, crops: Sequence[RgbImage]) -> Vectors:
        """Unit vectors of crops that are levelled and sized already."""
        return self.embed_steadily(crops, np.zeros(len(crops), dtype=np.bool_))[0]

    def embed_steadily(self, crops: Sequence[RgbImage], mirrored: Bools) -> tuple[Vectors, Floats]:
        """Unit vectors of crops, and how steady each is: the cosine of the face's vector and its mirror image's.

        Parameters
        ----------
        mirrored : (n,) the crops whose mirror image is looked at too; all are by models that always do

        Returns
        -------
        (n, dimension) float32, unit length; (n,) float32, NaN where the mirror image was not looked at
        """
        if not crops:
            return np.empty((0, self.model.dimension), dtype=np.float32), np.empty(0, dtype=np.float32)
        inputs = self.standardise(np.stack(crops))
        rows = np.flatnonzero(mirrored | self.model.always_mirrored)
        # One batch for both: the mirror images of a few faces alone would be mostly padding.
        images = np.concatenate([inputs, inputs[rows, :, ::-1]])
        vectors = normalise_rows(self.engine.network(self.model.id, "embed")(images)[0])
        own, mirror = vectors[: len(crops)], vectors[len(crops) :]
        steadiness = np.full(len(crops), np.nan, dtype=np.float32)
        steadiness[rows] = np.einsum("ij,ij->i", own[rows], mirror)
        # The mirror image is the same person seen anew: the mean of both is steadier than either.
        own[rows] = normalise_rows(own[rows] + mirror)
        return own, steadiness

    def standardise(self, crops: npt.NDArray[np.uint8]) -> Floats:
        """The network's input from (n, size, size, 3) uint8 crops: float32, by the model's own rule.

        Models of 2017 want every image at mean 0 and standard deviation 1 (bounded below by 1 / sqrt(n_values)),
        models of 2018 a fixed (x - 127.5) / 127.5.
        """
        if not self.model.per_image_standardisation:
            return (crops.astype(np.float32) - np.float32(127.5)) / np.float32(127.5)
        values = np.empty(crops.shape, dtype=np.float32)
        for crop, standardised in zip(crops.reshape(len(crops), -1), values.reshape(len(crops), -1), strict=True):
            # On the bytes, one crop after another: it stays in the cache, and is written as floats once.
            ((mean,),), ((deviation,),) = cv2.meanStdDev(crop)
            # Bounded below, as the networks were trained: a crop of one colour must not be divided by zero.
            spread = max(deviation, 1 / np.sqrt(crop.size))
            np.multiply(crop, np.float32(1 / spread), out=standardised)
            standardised -= np.float32(mean / spread)
        return values

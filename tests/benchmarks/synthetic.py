"""Makes a large dataset to measure with, out of random vectors and the sample's faces::

    python -m tests.benchmarks.synthetic --data DIR --people 5000 --faces 100000 [--unnamed 2000] [--one-side]

Everything goes through the store as an ingest's results do: photos with names, sides and perceptual hashes, faces
with boxes, crops as files, and vectors. A fifth of each person's photos is for validation; with ``--one-side`` none
is, and training makes folds. Every photo and every crop is a file of its own under its own hash, small ones made of a
few hundred real ones, since what takes time is their number.

The vectors behave like FaceNet's on lfw-dev (in brackets): two faces of one person have a mean cosine of 0.78 with
a standard deviation of 0.10 (0.78, 0.10), two people 0.04 and 0.15 (0.05, 0.14), and the spread of all fills
about 33 of the 128 dimensions (36). Accuracies on them mean nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from core.base.settings import Settings
from core.base.types import Detection, Face, Ints, Photo, Quality, RgbImage, Split, Vectors
from core.imaging.decoding import decode_image
from core.imaging.pixels import encode_jpeg, perceptual_hash
from core.services import Services
from core.store.artifacts import ArtifactKind, content_id
from core.store.values.datasets import Dataset, IngestBatch, PhotoLabel, StoredFace
from core.vision import quality as measures
from core.vision.embed.crops import crop_portrait
from core.vision.models.catalogue import DEFAULT_VECTORS_ID
from core.workflows.photos.ingestor import new_face_id

DIMENSION = 128
WITHIN, BETWEEN = 60.0, 42.0
"""The standard deviation along a dimension falls by e in so many dimensions: within a person, and between people."""
COMMON_LENGTH = 0.22
"""The length of the mean of all people, which makes strangers a little alike."""
NOISE, NOISE_OF_PEOPLE, NOISE_OF_FACES = 0.29, 0.08, 0.6
"""The squared length of what a face adds to its person: mean, spread over people, and (of its logarithm) over faces."""
PHOTO_PX, CROP_PX = 96, 96
STEADINESS = 0.97
"""Cosine of a face's vector and its mirror image's, which nobody computes here."""
LOOKS = 3
"""Thumbnails made of each real face."""
AT_ONCE = 2000
VALIDATION_SHARE = 5


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A real face as a small photo and a crop, which many synthetic faces share."""

    photo: bytes
    width_px: int
    height_px: int
    crop: bytes
    detection: Detection
    perceptual_hash: int
    quality: Quality


def vectors_of(labels: Ints, n_people: int, seed: int = 0) -> Vectors:
    """Draw a unit vector for each face around its person's: (n, 128) float32."""
    rng = np.random.default_rng(seed)
    common = np.zeros(DIMENSION)
    common[DIMENSION // 6] = COMMON_LENGTH
    centres = _unit(common + rng.normal(size=(n_people, DIMENSION)) * spectrum(BETWEEN))
    noise = np.clip(rng.normal(NOISE, NOISE_OF_PEOPLE, n_people), 0.08, None)[labels]
    noise *= rng.lognormal(-(NOISE_OF_FACES**2) / 2, NOISE_OF_FACES, len(labels))
    drawn = rng.normal(size=(len(labels), DIMENSION)) * spectrum(WITHIN) * np.sqrt(noise)[:, None]
    return _unit(centres[labels] + drawn).astype(np.float32)


def spectrum(falls_in: float) -> np.ndarray:
    """How much vectors vary along each dimension: (128,) of length 1."""
    deviations = np.exp(-np.arange(DIMENSION) / falls_in)
    return deviations / np.linalg.norm(deviations)


def _unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def looks_of_sample(services: Services, seed: int = 0) -> list[Look]:
    """Find the faces of the sample and make small, changed copies of them."""
    rng = np.random.default_rng(seed)
    with zipfile.ZipFile(services.sample_zip()) as archive:
        images = [decode_image(archive.read(name), services.settings.images) for name in archive.namelist()]
    found = [services.detector.detect([image])[0] for image in images]
    faces = [(image, detections[0]) for image, detections in zip(images, found, strict=True) if detections]
    return [_look(image, detection, rng) for image, detection in faces for _ in range(LOOKS)]


def _look(image: RgbImage, detection: Detection, rng: np.random.Generator) -> Look:
    changed = np.clip(image * rng.uniform(0.75, 1.2) + rng.uniform(-15, 15), 0, 255).astype(np.uint8)
    crop = cv2.resize(crop_portrait(changed, detection.box), (CROP_PX, CROP_PX), interpolation=cv2.INTER_AREA)
    height, width = image.shape[:2]
    scale = PHOTO_PX / max(width, height)
    small = cv2.resize(changed, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)
    quality = measures.measure_quality(changed, detection).quality(STEADINESS)
    return Look(
        photo=encode_jpeg(small),
        width_px=width,
        height_px=height,
        crop=encode_jpeg(crop),
        detection=detection,
        perceptual_hash=perceptual_hash(changed),
        quality=quality,
    )


@dataclass(frozen=True, slots=True)
class Size:
    """How large a dataset is wanted."""

    people: int
    faces: int
    """In all; the last ``unnamed`` of them have no name."""
    unnamed: int = 0
    sides: bool = True
    """Photos to learn from and to test on, or all on neither side."""

    def label(self, row: int) -> PhotoLabel:
        if row >= self.faces - self.unnamed:
            return PhotoLabel(None, None)
        tests = row // self.people % VALIDATION_SHARE == VALIDATION_SHARE - 1
        side = (Split.VAL if tests else Split.TRAIN) if self.sides else None
        return PhotoLabel(f"person_{row % self.people:05d}", side)


def make(services: Services, name: str, size: Size, seed: int = 0) -> Dataset:
    """Write a dataset of faces dealt to people in turn."""
    looks = looks_of_sample(services, seed)
    dataset = services.store.create_dataset(name, DEFAULT_VECTORS_ID)
    vectors = vectors_of(np.arange(size.faces, dtype=np.int64) % size.people, size.people, seed)
    for first in range(0, size.faces, AT_ONCE):
        rows = range(first, min(first + AT_ONCE, size.faces))
        faces = [_face(services, dataset, looks[row % len(looks)], row, size.label(row)) for row in rows]
        services.store.add(dataset.id, "", _batch(faces, vectors[rows]))
    return services.store.dataset(dataset.id)


def _face(
    services: Services, dataset: Dataset, look: Look, row: int, label: PhotoLabel
) -> tuple[Photo, PhotoLabel, Face]:
    """One photo with one face; the number of the row, after the end of the JPEG, makes each file its own."""
    mark = row.to_bytes(4, "big")
    photo_id, crop_id = content_id(look.photo + mark), content_id(look.crop + mark)
    services.artifacts.put(dataset.id, ArtifactKind.PHOTO, photo_id, look.photo + mark)
    services.artifacts.put(dataset.id, ArtifactKind.CROP, crop_id, look.crop + mark)
    # No two photos look alike to the search for near duplicates, or a person's photos of one look would be one shot.
    noise = int.from_bytes(hashlib.sha256(mark).digest()[:8], "big")
    name = f"{label.split or 'loose'}/{label.person or 'nobody'}/{row:06d}.jpg"
    photo = Photo(
        id=photo_id,
        name=name,
        width_px=look.width_px,
        height_px=look.height_px,
        size_bytes=len(look.photo) + 4,
        perceptual_hash=look.perceptual_hash ^ noise,
    )
    found = look.detection
    own_id = new_face_id(photo_id, found.box, DEFAULT_VECTORS_ID)
    face = Face(
        id=own_id,
        photo_id=photo_id,
        box=found.box,
        landmarks=found.landmarks,
        prob=found.prob,
        crop_id=crop_id,
        person=label.person,
        split=label.split,
        quality=look.quality,
    )
    return photo, label, face


def _batch(made: Sequence[tuple[Photo, PhotoLabel, Face]], vectors: Vectors) -> IngestBatch:
    return IngestBatch(
        photos=[(photo, label) for photo, label, _ in made],
        faces=[StoredFace(face, vector) for (_, _, face), vector in zip(made, vectors, strict=True)],
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Make a large synthetic dataset to measure with.")
    parser.add_argument("--data", type=Path, required=True, help="a data folder; its models/ must be installed")
    parser.add_argument("--people", type=int, default=5_000)
    parser.add_argument("--faces", type=int, default=100_000, help="in all, the unnamed ones too")
    parser.add_argument("--unnamed", type=int, default=0, help="faces without a name")
    parser.add_argument("--one-side", action="store_true", help="no photos set apart for validation")
    parser.add_argument("--name", help="of the dataset")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


if __name__ == "__main__":
    asked = _arguments()
    began = time.monotonic()
    title = asked.name or f"Synthetic {asked.faces}"
    size = Size(asked.people, asked.faces, asked.unnamed, not asked.one_side)
    made = make(Services(Settings(asked.data)), title, size, asked.seed)
    print(f"'{made.name}' ({made.id}) in {asked.data}, {time.monotonic() - began:.0f} s")

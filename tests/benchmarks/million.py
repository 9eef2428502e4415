"""Makes a dataset of a million faces of 50,000 people to open pages with::

    python -m tests.benchmarks.million --data DIR [--people 50000] [--faces 1000000]

Rows go through the store in batches, as an ingest's do: photos of five faces each, people with few faces and with
many, vectors as ``synthetic`` draws them, and a fiftieth of the faces without a name. A map is stored as UMAP's, on
which each person is a spot. Pictures are one and the same small JPEG, linked under every photo's name: what pages take
is told by rows, not by what is on a picture.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.base.settings import Settings
from core.base.types import Box, Face, Floats, Ints, Photo, Quality, Split, Vectors
from core.imaging.pixels import encode_jpeg
from core.learn.projection.map_values import MapParams
from core.services import Services
from core.store.artifacts import ArtifactKind, content_id
from core.store.values.datasets import Dataset, IngestBatch, PhotoLabel, StoredFace
from core.store.values.runs import MapInfo
from core.vision.models.catalogue import DEFAULT_VECTORS_ID
from tests.benchmarks import synthetic

FACES_OF_A_PHOTO = 5
AT_ONCE = 20_000
UNNAMED_SHARE = 0.02
SPREAD_OF_COUNTS = 0.9
"""Of the logarithm of how many faces a person has."""
SPOT = 0.004
"""The standard deviation of a person's faces on the map, which is one wide."""
LINKS_OF_A_FILE = 50_000
"""A file system of ext4 links a file 65,000 times."""
FIRST, LAST = 946_684_800, 1_735_689_600
"""Photos are of 2000 to 2024, in seconds since 1970."""


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """Who everybody is, drawn once."""

    labels: Ints
    """(n_faces,) the person of each, -1 without a name"""
    centres: Vectors
    noise: Floats
    """(n_people,) how much faces differ from their person's middle"""
    rng: np.random.Generator

    def vectors(self, rows: range) -> Vectors:
        """Unit vectors of some faces; of those without a name each has a person of its own."""
        labels = self.labels[rows.start : rows.stop]
        people = np.where(labels >= 0, labels, self.rng.integers(0, len(self.centres), len(labels)))
        spread = self.noise[people] * self.rng.lognormal(-0.18, synthetic.NOISE_OF_FACES, len(rows))
        drawn = self.rng.standard_normal((len(rows), synthetic.DIMENSION)) * synthetic.spectrum(synthetic.WITHIN)
        vectors = self.centres[people] + drawn * np.sqrt(spread)[:, None]
        return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def draw_crowd(n_faces: int, n_people: int, seed: int = 0) -> Crowd:
    """Deal faces to people, a few of whom have very many."""
    rng = np.random.default_rng(seed)
    sizes = rng.lognormal(0, SPREAD_OF_COUNTS, n_people)
    # Everybody has a face, the rest go by size; then all are mixed, as photos show several people.
    dealt = rng.choice(n_people, n_faces - n_people, p=sizes / sizes.sum())
    labels = rng.permutation(np.concatenate([np.arange(n_people), dealt]))
    labels[rng.random(n_faces) < UNNAMED_SHARE] = -1
    centres = rng.standard_normal((n_people, synthetic.DIMENSION)) * synthetic.spectrum(synthetic.BETWEEN)
    centres[:, synthetic.DIMENSION // 6] += synthetic.COMMON_LENGTH
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    noise = np.clip(rng.normal(synthetic.NOISE, synthetic.NOISE_OF_PEOPLE, n_people), 0.08, None)
    return Crowd(labels, centres.astype(np.float32), noise.astype(np.float32), rng)


def write_crowd(services: Services, name: str, crowd: Crowd) -> Dataset:
    """Write the faces in batches, as an ingest does."""
    dataset = services.store.create_dataset(name, DEFAULT_VECTORS_ID)
    picture = encode_jpeg(np.full((64, 64, 3), 150, dtype=np.uint8))
    crop_id = content_id(picture)
    services.artifacts.put(dataset.id, ArtifactKind.CROP, crop_id, picture)
    for first in range(0, len(crowd.labels), AT_ONCE):
        rows = range(first, min(first + AT_ONCE, len(crowd.labels)))
        photos = [_photo(row) for row in rows[::FACES_OF_A_PHOTO]]
        grades = np.clip(crowd.rng.normal(0.8, 0.15, len(rows)), 0, 1)
        faces = [
            _face(row, int(crowd.labels[row]), float(grade), crop_id) for row, grade in zip(rows, grades, strict=True)
        ]
        stored = [StoredFace(face, vector) for face, vector in zip(faces, crowd.vectors(rows), strict=True)]
        labelled = [(photo, PhotoLabel(None, _side(int(photo.perceptual_hash)))) for photo in photos]
        services.store.add(dataset.id, "", IngestBatch(photos=labelled, faces=stored))
        print(f"{rows.stop:>9} faces", flush=True)
    _link_photos(services, dataset, picture, len(crowd.labels))
    return services.store.dataset(dataset.id)


def _photo_id(row: int) -> str:
    return hashlib.sha256(b"photo %d" % (row // FACES_OF_A_PHOTO)).hexdigest()


def face_id_of(row: int) -> str:
    """The id of a face, which says nothing of its person."""
    return hashlib.sha256(b"face %d" % row).hexdigest()[:24]


def _photo(row: int) -> Photo:
    number = row // FACES_OF_A_PHOTO
    return Photo(
        id=_photo_id(row),
        name=f"{2000 + number % 25}/party {number // 400:04d}/IMG_{number:06d}.jpg",
        width_px=1600,
        height_px=1200,
        size_bytes=400_000,
        perceptual_hash=number * 11_400_714_819_323_198_485 % (1 << 64),
        taken=FIRST + number * 2_654_435_761 % (LAST - FIRST),
    )


def _side(number: int) -> Split:
    return Split.VAL if number % 5 == 0 else Split.TRAIN


def _face(row: int, label: int, grade: float, crop_id: str) -> Face:
    left, size = 40.0 + 300 * (row % FACES_OF_A_PHOTO), 60.0 + row % 140
    return Face(
        id=face_id_of(row),
        photo_id=_photo_id(row),
        box=Box(left, 300, left + size, 300 + 1.2 * size),
        landmarks=np.zeros((5, 2), dtype=np.float32),
        prob=0.99,
        crop_id=crop_id,
        person=f"Person {label:05d}" if label >= 0 else None,
        split=_side(int(_photo(row).perceptual_hash)) if label >= 0 else None,
        quality=Quality(
            size_px=size,
            sharpness=grade,
            brightness=0.5,
            contrast=0.2,
            yaw_deg=0.0,
            pitch_deg=0.0,
            roll_deg=0.0,
            cut_frac=0.0,
            steadiness=None,
            grade=grade,
        ),
    )


def _link_photos(services: Services, dataset: Dataset, picture: bytes, n_faces: int) -> None:
    """The file of every photo, as names of a few that are there."""
    for count, photo_id in enumerate(_photo_ids(n_faces)):
        path = services.artifacts.path(dataset.id, ArtifactKind.PHOTO, photo_id)
        if count % LINKS_OF_A_FILE == 0:
            services.artifacts.put(dataset.id, ArtifactKind.PHOTO, photo_id, picture)
            shared = path
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.link(shared, path)


def _photo_ids(n_faces: int) -> Iterator[str]:
    return (_photo_id(row) for row in range(0, n_faces, FACES_OF_A_PHOTO))


def write_map(services: Services, dataset: Dataset, crowd: Crowd) -> None:
    """A map on which each person is a spot somewhere, and faces without a name lie between them."""
    spots = crowd.rng.random((len(crowd.centres), 2))
    own = crowd.rng.random((len(crowd.labels), 2))
    points = np.where(crowd.labels[:, None] >= 0, spots[crowd.labels], own)
    points = (points + crowd.rng.normal(0, SPOT, points.shape)).astype(np.float32)
    ids = np.array([face_id_of(row) for row in range(len(crowd.labels))], dtype="S24")
    order = np.argsort(ids)
    buffer = io.BytesIO()
    np.savez(buffer, face_ids=ids[order], points=points[order])
    info = MapInfo(
        id=uuid.uuid4().hex[:12],
        dataset_id=dataset.id,
        revision=dataset.revision,
        method="umap",
        params=MapParams(model_id=DEFAULT_VECTORS_ID),
        created=time.time(),
        seconds=0.0,
    )
    services.artifacts.put(dataset.id, ArtifactKind.MAP, info.id, buffer.getvalue())
    services.runs.add_map(info)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Make a dataset of a million faces to open pages with.")
    parser.add_argument("--data", type=Path, required=True, help="a data folder")
    parser.add_argument("--people", type=int, default=50_000)
    parser.add_argument("--faces", type=int, default=1_000_000)
    parser.add_argument("--name", default="A million faces", help="of the dataset")
    return parser.parse_args()


if __name__ == "__main__":
    asked = _arguments()
    began = time.monotonic()
    services = Services(Settings(asked.data))
    crowd = draw_crowd(asked.faces, asked.people)
    written = write_crowd(services, asked.name, crowd)
    write_map(services, written, crowd)
    print(f"'{written.name}' ({written.id}) in {asked.data}, {time.monotonic() - began:.0f} s")

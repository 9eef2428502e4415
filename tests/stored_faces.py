"""Faces without photos: enough for pages that read vectors and names."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np

from core.base.types import Box, Face, Photo
from core.services import Services
from core.store.values.datasets import Dataset, IngestBatch, PhotoLabel, StoredFace

_LANDMARKS = np.zeros((5, 2), dtype=np.float32)


def add_faces(
    services: Services, name: str, people: Mapping[str | None, int], looks_like: Mapping[str, str] | None = None
) -> Dataset:
    """Put faces into a dataset, made when it is new.

    A person's faces lie around a direction of their own, or around that of the one they look like.
    """
    known = {dataset.name: dataset for dataset in services.store.datasets()}
    dataset = known.get(name) or services.store.create_dataset(name, "facenet-128")
    number = itertools.count(services.store.counts(dataset.id).photos)
    photos, faces = [], []
    for person, count in people.items():
        look = (looks_like or {}).get(person or "", person)
        for _ in range(count):
            photo, face = stored_face(next(number), person, look)
            photos.append((photo, PhotoLabel(person, None)))
            faces.append(face)
    services.store.add(dataset.id, "", IngestBatch(photos=photos, faces=faces))
    return services.store.dataset(dataset.id)


def stored_face(number: int, person: str | None, look: str | None) -> tuple[Photo, StoredFace]:
    """A photo of this number and the one face on it, which looks like somebody."""
    photo_id, face_id = f"{number:064x}", f"{number:024x}"
    shade = np.random.default_rng(number)
    direction = np.random.default_rng(sum((look or "?").encode())).normal(size=128)
    vector = direction / np.linalg.norm(direction) + 0.045 * shade.normal(size=128)
    vector = (vector / np.linalg.norm(vector)).astype(np.float32)
    photo = Photo(
        id=photo_id,
        name=f"{person}/{number}.jpg",
        width_px=100,
        height_px=100,
        size_bytes=1000,
        perceptual_hash=int(shade.integers(1 << 62)),
    )
    face = Face(
        id=face_id,
        photo_id=photo_id,
        box=Box(10, 10, 60, 70),
        landmarks=_LANDMARKS,
        prob=0.99,
        crop_id=f"{number:064x}",
        person=person,
        split=None,
    )
    return photo, StoredFace(face, vector)

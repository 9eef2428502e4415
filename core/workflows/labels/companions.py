"""Who is on the same photos as somebody."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from core.base.columns import number_values
from core.base.face_table import FaceTable


@dataclass(frozen=True, slots=True)
class Companion:
    """Somebody who is seen together with another."""

    person_id: int
    n_photos: int
    """On so many photos both are seen."""


def count_companions(table: FaceTable, person_id: int) -> list[Companion]:
    """The people on the photos of a person, those of the most photos first; hidden people are left out."""
    if person_id not in table.person_ids:
        return []
    own_label = table.person_ids.index(person_id)
    photos = number_values(table.photo_ids)
    is_own_photo = np.zeros(int(photos.max()) + 1, dtype=bool)
    is_own_photo[photos[table.labels == own_label]] = True
    rows = np.flatnonzero(is_own_photo[photos] & (table.labels >= 0) & (table.labels != own_label) & ~table.of_hidden)
    # A pair, not a face: whoever is in a photo twice, in a mirror or a collage, is on one photo.
    sightings = set(zip(photos[rows].tolist(), table.labels[rows].tolist(), strict=True))
    counts = Counter(label for _, label in sightings)
    # Of as many photos, in the order of names, in which ``people`` are.
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Companion(table.person_ids[label], n_photos) for label, n_photos in ranked]

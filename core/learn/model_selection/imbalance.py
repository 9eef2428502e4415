"""Whether some people have far fewer faces to learn from than others.

Every person counts the same in a training, so the many are not favoured for being many; but of the few it has seen
little, and their faces are the ones that are missed. Of 25 people with one face each beside 54 with ten and more 1.4 to
1.9 % of the faces were missed, of the others at most 0.3 % (``classification.calibrated_classifier``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.base.types import Ints

IMBALANCE_RATIO = 20
"""One person has so many times another's faces, or more: then it is worth saying."""


@dataclass(frozen=True, slots=True)
class Imbalance:
    """The person with the most faces, and those with a twentieth of them or less."""

    largest: str
    most_faces: int
    scarce: tuple[str, ...]
    """The fewest faces first; at least one person."""
    scarce_faces: tuple[int, ...]
    """How many each of ``scarce`` has, 1 or more."""

    @property
    def ratio(self) -> int:
        """How many times the fewest the most are, rounded down."""
        return self.most_faces // self.scarce_faces[0]


def find_imbalance(people: Sequence[str], faces: Ints) -> Imbalance | None:
    """Whom a training knows far better than others; None where nobody has ``IMBALANCE_RATIO`` times another's faces.

    Parameters
    ----------
    faces : (n_people,) int64, how many faces of each are learned from; who has none takes no part
    """
    if not len(faces):
        return None
    largest = int(np.argmax(faces))
    most = int(faces[largest])
    # Stable, so that people with equally many stand in the order they were given in.
    order = [int(index) for index in np.argsort(faces, kind="stable") if 0 < faces[index] * IMBALANCE_RATIO <= most]
    if not order:
        return None
    return Imbalance(
        largest=people[largest],
        most_faces=most,
        scarce=tuple(people[index] for index in order),
        scarce_faces=tuple(int(faces[index]) for index in order),
    )

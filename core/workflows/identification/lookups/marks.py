"""What there is to say of the faces and photos of a lookup at a limit: who has a name, and what to look at again.

How sure a name is, is ``learn.open_set.certainty``'s to say.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

import numpy as np

from core.base.types import Bools, Ints
from core.learn.open_set.certainty import Sureness
from core.learn.open_set.rejection_rule import TARGET_RATE, Threshold
from core.workflows.identification.lookups.values import Lookup


class LookupMark(IntFlag):
    """What can be said of a face; a photo has the marks of its faces, or one of ``NO_FACE`` and ``REFUSED``."""

    NAMED = 1
    UNKNOWN = 2
    UNSURE = 4
    """One step of the rate would decide otherwise, or the name is not probable: see ``certainty``."""
    TWO_NAMES = 8
    """Another face is surely the same person's and has another name."""
    AGAIN = 16
    """Another face of the photo has the same name."""
    NO_FACE = 32
    REFUSED = 64
    SURE = 128


@dataclass(frozen=True, slots=True, eq=False)
class LookupMarks:
    """The marks at one limit."""

    threshold: Threshold
    faces: Ints
    """(n_faces,) of all faces in turn: sums of ``LookupMark``"""
    photos: Ints
    """(n_photos,)"""

    def of_face(self, row: int) -> LookupMark:
        """The marks of the face in a row of ``faces``."""
        return LookupMark(int(self.faces[row]))


def mark_faces(lookup: Lookup, rate: float = TARGET_RATE) -> LookupMarks:
    """The marks of all faces and photos when this share of strangers may be named."""
    threshold, faces = lookup.threshold(rate), list(lookup.faces())
    index_of = {name: index for index, name in enumerate(lookup.people)}
    scores = np.array([face.score for face in faces], dtype=np.float64)
    probs = np.array([face.candidates[0].prob for face in faces], dtype=np.float64)
    people = np.array([index_of[face.candidates[0].person] for face in faces], dtype=np.int64)
    photo_of = np.repeat(np.arange(len(lookup.photos)), [len(photo.faces) for photo in lookup.photos])
    grades = np.array([face.grade for face in faces], dtype=np.float64)
    is_named = threshold.decide_named(scores, grades)
    sureness = lookup.certainty_rule.rate_faces(scores, probs, grades, threshold)
    # Flags as sums: each is added once at most, so adding and joining are the same.
    face_marks = np.where(is_named, LookupMark.NAMED, LookupMark.UNKNOWN)
    face_marks = face_marks + LookupMark.UNSURE * (sureness == Sureness.UNSURE)
    face_marks = face_marks + LookupMark.SURE * (sureness == Sureness.SURE)
    face_marks = face_marks + LookupMark.TWO_NAMES * _two_names(np.array(lookup.rivals, dtype=np.int64), is_named)
    face_marks = face_marks + LookupMark.AGAIN * _again(photo_of, people, is_named, len(lookup.people))
    return LookupMarks(
        threshold, face_marks.astype(np.int64), _photo_marks(lookup, photo_of, face_marks.astype(np.int64))
    )


def _two_names(rivals: Ints, is_named: Bools) -> Bools:
    # A rival of -1 reads the last face, which the test before it has ruled out; both have to be named for their names
    # to differ.
    return np.asarray(is_named & (rivals >= 0) & is_named[rivals]) if len(rivals) else np.zeros(0, dtype=np.bool_)


def _again(photo_of: Ints, people: Ints, is_named: Bools, n_people: int) -> Bools:
    # One number for each pair of photo and person. Faces without a name get a negative one each, so that none is like
    # another.
    keys = np.where(is_named, photo_of * n_people + people, -1 - np.arange(len(is_named)))
    _, group_of, counts = np.unique(keys, return_inverse=True, return_counts=True)
    return np.asarray(counts[group_of] > 1) if len(keys) else np.zeros(0, dtype=np.bool_)


def _photo_marks(lookup: Lookup, photo_of: Ints, face_marks: Ints) -> Ints:
    photo_marks = np.array(
        [0 if photo.faces else LookupMark.REFUSED if photo.refused else LookupMark.NO_FACE for photo in lookup.photos],
        dtype=np.int64,
    )
    # ``at`` joins the marks of all faces of a photo; indexing would keep only the last one's.
    np.bitwise_or.at(photo_marks, photo_of, face_marks)
    return photo_marks

"""What a lookup is: photos that were looked at with a recogniser and not taken in, and who may be on them.

Names are not stored as decided: a face keeps its candidates and its score, and has a name where the score is above the
limit that somebody chooses when they look at it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from core.base.json_values import Json, drop_empty, encode_record
from core.base.types import TRUSTED_GRADE, Box
from core.learn.open_set.certainty import Certainty, CertaintyRule
from core.learn.open_set.rejection_rule import TARGET_RATE, Threshold, threshold_at_rate
from core.store.job_model import JobRequest, JobResult
from core.workflows.identification.identify import Candidate, Evidence
from core.workflows.uploads import FileRequest


@dataclass(frozen=True, slots=True)
class LookupRequest(FileRequest):
    """Photos to be looked at without taking them in. An upload is kept with the result."""

    run: str
    """The id of the recogniser."""
    zip_names: str = ""
    """The code page of names in a zip that do not say theirs."""


@dataclass(frozen=True, slots=True)
class LookupCounts(JobResult):
    """The figures of a lookup."""

    photos: int = 0
    faces: int = 0
    without_face: int = 0
    """Photos."""
    refused: int = 0
    """Files that could not be read; not counted as photos."""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class SortRequest(JobRequest):
    """The photos of a lookup, to be sorted by person."""

    lookup: str
    """Its id."""
    rate: float = TARGET_RATE
    """The share of strangers that may be named."""


@dataclass(frozen=True, slots=True)
class SortedCounts(JobResult):
    """What is in a zip of sorted photos."""

    photos: int = 0
    copies: int = 0
    """A photo of several people is in each one's folder."""
    people: int = 0
    missing: int = 0
    """Photos that were not in the source any more, or not what they were."""
    bytes: int | None = None

    def to_json(self) -> dict[str, Json]:
        """Without the size where it is not known."""
        return drop_empty(encode_record(self))


@dataclass(frozen=True, slots=True)
class LookupFace:
    """One face of a photo."""

    box: Box
    """Pixels of the upright photo; it may reach over the edge."""
    detection_prob: float
    candidates: tuple[Candidate, ...]
    """The most probable first; the nearest of all people is among them."""
    score: float
    """How much the face is like the first candidate; see ``learn.open_set.rejection_rule``."""
    margin: float
    """The classifier's for the first candidate."""
    crop: bytes
    """A small picture of the face, levelled and square: a JPEG."""
    evidence: tuple[Evidence, ...]
    """The training faces nearest to it."""
    grade: float = 1.0
    """Its quality, 0..1; 1 where an earlier version did not note it."""

    @property
    def trusted(self) -> bool:
        """Whether it shows well enough to tell who it is."""
        return self.grade >= TRUSTED_GRADE

    def name(self, threshold: Threshold) -> str | None:
        """The person's name, or None: unknown when the score is not above the limit, or too poor to tell."""
        return self.candidates[0].person if threshold.decide_named(self.score, self.grade) else None

    def certainty(self, rule: CertaintyRule, threshold: Threshold) -> Certainty:
        """How sure it is whom it shows; the rule is its lookup's."""
        return rule.judge_face(self.score, self.candidates[0].prob, self.grade, threshold)


@dataclass(frozen=True, slots=True)
class LookupPhoto:
    """One file that was given."""

    name: str
    """Path in the zip or folder, with '/' between the parts."""
    photo_id: str
    """The sha256 of the file; empty when it was refused."""
    width_px: int
    height_px: int
    faces: tuple[LookupFace, ...]
    """From left to right."""
    reason: str = ""
    """Why there is nothing to see: refused, or no face; else what to know of the file, as of its further pages."""
    orientation: int = 0
    """How the file's picture is stored, by EXIF's numbers 1 to 8; 0 where an earlier version did not note it."""
    turn: int = 0
    """Quarters clockwise by which it was turned to be upright, after what its EXIF says; the sides are those then."""

    @classmethod
    def of_refused(cls, name: str, reason: str) -> LookupPhoto:
        """The line of a file of which nothing can be said but why."""
        return cls(name=name, photo_id="", width_px=0, height_px=0, faces=(), reason=reason)

    @property
    def refused(self) -> bool:
        """Whether the file could not be read as a photo."""
        return not self.photo_id


@dataclass(frozen=True, slots=True)
class Lookup:
    """Everything that was looked at together."""

    id: str
    dataset_id: str
    run_id: str
    title: str
    """What people call it: the name of the file they gave."""
    created: float
    """Seconds since 1970."""
    model_id: str
    people: tuple[str, ...]
    """Whom the recogniser knew."""
    photos: tuple[LookupPhoto, ...]
    thresholds: tuple[Threshold, ...]
    """The recogniser's limits, the largest rate first: they stay when the recogniser goes."""
    rivals: tuple[int, ...]
    """For each of ``faces`` the place of one that is surely the same person's and may get another name; -1 for none."""
    source: str = ""
    """The path of the zip or folder that the photos are read from again; empty when a copy is kept beside."""
    full_score: float = 0.0
    """The score whose likeness is 100; 0 where an earlier version did not note it."""

    @property
    def certainty_rule(self) -> CertaintyRule:
        """What the scores of the faces mean."""
        # Of an earlier version the scale is not known. Its faces that are most like somebody tell where it ends, as
        # among many photos some are very like those that were learned from.
        strictest = self.thresholds[-1].score
        highest = max((face.score for face in self.faces()), default=strictest)
        return CertaintyRule(self.thresholds, self.full_score or max(highest, 2 * strictest))

    def faces(self) -> Iterator[LookupFace]:
        """The faces of all photos in turn."""
        for photo in self.photos:
            yield from photo.faces

    def threshold(self, rate: float = TARGET_RATE) -> Threshold:
        """The limit at which this share of strangers would be named. Raises InputRefused for a rate without a limit."""
        return threshold_at_rate(self.thresholds, rate)


@dataclass(frozen=True, slots=True)
class LookupInfo:
    """A lookup as a list shows it."""

    id: str
    dataset_id: str
    run_id: str
    title: str
    created: float
    photos: int
    faces: int
    covers: tuple[bytes, ...]
    """Pictures of a few of its faces: JPEGs."""
    damage: str = ""
    """Why it cannot be read; what stands above is empty then."""

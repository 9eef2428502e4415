"""Faces in front of a camera: followed from frame to frame, and named only when their name has settled.

A face keeps its number while it is in view. The vectors of looks that show it well enough are averaged as they come,
and a name appears or goes only when several looks in a row say so. Nothing is kept of a frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

import numpy as np

from core.base.types import Box, Detection, Doubles, RgbImage, Vectors
from core.base.vectors import normalise_rows
from core.imaging.geometry import match_boxes
from core.learn.open_set.certainty import Certainty
from core.learn.open_set.rejection_rule import Threshold
from core.vision.pipeline import DecodedPhoto
from core.workflows.identification.identify import Identifier

SAME_FACE_IOU = 0.3
"""Least overlap (IoU) of a face with itself one frame later."""
LOST_AFTER_S = 1.0
"""A face that was not seen for so long is gone; until then it is waited for."""
SHOWN_FOR_S = 0.35
"""So long the box of a face that is waited for stays on the picture."""
SAME_FACE_COSINE = 0.75
"""From this cosine on, a face that appears is one that is waited for: it moved too fast to overlap with itself."""
ANSWERS_TO_SETTLE = 2
"""So many looks in a row must give the same answer before it changes what is shown."""
VECTOR_DECAY = 0.8
"""What the vectors seen before count for, beside a new one."""
BOX_SMOOTHING = 0.5
"""How far a box follows the newest one; the rest is where it was."""
LOOKS_A_FRAME = 3
"""Faces embedded in one frame: those that were not looked at for longest."""
LOOK_AGAIN_S = 0.5
"""A face whose name has settled is not looked at again before; until then it is only followed."""


@dataclass(frozen=True, slots=True)
class FollowedFace:
    """A face in view."""

    number: int
    """Its own for as long as it is in view, from 1."""
    box: Box
    name: str | None
    """None for nobody known, or not settled yet."""
    settled: bool
    certainty: Certainty | None
    """How sure that is; None while nothing is settled, or where no look showed the face well enough."""


@dataclass(slots=True, eq=False)
class _Track:
    number: int
    corners: Doubles
    seen_s: float
    looked_s: float = -np.inf
    vector: Vectors | None = None
    name: str | None = None
    certainty: Certainty | None = None
    settled: bool = False
    last_answer: str | None = None
    same_in_a_row: int = 0

    def follow(self, box: Box, now_s: float) -> None:
        # The detector's boxes tremble by a few pixels from frame to frame, which looks like unrest.
        self.corners = (1 - BOX_SMOOTHING) * self.corners + BOX_SMOOTHING * np.array(box.as_tuple())
        self.seen_s = now_s

    def is_due(self, now_s: float) -> bool:
        """Whether it is time to look who it is: always until the name has settled, or another is heard."""
        # A doubt is followed up at once: once a single look has said otherwise, the next one decides.
        return not self.settled or self.last_answer != self.name or now_s - self.looked_s >= LOOK_AGAIN_S

    def likeness(self, vector: Vectors) -> float:
        """The cosine to what was seen before."""
        return -1.0 if self.vector is None else float(normalise_rows(self.vector[None])[0] @ vector)

    def remember(self, vector: Vectors, now_s: float) -> Vectors:
        """The mean of what was seen, the newest included; unit length."""
        # The sum is kept and not its direction: its length is how much has been seen, beside which one new look weighs
        # little. Older looks fade, so that somebody who took a track over is not averaged with who was there before.
        weighted_sum = np.zeros_like(vector) if self.vector is None else self.vector
        self.vector, self.looked_s = np.asarray(VECTOR_DECAY * weighted_sum + vector, dtype=np.float32), now_s
        return np.asarray(normalise_rows(self.vector[None])[0])

    def overlook(self, now_s: float) -> None:
        """Pass over a look too poor to tell anybody by: it changes no name; who was never seen well is nobody known."""
        self.looked_s = now_s
        if self.vector is None:
            self.hear(None, None)

    def hear(self, name: str | None, certainty: Certainty | None) -> None:
        """Take an answer; it is shown when it was given several times in a row."""
        # One odd look in a hundred frames would make a name flicker.
        self.same_in_a_row = self.same_in_a_row + 1 if name == self.last_answer else 1
        self.last_answer = name
        if self.same_in_a_row >= ANSWERS_TO_SETTLE:
            self.name, self.settled = name, True
        if name == self.name:
            self.certainty = certainty


@dataclass
class FaceTracker:
    """One camera watched with one recogniser; frames come in their order, from one thread at a time."""

    identifier: Identifier
    _tracks: list[_Track] = field(default_factory=list, init=False)
    _numbers: count[int] = field(default_factory=lambda: count(1), init=False)

    def track_frame(self, frame: RgbImage, threshold: Threshold, now_s: float) -> list[FollowedFace]:
        """The faces in view, after one more frame.

        Parameters
        ----------
        frame : (height, width, 3) uint8, RGB
        now_s : when the frame was taken, by any clock that does not go back

        Raises
        ------
        ModelMismatch
            The recogniser was trained on another model's vectors.
        """
        # Forgotten by time and not by frames: how many come in a second hangs on the machine.
        self._tracks = [track for track in self._tracks if now_s - track.seen_s <= LOST_AFTER_S]
        photo = DecodedPhoto.whole(frame)
        # Nobody holds a camera upside down, and to look at every frame turned would take four times as long.
        (seen,) = self.identifier.pipeline.detect_faces([photo.picture], may_turn=False)
        tracked = self._follow(seen.faces, now_s)
        waiting = [(track, face) for track, face in tracked if track.is_due(now_s)]
        # Embedding is what costs time: those looked at longest ago come first, so that a crowd is named in turn.
        due = sorted(waiting, key=lambda pair: pair[0].looked_s)[:LOOKS_A_FRAME]
        self._name_due(photo, due, threshold, now_s)
        return [
            FollowedFace(
                number=track.number,
                box=Box(*track.corners.tolist()),
                name=track.name,
                settled=track.settled,
                certainty=track.certainty,
            )
            for track in self._tracks
            if now_s - track.seen_s <= SHOWN_FOR_S
        ]

    def _follow(self, detections: Sequence[Detection], now_s: float) -> list[tuple[_Track, Detection]]:
        """Each face found with its track, a new one where it was not in view."""
        tracks = list(self._tracks)
        boxes = [Box(*track.corners.tolist()) for track in tracks]
        tracked = []
        # Matched once for the whole frame: each track goes on with one face at most, the best of those that overlap.
        for face, index in zip(
            detections, match_boxes([face.box for face in detections], boxes, SAME_FACE_IOU), strict=True
        ):
            if index is None:
                track = _Track(next(self._numbers), np.array(face.box.as_tuple()), now_s)
                self._tracks.append(track)
            else:
                track = tracks[index]
                track.follow(face.box, now_s)
            tracked.append((track, face))
        return tracked

    def _name_due(
        self, photo: DecodedPhoto, due: Sequence[tuple[_Track, Detection]], threshold: Threshold, now_s: float
    ) -> None:
        """Look at the faces whose turn it is, and let their tracks hear who they are."""
        if not due:
            return
        pipeline = self.identifier.pipeline
        faces = pipeline.embed_faces(pipeline.cut_faces(photo, [face for _, face in due]))
        clear = [(track, face.vector) for (track, _), face in zip(due, faces, strict=True) if not face.doubt]
        for (track, _), face in zip(due, faces, strict=True):
            if face.doubt:
                track.overlook(now_s)
        if not clear:
            return
        resumed = [(self._resumed_track(track, vector, now_s), vector) for track, vector in clear]
        means = np.stack([track.remember(vector, now_s) for track, vector in resumed])
        for (track, _), answer in zip(resumed, self.identifier.name_vectors(means, threshold), strict=True):
            track.hear(*answer)

    def _resumed_track(self, track: _Track, vector: Vectors, now_s: float) -> _Track:
        """The track that a face goes on with: a waited-for one that is like it, when it has just appeared."""
        if track.vector is not None:
            return track
        # Only those that were not found in this frame: who is in view already is somebody else.
        waiting = [candidate for candidate in self._tracks if candidate.seen_s < now_s and candidate.vector is not None]
        best = max(waiting, key=lambda candidate: candidate.likeness(vector), default=None)
        if best is None or best.likeness(vector) < SAME_FACE_COSINE:
            return track
        # The number that the face had before goes on, with its name; the new track never was.
        self._tracks.remove(track)
        best.corners, best.seen_s = track.corners, now_s
        return best

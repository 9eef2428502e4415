"""A lookup as one file of arrays, and the batches of one that is not done yet.

The file is an npz: a small part for lists, a header with the names, and one row for each face in the arrays. Nothing in
it is pickled. The part file grows by a batch at a time; what a killed process left half written is cut off.
"""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import accumulate, pairwise
from pathlib import Path
from typing import IO, Any

import numpy as np

from core.base.errors import InputRefused
from core.base.types import Box, Vectors
from core.language.texts import marked
from core.learn.open_set.rejection_rule import Threshold
from core.workflows.identification.identify import EVIDENCE_FACES, TOP_CANDIDATES, Candidate, Evidence
from core.workflows.identification.lookups.values import (
    Lookup,
    LookupFace,
    LookupInfo,
    LookupPhoto,
)

FILE_FORMAT = 1
COVERS = 8
_HEAD = struct.Struct("<QI")
"""Length and CRC-32 of a batch."""

Arrays = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class LookupBatch:
    """Photos that were looked at together."""

    positions: tuple[int, ...]
    """The place of each photo among the entries of its source."""
    photos: tuple[LookupPhoto, ...]
    vectors: Vectors
    """(n_faces, dimension) float32, of all faces in turn"""


# whole lookups


def encode_lookup(lookup: Lookup) -> bytes:
    """The file of a lookup."""
    faces = list(lookup.faces())
    info = {
        "format": FILE_FORMAT,
        "id": lookup.id,
        "dataset_id": lookup.dataset_id,
        "run_id": lookup.run_id,
        "title": lookup.title,
        "created": lookup.created,
        "photos": len(lookup.photos),
        "faces": len(faces),
    }
    header = {
        "model_id": lookup.model_id,
        "people": list(lookup.people),
        "thresholds": [asdict(threshold) for threshold in lookup.thresholds],
        "source": lookup.source,
        "full_score": lookup.full_score,
    }
    # Spread over all photos, as the first faces are often of one event.
    step = max(1, len(faces) // COVERS)
    return _npz(
        {"info": _json(info), "header": _json(header)}
        | _pictures("covers", [face.crop for face in faces[::step][:COVERS]])
        | _photo_arrays(lookup.photos, lookup.people)
        | {"rivals": np.array(lookup.rivals, dtype=np.int32)}
    )


def decode_lookup(content: bytes) -> Lookup:
    """Read what ``encode_lookup`` wrote. Raises InputRefused for anything else."""
    with _refusing(), _opened(content) as arrays:
        # The format first: a later one may have other arrays, and says so instead of failing in them.
        info, header = _checked_info(arrays), _read_json(arrays["header"])
        people = tuple(header["people"])
        return Lookup(
            id=info["id"],
            dataset_id=info["dataset_id"],
            run_id=info["run_id"],
            title=info["title"],
            created=info["created"],
            model_id=header["model_id"],
            people=people,
            photos=tuple(_photos(arrays, people)),
            thresholds=tuple(Threshold(**threshold) for threshold in header["thresholds"]),
            rivals=tuple(arrays["rivals"].tolist()),
            source=header["source"],
            full_score=header.get("full_score", 0.0),
        )


def decode_lookup_info(file: IO[bytes]) -> LookupInfo:
    """What a list shows of a lookup's file; the rest of it is not read. Raises InputRefused when it is damaged."""
    with _refusing(), np.load(file, allow_pickle=False) as arrays:
        info = _checked_info(arrays)
        # An npz is read array by array: of a lookup of 1,000 photos this reads some kilobytes and not the megabytes of
        # all crops.
        covers = tuple(_split_joined(arrays["covers"], arrays["covers_ends"]))
        return LookupInfo(**{name: value for name, value in info.items() if name != "format"}, covers=covers)


def _checked_info(arrays: Mapping[str, Any]) -> dict[str, Any]:
    info: dict[str, Any] = _read_json(arrays["info"])
    if info["format"] != FILE_FORMAT:
        raise ValueError(f"it has format {info['format']}, and this version reads format {FILE_FORMAT}")
    return info


_FAULTS = (ValueError, KeyError, IndexError, TypeError, EOFError, zipfile.BadZipFile, zlib.error)


@contextmanager
def _refusing() -> Iterator[None]:
    """Turn what reading a damaged file raises into InputRefused."""
    try:
        yield
    except _FAULTS as fault:
        raise InputRefused(
            marked("The kept result cannot be read ({fault}). Forget it, and look again.").format(fault=fault)
        ) from fault


# photos and faces as arrays


def _photo_arrays(photos: Sequence[LookupPhoto], people: Sequence[str]) -> Arrays:
    faces = [face for photo in photos for face in photo.faces]
    index_of = {name: index for index, name in enumerate(people)}
    # People as rows of the list of names, and -1 where there are fewer: arrays of one width instead of lists in JSON.
    candidates = np.full((len(faces), TOP_CANDIDATES), -1, dtype=np.int32)
    figures = np.zeros((len(faces), TOP_CANDIDATES, 2), dtype=np.float32)
    evidence = np.zeros((len(faces), EVIDENCE_FACES), dtype="S24")
    distances = np.zeros((len(faces), EVIDENCE_FACES), dtype=np.float32)
    for row, face in enumerate(faces):
        for rank, candidate in enumerate(face.candidates):
            candidates[row, rank] = index_of[candidate.person]
            figures[row, rank] = candidate.prob, candidate.distance
        for rank, neighbour in enumerate(face.evidence):
            evidence[row, rank] = neighbour.face_id.encode("ascii")
            distances[row, rank] = neighbour.distance
    photo_rows = [
        [photo.name, photo.photo_id, photo.width_px, photo.height_px, photo.reason, photo.orientation, photo.turn]
        for photo in photos
    ]
    return {
        "photos": _json(photo_rows),
        "faces_of": np.array([len(photo.faces) for photo in photos], dtype=np.int32),
        "boxes": np.array([face.box.as_tuple() for face in faces], dtype=np.float32).reshape(-1, 4),
        "figures": np.array(
            # In double precision: a score on the very limit decides alike after it was stored.
            [(face.detection_prob, face.score, face.margin, face.grade) for face in faces],
            dtype=np.float64,
        ).reshape(-1, 4),
        "candidates": candidates,
        "candidate_figures": figures,
        "evidence": evidence,
        "evidence_distances": distances,
    } | _pictures("crops", [face.crop for face in faces])


def _photos(arrays: Mapping[str, Any], people: Sequence[str]) -> Iterator[LookupPhoto]:
    faces = _faces(arrays, people)
    for fields, count in zip(_read_json(arrays["photos"]), arrays["faces_of"].tolist(), strict=True):
        # earlier versions noted no orientation, and no turn
        name, photo_id, width_px, height_px, reason, *later_fields = fields
        orientation, turn = [*later_fields, 0, 0][:2]
        yield LookupPhoto(
            name=name,
            photo_id=photo_id,
            width_px=width_px,
            height_px=height_px,
            faces=tuple(next(faces) for _ in range(count)),
            reason=reason,
            orientation=orientation,
            turn=turn,
        )


def _faces(arrays: Mapping[str, Any], people: Sequence[str]) -> Iterator[LookupFace]:
    columns = ("boxes", "figures", "candidates", "candidate_figures", "evidence", "evidence_distances")
    rows = zip(*(arrays[name].tolist() for name in columns), strict=True)
    for crop, row in zip(_split_joined(arrays["crops"], arrays["crops_ends"]), rows, strict=True):
        # earlier versions noted no grade
        box, (prob, score, margin, *grade), person_indices, figures, ids, distances = row
        candidates = zip(person_indices, figures, strict=True)
        evidence = zip(ids, distances, strict=True)
        yield LookupFace(
            box=Box(*box),
            detection_prob=prob,
            candidates=tuple(
                Candidate(people[person], *prob_and_distance) for person, prob_and_distance in candidates if person >= 0
            ),
            score=score,
            margin=margin,
            crop=crop,
            evidence=tuple(Evidence(face_id.decode("ascii"), distance) for face_id, distance in evidence if face_id),
            grade=grade[0] if grade else 1.0,
        )


def _pictures(name: str, pictures: Sequence[bytes]) -> Arrays:
    """Files one after the other, and where each ends."""
    # Crops in one block with their ends: thousands of members would take longer to open than to read.
    ends = np.array(list(accumulate(len(picture) for picture in pictures)), dtype=np.int64)
    return {name: np.frombuffer(b"".join(pictures), dtype=np.uint8), f"{name}_ends": ends}


def _split_joined(joined: Any, ends: Any) -> Iterator[bytes]:
    content = joined.tobytes()
    yield from (content[start:end] for start, end in pairwise([0, *ends.tolist()]))


def _npz(arrays: Arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def _opened(content: bytes) -> Any:
    return np.load(io.BytesIO(content), allow_pickle=False)


def _json(value: Any) -> Any:
    return np.frombuffer(json.dumps(value).encode("ascii"), dtype=np.uint8)


def _read_json(packed: Any) -> Any:
    return json.loads(bytes(packed))


# lookups that are not done yet


@dataclass(frozen=True, slots=True)
class PartFile:
    """The batches of a lookup so far."""

    path: Path
    people: tuple[str, ...]

    def batches(self) -> list[LookupBatch]:
        """What was finished, in turn; a batch that was only half written is cut off the file."""
        if not self.path.exists():
            return []
        batches, whole_end = [], 0
        with self.path.open("r+b") as file:
            while (content := _whole_record(file.read(_HEAD.size), file)) is not None:
                batches.append(self._read(content))
                whole_end = file.tell()
            # What follows is half a batch: the next one would be appended behind it, and never be read.
            file.truncate(whole_end)
        return batches

    def append(self, batch: LookupBatch) -> None:
        """Add a batch; it counts once it is written whole."""
        # One write of a whole record with its length and checksum: after a kill or a power cut it is there, or it does
        # not count.
        record = _npz(
            _photo_arrays(batch.photos, self.people)
            | {"positions": np.array(batch.positions, dtype=np.int64), "vectors": batch.vectors}
        )
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as file:
            file.write(_HEAD.pack(len(record), zlib.crc32(record)) + record)

    def _read(self, content: bytes) -> LookupBatch:
        with _refusing(), _opened(content) as arrays:
            photos = tuple(_photos(arrays, self.people))
            return LookupBatch(tuple(arrays["positions"].tolist()), photos, arrays["vectors"])


def _whole_record(head: bytes, file: io.BufferedRandom) -> bytes | None:
    if len(head) < _HEAD.size:
        return None
    length, checksum = _HEAD.unpack(head)
    content = file.read(length)
    return content if len(content) == length and zlib.crc32(content) == checksum else None

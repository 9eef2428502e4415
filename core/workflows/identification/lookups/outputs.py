"""What can be taken of a lookup: a table, a document, sidecars, and the photos sorted into folders by person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from core.archives.source import PhotoEntry, PhotoSource
from core.base.errors import ImageRefused, ReadingEnded
from core.base.json_values import Json
from core.base.progress import UNWATCHED, Progress
from core.base.settings import ImageLimits
from core.base.words import display_name
from core.formats import xmp
from core.formats.tables import encode_csv
from core.formats.xmp import Sidecar
from core.formats.xmp_frame import build_sidecar
from core.formats.zip_writer import Folders, ZipWriter, safe_part, writing_zip
from core.imaging.geometry import turned_orientation
from core.isolation.photos import read_time_taken
from core.language.texts import marked
from core.learn.open_set.rejection_rule import TARGET_RATE, Threshold
from core.store.artifacts import content_id
from core.workflows.identification.identify import candidates_json, evidence_json, nearest_candidate
from core.workflows.identification.lookups.marks import LookupMark, mark_faces
from core.workflows.identification.lookups.values import Lookup, LookupFace, LookupPhoto, SortedCounts

UNKNOWN, NO_FACE = "unknown", "no face"
"""The folders of photos on which nobody has a name, and of those without a face."""
COLUMNS = (
    *("photo", "photo_sha256", "photo_width_px", "photo_height_px", "photo_turn", "face"),
    *("left_px", "top_px", "right_px", "bottom_px", "detection_prob"),
    *("name", "nearest", "prob", "distance", "score", "needed", "quality", "too_poor"),
    *("uncertain", "two_names", "same_name_again", "reason", "certainty", "likeness"),
)
_MARK_COLUMNS = {
    "uncertain": LookupMark.UNSURE,
    "two_names": LookupMark.TWO_NAMES,
    "same_name_again": LookupMark.AGAIN,
}


# the table and the document


def lookup_csv(lookup: Lookup, rate: float = TARGET_RATE) -> bytes:
    """A row for each face, and one for each file without a face."""
    return b"".join(encode_csv([list(_rows(lookup, rate))], COLUMNS))


def _rows(lookup: Lookup, rate: float) -> Iterator[dict[str, Json]]:
    lookup_marks, rule, row = mark_faces(lookup, rate), lookup.certainty_rule, 0
    for photo in lookup.photos:
        photo_columns: dict[str, Json] = {
            "photo": photo.name,
            "photo_sha256": photo.photo_id,
            "photo_width_px": photo.width_px,
            "photo_height_px": photo.height_px,
            "photo_turn": photo.turn,
            "reason": photo.reason,
        }
        if not photo.faces:
            yield photo_columns
        for number, face in enumerate(photo.faces, start=1):
            yield {
                **photo_columns,
                "face": number,
                **_face_row(face, lookup_marks.threshold),
                **_mark_columns(lookup_marks.of_face(row)),
                **face.certainty(rule, lookup_marks.threshold).to_json(),
            }
            row += 1


def _face_row(face: LookupFace, threshold: Threshold) -> dict[str, Json]:
    nearest, name = nearest_candidate(face.candidates), face.name(threshold)
    sides = zip(("left_px", "top_px", "right_px", "bottom_px"), face.box.as_tuple(), strict=True)
    return {
        **{name: round(side, 1) for name, side in sides},
        "detection_prob": round(face.detection_prob, 4),
        "name": name or "",
        "nearest": nearest.person,
        # Of an unknown face the nearest is shown, so the probability is of the same person.
        "prob": round((face.candidates[0] if name else nearest).prob, 4),
        "distance": round(nearest.distance, 4),
        "score": round(face.score, 4),
        "needed": round(threshold.score, 4),
        "quality": round(face.grade, 4),
        "too_poor": int(not face.trusted),
    }


def _mark_columns(mark: LookupMark) -> dict[str, int]:
    return {name: int(bool(mark & flag)) for name, flag in _MARK_COLUMNS.items()}


def lookup_json(lookup: Lookup, rate: float = TARGET_RATE) -> dict[str, Json]:
    """Everything as one document; the photos as ``identify`` answers."""
    lookup_marks, rule, row, photos = mark_faces(lookup, rate), lookup.certainty_rule, 0, []
    for photo in lookup.photos:
        faces = []
        for face in photo.faces:
            flags = {name: bool(value) for name, value in _mark_columns(lookup_marks.of_face(row)).items()}
            certainty = face.certainty(rule, lookup_marks.threshold)
            faces.append({**_face_json(face, lookup_marks.threshold), **flags, **certainty.to_json()})
            row += 1
        photos.append(_photo_json(photo) | {"faces": faces})
    return {"lookup": lookup.id, "run": lookup.run_id, "title": lookup.title, "fpir": rate, "photos": photos}


def _photo_json(photo: LookupPhoto) -> dict[str, Json]:
    fields: dict[str, Json] = {"photo": photo.name, "sha256": photo.photo_id or None}
    fields |= {"size": [photo.width_px, photo.height_px], "turn": photo.turn} if not photo.refused else {}
    return fields | ({"reason": photo.reason} if photo.reason else {})


def _face_json(face: LookupFace, threshold: Threshold) -> dict[str, Json]:
    return {
        "box": [round(side, 1) for side in face.box.as_tuple()],
        "detection_prob": round(face.detection_prob, 4),
        "name": face.name(threshold),
        "quality": round(face.grade, 4),
        "too_poor": not face.trusted,
        "prob": round(face.candidates[0].prob, 4),
        "candidates": candidates_json(face.candidates),
        "why": {
            "score": round(face.score, 4),
            "needed": round(threshold.score, 4),
            "fpir": threshold.rate,
            "margin": round(face.margin, 4),
            "nearest": evidence_json(face.evidence),
        },
    }


# sidecars


def write_sidecars(lookup: Lookup, path: Path, rate: float = TARGET_RATE) -> int:
    """A zip with an XMP sidecar for each photo with faces, in the photos' folders; how many there are."""
    threshold, count = lookup.threshold(rate), 0
    with writing_zip(path) as target:
        for photo in lookup.photos:
            if photo.faces:
                name = "/".join(map(safe_part, PurePosixPath(photo.name).parts)) + ".xmp"
                target.add_parts(target.free_name(name), [xmp.encode_sidecar(_sidecar(photo, threshold))])
                count += 1
    return count


def _sidecar(photo: LookupPhoto, threshold: Threshold) -> Sidecar:
    faces = [(face.box, display_name(name) if (name := face.name(threshold)) else None) for face in photo.faces]
    # Of a lookup of an earlier version it is not known how the file is stored: its sidecars are those of version 1.
    orientation = turned_orientation(photo.orientation, photo.turn) if photo.orientation else 0
    return build_sidecar(photo.photo_id, (photo.width_px, photo.height_px), faces, orientation)


# sorted copies


def sort_photos(
    lookup: Lookup,
    source: PhotoSource,
    path: Path,
    rate: float = TARGET_RATE,
    progress: Progress = UNWATCHED,
) -> SortedCounts:
    """Write a zip with a folder for each person: the photos byte for byte, one of several people in each one's folder.

    Photos on which nobody has a name are in ``unknown``, those without a face in ``no face``; refused files are left
    out. One photo at a time is in memory.

    Parameters
    ----------
    source : of the photos that were looked at

    Raises
    ------
    Cancelled
        Between two photos; nothing is written.
    """
    threshold = lookup.threshold(rate)
    folders, entries_by_name = Folders((UNKNOWN, NO_FACE)), _by_name(source)
    photos = [photo for photo in lookup.photos if not photo.refused]
    n_copies, n_missing, people = 0, 0, set()
    with writing_zip(path) as target:
        for number, photo in enumerate(photos):
            progress.step(number, len(photos), marked("Sorting photos"))
            # Read again from where it lies: copies are to be the photos byte for byte.
            content = _content(photo, source, entries_by_name)
            if content is None:
                n_missing += 1
                continue
            names = sorted({name for face in photo.faces if (name := face.name(threshold))})
            people.update(names)
            n_copies += _copy(photo, content, [folders.folder_of(name) for name in names], target)
    progress.report(len(photos), len(photos), marked("Sorting photos"))
    return SortedCounts(len(photos) - n_missing, n_copies, len(people), n_missing)


def _by_name(source: PhotoSource) -> Mapping[str, list[PhotoEntry]]:
    entries: dict[str, list[PhotoEntry]] = defaultdict(list)
    for entry in source.entries:
        entries[entry.name].append(entry)
    return entries


def _content(photo: LookupPhoto, source: PhotoSource, entries_by_name: Mapping[str, list[PhotoEntry]]) -> bytes | None:
    """The photo's file, when it is still what was looked at; two in a zip may have one name."""
    for entry in entries_by_name.get(photo.name, ()):
        try:
            content = source.read(entry)
        except ImageRefused:
            continue
        # By content: a photo that was replaced under its name shows somebody else perhaps.
        if content_id(content) == photo.photo_id:
            return content
    return None


def _copy(photo: LookupPhoto, content: bytes, people: list[str], target: ZipWriter) -> int:
    folder_names, taken = people or [UNKNOWN if photo.faces else NO_FACE], _time_taken(content)
    for folder in folder_names:
        target.add_content(target.free_name(f"{folder}/{safe_part(PurePosixPath(photo.name).name)}"), content, taken)
    return len(folder_names)


def _time_taken(content: bytes) -> float | None:
    try:
        return read_time_taken(content, ImageLimits())
    except ReadingEnded:
        # It is copied all the same, with the date of the zip.
        return None

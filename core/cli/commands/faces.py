"""Faces, and what is said of them: ``faces``, ``move``, ``mark``, ``apart``, ``draw``, ``teach``."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path

from core.base import words
from core.base.errors import ImageRefused, InputRefused
from core.base.types import Box, Face, Split
from core.cli import resolution
from core.cli.commands.corrections import correction_json, open_corrector
from core.cli.parser import Answer, Commands, require_dataset
from core.corrections.model import Entity, Event
from core.services import Services
from core.workflows.datasets import find_person, find_photo, require_faces
from core.workflows.labels import teach
from core.workflows.labels.correct import Corrector
from core.workflows.photos import look_again


def add_faces(commands: Commands) -> None:
    """``faces``."""
    command = require_dataset(
        commands.add("faces", _faces, "the faces of a dataset with their ids, for other commands")
    )
    which = command.add_mutually_exclusive_group()
    which.add_argument("--person", metavar="NAME", help="only this person's")
    which.add_argument("--photo", metavar="PHOTO", help="only those on this photo")
    which.add_argument("--unnamed", action="store_true", help="only those without a name that are no strangers")


def _faces(options: argparse.Namespace) -> Answer:
    services, dataset = resolution.open_dataset(options)
    # A photo is read by itself: the table of all faces would be read to show a few.
    if options.photo:
        photo_id = find_photo(services.transfer.photo_ids(dataset.id), options.photo)
        return {"faces": [_face_json(face, options.photo) for face in services.store.photo(dataset.id, photo_id)[1]]}
    person = find_person(services.store, dataset.id, options.person) if options.person else None
    table = services.store.face_table(dataset.id, person.id if person else None)
    names = dict(zip(table.face_ids, table.photo_names, strict=True))
    faces = services.store.faces(dataset.id, names)
    listed = (face for face in faces if not options.unnamed or not (face.person or face.stranger))
    return {"faces": [_face_json(face, names[face.id]) for face in listed]}


def _face_json(face: Face, photo_name: str) -> Answer:
    quality = face.quality.grade if face.quality else math.nan
    return {
        "face": face.id,
        "photo": photo_name,
        # A tenth of a pixel is finer than any detector is; more digits would only look exact.
        "box": [round(side, 1) for side in face.box.as_tuple()],
        "name": face.person,
        "split": face.split.value if face.split else None,
        # NaN is no JSON.
        "quality": None if math.isnan(quality) else round(quality, 4),
        "confirmed": face.confirmed,
        "excluded": face.excluded,
        "stranger": face.stranger,
        "drawn": face.drawn,
    }


def add_move(commands: Commands) -> None:
    """``move``."""
    text = "give faces a person's name: those without one, and those of another"
    command = _takes_faces(commands.add("move", _move, text))
    command.add_argument("--to", required=True, metavar="NAME", help="somebody of the dataset, or somebody new")


def _move(options: argparse.Namespace) -> Answer:
    return _correct_faces(options, lambda corrector: corrector.move(options.face, options.to))


_MARKS: dict[str, Callable[[Corrector, list[str]], Event]] = {
    "confirmed": Corrector.confirm,
    "unnamed": Corrector.unname,
    "stranger": Corrector.mark_strangers,
    "no-face": Corrector.dismiss,
    "excluded": Corrector.exclude,
    "included": Corrector.include,
    "train": lambda corrector, face_ids: corrector.assign_split(face_ids, Split.TRAIN),
    "val": lambda corrector, face_ids: corrector.assign_split(face_ids, Split.VAL),
}
"""What can be said of faces besides a name."""


def add_mark(commands: Commands) -> None:
    """``mark``."""
    text = "say of faces that the name is right, that they are nobody to name or no faces, or what they take part in"
    command = _takes_faces(commands.add("mark", _mark, text))
    command.add_argument("--as", dest="mark", required=True, choices=list(_MARKS))


def _mark(options: argparse.Namespace) -> Answer:
    return _correct_faces(options, lambda corrector: _MARKS[options.mark](corrector, options.face))


def add_apart(commands: Commands) -> None:
    """``apart``."""
    text = "say that two faces show two people: they are not asked about, grouped or suspected as one again"
    command = require_dataset(commands.add("apart", _apart, text))
    command.add_argument("face", nargs=2, metavar="FACE")


def _apart(options: argparse.Namespace) -> Answer:
    first, second = options.face
    return _correct_faces(options, lambda corrector: corrector.keep_apart([(first, second)]))


def _takes_faces(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    command.add_argument("face", nargs="+", metavar="FACE", help="an id, as `faces`, `cluster` and `suspects` give it")
    return require_dataset(command)


def _correct_faces(options: argparse.Namespace, act: Callable[[Corrector], Event]) -> Answer:
    services, corrector = open_corrector(options)
    # An id that is mistyped would change no row and be told as done.
    require_faces(services.store, corrector.dataset_id, options.face)
    return correction_json(services, act(corrector))


def add_draw(commands: Commands) -> None:
    """``draw``."""
    command = require_dataset(commands.add("draw", _draw, "take in a face that the detector missed"))
    command.add_argument("photo", metavar="PHOTO", help="a name in the dataset, its end, or the sha256")
    command.add_argument(
        "--box",
        required=True,
        nargs=4,
        type=float,
        metavar=("LEFT", "TOP", "RIGHT", "BOTTOM"),
        help="pixels of the photo as it is shown",
    )
    command.add_argument("--name", metavar="NAME", help="whose face it is (default: without a name)")


def _draw(options: argparse.Namespace) -> Answer:
    services, corrector = open_corrector(options)
    photo_id = find_photo(services.transfer.photo_ids(corrector.dataset_id), options.photo)
    try:
        box = Box(*options.box)
    except ValueError as fault:
        raise InputRefused("A box is LEFT TOP RIGHT BOTTOM, with LEFT below RIGHT and TOP below BOTTOM.") from fault
    tools = services.ingestor(corrector.dataset_id)
    return _with_face(services, look_again.add_drawn_face(tools, corrector, photo_id, box, options.name))


def add_teach(commands: Commands) -> None:
    """``teach``."""
    text = "take one face of a photo that is not in the dataset in, under a name; nobody else on it is"
    command = require_dataset(commands.add("teach", _teach, text))
    command.add_argument("photo", type=Path, metavar="PHOTO")
    command.add_argument("--name", required=True, metavar="NAME", help="somebody of the dataset, or somebody new")
    command.add_argument("--face", type=int, metavar="N", help="which, from the left, where there are several")


def _teach(options: argparse.Namespace) -> Answer:
    services, corrector = open_corrector(options)
    tools = services.ingestor(corrector.dataset_id)
    try:
        photo, faces = teach.detect_unstored_faces(
            tools, options.photo.name, resolution.read_photo_bytes(options.photo)
        )
    except ImageRefused as refusal:
        raise ImageRefused(f"'{options.photo}': {refusal}") from refusal
    # One face needs no number; of several, somebody has to say which: a wrong name is worse than a question.
    number = options.face if options.face is not None or len(faces) != 1 else 1
    if number is None or not 1 <= number <= len(faces):
        raise InputRefused(
            f"'{options.photo}' shows {words.count(len(faces), 'face')}. Say which one it is, from the left: --face N."
            if faces
            else f"No face could be found on '{options.photo}'. Try another photo."
        )
    return _with_face(services, teach.teach_face(tools, corrector, photo, faces[number - 1], options.name))


def _with_face(services: Services, event: Event) -> Answer:
    """What a correction did, and the id of the face that it is about."""
    # The face is new: only the log knows the id that it was given.
    changes = services.log.changes(event.id)
    face_id = next(change.entity_id for change in changes if change.entity is Entity.FACE)
    return {"face": face_id, **correction_json(services, event)}

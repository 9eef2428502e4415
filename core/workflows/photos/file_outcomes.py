"""What becomes of a photo that is taken, and what the report says of it: in English, which pages say again."""

from __future__ import annotations

from core.base.types import Face, FacePolicy
from core.language.texts import marked
from core.store.values.datasets import FileOutcome, PhotoLabel
from core.vision.pipeline import NO_FACE

STRANGERS_FOLDER = marked("Its folder is one of strangers: nobody on it is to be named.")
TURNED = (
    "",
    marked("It lay on its left side; it was turned upright."),
    marked("It stood on its head; it was turned upright."),
    marked("It lay on its right side; it was turned upright."),
)
"""What is said of a photo that had to be turned by so many quarters clockwise."""


def say_named_now(person: str, main_face: Face) -> str:
    """Of a photo that came before without a name; what somebody said of its face stays."""
    if main_face.person is not None:
        return marked(
            "The same photo was there without a name; it is a photo of '{person}' now, but its face stays '{face}' as "
            "somebody said."
        ).format(person=person, face=main_face.person)
    if main_face.stranger:
        return marked(
            "The same photo was there without a name; it is a photo of '{person}' now, but its face stays without a "
            "name as somebody said."
        ).format(person=person)
    return marked("The same photo was there without a name; it is a photo of '{person}' now.").format(person=person)


def decide_by_policy(
    n_faces: int, person: str | None, policy: FacePolicy, *, is_kept: bool = True
) -> tuple[FileOutcome, str]:
    """Of a new photo, by how many faces it shows, whose folder it lies in and whether photos are kept."""
    if not n_faces:
        is_kept_too = marked("No face could be found. The photo is kept.")
        return FileOutcome.NO_FACE, is_kept_too if is_kept else NO_FACE
    if person is None or n_faces == 1:
        return FileOutcome.TAKEN, ""
    if policy is FacePolicy.ONLY_SINGLE:
        return FileOutcome.SEVERAL_FACES, marked(
            "{n_faces} faces, and only photos with exactly one were asked for."
        ).format(n_faces=n_faces)
    if policy is FacePolicy.KEEP_OTHERS:
        return FileOutcome.TAKEN, marked(
            "{n_faces} faces; the largest and most central one was taken, the others are kept without a name."
        ).format(n_faces=n_faces)
    return FileOutcome.TAKEN, marked(
        "{n_faces} faces; the largest and most central one was taken, the others are not kept."
    ).format(n_faces=n_faces)


def compare_labels(earlier: PhotoLabel, label: PhotoLabel) -> tuple[FileOutcome, str]:
    """Of a photo that is there already, by what was said of it then and now."""
    if earlier == label:
        return FileOutcome.DUPLICATE, marked("The same photo is in the dataset already.")
    if earlier.person is None or label.person is None:
        placement = (
            marked("as a photo of '{person}'").format(person=earlier.person)
            if earlier.person
            else marked("without a name")
        )
        return FileOutcome.DUPLICATE, marked(
            "The same photo is in the dataset already, {placement}; it was left so."
        ).format(placement=placement)
    return FileOutcome.CONFLICT, marked("The same photo is already there under {label}; it was left there.").format(
        label=_describe_label(earlier)
    )


def _describe_label(label: PhotoLabel) -> str:
    return f"'{label.person}' ({label.split})" if label.split else f"'{label.person}'"

"""One face, whole: its picture, who it is, how it shows, the faces most like it, and what was done to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import streamlit as st

from core.base.errors import ImageRefused, NotFound
from core.base.types import Face, Photo, Quality, RgbImage, Split
from core.isolation.photos import decode_photo
from core.language.texts import gettext as _
from core.language.texts import marked
from core.store.artifacts import ArtifactKind
from core.store.values.datasets import Dataset
from core.ui import data, gallery, state, words
from core.ui.access import offers
from core.ui.audit import recording
from core.ui.certainty import bar, tested_face
from core.ui.components import boxes
from core.ui.data import Faces
from core.ui.labels import correction_history, corrections
from core.vision.quality import explain_low_grade
from core.workflows.keeping.faces_in_place import draw_faces_in_place, scale_box
from core.workflows.photos import look_again

TURNS = ((marked("Turn left"), "rotate_left", "Q", -1), (marked("Turn right"), "rotate_right", "E", 1))
"""The ways to turn a photo: words, symbol, key, and quarters clockwise."""
LOW_GRADES = {
    "too small": marked("Too small to tell who it is: neither learned from nor grouped by"),
    "too blurred": marked("Too blurred to tell who it is: neither learned from nor grouped by"),
    "too dark or pale": marked("Too dark or pale to tell who it is: neither learned from nor grouped by"),
}
"""What ``explain_low_grade`` says, in a sentence."""
NEIGHBOURS = 8
LAST_EVENTS = 8


def show_face_sheet(dataset: Dataset, face_id: str, among: Faces | None = None) -> None:
    """The sheet of a face, for a column of a page; the faces most like it are looked for ``among`` all, or these."""
    services = data.services()
    (face,) = services.store.faces(dataset.id, [face_id])
    photo, _faces = services.store.photo(dataset.id, face.photo_id)
    recording.record_view(dataset, recording.FACE, face.person_id)
    left, right = st.columns([2, 3], vertical_alignment="center")
    with left:
        gallery.show_face_grid(
            dataset.id,
            [gallery.Tile(face.crop_id, "", alt=_("Face of {name}", name=words.display_name(face.person)))],
            tile_px=96,
        )
    with right:
        st.markdown(f"**{words.name(face.person)}**")
        st.caption("  \n".join([words.plain(photo.name), *describe_face_status(face)]))
        if st.button(_("Whole photo"), key="sheet_photo", icon=":material/photo:", type="tertiary"):
            open_photo_of_face(dataset, face_id)
    if face.quality is not None:
        st.caption(" · ".join(quality_words(face.quality)))
    tested_face.show_tested_face(dataset, face_id)
    show_similar_faces(dataset, face_id, among or data.dataset_faces(dataset.id, dataset.revision))
    correction_history.show_history(dataset.id, services.log.events(dataset.id, face_id=face_id, limit=LAST_EVENTS))


def describe_face_status(face: Face) -> Iterator[str]:
    """How a face takes part, in words."""
    yield {Split.TRAIN: _("To learn from"), Split.VAL: _("To test on"), None: _("On neither side")}[face.split]
    if face.excluded:
        yield _("Left out of learning and testing")
    if face.confirmed:
        yield _("Somebody has looked at it")
    if face.stranger:
        yield _("Nobody to name")
    if face.drawn:
        yield _("Shown by hand: its box is not the ingest's")
    if face.quality is not None and (why := explain_low_grade(face.quality)):
        yield _(LOW_GRADES[why])


def quality_words(quality: Quality) -> Iterator[str]:
    """How well a face shows, plainest first."""
    yield _("quality {percentage}", percentage=words.percent(quality.grade, 0))
    yield _("{number} pixels", number=f"{quality.size_px:.0f}")
    yield _("sharpness {percentage}", percentage=words.percent(quality.sharpness, 0))
    yield _("brightness {percentage}", percentage=words.percent(quality.brightness, 0))
    degrees = f"{abs(quality.yaw_deg):.0f}"
    is_right = quality.yaw_deg > 0
    yield _("turned {degrees}° right", degrees=degrees) if is_right else _("turned {degrees}° left", degrees=degrees)
    if quality.cut_frac > 0.01:
        yield _("{percentage} beyond the edge", percentage=words.percent(quality.cut_frac, 0))


def find_similar_faces(faces: Faces, row: int) -> list[tuple[int, float]]:
    """The rows of the faces most like one, the nearest first, with their distances in the values of the embedding."""
    search, face_id = data.face_search(faces), faces.table.face_ids[row]
    # One more than is shown: the face is among its own nearest, though not always first, as a copy of it is as near.
    ((near_ids, distances),) = search.nearest_faces(search.vector(face_id)[None], NEIGHBOURS + 1)
    pairs = zip(near_ids, distances.tolist(), strict=True)
    return [(faces.table.index(near_id), distance) for near_id, distance in pairs if near_id != face_id][:NEIGHBOURS]


def show_similar_faces(dataset: Dataset, face_id: str, faces: Faces) -> None:
    """The faces most like one, with their distances."""
    row = faces.table.find(face_id)
    if row is None or len(faces.table) < 2:
        return
    st.markdown(_("**Most like it**"))
    tiles = [
        gallery.Tile(
            faces.table.crop_ids[near],
            words.display_name(faces.table.person(near)),
            bar.format_pair_likeness(distance),
        )
        for near, distance in find_similar_faces(faces, row)
    ]
    gallery.show_face_grid(dataset.id, tiles, tile_px=72)


def open_photo_of_face(dataset: Dataset, face_id: str, label: str | None = None) -> None:
    """The photo of a face with a box on everybody in it; ``label`` stands at the face instead of its name."""
    (face,) = data.services().store.faces(dataset.id, [face_id])
    open_photo(dataset, face.photo_id, {face_id: label} if label else {})


def open_photo(dataset: Dataset, photo_id: str, labels: Mapping[str, str]) -> None:
    """A photo with a box on everybody in it; a face that is missing can be drawn, and the photo turned.

    ``labels`` stand at faces instead of their names, by the faces' ids.
    """
    st.dialog(_("The whole photo"), width="large", on_dismiss="rerun")(_open_photo)(dataset, photo_id, labels)


def _open_photo(dataset: Dataset, photo_id: str, labels: Mapping[str, str]) -> None:
    # A rerun of the page closes the dialog. Turning is the one action after which it is to stay open.
    if st.session_state.get(state.TURNED_EPOCH) != corrections.current_epoch() or state.REFUSED in st.session_state:
        corrections.rerun_if_changed()
    services = data.services()
    photo, faces = services.store.photo(dataset.id, photo_id)
    for person_id in {face.person_id for face in faces}:
        recording.record_view(dataset, recording.PHOTO, person_id)
    try:
        image, scale = _picture(dataset, photo, faces)
    except (NotFound, ImageRefused) as fault:
        st.error(words.plain(fault))
        return
    # The turn is part of the key: boxes of the picture as it lay before would be drawn on it otherwise.
    key, may_edit = f"boxes_{photo_id}_{photo.turn}", offers.may_edit(dataset.id)
    may_draw, shown_boxes = may_edit and dataset.keeps_photos, _box_faces(faces, scale, labels)
    action = boxes.draw_photo(key, image, shown_boxes, _describe_picture(dataset, photo), can_draw=may_draw)
    if may_draw:
        _turning(dataset, photo_id)
    _show_captions(dataset, photo, faces, may_edit=may_edit)
    if may_draw and action is not None and action.drawn_box is not None:
        box = action.drawn_box
        tools = services.ingestor(dataset.id)
        corrections.apply_correction(dataset, lambda by: look_again.add_drawn_face(tools, by, photo_id, box))
        st.rerun()
    _offer_actions(dataset, faces, action.face_id if action is not None else None)


def _box_faces(faces: Sequence[Face], scale: float, labels: Mapping[str, str]) -> list[boxes.BoxOnPhoto]:
    """The faces as they are drawn on a picture that has ``scale`` pixels for one of the photo."""
    return [
        boxes.BoxOnPhoto(
            face.id,
            scale_box(face.box, scale),
            labels.get(face.id) or words.display_name(face.person),
            known=face.person is not None,
        )
        for face in faces
    ]


def _show_captions(dataset: Dataset, photo: Photo, faces: Sequence[Face], *, may_edit: bool) -> None:
    """What is seen where the photo is not kept, its name and size, and what can be done."""
    if not dataset.keeps_photos:
        st.caption(
            _(
                ":material/no_photography: This dataset keeps no photos: these are its faces, each where it was on the "
                "photo. To draw a missed face, give the photo on *Who is this?* and name the face there."
            )
        )
    size = _(
        "{name}, {width} x {height} pixels.",
        name=words.plain(photo.name),
        width=f"{photo.width_px:d}",
        height=f"{photo.height_px:d}",
    )
    choose = (_("Choose a face to name or dismiss it.") if may_edit else "") if faces else _("No face was found on it.")
    st.caption(f"{size} {choose}")


def _offer_actions(dataset: Dataset, faces: Sequence[Face], chosen_id: str | None) -> None:
    """What can be done to the face that was chosen on the photo."""
    # What the component answers is there for one run; the face stays chosen while buttons are pressed about it.
    if any(face.id == chosen_id for face in faces):
        st.session_state[state.ON_PHOTO] = chosen_id
    on_photo = next((face for face in faces if face.id == st.session_state.get(state.ON_PHOTO)), None)
    if on_photo is not None:
        st.markdown(f"**{words.name(on_photo.person)}**")
        corrections.CorrectionDesk(dataset, scope="photo").show_actions([on_photo.id], "")


def _picture(dataset: Dataset, photo: Photo, faces: Sequence[Face]) -> tuple[RgbImage, float]:
    """The photo as it is turned, or what there is of it where it is not kept; how many pixels it has for one of it.

    Raises NotFound or ImageRefused.
    """
    services = data.services()
    if not dataset.keeps_photos:
        return draw_faces_in_place(services.artifacts, dataset.id, photo, faces)
    content = services.artifacts.read(dataset.id, ArtifactKind.PHOTO, photo.id)
    return decode_photo(content, services.settings.images).turned(photo.turn).pixels, 1.0


def _describe_picture(dataset: Dataset, photo: Photo) -> str:
    if dataset.keeps_photos:
        return _("The photo {name}", name=photo.name)
    return _("The faces of the photo {name}, which is not kept", name=photo.name)


def _turning(dataset: Dataset, photo_id: str) -> None:
    """The buttons that turn the photo; it stays open, and faces are looked for anew."""
    with st.container(horizontal=True, gap="small"):
        for label, icon, key, quarters in TURNS:
            st.button(
                _(label),
                key=f"turn_{label}",
                icon=f":material/{icon}:",
                shortcut=key,
                on_click=_turn,
                args=(dataset, photo_id, quarters),
                help=_("Faces are looked for anew. It can be undone."),
            )


def _turn(dataset: Dataset, photo_id: str, quarters: int) -> None:
    corrections.turn_photos(dataset, [photo_id], quarters)
    # The epoch that turning has just raised.
    st.session_state[state.TURNED_EPOCH] = corrections.current_epoch()

"""The parts of the page "Same person?": what is compared, which face, the answer, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from core.base.types import Revision, Vectors
from core.imaging.pixels import encode_jpeg
from core.language.texts import gettext as _
from core.language.texts import localise_decimals, marked, ngettext
from core.learn.numerics.unit_vectors import cosine_to_distance
from core.learn.open_set.certainty import Sureness
from core.learn.verification.lfw_protocol import STRICT_FARS
from core.learn.verification.pair_rule import FARS, PairScores
from core.store.values.datasets import Dataset, PersonCount
from core.ui import address, data, gallery, words
from core.ui.access import kept
from core.ui.audit import recording
from core.ui.certainty import bar, explanation
from core.ui.labels import name_choice
from core.ui.photos.dropped_photo import NO_FACE_ADVICE, read_dropped_photo
from core.vision.models.catalogue import DEFAULT_VECTORS_ID
from core.vision.pipeline import PhotoFaces
from core.workflows.verification import verify
from core.workflows.verification.verify import PairVerdict, PairVerifier, PersonGallery

TWO_PHOTOS, PERSON = marked("Two photos"), marked("A photo and a person")
CROP_PX = 160
PORTRAITS = 6
"""Faces shown of the person who is compared with."""
NEAREST_FACES = 6
CAUTION = marked("Relatives and look-alikes come near each other: do not decide about people by it.")


@dataclass(frozen=True, slots=True, eq=False)
class ComparedFace:
    """A photo with the face of it that is compared."""

    photo: PhotoFaces
    face: int
    """Its index in ``photo.faces``, which stand from left to right."""


# what is compared


def ask_for_comparison(dataset: Dataset | None) -> str:
    """Two photos, or a photo and a person of the dataset."""
    ways = [TWO_PHOTOS, PERSON] if dataset and data.dataset_people(dataset.id, dataset.revision) else [TWO_PHOTOS]
    if len(ways) == 1:
        return TWO_PHOTOS
    # Where the control begins is in the address: a reload, or a link that was passed on, shows the same person again.
    first = PERSON if "person" in st.query_params else TWO_PHOTOS
    way = st.segmented_control(
        _("Compare"),
        ways,
        default=first,
        format_func=_,
        required=True,
        key="verify_way",
        label_visibility="collapsed",
    )
    if way == TWO_PHOTOS:
        st.query_params.pop("person", None)
    return way


def model_id_of(dataset: Dataset | None) -> str:
    """The model to compare with: the dataset's, or the default."""
    return dataset.model_id if dataset else DEFAULT_VECTORS_ID


def ask_for_face(model_id: str, label: str, key: str) -> ComparedFace | None:
    """A photo, and when it shows several faces, which of them; None until there is one with a face."""
    upload = st.file_uploader(label, key=key, max_upload_size=256)
    photo = read_dropped_photo(model_id, upload) if upload is not None else None
    return _choose_face(photo, key) if photo is not None else None


def _choose_face(photo: PhotoFaces, key: str) -> ComparedFace | None:
    faces = range(len(photo.faces))
    if not faces:
        gallery.show_photo(photo.picture.pixels, [], _("The photo, in which no face was found"))
        st.markdown(_("**No face could be found**"))
        st.caption(_(NO_FACE_ADVICE))
        return None
    # The picture stands above the control and shows what the control says, so it is drawn after it.
    picture = st.container()
    chosen_face = photo.main
    if len(faces) > 1:
        chosen_face = st.segmented_control(
            ngettext("{number} face: which one?", "{number} faces: which one?", len(faces)),
            list(faces),
            format_func=lambda face: f"{face + 1:d}",
            default=photo.main,
            required=True,
            # With the photo in the key: another photo starts at its own main face, not at the number chosen before.
            key=f"{key}_face_{photo.photo_id[:12]}",
        )
    with picture:
        boxes = [
            gallery.LabelledBox(
                photo.faces[face].detection.box, str(face + 1) if len(faces) > 1 else "", known=face == chosen_face
            )
            for face in faces
        ]
        alt = ngettext("The photo with {number} face", "The photo with {number} faces", len(faces))
        gallery.show_photo(photo.picture.pixels, boxes, alt)
    return ComparedFace(photo, chosen_face)


def ask_for_person(dataset: Dataset) -> PersonCount | None:
    """Somebody of the dataset, with some of their faces; the choice is kept in the address."""
    requested = st.query_params.get("person")
    names = name_choice.list_names(dataset, requested, hidden=False)
    name = st.selectbox(
        _("Person"),
        names,
        index=names.index(requested) if requested in names else None,
        format_func=words.display_name,
        placeholder=_("Choose a person"),
        key=f"verify_person_{dataset.id}",
        accept_new_options=name_choice.has_unlisted(dataset),
    )
    person = name_choice.find_chosen(dataset, name)
    if person is None:
        return None
    address.set_query_values(person=person.name)
    faces = data.person_faces(dataset.id, dataset.revision, person.id)
    tiles = [
        gallery.Tile(crop_id, "", alt=_("Face of {name}", name=words.display_name(person.name)))
        for crop_id in faces.table.crop_ids[:PORTRAITS]
    ]
    gallery.show_face_grid(dataset.id, tiles, tile_px=84)
    st.caption(ngettext("{number} face", "{number} faces", person.faces))
    return person


def _name_far(far: float) -> str:
    return _("1 in {number}", number=words.count(round(1 / far)))


def _ask_for_far(verifier: PairVerifier) -> float:
    """How strict the decision is, of the rates that the verifier can tell."""
    return st.segmented_control(
        _("Different people who may pass (false-accept rate)"),
        [far for far in STRICT_FARS if verifier.rule.tells(far)],
        format_func=_name_far,
        default=min(FARS),
        required=True,
        key="verify_far",
        help=_("A stricter limit calls more photos of one person different."),
    )


# what it rests on


# Shared and not copied: at 100,000 faces these are hundreds of thousands of pairs, which nobody changes.
@kept.cache_resource(show_spinner=marked("Comparing the dataset's own faces"), max_entries=4)
def _own_scores(dataset_id: str, revision: Revision, with_people: bool) -> PairScores | None:
    faces = data.dataset_faces(dataset_id, revision)
    own_faces = verify.select_named_faces(faces.table, faces.embeddings)
    if not len(own_faces.face_ids):
        return None
    # A face lies nearer to the centre of somebody's faces than to any single one: each has its own distribution.
    return own_faces.with_people() if with_people else own_faces.pairs()


def _choose_verifier(dataset: Dataset | None, model_id: str, *, with_people: bool) -> PairVerifier:
    """The rule to decide by: for a person the dataset's own when it holds enough people."""

    def load_scores() -> PairScores | None:
        return _own_scores(dataset.id, dataset.revision, with_people) if dataset else None

    if with_people:
        return verify.build_person_verifier(model_id, load_scores())
    return verify.build_face_verifier(model_id, load_scores)


# the answer


def show_invitation(*, with_person: bool) -> None:
    """Before there is anything to compare."""
    st.caption(
        _("Give a photo and choose a person. Photos are looked at on this computer and not kept.")
        if with_person
        else _("Give a photo on each side. Photos are looked at on this computer and not kept.")
    )


def show_answer(
    dataset: Dataset | None, model_id: str, side: ComparedFace, other_side: ComparedFace | PersonCount
) -> None:
    """The decision, the faces that it is about, and what it rests on."""
    with st.container(border=True):
        if isinstance(other_side, ComparedFace):
            verifier = _choose_verifier(dataset, model_id, with_people=False)
            recording.record_comparison(dataset)
            _show_two_photos(verifier, side, other_side)
        elif dataset is not None:
            verifier = _choose_verifier(dataset, model_id, with_people=True)
            recording.record_comparison(dataset, other_side.id)
            _show_photo_and_person(verifier, dataset, side, other_side)


def _show_two_photos(verifier: PairVerifier, side: ComparedFace, other_side: ComparedFace) -> None:
    left, right = st.columns([3, 2], gap="large")
    with left:
        # The answer first, for the eye; the control of the rate below it has to be read before there is one.
        headline_area = st.container()
        verdict = verifier(
            verify.compare_faces(side.photo, side.face, other_side.photo, other_side.face), _ask_for_far(verifier)
        )
        with headline_area:
            _show_headline(verdict, {_("One face"): _vector_of(side), _("The other"): _vector_of(other_side)})
            if side.photo.photo_id == other_side.photo.photo_id:
                _warn_of_same_photo(same_face=side.face == other_side.face)
            _warn_of_doubts([side, other_side])
    with right:
        _show_crops([side, other_side])
    st.caption(_(CAUTION))


def _warn_of_doubts(sides: Sequence[ComparedFace]) -> None:
    """Say so where a face is too poor to tell who it is: then the figures mean little."""
    # A set: two faces that are blurred alike are one warning.
    for doubt in {side.photo.faces[side.face].doubt for side in sides} - {""}:
        st.warning(
            _(
                "A face is {doubt} to tell who it is. Different people look alike so; do not rely on the answer.",
                doubt=words.plain(_(doubt)),
            ),
            icon=":material/blur_on:",
        )


def _warn_of_same_photo(*, same_face: bool) -> None:
    st.warning(
        _("Both are the same photo: a face is always like itself. Give another one.")
        if same_face
        else _("Both faces are from the same photo."),
        icon=":material/content_copy:",
    )


def _show_photo_and_person(verifier: PairVerifier, dataset: Dataset, side: ComparedFace, person: PersonCount) -> None:
    person_gallery = verify.compare_with_person(data.services().store, dataset, person, side.photo, side.face)
    left, right = st.columns([3, 2], gap="large")
    with left:
        headline_area = st.container()
        verdict = verifier(person_gallery.cosine, _ask_for_far(verifier))
        with headline_area:
            name = words.display_name(person.name)
            vectors = {
                _("The face"): _vector_of(side),
                _("Mean of the faces of {name}", name=name): person_gallery.centre,
            }
            _show_headline(verdict, vectors, words.plain(name), len(person_gallery.face_ids))
            _warn_of_doubts([side])
        _show_nearest(dataset, person_gallery)
    with right:
        _show_crops([side])
    st.caption(_(CAUTION))


def _vector_of(side: ComparedFace) -> Vectors:
    return side.photo.faces[side.face].vector


def _show_headline(verdict: PairVerdict, vectors: Mapping[str, Vectors], name: str = "", n_faces: int = 0) -> None:
    """The answer, how sure it is, and on request what it comes of; ``vectors`` are the two that were compared."""
    st.markdown(f"## {describe_conclusion(verdict, name)}")
    bar.show_certainty(verdict.certainty)
    st.caption(
        _(
            "The threshold lets {far} different people pass, measured on {origin}.",
            far=_name_far(verdict.far),
            origin=words.plain(verify.describe_origin(verdict)),
        )
    )
    explanation.offer_explanation("pair", partial(_explain, verdict, vectors, n_faces))


def _explain(verdict: PairVerdict, vectors: Mapping[str, Vectors], n_faces: int) -> None:
    explanation.show_vectors(vectors)
    explanation.show_numbers(
        {
            _("Distance (Euclidean; 0 the same, 2 opposite)"): localise_decimals(f"{verdict.distance:.2f}"),
            _("The threshold"): localise_decimals(f"{verdict.threshold:.2f}"),
            _("Probability of one person (calibrated)"): words.format_probability(verdict.prob),
            _("Likeness"): bar.format_likeness(verdict.certainty.likeness),
        }
    )
    for sentence in describe_basis(verdict, n_faces):
        st.markdown(sentence)


def describe_conclusion(verdict: PairVerdict, name: str = "") -> str:
    """The decision in words, which says so where the limit is stricter than the probability."""
    # The false-accept rate asks for more than "more likely than not": between the two neither answer would be honest.
    if not verdict.same and verdict.prob > 0.5:
        perhaps = (
            _("Perhaps {name}, but not surely enough", name=name)
            if name
            else _("Perhaps the same person, but not surely enough")
        )
        return f":material/help: {perhaps}"
    sureness = verdict.certainty.sureness
    hedge = sureness if sureness in (Sureness.SURE, Sureness.LIKELY) else None
    if verdict.same:
        return f":material/check_circle: {_(_SAME_AS[hedge] if name else _SAME[hedge], name=name)}"
    return f":material/cancel: {_(_NOT_THAT[hedge] if name else _DIFFERENT[hedge], name=name)}"


_SAME_AS = {
    Sureness.SURE: "{name}",
    Sureness.LIKELY: marked("Probably {name}"),
    None: marked("Perhaps {name}"),
}
_SAME = {
    Sureness.SURE: marked("The same person"),
    Sureness.LIKELY: marked("Probably the same person"),
    None: marked("Perhaps the same person"),
}
_NOT_THAT = {
    Sureness.SURE: marked("Not {name}"),
    Sureness.LIKELY: marked("Probably not {name}"),
    None: marked("Perhaps not {name}"),
}
_DIFFERENT = {
    Sureness.SURE: marked("Different people"),
    Sureness.LIKELY: marked("Probably different people"),
    None: marked("Perhaps different people"),
}
"""The answers by how sure they are; None is less than likely."""


def _show_crops(sides: list[ComparedFace]) -> None:
    with st.container(horizontal=True, gap="small"):
        for number, side in enumerate(sides, start=1):
            crop = side.photo.faces[side.face].crop
            st.image(encode_jpeg(crop), width=CROP_PX, alt=_("Face {number} as the network saw it", number=number))
    st.caption(_("As the network sees it: turned and sized alike."))


def _show_nearest(dataset: Dataset, person_gallery: PersonGallery) -> None:
    tiles = [
        gallery.Tile(
            person_gallery.crop_ids[index],
            "",
            bar.format_pair_likeness(cosine_to_distance(float(person_gallery.cosines[index]))),
            alt=_("A face of this person"),
        )
        for index in person_gallery.nearest(NEAREST_FACES)
    ]
    st.caption(_("This person's faces that are most like it:"))
    gallery.show_face_grid(dataset.id, tiles, tile_px=72)


def describe_basis(verdict: PairVerdict, n_faces: int = 0) -> Iterator[str]:
    """What was compared, on whom the limit was measured, and what the probability supposes."""
    rule = verdict.rule
    if n_faces:
        yield ngettext(
            "The distance is that to the centre of {number} face of the person.",
            "The distance is that to the centre of {number} faces of the person.",
            n_faces,
        )
    yield ngettext(
        "Of comparisons between different people {far} comes within the limit, measured on {origin}: "
        "{number} comparison within one of them and {different} between two.",
        "Of comparisons between different people {far} comes within the limit, measured on {origin}: "
        "{number} comparisons within one of them and {different} between two.",
        rule.n_genuine,
        far=_name_far(verdict.far),
        origin=verify.describe_origin(verdict),
        different=words.count(rule.n_impostor),
    )
    yield _(
        "The probability takes both answers to be equally likely before looking. Where one of many people could be "
        "meant, it is lower."
    )

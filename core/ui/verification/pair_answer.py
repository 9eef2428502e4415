"""The parts of the page "Same person?": what is compared, which face, the answer, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

import streamlit as st

from core.base.errors import InputRefused
from core.base.types import Revision
from core.imaging.decoding import encode_jpeg
from core.learn.verification.pair_likelihood import FARS, Scores, distance
from core.store.protocols import Dataset, PersonCount
from core.ui import data, gallery, words
from core.vision.models.catalogue import DEFAULT_VECTORS_ID
from core.workflows.verification import verify
from core.workflows.verification.verify import Gallery, Judge, Looked, Verdict

TWO_PHOTOS, PERSON = "Two photos", "A photo and a person"
PICTURE_PX = 360
CROP_PX = 160
NEAREST_FACES = 6
STRICT = {1e-2: "1 in 100", 1e-3: "1 in 1\u202f000"}


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """A photo with the face of it that is compared."""

    looked: Looked
    face: int


# what is compared


def ask_for_way(dataset: Dataset | None) -> str:
    """Two photos, or a photo and a person of the dataset."""
    ways = [TWO_PHOTOS, PERSON] if dataset and data.people(dataset.id, dataset.revision) else [TWO_PHOTOS]
    if len(ways) == 1:
        return TWO_PHOTOS
    first = PERSON if "person" in st.query_params else TWO_PHOTOS
    way = st.segmented_control(
        "Compare", ways, default=first, required=True, key="verify_way", label_visibility="collapsed"
    )
    if way == TWO_PHOTOS:
        st.query_params.pop("person", None)
    return way


def model_of(dataset: Dataset | None) -> str:
    """The model to compare with: the dataset's, or the default."""
    return dataset.model_id if dataset else DEFAULT_VECTORS_ID


def ask_for_side(model_id: str, label: str, key: str) -> Side | None:
    """A photo, and when it shows several faces, which of them; None until there is one with a face."""
    given = st.file_uploader(label, key=key, max_upload_size=256)
    if given is None:
        return None
    content = given.getvalue()
    try:
        looked = _look(model_id, sha256(content).hexdigest(), content)
    except InputRefused as refusal:
        st.error(f"**{words.plain(given.name)}**: {words.plain(refusal)}", icon=":material/error:")
        return None
    return _choose_face(looked, key)


@st.cache_data(show_spinner="Looking for faces", max_entries=6, scope="session")
def _look(model_id: str, photo_id: str, _content: bytes) -> Looked:
    return data.services().verifier(model_id).look(_content)


def _choose_face(looked: Looked, key: str) -> Side | None:
    faces = range(len(looked.faces))
    if not faces:
        gallery.photo(looked.image, [], "The photo, in which no face was found")
        st.markdown("**No face could be found**")
        st.caption("A face needs to be at least about 20 pixels wide and turned towards the camera. Try another photo.")
        return None
    picture = st.container()
    chosen = looked.main
    if len(faces) > 1:
        chosen = st.segmented_control(
            f"{words.count(len(faces), 'face')}: which one?",
            list(faces),
            format_func=lambda face: f"{face + 1:d}",
            default=looked.main,
            required=True,
            key=f"{key}_face_{looked.photo_id[:12]}",
        )
    with picture:
        boxes = [
            gallery.NamedBox(looked.faces[face].box, str(face + 1) if len(faces) > 1 else "", known=face == chosen)
            for face in faces
        ]
        gallery.photo(looked.image, boxes, f"The photo with {words.count(len(faces), 'face')}")
    return Side(looked, chosen)


def ask_for_person(dataset: Dataset) -> PersonCount | None:
    """Somebody of the dataset, with some of their faces; the choice is kept in the address."""
    people = {person.name: person for person in data.people(dataset.id, dataset.revision) if not person.hidden}
    wanted = st.query_params.get("person")
    name = st.selectbox(
        "Person",
        list(people),
        index=list(people).index(wanted) if wanted in people else None,
        format_func=words.person,
        placeholder="Choose a person",
        key=f"verify_person_{dataset.id}",
    )
    if name is None:
        return None
    st.query_params["person"] = name
    person = people[name]
    faces = data.faces_of(dataset.id, dataset.revision, person.id)
    tiles = [gallery.Tile(crop_id, "", alt=f"Face of {words.person(name)}") for crop_id in faces.table.crop_ids[:6]]
    gallery.grid(dataset.id, tiles, tile_px=84)
    st.caption(words.count(person.faces, "face"))
    return person


def ask_for_far() -> float:
    """How strict the decision is."""
    return st.segmented_control(
        "Different people who may pass (false-accept rate)",
        list(FARS),
        format_func=STRICT.__getitem__,
        default=min(FARS),
        required=True,
        key="verify_far",
        help="A stricter limit calls more photos of one person different.",
    )


# what it rests on


@st.cache_resource(show_spinner="Comparing the dataset's own faces", max_entries=4)
def _own_scores(dataset_id: str, revision: Revision, with_people: bool) -> Scores | None:
    faces = data.faces(dataset_id, revision)
    own = verify.own_faces(faces.table, faces.embeddings)
    if not len(own.face_ids):
        return None
    return own.with_people() if with_people else own.pairs()


def judge(dataset: Dataset | None, model_id: str, *, with_people: bool) -> Judge:
    """The rule to decide by: the dataset's own when it holds enough people."""
    scores = _own_scores(dataset.id, dataset.revision, with_people) if dataset else None
    return verify.judge_with_person(model_id, scores) if with_people else verify.judge(model_id, scores)


# the answer


def invitation(*, with_person: bool) -> None:
    """Before there is anything to compare."""
    what = "a photo and choose a person" if with_person else "a photo on each side"
    st.caption(f"Give {what}. Photos are looked at on this computer and not kept.")


def answer(dataset: Dataset | None, model_id: str, side: Side, other: Side | PersonCount) -> None:
    """The decision, the faces that it is about, and what it rests on."""
    with st.container(border=True):
        if isinstance(other, Side):
            judged = judge(dataset, model_id, with_people=False)
            _photos(judged, side, other)
        elif dataset is not None:
            judged = judge(dataset, model_id, with_people=True)
            _person(judged, dataset, side, other)


def _photos(judged: Judge, side: Side, other: Side) -> None:
    left, right = st.columns([3, 2], gap="large")
    with left:
        place = st.container()
        verdict = judged(verify.alike(side.looked, side.face, other.looked, other.face), ask_for_far())
        with place:
            _headline(verdict)
            if side.looked.photo_id == other.looked.photo_id:
                _same_file(same_face=side.face == other.face)
            _doubts([side, other])
    with right:
        _crops([side, other])
    _basis(verdict)


def _doubts(sides: Sequence[Side]) -> None:
    """Say so where a face is too poor to tell who it is: then the figures mean little."""
    for why in {side.looked.doubts[side.face] for side in sides} - {""}:
        st.warning(
            f"A face is {words.plain(why)} to tell who it is. Different people look alike so; do not rely on the "
            "answer.",
            icon=":material/blur_on:",
        )


def _same_file(*, same_face: bool) -> None:
    st.warning(
        "Both are the same photo: a face is always like itself. Give another one."
        if same_face
        else "Both faces are from the same photo.",
        icon=":material/content_copy:",
    )


def _person(judged: Judge, dataset: Dataset, side: Side, person: PersonCount) -> None:
    against = verify.gallery(data.services().store, dataset, person, side.looked, side.face)
    left, right = st.columns([3, 2], gap="large")
    with left:
        place = st.container()
        verdict = judged(against.cosine, ask_for_far())
        with place:
            _headline(verdict, words.name(person.name))
            _doubts([side])
        _nearest(dataset, against)
    with right:
        _crops([side])
    _basis(verdict, len(against.face_ids))


def _headline(verdict: Verdict, name: str = "") -> None:
    st.markdown(f"## {conclusion(verdict, name)}")
    with st.container(horizontal=True, gap="large"):
        st.metric("Same person (probability)", words.probability(verdict.prob), width="content")
        st.metric(
            "Distance",
            f"{verdict.distance:.2f}",
            f"limit {verdict.threshold:.2f}",
            delta_color="off",
            delta_arrow="off",
            width="content",
            help="0 is the same picture; two different people are usually 1.2 to 1.5 apart.",
        )


def conclusion(verdict: Verdict, name: str = "") -> str:
    """The decision in words, which says so where the limit is stricter than the probability."""
    if verdict.same:
        return f":material/check_circle: {f'Probably {name}' if name else 'Probably the same person'}"
    if verdict.prob > 0.5:
        return f":material/help: {f'Perhaps {name}' if name else 'Perhaps the same person'}, but not surely enough"
    return f":material/cancel: {f'Probably not {name}' if name else 'Probably different people'}"


def _crops(sides: list[Side]) -> None:
    with st.container(horizontal=True, gap="small"):
        for number, side in enumerate(sides, start=1):
            crop = side.looked.crops[side.face]
            st.image(encode_jpeg(crop), width=CROP_PX, alt=f"Face {number} as the network saw it")
    st.caption("As the network sees it: turned and sized alike.")


def _nearest(dataset: Dataset, against: Gallery) -> None:
    tiles = [
        gallery.Tile(
            against.crop_ids[place], "", f"{distance(float(against.cosines[place])):.2f}", alt="A face of this person"
        )
        for place in against.nearest(NEAREST_FACES)
    ]
    st.caption("This person's faces that are most like it, with their distance:")
    gallery.grid(dataset.id, tiles, tile_px=72)


def _basis(verdict: Verdict, n_faces: int = 0) -> None:
    """A word of caution, and on request what the answer rests on."""
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        caution = "Relatives and look-alikes come near each other: do not decide about people by it."
        st.caption(caution, width="content")
        with st.popover("What this rests on", type="tertiary", icon=":material/info:"):
            for sentence in basis(verdict, n_faces):
                st.markdown(sentence)


def basis(verdict: Verdict, n_faces: int = 0) -> Iterator[str]:
    """What was compared, on whom the limit was measured, and what the probability supposes."""
    rule = verdict.rule
    if n_faces:
        yield f"The distance is that to the centre of {words.count(n_faces, 'face')} of the person."
    where = "this dataset's own faces" if verdict.own_rule else "press photos of other people (lfw-dev)"
    yield (
        f"Of comparisons between different people {STRICT[verdict.far]} comes within the limit, measured on {where}: "
        f"{words.count(rule.n_people, 'person', 'people')}, {words.count(rule.n_genuine, 'comparison')} within one of "
        f"them and {words.count(rule.n_impostor)} between two."
    )
    yield (
        "The probability takes both answers to be equally likely before looking. Where one of many people could be "
        "meant, it is lower."
    )

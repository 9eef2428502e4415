"""What is known of one face: its name or why not, who else it may be, what speaks for each, and "this is..."."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.base.types import TRUSTED_GRADE, Face
from core.learn.open_set.rejection_rule import Threshold
from core.store.protocols import Dataset
from core.ui import data, gallery, state, words
from core.ui.components import choices
from core.ui.components.choices import Layout, Line
from core.ui.identification.photo_input import Given
from core.ui.labels import corrections
from core.workflows.identification.identify import IdentifiedFace, nearest_candidate
from core.workflows.labels import teach

NEAREST_PHOTOS = 6
SMALL_FACE_PX = 32
"""A face narrower than this has too little detail to be sure of."""
NOBODY_CLOSE = 0.005
"""Candidates less probable than this are not worth a line, but for the first three."""


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """The face that is asked about."""

    photo: Given
    turn: int
    """Quarters clockwise by which the photo was turned to be upright."""
    crop: str
    """What the network saw, as a data address."""
    face: IdentifiedFace
    number: int
    """On the photo, from 0."""
    said: Face | None
    """What the dataset knows of it already."""
    is_near: bool
    """Whether the threshold of the next looser rate would give it a name, or it has one."""


def face(dataset: Dataset, asked: Asked, threshold: Threshold) -> None:
    """Everything about one face."""
    with st.container(border=True):
        st.markdown(verdict(asked, threshold))
        st.caption(words.plain(why(asked.face, threshold)))
        width_px = asked.face.detection.box.width
        if width_px < SMALL_FACE_PX:
            st.caption(
                f"The face is only {width_px:.0f} pixels wide: too little to be sure of. From {SMALL_FACE_PX} on it "
                "gets better; give the photo in its full size, if there is a larger one."
            )
        if asked.said is not None and asked.said.person is not None:
            name = words.person(asked.said.person)
            st.caption(f"This photo is in the dataset as one of {words.plain(name)}: what it says here proves little.")
        _teach(dataset, asked, threshold)
        person = _candidates(dataset, asked)
        _evidence(dataset, asked, person)


def verdict(asked: Asked, threshold: Threshold) -> str:
    """Who it is, in one line."""
    number, best, name = asked.number + 1, asked.face.candidates[0], asked.face.name(threshold)
    if asked.said is not None and asked.said.confirmed:
        return f"**{number:d}. {words.name(asked.said.person)}**, as somebody said."
    if asked.face.doubt:
        return f"**{number:d}. {words.plain(asked.face.doubt.capitalize())} to tell.**"
    if name:
        return f"**{number:d}. {words.name(name)}** ({words.probability(best.prob)})"
    return f"**{number:d}. Unknown.** Nearest is {words.name(nearest_candidate(asked.face.candidates).person)}."


def why(face: IdentifiedFace, threshold: Threshold) -> str:
    """The numbers behind the verdict."""
    best = face.candidates[0]
    if face.doubt:
        return (
            f"Its quality is {words.percent(face.quality.grade, 0)}. Below {words.percent(TRUSTED_GRADE, 0)} different "
            "people look alike, so no name is given. Try a sharper or larger photo."
        )
    return (
        f"Likeness to {words.person(best.person)} {face.score:.2f}; names are given above {threshold.score:.2f}. "
        f"Distance {best.distance:.2f}, margin {face.margin:+.2f}."
    )


def _candidates(dataset: Dataset, asked: Asked) -> str:
    """Who it may be; gives the one whose photos are to be seen."""
    people = [each for place, each in enumerate(asked.face.candidates) if place < 3 or each.prob >= NOBODY_CLOSE]
    which = (asked.photo.id, asked.number)
    of, name, since = st.session_state.get(state.CANDIDATE, (("", 0), "", 0.0))
    now = name if of == which and any(each.person == name for each in people) else people[0].person
    covers = {each.name: each.cover_crop_id for each in data.people(dataset.id, dataset.revision)}
    lines = [
        Line(
            id=each.person,
            title=words.person(each.person),
            note=f"{words.probability(each.prob)}, distance {each.distance:.2f}",
            src=gallery.crop_address(dataset.id, covers[each.person]) if each.person in covers else "",
            share=each.prob,
        )
        for each in people
    ]
    st.caption("If it is one of them. Choose one to see why:")
    key = f"candidates_{asked.photo.id[:16]}_{asked.number}"
    answer = choices.choices(key, "Candidates", lines, now, layout=Layout.COMPACT)
    if answer is not None and answer.when > since:
        st.session_state[state.CANDIDATE] = (which, answer.id, answer.when)
        if answer.id != now:
            st.rerun(scope="fragment")
    return now


def _evidence(dataset: Dataset, asked: Asked, person: str) -> None:
    """The face beside the photos of a person that are most like it."""
    faces = data.faces(dataset.id, dataset.revision)
    if person not in faces.table.people:  # the run was imported, or the person was renamed since
        distances = ", ".join(f"{each.distance:.2f}" for each in asked.face.evidence)
        if distances:
            st.caption(f"Distances to the nearest training photos, which are not on this computer: {distances}.")
        return
    rows = np.flatnonzero(faces.table.labels == faces.table.people.index(person))
    cosines = faces.embeddings.vectors[rows] @ asked.face.vector
    nearest = np.argsort(-cosines, kind="stable")[:NEAREST_PHOTOS]
    crop, photos = st.columns([1, 3], gap="small", wrap=False)
    with crop:
        st.html(gallery.picture(asked.crop, f"Face {asked.number + 1} as the network saw it", "this face"))
    with photos:
        tiles = [
            gallery.Tile(
                faces.table.crop_ids[rows[place]],
                "",
                f"{np.sqrt(max(0.0, 2 - 2 * float(cosines[place]))):.2f}",
                alt=f"A face of {words.person(person)}",
            )
            for place in nearest
        ]
        gallery.grid(dataset.id, tiles, tile_px=58)
    st.caption(f"Beside it, the photos of {words.name(person)} that are most like it, with their distance.")


def _teach(dataset: Dataset, asked: Asked, threshold: Threshold) -> None:
    """Say who it is: the face joins the dataset."""
    field = f"teach_{asked.photo.id[:16]}_{asked.number}_{corrections.epoch()}"
    guess = asked.face.candidates[0].person
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "This is",
            [person.name for person in data.people(dataset.id, dataset.revision)],
            index=None,
            format_func=words.person,
            placeholder="A name, or a new one",
            accept_new_options=True,
            key=field,
            on_change=_named,
            args=(dataset, asked, field),
            width=240,
            help="The photo and this face are added to the dataset under that name. Nobody else on the photo is.",
        )
        if asked.is_near and (asked.said is None or asked.said.person != guess):
            label = f"Yes, {words.name(guess)}" if asked.face.name(threshold) else f"It is {words.name(guess)}"
            st.button(label, key=f"yes_{field}", icon=":material/check:", on_click=_learn, args=(dataset, asked, guess))


def _named(dataset: Dataset, asked: Asked, field: str) -> None:
    if name := st.session_state[field]:
        _learn(dataset, asked, name)


def _learn(dataset: Dataset, asked: Asked, name: str) -> None:
    tools, mine = data.services().ingestor(dataset.id), corrections.corrector(dataset)
    seen = teach.SeenPhoto(asked.photo.name, asked.photo.content, asked.turn)
    detection = asked.face.detection
    corrections.do(dataset.id, lambda: teach.teach(tools, mine, seen, detection, name))

"""What is known of one face: its name or why not, who else it may be, what speaks for each, and "this is..."."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from core.base.types import TRUSTED_GRADE, Face
from core.corrections.model import Event
from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import localise_decimals, ngettext
from core.learn.classification.classifier_kinds import ClassifierKind
from core.learn.numerics.neighbours import nearest_in_gallery
from core.learn.open_set.certainty import Certainty, Sureness
from core.learn.open_set.rejection_rule import Threshold
from core.store.values.datasets import Dataset
from core.store.values.runs import Run
from core.ui import data, gallery, state, words
from core.ui.access import offers
from core.ui.certainty import bar, explanation
from core.ui.components import choices
from core.ui.components.choices import ChoiceLine, ChoicesLayout
from core.ui.identification.photo_input import TabPhoto
from core.ui.labels import corrections, name_choice
from core.workflows.identification.identify import Candidate, IdentifiedFace, Identifier, nearest_candidate
from core.workflows.labels import teach
from core.workflows.labels.correct import Corrector

NEAREST_PHOTOS = 6
SMALL_FACE_PX = 32
"""A face narrower than this has too little detail to be sure of."""


RatedPeople = Sequence[tuple[Candidate, Certainty]]
"""Who a face may be, the most alike first."""


@dataclass(frozen=True, slots=True, eq=False)
class FaceQuestion:
    """The face that is asked about."""

    photo: TabPhoto
    turn: int
    """Quarters clockwise by which the photo was turned to be upright."""
    crop: str
    """What the network saw, as a data address."""
    face: IdentifiedFace
    number: int
    """On the photo, from 0."""
    known_face: Face | None
    """What the dataset knows of it already."""


def show_face_answer(dataset: Dataset, run: Run, question: FaceQuestion, threshold: Threshold) -> None:
    """Everything about one face."""
    rated_people = order_candidates(data.services().identifier(run), question.face, threshold)
    with st.container(border=True):
        st.markdown(_describe_verdict(question, threshold))
        _show_certainty(dataset, run, question, threshold, rated_people)
        width_px = question.face.detection.box.width
        if width_px < SMALL_FACE_PX:
            st.caption(
                _(
                    "The face is only {width} pixels wide: too little to be sure of. From {enough} on it "
                    "gets better; give the photo in its full size, if there is a larger one.",
                    width=f"{width_px:.0f}",
                    enough=SMALL_FACE_PX,
                )
            )
        _show_known_face(run, question.known_face)
        if offers.may_edit(dataset.id):
            _ask_for_name(dataset, run, question, threshold)
        person = _choose_candidate(dataset, run, question, rated_people)
        _evidence(dataset, run, question, person)


def order_candidates(identifier: Identifier, face: IdentifiedFace, threshold: Threshold) -> RatedPeople:
    """Who the face may be and how like each of them it is, the most alike first."""
    certainties = identifier.rate_candidates(face, face.candidates, threshold)
    rated_people = zip(face.candidates, certainties, strict=True)
    # Candidates come by probability; the page shows their likeness, and a list is read by the number that it shows.
    return sorted(rated_people, key=lambda rated: rated[1].likeness, reverse=True)


def _show_known_face(run: Run, known_face: Face | None) -> None:
    """What the dataset says of the face, and whether its name was to be expected for that."""
    if known_face is None or known_face.person is None:
        return
    name = words.name(known_face.person)
    st.caption(
        _("This photo is in the dataset as one of {name}; it learned from it, so its name proves little.", name=name)
        if known_face.id in data.run_predictions(run.id).learned_ids
        else _("This photo is in the dataset as one of {name}; it was not learned from: a fair test.", name=name)
    )


def _describe_verdict(question: FaceQuestion, threshold: Threshold) -> str:
    """Who it is, in one line."""
    number, name = question.number + 1, question.face.name(threshold)
    # What a person said outranks the recogniser, and that a face is too poor to tell outranks its likeness.
    if question.known_face is not None and question.known_face.confirmed:
        return _(
            "**{which}. {name}**, as somebody said.", which=f"{number:d}", name=words.name(question.known_face.person)
        )
    if question.face.doubt:
        return f"**{number:d}. {words.plain(describe_doubt(question.face))}.**"
    title = words.name(name) if name else _("Unknown")
    return f"**{number:d}. {title}**"


def describe_doubt(face: IdentifiedFace) -> str:
    """What makes it too poor to tell who it is: "Too blurred to tell"."""
    return _("{doubt} to tell", doubt=say_again(face.doubt).capitalize())


def _show_certainty(
    dataset: Dataset, run: Run, question: FaceQuestion, threshold: Threshold, rated_people: RatedPeople
) -> None:
    """How sure the answer is and why, and on request the numbers that it comes of."""
    face = question.face
    if face.doubt:
        st.caption(
            _(
                "Its quality is {grade}. Below {trusted} different people look alike, so no name is given. Try a "
                "sharper or larger photo.",
                grade=words.percent(face.quality.grade, 0),
                trusted=words.percent(TRUSTED_GRADE, 0),
            )
        )
        return
    # Whoever was named by a person is not the recogniser's to be sure of.
    if question.known_face is not None and question.known_face.confirmed:
        return
    certainty = face.certainty(threshold)
    bar.show_certainty(certainty)
    st.markdown(words.plain(_describe_reason(face, certainty, rated_people, threshold)))
    key = f"{question.photo.id[:16]}_{question.number}"
    explanation.offer_explanation(key, partial(_explain, dataset, run, face, threshold))


def _describe_reason(
    face: IdentifiedFace, certainty: Certainty, rated_people: RatedPeople, threshold: Threshold
) -> str:
    name = face.name(threshold)
    if name is None:
        nearest = nearest_candidate(face.candidates).person
        return explanation.describe_reason(certainty, is_named=False, other=nearest)
    next_people = [(candidate.person, rated.likeness) for candidate, rated in rated_people if candidate.person != name]
    next_name, likeness = next_people[0] if next_people else ("", 0.0)
    return explanation.describe_reason(certainty, is_named=True, other=next_name, other_likeness=likeness)


def _explain(dataset: Dataset, run: Run, face: IdentifiedFace, threshold: Threshold) -> None:
    """The numbers of this face."""
    best, certainty = face.candidates[0], face.certainty(threshold)
    name, recogniser = words.display_name(best.person), data.services().identifier(run).recogniser
    mean = recogniser.centroids[recogniser.people.index(best.person)]
    explanation.show_steps(name, face.vector, mean, certainty, threshold)
    explanation.show_vectors({_("This face"): face.vector, _("Mean of the faces of {name}", name=name): mean})
    margins = recogniser.classifier.linear.margins(face.vector[None])[0]
    rival = int(np.argsort(-margins, kind="stable")[1])
    explanation.show_more_numbers(
        {
            _("Taken for"): name,
            _describe_margin(recogniser.classifier.kind): _format_signed(face.margin),
            _("The same of the next, {name}", name=words.display_name(recogniser.people[rival])): _format_signed(
                float(margins[rival])
            ),
            _("How probable, if it is one of those known (calibrated)"): words.format_probability(best.prob),
            _("Nearest face that was learned from"): _describe_nearest(dataset, face),
            _("How far from the mean of {name} (distance; 0 the same, 2 opposite)", name=name): localise_decimals(
                f"{best.distance:.2f}"
            ),
            **explanation.score_numbers(face.score, certainty, threshold),
        }
    )


def _describe_margin(kind: ClassifierKind) -> str:
    # Only the SVM draws a border around each person: the others' numbers mean nothing but by how much one is larger.
    if kind is ClassifierKind.LINEAR_SVM:
        return _("How far on that side (margin of the SVM; below 0 on the other)")
    return _(
        "How much the classifier is for that person (margin of {classifier}; the largest names)",
        classifier=kind.phrase,
    )


def _format_signed(number: float) -> str:
    return localise_decimals(f"{number:+.2f}".replace("-", "\N{MINUS SIGN}"))


def _describe_nearest(dataset: Dataset, face: IdentifiedFace) -> str:
    if not face.evidence:
        return _("none is on this computer")
    table, nearest = data.dataset_faces(dataset.id, dataset.revision).table, face.evidence[0]
    row = table.find(nearest.face_id)
    distance = localise_decimals(f"{nearest.distance:.2f}")
    if row is None:
        return _("at distance {distance}", distance=distance)
    return _("of {name}, at distance {distance}", name=words.display_name(table.person(row)), distance=distance)


def _choose_candidate(dataset: Dataset, run: Run, question: FaceQuestion, rated_people: RatedPeople) -> str:
    """Who it may be; gives the one whose photos are to be seen."""
    # The choice is about one face of one photo. It is dropped with the face, and where the person is no candidate any
    # more after another training: then the most probable one is shown.
    question_key = (question.photo.id, question.number)
    shown_for, name, chosen_at = st.session_state.get(state.CANDIDATE, (("", 0), "", 0.0))
    shown_person = (
        name
        if shown_for == question_key and any(rated[0].person == name for rated in rated_people)
        else question.face.candidates[0].person
    )
    lines = [
        ChoiceLine(
            id=candidate.person,
            title=words.display_name(candidate.person),
            note=bar.format_likeness(certainty.likeness),
            src=gallery.crop_address(dataset.id, cover) if cover else "",
            certainty=bar.mark_certainty(certainty),
        )
        for candidate, certainty in rated_people
        for cover in (data.find_cover(dataset, candidate.person),)
    ]
    st.caption(_("How like each of them it is. Choose one to see why:"))
    key = f"candidates_{question.photo.id[:16]}_{question.number}"
    answer = choices.draw_choices(key, _("Candidates"), lines, shown_person, layout=ChoicesLayout.COMPACT)
    if n_more := len(run.params.people) - len(lines):
        st.caption(
            ngettext("And {number} more person whom it knows.", "And {number} more people whom it knows.", n_more)
        )
    # A component repeats its last answer at every run. Only one that is newer, by the browser's clock, is a click.
    if answer is not None and answer.when > chosen_at:
        st.session_state[state.CANDIDATE] = (question_key, answer.id, answer.when)
        if answer.id != shown_person:
            st.rerun(scope="fragment")
    return shown_person


def _evidence(dataset: Dataset, run: Run, question: FaceQuestion, person: str) -> None:
    """The face beside the photos of a person that are most like it."""
    known = data.dataset_people(dataset.id, dataset.revision).find_named(person)
    if known is None:
        # A run that came with a bundle left its photos where it was made.
        st.caption(
            _("The photos that it learned from are not on this computer.")
            if run.params.imported is not None
            else _("{name} has another name since it was trained, or no faces any more.", name=words.name(person))
        )
        return
    faces = data.person_faces(dataset.id, dataset.revision, known.id)
    nearest = nearest_in_gallery(question.face.vector, faces.embeddings.vectors, NEAREST_PHOTOS)[0][0]
    crop, photos = st.columns([1, 3], gap="small", wrap=False)
    with crop:
        alt = _("Face {which} as the network saw it", which=question.number + 1)
        st.html(gallery.picture_html(question.crop, alt, _("this face")))
    with photos:
        alt = _("A face of {name}", name=words.display_name(person))
        tiles = [gallery.Tile(faces.table.crop_ids[index], "", alt=alt) for index in nearest.tolist()]
        gallery.show_face_grid(dataset.id, tiles, tile_px=58)
    st.caption(_("Beside it, the photos of {name} that are most like it.", name=words.name(person)))


def _ask_for_name(dataset: Dataset, run: Run, question: FaceQuestion, threshold: Threshold) -> None:
    """Say who it is: the face joins the dataset."""
    # With the epoch in its key the field is another after every action, an empty one: after an undo, too.
    field = f"teach_{question.photo.id[:16]}_{question.number}_{corrections.current_epoch()}"
    guess = question.face.candidates[0].person
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            _("This is"),
            name_choice.list_names(dataset, guess),
            index=None,
            format_func=words.display_name,
            placeholder=_("A name, or a new one"),
            accept_new_options=True,
            key=field,
            on_change=_apply_typed_name,
            args=(dataset, question, field),
            width=240,
            help=_("The photo and this face are added to the dataset under that name. Nobody else on the photo is."),
        )
        # By one click only near the threshold: a guess about a face far from everybody would be confirmed too easily.
        is_near = question.face.certainty(threshold).sureness is not Sureness.UNKNOWN
        # Whoever was renamed since would come to be twice: once more under the name that was learned.
        exists = data.find_cover(dataset, guess) is not None or run.params.imported is not None
        if is_near and exists and (question.known_face is None or question.known_face.person != guess):
            guessed_name = words.name(guess)
            st.button(
                _("Yes, {name}", name=guessed_name)
                if question.face.name(threshold)
                else _("It is {name}", name=guessed_name),
                key=f"yes_{field}",
                icon=":material/check:",
                on_click=_teach_name,
                args=(dataset, question, guess),
            )


def _apply_typed_name(dataset: Dataset, question: FaceQuestion, field: str) -> None:
    # Called back when the field changes, to an empty one too when its name is deleted.
    if name := st.session_state[field]:
        _teach_name(dataset, question, name)


def _teach_name(dataset: Dataset, question: FaceQuestion, name: str) -> None:
    tools = data.services().ingestor(dataset.id)
    photo = teach.UnstoredPhoto(question.photo.name, question.photo.content, question.turn)
    detection = question.face.detection

    def teach_face(corrector: Corrector) -> Event:
        event = teach.teach_face(tools, corrector, photo, detection, name)
        taught_events: dict[str, set[int]] = st.session_state.setdefault(state.TAUGHT, {})
        taught_events.setdefault(question.photo.id, set()).add(event.id)
        return event

    corrections.apply_correction(dataset, teach_face)


def list_taught_events(photo: TabPhoto) -> frozenset[int]:
    """The corrections that this tab did of faces of a photo while it was looked at, by their ids."""
    return frozenset(st.session_state.get(state.TAUGHT, {}).get(photo.id, ()))

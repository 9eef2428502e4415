"""A photo that was looked at: its faces on the picture and in a list, and how many strangers may get a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st

from core.base.types import Face, Revision
from core.imaging.pixels import encode_jpeg
from core.language.texts import gettext as _
from core.language.texts import ngettext
from core.learn.metrics.run_values import RunThreshold, describe_update
from core.learn.open_set.certainty import Sureness
from core.learn.open_set.rejection_rule import RATES, TARGET_RATE, Threshold
from core.store.job_model import JobKind
from core.store.values.datasets import Dataset
from core.store.values.runs import Run
from core.ui import data, gallery, jobs, state, words
from core.ui.access import kept, offers
from core.ui.audit import recording
from core.ui.certainty import bar
from core.ui.components import boxes, choices
from core.ui.components.boxes import BoxOnPhoto, EncodedPhoto
from core.ui.components.choices import CertaintyMark, ChoiceLine, DatedChoice
from core.ui.identification import face_answer
from core.ui.identification.photo_input import TabPhoto
from core.ui.labels import corrections
from core.ui.photos.dropped_photo import NO_FACE_ADVICE
from core.ui.training import training_jobs
from core.workflows.identification.identify import IdentifiedFace, nearest_candidate
from core.workflows.labels import teach
from core.workflows.training.update import UPDATE_FIRST_FROM

LIST_PX = 260


@dataclass(frozen=True, slots=True, eq=False)
class PhotoAnswer:
    """A photo after it was looked at."""

    photo: TabPhoto
    sheet: EncodedPhoto
    turn: int
    """Quarters clockwise by which it was turned to be upright."""
    faces: tuple[IdentifiedFace, ...]
    crops: tuple[str, ...]
    """What the network saw of each face, as data addresses."""


def identify_photo(run: Run, revision: Revision, photo: TabPhoto) -> PhotoAnswer:
    """The faces of a photo; computed once a session. Raises ImageRefused."""
    # Plain values as the key. The revision is one of them, as the faces that a run learned from may have been erased.
    with st.spinner(_("Looking for faces")):
        return _identify_photo(run.id, revision, photo.id, photo)


@kept.cache_data(show_spinner=False, max_entries=12, scope="session")
def _identify_photo(run_id: str, revision: Revision, photo_id: str, _photo: TabPhoto) -> PhotoAnswer:
    services = data.services()
    identifier = services.identifier(services.runs.run(run_id))
    identified = identifier.identify_photo(identifier.pipeline.decode_photo(_photo.content))
    crops = tuple(gallery.jpeg_data_url(encode_jpeg(face.crop)) for face in identified.faces)
    return PhotoAnswer(
        photo=_photo, sheet=EncodedPhoto.of(identified.image), turn=identified.turn, faces=identified.faces, crops=crops
    )


def show_retraining_notice(dataset: Dataset, run: Run) -> None:
    """Say so when the dataset has changed since it was learned, and offer to learn it again."""
    job = data.newest_job(dataset, JobKind.TRAIN)
    jobs.follow_job(job)
    updated, is_stale = run.params.updated, run.revision != dataset.revision
    if not (is_stale or updated) or (job is not None and job.state.active):
        return
    sentence = _("Photos or names changed since this was trained; it does not know of that yet.")
    if updated and not is_stale:
        sentence = describe_update(updated)
    kind = run.params.kind
    can_update = is_stale and run.metrics.n_train >= UPDATE_FIRST_FROM
    if can_update and not kind.is_updated_by_rows:
        sentence = _(
            "{sentence} With {classifier} it takes a training: everybody is learned together.",
            sentence=sentence,
            classifier=kind.phrase,
        )
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f":material/update: {words.plain(sentence)}", width="content")
        if not offers.may_edit(dataset.id):
            return
        if can_update and kind.is_updated_by_rows:
            st.button(
                _("Learn the changes"),
                key="update",
                icon=":material/update:",
                help=_("Takes seconds. How good it is then, a training measures."),
                on_click=training_jobs.submit_update,
                args=(dataset,),
            )
        st.button(
            _("Train again"),
            key="retrain",
            icon=":material/school:",
            on_click=training_jobs.submit_training_again,
            args=(dataset, run),
        )


def show_known_people(dataset: Dataset, run: Run) -> None:
    """Before the first photo: who can be recognised."""
    names = run.params.people
    everybody = data.dataset_people(dataset.id, dataset.revision)
    st.markdown(ngettext("It knows **{number} person**.", "It knows **{number} people**.", len(names)))
    present = set(everybody.names)
    known = [name for name in names if name in present]
    part = map(everybody.find_named, known[gallery.page_slice(len(known), gallery.PER_PAGE, "known")])
    tiles = [
        gallery.Tile(
            person.cover_crop_id,
            words.display_name(person.name),
            ngettext("{number} face", "{number} faces", person.faces),
        )
        for person in part
        if person is not None
    ]
    gallery.show_face_grid(dataset.id, tiles)


@st.fragment
def show_photo_answer(dataset: Dataset, run: Run, photo: PhotoAnswer) -> None:
    """The picture with names, the list of faces, and what is known of the one that is chosen."""
    corrections.rerun_if_changed()
    left, right = st.columns([3, 2], gap="large")
    with left:
        # The names on the picture follow the slider below it, so the picture is drawn after the slider was read.
        picture = st.container()
        threshold = ask_for_threshold(run, photo.faces)
    frames = [face.detection.box for face in photo.faces]
    named = {name for face in photo.faces if (name := face.name(threshold)) is not None}
    recording.record_names(dataset, recording.PHOTO, photo.photo.id, named)
    known_faces = teach.match_known_faces(data.services().store, dataset.id, photo.photo.id, frames, photo.turn)
    lines = [
        _face_line(number, face, threshold, known)
        for number, (face, known) in enumerate(zip(photo.faces, known_faces, strict=True))
    ]
    face_shown = _chosen_face_index(photo)
    with picture:
        on_photo = _picture(photo, lines, face_shown)
    with right:
        if not photo.faces:
            _show_no_face()
            return
        in_list = _list(photo, lines, face_shown)
        # Both were drawn with the face that was chosen before; drawn again, both show the one that was clicked in one.
        if _choose(photo, [on_photo, in_list]):
            st.rerun(scope="fragment")
        question = face_answer.FaceQuestion(
            photo=photo.photo,
            turn=photo.turn,
            crop=photo.crops[face_shown],
            face=photo.faces[face_shown],
            number=face_shown,
            known_face=known_faces[face_shown],
        )
        face_answer.show_face_answer(dataset, run, question, threshold)


def ask_for_threshold(run: Run, faces: Sequence[IdentifiedFace]) -> Threshold:
    """How many strangers may get a name, so how sure a name must be, and what that does to this photo."""
    identifier = data.services().identifier(run)
    threshold = identifier.threshold(choose_rate(f"fpir_{run.id}"))
    # Faces carry scores, not decisions: what any other rate would come to is counted without looking at them again.
    counts = {rate: sum(face.name(identifier.threshold(rate)) is not None for face in faces) for rate in RATES}
    promise = f"{describe_promise(threshold)} {describe_difference(run.params.threshold, threshold)}".strip()
    st.caption(f"{promise} {describe_names(counts, len(faces), threshold.rate)}".strip())
    return threshold


def choose_rate(key: str) -> float:
    """Choose the share of strangers who may get a name, one of ``RATES``."""
    rate = st.select_slider(
        _("How many strangers may get a name? (false-accept rate)"),
        options=sorted(RATES),
        value=TARGET_RATE,
        format_func=format_one_in,
        key=key,
        help=_("Fewer: more people are called unknown, those whom it should know too."),
    )
    return float(rate)


def describe_names(named_by_rate: dict[float, int], n_faces: int, rate: float) -> str:
    """How many faces of this photo have a name at a false-accept rate and at others; "" without a face.

    Parameters
    ----------
    named_by_rate : faces with a name by false-accept rate
    """
    if not n_faces:
        return ""
    # Not the next rates but the next that change something: on most photos a step of the slider does nothing.
    n_named, rates = named_by_rate[rate], sorted(named_by_rate)
    stricter = [other for other in rates if named_by_rate[other] < n_named][-1:]
    looser = [other for other in rates if named_by_rate[other] > n_named][:1]
    alternatives = [
        _(
            "With {one_in} it would be {n_named}.",
            one_in=format_one_in(other),
            n_named=words.count(named_by_rate[other]),
        )
        for other in (*stricter, *looser)
    ]
    faces = ngettext("{number} face", "{number} faces", n_faces)
    # "1 of 12 faces has", "0 of 1 face has": the verb goes with either number.
    here = (
        _("Here {n_named} of {faces} has a name.", n_named=words.count(n_named), faces=faces)
        if 1 in (n_named, n_faces)
        else _("Here {n_named} of {faces} have a name.", n_named=words.count(n_named), faces=faces)
    )
    return " ".join([here, *alternatives])


def describe_promise(threshold: Threshold) -> str:
    """What a threshold promises, in the words of all pages, and whether that can be promised."""
    promise = _("Of strangers {share} would get a name.", share=words.format_strangers_share(threshold))
    if threshold.enough:
        return promise
    return _("{promise} Too few people were there to be sure of it.", promise=promise)


def describe_difference(run_threshold: RunThreshold, threshold: Threshold) -> str:
    """Why this threshold is not the one that "How good is it?" speaks of; "" where it is."""
    if threshold.rate != run_threshold.rate:
        return _("How good is it? speaks of {one_in}.", one_in=format_one_in(run_threshold.rate))
    if threshold.score != run_threshold.score:
        return _("Its learned faces are not here, so that the limit is another one than in How good is it?")
    return ""


def format_one_in(rate: float) -> str:
    """A share of strangers in plain words: "1 in 100"."""
    return _("1 in {total}", total=words.count(round(1 / rate)))


def _face_line(number: int, face: IdentifiedFace, threshold: Threshold, known_face: Face | None) -> ChoiceLine:
    """A face in the list: who it is, or who is nearest, and how sure that is."""
    name, certainty = face.name(threshold), face.certainty(threshold)
    title = words.display_name(name) if name else _("Unknown")
    # The most probable person is not always the nearest: the margins of the classifier may turn the order.
    nearest = words.display_name(nearest_candidate(face.candidates).person)
    note = bar.format_likeness(certainty.likeness)
    # Of an unknown face the title says the word already.
    if certainty.sureness is Sureness.UNKNOWN:
        note = _("{likeness}; nearest is {name}", likeness=note, name=nearest)
    elif name:
        note = f"{bar.title_word(certainty.sureness)}, {note}"
    else:
        note = _(
            "{word}, {likeness}; perhaps {name}",
            word=bar.title_word(certainty.sureness),
            likeness=note,
            name=nearest,
        )
    mark: CertaintyMark | None = bar.mark_certainty(certainty)
    if face.doubt:
        title, note, mark = (
            face_answer.describe_doubt(face),
            _("quality {grade}", grade=words.percent(face.quality.grade, 0)),
            None,
        )
    is_confirmed = known_face is not None and known_face.confirmed
    if known_face is not None and is_confirmed:
        title, note, mark = words.display_name(known_face.person), _("somebody said so"), None
    elif face.detection.box.width < face_answer.SMALL_FACE_PX:
        note = _("{note}; only {width} pixels wide", note=note, width=f"{face.detection.box.width:.0f}")
    return ChoiceLine(
        str(number), f"{number + 1}. {title}", note, certainty=mark, known=name is not None or is_confirmed
    )


def _chosen_face_index(photo: PhotoAnswer) -> int:
    """The face that is looked at; the first until one is chosen."""
    photo_id, face = st.session_state.get(state.FACE_SHOWN, ("", 0, 0.0))[:2]
    return face if photo_id == photo.photo.id and face < len(photo.faces) else 0


def _choose(photo: PhotoAnswer, answers: Sequence[DatedChoice | None]) -> bool:
    """Take the newest choice of the picture and the list; True when it is another face than before."""
    # Both repeat their last answer at every run: the newest by the browser's clock counts, if it is newer than what was
    # obeyed. What a browser sends is checked: a number that is no face of this photo is passed over.
    before, since = _chosen_face_index(photo), st.session_state.get(state.FACE_SHOWN, ("", 0, 0.0))[2]
    newest = max((answer for answer in answers if answer is not None), key=lambda answer: answer.when, default=None)
    if newest is None or newest.when <= since or not newest.id.isdigit() or int(newest.id) >= len(photo.faces):
        return False
    st.session_state[state.FACE_SHOWN] = (photo.photo.id, int(newest.id), newest.when)
    return int(newest.id) != before


def _picture(photo: PhotoAnswer, lines: Sequence[ChoiceLine], face_shown: int) -> DatedChoice | None:
    frames = [
        BoxOnPhoto(line.id, face.detection.box, line.title if line.known else f"{int(line.id) + 1}?", known=line.known)
        for face, line in zip(photo.faces, lines, strict=True)
    ]
    titles = ", ".join(line.title for line in lines) or _("none")
    alt = ngettext(
        "The photo with {number} face: {names}", "The photo with {number} faces: {names}", len(lines), names=titles
    )
    return boxes.choose_box(f"look_{photo.photo.id[:16]}", photo.sheet, frames, alt, str(face_shown), link="identify")


def _list(photo: PhotoAnswer, lines: Sequence[ChoiceLine], face_shown: int) -> DatedChoice | None:
    n_named = sum(line.known for line in lines)
    st.markdown(
        ngettext(
            "**{number} face: {n_named} named, {n_unknown} unknown**",
            "**{number} faces: {n_named} named, {n_unknown} unknown**",
            len(lines),
            n_named=n_named,
            n_unknown=len(lines) - n_named,
        )
    )
    pictured = [replace(line, src=crop) for line, crop in zip(lines, photo.crops, strict=True)]
    key = f"faces_{photo.photo.id[:16]}"
    return choices.draw_choices(
        key, _("Faces of the photo"), pictured, str(face_shown), height_px=LIST_PX, link="identify"
    )


def _show_no_face() -> None:
    """No face in the photo, and what to do."""
    st.markdown(_("## No face could be found"))
    st.markdown(_(NO_FACE_ADVICE))

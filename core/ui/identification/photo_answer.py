"""A photo that was looked at: its faces on the picture and in a list, and how many strangers may get a name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.base.types import Face
from core.imaging.decoding import encode_jpeg
from core.isolation.photos import decode
from core.jobs.model import JobKind
from core.learn.open_set.rejection_rule import RATES, TARGET_RATE, Threshold
from core.store.protocols import Dataset, Run
from core.ui import data, gallery, jobs, state, words
from core.ui.components import boxes, choices
from core.ui.components.boxes import BoxOnPhoto, Sheet
from core.ui.components.choices import Chosen, Line
from core.ui.identification import face_answer
from core.ui.identification.photo_input import Given
from core.ui.labels import corrections
from core.ui.training import training_page
from core.workflows.identification.identify import IdentifiedFace, nearest_candidate
from core.workflows.identification.lookups.marks import band
from core.workflows.labels import teach

LIST_PX = 260


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """A photo after it was looked at."""

    photo: Given
    sheet: Sheet
    turn: int
    """Quarters clockwise by which it was turned to be upright."""
    faces: tuple[IdentifiedFace, ...]
    crops: tuple[str, ...]
    """What the network saw of each face, as data addresses."""


def look(run: Run, revision: int, photo: Given) -> Looked:
    """The faces of a photo; computed once a session. Raises ImageRefused."""
    return _look(run.id, revision, photo.id, photo)


@st.cache_data(show_spinner="Looking for faces", max_entries=12, scope="session")
def _look(run_id: str, revision: int, photo_id: str, _photo: Given) -> Looked:
    services = data.services()
    image = decode(_photo.content, services.settings.images)
    seen = services.identifier(services.runs.run(run_id)).identify(image)
    crops = tuple(gallery.jpeg_address(encode_jpeg(face.crop)) for face in seen.faces)
    return Looked(photo=_photo, sheet=Sheet.of(seen.image), turn=seen.turn, faces=seen.faces, crops=crops)


def learned(dataset: Dataset, run: Run) -> None:
    """Say so when the dataset has changed since it was learned, and offer to learn it again."""
    job = data.newest_job(dataset, JobKind.TRAIN)
    jobs.follow(job)
    if run.revision == dataset.revision or (job is not None and job.state.active):
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(
            ":material/update: Photos or names changed since this was trained; it does not know of that yet.",
            width="content",
        )
        st.button(
            "Train again",
            key="retrain",
            icon=":material/school:",
            on_click=training_page.submit_again,
            args=(dataset, run),
        )


def invitation(dataset: Dataset, run: Run) -> None:
    """Before the first photo: who can be recognised."""
    names = run.params["people"]
    known = {person.name: person for person in data.people(dataset.id, dataset.revision)}
    st.markdown(f"It knows **{words.count(len(names), 'person', 'people')}**.")
    tiles = [
        gallery.Tile(known[name].cover_crop_id, words.person(name), words.count(known[name].faces, "face"))
        for name in names
        if name in known
    ]
    gallery.paged_grid(dataset.id, tiles, key="known")


@st.fragment
def result(dataset: Dataset, run: Run, looked: Looked) -> None:
    """The picture with names, the list of faces, and what is known of the one that is chosen."""
    corrections.keep_in_step()
    left, right = st.columns([3, 2], gap="large")
    with left:
        picture = st.container()
        threshold = ask_for_threshold(run, looked.faces)
    frames = [face.detection.box for face in looked.faces]
    said = teach.said(data.services().store, dataset.id, looked.photo.id, frames, looked.turn)
    lines = [
        line(number, face, threshold, known)
        for number, (face, known) in enumerate(zip(looked.faces, said, strict=True))
    ]
    now = chosen(looked)
    with picture:
        on_photo = _picture(looked, lines, now)
    with right:
        if not looked.faces:
            nobody()
            return
        in_list = _list(looked, lines, now)
        if _choose(looked, [on_photo, in_list]):
            st.rerun(scope="fragment")
        asked = face_answer.Asked(
            photo=looked.photo,
            turn=looked.turn,
            crop=looked.crops[now],
            face=looked.faces[now],
            number=now,
            said=said[now],
            is_near=is_near(run, looked.faces[now], threshold),
        )
        face_answer.face(dataset, asked, threshold)


def is_near(run: Run, face: IdentifiedFace, threshold: Threshold) -> bool:
    """Whether it has a name, or one step of the slider would give it one: no face far from everybody is offered one."""
    identifier = data.services().identifier(run)
    thresholds = identifier.recogniser.rule(identifier.neighbours).thresholds
    return not face.doubt and face.score > band(thresholds, threshold.score).low


def ask_for_threshold(run: Run, faces: Sequence[IdentifiedFace]) -> Threshold:
    """How many strangers may get a name, so how sure a name must be, and what that does to this photo."""
    identifier = data.services().identifier(run)
    chosen = st.select_slider(
        "How many strangers may get a name? (false-accept rate)",
        options=sorted(RATES),
        value=TARGET_RATE,
        format_func=one_in,
        key=f"fpir_{run.id}",
        help="Fewer: more people are called unknown, those whom it should know too.",
    )
    threshold = identifier.threshold(float(chosen))
    counts = {rate: sum(face.name(identifier.threshold(rate)) is not None for face in faces) for rate in RATES}
    st.caption(effect(threshold, counts, len(faces)))
    return threshold


def effect(threshold: Threshold, named: dict[float, int], n_faces: int) -> str:
    """What a limit promises, and how many faces of this photo have a name with it and with others.

    Parameters
    ----------
    named : faces with a name by false-accept rate
    """
    said = []
    if not threshold.enough:
        said.append(
            f"What it has seen is too little to be sure of {100 * threshold.rate:g} %: "
            f"up to {words.percent(threshold.high)} of strangers may get a name."
        )
    if n_faces:
        said.append(f"Here {named[threshold.rate]:d} of {words.count(n_faces, 'face')} have a name.")
        stricter = next((rate for rate in sorted(named, reverse=True) if named[rate] < named[threshold.rate]), None)
        looser = next((rate for rate in sorted(named) if named[rate] > named[threshold.rate]), None)
        said += [f"With {one_in(rate)} it would be {named[rate]:d}." for rate in (stricter, looser) if rate is not None]
    return " ".join(said)


def one_in(rate: float) -> str:
    """A share of strangers in plain words: "1 in 100"."""
    return f"1 in {words.count(round(1 / rate))}"


def line(number: int, face: IdentifiedFace, threshold: Threshold, said: Face | None) -> Line:
    """A face in the list: who it is, or who is nearest, and how sure that is."""
    best, nearest = face.candidates[0], nearest_candidate(face.candidates)
    name = face.name(threshold)
    title = words.person(name) if name else "Unknown"
    note = (
        f"{words.probability(best.prob)} sure"
        if name
        else f"nearest is {words.person(nearest.person)} at {nearest.distance:.2f}"
    )
    if face.doubt:
        title, note = f"{face.doubt.capitalize()} to tell", f"quality {words.percent(face.quality.grade, 0)}"
    if said is not None and said.confirmed:
        title, note = words.person(said.person), "somebody said so"
    elif face.detection.box.width < face_answer.SMALL_FACE_PX:
        note += f"; only {face.detection.box.width:.0f} pixels wide"
    return Line(str(number), f"{number + 1}. {title}", note, known=bool(name) or (said is not None and said.confirmed))


def chosen(looked: Looked) -> int:
    """The face that is looked at; the first until one is chosen."""
    photo_id, face, _ = st.session_state.get(state.FACE_SHOWN, ("", 0, 0.0))
    return face if photo_id == looked.photo.id and face < len(looked.faces) else 0


def _choose(looked: Looked, answers: Sequence[Chosen | None]) -> bool:
    """Take the newest choice of the picture and the list; True when it is another face than before."""
    before, since = chosen(looked), st.session_state.get(state.FACE_SHOWN, ("", 0, 0.0))[2]
    newest = max((each for each in answers if each is not None), key=lambda each: each.when, default=None)
    if newest is None or newest.when <= since or not newest.id.isdigit() or int(newest.id) >= len(looked.faces):
        return False
    st.session_state[state.FACE_SHOWN] = (looked.photo.id, int(newest.id), newest.when)
    return int(newest.id) != before


def _picture(looked: Looked, lines: Sequence[Line], now: int) -> Chosen | None:
    frames = [
        BoxOnPhoto(each.id, face.detection.box, each.title if each.known else f"{int(each.id) + 1}?", known=each.known)
        for face, each in zip(looked.faces, lines, strict=True)
    ]
    told = ", ".join(each.title for each in lines) or "none"
    alt = f"The photo with {words.count(len(lines), 'face')}: {told}"
    return boxes.choose(f"look_{looked.photo.id[:16]}", looked.sheet, frames, alt, str(now), link="identify")


def _list(looked: Looked, lines: Sequence[Line], now: int) -> Chosen | None:
    named = sum(each.known for each in lines)
    st.markdown(f"**{words.count(len(lines), 'face')}: {named} named, {len(lines) - named} unknown**")
    pictured = [
        Line(each.id, each.title, each.note, crop, known=each.known)
        for each, crop in zip(lines, looked.crops, strict=True)
    ]
    key = f"faces_{looked.photo.id[:16]}"
    return choices.choices(key, "Faces of the photo", pictured, str(now), height_px=LIST_PX, link="identify")


def nobody() -> None:
    """No face in the photo, and what to do."""
    st.markdown("## No face could be found")
    st.markdown("A face needs to be at least about 20 pixels wide and turned towards the camera. Try another photo.")

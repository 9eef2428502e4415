"""Two reviewers: drawing faces, naming them without seeing the other's answers, and settling where they differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import partial

import streamlit as st

from core.access.permissions import Action
from core.base.errors import InputRefused
from core.corrections.model import Event
from core.language.texts import format_count, localise_decimals, ngettext
from core.language.texts import gettext as _
from core.store.values.datasets import Dataset
from core.ui import data, gallery, state, words
from core.ui.audit.recording import current_viewer
from core.ui.gallery import Tile
from core.ui.labels import corrections, name_choice
from core.workflows.labels import agreement
from core.workflows.labels.agreement import NOBODY, UNSURE, ReviewComparison, ReviewSample
from core.workflows.labels.correct import Corrector

USUAL_FACES = 50
FACE_PX, SMALL_FACE_PX = 240, 120
PER_PAGE = 24
PAIRS_SHOWN = 12
"""Of people who are taken for each other, the most frequent; each face stands below."""


def show_agreement(dataset: Dataset) -> None:
    """The sample that is open, what its two reviewers still have to name, or where they differ."""
    if refusal := st.session_state.pop(state.REFUSED, None):
        st.error(words.plain(refusal), icon=":material/error:")
    samples = agreement.list_samples(data.services().artifacts, dataset.id)
    if not samples:
        _offer_drawing(dataset)
        return
    sample = _choose_sample(samples)
    merged = data.services().store.people_after_merges(dataset.id)
    if comparison := agreement.compare_reviewers(data.services().artifacts, sample, merged):
        _show_comparison(dataset, sample, comparison)
    else:
        _show_naming(dataset, sample)
    if data.access().may(Action.SHARE, dataset.id):
        with st.expander(_("Draw other faces, or delete these")):
            _offer_drawing(dataset)
            st.button(_("Delete this sample with its answers"), on_click=_delete, args=(sample,), key="delete_sample")


def _show_naming(dataset: Dataset, sample: ReviewSample) -> None:
    """How far both are, and the next face of whoever answers."""
    reviewer = _choose_reviewer(sample)
    answers = {name: agreement.read_answers(data.services().artifacts, sample, name) for name in sample.reviewers}
    for name, given_answers in answers.items():
        share = len(given_answers) / len(sample.face_ids)
        st.progress(share, text=words.plain(_("{name}: {done} of {all}", name=name, **_counts(given_answers, sample))))
    if reviewer and (face_id := agreement.find_next_face(sample, answers[reviewer])):
        _ask(dataset, sample, reviewer, face_id)
    elif reviewer is None and not data.access().principal.address:
        st.info(_("Choose who you are; then come the faces to be named."), icon=":material/person:")
    else:
        st.info(_("What they said is shown when both have named every face."), icon=":material/visibility_off:")


def _counts(answers: Mapping[str, str], sample: ReviewSample) -> dict[str, str]:
    return {"done": format_count(len(answers)), "all": format_count(len(sample.face_ids))}


def _delete(sample: ReviewSample) -> None:
    agreement.delete_sample(data.services().artifacts, sample)


def _choose_sample(samples: list[ReviewSample]) -> ReviewSample:
    if len(samples) == 1:
        return samples[0]
    titles = {
        sample.id: _("{first} and {second}, {ago}", first=first, second=second, ago=words.ago(sample.created))
        for sample in samples
        for first, second in (sample.reviewers,)
    }
    sample_id = st.selectbox(_("Sample"), list(titles), format_func=titles.__getitem__, key="review_sample")
    return next(sample for sample in samples if sample.id == sample_id)


def _choose_reviewer(sample: ReviewSample) -> str | None:
    """Who answers: whoever is signed in, if they are one of the two; without sign-in whoever says so."""
    if address := data.access().principal.address:
        return address if address in sample.reviewers else None
    names = list(sample.reviewers)
    return st.segmented_control(_("Who is answering?"), names, format_func=words.plain, key=f"reviewer_{sample.id}")


# drawing


def _offer_drawing(dataset: Dataset) -> None:
    """A form for whoever may draw faces."""
    st.markdown(
        _(
            "Two people name the same faces, drawn at random, and neither sees what the other says. Then this page "
            "says how often they agree and where they differ, and what is right can be settled."
        )
    )
    if not data.access().may(Action.SHARE, dataset.id):
        st.info(_("The owner of the dataset or an admin draws the faces."), icon=":material/info:")
        return
    with st.form("draw_sample"):
        is_signed_in = bool(data.access().principal.address)
        kind = _("address") if is_signed_in else _("name")
        st.text_input(_("First reviewer ({kind})", kind=kind), key="first_reviewer", max_chars=254)
        st.text_input(_("Second reviewer ({kind})", kind=kind), key="second_reviewer", max_chars=254)
        st.number_input(_("Faces"), 2, agreement.MOST_FACES, USUAL_FACES, key="sample_faces")
        st.form_submit_button(_("Draw faces"), type="primary", on_click=_draw, args=(dataset,))


def _draw(dataset: Dataset) -> None:
    services, access = data.services(), data.access()
    names = [str(st.session_state[key]) for key in ("first_reviewer", "second_reviewer")]
    if access.principal.address:
        names = [name.strip().lower() for name in names]
    try:
        access.require(Action.SHARE, dataset.id)
        count = int(st.session_state["sample_faces"])
        agreement.draw_sample(services.store, services.artifacts, dataset.id, names, count, current_viewer())
    except InputRefused as refusal:
        st.session_state[state.REFUSED] = str(refusal)


# naming


def _ask(dataset: Dataset, sample: ReviewSample, reviewer: str, face_id: str) -> None:
    number = sample.face_ids.index(face_id) + 1
    answer = partial(_answer, sample, reviewer, face_id)
    picture, question = st.columns([1, 2], gap="large", width=760)
    with picture:
        _show_face(dataset, face_id, _("Face {number} of the sample", number=number), FACE_PX)
    with question, st.container(key="review_answer"):
        names = name_choice.list_names(dataset, hidden=False)
        key = f"said_{face_id}"
        st.selectbox(
            _("Who is it?"),
            names,
            index=None,
            format_func=words.display_name,
            key=key,
            accept_new_options=name_choice.has_unlisted(dataset),
            placeholder=_("Choose a name, or type it"),
            on_change=_answer_by_name,
            args=(dataset, sample, reviewer, face_id),
        )
        st.button(_("Nobody of these people"), key=f"nobody_{face_id}", on_click=answer, args=(NOBODY,))
        st.button(_("Cannot tell"), key=f"unsure_{face_id}", on_click=answer, args=(UNSURE,))
        st.button(
            _("Take the last answer back"),
            key="take_back",
            type="tertiary",
            icon=":material/undo:",
            on_click=_take_back,
            args=(sample, reviewer),
        )


def _answer_by_name(dataset: Dataset, sample: ReviewSample, reviewer: str, face_id: str) -> None:
    name = st.session_state[f"said_{face_id}"]
    person = name_choice.find_typed(dataset, name) if name else None
    if person is None:
        st.session_state[state.REFUSED] = _("Nobody is called '{name}'. Choose one of the people.", name=name or "")
        return
    _answer(sample, reviewer, face_id, str(person.id))


def _answer(sample: ReviewSample, reviewer: str, face_id: str, answer: str) -> None:
    agreement.give_answer(data.services().artifacts, sample, reviewer, face_id, answer)


def _take_back(sample: ReviewSample, reviewer: str) -> None:
    agreement.take_back_answer(data.services().artifacts, sample, reviewer)


def _show_face(dataset: Dataset, face_id: str, alt: str, side_px: int) -> None:
    faces = data.services().store.faces(dataset.id, [face_id])
    crop_id = faces[0].crop_id if faces else ""
    # On a small screen too: what is asked stands below it.
    with st.container(width=side_px):
        gallery.show_face_grid(dataset.id, [Tile(crop_id, "", alt=alt)], side_px)


# the outcome


def _show_comparison(dataset: Dataset, sample: ReviewSample, comparison: ReviewComparison) -> None:
    services = data.services()
    corrections.show_last_correction(dataset, hold=False)
    _show_figures(comparison)
    if not comparison.differing:
        return
    names = services.store.names(dataset.id)
    _show_confusions(sample, comparison, names)
    st.subheader(_("What is right?"), anchor=False)
    settled = agreement.read_settled(services.artifacts, sample)
    lines = comparison.differing[gallery.page_slice(len(comparison.differing), PER_PAGE, f"differing_{sample.id}")]
    for face_id, first, second in lines:
        event = services.log.event(dataset.id, settled[face_id]) if face_id in settled else None
        _show_difference(dataset, sample, (face_id, first, second), names, event)


def _show_figures(comparison: ReviewComparison) -> None:
    figures = comparison.agreement
    low, high = figures.interval
    st.header(
        ngettext(
            "The same answer for {same} of {number} face",
            "The same answer for {same} of {number} faces",
            figures.n_faces,
            same=words.count(figures.n_same),
        ),
        anchor=False,
    )
    share, interval = words.percent(figures.share), words.format_interval(low, high)
    st.markdown(_("They agree on {share}; of all faces that would be {interval}.", share=share, interval=interval))
    if figures.kappa is None:
        st.caption(_("Cohen's kappa cannot be told: both gave one answer to all."))
    else:
        kappa = localise_decimals(f"{figures.kappa:.2f}")
        st.caption(_("Cohen's kappa: {kappa}. 0 is what chance gives, 1 is full agreement.", kappa=kappa))


def _show_confusions(sample: ReviewSample, comparison: ReviewComparison, names: Mapping[int, str]) -> None:
    counts = Counter((first, second) for _face, first, second in comparison.differing)
    first_name, second_name = map(words.plain, sample.reviewers)
    rows = [
        {
            first_name: words.plain(_say(first, names)),
            second_name: words.plain(_say(second, names)),
            _("Faces"): words.count(count),
        }
        for (first, second), count in counts.most_common(PAIRS_SHOWN)
    ]
    st.subheader(_("On whom they differ"), anchor=False)
    # Not a data frame: its columns cut words off, and are wider than a phone.
    st.table(rows, border="horizontal", hide_index=True, width="content")


def _show_difference(
    dataset: Dataset,
    sample: ReviewSample,
    difference: tuple[str, str, str],
    names: Mapping[int, str],
    event: Event | None,
) -> None:
    face_id, *answers = difference
    sentence = "  \n".join(
        words.plain(words.titled(reviewer, _say(answer, names)))
        for reviewer, answer in zip(sample.reviewers, answers, strict=True)
    )
    with st.container(border=True):
        picture, text = st.columns([1, 4], vertical_alignment="center")
        with picture:
            _show_face(dataset, face_id, _("A face that the two named differently"), SMALL_FACE_PX)
        with text:
            st.markdown(sentence)
            if event is not None and event.active:
                st.caption(words.plain(_("Settled by {author}.", author=event.author)))
                return
            with st.container(horizontal=True):
                for number, answer in enumerate(answers):
                    label = _("It is: {answer}", answer=words.plain(_say(answer, names)))
                    key = f"settle_{face_id}_{number}"
                    st.button(label, key=key, on_click=_settle, args=(dataset, sample, face_id, answer))


def _say(answer: str, names: Mapping[int, str]) -> str:
    if answer == NOBODY:
        return _("nobody of these people")
    if answer == UNSURE:
        return _("cannot tell")
    return words.display_name(names.get(int(answer)))


def _settle(dataset: Dataset, sample: ReviewSample, face_id: str, answer: str) -> None:
    """Make an answer a correction of whoever settles it."""
    names = data.services().store.names(dataset.id)

    def correct(corrector: Corrector) -> Event:
        if answer == NOBODY:
            event = corrector.mark_strangers([face_id])
        elif answer == UNSURE:
            event = corrector.unname([face_id])
        else:
            event = corrector.move([face_id], names[int(answer)])
        agreement.note_settled(data.services().artifacts, sample, face_id, event.id)
        return event

    corrections.apply_correction(dataset, correct)

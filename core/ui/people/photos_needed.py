"""What it would take for a person to be recognised well, in words."""

from __future__ import annotations

from functools import reduce

import streamlit as st

from core.base.types import Revision
from core.language.texts import gettext as _
from core.language.texts import marked, ngettext
from core.learn.model_selection.photos_needed import FEWEST, MOST, PhotoAdvice, advise_photos
from core.store.values.datasets import Dataset
from core.store.values.runs import Run
from core.ui import data, state, words
from core.ui.access import kept

MOST_FACES_UNASKED = 20_000
"""With more faces than this it takes seconds, once a run, and is worked out when somebody asks for it."""


@kept.cache_resource(show_spinner=marked("Working out what would help"), max_entries=8)
def advice_by_person(dataset_id: str, run_id: str, _revision: Revision) -> dict[int, PhotoAdvice]:
    """What each person would need, by id: as the people were when this was first asked after the run."""
    # The underscore leaves the revision out of the cache's key: it takes seconds on large datasets, and a correction
    # changes nothing of what the run measured.
    table = data.dataset_faces(dataset_id, _revision).table
    advices = advise_photos(table, data.run_predictions(run_id), data.services().store.qualities(dataset_id))
    return {advice.person_id: advice for advice in advices}


def show_photo_advice(dataset: Dataset, person_id: int) -> None:
    """The advice on one person, when there is a run that tells."""
    run = data.newest_run(dataset)
    if run is None or not _is_requested(dataset, run):
        return
    advice = advice_by_person(dataset.id, run.id, dataset.revision).get(person_id)
    if advice is not None:
        st.markdown(
            f":material/{'add_a_photo' if advice.more_photos else 'check_circle'}: "
            f"{words.plain(describe_photo_advice(advice))}"
        )
        as_of = _("As of the training {ago}.", ago=words.ago(run.created))
        st.caption(f"{words.plain(explain_photo_advice(advice))} {as_of}")


def _is_requested(dataset: Dataset, run: Run) -> bool:
    """Whether to work it out now; of many faces there is a button."""
    if (
        data.dataset_counts(dataset.id, dataset.revision).faces <= MOST_FACES_UNASKED
        or st.session_state.get(state.ADVISED_RUN) == run.id
    ):
        return True
    return st.button(
        _("What would help most?"), key="coach", icon=":material/add_a_photo:", on_click=_request, args=(run.id,)
    )


def _request(run_id: str) -> None:
    st.session_state[state.ADVISED_RUN] = run_id


def describe_photo_advice(advice: PhotoAdvice) -> str:
    """The advice, as "5 more photos, some of them dark or blurred, would help most"."""
    if not advice.more_photos:
        return _("There are photos enough.")
    n_more = advice.more_photos
    if not advice.kinds:
        if n_more >= MOST:
            # Above ``MOST`` the advice makes no difference between numbers.
            return _("{number} or more photos would help most.", number=MOST)
        return ngettext("{number} more photo would help most.", "{number} more photos would help most.", n_more)
    kinds = reduce(lambda kind, next_kind: _("{one} or {other}", one=kind, other=next_kind), map(_, advice.kinds))
    if n_more >= MOST:
        return _("{number} or more photos, some of them {kinds}, would help most.", number=MOST, kinds=kinds)
    return ngettext(
        "{number} more photo, {kinds}, would help most.",
        "{number} more photos, some of them {kinds}, would help most.",
        n_more,
        kinds=kinds,
    )


def explain_photo_advice(advice: PhotoAdvice) -> str:
    """What the advice rests on: the run's result for the person, and what follows from everybody's."""
    return f"{_describe_result(advice)} {_describe_outlook(advice)}"


def _describe_result(advice: PhotoAdvice) -> str:
    if not advice.learned:
        return _("The recogniser has learned no photo of this person yet.")
    learned = ngettext("{number} photo", "{number} photos", advice.learned)
    if not advice.tested:
        return _(
            "Learned from {photos}; none was kept to test on, so it is not known how well it does.", photos=learned
        )
    tested = words.count(advice.tested)
    if not advice.wrong:
        return _("Learned from {photos}; {tested} tested, none wrong.", photos=learned, tested=tested)
    return _(
        "Learned from {photos}; {wrong} of {tested} tested were wrong.",
        photos=learned,
        wrong=words.count(advice.wrong),
        tested=tested,
    )


def _describe_outlook(advice: PhotoAdvice) -> str:
    n_more = advice.more_photos
    if not n_more:
        return _("Nothing suggests that more photos are needed.")
    if advice.learned < FEWEST and n_more <= FEWEST:
        return _("With fewer than {number} photos of different moments the result is a matter of luck.", number=FEWEST)
    is_most = n_more >= MOST
    return ngettext(
        "Judging by how errors fell with the number of photos among {number} person here, {amount} of different "
        "moments may be enough; this is an estimate.",
        "Judging by how errors fell with the number of photos among {number} people here, {amount} of different "
        "moments may be enough; this is an estimate.",
        advice.n_people,
        amount=_("{number} or more", number=MOST) if is_most else _("about {number} more", number=n_more),
    )

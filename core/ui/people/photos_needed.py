"""What it would take for a person to be recognised well, in words."""

from __future__ import annotations

import streamlit as st

from core.base.types import Revision
from core.learn.model_selection.photos_needed import MOST, PhotoAdvice, advise_photos
from core.store.protocols import Dataset, Run
from core.ui import data, state, words
from core.ui.access import kept

MOST_FACES_UNASKED = 20_000
"""With more faces than this it takes seconds, once a run, and is worked out when somebody asks for it."""


@kept.cache_resource(show_spinner="Working out what would help", max_entries=8)
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
        st.caption(f"{words.plain(advice.why)} As of the training {words.ago(run.created)}.")


def _is_requested(dataset: Dataset, run: Run) -> bool:
    """Whether to work it out now; of many faces there is a button."""
    if (
        data.dataset_counts(dataset.id, dataset.revision).faces <= MOST_FACES_UNASKED
        or st.session_state.get(state.ADVISED_RUN) == run.id
    ):
        return True
    return st.button(
        "What would help most?", key="coach", icon=":material/add_a_photo:", on_click=_request, args=(run.id,)
    )


def _request(run_id: str) -> None:
    st.session_state[state.ADVISED_RUN] = run_id


def describe_photo_advice(advice: PhotoAdvice) -> str:
    """The advice, as "5 more photos, some of them dark or blurred, would help most"."""
    if not advice.more_photos:
        return "There are photos enough."
    # Above ``MOST`` the advice makes no difference between numbers: "20 or more photos".
    amount = f"{MOST} or" if advice.more_photos >= MOST else words.count(advice.more_photos)
    photos, portion = ("photo", "") if advice.more_photos == 1 else ("photos", "some of them ")
    kinds = f", {portion}{' or '.join(advice.kinds)}," if advice.kinds else ""
    return f"{amount} more {photos}{kinds} would help most."

"""Who is this: photos in, every face named or honestly unknown, with the faces that speak for it."""

import streamlit as st

from core.base.errors import ImageRefused
from core.language.texts import gettext as _
from core.ui import data, frame, words
from core.ui.identification import face_answer, live_camera, lookup_storage, photo_answer, photo_input, trial_photos
from core.ui.labels import corrections
from core.ui.training import training_plan

with frame.page(
    _("Who is this?"),
    _("Every face on a photo gets a name, or is unknown (open-set identification)."),
) as page:
    dataset = page.dataset
    runs = data.dataset_runs(dataset)
    if not runs:
        training_plan.show_nothing_trained(dataset, _("Nothing has been learned from this dataset yet."))
        st.stop()
    run = runs[0]
    photo_answer.show_retraining_notice(dataset, run)
    left, right = st.columns([3, 2], gap="large")
    with left:
        source = photo_input.choose_photo_source()
    # The camera's picture is answered as it comes; photos of the tab wait until somebody turns back to them.
    if source == photo_input.LIVE:
        with right:
            threshold = photo_answer.ask_for_threshold(run, ())
            live_camera.show_camera_privacy()
        with left:
            live_camera.watch_camera(dataset, run, threshold)
        st.stop()
    with left:
        photo_input.show_tab_photos_status(lambda: lookup_storage.keep_tab_photos(dataset, run))
        photo_input.show_photo_strip()
    with right:
        photo_input.accept_photos(source)
    photo = photo_input.shown_photo()
    if photo is None:
        trial_photos.offer_trial_photos(dataset)
        photo_answer.show_known_people(dataset, run)
        st.stop()
    # Without holding its row: no grid lies below it that could lose the focus. What was done on other pages, or of
    # another photo, would stand above this answer as if it belonged to it.
    corrections.show_last_correction(dataset, hold=False, only=face_answer.list_taught_events(photo))
    try:
        identified = photo_answer.identify_photo(run, dataset.revision, photo)
    except ImageRefused as refusal:
        st.error(words.titled(f"**{words.plain(photo.name)}**", words.plain(refusal)), icon=":material/error:")
        st.stop()
    photo_answer.show_photo_answer(dataset, run, identified)

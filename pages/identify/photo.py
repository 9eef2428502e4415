"""Who is this: photos in, every face named or honestly unknown, with the faces that speak for it."""

import streamlit as st

from core.base.errors import ImageRefused
from core.ui import data, frame, words
from core.ui.identification import live_camera, lookup_storage, photo_answer, photo_input
from core.ui.labels import corrections

with frame.page(
    "Who is this?", "Drop a photo: every face gets a name, or is called unknown when nobody is near."
) as page:
    dataset = page.dataset
    runs = data.runs(dataset)
    if not runs:
        frame.empty("Nothing has been learned from this dataset yet.", "Train", frame.TRAIN)
        st.stop()
    run = runs[0]
    photo_answer.learned(dataset, run)
    left, right = st.columns([3, 2], gap="large")
    with left:
        way = photo_input.ask_for_way()
    if way == photo_input.LIVE:
        with right:
            threshold = photo_answer.ask_for_threshold(run, ())
            live_camera.promise()
        with left:
            live_camera.watch(dataset, run, threshold)
        st.stop()
    with left:
        photo_input.standing(lambda: lookup_storage.keep(dataset, run))
        photo_input.strip()
    with right:
        photo_input.arrive(way)
    photo = photo_input.shown()
    if photo is None:
        photo_answer.invitation(dataset, run)
        st.stop()
    corrections.last_done(dataset, hold=False)
    try:
        looked = photo_answer.look(run, dataset.revision, photo)
    except ImageRefused as refusal:
        st.error(f"**{words.plain(photo.name)}**: {words.plain(refusal)}", icon=":material/error:")
        st.stop()
    photo_answer.result(dataset, run, looked)

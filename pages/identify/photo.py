"""Who is this: photos in, every face named or honestly unknown, with the faces that speak for it."""

import streamlit as st

from core.base.errors import ImageRefused
from core.ui import data, frame, words
from core.ui.correcting import acting
from core.ui.identify import giving, keeping, looking, watching

with frame.page(
    "Who is this?", "Drop a photo: every face gets a name, or is called unknown when nobody is near."
) as page:
    dataset = page.dataset
    runs = data.runs(dataset)
    if not runs:
        frame.empty("Nothing has been learned from this dataset yet.", "Train", frame.TRAIN)
        st.stop()
    run = runs[0]
    looking.learned(dataset, run)
    left, right = st.columns([3, 2], gap="large")
    with left:
        way = giving.ask_for_way()
    if way == giving.LIVE:
        with right:
            threshold = looking.ask_for_threshold(run, ())
            watching.promise()
        with left:
            watching.watch(dataset, run, threshold)
        st.stop()
    with left:
        giving.standing(lambda: keeping.keep(dataset, run))
        giving.strip()
    with right:
        giving.arrive(way)
    photo = giving.shown()
    if photo is None:
        looking.invitation(dataset, run)
        st.stop()
    acting.last_done(dataset, hold=False)
    try:
        looked = looking.look(run, dataset.revision, photo)
    except ImageRefused as refusal:
        st.error(f"**{words.plain(photo.name)}**: {words.plain(refusal)}", icon=":material/error:")
        st.stop()
    looking.result(dataset, run, looked)

"""The training page's parts: what will be learned, the options, the runs and their comparison."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from core.base.errors import TrainingRefused
from core.base.types import TRUSTED_GRADE
from core.jobs.handlers import TrainRequest
from core.jobs.model import Job, JobKind, JobState
from core.jobs.transfers import training_of
from core.learn.model_selection.splits import Plan
from core.store.protocols import Counts, Dataset, Run
from core.ui import data, frame, words
from core.workflows.evaluation.compare import changed_settings
from core.workflows.training.train import Gated, TrainOptions, delete_run, preview

LEFT_OUT_SHOWN = 8
COMPARED = "Compared with before"
"""The tab of the evaluation page that a training again leads to."""
SETTING_NAMES = {
    "folds": "Parts for testing",
    "min_faces": "Fewest faces of a person",
    "seed": "Seed",
    "c": "C",
    "min_grade": "Poorest quality",
    "min_size_px": "Smallest face, pixels",
    "split": "Division into learning and testing",
    "strangers": "Strangers given",
    "model": "Embedding model",
}


def too_few(counts: Counts) -> None:
    """Nothing to learn yet, and what to do about it."""
    if not counts.faces:
        what = "There are no faces yet." if not counts.photos else "No face was found in the photos so far."
    elif not counts.people:
        what = "No face has a name yet. Add photos in folders, one folder a person."
    else:
        what = "It knows one person. Telling people apart takes at least two."
    frame.empty(what, "Add photos", frame.INGEST)


def options() -> TrainRequest:
    """Settings that have good defaults."""
    with st.popover("Options", icon=":material/tune:"):
        folds = st.slider(
            "Parts for testing (folds)", 2, 10, 5, help="Used when the photos have no train and val folders."
        )
        fewest = st.slider("Fewest faces of a person", 2, 20, 2, help="People with fewer different shots are left out.")
        seed = st.number_input("Seed", 0, 9999, 0, help="The same seed gives the same result.")
        worst = st.slider(
            "Poorest quality that takes part, %",
            0,
            90,
            round(100 * TRUSTED_GRADE),
            step=5,
            help="Blurred, dark and tiny faces teach the wrong thing: below 50 % different people look alike.",
        )
        smallest = st.slider("Smallest face that takes part, pixels", 0, 200, 0, step=10)
        own_c = st.toggle("Set the SVM's C myself", value=False)
        c = st.select_slider("C", [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0], 1.0) if own_c else None
        strangers = _strangers()
    return TrainRequest(
        TrainOptions(folds=folds, min_faces=fewest, seed=int(seed), c=c, min_grade=worst / 100, min_size_px=smallest),
        strangers,
    )


def _strangers() -> str | None:
    """A zip or folder of the inbox with photos of other people."""
    settings = data.services().settings
    lying = sorted(path.name for path in settings.inbox_dir.iterdir() if path.is_dir() or path.suffix.lower() == ".zip")
    chosen = st.selectbox(
        "Photos of other people, from the inbox",
        lying,
        index=None,
        placeholder="None" if lying else "The inbox is empty",
        disabled=not lying,
        help="A zip in data/inbox with people who are not in this dataset. Together with your own people, hidden in "
        "turn, they tell when a face is to be called unknown. Nothing of them is kept.",
    )
    return (settings.inbox_dir / chosen).relative_to(settings.data_dir).as_posix() if chosen else None


def start(dataset: Dataset, chosen: TrainRequest) -> None:
    """Queue a training job."""
    data.services().jobs.submit(dataset.id, JobKind.TRAIN, chosen.params())
    st.rerun()


def submit_again(dataset: Dataset, run: Run) -> None:
    """Queue a training with the settings of a run, unless one is on its way."""
    job = data.newest_job(dataset, JobKind.TRAIN)
    if job is None or not job.state.active:
        services = data.services()
        services.jobs.submit(dataset.id, JobKind.TRAIN, training_of(services, dataset.id, run.id))


def again(dataset: Dataset, run: Run) -> None:
    """Queue a training with the settings of a run, and go where it can be followed."""
    submit_again(dataset, run)
    frame.go(frame.TRAIN, dataset.id)


def done(dataset: Dataset, job: Job | None, known: list[Run]) -> None:
    """What the training that was done last came to, with the way to what it changed."""
    if len(known) < 2 or job is None or job.state is not JobState.DONE or job.result.get("run") != known[0].id:
        return
    now, before = known[:2]
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(
            f":material/check_circle: **Trained {words.ago(now.created)}.** Right for "
            f"{words.percent(now.metrics['accuracy'])} of new photos; {words.percent(before.metrics['accuracy'])} by "
            "the run before."
        )
        if st.button("What changed?", icon=":material/compare_arrows:"):
            frame.go(frame.EVALUATE, dataset.id, tab=COMPARED)


def title(run: Run) -> str:
    """A run as it stands in a list to choose from."""
    return f"{words.ago(run.created)}: {words.percent(run.metrics['accuracy'])} right"


@st.cache_data(show_spinner="Looking at the faces", max_entries=16)
def _plan(dataset_id: str, revision: int, chosen: TrainOptions) -> tuple[Plan, tuple[Gated, ...]] | str:
    faces = data.faces(dataset_id, revision)
    try:
        return preview(faces.table, faces.embeddings, chosen)
    except TrainingRefused as refusal:
        return str(refusal)


def plan(dataset: Dataset, chosen: TrainOptions) -> None:
    """What would be learned, who is left out, and how it will be tested."""
    found = _plan(dataset.id, dataset.revision, chosen)
    if isinstance(found, str):
        st.warning(words.plain(found), icon=":material/info:")
        return
    planned, gated = found
    used, tested = len(planned.used), sum(len(fold.test) for fold in planned.folds)
    st.markdown(
        f"**{words.count(len(planned.people), 'person', 'people')}, {words.count(used, 'face')}** take part; "
        f"{words.count(tested, 'face')} of them test it. {words.plain(planned.why)}"
    )
    for kept_out in gated:
        st.caption(f"{words.count(kept_out.faces, 'face')} not used: {words.plain(kept_out.reason)}")
    for dropped in planned.dropped:
        st.caption(f"{words.count(len(dropped.rows), 'face')} not used: {words.plain(dropped.reason)}")
    if planned.left_out:
        with st.expander(f"{words.count(len(planned.left_out), 'person', 'people')} left out"):
            for entry in planned.left_out[:LEFT_OUT_SHOWN]:
                st.markdown(f"- **{words.name(entry.person)}**: {words.plain(entry.reason)}")
            if len(planned.left_out) > LEFT_OUT_SHOWN:
                st.caption(f"and {len(planned.left_out) - LEFT_OUT_SHOWN} more")


def runs(dataset: Dataset, known: list[Run]) -> None:
    """The runs as a table; chosen rows can be compared or deleted."""
    newest = known[0]
    if newest.revision != dataset.revision:
        st.info(
            "Photos or names changed since the newest run. Train again to learn from them.", icon=":material/update:"
        )
    st.header("Runs", anchor=False)
    event = st.dataframe(
        _table(known),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key=f"runs_{dataset.id}",
        column_config={
            "accuracy": st.column_config.ProgressColumn("Accuracy", format="percent", min_value=0, max_value=1),
            "interval": st.column_config.TextColumn("95 % interval"),
            "trained": "Trained",
            "people": "People",
            "learned": "Faces learned",
            "tested": "Faces tested",
            "f1": st.column_config.NumberColumn("Macro F1", format="%.3f"),
            "model": "Model",
            "settings": "Settings",
            "changed": st.column_config.TextColumn("Against the run before", width="medium"),
        },
        alt="Runs, newest first",
    )
    chosen = [known[row] for row in event.selection.rows if row < len(known)]
    _actions(dataset, chosen)


def _actions(dataset: Dataset, chosen: list[Run]) -> None:
    if not chosen:
        st.caption("Tick a run to open or delete it, two to compare them.")
        return
    with st.container(horizontal=True):
        if len(chosen) == 1 and st.button("Open", icon=":material/fact_check:"):
            frame.go(frame.EVALUATE, dataset.id, run=chosen[0].id)
        if st.button(f"Delete {words.count(len(chosen), 'run')}", icon=":material/delete:"):
            for run in chosen:
                delete_run(data.services().runs, data.services().artifacts, run)
            frame.say_next(f"{words.count(len(chosen), 'run')} deleted.")
            st.rerun()
    if len(chosen) == 2:
        _compare(dataset, *sorted(chosen, key=lambda run: run.created))


def _compare(dataset: Dataset, older: Run, newer: Run) -> None:
    """Two runs side by side, what differs marked, and the way to the faces."""
    rows = {
        "Trained": (words.ago(older.created), words.ago(newer.created)),
        "Accuracy": (_accuracy(older), _accuracy(newer)),
        "Macro F1": (f"{older.metrics['macro_f1']:.3f}", f"{newer.metrics['macro_f1']:.3f}"),
        "People": (older.metrics["n_people"], newer.metrics["n_people"]),
        "Faces learned": (older.metrics["n_train"], newer.metrics["n_train"]),
        "Faces tested": (older.metrics["n_test"], newer.metrics["n_test"]),
        "Model": (older.model_id, newer.model_id),
        "Test": (older.params["split"], newer.params["split"]),
        "C": (older.params["chosen_c"], newer.params["chosen_c"]),
        "Seed": (older.params["seed"], newer.params["seed"]),
        "Data revision": (older.revision, newer.revision),
    }
    table = pd.DataFrame(
        [
            {"": name, "Older": str(old), "Newer": str(new), "Differs": "yes" if old != new else ""}
            for name, (old, new) in rows.items()
        ]
    )
    st.dataframe(table, hide_index=True, alt="Two runs compared")
    if st.button("Is the difference real?", icon=":material/compare_arrows:"):
        frame.go(frame.EVALUATE, dataset.id, run=newer.id, against=older.id, tab=COMPARED)


def _accuracy(run: Run) -> str:
    low, high = run.metrics["accuracy_ci95"]
    return f"{words.percent(run.metrics['accuracy'])} ({words.percent(low)} to {words.percent(high)})"


def _table(known: list[Run]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "trained": words.ago(run.created),
                "accuracy": run.metrics["accuracy"],
                "interval": " to ".join(words.percent(bound) for bound in run.metrics["accuracy_ci95"]),
                "f1": run.metrics["macro_f1"],
                "people": run.metrics["n_people"],
                "learned": run.metrics["n_train"],
                "tested": run.metrics["n_test"],
                "model": run.model_id,
                "settings": f"C {run.params['chosen_c']:g}, seed {run.params['seed']}",
                "changed": _changes(before, run) if before else "first run",
            }
            for run, before in zip(known, [*known[1:], None], strict=True)
        ]
    )


def _changes(before: Run, run: Run) -> str:
    """What is different from the run before, in a few words."""
    faces = run.metrics["n_train"] - before.metrics["n_train"]
    people = run.metrics["n_people"] - before.metrics["n_people"]
    accuracy = (run.metrics["accuracy"] - before.metrics["accuracy"]) * 100
    changed = changed_settings(before, run)
    parts = [
        f"{people:+d} people" if people else "",
        f"{faces:+d} faces" if faces else "",
        f"{accuracy:+.1f} points" if abs(accuracy) >= 0.05 else "",
        f"other {', '.join(SETTING_NAMES[one.name].lower() for one in changed)}" if changed else "",
    ]
    return ", ".join(part for part in parts if part) or "the same"

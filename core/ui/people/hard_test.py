"""Naming the hardest faces one by one as a test, so that the figures do not rest on faces that were easy to group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from core.language.texts import gettext as _
from core.language.texts import marked, ngettext
from core.learn.model_selection.hard_faces import Hardness
from core.learn.model_selection.splits import FEWEST_PUT_ASIDE
from core.store.values.datasets import Dataset
from core.ui import address, data, state, words
from core.ui.clustering import groups
from core.ui.components.entries import EntriesLayout, EntryCommand, Keyboard, ReviewEntry, draw_entries
from core.ui.labels import corrections, face_sheet, name_choice
from core.ui.people import wall_cells

VIEW = "test"
"""In the address as ``view``."""
TITLES = {
    Hardness.BETWEEN: marked("Between two people"),
    Hardness.THRESHOLD: marked("Barely near anybody"),
    Hardness.FAR: marked("Unlike its group"),
}
"""Why a face is hard."""
KEYS = {"o": "open", "s": "nobody", "u": "undo", "r": "redo"}
LEGEND = marked(
    "Keys: a name and Enter goes on to the next face; Escape leaves the field, then arrows walk, o shows the whole "
    "photo, s nobody to name, u undo, r redo."
)


@dataclass(frozen=True)
class HardTest:
    """The faces of a test that is being named."""

    dataset: Dataset
    faces: dict[str, Hardness]
    """Those that still have no name, the order as they were chosen."""
    n_chosen: int


def propose_test(dataset: Dataset) -> dict[str, Hardness]:
    """The faces of a test that is offered; none where they are too few, or a face is put aside to test on already."""
    if data.dataset_counts(dataset.id, dataset.revision).val_faces:
        return {}
    test = read_test(dataset)
    if len(test.faces) < FEWEST_PUT_ASIDE:
        # Some have names by now: the hardest of those that are left.
        st.session_state.pop(state.HARD_FACES, None)
        test = read_test(dataset)
    return test.faces if len(test.faces) >= FEWEST_PUT_ASIDE else {}


def begin_test(dataset: Dataset, hard_faces: dict[str, Hardness]) -> None:
    """Open the test with these faces from the next run on."""
    st.session_state[state.HARD_FACES] = {dataset.id: hard_faces}
    address.set_query_values(view=VIEW)


def is_open() -> bool:
    """Whether the address asks for the test."""
    return address.query_value("view") == VIEW


@st.fragment
def show_hard_test(dataset_id: str) -> None:
    """The faces that are to be named, and how many are."""
    st.session_state[state.DRAWN_EPOCH] = corrections.current_epoch()
    test = read_test(data.services().store.dataset(dataset_id))
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.button(_("Everybody"), icon=":material/arrow_back:", type="tertiary", on_click=_close)
        corrections.show_last_correction(test.dataset)
    st.markdown(
        _(
            "These are the faces that are hardest to tell. Each that you name is put aside to test on: the next "
            "training does not learn from it, and its figures say how good it is on hard faces."
        )
    )
    n_named = test.n_chosen - len(test.faces)
    st.progress(
        n_named / max(test.n_chosen, 1),
        text=ngettext(
            "**{done} of {number} face** dealt with",
            "**{done} of {number} faces** dealt with",
            test.n_chosen,
            done=words.count(n_named),
        ),
    )
    if test.faces:
        _draw_faces(test)
    else:
        st.success(
            _("All of them are dealt with. The next training is tested on them."), icon=":material/check_circle:"
        )


def _close() -> None:
    address.set_query_values(view=None)


def read_test(dataset: Dataset) -> HardTest:
    """The test of this tab; one of the hardest faces of now where it has none."""
    # Chosen once in a tab, not anew after each name, after which other faces would be the hardest. A reload forgets
    # them: the hardest of then are as good.
    chosen_faces: dict[str, Hardness] | None = st.session_state.get(state.HARD_FACES, {}).get(dataset.id)
    if chosen_faces is None:
        chosen_faces = groups.read_hard_faces(dataset.id, dataset.revision, *groups.grouping_now(dataset))
        st.session_state[state.HARD_FACES] = {dataset.id: chosen_faces}
    table = data.dataset_faces(dataset.id, dataset.revision).table
    rows = table.match(chosen_faces)[1]
    waiting = {table.face_ids[row] for row in rows if table.labels[row] < 0 and not table.strangers[row]}
    faces = {face_id: hardness for face_id, hardness in chosen_faces.items() if face_id in waiting}
    return HardTest(dataset, faces, len(chosen_faces))


def _draw_faces(test: HardTest) -> None:
    entries = [
        ReviewEntry(
            id=face_id,
            strips=(wall_cells.face_strip(test.dataset, [face_id], side_px=wall_cells.LARGE_PX),),
            title=_(TITLES[hardness]),
            note="",
            buttons=((_("Photo"), "open"), (_("Nobody"), "nobody")),
            field=_("Who is this?"),
        )
        for face_id, hardness in test.faces.items()
    ]
    names = name_choice.list_names(test.dataset)
    keyboard = Keyboard(KEYS, names, ("name", "nobody"), start=True)
    key = f"test_{test.dataset.id}"
    commands: Sequence[EntryCommand] = draw_entries(
        key, entries, keyboard, corrections.current_epoch(), EntriesLayout.WALL
    )
    st.caption(_(LEGEND))
    changed = [obey_command(test, command) for command in commands]
    if corrections.tell_what_is_gone(commands) or any(changed):
        corrections.draw_again()


def obey_command(test: HardTest, command: EntryCommand) -> bool:
    """Do what was asked; True when the faces have to be drawn anew."""
    match command.name:
        case "open" if command.ids:
            face_sheet.open_photo_of_face(test.dataset, command.ids[0])
            return False
        case "name" if command.ids and command.text:
            corrections.apply_correction(
                test.dataset, lambda corrector: corrector.move_to_test(command.ids, command.text)
            )
        case "nobody" if command.ids:
            corrections.apply_correction(test.dataset, lambda corrector: corrector.mark_strangers(command.ids))
        case "undo" | "redo":
            corrections.undo_or_redo(test.dataset, command.name)
        case _:
            return False
    return True

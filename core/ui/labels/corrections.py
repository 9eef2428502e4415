"""Doing something to faces and people from a page: said what was done, offered for undo, refused in words."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.base.errors import FaceAtlasError, InputRefused
from core.base.types import Split
from core.corrections.model import Editor, Event
from core.jobs.registry import submit_job
from core.language.said_before import say_again
from core.language.texts import gettext as _
from core.language.texts import marked
from core.store.values.datasets import Dataset
from core.ui import data, state, words
from core.ui.access import offers
from core.ui.audit.recording import current_viewer
from core.ui.components.entries import EntryCommand
from core.ui.components.picker import Grid, GridCommand
from core.ui.labels import correction_history, name_choice
from core.workflows.labels.correct import Corrector
from core.workflows.photos.requests import LookAgainRequest

CorrectionAction = Callable[[Corrector], Event | Sequence[Event]]
"""A correction that waits to be done."""
MOST_TURNED_AT_ONCE = 8
"""So many photos are looked at again in about a second."""
HELD_ROW = "last_correction"
"""The row of undo where its room is kept while it is empty, as a class of the page's style."""
NAME_FIELD = "name_for_faces"
NAME_INPUT = f'[class*="st-key-{NAME_FIELD}"] input'
"""Where the key m puts the cursor, as a CSS selector."""
KEYS = {
    "Enter": "open",
    "m": "name",
    "c": "confirm",
    "x": "exclude",
    "n": "dismiss",
    "s": "stranger",
    "u": "undo",
    "r": "redo",
}
"""What the keys of a grid mean; the digits stand for the people of ``people_on_digits``."""
LEGEND = marked(
    "Keys: arrows walk, space chooses, shift extends, a all, Enter the whole photo, m name, 1 to 9 the people above, "
    "c right, x leave out, n not a face, s nobody to name, u undo, r redo."
)


@dataclass(frozen=True, slots=True)
class ActionButton:
    """A button that does something to the chosen faces."""

    label: str
    icon: str
    action: str
    hint: str = ""


FIRST_BUTTONS = (
    ActionButton(marked("Right"), "check", "confirm", marked("The name is right (c)")),
    ActionButton(marked("Leave out"), "block", "exclude", marked("Neither learn from nor test on it (x)")),
    ActionButton(marked("Not a face"), "hide_image", "dismiss", marked("Detected by mistake (n)")),
)
MORE_BUTTONS = (
    ActionButton(marked("Nobody to name"), "person_off", "stranger", marked("A stranger (s)")),
    ActionButton(marked("Take the name off"), "label_off", "unname", marked("Nobody knows who it is")),
    ActionButton(marked("To learn from"), "school", "train"),
    ActionButton(marked("To test on"), "quiz", "test"),
)


def current_editor() -> Editor:
    """Who corrects in the tab: undo and redo go by it, so that two tabs do not take back each other's steps."""
    session = st.session_state.setdefault(state.SITTING, uuid.uuid4().hex)
    return Editor(current_viewer(), session)


def build_corrector(dataset: Dataset) -> Corrector:
    """The dataset as this tab sees it, to be corrected by this tab."""
    services = data.services()
    return Corrector(
        store=services.store, log=services.log, dataset_id=dataset.id, editor=current_editor(), seen=dataset.revision
    )


def current_epoch() -> int:
    """How many actions this tab has done."""
    return int(st.session_state.get(state.EPOCH, 0))


def build_grid(label: str, keys: Mapping[str, str], tile_px: int = 104) -> Grid:
    """A grid whose key m leads to the name field, and to which the focus comes back from there."""
    return Grid(
        label=label, keys=keys, tile_px=tile_px, name_field=NAME_INPUT, grab=st.session_state.get(state.GRID_FOCUS, 0)
    )


def apply_correction(dataset: Dataset, act: CorrectionAction) -> None:
    """Do it, and remember why it was not done; the page is to be run again."""
    try:
        act(build_corrector(dataset))
    except InputRefused as refusal:
        # Most corrections are done by a callback, before the page is drawn: what is drawn here would be gone.
        st.session_state[state.REFUSED] = say_again(str(refusal))
        return
    st.session_state[state.EPOCH] = current_epoch() + 1
    _detect_on_turned(dataset.id)


def tell_what_is_gone(commands: Iterable[EntryCommand]) -> bool:
    """Say that an answer came too late, where all that it was about is gone; True when there is such a one."""
    if not any(command.is_gone for command in commands):
        return False
    refusal = _("This was dealt with meanwhile, perhaps in another window. Nothing was changed.")
    st.session_state[state.REFUSED] = refusal
    return True


def undo_or_redo(dataset: Dataset, command: str) -> None:
    """Do what the keys "undo" and "redo" ask for."""
    apply_correction(dataset, Corrector.undo if command == "undo" else Corrector.redo)


def _detect_on_turned(dataset_id: str) -> None:
    """Look for faces on photos that were turned just now, or turned back: on a few at once, on many as a job."""
    services = data.services()
    # The store is asked, not the command: undo, redo and a group of events turn photos too.
    turned = len(services.store.photos_to_look_at(dataset_id))
    if turned > MOST_TURNED_AT_ONCE:
        submit_job(services.jobs, dataset_id, LookAgainRequest(turned=True))
    elif turned:
        try:
            services.look_at_turned(dataset_id)
        except FaceAtlasError as fault:
            reason = say_again(str(fault))
            st.session_state[state.REFUSED] = _(
                "It is turned, but faces could not be looked for: {reason}", reason=reason
            )


def turn_photos(dataset: Dataset, photo_ids: Sequence[str], quarters: int) -> None:
    """Turn photos by quarters clockwise, and look for their faces anew."""
    apply_correction(dataset, lambda corrector: corrector.turn(photo_ids, quarters))


def rerun_if_changed() -> None:
    """Run the whole page again when something was done or refused since it was drawn."""
    # A fragment that runs alone still has the arguments of the page's run, so the faces of before, and it does not draw
    # the row of ``show_last_correction``, where a refusal is told.
    if st.session_state.get(state.DRAWN_EPOCH) != current_epoch() or state.REFUSED in st.session_state:
        st.rerun()


def draw_again(*, alone: bool = True) -> None:
    """Run the fragment again when it runs alone and that is enough, so that nothing else is drawn; or else the page."""
    run = get_script_run_ctx()
    if alone and run is not None and run.fragment_ids_this_run:
        st.rerun(scope="fragment")
    st.rerun()


def actions_on(face_ids: Sequence[str]) -> dict[str, CorrectionAction]:
    """What can be done to faces, by the names that keys and buttons have for it."""
    return {
        "confirm": lambda corrector: corrector.confirm(face_ids),
        "exclude": lambda corrector: _toggle_excluded(corrector, face_ids),
        "dismiss": lambda corrector: corrector.dismiss(face_ids),
        "stranger": lambda corrector: corrector.mark_strangers(face_ids),
        "unname": lambda corrector: corrector.unname(face_ids),
        "train": lambda corrector: corrector.assign_split(face_ids, Split.TRAIN),
        "test": lambda corrector: corrector.assign_split(face_ids, Split.VAL),
        "undo": Corrector.undo,
        "redo": Corrector.redo,
    }


def _toggle_excluded(corrector: Corrector, face_ids: Sequence[str]) -> Event:
    """Leave out, or take back in when all of them are out."""
    # Asked when it is done, not when the button is drawn: an earlier key of the same burst may have left them out.
    all_excluded = all(face.excluded for face in corrector.store.faces(corrector.dataset_id, face_ids))
    return corrector.include(face_ids) if all_excluded and face_ids else corrector.exclude(face_ids)


@dataclass(frozen=True)
class CorrectionDesk:
    """What a grid of faces can do on a page."""

    dataset: Dataset
    digits: tuple[str, ...] = ()
    """The people behind the keys 1 to 9."""
    scope: str = "page"
    """Tells two desks apart that are on the screen at once."""

    @property
    def may_edit(self) -> bool:
        """Whether whoever acts may correct anything here."""
        return offers.may_edit(self.dataset.id)

    @property
    def keys(self) -> dict[str, str]:
        """Key to action: those of every grid, and the digits of the people; who may only look opens photos."""
        if not self.may_edit:
            return {"Enter": "open"}
        numbered = {str(number): f"person:{name}" for number, name in enumerate(self.digits, start=1)}
        return KEYS | numbered

    @property
    def _name_key(self) -> str:
        # Another key after each action: a field that keeps its key keeps its text.
        return f"{NAME_FIELD}_{self.scope}_{current_epoch()}"

    @property
    def _chosen_key(self) -> str:
        return f"{state.CHOSEN}_{self.scope}"

    def obey(self, commands: Sequence[GridCommand]) -> bool:
        """Do what keys asked for; True when the page has to be run again."""
        # A list, not a generator: ``any`` stops at the first True, and the commands behind it would not be done.
        obeyed = [self._obey(command) for command in commands]
        return any(obeyed)

    def _obey(self, command: GridCommand) -> bool:
        # The page opens photos; "name" put the cursor into the name field, in the browser, and is no correction.
        if command.name in ("open", "name"):
            return False
        kind, _, name = command.name.partition(":")
        if kind == "person":
            apply_correction(self.dataset, lambda corrector: corrector.move(command.face_ids, name))
        else:
            apply_correction(self.dataset, actions_on(command.face_ids)[command.name])
        return True

    def show_actions(self, about: Sequence[str], title: str, more: Callable[[], None] | None = None) -> None:
        """The actions, for the mouse; ``about`` are the faces that they would change, ``more`` draws further ones."""
        if not self.may_edit:
            st.markdown(f"**{words.plain(title)}**" if title else "")
            return
        # For the name field, whose callback runs before the page does: the faces as of the last run.
        st.session_state[self._chosen_key] = tuple(about)
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            self._show_name_field(disabled=not about)
            self._show_buttons(FIRST_BUTTONS, about)
            with st.popover(_("More"), icon=":material/more_horiz:", disabled=not about):
                self._show_buttons(MORE_BUTTONS, about)
                if more is not None:
                    more()
            st.markdown(f"**{words.plain(title)}**" if title else "", width="content")

    def _show_name_field(self, *, disabled: bool) -> None:
        st.selectbox(
            _("Name"),
            name_choice.list_names(self.dataset),
            index=None,
            format_func=words.display_name,
            placeholder=_("Name them"),
            accept_new_options=True,
            key=self._name_key,
            on_change=self._apply_name,
            disabled=disabled,
            label_visibility="collapsed",
            width=220,
        )

    def _apply_name(self) -> None:
        name, faces = st.session_state[self._name_key], st.session_state.get(self._chosen_key, ())
        # Emptying the field calls back too, with None.
        if name:
            apply_correction(self.dataset, lambda corrector: corrector.move(faces, name))
            # Enter left the cursor in the field; the grid takes it, so that the next arrow walks to the next face.
            st.session_state[state.GRID_FOCUS] = current_epoch()

    def _show_buttons(self, buttons: Sequence[ActionButton], about: Sequence[str]) -> None:
        actions = actions_on(about)
        for button in buttons:
            st.button(
                words.plain(_(button.label)),
                key=f"act_{self.scope}_{button.label}",
                icon=f":material/{button.icon}:",
                help=words.plain(_(button.hint)) if button.hint else None,
                on_click=apply_correction,
                args=(self.dataset, actions[button.action]),
                disabled=not about,
            )


def show_last_correction(dataset: Dataset, *, hold: bool = True, only: frozenset[int] | None = None) -> None:
    """What was done last, with undo and redo; why something was not done.

    Parameters
    ----------
    hold : keep the row while it is empty
    only : the ids of the corrections that belong here; None for all
    """
    if not offers.may_edit(dataset.id):
        return
    corrector = build_corrector(dataset)
    # The last of all, and not the last that belongs here: undo takes back no other.
    undoable, redoable = (
        [event for event in events[:1] if only is None or event.id in only]
        for events in (corrector.undoable(), corrector.redoable())
    )
    if not (hold or undoable or redoable or state.REFUSED in st.session_state):
        return
    # There even when it is empty: a grid below it would lose the focus if it moved. On a phone it grows with its words.
    key = HELD_ROW if hold else None
    with st.container(horizontal=True, vertical_alignment="center", gap="small", border=False, key=key):
        if refusal := st.session_state.pop(state.REFUSED, None):
            st.markdown(f":orange[:material/info: {words.plain(refusal)}]", width="content")
            # On a phone the row is far above the face that somebody was at.
            st.toast(words.plain(refusal), icon=":material/info:")
        undone = corrector.last_undone()
        if last := undone or next(iter(undoable), None):
            # An older correction, which still holds, would read as if it had been done just now.
            # Read only for something to say: a dataset of 5,000 people has as many names.
            sentence = correction_history.describe_event(last, data.services().store.names(dataset.id))
            step = _("Undone: {step}.", step=words.plain(sentence)) if undone else f"{words.plain(sentence)}."
            st.markdown(f":material/{'undo' if undone else 'check'}: {step}", width="content")
        if undoable:
            _show_step_button(_("Undo"), "undo", dataset)
        if redoable:
            _show_step_button(_("Redo"), "redo", dataset)
        if hold and not (refusal or last or redoable):
            # A container without anything in it has no room.
            st.markdown("\u00a0", width="content")


def _show_step_button(label: str, command: str, dataset: Dataset) -> None:
    st.button(
        label,
        key=command,
        icon=f":material/{command}:",
        on_click=undo_or_redo,
        args=(dataset, command),
        type="tertiary",
    )

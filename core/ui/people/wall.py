"""The wall of people: everybody by count, faces without a name among them, and the questions that there are.

All of it is one fragment, which reads the dataset anew: what somebody answers changes the wall alone, and the rest of
the page neither runs nor fades meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain, zip_longest

import numpy as np
import streamlit as st

from core.language.texts import gettext as _
from core.language.texts import marked, ngettext
from core.learn.label_errors.review_queue import Suspect, SuspectKind
from core.learn.model_selection.hard_faces import Hardness
from core.store.columns.people_columns import People
from core.store.values.datasets import Counts, Dataset
from core.ui import data, gallery, menu, state, words
from core.ui.access import offers
from core.ui.clustering import groups, naming_summary
from core.ui.clustering.groups import UnnamedGroups
from core.ui.components.entries import EntriesLayout, EntryCommand, Keyboard, draw_entries
from core.ui.home import trail
from core.ui.home.trail import NextStep
from core.ui.labels import corrections, name_choice, review_queue
from core.ui.people import hard_test, merge_questions, people_filter, person
from core.ui.people.merge_questions import MergeQuestion
from core.ui.people.people_filter import SEARCH_INPUT, PeopleCategory, PeopleFilter, PeopleOrder
from core.ui.people.wall_cells import (
    ArrangedCells,
    GroupCell,
    MergeCard,
    PersonCell,
    QuestionCard,
    RestCard,
    SplitCard,
    TestCard,
    WallCell,
    as_shown_only,
)
from core.workflows.clustering.naming import measure_progress

PER_PAGE = 48
CARDS_SHOWN = 3
"""Questions on the wall at once: a row of them. All are shown when somebody asks for questions."""
NEARLY_ALL = 0.8
KEYS = {"y": "yes", "n": "no", "l": "later", "o": "open", "s": "nobody", "u": "undo", "r": "redo"}
SETTLING = ("name", "nobody", "yes", "no", "later")
LEGEND = marked(
    "Keys: arrows walk, Enter names a face (a name and Enter goes on to the next) or opens a person, space chooses "
    "several that are one person, y and n answer, l later, o looks closer, s nobody to name, / finds a name, u undo, "
    "r redo."
)
# Streamlit fades what was not drawn yet while a script runs. The wall answers in the browser at once: nothing of it is
# out of date in the moment until the next drawing.
_NO_FADING = "<style>.st-key-wall [data-stale=true]{opacity:1!important;transition:none!important}</style>"


@dataclass(frozen=True)
class Wall:
    """What a dataset's wall holds."""

    dataset: Dataset
    people: People
    unnamed: UnnamedGroups | None
    """None before the faces were grouped."""
    merges: list[MergeQuestion]
    splits: list[Suspect]
    """People who may be two, as the last search for suspects found them."""
    hard_faces: dict[str, Hardness]
    """What a test is offered of; nothing before most have names, and where there is one already."""
    unnamed_first: bool
    """Otherwise faces without a name stand among the people, by their number."""
    postponed: tuple[str, ...] = field(default=())
    may_edit: bool = True
    """Whoever may only look is asked nothing."""

    @property
    def cards(self) -> list[WallCell]:
        """The questions that were not put off: rests, two who may be one, and one who may be two in turn."""
        if not self.may_edit:
            return []
        rests = (
            [RestCard(self.dataset, self.unnamed, person_rest) for person_rest in self.unnamed.rests]
            if self.unnamed
            else []
        )
        merges = [MergeCard(question) for question in self.merges]
        splits = [SplitCard(self.dataset, entry) for entry in self.splits]
        in_turn = chain.from_iterable(zip_longest(rests, merges, splits))
        cards: list[WallCell] = [cell for cell in in_turn if cell is not None]
        if self.hard_faces:
            cards.append(TestCard(self.dataset, self.hard_faces))
        return [card for card in cards if card.id not in self.postponed]

    @property
    def groups_on_cards(self) -> list[GroupCell]:
        """The groups that are surely somebody's rest."""
        unnamed = self.unnamed
        if unnamed is None:
            return []
        return [
            GroupCell(self.dataset, unnamed, group) for person_rest in unnamed.rests for group in person_rest.groups
        ]


def read_wall(dataset: Dataset, *, unnamed_first: bool) -> Wall:
    """The wall as it is now."""
    people = data.dataset_people(dataset.id, dataset.revision)
    unnamed = groups.read_unnamed_groups(dataset.id, dataset.revision, *groups.grouping_now(dataset))
    may_edit = offers.may_edit(dataset.id)
    return Wall(
        dataset=dataset,
        people=people,
        unnamed=unnamed,
        splits=[entry for entry in review_queue.open_entries(dataset) or () if entry.kind is SuspectKind.TWO_PEOPLE],
        hard_faces=hard_test.propose_test(dataset) if may_edit and is_nearly_named(people, unnamed) else {},
        merges=merge_questions.list_merge_questions(dataset, people),
        unnamed_first=unnamed_first,
        postponed=merge_questions.postponed_questions(),
        may_edit=may_edit,
    )


def is_nearly_named(people: People, unnamed: UnnamedGroups | None) -> bool:
    """Whether the most is done: no group of several faces is left, or the named are ``NEARLY_ALL`` of the faces."""
    if unnamed is None:
        return False
    n_named, n_left = int(people.faces.sum()), int(unnamed.sizes.sum())
    return not unnamed.has_several or n_named >= NEARLY_ALL * (n_named + n_left)


@st.fragment
def show_wall(dataset_id: str, *, unnamed_first: bool) -> None:
    """The progress, the choice, and the wall."""
    # The fragment draws everything that a correction changes: windows opened from it are of this moment.
    st.session_state[state.DRAWN_EPOCH] = corrections.current_epoch()
    dataset = data.services().store.dataset(dataset_id)
    wall = read_wall(dataset, unnamed_first=unnamed_first)
    counts = data.dataset_counts(dataset.id, dataset.revision)
    left, middle, right = st.columns([5, 6, 2], vertical_alignment="bottom", gap="medium")
    with left:
        _show_progress(wall, counts)
    with middle:
        corrections.show_last_correction(dataset, hold=False)
    with right:
        _show_settings(wall)
    chosen_filter = _choose_filter(wall)
    st.html(_NO_FADING)
    cells = arrange_cells(wall, chosen_filter)
    stage = st.container(key="wall")
    part = cells[gallery.page_slice(len(cells), PER_PAGE, _paging_key(dataset, chosen_filter), address_name="page")]
    with stage:
        _draw_cells(wall, part)
    if chosen_filter.show in (PeopleCategory.ALL, PeopleCategory.UNNAMED) and not chosen_filter.search:
        _show_aside(wall)


def _paging_key(dataset: Dataset, chosen_filter: PeopleFilter) -> str:
    # Everything that changes what is listed is in the key, so that the row of page numbers begins anew.
    parts = (chosen_filter.show, chosen_filter.order, chosen_filter.search, chosen_filter.hidden)
    return "_".join(["wall", dataset.id, *map(str, parts)])


def _show_progress(wall: Wall, counts: Counts) -> None:
    if wall.unnamed is None or not counts.unnamed_faces:
        st.caption(words.plain(naming_summary.summarise_people(wall.people, counts)))
        return
    if wall.people and not wall.unnamed.has_several:
        _show_end(wall)
        return
    n_named = int(wall.people.faces.sum())
    progress = measure_progress(n_named, wall.unnamed.sizes.tolist())
    # With those of strangers, these are the faces that make the difference to what other pages count.
    n_aside = wall.unnamed.faces_aside + counts.faces - n_named - counts.unnamed_faces
    st.progress(progress.n_named / max(progress.total, 1), text=naming_summary.describe_progress(progress, n_aside))


def _show_end(wall: Wall) -> None:
    """That only single faces are left, and a way to be done with them."""
    # Of a face that is surely somebody's, a card asks.
    asked_ids = {cell.id for cell in wall.groups_on_cards}
    faces = [face_id for cell in _group_cells(wall, ()) for face_id in cell.faces if face_id not in asked_ids]
    progress = ngettext("**{number} person is named.**", "**{number} people are named.**", len(wall.people))
    if not faces:
        nobody = _("Nobody else is left to name.")
        st.markdown(progress if asked_ids else f"{progress} {nobody}")
        return
    singles = ngettext(
        "{number} single face is left, probably a stranger.",
        "{number} single faces are left, probably strangers.",
        len(faces),
    )
    st.markdown(f"{progress} {singles}")
    if not wall.may_edit:
        return
    st.button(
        _("Put aside as nobody"),
        key="singles_aside",
        icon=":material/person_off:",
        on_click=corrections.apply_correction,
        args=(wall.dataset, lambda corrector: corrector.mark_strangers(faces)),
    )


def _choose_filter(wall: Wall) -> PeopleFilter:
    more_counts = {
        PeopleCategory.ALL: len(_group_cells(wall, _cards_in_front(wall))),
        PeopleCategory.UNNAMED: len(wall.unnamed.worth_naming) if wall.unnamed else 0,
        PeopleCategory.QUESTIONS: len(wall.cards),
    }
    return people_filter.choose_people_filter(wall.dataset, wall.people, more_counts)


def _show_settings(wall: Wall) -> None:
    """How strict the groups are, and what was put off."""
    dataset = wall.dataset
    clustering = groups.load_current_clustering(dataset.id, dataset.revision, groups.grouping_time(dataset))
    if not clustering and not wall.postponed:
        return
    with st.popover(_("Grouping"), icon=":material/tune:", width="stretch"):
        if clustering:
            groups.choose_threshold(dataset, clustering)
        if wall.postponed:
            label = _("Ask again about the {number} put off", number=words.count(len(wall.postponed)))
            st.button(label, key="ask_again", icon=":material/undo:", on_click=merge_questions.ask_postponed_again)


# what stands where


def arrange_cells(wall: Wall, chosen_filter: PeopleFilter) -> Sequence[WallCell]:
    """The cells of all pages: a few questions, then people and faces without a name, each in its order."""
    if chosen_filter.show is PeopleCategory.QUESTIONS:
        return wall.cards
    rows = people_filter.filter_people(wall.people, chosen_filter)
    # Whoever looks for a name, or for people of a kind, does not look for those without one.
    if chosen_filter.search or chosen_filter.show not in (PeopleCategory.ALL, PeopleCategory.UNNAMED):
        return ArrangedCells(wall.dataset, wall.people, (), rows)
    cards = _cards_in_front(wall) if chosen_filter.show is PeopleCategory.ALL else []
    group_cells = _group_cells(wall, cards)
    if chosen_filter.show is PeopleCategory.UNNAMED:
        return group_cells
    group_rows = len(wall.people) + np.arange(len(group_cells))
    order = np.concatenate([group_rows, rows] if wall.unnamed_first else [rows, group_rows])
    if not wall.unnamed_first and chosen_filter.order is PeopleOrder.MOST:
        sizes = [cell.size for cell in group_cells]
        # Stable: of as many faces, the person comes before the group.
        order = order[np.argsort(-np.concatenate([wall.people.faces[rows], sizes]), kind="stable")]
    tests = [card for card in wall.cards if isinstance(card, TestCard)]
    # After the groups: whoever names has them in front, and the test is what comes next.
    end = int(np.flatnonzero(order >= len(wall.people)).max(initial=-1)) + 1
    order = np.insert(order, end, len(wall.people) + len(group_cells) + np.arange(len(tests)))
    return ArrangedCells(
        dataset=wall.dataset,
        people=wall.people,
        cards=cards,
        order=order.astype(np.int64),
        behind=[*group_cells, *tests],
    )


def _cards_in_front(wall: Wall) -> list[WallCell]:
    return [card for card in wall.cards if not isinstance(card, TestCard)][:CARDS_SHOWN]


def _group_cells(wall: Wall, cards: Sequence[WallCell]) -> list[GroupCell]:
    """The groups worth naming, but those that a card asks about."""
    if wall.unnamed is None:
        return []
    on_cards = {group for card in cards if isinstance(card, RestCard) for group in card.rest.groups}
    numbers = (group for group in wall.unnamed.worth_naming.tolist() if group not in on_cards)
    return [GroupCell(wall.dataset, wall.unnamed, group) for group in numbers]


def _show_aside(wall: Wall) -> None:
    """The faces that are hardly worth naming, as one row that opens."""
    if wall.unnamed is None or not len(wall.unnamed.aside):
        return
    # Without their number: with another label it would be another row, and close while somebody names in it.
    with st.expander(_("Faces put aside: blurred, or in the background"), key="wall_aside", on_change="rerun") as row:
        if row.open:
            cells: list[WallCell] = [GroupCell(wall.dataset, wall.unnamed, group) for group in wall.unnamed.aside]
            part = cells[gallery.page_slice(len(cells), PER_PAGE, f"aside_{wall.dataset.id}")]
            _draw_cells(wall, part, "aside")


# what is done


def find_way_on(dataset: Dataset, *, unnamed_first: bool) -> NextStep:
    """What the page leads on to; never to the naming from where one names."""
    step = trail.find_next_step(dataset)
    is_here = unnamed_first and step.page == menu.CLUSTERS
    if is_here and data.dataset_counts(dataset.id, dataset.revision).people > 1:
        return NextStep(_("Train"), menu.TRAIN, _("When the people are right, they are learned."))
    return step


def _leads_elsewhere(wall: Wall) -> bool:
    """Whether what was done has changed what the page's primary button says."""
    now = data.services().store.dataset(wall.dataset.id)
    before, after = (find_way_on(dataset, unnamed_first=wall.unnamed_first) for dataset in (wall.dataset, now))
    return before.label != after.label


def _draw_cells(wall: Wall, cells: Sequence[WallCell], scope: str = "wall") -> None:
    """The cells of one page, and what was asked of them."""
    if not cells:
        st.info(_("Nobody is like that. Choose something else above."), icon=":material/search:")
        return
    keyboard = Keyboard(
        KEYS if wall.may_edit else {"o": "open"},
        name_choice.list_names(wall.dataset),
        SETTLING,
        start=wall.unnamed_first and wall.may_edit and scope == "wall",
        search=SEARCH_INPUT,
    )
    gallery.fetch_crops(wall.dataset.id, [cell.person.cover_crop_id for cell in cells if isinstance(cell, PersonCell)])
    entries = [cell.entry() if wall.may_edit else as_shown_only(cell.entry()) for cell in cells]
    # A name may be on its way to a group that a card asks about by now.
    former = {cell.id: cell for cell in wall.groups_on_cards}
    key = f"{scope}_{wall.dataset.id}"
    commands = draw_entries(key, entries, keyboard, corrections.current_epoch(), EntriesLayout.WALL, list(former))
    if scope == "wall" and wall.may_edit:
        st.caption(_(LEGEND))
    cells_by_id = former | {entry.id: cell for entry, cell in zip(entries, cells, strict=True)}
    # One rerun after all of them: a rerun at the first would lose the others, which count as obeyed.
    changed = [
        obey_wall_command(wall, command, [cells_by_id[cell_id] for cell_id in command.ids]) for command in commands
    ]
    if corrections.tell_what_is_gone(commands) or any(changed):
        corrections.draw_again(alone=not _leads_elsewhere(wall))


def obey_wall_command(wall: Wall, command: EntryCommand, cells: Sequence[WallCell]) -> bool:
    """Do what was asked; True when the wall has to be drawn anew."""
    faces = [face_id for cell in cells if isinstance(cell, GroupCell) for face_id in cell.faces]
    match command.name:
        case "open" if cells:
            _open_cell(wall, cells[0])
            return False
        case "name" if faces and command.text:
            corrections.apply_correction(wall.dataset, lambda corrector: corrector.move(faces, command.text))
        case "nobody" if faces:
            corrections.apply_correction(wall.dataset, lambda corrector: corrector.mark_strangers(faces))
        case "yes" | "no":
            for cell in cells:
                cell.settle(is_yes=command.name == "yes")
        case "later":
            for cell in cells:
                if isinstance(cell, QuestionCard):
                    merge_questions.postpone_question(cell.id)
        case "undo" | "redo":
            corrections.undo_or_redo(wall.dataset, command.name)
        case _:
            return False
    return True


def _open_cell(wall: Wall, cell: WallCell) -> None:
    if isinstance(cell, PersonCell):
        person.open_person(cell.person.id)
        st.rerun()
    elif isinstance(cell, TestCard):
        hard_test.begin_test(wall.dataset, cell.hard_faces)
        st.rerun()
    elif cell.faces:
        groups.show_group_faces(wall.dataset, cell.faces)

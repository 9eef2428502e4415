"""What the figure on "How good is it?" rests on, in one or two sentences under it."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from core.language.texts import gettext as _
from core.language.texts import ngettext
from core.store.values.runs import Run
from core.ui import data, words
from core.ui.access import kept
from core.workflows.evaluation.naming_basis import NamingBasis, count_naming_basis

FEW_PEOPLE = 10
FEW_FACES = 50
"""Below either, the figure is said to rest on few: of 50 faces that are all right, 7 % may still be wrong."""


def show_figure_basis(run: Run) -> None:
    """How many faces of how many people were tested, how they were named, and what that leaves open."""
    st.caption(words.plain(" ".join(describe_figure_basis(_count_basis(run.id), run))))


@kept.cache_data(show_spinner=False, max_entries=32)
def _count_basis(run_id: str) -> NamingBasis:
    run = data.services().runs.run(run_id)
    return count_naming_basis(data.services().log, run, data.run_predictions(run_id))


def describe_figure_basis(basis: NamingBasis, run: Run) -> Iterator[str]:
    """What the accuracy rests on, sentence by sentence."""
    metrics, updated = run.metrics, run.params.updated
    # Whoever came after the training was never tested.
    n_tested_people = metrics.n_people - (updated.people_added if updated else 0)
    yield ngettext(
        "It rests on {number} test face of {people}, {naming}.",
        "It rests on {number} test faces of {people}, {naming}.",
        basis.tested,
        people=words.format_people_count(n_tested_people),
        naming=_describe_naming(basis),
    )
    if basis.in_groups:
        yield ngettext(
            "{number} test face was named in groups: what is easy to group is easy to "
            "recognise, and on harder faces it may be right less often.",
            "{number} test faces were named in groups: what is easy to group is easy to "
            "recognise, and on harder faces it may be right less often.",
            basis.in_groups,
        )
    if metrics.n_people < FEW_PEOPLE or basis.tested < FEW_FACES:
        low = metrics.accuracy_ci95[0]
        yield _(
            "That is few: on other faces of theirs it may be as low as {percentage} (95\u00a0% interval), and "
            "among more people it gets harder.",
            percentage=words.percent(low),
        )


def _describe_naming(basis: NamingBasis) -> str:
    ways = {
        _("named by their folders"): basis.by_folder,
        _("named one by one"): basis.one_by_one,
        _("named in groups"): basis.in_groups,
    }
    used = [(way, count) for way, count in ways.items() if count]
    if len(used) == 1:
        return used[0][0]
    return ", ".join(f"{words.count(count)} {way}" for way, count in used)

"""What is said where one person has many times another's photos, and what to do about it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.base.types import Revision
from core.language.texts import gettext as _
from core.language.texts import ngettext
from core.learn.model_selection.imbalance import Imbalance, find_imbalance
from core.learn.model_selection.photos_needed import MOST
from core.learn.model_selection.splits import SplitPlan
from core.store.values.datasets import Dataset
from core.store.values.runs import Run
from core.ui import data, words
from core.ui.access import kept

NAMES_SHOWN = 3


def show_planned_imbalance(plan: SplitPlan) -> None:
    """Of the faces that a training would use."""
    _show_imbalance(find_imbalance(plan.people, np.bincount(plan.labels[plan.used], minlength=len(plan.people))))


def show_learned_imbalance(dataset: Dataset, run: Run) -> None:
    """Of the faces that a run learned from, as they are named now; those removed since do not count."""
    _show_imbalance(_find_learned_imbalance(dataset.id, dataset.revision, run.id))


# Kept, as it goes through every face that was learned from.
@kept.cache_data(show_spinner=False, max_entries=32)
def _find_learned_imbalance(dataset_id: str, revision: Revision, run_id: str) -> Imbalance | None:
    table = data.dataset_faces(dataset_id, revision).table
    _, rows = table.match(data.run_predictions(run_id).learned_ids)
    labels = table.labels[rows]
    return find_imbalance(table.people, np.bincount(labels[labels >= 0], minlength=len(table.people)))


def _show_imbalance(imbalance: Imbalance | None) -> None:
    if imbalance is not None:
        st.info(describe_imbalance(imbalance), icon=":material/balance:")


def describe_imbalance(imbalance: Imbalance) -> str:
    """Who has how many, what it means, and what to do, as Markdown."""
    largest, ratio = words.name(imbalance.largest), words.count(imbalance.ratio)
    counts = {
        "name": largest,
        "faces": ngettext("{number} face", "{number} faces", imbalance.most_faces),
        "scarce": _name_scarce(imbalance),
    }
    counted = (
        _("**{name} has {faces}, {scarce}: up to {ratio} times as many.**", ratio=ratio, **counts)
        if len(imbalance.scarce) > 1
        else _("**{name} has {faces}, {scarce}: {ratio} times as many.**", ratio=ratio, **counts)
    )
    if imbalance.scarce_faces[0] >= MOST:
        return _(
            "{counted} {most} and more are enough to learn somebody by, so nothing needs to be done.",
            counted=counted,
            most=MOST,
        )
    return _(
        "{counted} Everybody counts the same when it learns, so it does not say {name} more often. But of people "
        "with few faces it has seen little, and misses them more often. Add photos of them, from other days and "
        "places; from about {most} on more hardly help.",
        counted=counted,
        name=largest,
        most=MOST,
    )


def _name_scarce(imbalance: Imbalance) -> str:
    """The people with few: "Ben 4", or "Ben 4, Cem 5, Dee 6 and 12 others no more than 10"."""
    named = [
        f"{words.name(person)} {words.count(faces)}"
        for person, faces in zip(imbalance.scarce[:NAMES_SHOWN], imbalance.scarce_faces, strict=False)
    ]
    remaining = len(imbalance.scarce) - len(named)
    if remaining:
        return ngettext(
            "{named} and {number} other at most {most}",
            "{named} and {number} others at most {most}",
            remaining,
            named=", ".join(named),
            most=words.count(imbalance.scarce_faces[-1]),
        )
    if len(named) == 2:
        first, second = named
        return _("{first} and {second}", first=first, second=second)
    return ", ".join(named)

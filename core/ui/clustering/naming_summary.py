"""How far the naming of faces is, or how many people and faces there are: what stands above the wall."""

from __future__ import annotations

from core.language.texts import gettext as _
from core.language.texts import ngettext
from core.store.columns.people_columns import People
from core.store.values.datasets import Counts
from core.ui import words
from core.ui.people import person
from core.workflows.clustering.naming import NamingProgress


def describe_progress(progress: NamingProgress, n_aside: int) -> str:
    """How far the naming is: "332 of 574 faces named, 5 more names make 80 %; 32 more are put aside"."""
    sentence = ngettext(
        "**{named} of {number} face** named",
        "**{named} of {number} faces** named",
        progress.total,
        named=words.count(progress.n_named),
    )
    if progress.goal is not None:
        sentence = ngettext(
            "{sentence}, {number} more name makes {percentage}",
            "{sentence}, {number} more names make {percentage}",
            progress.names_to_goal,
            sentence=sentence,
            percentage=words.percent(progress.goal, 0),
        )
    if n_aside <= 0:
        return sentence
    return ngettext(
        "{sentence}; {number} more is put aside",
        "{sentence}; {number} more are put aside",
        n_aside,
        sentence=sentence,
    )


def summarise_people(people: People, counts: Counts) -> str:
    """How many people and faces, on which side, and what has no name."""
    # Who is hidden is told apart, and not counted among the people.
    hidden = int(people.hidden.sum())
    parts = [
        words.format_people_count(len(people) - hidden),
        ngettext("{number} face", "{number} faces", counts.faces),
    ]
    if counts.train_faces or counts.val_faces:
        parts.append(person.describe_sides(counts.train_faces, counts.val_faces))
    if hidden:
        parts.append(_("{number} hidden", number=words.count(hidden)))
    if counts.excluded_faces:
        parts.append(_("{number} left out", number=words.count(counts.excluded_faces)))
    if counts.unnamed_faces:
        parts.append(_("{number} without a name", number=words.count(counts.unnamed_faces)))
    return " · ".join(parts)

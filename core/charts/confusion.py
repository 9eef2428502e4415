"""Who was taken for whom: the part of a confusion matrix that a chart shows, and its finding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.base.types import Doubles, Ints
from core.base.words import count, display_name
from core.charts.palette import label_uniquely
from core.language.texts import gettext, ngettext
from core.learn.metrics.classification import Evaluation, order_by_confusion


@dataclass(frozen=True, slots=True, eq=False)
class ConfusionMatrix:
    """The part of a confusion matrix that is shown, in the order in which it is shown."""

    names: Sequence[str]
    """Unique."""
    people: Ints
    """(n,) indices of the names in the evaluation"""
    counts: Ints
    """(n, n); row = true, column = given"""
    support: Ints
    """(n,) each person's tested faces, those given a name outside this part too"""

    @property
    def shares(self) -> Doubles:
        """(n, n) counts as shares of each true person's faces."""
        return np.asarray(self.counts / np.maximum(self.support, 1)[:, None], dtype=np.float64)


def select_confused_people(evaluation: Evaluation, most: int) -> Ints:
    """Indices of the people of the most frequent confusions, ascending: at most ``most`` of them."""
    index_of = {name: index for index, name in enumerate(evaluation.people)}
    # A dictionary is a set that keeps its order: the pairs stand by frequency, so cutting it drops the rarest errors.
    people = dict.fromkeys(index_of[name] for pair in evaluation.most_confused for name in (pair.person, pair.given))
    return np.array(sorted(list(people)[:most]), dtype=np.int64)


def cut_confusion_matrix(evaluation: Evaluation, people: Ints, *, by_name: bool = False) -> ConfusionMatrix:
    """Cut the matrix of some people out of the whole, the confused side by side or everybody by name.

    Parameters
    ----------
    people : (n,) indices in the evaluation
    """
    if by_name:
        order = np.array(
            sorted(people, key=lambda index: display_name(evaluation.people[index]).casefold()), dtype=np.int64
        )
    else:
        # Ordered within the cut: the best order takes the cube of the people, of whom the whole may hold thousands.
        order = people[order_by_confusion(evaluation.confusion[people][:, people].toarray())]
    return ConfusionMatrix(
        names=label_uniquely([evaluation.people[index] for index in order], display_name),
        people=order,
        counts=evaluation.confusion[order][:, order].toarray(),
        # Of the whole matrix: a share says how often somebody is taken for another, whoever else is on the chart.
        support=evaluation.confusion.sum(axis=1)[order],
    )


def describe_confusions(evaluation: Evaluation) -> str:
    """Say what the errors come to: "4 of 5 errors are Jerry taken for Ben"."""
    total = evaluation.n_test - evaluation.n_correct
    if not total:
        return gettext("Nobody was taken for anybody else")
    commonest_pair = evaluation.most_confused[0]
    pair = gettext(
        "{person} taken for {name}",
        person=display_name(commonest_pair.person),
        name=display_name(commonest_pair.given),
    )
    if total == 1:
        return gettext("The one error is {pair}", pair=pair)
    if commonest_pair.count == 1:
        return ngettext(
            "{number} error, each between other people", "{number} errors, each between other people", total
        )
    errors = ngettext("{number} error", "{number} errors", total)
    return gettext("{part} of {errors} are {pair}", part=count(commonest_pair.count), errors=errors, pair=pair)

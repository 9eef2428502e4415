"""What came out: names, probabilities, strangers, pairs, and the errors one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.base.types import Ints
from core.base.words import count, percent, person, probability, strangers_share
from core.learn.metrics.classification import Evaluation, PersonResult, order_by_confusion, wilson_interval
from core.learn.open_set.rejection_rule import Impostors
from core.learn.verification.lfw_protocol import area_under_roc, det_curve, equal_error_rate, threshold_at_far
from core.report import figures
from core.report.content import Block, Facts, Figure, Mistake, Mistakes, Paragraph, Picture, Section, TableBlock
from core.report.drawing import RIGHT, WRONG
from core.report.figures import Row, Step
from core.report.material import Material, Pairs, WrongName

WORST_PEOPLE = 20
CONFUSED_MOST = 20
PAIRS_LISTED = 15
PEOPLE_LISTED = 40
STRAYS_MOST = 60
"""The most wrong names that are marked one by one under a histogram."""
FARS = (1e-2, 1e-3)
IMPOSTORS_PER_FAR = 10
"""Pairs of different people that must pass a limit for its rate to be told."""


def share_of(low: float, high: float) -> str:
    """An interval for reading."""
    return f"{percent(low)} to {percent(high)}"


def known(given: Material) -> Section:
    """How people are recognised whom it knows."""
    result = given.predictions.evaluation
    blocks: list[Block] = [
        Facts(
            "On faces that it had not learned",
            (
                (
                    "Right (accuracy)",
                    f"{percent(result.accuracy)}, {share_of(*result.accuracy_ci95)} with 95 % certainty",
                ),
                ("Right, every person counting the same (balanced accuracy)", percent(result.balanced_accuracy)),
                ("Complete and exclusive, mean over people (macro F1)", percent(result.macro_f1)),
                ("Right name among the first three (top-3)", percent(result.top3)),
                ("Probabilities are off by (ECE)", percent(result.ece)),
                ("Right on the faces that it learned from", percent(given.run.metrics["train_accuracy"])),
            ),
        ),
        _people_figure(result),
        _reliability_figure(given),
        *_rank_figure(given),
        *_confusion_figure(result),
        *_pairs_table(result),
        *_people_table(result),
    ]
    return Section("known", "People it knows", tuple(blocks))


def _hardest(result: Evaluation) -> list[PersonResult]:
    tested = [row for row in result.per_person if row.support]
    return sorted(tested, key=lambda row: (row.recall, -row.support if row.recall < 1 else row.support, row.person))


def _right(row: PersonResult) -> int:
    return round(row.recall * row.support)


def _people_figure(result: Evaluation) -> Figure:
    everybody = _hardest(result)
    shown = everybody[:WORST_PEOPLE]
    rows = []
    for one in shown:
        low, high = wilson_interval(_right(one), one.support)
        rows.append(
            Row(label=person(one.person), value=one.recall, low=low, high=high, note=f"{_right(one)} of {one.support}")
        )
    always = sum(one.recall == 1 for one in everybody)
    title = f"{count(always)} of {count(len(everybody), 'tested person', 'tested people')} were always recognised"
    note = "Whiskers: 95 % intervals (Wilson), wide where few faces were tested."
    if len(everybody) > len(shown):
        note = f"The {len(shown)} hardest of {count(len(everybody))}. {note}"
    told = "; ".join(f"{row.label} {percent(row.value)} ({row.note})" for row in rows)
    return Figure(
        title, f"Share recognised of each person: {told}.", figures.dots(rows, "recognised", whole=True), note
    )


def _confusion_figure(result: Evaluation) -> tuple[Figure, ...]:
    if not result.most_confused:
        return ()
    people = _confused_people(result)
    counts = result.confusion[np.ix_(people, people)]
    order = order_by_confusion(counts)
    people, counts = people[order], counts[np.ix_(order, order)]
    n_all = len(dict.fromkeys(name for pair in result.most_confused for name in (pair.person, pair.given)))
    note = "Blue, on the diagonal: right. Orange: taken for somebody else. The deeper, the larger the share."
    if n_all > len(people):
        note = f"The {len(people)} most confused of {count(n_all)} who were confused. {note}"
    first = [f"{person(p.person)} taken for {person(p.given)} {p.count} times" for p in result.most_confused[:5]]
    names = [person(result.people[place]) for place in people]
    drawing = figures.confusion(names, counts, result.confusion.sum(axis=1)[people])
    return (Figure(finding(result), f"Confusion matrix. {'; '.join(first)}.", drawing, note),)


def _confused_people(result: Evaluation) -> Ints:
    """Places of the people in the most frequent confusions, ascending."""
    place = {name: number for number, name in enumerate(result.people)}
    busy = dict.fromkeys(place[name] for pair in result.most_confused for name in (pair.person, pair.given))
    return np.array(sorted(list(busy)[:CONFUSED_MOST]), dtype=np.int64)


def finding(result: Evaluation) -> str:
    """Say what the errors come to."""
    total, first = result.n_test - result.n_correct, result.most_confused[0]
    pair = f"{person(first.person)} taken for {person(first.given)}"
    if total == 1:
        return f"The one error is {pair}"
    if first.count == 1:
        return f"{count(total, 'error')}, each between other people"
    return f"{count(first.count)} of {count(total, 'error')} are {pair}"


def _reliability_figure(given: Material) -> Figure:
    ece, bins = given.predictions.evaluation.ece, given.evaluation["reliability"]
    told = "; ".join(
        f"{percent(one['mean_prob'])} sure, {percent(one['share_right'])} right ({one['faces']} faces)" for one in bins
    )
    return Figure(
        f"Probabilities are off by {percent(ece)} in the mean (ECE)",
        f"How often names were right, by how sure it was: {told}.",
        figures.reliability(bins),
        "On the dashed line probabilities are honest; above it they are too modest, below too bold. Grey: how many "
        "faces. Whiskers: 95 % intervals.",
    )


def _rank_figure(given: Material) -> tuple[Figure, ...]:
    curve = given.evaluation["rank_k"][: max(1, len(given.predictions.people))]
    if len(curve) < 2:
        return ()
    ranks = list(range(1, len(curve) + 1))
    told = "; ".join(f"{k}: {percent(share)}" for k, share in zip(ranks, curve, strict=True))
    values = [Step(k, share) for k, share in zip(ranks, curve, strict=True)]
    drawing = figures.steps(values, "the first k names", "the right name is among them")
    title = f"The right name is first in {percent(curve[0])}, among the first {len(curve)} in {percent(curve[-1])}"
    if curve[0] == 1:
        title = "The right name is always first"
    return (Figure(title, f"Share of faces whose right name is among the first k. {told}.", drawing),)


def _pairs_table(result: Evaluation) -> tuple[TableBlock, ...]:
    if not result.most_confused:
        return ()
    support = {row.person: row.support for row in result.per_person}
    rows = tuple(
        (person(pair.person), person(pair.given), count(pair.count), count(support[pair.person]))
        for pair in result.most_confused[:PAIRS_LISTED]
    )
    more = len(result.most_confused) - len(rows)
    caption = "Who was taken for whom" + (
        f", the first {len(rows)} of {count(len(result.most_confused))}" if more else ""
    )
    return (TableBlock(caption, ("Person", "Taken for", "Times", "Of"), rows, right=frozenset({2, 3})),)


def _people_table(result: Evaluation) -> tuple[TableBlock, ...]:
    missed = sorted(
        (row for row in result.per_person if row.support and row.f1 < 1),
        key=lambda row: (row.f1, -row.support, row.person),
    )
    if not missed:
        return ()
    rows = tuple(
        (person(row.person), percent(row.recall), percent(row.precision), percent(row.f1), count(row.support))
        for row in missed[:PEOPLE_LISTED]
    )
    caption = "Who was not always named rightly, the hardest first"
    if len(missed) > len(rows):
        caption += f": {len(rows)} of {count(len(missed))}"
    columns = ("Person", "Recognised (recall)", "Name right (precision)", "F1", "Tested")
    return (TableBlock(caption, columns, rows, right=frozenset({1, 2, 3, 4})),)


# strangers


def strangers(given: Material) -> Section:
    """When it says "unknown", and what that promises."""
    limit = given.run.params["threshold"]
    blocks: list[Block] = [Paragraph(_rule(given)), _limits_table(given)]
    if figure := _score_figure(given, float(limit["score"])):
        blocks.append(figure)
    return Section("strangers", "People it does not know", tuple(blocks))


def _rule(given: Material) -> str:
    limit = given.run.params["threshold"]
    rule = f"A face gets a name when its likeness to that person is above {limit['score']:.2f}; else it is unknown."
    if limit["from_prior"]:
        people = count(given.run.metrics["n_people"], "person", "people")
        return (
            f"{rule} {people} are too few to learn this limit from, so it is the model's own, measured on other "
            f"photos: {strangers_share(limit)} of strangers would get a name."
        )
    return (
        f"{rule} It was set by {count(limit['n_impostor_people'], 'person', 'people')} whom it did not know or who "
        f"were hidden from it in turn: of their {count(limit['n_impostors'], 'face')} about "
        f"{percent(limit['expected'])} would get a name, {strangers_share(limit)} with 95 % certainty."
    )


def _limits_table(given: Material) -> TableBlock:
    rows = tuple(
        (
            percent(one["fpir"]),
            f"{one['score']:.2f}",
            percent(one["fpir_expected"], 2),
            share_of(*one["fpir_expected_ci95"]),
            "yes" if one["enough_data"] else "no, too few people",
            percent(one["correct_name_rate"]),
        )
        for one in given.evaluation["thresholds"]
    )
    columns = (
        "Strangers who may get a name (FPIR)",
        "Limit",
        "To expect",
        "95 % interval",
        "Can be promised",
        "Known faces rightly named (DIR)",
    )
    return TableBlock("Limits to choose from", columns, rows, right=frozenset({0, 1, 2, 3, 5}))


def _score_figure(given: Material, limit: float) -> Figure | None:
    predictions = given.predictions
    right, wrong = predictions.scores[~predictions.wrong], predictions.scores[predictions.wrong]
    impostors = predictions.impostors
    everything = np.append(predictions.scores, [limit, *(impostors.scores if impostors else ())])
    low, high = float(everything.min()), float(everything.max())
    if high - low < 1e-6:
        return None
    low, high = low - 0.02 * (high - low), high + 0.02 * (high - low)
    heaps = [figures.heap("known, right name", right, low, high, RIGHT)] if len(right) else []
    if impostors is not None:
        heaps.append(figures.heap(_impostors_name(impostors), impostors.scores, low, high, WRONG, dashed=True))
    if not heaps:
        return None
    kept = float(np.mean(predictions.scores[~predictions.wrong] > limit)) if len(right) else 0.0
    title = f"{percent(kept)} of the rightly named faces are above the limit"
    if impostors is not None:
        title += f", {percent(float(impostors.passing(limit).mean()))} of strangers"
    strays = wrong if len(wrong) <= STRAYS_MOST else ()
    note = "Strangers count person by person. " if impostors is not None else ""
    note += "Crosses: known people under a wrong name." if len(strays) else ""
    drawing = figures.histograms(heaps, limit, "likeness to the person named", [float(score) for score in strays])
    return Figure(title, f"Histogram of the likeness. {title}, which is {limit:.2f}.", drawing, note.strip())


def _impostors_name(impostors: Impostors) -> str:
    return "strangers given" if impostors.given.all() else "hidden people" if not impostors.given.any() else "strangers"


# same person?


def same_person(given: Material, pairs: Pairs) -> Section:
    """Two faces: one person or two?"""
    n_same = int(np.count_nonzero(pairs.same))
    n_different = len(pairs.same) - n_same
    limits = {
        far: threshold_at_far(pairs.distances, pairs.same, far)
        for far in FARS
        if far * n_different >= IMPOSTORS_PER_FAR
    }
    eer = equal_error_rate(pairs.distances, pairs.same)
    rows = [
        ("Pairs of one person", f"{count(n_same)}, of {count(pairs.n_people, 'person', 'people')}"),
        ("Pairs of different people", count(n_different)),
        ("Accepted as often wrongly as refused (equal error rate)", percent(eer, 2)),
        ("Area under the ROC curve", f"{area_under_roc(pairs.distances, pairs.same):.4f}"),
    ]
    for far, limit in limits.items():
        accepted = float(np.mean(pairs.distances[pairs.same] <= limit))
        rows.append((f"One person accepted where {percent(far)} of different people are (TAR)", percent(accepted, 2)))
    intro = (
        "The faces that are in the dataset now, compared two by two; near duplicates are no pair. The limits are read "
        "off these very pairs."
    )
    if pairs.drawn:
        intro += " The faces are many, so pairs were drawn, always the same."
    shown = min(limits.values()) if limits else _even(pairs, eer)
    blocks: tuple[Block, ...] = (
        Paragraph(intro),
        Facts("Pairs", tuple(rows)),
        _distances_figure(pairs, shown),
        _det_figure(pairs, n_same, n_different),
    )
    return Section("pairs", "Same person? (1:1)", blocks)


def _even(pairs: Pairs, eer: float) -> float:
    """The distance at which about the equal error rate is refused."""
    return float(np.quantile(pairs.distances[pairs.same], 1 - eer))


def _distances_figure(pairs: Pairs, limit: float) -> Figure:
    near, far = pairs.distances[pairs.same], pairs.distances[~pairs.same]
    accepted, passed = float(np.mean(near <= limit)), float(np.mean(far <= limit))
    title = f"Within {limit:.2f}: {percent(accepted)} of pairs of one person, {percent(passed, 2)} of different people"
    heaps = [
        figures.heap("one person", near, 0.0, 2.0, RIGHT),
        figures.heap("different people", far, 0.0, 2.0, WRONG, dashed=True),
    ]
    return Figure(title, f"Histogram of distances. {title}.", figures.histograms(heaps, limit, "distance"))


def _det_figure(pairs: Pairs, n_same: int, n_different: int) -> Figure:
    points = det_curve(pairs.distances, pairs.same)
    title = "What every limit costs (DET curve)"
    told = "; ".join(
        f"{percent(far)} of different people accepted, {percent(frr)} of one person refused"
        for far, frr in ((far, min(one["frr"] for one in points if one["far"] <= far)) for far in FARS)
    )
    note = "Both rates on logarithmic scales; nearer to the lower left corner is better. Squares: 1 % and 0.1 %."
    return Figure(title, f"{title}: {told}.", figures.det(points, n_same, n_different), note)


# errors


def mistakes(given: Material) -> Section:
    """The surest errors, face by face."""
    n = given.n_errors
    if not n:
        text = f"None: everybody on the {count(given.predictions.evaluation.n_test, 'tested face')} was recognised."
        return Section("errors", "Worst errors", (Paragraph(text),))
    shown = given.mistakes
    intro = f"{count(n, 'face')} got a wrong name. " if n > 1 else "One face got a wrong name. "
    if len(shown) < n:
        intro += f"The {len(shown)} surest are shown. "
    if not given.with_faces:
        intro += "Pictures of people are left out of this report."
    elif any(one.like for one in shown):
        intro += "Beside each: of the faces learned as the person it was taken for, the one most like it."
    limit = float(given.run.params["threshold"]["score"])
    return Section("errors", "Worst errors", (Paragraph(intro.strip()), Mistakes(_cards(shown, limit))))


def _cards(shown: Sequence[WrongName], limit: float) -> tuple[Mistake, ...]:
    return tuple(_card(one, limit) for one in shown)


def _card(one: WrongName, limit: float) -> Mistake:
    name, given = person(one.person), person(one.given)
    pictures = []
    if one.face is not None:
        pictures.append(Picture(one.face, f"Face of {name}, taken for {given}", "the face"))
    if one.like is not None:
        pictures.append(Picture(one.like, f"A face of {given} that was learned", given))
    verdict = "above the limit" if one.score > limit else "below the limit, so it would be called unknown"
    said = f"{probability(one.prob)} sure; likeness {one.score:.2f}, {verdict}; distance {one.distance:.2f}"
    return Mistake(name, given, said, tuple(pictures))

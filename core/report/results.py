"""What came out: names, probabilities, strangers, pairs, and the errors one by one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.base.types import Ints
from core.base.words import count, display_name, format_probability, percent, strangers_share
from core.learn.metrics.classification import Evaluation, PersonResult, order_by_confusion, wilson_interval
from core.learn.open_set.rejection_rule import Impostors
from core.learn.verification.lfw_protocol import area_under_roc, det_curve, equal_error_rate, threshold_at_far
from core.report import figures
from core.report.content import Block, ErrorCard, ErrorCards, FacePicture, Facts, Figure, Paragraph, Section, TableBlock
from core.report.drawing import RIGHT, WRONG
from core.report.figures import DotRow, SharePoint
from core.report.material import PairDistances, ReportMaterial, WrongName

WORST_PEOPLE = 20
CONFUSED_MOST = 20
PAIRS_LISTED = 15
PEOPLE_LISTED = 40
STRAYS_MOST = 60
"""The most wrong names that are marked one by one under a histogram."""
FARS = (1e-2, 1e-3)
IMPOSTORS_PER_FAR = 10
"""Pairs of different people that must pass a limit for its rate to be told."""


def format_interval(low: float, high: float) -> str:
    """An interval for reading."""
    return f"{percent(low)} to {percent(high)}"


def known_people_section(material: ReportMaterial) -> Section:
    """How people are recognised whom it knows."""
    result = material.predictions.evaluation
    blocks: list[Block] = [
        Facts(
            "On faces that it had not learned",
            (
                (
                    "Right (accuracy)",
                    f"{percent(result.accuracy)}, {format_interval(*result.accuracy_ci95)} with 95 % certainty",
                ),
                ("Right, every person counting the same (balanced accuracy)", percent(result.balanced_accuracy)),
                ("Complete and exclusive, mean over people (macro F1)", percent(result.macro_f1)),
                ("Right name among the first three (top-3)", percent(result.top3)),
                ("Probabilities are off by (ECE)", percent(result.ece)),
                ("Right on the faces that it learned from", percent(material.run.metrics["train_accuracy"])),
            ),
        ),
        _people_figure(result),
        _reliability_figure(material),
        *_rank_figure(material),
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
    tested_people = _hardest(result)
    hardest = tested_people[:WORST_PEOPLE]
    rows = []
    for person_result in hardest:
        low, high = wilson_interval(_right(person_result), person_result.support)
        rows.append(
            DotRow(
                label=display_name(person_result.person),
                value=person_result.recall,
                low=low,
                high=high,
                note=f"{_right(person_result)} of {person_result.support}",
            )
        )
    n_always_right = sum(person_result.recall == 1 for person_result in tested_people)
    n_people = count(len(tested_people), "tested person", "tested people")
    title = f"{count(n_always_right)} of {n_people} were always recognised"
    note = "Whiskers: 95 % intervals (Wilson), wide where few faces were tested."
    if len(tested_people) > len(hardest):
        note = f"The {len(hardest)} hardest of {count(len(tested_people))}. {note}"
    description = "; ".join(f"{row.label} {percent(row.value)} ({row.note})" for row in rows)
    return Figure(
        title,
        f"Share recognised of each person: {description}.",
        figures.draw_dot_plot(rows, "recognised", whole=True),
        note,
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
    top_pairs = [
        f"{display_name(p.person)} taken for {display_name(p.given)} {p.count} times" for p in result.most_confused[:5]
    ]
    names = [display_name(result.people[index]) for index in people]
    drawing = figures.draw_confusion_matrix(names, counts, result.confusion.sum(axis=1)[people])
    return (Figure(errors_summary(result), f"Confusion matrix. {'; '.join(top_pairs)}.", drawing, note),)


def _confused_people(result: Evaluation) -> Ints:
    """Indices of the people in the most frequent confusions, ascending."""
    index_of = {name: index for index, name in enumerate(result.people)}
    confused = dict.fromkeys(index_of[name] for pair in result.most_confused for name in (pair.person, pair.given))
    return np.array(sorted(list(confused)[:CONFUSED_MOST]), dtype=np.int64)


def errors_summary(result: Evaluation) -> str:
    """Say what the errors come to."""
    total, first = result.n_test - result.n_correct, result.most_confused[0]
    pair = f"{display_name(first.person)} taken for {display_name(first.given)}"
    if total == 1:
        return f"The one error is {pair}"
    if first.count == 1:
        return f"{count(total, 'error')}, each between other people"
    return f"{count(first.count)} of {count(total, 'error')} are {pair}"


def _reliability_figure(material: ReportMaterial) -> Figure:
    ece, bins = material.predictions.evaluation.ece, material.evaluation["reliability"]
    description = "; ".join(
        f"{percent(prob_bin['mean_prob'])} sure, {percent(prob_bin['share_right'])} right ({prob_bin['faces']} faces)"
        for prob_bin in bins
    )
    return Figure(
        f"Probabilities are off by {percent(ece)} in the mean (ECE)",
        f"How often names were right, by how sure it was: {description}.",
        figures.draw_reliability_diagram(bins),
        "On the dashed line probabilities are honest; above it they are too modest, below too bold. Grey: how many "
        "faces. Whiskers: 95 % intervals.",
    )


def _rank_figure(material: ReportMaterial) -> tuple[Figure, ...]:
    curve = material.evaluation["rank_k"][: max(1, len(material.predictions.people))]
    if len(curve) < 2:
        return ()
    ranks = list(range(1, len(curve) + 1))
    description = "; ".join(f"{k}: {percent(share)}" for k, share in zip(ranks, curve, strict=True))
    values = [SharePoint(k, share) for k, share in zip(ranks, curve, strict=True)]
    drawing = figures.draw_share_curve(values, "the first k names", "the right name is among them")
    title = f"The right name is first in {percent(curve[0])}, among the first {len(curve)} in {percent(curve[-1])}"
    if curve[0] == 1:
        title = "The right name is always first"
    return (Figure(title, f"Share of faces whose right name is among the first k. {description}.", drawing),)


def _pairs_table(result: Evaluation) -> tuple[TableBlock, ...]:
    if not result.most_confused:
        return ()
    support = {row.person: row.support for row in result.per_person}
    rows = tuple(
        (display_name(pair.person), display_name(pair.given), count(pair.count), count(support[pair.person]))
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
        (display_name(row.person), percent(row.recall), percent(row.precision), percent(row.f1), count(row.support))
        for row in missed[:PEOPLE_LISTED]
    )
    caption = "Who was not always named rightly, the hardest first"
    if len(missed) > len(rows):
        caption += f": {len(rows)} of {count(len(missed))}"
    columns = ("Person", "Recognised (recall)", "Name right (precision)", "F1", "Tested")
    return (TableBlock(caption, columns, rows, right=frozenset({1, 2, 3, 4})),)


# strangers


def strangers_section(material: ReportMaterial) -> Section:
    """When it says "unknown", and what that promises."""
    threshold = material.run.params["threshold"]
    blocks: list[Block] = [Paragraph(_rule(material)), _thresholds_table(material)]
    if figure := _score_figure(material, float(threshold["score"])):
        blocks.append(figure)
    return Section("strangers", "People it does not know", tuple(blocks))


def _rule(material: ReportMaterial) -> str:
    threshold = material.run.params["threshold"]
    rule = f"A face gets a name when its likeness to that person is above {threshold['score']:.2f}; else it is unknown."
    if threshold["from_prior"]:
        people = count(material.run.metrics["n_people"], "person", "people")
        return (
            f"{rule} {people} are too few to learn this limit from, so it is the model's own, measured on other "
            f"photos: {strangers_share(threshold)} of strangers would get a name."
        )
    return (
        f"{rule} It was set by {count(threshold['n_impostor_people'], 'person', 'people')} whom it did not know or who "
        f"were hidden from it in turn: of their {count(threshold['n_impostors'], 'face')} about "
        f"{percent(threshold['expected'])} would get a name, {strangers_share(threshold)} with 95 % certainty."
    )


def _thresholds_table(material: ReportMaterial) -> TableBlock:
    rows = tuple(
        (
            percent(operating_point["fpir"]),
            f"{operating_point['score']:.2f}",
            percent(operating_point["fpir_expected"], 2),
            format_interval(*operating_point["fpir_expected_ci95"]),
            "yes" if operating_point["enough_data"] else "no, too few people",
            percent(operating_point["correct_name_rate"]),
        )
        for operating_point in material.evaluation["thresholds"]
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


def _score_figure(material: ReportMaterial, threshold: float) -> Figure | None:
    predictions = material.predictions
    right, wrong = predictions.scores[~predictions.wrong], predictions.scores[predictions.wrong]
    impostors = predictions.impostors
    everything = np.append(predictions.scores, [threshold, *(impostors.scores if impostors else ())])
    low, high = float(everything.min()), float(everything.max())
    if high - low < 1e-6:
        return None
    low, high = low - 0.02 * (high - low), high + 0.02 * (high - low)
    histograms = [figures.build_histogram("known, right name", right, low, high, RIGHT)] if len(right) else []
    if impostors is not None:
        histograms.append(
            figures.build_histogram(_impostors_name(impostors), impostors.scores, low, high, WRONG, dashed=True)
        )
    if not histograms:
        return None
    share_above = float(np.mean(predictions.scores[~predictions.wrong] > threshold)) if len(right) else 0.0
    title = f"{percent(share_above)} of the rightly named faces are above the limit"
    if impostors is not None:
        title += f", {percent(float(impostors.passing(threshold).mean()))} of strangers"
    strays = wrong if len(wrong) <= STRAYS_MOST else ()
    note = "Strangers count person by person. " if impostors is not None else ""
    note += "Crosses: known people under a wrong name." if len(strays) else ""
    drawing = figures.draw_histograms(
        histograms, threshold, "likeness to the person named", [float(score) for score in strays]
    )
    return Figure(title, f"Histogram of the likeness. {title}, which is {threshold:.2f}.", drawing, note.strip())


def _impostors_name(impostors: Impostors) -> str:
    return "strangers given" if impostors.given.all() else "hidden people" if not impostors.given.any() else "strangers"


# same person?


def verification_section(material: ReportMaterial, pairs: PairDistances) -> Section:
    """Two faces: one person or two?"""
    n_same = int(np.count_nonzero(pairs.same))
    n_different = len(pairs.same) - n_same
    thresholds = {
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
    for far, threshold in thresholds.items():
        accepted = float(np.mean(pairs.distances[pairs.same] <= threshold))
        rows.append((f"One person accepted where {percent(far)} of different people are (TAR)", percent(accepted, 2)))
    intro = (
        "The faces that are in the dataset now, compared two by two; near duplicates are no pair. The limits are read "
        "off these very pairs."
    )
    if pairs.is_sampled:
        intro += " The faces are many, so pairs were drawn, always the same."
    chart_threshold = min(thresholds.values()) if thresholds else _equal_error_distance(pairs, eer)
    blocks: tuple[Block, ...] = (
        Paragraph(intro),
        Facts("Pairs", tuple(rows)),
        _distances_figure(pairs, chart_threshold),
        _det_figure(pairs, n_same, n_different),
    )
    return Section("pairs", "Same person? (1:1)", blocks)


def _equal_error_distance(pairs: PairDistances, eer: float) -> float:
    """The distance at which about the equal error rate is refused."""
    return float(np.quantile(pairs.distances[pairs.same], 1 - eer))


def _distances_figure(pairs: PairDistances, threshold: float) -> Figure:
    near, far = pairs.distances[pairs.same], pairs.distances[~pairs.same]
    accepted, passed = float(np.mean(near <= threshold)), float(np.mean(far <= threshold))
    title = (
        f"Within {threshold:.2f}: {percent(accepted)} of pairs of one person, {percent(passed, 2)} of different people"
    )
    histograms = [
        figures.build_histogram("one person", near, 0.0, 2.0, RIGHT),
        figures.build_histogram("different people", far, 0.0, 2.0, WRONG, dashed=True),
    ]
    return Figure(
        title, f"Histogram of distances. {title}.", figures.draw_histograms(histograms, threshold, "distance")
    )


def _det_figure(pairs: PairDistances, n_same: int, n_different: int) -> Figure:
    points = det_curve(pairs.distances, pairs.same)
    title = "What every limit costs (DET curve)"
    description = "; ".join(
        f"{percent(far)} of different people accepted, {percent(frr)} of one person refused"
        for far, frr in ((far, min(point["frr"] for point in points if point["far"] <= far)) for far in FARS)
    )
    note = "Both rates on logarithmic scales; nearer to the lower left corner is better. Squares: 1 % and 0.1 %."
    return Figure(title, f"{title}: {description}.", figures.draw_det_curve(points, n_same, n_different), note)


# errors


def worst_errors_section(material: ReportMaterial) -> Section:
    """The surest errors, face by face."""
    n = material.n_errors
    if not n:
        text = f"None: everybody on the {count(material.predictions.evaluation.n_test, 'tested face')} was recognised."
        return Section("errors", "Worst errors", (Paragraph(text),))
    wrong_names = material.mistakes
    intro = f"{count(n, 'face')} got a wrong name. " if n > 1 else "One face got a wrong name. "
    if len(wrong_names) < n:
        intro += f"The {len(wrong_names)} surest are shown. "
    if not material.with_faces:
        intro += "Pictures of people are left out of this report."
    elif any(wrong_name.like for wrong_name in wrong_names):
        intro += "Beside each: of the faces learned as the person it was taken for, the one most like it."
    threshold = float(material.run.params["threshold"]["score"])
    return Section(
        "errors", "Worst errors", (Paragraph(intro.strip()), ErrorCards(_error_cards(wrong_names, threshold)))
    )


def _error_cards(wrong_names: Sequence[WrongName], threshold: float) -> tuple[ErrorCard, ...]:
    return tuple(_error_card(wrong_name, threshold) for wrong_name in wrong_names)


def _error_card(wrong_name: WrongName, threshold: float) -> ErrorCard:
    name, taken_for = display_name(wrong_name.person), display_name(wrong_name.assigned_name)
    pictures = []
    if wrong_name.face is not None:
        pictures.append(FacePicture(wrong_name.face, f"Face of {name}, taken for {taken_for}", "the face"))
    if wrong_name.like is not None:
        pictures.append(FacePicture(wrong_name.like, f"A face of {taken_for} that was learned", taken_for))
    verdict = "above the limit" if wrong_name.score > threshold else "below the limit, so it would be called unknown"
    certainty = (
        f"{format_probability(wrong_name.prob)} sure; likeness {wrong_name.score:.2f}, {verdict}; "
        f"distance {wrong_name.distance:.2f}"
    )
    return ErrorCard(name, taken_for, certainty, tuple(pictures))

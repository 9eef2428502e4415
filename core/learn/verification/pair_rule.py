"""Do two faces show one person? The cosine of their vectors turned into a probability and into a decision.

The log-likelihood ratio of "one person" against "two people" is taken to be a straight line in the cosine, fitted by
logistic regression in which both kinds of pairs weigh the same; a prior then makes it a probability. The decision is
taken on the cosine itself, at the limit that a chosen share of different people passes (FAR). Both come from pairs: of
the dataset itself when it holds enough people, else of photos that the model was measured on before.

References
----------
Platt, "Probabilistic Outputs for Support Vector Machines", 1999 (the targets of the regression). Brümmer, du Preez,
"Application-independent evaluation of speaker detection", Computer Speech and Language 20, 2006 (likelihood ratios,
prior kept apart).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.base import words
from core.base.errors import InputRefused
from core.base.types import Bools, Doubles, Floats, Ints, Vectors
from core.base.vectors import normalise_rows
from core.language.texts import marked
from core.learn.labelled_faces import LabelledFaces
from core.learn.numerics.blocks import row_blocks
from core.learn.numerics.labels import sum_by_label
from core.learn.numerics.unit_vectors import cosines_to_distances
from core.learn.verification.lfw_protocol import IMPOSTORS_PER_FAR

FARS = (1e-2, 1e-3)
"""The shares of different people that may pass, by which it is said how sure a decision is."""
LIMIT_FARS = (0.1, 0.05, 0.02, 1e-2, 5e-3, 2e-3, 1e-3, 5e-4, 2e-4, 1e-4, 5e-5, 2e-5, 1e-5, 5e-6, 2e-6, 1e-6)
"""Rates that limits are kept for, where enough pairs tell them; those between are interpolated."""
EVEN_PRIOR = 0.5
"""Without further knowledge two faces are as likely one person as two."""

ENOUGH_PEOPLE = 20
ENOUGH_GENUINE = 100
ALL_PAIRS_MOST = 1_500
"""Up to so many faces every pair is looked at; beyond, pairs are drawn."""
PARTNERS = {True: 12, False: 25}
"""How many others each face is drawn a pair with, of its own person (True) and of others; fewer for very many faces."""
DRAWN_MOST = {True: 200_000, False: 500_000}
_BLOCK_PAIRS = 65_536
_STEPS = 50


@dataclass(frozen=True, slots=True)
class PairRule:
    """What the cosine of two faces says."""

    slope: float
    offset: float
    """Log-likelihood ratio = slope * cosine + offset, natural logarithm."""
    limits: Mapping[float, float]
    """FAR to the smallest cosine that is accepted at it: those of ``FARS``, and of ``LIMIT_FARS`` as the pairs tell."""
    surest: float
    """No probability further from one half than this: the pairs are too few to say more (0.5..1)."""
    n_people: int
    n_genuine: int
    n_impostor: int

    def prob(self, cosine: float, prior: float = EVEN_PRIOR) -> float:
        """Probability that it is one person, when before looking it was ``prior``."""
        evidence = self.slope * cosine + self.offset + math.log(prior / (1 - prior))
        # Clipped, as exp overflows from about 709 on.
        prob = 1 / (1 + math.exp(-max(-500.0, min(500.0, evidence))))
        return min(self.surest, max(1 - self.surest, prob))

    def limit(self, far: float) -> float:
        """Smallest cosine that is accepted, between two of ``limits`` interpolated over the logarithm of the rate.

        Raises
        ------
        InputRefused
            The pairs are too few for the rate, or it was not measured.
        """
        rates = sorted(self.limits)
        # NaN is in no range.
        if not rates[0] <= far <= rates[-1]:
            raise InputRefused(self._explain_untold(far, rates))
        return float(np.interp(np.log(far), np.log(rates), [self.limits[rate] for rate in rates]))

    def tells(self, far: float) -> bool:
        """Whether there is a limit for a rate."""
        return min(self.limits) <= far <= max(self.limits)

    def _explain_untold(self, far: float, rates: Sequence[float]) -> str:
        advice = marked("Ask for one from {least} to {most}.").format(least=f"{rates[0]:g}", most=f"{rates[-1]:g}")
        if not 0 < far < rates[0]:
            return marked("There is no threshold for a false-accept rate of {rate}. {advice}").format(
                rate=f"{far:g}", advice=advice
            )
        needed = words.count(math.ceil(round(IMPOSTORS_PER_FAR / far, 6)))
        return marked(
            "A false-accept rate of {rate} is told when {impostors} pairs of different people pass, which "
            "takes {needed} pairs. This threshold was measured on {measured}. {advice}"
        ).format(
            rate=f"{far:g}",
            impostors=IMPOSTORS_PER_FAR,
            needed=needed,
            measured=words.count(self.n_impostor),
            advice=advice,
        )


def _limits(*cosines: float) -> dict[float, float]:
    """Limits of the first of ``LIMIT_FARS``."""
    return dict(zip(LIMIT_FARS, cosines, strict=False))


MEASURED = {
    "facenet-128@3": PairRule(
        slope=24.63,
        offset=-10.307,
        limits=_limits(0.2197, 0.2766, 0.3442, 0.3905, 0.4336, 0.4868, 0.5226, 0.5599, 0.602, 0.6255, 0.6476, 0.6788),
        surest=0.999,
        n_people=79,
        n_genuine=6_248,
        n_impostor=520_603,
    ),
    "facenet-128@2": PairRule(
        slope=24.45,
        offset=-10.384,
        limits={1e-2: 0.3910, 1e-3: 0.5241},
        surest=0.999,
        n_people=79,
        n_genuine=6_245,
        n_impostor=520_603,
    ),
    "facenet-128": PairRule(
        slope=23.43,
        offset=-9.975,
        limits={1e-2: 0.3985, 1e-3: 0.5306},
        surest=0.999,
        n_people=79,
        n_genuine=6_245,
        n_impostor=520_603,
    ),
}
"""By the name of the vectors: ``fit_pair_rule`` on all pairs of the 1,027 photos of lfw-dev (development part of
Labeled Faces in the Wild: 79 people with 10 photos or more, press photos of adults), near duplicates left out.
Of earlier preparations two rates were measured, and those between are told.

Fitted on half of the people and measured on the other half, ten times: probabilities are off by 0.005 (ECE, both kinds
of pairs weighing the same), at most 0.009; the limits for 1e-2 and 1e-3 let 0.012 and 0.0015 pass, at most 0.016 and
0.004, as a few look-alikes decide it. On other kinds of photos, children or old scans, the rates are others.
"""
MEASURED_WITH_PEOPLE = {
    "facenet-128@3": PairRule(
        slope=21.90,
        offset=-11.242,
        limits=_limits(0.2252, 0.2853, 0.3549, 0.4032, 0.4495, 0.5023, 0.5438, 0.5798, 0.624),
        surest=0.999,
        n_people=79,
        n_genuine=1_027,
        n_impostor=80_106,
    ),
    "facenet-128@2": PairRule(
        slope=21.48,
        offset=-11.106,
        limits={1e-2: 0.4027, 1e-3: 0.5415},
        surest=0.999,
        n_people=79,
        n_genuine=1_027,
        n_impostor=80_106,
    ),
    "facenet-128": PairRule(
        slope=21.23,
        offset=-11.026,
        limits={1e-2: 0.4104, 1e-3: 0.5469},
        surest=0.999,
        n_people=79,
        n_genuine=1_027,
        n_impostor=80_106,
    ),
}
"""The same for a face and the centre of a person's faces, ``score_people`` of lfw-dev. For people with fewer photos
the limits are stricter than they promise: with one photo 0.008 and 0.0006 pass, with five 0.010 and 0.0010."""


def choose_pair_rule(model_id: str, scores: PairScores | None, measured: Mapping[str, PairRule]) -> PairRule:
    """The dataset's own rule when it holds enough people, else the one ``measured`` with the model.

    Raises
    ------
    InputRefused
        The model was never measured, and the dataset holds too little.
    """
    if scores is not None and scores.enough:
        return fit_pair_rule(scores)
    if model_id in measured:
        return measured[model_id]
    raise InputRefused(
        marked(
            "What a distance means for the model '{model}' was not measured yet. Choose a dataset that uses it, "
            "with at least {least} people of several photos."
        ).format(model=model_id, least=ENOUGH_PEOPLE)
    )


# pairs of a dataset


@dataclass(frozen=True, slots=True, eq=False)
class PairScores:
    """How alike faces of one person (genuine) and of different people (impostor) are."""

    first: Ints
    """(n,) row of the one face"""
    second: Ints
    """(n,) row of the other face; of ``score_people`` the place of the person"""
    same: Bools
    cosines: Floats
    """(n,) for a person: with the centre of their faces"""
    n_people: int
    """Who have at least one genuine pair."""

    @property
    def distances(self) -> Doubles:
        """(n,) Euclidean, 0..2."""
        return cosines_to_distances(self.cosines.astype(np.float64))

    @property
    def enough(self) -> bool:
        """Whether they can tell the false-accept rates of ``FARS``."""
        genuine = np.count_nonzero(self.same)
        passing = (len(self.same) - genuine) * min(FARS)
        return bool(self.n_people >= ENOUGH_PEOPLE and genuine >= ENOUGH_GENUINE and passing >= IMPOSTORS_PER_FAR)


def score_pairs(faces: LabelledFaces, seed: int = 0) -> PairScores:
    """Compare faces with faces: all pairs of up to ``ALL_PAIRS_MOST`` faces, else pairs drawn, always the same.

    Faces of one shot are no pair.
    """
    labels = faces.labels
    first, second = _all_pairs(len(faces)) if len(faces) <= ALL_PAIRS_MOST else _drawn_pairs(labels, seed)
    independent = faces.shots[first] != faces.shots[second]
    first, second = first[independent], second[independent]
    same = labels[first] == labels[second]
    return PairScores(
        first=first,
        second=second,
        same=same,
        cosines=_cosines(faces.vectors, first, second),
        n_people=len(np.unique(labels[first[same]])),
    )


def score_people(faces: LabelledFaces, seed: int = 0) -> PairScores:
    """Compare faces with people, by the cosine with the centre of their faces; the own shot is left out of it.

    Each face meets its own person, when they have another shot, and the others, or some of them drawn.
    """
    vectors, labels, shots = faces.vectors, faces.labels, faces.shots
    sums, sizes = sum_by_label(vectors, labels, faces.n_people), np.bincount(labels)
    shot_sums, shot_sizes = sum_by_label(vectors, shots, int(shots.max(initial=-1)) + 1), np.bincount(shots)
    testable = np.flatnonzero(sizes[labels] > shot_sizes[shots])
    # A centre that the face itself is part of would be too near to it.
    own_centres = normalise_rows(sums[labels[testable]] - shot_sums[shots[testable]])
    genuine = np.einsum("ij,ij->i", vectors[testable], own_centres)
    row, person = _drawn_people(labels, np.flatnonzero(sizes > 0), seed)
    impostor = _cosines(vectors, row, person, normalise_rows(sums))
    return PairScores(
        first=np.concatenate([testable, row]),
        second=np.concatenate([labels[testable], person]),
        same=np.arange(len(testable) + len(row)) < len(testable),
        cosines=np.concatenate([genuine, impostor]).astype(np.float32),
        n_people=len(np.unique(labels[testable])),
    )


def _all_pairs(n: int) -> tuple[Ints, Ints]:
    first, second = np.triu_indices(n, 1)
    return first, second


def _drawn_pairs(labels: Ints, seed: int) -> tuple[Ints, Ints]:
    """Pairs of faces: each face with some others of its person, and with some of others; each pair once."""
    rng, n = np.random.default_rng(seed), len(labels)
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], labels)
    sizes = np.searchsorted(labels[order], labels, side="right") - starts
    # Pairs of one person are drawn on purpose: among random pairs of a thousand people they are one in a thousand.
    rows, lot = _rows_with_lots(n, PARTNERS[True], DRAWN_MOST[True], rng)
    same_person = order[starts[rows] + (lot * sizes[rows]).astype(np.int64)]
    strangers, lot = _rows_with_lots(n, PARTNERS[False], DRAWN_MOST[False], rng)
    partners = (lot * n).astype(np.int64)
    different = labels[strangers] != labels[partners]
    first = np.concatenate([rows, strangers[different]])
    second = np.concatenate([same_person, partners[different]])
    pairs = np.unique(np.sort(np.stack([first, second], axis=1)[first != second], axis=1), axis=0)
    return pairs[:, 0], pairs[:, 1]


def _drawn_people(labels: Ints, people: Ints, seed: int) -> tuple[Ints, Ints]:
    """Pairs of a face and somebody else, each once; all of them when they are not too many."""
    rng = np.random.default_rng(seed)
    if len(labels) * len(people) <= DRAWN_MOST[False]:
        rows, person = np.repeat(np.arange(len(labels)), len(people)), np.tile(people, len(labels))
    else:
        rows, lot = _rows_with_lots(len(labels), PARTNERS[False], DRAWN_MOST[False], rng)
        person = people[(lot * len(people)).astype(np.int64)]
    pairs = np.unique(np.stack([rows, person], axis=1)[labels[rows] != person], axis=0)
    return pairs[:, 0], pairs[:, 1]


def _rows_with_lots(n: int, partners: int, most: int, rng: np.random.Generator) -> tuple[Ints, Doubles]:
    """Rows, each as often as it is to have partners, and a number of 0..1 to choose each partner by."""
    rows = np.repeat(np.arange(n), partners)
    if len(rows) > most:
        rows = np.sort(rng.choice(rows, most, replace=False))
    return rows, rng.random(len(rows))


def _cosines(vectors: Vectors, first: Ints, second: Ints, targets: Floats | None = None) -> Floats:
    """Inner products of rows of ``vectors`` with rows of ``others`` (of itself without)."""
    against = vectors if targets is None else targets
    values = np.empty(len(first), np.float32)
    for part in row_blocks(len(first), _BLOCK_PAIRS):
        values[part] = np.einsum("ij,ij->i", vectors[first[part]], against[second[part]])
    return values


# fitting


def fit_pair_rule(scores: PairScores) -> PairRule:
    """The rule that these pairs give. Both kinds must be there."""
    genuine, impostor = scores.cosines[scores.same], scores.cosines[~scores.same]
    slope, offset = _logistic(genuine.astype(np.float64), impostor.astype(np.float64))
    # Beyond what so many pairs tell, a limit would be that of one look-alike.
    told = (far for far in LIMIT_FARS if far in FARS or far * len(impostor) >= IMPOSTORS_PER_FAR)
    limits = {far: cosine_threshold_at_far(impostor, far) for far in told}
    fewest = min(len(genuine), len(impostor))
    # The rule of succession: n pairs that were all right leave a doubt of 1 in n + 2, and never less than about 0.1 %.
    surest = 1 - 1 / (min(fewest, 1_000) + 2)
    return PairRule(
        slope=slope,
        offset=offset,
        limits=limits,
        surest=surest,
        n_people=scores.n_people,
        n_genuine=len(genuine),
        n_impostor=len(impostor),
    )


def cosine_threshold_at_far(impostor: Floats | Doubles, far: float) -> float:
    """Smallest cosine at which at most the share ``far`` of the impostors is accepted."""
    # Just above the first impostor that must not pass: the limit itself is accepted.
    ordered = np.sort(impostor)[::-1]
    allowed = int(far * len(ordered))
    return float(np.nextafter(ordered[allowed], np.inf, dtype=ordered.dtype)) if allowed < len(ordered) else -1.0


def _logistic(genuine: Doubles, impostor: Doubles) -> tuple[float, float]:
    """Slope and offset by iteratively reweighted least squares; both kinds weigh one half."""
    x = np.concatenate([genuine, impostor])
    design = np.stack([x, np.ones_like(x)], axis=1)
    # Both kinds weigh one half, though there are a hundred times as many impostors: the prior is added by who asks.
    weight = np.concatenate([np.full(len(k), 0.5 / len(k)) for k in (genuine, impostor)])
    # Platt's targets, short of 0 and 1: on separable pairs the slope would grow for ever.
    target = np.concatenate(
        [np.full(len(genuine), 1 - 1 / (len(genuine) + 2)), np.full(len(impostor), 1 / (len(impostor) + 2))]
    )
    beta = np.zeros(2)
    for _ in range(_STEPS):
        prob = 1 / (1 + np.exp(-np.clip(design @ beta, -60, 60)))
        curvature = design.T @ (design * (weight * np.maximum(prob * (1 - prob), 1e-9))[:, None])
        step = np.linalg.solve(curvature + 1e-9 * np.eye(2), design.T @ (weight * (target - prob)))
        # A step that is too long throws all pairs to one side, where there is no slope to come back by.
        beta += step * min(1.0, 20.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-8:
            break
    return float(beta[0]), float(beta[1])

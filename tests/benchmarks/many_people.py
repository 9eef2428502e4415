"""Fits a recogniser to very many people, and measures it on faces and strangers that it does not know::

    python -m tests.benchmarks.many_people [--people 50000] [--classifier linear-svm] [--save FILE]

Everybody has 4 to 20 faces, as alike as ``synthetic`` draws them. Times are of the processor, in seconds; of one
identification they are those of the calls that ``Identifier`` makes for a face, one after another.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path

import numpy as np

from core.base.face_table import Embeddings
from core.base.types import Ints, Vectors
from core.learn.classification.calibrated_classifier import fit_classifier
from core.learn.classification.classifier_kinds import ClassifierKind, ClassifierSettings
from core.learn.classification.recogniser import Recogniser
from core.learn.labelled_faces import LabelledFaces
from core.learn.numerics.labels import fit_centroids
from core.learn.open_set.left_out_trials import RuleTrainingData
from core.learn.open_set.rejection_rule import Gallery
from core.learn.open_set.rule_fitting import learn_rules
from core.workflows.identification.identify import EVIDENCE_FACES, Identifier
from core.workflows.neighbours.search import ExactSearch
from tests.benchmarks.synthetic import vectors_of

FEWEST, MOST = 4, 20
"""Faces of a person."""
PROBES, STRANGERS, TIMED = 20_000, 5_000, 200
RATES = (0.01, 0.001)


def draw_faces(n_people: int, seed: int = 0) -> tuple[LabelledFaces, LabelledFaces, Vectors]:
    """Faces to learn from, others of the same people, and strangers."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(n_people), rng.integers(FEWEST, MOST + 1, n_people))
    probes, strangers = rng.integers(0, n_people, PROBES), np.arange(n_people, n_people + STRANGERS)
    vectors = vectors_of(np.concatenate([labels, probes, strangers]), n_people + STRANGERS, seed)
    learned, tested, unknown = np.split(vectors, np.cumsum([len(labels), PROBES]))
    shots = np.arange(len(labels))
    return LabelledFaces(learned, labels, shots), LabelledFaces(tested, probes, shots[:PROBES]), unknown


def fit_recogniser(faces: LabelledFaces, kind: ClassifierKind) -> tuple[Recogniser, Gallery, dict[str, float]]:
    """A recogniser as a training fits it, without its folds, and what each part took."""
    marks = [time.process_time()]
    people = [f"Person {number:05d}" for number in range(faces.n_people)]
    classifier = fit_classifier(faces, people, ClassifierSettings(kind))
    marks.append(time.process_time())
    rules = learn_rules(RuleTrainingData(faces, classifier))
    marks.append(time.process_time())
    gallery = Gallery.of(classifier.linear, faces.vectors)
    marks.append(time.process_time())
    centroids = fit_centroids(faces.vectors, faces.labels, faces.n_people)
    recogniser = Recogniser(classifier=classifier, centroids=centroids, rules=rules, model_id="synthetic", seed=0)
    return recogniser, gallery, dict(zip(("classifier_s", "rule_s", "gallery_s"), np.diff(marks).tolist(), strict=True))


def measure_decisions(
    recogniser: Recogniser, gallery: Gallery, tested: LabelledFaces, unknown: Vectors
) -> dict[str, object]:
    """How often a face gets its name, and a stranger any."""
    named, scores = recogniser.name(tested.vectors, gallery)
    right, stranger_scores = named == tested.labels, recogniser.name(unknown, gallery)[1]
    rows: Ints = np.arange(2000)
    probs = recogniser.classifier.probabilities(tested.vectors[rows])[rows, named[rows]]
    return {
        "accuracy": float(right.mean()),
        "mean_prob": float(probs.mean()),
        **{
            f"at_{rate}": {
                "right_names": float(np.mean(right & (scores > recogniser.rule(gallery).at(rate).score))),
                "strangers_named": float(np.mean(stranger_scores > recogniser.rule(gallery).at(rate).score)),
            }
            for rate in RATES
        },
    }


def measure_identification(recogniser: Recogniser, gallery: Gallery, probes: Vectors) -> dict[str, float]:
    """Milliseconds of the processor for one face: to name it, and with candidates and evidence as a page shows them."""
    embeddings = Embeddings(tuple(f"{row:024x}" for row in range(len(gallery.vectors))), gallery.vectors, "synthetic")
    # The search is timed by ``tests.benchmarks.neighbours``; here it looks through few faces.
    search = ExactSearch(embeddings.take(np.arange(1000)))
    identifier = Identifier(None, recogniser, embeddings, search, gallery.labels)  # type: ignore[arg-type]
    threshold = identifier.threshold()
    answers = {
        "named_ms": lambda face: identifier.name_vectors(face, threshold),
        "candidates_ms": lambda face: (identifier._name(face), identifier._candidates(face)),
        "evidence_ms": lambda face: search.nearest_faces(face, EVIDENCE_FACES),
    }
    return {name: _median_ms(answer, probes) for name, answer in answers.items()}


def _median_ms(answer: object, probes: Vectors) -> float:
    assert callable(answer)
    times = []
    for row in range(len(probes)):
        began = time.process_time()
        answer(probes[row : row + 1])
        times.append(1000 * (time.process_time() - began))
    return round(float(np.median(times)), 2)


def measure_file(recogniser: Recogniser) -> dict[str, float]:
    """The recogniser's file in MB, and seconds to write and read it."""
    began = time.process_time()
    content = recogniser.to_bytes()
    written = time.process_time()
    Recogniser.from_bytes(content, "benchmark")
    return {"mb": len(content) / 1e6, "write_s": written - began, "read_s": time.process_time() - written}


def main() -> None:
    """Measure, and print as JSON."""
    parser = argparse.ArgumentParser(description="Fit a recogniser to very many people and measure it.")
    parser.add_argument("--people", type=int, default=50_000)
    parser.add_argument("--classifier", type=ClassifierKind, default=ClassifierKind.LINEAR_SVM)
    parser.add_argument("--save", type=Path, help="a file for the recogniser")
    asked = parser.parse_args()
    faces, tested, unknown = draw_faces(asked.people)
    recogniser, gallery, times = fit_recogniser(faces, asked.classifier)
    print(json.dumps({"people": asked.people, "faces": len(faces), **times}), flush=True)
    if asked.save:
        recogniser.save(asked.save)
    print(json.dumps(measure_decisions(recogniser, gallery, tested, unknown)), flush=True)
    print(
        json.dumps({**measure_identification(recogniser, gallery, tested.vectors[:TIMED]), **measure_file(recogniser)})
    )
    print(json.dumps({"peak_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}))


if __name__ == "__main__":
    main()

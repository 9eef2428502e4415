"""Taking a classifier of a comparison as the recogniser: which can be taken, why not others, and what it costs."""

from __future__ import annotations

from dataclasses import replace

from core.language.said_before import say_again
from core.language.texts import gettext
from core.learn.classification.classifier_kinds import WHY_NOT, ClassifierKind
from core.learn.classification.training import count_fits_of_recogniser
from core.learn.model_selection.study import MeasuredClassifier, Study
from core.store.protocols import JobStore
from core.store.values.runs import Run
from core.workflows.training.request import TrainRequest, find_training_request


def list_other_classifiers(study: Study) -> list[MeasuredClassifier]:
    """Those that the recogniser could have instead of its own, the one that was right most often first."""
    usable = [classifier for classifier in study.classifiers[1:] if classifier.id not in WHY_NOT]
    return sorted(usable, key=lambda classifier: -classifier.accuracy.mean)


def explain_refused_classifiers(study: Study) -> list[str]:
    """A sentence about each that cannot be taken; not of the baseline, which nobody would."""
    return [
        gettext(
            "{classifier} cannot be taken: {reason}.",
            classifier=say_again(classifier.title),
            reason=gettext(WHY_NOT[classifier.id]),
        )
        for classifier in study.classifiers[1:-1]
        if classifier.id in WHY_NOT
    ]


def request_with_classifier(jobs: JobStore, run: Run, kind: ClassifierKind) -> TrainRequest:
    """A training like a run's, but of another classifier."""
    request = find_training_request(jobs, run.dataset_id, run)
    # A C that was asked for was the other classifier's.
    return replace(request, options=replace(request.options, classifier=kind, c=None))


def estimate_training_s(run: Run, study: Study, classifier: MeasuredClassifier) -> float:
    """About how many seconds a training takes with a classifier of the comparison, by what a fit took there."""
    metrics = run.metrics
    # The comparison may have drawn some of the faces; what a fit takes grows with both faces and people.
    scale = max(1.0, metrics.n_train * metrics.n_people / (study.faces * study.people))
    n_recognisers = 1 if run.params.split == "own" else run.params.folds + 1
    fits_s = n_recognisers * count_fits_of_recogniser(metrics.n_people) * scale
    # What a training does beside its fits is the same for all; an updated run did not do it.
    rest_s = 0.0 if run.params.updated else max(0.0, run.seconds - fits_s * study.classifiers[0].fit_s)
    return rest_s + fits_s * classifier.fit_s

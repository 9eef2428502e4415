"""Measuring a run thoroughly: what the document says, that it can be had again, and that it goes with people."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout

import numpy as np
import pytest

from core.__main__ import main
from core.base.errors import Cancelled, InputRefused, NotFound
from core.base.progress import CancelToken, Progress
from core.base.types import Split
from core.corrections.model import Editor
from core.jobs.registry import job_handlers
from core.jobs.worker import run_job
from core.learn.classification.training_material import TrainOptions
from core.learn.metrics.bootstrap import Interval
from core.learn.model_selection.baselines import list_contenders
from core.learn.model_selection.study import MeasuredClassifier
from core.store.artifacts import ArtifactKind
from core.store.job_model import JobKind, JobState
from core.workflows.datasets import find_person
from core.workflows.erasure import erase_person
from core.workflows.erasure.erase_person import EraseRequest
from core.workflows.evaluation import study, study_subject
from core.workflows.evaluation.classifier_recommendation import recommend_classifier
from core.workflows.evaluation.study import load_study
from core.workflows.labels.correct import Corrector
from core.workflows.training import train
from core.workflows.training.train import TrainingTask
from tests.conftest import new_data_dir, services_on
from tests.stored_faces import add_faces

FAMILY = {"Ann": 12, "Bob": 8, "Cat": 3, "Impostor": 4, "Once": 1}
KEYS = {
    "format", "run", "revision", "model_id", "seed", "seconds", "protocol", "repeats", "folds", "faces", "people",
    "accuracy", "balanced_accuracy", "macro_f1", "top3", "baseline", "classifiers", "recommended", "why", "rank_k",
    "slices", "errors", "learning_curve", "check",
}  # fmt: skip
FEW = {"repeats": 2}
TIMES = ("fit_s", "predict_ms", "seconds")


def trained(services, people=None, looks_like=None):
    dataset = add_faces(services, "Family", people or FAMILY, looks_like or {"Impostor": "Ann"})
    options = TrainOptions(c=1.0)
    return train.train_recogniser(services.run_tools(), TrainingTask(dataset.id, options))


def studied(services, run, options=None, **more):
    request = study.StudyRequest(run.id, **(FEW if options is None else options))
    return study.study_run(services.run_tools(), request, **more)


def without_times(document):
    return json.loads(json.dumps(document), object_hook=lambda part: {k: v for k, v in part.items() if k not in TIMES})


@pytest.fixture(scope="module")
def erring(models_dir, tmp_path_factory, engine):
    """A studied run that errs, in a folder that nobody changes: services, run, document."""
    services = services_on(new_data_dir(models_dir, tmp_path_factory.mktemp("studied") / "data"), engine)
    run = trained(services)
    return services, run, studied(services, run, {})


# what it says


def test_the_document_is_whole_and_is_read_as_it_was_written(erring):
    services, run, document = erring
    assert set(document.to_json()) == KEYS
    assert load_study(services.artifacts, run) == document
    assert (document.run, document.revision, document.format) == (run.id, run.revision, 1)
    assert (document.repeats, document.folds, document.faces, document.people) == (5, 5, 27, 4)
    assert "27 faces of 4 people, dealt 5 times into 5 folds" in document.protocol
    for share in (document.accuracy, document.macro_f1, document.baseline.accuracy):
        assert 0 <= share.low <= share.mean <= share.high <= 1
    assert document.baseline.accuracy.mean == pytest.approx(12 / 27)
    assert document.rank_k[0] == pytest.approx(document.accuracy.mean)
    assert document.rank_k[2] == pytest.approx(document.top3.mean)


def test_every_classifier_is_there_with_its_times(erring):
    rows = erring[2].classifiers
    assert [row.id for row in rows] == [one.id for one in list_contenders()]
    assert all(row.fit_s > 0 and row.predict_ms > 0 for row in rows)
    for row in rows:
        apart = row.accuracy.mean - rows[0].accuracy.mean
        assert row.difference.mean == pytest.approx(apart)


def test_the_errors_are_those_of_the_look_alike_and_are_found_by_their_slice(erring):
    services, run, document = erring
    errors, table = document.errors, services.store.face_table(run.dataset_id)
    assert errors and {frozenset((one.person, one.given)) for one in errors} == {frozenset(("Ann", "Impostor"))}
    person = {face_id: table.person(row) for row, face_id in enumerate(table.face_ids)}
    assert all(person[one.face] == one.person for one in errors)
    assert sum(one.wrong for one in errors) == pytest.approx(27 * (1 - document.accuracy.mean))
    for one in document.slices:
        mine = [error for error in errors if error.slices[one.by] == one.slice]
        assert sum(error.wrong for error in mine) == pytest.approx(one.n * (1 - one.accuracy.mean))
    by = {one.by for one in document.slices}
    for kind in by:
        assert sum(one.n for one in document.slices if one.by == kind) == 27
    learned = {one.slice: one.n for one in document.slices if one.by == "training photos"}
    assert learned == {"1 or 2": 3, "3 to 5": 4, "6 to 10": 20}  # Cat; Impostor; Ann and Bob
    assert {one.slice for one in document.slices if one.by == "quality"} == {"not measured"}


def test_the_same_seed_gives_the_same_figures_and_another_gives_others(erring):
    services, run, document = erring
    assert without_times(studied(services, run, {}).to_json()) == without_times(document.to_json())
    other = studied(services, run, {"seed": 1, "repeats": 2})
    assert (other.repeats, other.seed) == (2, 1)
    assert other.errors != document.errors
    services.artifacts.replace(run.dataset_id, ArtifactKind.STUDY, run.id, json.dumps(document.to_json()).encode())


def test_another_classifier_is_recommended_only_when_it_is_better_for_sure():
    def row(one, low, mean):
        figure = Interval(mean, low, 2 * mean)
        figures = dict.fromkeys(("accuracy", "balanced_accuracy", "macro_f1", "top3", "difference"), figure)
        return MeasuredClassifier(**figures, id=one, title=one.title(), settings="", fit_s=0.1, predict_ms=0.1)

    mine = row("linear-svm", 0.0, 0.0)
    kept = recommend_classifier([mine, row("k-nn", -0.001, 0.01), row("dummy", 0.0, 0.02)])
    assert kept.id == "linear-svm" and kept.why.startswith("Keep the linear SVM")
    better = recommend_classifier([mine, row("k-nn", 0.001, 0.01), row("logistic", 0.002, 0.02)])
    assert better.id == "logistic" and "by 2\u00a0%" in better.why.replace("2.00\u00a0%", "2\u00a0%")
    assert "stays in use" in better.why


# what it is measured on


def test_two_people_of_two_photos_each_can_be_studied(services):
    document = studied(services, trained(services, {"Ann": 2, "Bob": 2}, {}))
    assert (document.folds, document.faces) == (2, 4)
    assert document.accuracy.mean == 1 and document.accuracy.low < 0.6
    assert document.errors == () and [point.photos for point in document.learning_curve] == [1]
    assert document.check.ok is None and "too few" in document.check.sentence


def test_a_person_with_one_shot_on_either_side_is_studied_and_one_with_one_shot_only_learned(services):
    """The own division keeps who has one training photo; folds could not test them."""
    dataset = add_faces(services, "Family", {"Ann": 6, "Bob": 6, "Once": 1})
    given = services.store.embeddings(dataset.id)
    table = services.store.face_table(dataset.id)
    mine = Corrector(services.store, services.log, dataset.id, Editor("me", "1"))
    of = {
        name: [table.face_ids[row] for row in np.flatnonzero(table.labels == at)]
        for at, name in enumerate(table.people)
    }
    mine.assign_split([*of["Ann"][:3], *of["Bob"][:3], *of["Once"]], Split.TRAIN)
    mine.assign_split([*of["Ann"][3:], *of["Bob"][3:]], Split.VAL)
    run = train.train_recogniser(services.run_tools(), TrainingTask(dataset.id, TrainOptions(c=1.0)))
    assert run.params.split == "own" and len(given) == 13
    document = studied(services, run)
    assert (document.faces, document.people) == (12, 3)
    assert "1 face of people with one shot were only learned from" in document.protocol


def test_vectors_that_are_no_numbers_are_left_out_as_training_leaves_them_out(services, monkeypatch):
    run = trained(services)
    given = services.store.embeddings(run.dataset_id)
    table = services.store.face_table(run.dataset_id)
    bad = np.flatnonzero(table.labels == table.people.index("Bob"))[:2]
    vectors = given.vectors.copy()
    vectors[bad[0]], vectors[bad[1], 3] = 0, np.nan
    broken = type(given)(given.face_ids, vectors, given.model_id)
    monkeypatch.setattr(type(services.store), "embeddings", lambda *_: broken)
    assert studied(services, run).faces == 25


def test_of_very_many_faces_some_are_drawn_and_the_protocol_says_so(services, monkeypatch):
    monkeypatch.setattr(study_subject, "MOST_PEOPLE", 3)
    monkeypatch.setattr(study_subject, "MOST_FACES", 14)
    document = studied(services, trained(services, dict.fromkeys(["A", "B", "C", "D", "E"], 6), {}))
    assert document.people == 3 and document.faces == 12
    assert "3 people of 5, drawn at random" in document.protocol and "errs more often" in document.protocol


# the job and the command line


def test_progress_rises_to_the_end_and_a_wish_to_stop_is_heard(services):
    run, told, token = trained(services), [], CancelToken()
    studied(services, run, progress=Progress(lambda *line: told.append(line)))
    done, total, messages = zip(*told[1:], strict=True)
    assert list(done) == sorted(done) and len(set(total)) == 1 and done[-1] == total[0]
    assert list(dict.fromkeys(messages))[:2] == [one.title for one in list_contenders()[:2]]

    def report(done, total, message):
        if done == 3:
            token.cancel()

    services.artifacts.delete(run.dataset_id, ArtifactKind.STUDY, run.id)
    with pytest.raises(Cancelled):
        studied(services, run, progress=Progress(report, token))
    assert load_study(services.artifacts, run) is None


def test_the_job_and_the_command_line_give_the_same_study(services, data_dir):
    run = trained(services)
    services.jobs.submit(run.dataset_id, JobKind.STUDY, {"run": run.id})
    job = services.jobs.claim()
    assert run_job(services.jobs, job, job_handlers(services)[JobKind.STUDY], CancelToken()) is JobState.DONE
    by_job = load_study(services.artifacts, run)
    out = io.StringIO()
    with redirect_stdout(out):
        assert main(["evaluate", "--dataset", "Family", "--full", "--json", "--data", str(data_dir)]) == 0
    answer = json.loads(out.getvalue())
    assert without_times(answer["study"]) == without_times(by_job.to_json()) and answer["run"] == run.id


# what becomes of it


def test_a_damaged_study_is_refused_and_none_is_none(erring):
    services, run, document = erring
    services.artifacts.replace(run.dataset_id, ArtifactKind.STUDY, run.id, b"{")
    with pytest.raises(InputRefused, match="Measure it again"):
        load_study(services.artifacts, run)
    for damaged in (b"[]", b'{"format": 1}', b'{"format": 1, "run": 5}'):
        services.artifacts.replace(run.dataset_id, ArtifactKind.STUDY, run.id, damaged)
        with pytest.raises(InputRefused, match="Measure it again"):
            load_study(services.artifacts, run)
    services.artifacts.replace(run.dataset_id, ArtifactKind.STUDY, run.id, b'{"format": 0}')
    assert load_study(services.artifacts, run) is None
    services.artifacts.delete(run.dataset_id, ArtifactKind.STUDY, run.id)
    assert load_study(services.artifacts, run) is None
    services.artifacts.replace(run.dataset_id, ArtifactKind.STUDY, run.id, json.dumps(document.to_json()).encode())


def test_a_run_that_is_deleted_takes_its_study_along(services):
    run = trained(services)
    studied(services, run)
    path = services.artifacts.path(run.dataset_id, ArtifactKind.STUDY, run.id)
    assert path.is_file()
    train.delete_run(services.runs, services.artifacts, run)
    assert not path.exists()
    with pytest.raises(NotFound):
        studied(services, run)
    assert not path.exists()


def test_erasing_somebody_leaves_no_study_not_even_of_a_run_that_did_not_know_them(services):
    """The study is of the faces as they are when it is made: of an older run it may know who came later."""
    run = trained(services)
    add_faces(services, "Family", {"Zoë": 5}, {"Zoë": "Bob"})
    document = studied(services, run)
    path = services.artifacts.path(run.dataset_id, ArtifactKind.STUDY, run.id)
    assert document.revision > run.revision and "Zoë".encode() in path.read_bytes()
    person = find_person(services.store, run.dataset_id, "Zoë").id
    erase_person.erase_person(services.erase_tools(), run.dataset_id, EraseRequest(person, "me"))
    assert [kept.id for kept in services.runs.runs(run.dataset_id)] == [run.id]
    assert not path.exists()

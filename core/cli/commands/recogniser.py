"""A recogniser and how good it is: ``train``, ``runs``, ``delete-run``, ``evaluate``, ``compare``, ``report``."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from core.base import words
from core.base.errors import InputRefused, NotFound
from core.cli import destination, resolution
from core.cli.job_runner import console_progress, run_in_process
from core.cli.parser import Answer, Commands, accept_zip_names, require_dataset
from core.language.languages import ENGLISH, LANGUAGES
from core.language.texts import speaking
from core.learn.classification.classifier_kinds import ClassifierKind
from core.learn.classification.training_material import TrainOptions
from core.workflows.evaluation import compare, evaluate, study
from core.workflows.evaluation import report as reporting
from core.workflows.training import train
from core.workflows.training.request import TrainRequest, TrainResult

DEFAULTS = TrainOptions()


def add_train(commands: Commands) -> None:
    """``train``."""
    command = accept_zip_names(require_dataset(commands.add("train", _train, "train and measure a recogniser")))
    command.add_argument("--folds", type=int, default=DEFAULTS.folds)
    command.add_argument("--min-faces", type=int, default=DEFAULTS.min_faces)
    command.add_argument(
        "--min-grade",
        type=float,
        default=DEFAULTS.min_grade,
        help="the poorest quality that takes part, 0 to 1 (default: %(default)s)",
    )
    command.add_argument(
        "--min-size",
        type=int,
        default=DEFAULTS.min_size_px,
        metavar="PX",
        help="the narrowest face that takes part, in pixels of its photo (default: %(default)s)",
    )
    command.add_argument("--seed", type=int, default=DEFAULTS.seed)
    command.add_argument(
        "--classifier",
        choices=[kind.value for kind in ClassifierKind],
        default=DEFAULTS.classifier.value,
        help="what tells the people apart (default: %(default)s)",
    )
    command.add_argument("--c", type=float, help="the classifier's C (default: the SVM's by cross-validation)")
    command.add_argument("--strangers", metavar="ZIP_OR_DIR", help="photos of other people, to set the limits by too")
    command.add_argument(
        "--update",
        action="store_true",
        help="bring the newest one up to date in seconds, and measure nothing (logistic regression is trained)",
    )
    command.add_argument("--plan", action="store_true", help="only say who would take part and who would not, and why")


def _train(options: argparse.Namespace) -> Answer:
    services, dataset = resolution.open_dataset(options)
    if not 0 <= options.min_grade <= 1:
        raise InputRefused(f"A quality is a number from 0 to 1; --min-grade {options.min_grade} is none.")
    kind = ClassifierKind(options.classifier)
    if options.c is not None and not kind.has_c:
        raise InputRefused(f"There is no C for {kind.phrase}. Leave --c out.")
    train_options = TrainOptions(
        folds=options.folds,
        min_faces=options.min_faces,
        seed=options.seed,
        c=options.c,
        min_grade=options.min_grade,
        min_size_px=options.min_size,
        classifier=kind,
    )
    if options.plan:
        table, embeddings = services.store.face_table(dataset.id), services.store.embeddings(dataset.id)
        return train.plan_to_json(*train.preview_training(table, embeddings, train_options))
    # Resolved, as the job may be resumed by a process that runs in another folder.
    strangers = str(Path(options.strangers).resolve()) if options.strangers else None
    request = TrainRequest(train_options, strangers, options.zip_names, update=options.update)
    job = run_in_process(services, dataset, request)
    return train.run_to_json(services.runs.run(TrainResult.of(job).run))


def add_runs(commands: Commands) -> None:
    """``runs``."""
    require_dataset(commands.add("runs", _runs, "what was trained on a dataset, the newest first"))


def _runs(options: argparse.Namespace) -> Answer:
    services, dataset = resolution.open_dataset(options)
    return {
        "runs": [
            {
                **train.run_to_json(run),
                "model": run.model_id,
                "when": words.utc_time(run.created),
                "stale": run.revision != dataset.revision,
            }
            for run in services.runs.runs(dataset.id)
        ]
    }


def add_delete_run(commands: Commands) -> None:
    """``delete-run``."""
    command = require_dataset(commands.add("delete-run", _delete_run, "remove a recogniser with its measurements"))
    command.add_argument("run", metavar="RUN", help="an id, as `runs` gives it")


def _delete_run(options: argparse.Namespace) -> Answer:
    services, dataset = resolution.open_dataset(options)
    # A damaged run is not among the runs, as its values cannot be read; it can be deleted all the same.
    damaged = next((run for run in services.runs.damaged_runs(dataset.id) if run.id == options.run), None)
    run = damaged or resolution.open_run(options)[1]
    train.delete_run(services.runs, services.artifacts, run)
    return {"run": run.id, "runs": len(services.runs.runs(run.dataset_id))}


def add_evaluate(commands: Commands) -> None:
    """``evaluate``."""
    command = accept_zip_names(
        require_dataset(commands.add("evaluate", _evaluate, "the measurements of a run in full"))
    )
    command.add_argument(
        "--strangers", metavar="ZIP_OR_DIR", help="photos of other people: how many of them get a name"
    )
    command.add_argument(
        "--full", action="store_true", help="repeated folds, slices, other classifiers, learning curve"
    )
    command.add_argument("--run", help="default: the newest")


def _evaluate(options: argparse.Namespace) -> Answer:
    services, run = resolution.open_run(options)
    identifier, predictions = services.identifier(run), train.load_predictions(services.artifacts, run)
    answer = evaluate.evaluation_json(run, predictions, identifier.recogniser)
    if options.full:
        run_in_process(services, services.store.dataset(run.dataset_id), study.StudyRequest(run.id))
        measured = study.load_study(services.artifacts, run)
        answer["study"] = measured.to_json() if measured else None
    if not options.strangers:
        return answer
    with services.open_source(Path(options.strangers).resolve(), zip_names=options.zip_names) as source:
        strangers = evaluate.embed_strangers(services.main_face_tools(run.model_id), source, console_progress())
    # Photos of strangers may hold somebody of the dataset, who is no stranger: they do not count.
    known_faces = evaluate.find_known_strangers(services.store, run, strangers)
    return answer | evaluate.measure_on_strangers(predictions, identifier, strangers, known_faces)


def add_compare(commands: Commands) -> None:
    """``compare``."""
    text = "two runs on the faces that both were tested on: is the difference real?"
    command = require_dataset(commands.add("compare", _compare, text))
    command.add_argument("--old", metavar="RUN", help="default: the one before the newest")
    command.add_argument("--new", metavar="RUN", help="default: the newest")


def _compare(options: argparse.Namespace) -> Answer:
    services, dataset = resolution.open_dataset(options)
    runs = services.runs.runs(dataset.id)
    if len(runs) < 2:
        raise NotFound(f"'{dataset.name}' has not been trained twice, so there is nothing to compare. Train again.")
    run_ids = (options.old or runs[1].id, options.new or runs[0].id)
    # The older one first, whichever was given as which: a gain must not be told as a loss.
    pair = compare.order_runs(*(resolution.find_run(dataset, runs, run_id) for run_id in run_ids))
    old, new = ((run, train.load_predictions(services.artifacts, run)) for run in pair)
    return compare.compare_runs(services.store, services.log, old, new).to_json()


def add_report(commands: Commands) -> None:
    """``report``."""
    command = require_dataset(commands.add("report", _report, "write a run's report: one HTML file and one PDF"))
    command.add_argument("--out", required=True, type=Path, metavar="DIR")
    command.add_argument("--run", help="default: the newest")
    command.add_argument("--no-faces", action="store_true", help="leave out the pictures of people")
    command.add_argument("--language", choices=LANGUAGES, default=ENGLISH.code, help="that of the report; default: en")


def _report(options: argparse.Namespace) -> Answer:
    began = time.monotonic()
    services, run = resolution.open_run(options)
    destination.require_writable_folder(options.out)
    with speaking(LANGUAGES[options.language]):
        report = reporting.make_report(
            services.report_tools(), run.id, faces=not options.no_faces, progress=console_progress()
        )
    html, pdf = reporting.save_report(report, options.out)
    return {"run": run.id, "html": str(html), "pdf": str(pdf), "seconds": round(time.monotonic() - began, 2)}

"""Asking for trainings: a first one, one like a run's, an update."""

from __future__ import annotations

import streamlit as st

from core.jobs.registry import submit_job
from core.learn.classification.classifier_kinds import ClassifierKind
from core.store.job_model import JobKind
from core.store.values.datasets import Dataset
from core.store.values.runs import Run
from core.ui import data, frame, menu
from core.workflows.evaluation.classifier_choice import request_with_classifier
from core.workflows.training.request import TrainRequest, find_training_request


def submit_training(dataset: Dataset, request: TrainRequest) -> None:
    """Queue a training job."""
    submit_job(data.services().jobs, dataset.id, request)
    st.rerun()


def submit_training_again(dataset: Dataset, run: Run) -> None:
    """Queue a training with the settings of a run, unless one is on its way."""
    # The button is clicked twice, or on two pages: the second training would learn the same once more.
    job = data.newest_job(dataset, JobKind.TRAIN)
    if job is None or not job.state.active:
        jobs = data.services().jobs
        submit_job(jobs, dataset.id, find_training_request(jobs, dataset.id, run))


def submit_update(dataset: Dataset) -> None:
    """Queue what brings the newest recogniser up to date, unless something is on its way."""
    job = data.newest_job(dataset, JobKind.TRAIN)
    if job is None or not job.state.active:
        submit_job(data.services().jobs, dataset.id, TrainRequest(update=True))


def train_again(dataset: Dataset, run: Run) -> None:
    """Queue a training with the settings of a run, and go where it can be followed."""
    submit_training_again(dataset, run)
    frame.open_page(menu.TRAIN, dataset.id)


def train_with_classifier(dataset: Dataset, run: Run, kind: ClassifierKind) -> None:
    """Queue a training like a run's with another classifier, and go where it can be followed."""
    job, jobs = data.newest_job(dataset, JobKind.TRAIN), data.services().jobs
    if job is None or not job.state.active:
        submit_job(jobs, dataset.id, request_with_classifier(jobs, run, kind))
    frame.open_page(menu.TRAIN, dataset.id)

"""What pages remember of people goes with them, whoever erased them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import streamlit as st

from core.services import Services
from core.store.job_model import JobKind, JobState
from core.store.sql import jobs as sql_jobs
from core.ui import data
from tests.conftest import PROJECT_DIR, new_data_dir
from tests.stored_faces import add_faces


def end_erasing(machine: Services, dataset_id: str) -> None:
    machine.jobs.finish(machine.jobs.submit(dataset_id, JobKind.ERASE, {}).id, JobState.DONE)


def end_erasing_by_a_slow_clock(machine: Services, dataset_id: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sql_jobs.time, "time", lambda: 1.0)
        end_erasing(machine, dataset_id)


def end_erasing_long_ago_queued(machine: Services, dataset_id: str) -> None:
    job = machine.jobs.submit(dataset_id, JobKind.ERASE, {})
    for _ in range(200):
        machine.jobs.submit(dataset_id, JobKind.SUSPECTS, {})
    machine.jobs.finish(job.id, JobState.DONE)


def delete_other_dataset(machine: Services, dataset_id: str) -> None:
    (other,) = (dataset for dataset in machine.store.datasets() if dataset.id != dataset_id)
    machine.store.delete_dataset(other.id)


@pytest.mark.parametrize(
    "erase", [end_erasing, end_erasing_by_a_slow_clock, end_erasing_long_ago_queued, delete_other_dataset]
)
def test_what_another_machine_erased_is_remembered_no_more(
    models_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, erase: Callable[[Services, str], None]
) -> None:
    monkeypatch.setenv("FACE_ATLAS_DATA", str(new_data_dir(models_dir, tmp_path / "data")))
    monkeypatch.setenv("FACE_ATLAS_WORKER", "external")
    st.cache_resource.clear()
    services, machine = data.services(), Services(data.services().settings)
    dataset = services.store.dataset(add_faces(services, "Family", {"Ann": 2}).id)
    add_faces(services, "Friends", {"Ben": 2})
    end_erasing(machine, dataset.id)
    data.forget_erased_people()
    faces = data.dataset_faces(dataset.id, dataset.revision)
    data.forget_erased_people()
    assert data.dataset_faces(dataset.id, dataset.revision) is faces, "nobody was erased since"
    erase(machine, dataset.id)
    data.forget_erased_people()
    assert data.dataset_faces(dataset.id, dataset.revision) is not faces
    assert data.services() is services


def test_no_worker_starts_when_the_modules_of_pages_are_imported(tmp_path: Path) -> None:
    names = "{thread.name for thread in threading.enumerate()}"
    code = f"import threading, core.ui.photos.uploads; assert 'supervisor' not in {names}"
    variables = {**os.environ, "FACE_ATLAS_DATA": str(tmp_path)}
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=PROJECT_DIR, env=variables, check=True)

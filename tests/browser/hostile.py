"""The sample under names that would fetch, link and format wherever they were taken for markup."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping

from core.base.progress import CancelToken
from core.base.types import Photo, Split
from core.corrections.model import Editor
from core.jobs.registry import job_handlers
from core.jobs.worker import run_job
from core.services import Services
from core.store.job_model import JobKind, JobOwner, JobState
from core.store.values.datasets import PhotoLabel
from core.workflows.identification.lookups.values import LookupRequest
from core.workflows.labels.correct import Corrector
from core.workflows.photos.requests import IngestRequest
from core.workflows.projection.project import MapOptions, Method
from core.workflows.training.request import TrainRequest
from tests import prepared

ELSEWHERE = ("127.0.0.1:9", "example.invalid")
"""Hosts that no page may ask, nor link to: another port of this machine, and a name that never exists."""
PEOPLE = {
    "ben_afflek": "![ben](http://127.0.0.1:9/ben.png) **sly**",
    "elton_john": "<img src=http://127.0.0.1:9/elton.png> <b>sly</b> <http://example.invalid/e>",
    "jerry_seinfeld": "[sly](http://example.invalid/j) http://example.invalid/j www.example.invalid j@example.invalid",
    "madonna": ":material/home: :red[sly] $x_1^2$ `sly` :heart: :streamlit: a -> b # 1. \\ back",
    "mindy_kaling": "מינדי ![m](http://127.0.0.1:9/mindy.png) קיילינג",
}
DATASET = "![set](http://127.0.0.1:9/set.png) <img src=http://127.0.0.1:9/set2.png> __sly__"
NOTE = "![note](http://127.0.0.1:9/note.png) [sly](http://example.invalid/note) <img src=http://127.0.0.1:9/n>"
PHOTO = "![{n}](http:&#47;&#47;127.0.0.1:9&#47;p{n}.png) <img src=http:&#47;&#47;127.0.0.1:9&#47;q> ~~sly~~ {n}.jpg"
ARCHIVE = "![zip](http:&#47;&#47;127.0.0.1:9&#47;z.png) __sly__.zip"
MISFILED, NAMELESS = 4, 8


def fill(services: Services, sample_files: Mapping[str, bytes]) -> str:
    """Everything that the app can show, under such names; the dataset's id."""
    dataset_id = prepared.refile(services, prepared.SAMPLE, DATASET, _relabel)
    _correct(services, dataset_id)
    prepared.carry(services, dataset_id, JobKind.TRAIN, TrainRequest().to_json())
    run = prepared.carry(services, dataset_id, JobKind.TRAIN, TrainRequest().to_json()).result["run"]
    album = services.settings.inbox_dir / ARCHIVE
    with zipfile.ZipFile(album, "w") as archive:
        for number, content in enumerate(list(sample_files.values())[::20]):
            archive.writestr(PHOTO.format(n=number), content)
        archive.writestr(PHOTO.format(n="none"), b"no photo")
    lookup = LookupRequest(f"inbox/{ARCHIVE}", ARCHIVE, run)
    for kind, params in (
        (JobKind.INGEST, IngestRequest(str(album), ARCHIVE).to_json()),
        (JobKind.STUDY, {"run": run, "repeats": 1}),
        (JobKind.MAP, MapOptions(Method.PCA).to_json()),
        (JobKind.CLUSTER, {}),
        (JobKind.SUSPECTS, {}),
        (JobKind.LOOKUP, lookup.to_json()),
    ):
        prepared.carry(services, dataset_id, kind, params)
    _fail(services, dataset_id)
    return dataset_id


def _relabel(photo: Photo) -> tuple[str, PhotoLabel] | None:
    split, person, name = photo.name.split("/")[-3:]
    return f"{split}/{person}/{PHOTO.format(n=name)}", PhotoLabel(PEOPLE[person], Split(split))


def _correct(services: Services, dataset_id: str) -> None:
    faces = services.store.face_table(dataset_id).face_ids
    by = Corrector(services.store, services.log, dataset_id, Editor("<img src=http://127.0.0.1:9/hand>", "a sitting"))
    by.move(faces[:MISFILED], PEOPLE["elton_john"])
    by.move(faces[-MISFILED:], PEOPLE["madonna"])
    by.unname(faces[40 : 40 + NAMELESS])
    for person in services.store.people(dataset_id):
        by.note(person.id, NOTE)


def _fail(services: Services, dataset_id: str) -> None:
    """An ingest that is refused, so that the reason with the archive's name is shown."""
    broken = services.settings.inbox_dir / f"broken {ARCHIVE}"
    broken.write_bytes(b"no archive")
    request = IngestRequest(str(broken), broken.name)
    job = services.jobs.submit(dataset_id, JobKind.INGEST, request.to_json(), JobOwner.COMMAND_LINE)
    state = run_job(services.jobs, job, job_handlers(services)[JobKind.INGEST], CancelToken())
    assert state is JobState.FAILED

"""What one person may have: refused in words before the work, held for everybody who owns a dataset, off by default."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from core.access.permissions import Principal
from core.access.view import quotas_of, services_for
from core.base.errors import AccessRefused, InputRefused
from core.base.progress import CancelToken
from core.base.settings import Settings
from core.base.types import Photo
from core.jobs.registry import job_handlers, submit_job
from core.jobs.worker import run_job
from core.services import Services
from core.store.access_model import Grant, Role, Standing, Usage
from core.store.job_model import JobKind, JobState
from core.store.values.datasets import IngestBatch, PhotoLabel
from core.workflows.photos.requests import IngestRequest
from tests.conftest import write_zip

ANN, BOB = Principal("ann@example.org", Role.EDITOR), Principal("bob@example.org", Role.EDITOR)
BOSS = Principal("boss@example.org", Role.ADMIN)
ROLES = '[roles]\n"*@example.org" = "editor"\n"boss@example.org" = "admin"\n'
MODEL = "facenet-128"


@dataclass(frozen=True)
class House:
    """A data folder in which Ann has a dataset with three photos of 1,000 bytes."""

    whole: Services
    dataset_id: str

    def limit(self, words: str) -> None:
        self.whole.settings.access_file.write_text(f"{ROLES}[quota]\n{words}\n")

    def of(self, principal: Principal) -> Services:
        return services_for(self.whole, principal)


@pytest.fixture
def house(tmp_path: Path) -> House:
    whole = Services(Settings(tmp_path, supervise=False))
    whole.settings.access_file.write_text(ROLES)
    dataset = services_for(whole, ANN).store.create_dataset("Family", MODEL)
    photos = [(photo(number), PhotoLabel(None, None)) for number in range(3)]
    job = submit_job(whole.jobs, dataset.id, IngestRequest("a.zip", "a.zip"))
    whole.store.add(dataset.id, job.id, IngestBatch(photos))
    whole.jobs.cancel(job.id)
    return House(whole, dataset.id)


def photo(number: int) -> Photo:
    sides = {"width_px": 4, "height_px": 3}
    return Photo(id=f"photo{number}", name=f"{number}.jpg", size_bytes=1000, perceptual_hash=number, **sides)


def test_without_a_quota_nothing_is_limited(house: House) -> None:
    assert not quotas_of(house.whole).limit(house.dataset_id)
    assert house.of(ANN).store.create_dataset("Club", MODEL).name == "Club"
    assert quotas_of(house.whole).usage_of(ANN.address) == Usage(datasets=2, photos=3, photo_bytes=3000)
    assert quotas_of(house.whole).usage_of(BOB.address) == Usage()


def test_one_dataset_too_many_is_refused_in_words_but_for_admins(house: House) -> None:
    house.limit("datasets = 1")
    with pytest.raises(AccessRefused, match=r"as many datasets as one person may own here \(1\)"):
        house.of(ANN).store.create_dataset("Club", MODEL)
    assert [dataset.name for dataset in house.whole.store.datasets()] == ["Family"]
    assert house.of(BOSS).store.create_dataset("Of the boss", MODEL)
    assert house.of(BOSS).store.create_dataset("Another", MODEL)


@pytest.mark.parametrize(
    ("quota", "words"),
    [
        ("photos = 4", "has 3 photos and may have 4 photos here; 2 photos were to come"),
        ("gigabytes = 0.0000035", "has 3 kB and may have 4 kB here; 600 bytes were to come"),
    ],
)
def test_photos_beyond_the_quota_are_refused_before_the_first_is_looked_at(
    house: House, tmp_path: Path, quota: str, words: str
) -> None:
    archive = write_zip(tmp_path / "photos.zip", {f"{number}.jpg": bytes(300) for number in range(2)})
    house.limit(quota)
    job = submit_job(house.of(ANN).jobs, house.dataset_id, IngestRequest(str(archive), "photos.zip"))
    claimed = house.whole.jobs.claim()
    assert claimed is not None
    state = run_job(house.whole.jobs, claimed, job_handlers(house.whole)[JobKind.INGEST], CancelToken())
    assert state is JobState.FAILED
    with pytest.raises(InputRefused, match=words):
        raise InputRefused(house.whole.jobs.job(job.id).error)
    assert house.whole.store.reported(job.id) == {}
    assert archive.exists(), "what was given is not lost"


def test_whoever_brings_photos_uses_the_quota_of_the_owner(house: House) -> None:
    house.whole.access.grant(Grant(house.dataset_id, BOB.address, Standing.EDITOR))
    house.limit("photos = 3")
    with pytest.raises(AccessRefused, match=r"ann@example\.org, who owns the dataset"):
        submit_job(house.of(BOB).jobs, house.dataset_id, IngestRequest("b.zip", "b.zip"))
    assert [job.state for job in house.whole.jobs.jobs()] == [JobState.CANCELLED]


@pytest.mark.parametrize("words", ["photos = -1", "pictures = 3", 'datasets = "many"'])
def test_a_quota_that_cannot_be_understood_lets_nobody_in(house: House, words: str) -> None:
    house.limit(words)
    with pytest.raises(InputRefused, match=r"access\.toml"):
        quotas_of(house.whole).quota_of(ANN.address)

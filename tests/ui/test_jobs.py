"""What a page says of a job that ended early."""

from __future__ import annotations

import pytest

from core.store.job_model import Job, JobKind, JobState
from core.ui.jobs import finished_sentence


@pytest.mark.parametrize(
    ("done", "total", "sentence"),
    [
        (0, 1, "0 of 1 face was finished."),
        (1, 12, "1 of 12 faces was finished."),
        (0, 12, "0 of 12 faces were finished."),
        (11, 12_000, "11 of 12\u202f000 faces were finished."),
    ],
)
def test_how_far_a_job_came_is_said_in_the_singular_and_the_plural(done: int, total: int, sentence: str) -> None:
    job = Job(
        id="job",
        dataset_id="some",
        kind=JobKind.CLUSTER,
        state=JobState.INTERRUPTED,
        params={},
        created=0.0,
        done=done,
        total=total,
    )
    assert finished_sentence(job) == sentence

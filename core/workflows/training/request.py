"""What a training's job is asked to do and comes to, as it keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.base.json_values import Json, JsonObject, decode_record, encode_record
from core.base.types import Refusal
from core.learn.classification.training_material import TrainOptions
from core.store.job_model import JobKind, JobRequest, JobResult, JobState
from core.store.protocols import JobStore
from core.store.values.runs import Run


@dataclass(frozen=True, slots=True)
class TrainRequest(JobRequest):
    """A recogniser to be trained. As JSON, the options stand beside the strangers."""

    options: TrainOptions = field(default_factory=TrainOptions)
    strangers: str | None = None
    """A zip or a folder with photos of other people; relative paths start in the data folder."""
    zip_names: str = ""
    """The code page of names in the strangers' zip that do not say theirs."""
    update: bool = False
    """Only bring the newest recogniser up to date, where there is one, and measure nothing."""

    def to_json(self) -> dict[str, Json]:
        """The options and the strangers in one object."""
        update: dict[str, Json] = {"update": True} if self.update else {}
        return {**encode_record(self.options), "strangers": self.strangers, "zip_names": self.zip_names, **update}

    @classmethod
    def from_json(cls, document: JsonObject) -> TrainRequest:
        """Raises ValueError."""
        # The options stand in the same object, as the jobs of all versions keep them; what is not there has its
        # default.
        beside = {name: document[name] for name in ("strangers", "zip_names", "update") if name in document}
        return decode_record(cls, {"options": document, **beside})


@dataclass(frozen=True, slots=True)
class TrainResult(JobResult):
    """What came of a training."""

    run: str = ""
    """The id of the run."""
    refused: tuple[Refusal, ...] = ()
    """Photos of strangers that could not be used, the first of them."""


def find_training_request(jobs: JobStore, dataset_id: str, run: Run | None) -> TrainRequest:
    """How a run was trained, before it was updated where it was; by its classifier alone when its job is forgotten."""
    if run is None:
        return TrainRequest()
    trained_id = run.params.updated.trained if run.params.updated else run.id
    trainings = (job for job in jobs.jobs(dataset_id, limit=None) if job.kind is JobKind.TRAIN)
    done = (job for job in trainings if job.state is JobState.DONE)
    requests = (TrainRequest.of(job) for job in done if TrainResult.of(job).run == trained_id)
    # A run tells more of itself than the defaults do: what it is trained with again is the classifier that it has.
    forgotten = TrainRequest(TrainOptions(classifier=run.params.kind))
    return next((request for request in requests if not request.update), forgotten)

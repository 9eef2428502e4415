"""Jobs that erase: a person, after which it is trained again without them, and the photos of a dataset."""

from __future__ import annotations

from dataclasses import replace

from core.base.errors import Cancelled, FaceAtlasError, NotFound
from core.base.progress import Progress
from core.jobs.handlers.learning import run_training
from core.services import Services
from core.store.job_model import Job, JobKind, JobState
from core.workflows.erasure import erase_person as erasing
from core.workflows.erasure.erase_person import EraseRequest
from core.workflows.erasure.receipt import EraseReceipt, Retraining
from core.workflows.keeping.discard_photos import DiscardReceipt, DiscardRequest, discard_photos
from core.workflows.training import train, update
from core.workflows.training.request import TrainRequest


def run_erasure(services: Services, job: Job, request: EraseRequest, progress: Progress) -> EraseReceipt:
    """Erase a person, or finish what an earlier attempt began."""
    # Asked first: erasing again would find nobody of that id, and the receipt of what went would be lost.
    receipt = _receipt_of_killed(services, job, request)
    if receipt is None:
        if request.retrain:
            _unlearn(services, job, request, progress)
        with services.reserve.lend():
            receipt = erasing.erase_person(services.erase_tools(), job.dataset_id, request, job.id, progress)
    else:
        # Under this job too, which may be another than the killed one: it may be killed in the training that follows.
        services.jobs.keep_result(job.id, receipt.to_json())
    if receipt.training is None:
        return receipt
    # Last, as the erasing is done and proved without it: a training that is refused or cancelled takes nothing of that
    # back.
    return _train_again(services, job, replace(receipt, training=None), receipt.training, progress)


def run_discarding(services: Services, job: Job, request: DiscardRequest, progress: Progress) -> DiscardReceipt:
    """Delete the photos of a dataset, which keeps none from then on."""
    with services.reserve.lend():
        return discard_photos(
            services.erase_tools(), job.dataset_id, request, services.settings.images, job.id, progress
        )


def _unlearn(services: Services, job: Job, request: EraseRequest, progress: Progress) -> None:
    """Update the recogniser to one without the person before anything goes: it answers on, and what was goes with them.

    It knows neither name nor face of theirs, so the erasing leaves it, and the search at its end looks through it too.
    """
    tools = services.erase_tools()
    # Asked before the update as well: a refused erasing is to change nothing.
    erasing.require_quiet(tools.jobs, job.dataset_id, job.id)
    try:
        erasure = tools.eraser.erasure(job.dataset_id, request.person_id, with_shared=request.all_photos)
    except NotFound:
        # An erasing that was begun: what it found to update, it updated.
        return
    newest = next(iter(services.runs.runs(job.dataset_id)), None)
    if newest is not None and newest.id in erasing.list_runs_of(tools, erasure):
        forgotten = erasure.face_ids
        update.update_newest_run(services.run_tools(), job.dataset_id, forgotten=forgotten, progress=progress)


def _receipt_of_killed(services: Services, job: Job, request: EraseRequest) -> EraseReceipt | None:
    """What this job, or the same command before it, had done and proved before it was killed.

    A person who is there was not erased: a job that was killed early has kept nothing, and another command's receipt is
    of an erasing before the person came back.
    """
    if job.result:
        own = EraseReceipt.of(job)
        # Without findings it stopped before the proof, and the stages go on from their plan.
        return own if own.check else None
    if any(person.id == request.person_id for person in services.store.people(job.dataset_id)):
        return None
    killed = (
        job_before
        for job_before in services.jobs.jobs(job.dataset_id)
        if job_before.kind is JobKind.ERASE and job_before.state is JobState.INTERRUPTED
    )
    receipts = (
        EraseReceipt.of(job_before)
        for job_before in killed
        if EraseRequest.of(job_before).person_id == request.person_id
    )
    return next((receipt for receipt in receipts if receipt.check), None)


def _train_again(
    services: Services, job: Job, receipt: EraseReceipt, training: Retraining, progress: Progress
) -> EraseReceipt:
    """Train as the deleted run was trained, unless that was done before a kill; gives what the receipt says of it."""
    # Asked of the runs and not of the receipt: a kill after the run was stored may have come before it was noted.
    trained = (run for run in services.runs.runs(job.dataset_id) if not run.params.updated)
    newest = next(trained, None)
    if newest is not None and newest.created > training.since:
        train.delete_updated_before(services.run_tools(), newest)
        return replace(receipt, models_retrained=1, run=newest.id)
    try:
        run = run_training(services, job, TrainRequest.from_json(training.params), progress).run
    # A cancelled job stays cancelled. It is a FaceAtlasError as well, so it would be taken for a refusal below.
    except Cancelled:
        raise
    except FaceAtlasError as refusal:
        return replace(receipt, not_retrained=str(refusal))
    return replace(receipt, models_retrained=1, run=run)

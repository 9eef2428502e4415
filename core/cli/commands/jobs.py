"""Work that runs, waits or has ended, the app's too: ``jobs``."""

from __future__ import annotations

import argparse

from core.base import words
from core.base.errors import InputRefused
from core.cli import resolution
from core.cli.parser import Answer, Commands
from core.services import Services
from core.store.job_model import Job


def add_jobs(commands: Commands) -> None:
    """``jobs``."""
    command = commands.add("jobs", _jobs, "work that runs, waits or has ended, the newest first")
    command.add_argument("--dataset", metavar="NAME", help="only of this dataset")
    which = command.add_mutually_exclusive_group()
    which.add_argument("--files", metavar="JOB", help="what became of each file that a job took")
    which.add_argument("--stop", metavar="JOB", help="ask one that runs or waits to stop")
    which.add_argument("--resume", metavar="JOB", help="queue one that stopped for the worker, to go on")
    which.add_argument("--forget", metavar="JOB", help="forget one that has ended; what it finished is kept")


def _jobs(options: argparse.Namespace) -> Answer:
    services = resolution.open_services(options)
    if options.files:
        return {"files": _files_json(services, services.jobs.job(options.files))}
    if options.stop:
        return _stop_job(services, services.jobs.job(options.stop))
    if options.resume:
        return _resume_job(services, services.jobs.job(options.resume))
    if options.forget:
        return _forget_job(services, services.jobs.job(options.forget))
    dataset = services.store.dataset(options.dataset) if options.dataset else None
    # A job may outlive its dataset, of which there is no name then.
    names = {known.id: known.name for known in services.store.datasets()}
    listed = services.jobs.jobs(dataset.id if dataset else None)
    return {"jobs": [_job_json(job) | {"dataset": names.get(job.dataset_id)} for job in listed]}


def _files_json(services: Services, job: Job) -> list[Answer]:
    return [
        {
            "name": line.name,
            "outcome": line.outcome.value,
            "faces": line.faces,
            "person": line.person,
            "split": line.split.value if line.split else None,
            "reason": line.reason,
        }
        for line in services.store.file_reports(job.id)
    ]


def _job_json(job: Job) -> Answer:
    return {
        "job": job.id,
        "kind": job.kind.value,
        "state": job.state.value,
        "done": job.done,
        "total": job.total,
        "message": job.message,
        "error": job.error,
        "result": job.result,
        "by": job.owner.value,
        "when": words.utc_time(job.created),
    }


def _stop_job(services: Services, job: Job) -> Answer:
    if not job.state.active:
        raise InputRefused(f"This job neither runs nor waits: it is {job.state}.")
    # Only asked: whoever runs it stops between two steps, or it goes from the queue.
    services.jobs.cancel(job.id)
    # Read again, here and below: the row says what has become of it.
    return _job_json(services.jobs.job(job.id))


def _resume_job(services: Services, job: Job) -> Answer:
    if not job.state.resumable:
        raise InputRefused(f"Only a job that stopped early can be resumed; this one is {job.state}.")
    services.jobs.resume(job.id)
    return _job_json(services.jobs.job(job.id))


def _forget_job(services: Services, job: Job) -> Answer:
    if job.state.active:
        raise InputRefused(f"This job is {job.state}. Stop it before it can be forgotten: --stop {job.id}.")
    services.jobs.forget_job(job.id)
    return _job_json(job)

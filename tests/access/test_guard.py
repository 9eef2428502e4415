"""The stores as somebody may use them: every method asks, nobody reaches another's dataset, and jobs ask again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from core.access.permissions import LOCAL_OWNER, Action, Principal, is_allowed
from core.access.rules import (
    ARTIFACT_RULES,
    ARTIFACT_WRITES,
    AUDIT_RULES,
    ERASE_RULES,
    FACE_RULES,
    JOB_ACTIONS,
    JOB_RULES,
    LOG_RULES,
    RETENTION_RULES,
    RUN_RULES,
    TRANSFER_RULES,
    Rules,
    Subject,
)
from core.access.view import GuardedServices, services_for
from core.base.errors import AccessRefused, InputRefused, NotFound
from core.base.progress import CancelToken
from core.base.settings import Settings
from core.corrections.model import Correction, CorrectionLog, Editor, EventKind
from core.jobs.registry import job_handlers, submit_job
from core.jobs.worker import run_job
from core.services import Services
from core.store.access_model import Grant, Role, Standing
from core.store.artifacts import ArtifactKind, Artifacts
from core.store.audit_log import AuditLog
from core.store.exchange_protocols import EraseStore, TransferStore
from core.store.job_model import JobKind, JobState
from core.store.protocols import FaceStore, JobStore, ReportStore, RunStore
from core.store.retention.model import RetentionStore
from core.store.values.datasets import Dataset
from core.workflows.evaluation.study import StudyRequest
from core.workflows.projection.project import MapOptions

ANN, BOB = Principal("ann@example.org", Role.EDITOR), Principal("bob@example.org", Role.EDITOR)
BOSS = Principal("boss@example.org", Role.ADMIN)


@dataclass(frozen=True)
class House:
    """A data folder in which Ann has a dataset."""

    whole: Services
    dataset: Dataset

    def of(self, principal: Principal) -> Services:
        return services_for(self.whole, principal)

    def share(self, principal: Principal, standing: Standing) -> None:
        self.whole.access.grant(Grant(self.dataset.id, principal.address, standing))


@pytest.fixture
def house(tmp_path: Path) -> House:
    whole = Services(Settings(tmp_path, supervise=False))
    return House(whole, services_for(whole, ANN).store.create_dataset("Family", "facenet-128"))


# every method has its rule


def methods(*ports: type) -> set[str]:
    return {name for port in ports for name in vars(port) if not name.startswith("_") and callable(getattr(port, name))}


@pytest.mark.parametrize(
    ("ports", "rules", "elsewhere"),
    [
        ((FaceStore, ReportStore), FACE_RULES, "dataset datasets create_dataset"),
        ((RunStore,), RUN_RULES, ""),
        ((CorrectionLog,), LOG_RULES, "changes"),
        ((TransferStore,), TRANSFER_RULES, "add_snapshot"),
        ((EraseStore,), ERASE_RULES, ""),
        ((RetentionStore,), RETENTION_RULES, "receipts put_receipt delete_receipt"),
        ((AuditLog,), AUDIT_RULES, "add remove_before"),
        ((Artifacts,), ARTIFACT_RULES, " ".join(sorted(ARTIFACT_WRITES)) + " going_ids dataset_ids open_stored"),
        (
            (JobStore,),
            JOB_RULES,
            "submit jobs active cancel resume forget_job "
            "claim totals offer_carried done_ids beat finish keep_result offer_again end_orphans",
        ),
    ],
)
def test_a_method_that_is_added_to_a_store_needs_a_rule(ports: tuple[type, ...], rules: Rules, elsewhere: str) -> None:
    assert set(rules) | set(elsewhere.split()) == methods(*ports)
    assert not set(rules) & set(elsewhere.split())


def test_what_only_a_worker_does_is_shut_for_everybody(house: House) -> None:
    services = house.of(BOSS)
    for shut in ("claim", "finish", "beat", "keep_result", "offer_again", "locks", "engine"):
        with pytest.raises(AttributeError):
            getattr(services.jobs, shut)
    with pytest.raises(AttributeError):
        _ = services.artifacts.going_ids


# nobody reaches another's dataset


def calls(services: Services, rules: Rules, port: Any, dataset: Dataset, job_id: str) -> Iterator[Callable[[], object]]:
    subjects = {
        Subject.DATASET: dataset.id,
        Subject.JOB: job_id,
        Subject.RUN: "f00",
        Subject.VALUE: Grant(dataset.id, "", Standing.VIEWER),
    }
    for name, rule in rules.items():
        # Those that are signed are called below, with an editor.
        if rule.subject is not Subject.NOTHING and name not in ("record", "undo", "redo"):
            yield lambda name=name, rule=rule: getattr(port, name)(subjects[rule.subject])  # type: ignore[misc]


def test_no_method_of_any_store_reaches_the_dataset_of_somebody_else(house: House) -> None:
    job = house.of(ANN).jobs.submit(house.dataset.id, JobKind.MAP, {})
    bob = house.of(BOB)
    ports: list[tuple[Rules, Any]] = [
        *((FACE_RULES, bob.store), (RUN_RULES, bob.runs), (LOG_RULES, bob.log), (JOB_RULES, bob.jobs)),
        *(
            (RETENTION_RULES, bob.retention),
            (TRANSFER_RULES, bob.transfer),
            (ERASE_RULES, bob.eraser),
            (ARTIFACT_RULES, bob.artifacts),
        ),
    ]
    count = 0
    for rules, port in ports:
        for call in calls(bob, rules, port, house.dataset, job.id):
            with pytest.raises(NotFound, match="not yours"):
                call()
            count += 1
    assert count > 60
    others: list[Callable[[], object]] = [
        lambda: bob.store.dataset(house.dataset.id),
        lambda: bob.store.dataset("Family"),
        lambda: bob.jobs.submit(house.dataset.id, JobKind.MAP, {}),
        lambda: bob.jobs.cancel(job.id),
        lambda: bob.jobs.resume(job.id),
        lambda: bob.jobs.forget_job(job.id),
        lambda: bob.jobs.jobs(house.dataset.id),
        lambda: bob.artifacts.put(house.dataset.id, ArtifactKind.CROP, "f00", b""),
        lambda: bob.artifacts.delete(house.dataset.id, ArtifactKind.CROP, "f00"),
        lambda: bob.newest_faces(house.dataset.id),
        lambda: bob.has_faces(house.dataset.id),
        lambda: bob.ingestor(house.dataset.id),
        lambda: bob.look_at_turned(house.dataset.id),
        lambda: bob.log.record(house.dataset.id, Editor(BOB.address, "1"), Correction(EventKind.MOVE, ())),
        lambda: bob.log.undo(house.dataset.id, Editor(BOB.address, "1"), [1]),
        lambda: bob.log.redo(house.dataset.id, Editor(BOB.address, "1"), [1]),
    ]
    for call in others:
        with pytest.raises(NotFound):
            call()
    assert bob.store.datasets() == bob.jobs.jobs() == bob.jobs.active() == []
    assert [dataset.name for dataset in house.of(ANN).store.datasets()] == ["Family"]
    assert [found.id for found in house.of(ANN).jobs.active()] == [job.id]


def test_tools_of_workflows_are_built_on_the_guarded_stores(house: House) -> None:
    bob = house.of(BOB)
    for tools in (bob.export_tools(), bob.erase_tools(), bob.import_tools(), bob.lookup_tools(), bob.run_tools()):
        assert tools.store is bob.store
        assert tools.artifacts is bob.artifacts
    assert isinstance(bob, GuardedServices)
    assert house.of(LOCAL_OWNER) is house.whole


def test_backups_of_everybody_are_for_admins(house: House) -> None:
    ann = house.of(ANN)
    for tools in (ann.backup_tools, ann.restore_tools, ann.doctor_tools):
        with pytest.raises(AccessRefused, match="administer"):
            tools()
    assert house.of(BOSS).backup_tools().data_dir == house.whole.settings.data_dir


# roles and standings, where things act


ACTS: dict[Action, Callable[[Services, str], object]] = {
    Action.LOOK: lambda services, dataset_id: services.store.counts(dataset_id),
    Action.IDENTIFY: lambda services, dataset_id: services.jobs.submit(dataset_id, JobKind.LOOKUP, {}),
    Action.EDIT: lambda services, dataset_id: services.jobs.submit(dataset_id, JobKind.TRAIN, {}),
    Action.EXPORT: lambda services, dataset_id: services.jobs.submit(dataset_id, JobKind.EXPORT, {}),
    Action.ERASE: lambda services, dataset_id: services.jobs.submit(dataset_id, JobKind.ERASE, {}),
    Action.CREATE: lambda services, dataset_id: services.store.create_dataset("New", "facenet-128"),
    Action.ADMINISTER: lambda services, dataset_id: services.jobs.submit(dataset_id, JobKind.BACKUP, {}),
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("standing", [None, *Standing])
def test_what_the_matrix_refuses_is_refused_where_it_would_be_done(
    house: House, role: Role, standing: Standing | None
) -> None:
    cy = Principal("cy@example.org", role)
    if standing:
        house.share(cy, standing)
    for action, act in ACTS.items():
        if is_allowed(role, standing, action):
            act(house.of(cy), house.dataset.id)
        else:
            with pytest.raises((AccessRefused, NotFound)):
                act(house.of(cy), house.dataset.id)


def test_every_kind_of_job_asks_for_something() -> None:
    assert set(JOB_ACTIONS) == set(JobKind)
    assert {kind for kind, action in JOB_ACTIONS.items() if action in (Action.LOOK, Action.IDENTIFY)} == {
        JobKind.LOOKUP,
        JobKind.SORT,
    }


def test_a_correction_carries_the_name_of_who_is_signed_in_and_no_other(house: House) -> None:
    ann = house.of(ANN)
    person = ann.log.find_or_add_person(house.dataset.id, "Ada")
    event = ann.log.record(house.dataset.id, Editor(ANN.address, "1"), Correction(EventKind.NOTE, (), person_id=person))
    assert event.author == "ann@example.org"
    for act in (
        lambda: ann.log.record(house.dataset.id, Editor(BOB.address, "1"), Correction(EventKind.NOTE, ())),
        lambda: ann.log.undo(house.dataset.id, Editor(BOB.address, "1"), [event.id]),
    ):
        with pytest.raises(AccessRefused, match="signed by whoever makes it"):
            act()


# sharing


def test_a_dataset_that_is_shared_is_there_until_it_is_not(house: House) -> None:
    house.share(BOB, Standing.VIEWER)
    assert house.of(BOB).store.dataset("Family") == house.dataset
    with pytest.raises(AccessRefused, match=r"bob@example\.org, an editor, and may not change"):
        house.of(BOB).store.rename_dataset(house.dataset.id, "Mine")
    house.whole.access.withdraw(house.dataset.id, BOB.address)
    with pytest.raises(NotFound):
        house.of(BOB).store.dataset("Family")


def test_a_dataset_never_loses_its_last_owner(house: House) -> None:
    with pytest.raises(InputRefused, match="needs an owner"):
        house.whole.access.withdraw(house.dataset.id, ANN.address)
    with pytest.raises(InputRefused, match="needs an owner"):
        house.share(ANN, Standing.VIEWER)
    house.share(BOB, Standing.OWNER)
    house.whole.access.withdraw(house.dataset.id, ANN.address)
    assert [grant.address for grant in house.whole.access.grants(house.dataset.id)] == [BOB.address]


# jobs


ROLES = '[roles]\n"*@example.org" = "editor"\n'


@pytest.mark.parametrize("loss", ["share", "role", None])
def test_a_job_whose_asker_may_not_any_more_is_not_done(house: House, loss: str | None) -> None:
    house.whole.settings.access_file.write_text(ROLES)
    house.share(BOB, Standing.EDITOR)
    job = submit_job(house.of(BOB).jobs, house.dataset.id, MapOptions())
    if loss == "share":
        house.whole.access.withdraw(house.dataset.id, BOB.address)
    elif loss == "role":
        house.whole.settings.access_file.write_text(ROLES + '"bob@example.org" = "none"\n')
    claimed = house.whole.jobs.claim()
    assert claimed is not None
    assert run_job(house.whole.jobs, claimed, job_handlers(house.whole)[JobKind.MAP], CancelToken()) is JobState.FAILED
    error = house.whole.jobs.job(job.id).error
    # Without a loss it gets as far as the map, for which there are too few faces.
    expected = {"share": "not yours", "role": "no role here any more", None: "face"}[loss]
    assert expected in error


def test_a_job_of_this_computer_asks_nobody(house: House) -> None:
    house.whole.settings.access_file.write_text(ROLES)
    job = submit_job(house.whole.jobs, house.dataset.id, StudyRequest("f00"))
    assert house.whole.access.asker(job.id) is None
    assert replace(job) == house.whole.jobs.job(job.id)

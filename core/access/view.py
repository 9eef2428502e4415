"""All working parts as one person may use them; tools that are built from it reach nobody else's datasets either."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from core.access.decisions import Access
from core.access.directory import DirectoryFile
from core.access.guard import (
    Guarded,
    GuardedArtifacts,
    GuardedFaceStore,
    GuardedJobStore,
    GuardedLog,
    GuardedRetention,
    GuardedTransfer,
    Owners,
)
from core.access.permissions import LOCAL_OWNER, Action, Principal
from core.access.quotas import Quotas
from core.access.rates import RateLimit
from core.access.rules import AUDIT_RULES, ERASE_RULES, JOB_ACTIONS, RUN_RULES
from core.base.errors import AccessRefused
from core.language.texts import gettext as _
from core.services import Services
from core.store.job_model import Job
from core.store.values.runs import Run
from core.vision.detect.mtcnn import Detector
from core.vision.embed.embedder import Embedder
from core.vision.engine.base import Engine
from core.workflows.audit.recorder import AuditRecorder
from core.workflows.columns.newest_faces import NewestFaces
from core.workflows.erasure.erase_person import EraseTools
from core.workflows.exchange.prepared_sample import AdoptionTools
from core.workflows.identification.identify import Identifier
from core.workflows.safekeeping.backup import BackupTools
from core.workflows.safekeeping.doctor import DoctorTools
from core.workflows.safekeeping.restore import RestoreTools

IDENTIFICATIONS = RateLimit(600, 60.0)
"""Of one person: a camera asks a few times a second."""
UPLOADS = RateLimit(12_000, 600.0)
"""Files of one person: a folder of 10,000 photos comes in one drop."""


def services_for(whole: Services, principal: Principal) -> Services:
    """The working parts for whoever acts; everything where no sign-in is configured."""
    return whole if principal is LOCAL_OWNER else GuardedServices(whole, principal)


def access_of(services: Services) -> Access:
    """What whoever the parts were put together for may do."""
    return services.may if isinstance(services, GuardedServices) else Access(LOCAL_OWNER, services.access)


def quotas_of(services: Services) -> Quotas:
    """What people may have by the file that says who may enter."""
    return Quotas(services.access, DirectoryFile(services.settings.access_file))


class GuardedServices(Services):
    """The stores are behind their rules; networks and what is kept in memory are those of everybody."""

    def __init__(self, whole: Services, principal: Principal) -> None:
        self.__dict__.update(whole.__dict__)
        self._whole = whole
        access = self.may = Access(principal, whole.access)
        owners = Owners(whole.store, whole.runs, whole.jobs)
        quotas = quotas_of(whole)
        # They have the methods of the stores, each behind its rule, but are none.
        guarded: dict[str, Any] = {
            "store": GuardedFaceStore(whole.store, access, owners, quotas),
            "jobs": GuardedJobStore(whole.jobs, access, owners, quotas),
            "runs": Guarded(whole.runs, RUN_RULES, access, owners),
            "log": GuardedLog(whole.log, access, owners),
            "transfer": GuardedTransfer(whole.transfer, access, owners, quotas),
            "retention": GuardedRetention(whole.retention, access, owners),
            "eraser": Guarded(whole.eraser, ERASE_RULES, access, owners),
            "audit_log": Guarded(whole.audit_log, AUDIT_RULES, access, owners),
            "artifacts": GuardedArtifacts(whole.artifacts, access, owners),
        }
        self.__dict__.update(guarded)

    # What takes long to load is there once.

    @property
    def engine(self) -> Engine:  # type: ignore[override]
        """As the whole's."""
        return self._whole.engine

    @property
    def detector(self) -> Detector:  # type: ignore[override]
        """As the whole's."""
        return self._whole.detector

    def embedder(self, model_id: str) -> Embedder:
        """As the whole's."""
        return self._whole.embedder(model_id)

    @property
    def supervisor(self) -> Any:  # type: ignore[override]
        """As the whole's."""
        return self._whole.supervisor

    @property
    def audit_recorder(self) -> AuditRecorder:  # type: ignore[override]
        """As the whole's."""
        return self._whole.audit_recorder

    def identifier(self, run: Run) -> Identifier:
        """As the whole's, for whoever may identify by the run's dataset, and has not done so too often."""
        self.may.require(Action.IDENTIFY, self.runs.run(run.id).dataset_id)
        IDENTIFICATIONS.require(self.may.principal.address)
        return self._whole.identifier(run)

    def newest_faces(self, dataset_id: str) -> NewestFaces:
        """As the whole's, for whoever may look at the dataset."""
        self.may.require(Action.LOOK, dataset_id)
        return self._whole.newest_faces(dataset_id)

    def has_faces(self, dataset_id: str) -> bool:
        """As the whole's, for whoever may look at the dataset."""
        self.may.require(Action.LOOK, dataset_id)
        return self._whole.has_faces(dataset_id)

    def forget_erased_people(self) -> None:
        """As the whole's: what is in memory is everybody's."""
        self._whole.forget_erased_people()

    def erase_tools(self) -> EraseTools:
        """With the receipts of the whole: a dataset's is written when nobody owns it any more."""
        return replace(super().erase_tools(), receipts=self._whole.erase_tools().receipts)

    def backup_tools(self) -> BackupTools:
        """As the whole's, for admins: a backup holds everybody's."""
        self.may.require(Action.ADMINISTER)
        return self._whole.backup_tools()

    def restore_tools(self, backup_secret: str = "", sealed_keys: str = "") -> RestoreTools:
        """As ``backup_tools``."""
        self.may.require(Action.ADMINISTER)
        return self._whole.restore_tools(backup_secret, sealed_keys)

    def seal_backup_keys(self, folder: Path, secret: str) -> str:
        """As ``backup_tools``."""
        self.may.require(Action.ADMINISTER)
        return self._whole.seal_backup_keys(folder, secret)

    def doctor_tools(self, backup_secret: str = "") -> DoctorTools:
        """As ``backup_tools``: everything is looked through."""
        self.may.require(Action.ADMINISTER)
        return self._whole.doctor_tools(backup_secret)

    def adoption_tools(self) -> AdoptionTools:
        """For a dataset that is nobody's until its rows are there: its files are written by the whole."""
        self.may.require(Action.CREATE)
        return AdoptionTools(self.store, self.transfer, self._whole.artifacts)


def require_job_allowed(services: Services, job: Job) -> None:
    """Let a job be done while whoever asked for it may still ask; what this computer asked for always may.

    Raises
    ------
    AccessRefused, NotFound
    """
    asker = services.access.asker(job.id)
    if asker is None:
        return
    directory = DirectoryFile(services.settings.access_file).read()
    if directory is None:
        return
    role = directory.present_role(asker)
    if role is None:
        raise AccessRefused(
            _("Whoever asked for this has no role here any more, so it was not done. Nothing was changed.")
        )
    Access(Principal(asker.address, role), services.access).require(JOB_ACTIONS[job.kind], job.dataset_id)

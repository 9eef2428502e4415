"""What each workflow works with: the protocols that it asks for, by their implementations."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from core.base.machine import choose_pace
from core.base.progress import UNWATCHED, Progress
from core.base.types import FacePolicy
from core.composition.networks import Networks
from core.composition.stores import open_stored_artifacts, open_stored_rows
from core.report.material import ReportedNetwork
from core.store.encryption.keyring import is_encrypted, lend_keys
from core.store.job_model import JobKind
from core.store.sql.schema import SCHEMA_VERSION
from core.store.sql.whole_copy import StoreCopy, write_snapshot
from core.vision.models import catalogue
from core.vision.models.manifest import (
    installed_models,
)
from core.workflows.erasure.erase_person import EraseTools
from core.workflows.erasure.signed_receipts import ReceiptBook
from core.workflows.evaluation.report import ReportTools
from core.workflows.exchange.arrivals import ArrivalTools
from core.workflows.exchange.bundles import BundleTools
from core.workflows.exchange.export import ExportTools
from core.workflows.exchange.imports import ImportTools
from core.workflows.exchange.prepared_sample import AdoptionTools
from core.workflows.identification.lookups.kept_lookups import LookupTools
from core.workflows.photos import look_again
from core.workflows.photos.face_finding import LocalFinder
from core.workflows.photos.ingestor import Ingestor
from core.workflows.photos.look_again import RedetectionSummary
from core.workflows.photos.main_faces import MainFaceTools
from core.workflows.photos.orphans import LeftoverTools
from core.workflows.photos.requests import IngestRequest
from core.workflows.retention.terms import RetentionTools
from core.workflows.run_tools import RunTools
from core.workflows.safekeeping.backup import BackupTools
from core.workflows.safekeeping.backup_folder import Unseal
from core.workflows.safekeeping.doctor import DoctorTools
from core.workflows.safekeeping.restore import RestoreTools


class WorkflowTools(Networks):
    """Networks, and what each workflow works with."""

    def ingestor(self, dataset_id: str, model_id: str | None = None) -> Ingestor:
        """With the dataset's model, or with one that it is to have."""
        vectors_id = catalogue.find_embedding_model(model_id).vectors_id if model_id else None
        dataset = self.store.dataset(dataset_id)
        pipeline = self.pipeline(vectors_id or dataset.model_id)
        return Ingestor(
            store=self.store,
            artifacts=self.artifacts,
            pipeline=pipeline,
            open_finder=self.face_finder,
            pace=choose_pace(self.settings.threads),
            keeps_photos=dataset.keeps_photos,
        )

    def face_policy(self, dataset_id: str) -> FacePolicy:
        """That of the newest ingest."""
        ingests = (job for job in self.jobs.jobs(dataset_id, limit=None) if job.kind is JobKind.INGEST)
        return next((IngestRequest.of(job).policy for job in ingests), FacePolicy.LARGEST)

    def look_at_turned(self, dataset_id: str, progress: Progress = UNWATCHED) -> RedetectionSummary | None:
        """Look for faces on the photos that were turned since faces were looked for on them; None when there is none.

        Raises
        ------
        Cancelled
            Between two photos.
        """
        if not self.store.photos_to_look_at(dataset_id):
            # Without loading the networks, which takes longer than all else of an undo.
            return None
        # Here: they are few, and somebody waits on a page.
        tools = replace(self.ingestor(dataset_id), open_finder=LocalFinder)
        return look_again.detect_on_turned_photos(tools, dataset_id, self.face_policy(dataset_id), progress)

    def main_face_tools(self, model_id: str) -> MainFaceTools:
        """For the vector of the main face of each photo. Raises NotFound as ``embedder``."""
        pipeline = self.pipeline(model_id)
        return MainFaceTools(pipeline, self.face_finder, choose_pace(self.settings.threads))

    def bundle_tools(self) -> BundleTools:
        """For recogniser files: with the hash of the weights behind every kind of vectors."""
        models = (*catalogue.EMBEDDING_MODELS, *catalogue.EARLIER)
        weights = {model.vectors_id: model.weights_sha256 for model in models}
        return BundleTools(
            store=self.store, runs=self.runs, artifacts=self.artifacts, models=weights, keyring=self.keyring
        )

    def export_tools(self) -> ExportTools:
        """For exporting photos, tables, vectors and recognisers."""
        return ExportTools(
            store=self.store,
            transfer=self.transfer,
            artifacts=self.artifacts,
            bundles=self.bundle_tools(),
            images=self.settings.images,
        )

    def import_tools(self) -> ImportTools:
        """For importing names, vectors and corrections."""
        return ImportTools(
            store=self.store,
            transfer=self.transfer,
            log=self.log,
            artifacts=self.artifacts,
            look_at_turned=self.look_at_turned,
            limits=self.settings.archives,
            images=self.settings.images,
        )

    def arrival_tools(self) -> ArrivalTools:
        """For what is brought in, through the browser or from the inbox."""
        return ArrivalTools(self.import_tools(), self.bundle_tools(), self.settings.uploads_dir)

    def adoption_tools(self) -> AdoptionTools:
        """For making a dataset of the prepared sample."""
        return AdoptionTools(self.store, self.transfer, self.artifacts)

    def lookup_tools(self) -> LookupTools:
        """For identifying many photos together."""
        settings = self.settings
        return LookupTools(
            store=self.store,
            jobs=self.jobs,
            artifacts=self.artifacts,
            exports_dir=settings.exports_dir,
            open_finder=self.face_finder,
            pace=choose_pace(settings.threads),
        )

    def erase_tools(self) -> EraseTools:
        """For erasing a person from the whole data folder."""
        settings = self.settings
        return EraseTools(
            store=self.store,
            eraser=self.eraser,
            runs=self.runs,
            jobs=self.jobs,
            artifacts=self.artifacts,
            data_dir=settings.data_dir,
            exports_dir=settings.exports_dir,
            uploads_dir=settings.uploads_dir,
            models_dir=settings.models_dir,
            receipts=ReceiptBook(self.retention, self.keyring),
            backup_days=settings.erased_in_backups_days,
        )

    def retention_tools(self) -> RetentionTools:
        """For how long people are kept."""
        return RetentionTools(self.store, self.retention)

    def leftover_tools(self) -> LeftoverTools:
        """For sweeping up after processes that were killed."""
        return LeftoverTools(
            store=self.store,
            runs=self.runs,
            jobs=self.jobs,
            eraser=self.eraser,
            try_lock=self.try_lock_dataset,
            artifacts=self.artifacts,
            exports_dir=self.settings.exports_dir,
            uploads_dir=self.settings.uploads_dir,
        )

    def backup_tools(self) -> BackupTools:
        """For backing up."""
        return BackupTools(
            write_rows=self._write_rows,
            open_rows=open_stored_rows,
            schema=SCHEMA_VERSION,
            artifacts=open_stored_artifacts(self.settings),
            data_dir=self.settings.data_dir,
            names_are_hashes=not is_encrypted(self.settings.data_dir),
        )

    def _write_rows(self, database: Path, dataset_id: str | None, progress: Progress) -> None:
        lend_keys(self.settings.data_dir, database.parent)
        write_snapshot(self.settings.database, database, dataset_id, progress)

    def restore_tools(self, backup_secret: str = "", sealed_keys: str = "") -> RestoreTools:
        """For restoring backups; encrypted ones with their own secret or sealed keys, if theirs are others."""
        return RestoreTools(
            store=self.store,
            transfer=self.transfer,
            artifacts=self.artifacts,
            uploads_dir=self.settings.uploads_dir,
            schema=SCHEMA_VERSION,
            open_rows=open_stored_rows,
            unlock=partial(self._unlock_backup, backup_secret or self.settings.secret, sealed_keys=sealed_keys),
            copy_rows=lambda source: StoreCopy(source, self.settings.database, at_any_time=True),
        )

    def doctor_tools(self, backup_secret: str = "") -> DoctorTools:
        """For looking through everything that is stored."""
        return DoctorTools(
            store=self.store,
            transfer=self.transfer,
            artifacts=self.artifacts,
            leftovers=self.leftover_tools(),
            find_database_faults=self.store.find_faults,
            open_pipeline=lambda dataset_id: self.pipeline(self.store.dataset(dataset_id).model_id),
            unlock_backup=partial(self._unlock_backup, backup_secret or self.settings.secret),
        )

    def _unlock_backup(self, secret: str, folder: Path, sealed_keys: str = "") -> Unseal:
        # Imported here: it loads the ciphers.
        from core.store.encryption.backup_keys import unlock_backup

        return unlock_backup(self.settings.data_dir, secret, folder, sealed_keys)

    def needs_backup_secret(self, folder: Path) -> bool:
        """Whether a backup in its folder is encrypted with another data key than this installation."""
        if not is_encrypted(folder):
            return False
        from core.store.encryption.backup_keys import needs_secret

        return needs_secret(self.settings.data_dir, folder)

    def seal_backup_keys(self, folder: Path, secret: str) -> str:
        """What opens a backup in its folder, for a job: "" where that can open it by itself.

        Parameters
        ----------
        secret : the passphrase or key of when it was taken; that of this installation where it is empty

        Raises
        ------
        InputRefused, DataFolderLocked
            The backup is encrypted and this installation is not, or the secret does not open it.
        """
        if not is_encrypted(folder):
            return ""
        from core.store.encryption.backup_keys import seal_backup_keys

        return seal_backup_keys(self.settings.data_dir, secret or self.settings.secret, folder)

    def run_tools(self) -> RunTools:
        """For training, evaluating and mapping."""
        return RunTools(self.store, self.runs, self.artifacts)

    def report_tools(self) -> ReportTools:
        """For the report on a run."""
        return ReportTools(self.store, self.runs, self.artifacts, self._networks)

    def _networks(self, vectors_id: str) -> tuple[ReportedNetwork, ...]:
        """The detector and an embedding model, with the hashes of their installed files."""
        models = catalogue.DETECTOR, catalogue.find_vectors_model(vectors_id)
        manifests = {manifest.model_id: manifest for manifest in installed_models(self.settings.models_dir)}
        return tuple(
            ReportedNetwork(
                id=model.id,
                title=model.title,
                release=getattr(model, "release", f"{catalogue.DETECTOR.package} {catalogue.DETECTOR.version}"),
                licence=model.licence,
                training_data=model.training_data,
                files=tuple((file.name, file.sha256) for file in manifests[model.id].files)
                if model.id in manifests
                else (),
            )
            for model in models
        )

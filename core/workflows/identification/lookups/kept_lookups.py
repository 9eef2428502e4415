"""The lookups of a dataset as they are kept: their photos, their list, and how they are forgotten."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from core.base.errors import InputRefused, NotFound
from core.base.files.folders import list_files
from core.base.machine import Pace
from core.formats.zip_writer import writing_zip
from core.language.texts import marked
from core.store.artifacts import ArtifactKind, Artifacts
from core.store.job_model import JobKind
from core.store.protocols import FaceStore, JobStore
from core.vision.pipeline import FacePipeline
from core.workflows.exchange.export import export_path
from core.workflows.identification.lookups import stored
from core.workflows.identification.lookups.values import Lookup, LookupInfo, LookupRequest, SortRequest
from core.workflows.photos.face_finding import FaceFinder


@dataclass(frozen=True)
class LookupTools:
    """What looking works with."""

    store: FaceStore
    jobs: JobStore
    artifacts: Artifacts
    exports_dir: Path
    open_finder: Callable[[FacePipeline], FaceFinder]
    """What finds faces with the vectors of a pipeline."""
    pace: Pace


def keep_lookup_photos(artifacts: Artifacts, dataset_id: str, lookup_id: str, upload: Path) -> Path:
    """Move an upload to where it lies as long as its lookup is kept; done again it changes nothing.

    Parameters
    ----------
    upload : a zip, or a folder of uploaded files, which become a zip
    """
    zip_path = kept_photos_path(artifacts, dataset_id, lookup_id)
    if zip_path.exists():
        return zip_path
    zip_path.parent.mkdir(parents=True, exist_ok=True)
    if upload.is_file():
        # Moved and not copied: uploads and results lie in one data folder, and a zip may have gigabytes.
        upload.replace(zip_path)
        artifacts.keep(dataset_id, ArtifactKind.LOOKUP_PHOTOS, lookup_id)
        return zip_path
    with writing_zip(zip_path) as target:
        for path in list_files(upload):
            target.add_file(path.relative_to(upload).as_posix(), path)
    artifacts.keep(dataset_id, ArtifactKind.LOOKUP_PHOTOS, lookup_id)
    return zip_path


def kept_photos_path(artifacts: Artifacts, dataset_id: str, lookup_id: str) -> Path:
    """Where the zip of a lookup's photos lies, when it is kept."""
    return artifacts.path(dataset_id, ArtifactKind.LOOKUP_PHOTOS, lookup_id)


def find_lookup_photos(artifacts: Artifacts, lookup: Lookup) -> Path:
    """The zip or folder that a lookup's photos are read from. Raises InputRefused when it is gone."""
    kept_zip = kept_photos_path(artifacts, lookup.dataset_id, lookup.id)
    path = Path(lookup.source) if lookup.source else kept_zip
    if not path.exists():
        raise InputRefused(
            marked(
                "The photos of '{title}' are not where they were, or were not kept. Put them back, or look again."
            ).format(title=lookup.title)
        )
    return path


def find_zip_names(jobs: JobStore, lookup: Lookup) -> str:
    """How names in the zip of a lookup were read; as they say themselves where no job looked, as for a tab's photos."""
    try:
        return LookupRequest.of(jobs.job(lookup.id)).zip_names
    except NotFound:
        return ""


def list_lookups(artifacts: Artifacts, dataset_id: str) -> list[LookupInfo]:
    """The lookups of a dataset, the newest first; a damaged one says so, to be forgotten."""
    infos = [_info(artifacts, dataset_id, lookup_id) for lookup_id in artifacts.ids(dataset_id, ArtifactKind.LOOKUP)]
    return sorted(infos, key=lambda info: info.created, reverse=True)


def _info(artifacts: Artifacts, dataset_id: str, lookup_id: str) -> LookupInfo:
    try:
        with artifacts.open(dataset_id, ArtifactKind.LOOKUP, lookup_id) as file:
            return stored.decode_lookup_info(file)
    except InputRefused as refusal:
        state = artifacts.find(dataset_id, ArtifactKind.LOOKUP, lookup_id)
        return LookupInfo(
            id=lookup_id,
            dataset_id=dataset_id,
            run_id="",
            title="",
            # What it says of itself cannot be read; the file's own time keeps its place in the list.
            created=state.written if state is not None else 0.0,
            photos=0,
            faces=0,
            covers=(),
            damage=str(refusal),
        )


def load_lookup(artifacts: Artifacts, dataset_id: str, lookup_id: str) -> Lookup:
    """A lookup that is kept. Raises NotFound when it was forgotten, InputRefused when its file is damaged."""
    return stored.decode_lookup(artifacts.read(dataset_id, ArtifactKind.LOOKUP, lookup_id))


def forget_lookup(tools: LookupTools, dataset_id: str, lookup_id: str) -> None:
    """Remove a lookup with the photos kept for it, what was sorted of them, and the jobs' records; for good.

    What the user's own folders hold stays.
    """
    # The list entry first: after a kill in between no entry is left whose photos are gone.
    for kind in (ArtifactKind.LOOKUP, ArtifactKind.LOOKUP_PART, ArtifactKind.LOOKUP_PHOTOS):
        tools.artifacts.delete(dataset_id, kind, lookup_id)
    for job in tools.jobs.jobs(dataset_id, limit=None):
        if job.id == lookup_id or (job.kind is JobKind.SORT and SortRequest.of(job).lookup == lookup_id):
            export_path(tools.exports_dir, dataset_id, job.id).unlink(missing_ok=True)
            tools.jobs.forget_job(job.id)


def remove_abandoned_lookups(artifacts: Artifacts, dataset_id: str, unfinished: Collection[str]) -> None:
    """Remove what was left by lookups that were given up: their ids are neither kept nor ``unfinished``."""
    finished = set(artifacts.ids(dataset_id, ArtifactKind.LOOKUP))
    for kind in (ArtifactKind.LOOKUP_PART, ArtifactKind.LOOKUP_PHOTOS):
        for lookup_id in artifacts.ids(dataset_id, kind):
            if lookup_id not in unfinished and lookup_id not in finished:
                artifacts.delete(dataset_id, kind, lookup_id)

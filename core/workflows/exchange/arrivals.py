"""What a file from elsewhere holds that can be brought in, told before anything is taken.

A file is a bundle, a correction log, an XMP sidecar or vectors; a zip or folder may hold several of them, as an export
of everything does.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from core.archives.file_names import PHOTO_EXTENSIONS
from core.archives.zip_file import ZipMembers
from core.base import words
from core.base.errors import InputRefused
from core.base.files.folders import list_files, sum_bytes
from core.base.settings import ArchiveLimits
from core.formats.correction_log import EventLine, FaceLine
from core.language.texts import marked
from core.signing.keyring import UNSIGNED, Signer
from core.store.values.datasets import Dataset
from core.workflows.exchange import bundles, import_names, imports
from core.workflows.exchange.bundles import BundleTools
from core.workflows.exchange.export import ExportKind
from core.workflows.exchange.imports import ImportTools
from core.workflows.exchange.name_sources import SIDECAR_ENDING, may_say_names, read_name_sources
from core.workflows.exchange.signers import recognise_export

ENDINGS = ("zip", "jsonl", "xmp", "npz", "parquet", *sorted(PHOTO_EXTENSIONS))
"""Of files that may hold something to bring in."""
MOST_LOOKED_INTO_BYTES = 64 << 20
"""Of photos that are looked into before anything is taken: about half a second."""
_MANIFEST = "manifest.json"
_ORDER = (ExportKind.LOG, ExportKind.XMP, ExportKind.BUNDLE, ExportKind.EMBEDDINGS)
"""What can be undone comes first: the first is offered unless another is chosen."""
_EXPECTED = marked("Give a bundle, a correction log (.jsonl), XMP sidecars, photos, or vectors (.npz, .parquet).")


@dataclass(frozen=True)
class ArrivalTools:
    """What bringing in works with."""

    imports: ImportTools
    bundles: BundleTools
    scratch_dir: Path
    """Room for what has to be taken out of a zip."""


@dataclass(frozen=True, slots=True)
class ArrivalPart:
    """One thing that can be brought in, and what can be said of it beforehand."""

    kind: ExportKind
    member: str = ""
    """Where it lies in a zip or folder; empty when it is the whole."""
    count: int = 0
    """People of a bundle, corrections of a log, sidecars, or vectors."""
    photos: int = 0
    """Photos that carry names inside, or that may where there are too many to look into."""
    origin: str = ""
    """The dataset that a bundle was trained on."""
    model_id: str = ""
    n_mentioned: int = 0
    """Photos that a log speaks of, or faces that come along with a bundle."""
    n_present: int = 0
    """How many of a log's photos, or of the faces that vectors are of, this dataset has."""
    objection: str = ""
    """Why it cannot be taken."""
    signer: Signer = UNSIGNED
    """Who wrote the file, or the zip that it came in."""


def inspect_arrival(tools: ArrivalTools, path: Path, dataset_id: str | None) -> list[ArrivalPart]:
    """What is in a file, zip or folder; what cannot be taken into this dataset comes with the reason.

    Raises
    ------
    InputRefused
        Nothing of it can be brought in.
    """
    parts = [_with_photos(tools.imports, path, part) for part in _list_parts(path, tools.imports.limits)]
    # Photos are listed before it is known whether they carry names; a part of plain photos offers nothing.
    parts = [part for part in parts if part.kind is not ExportKind.XMP or part.count or part.photos]
    if not parts:
        raise InputRefused(
            marked("There is nothing in '{file}' that can be brought in. {expected}").format(
                file=path.name, expected=_EXPECTED
            )
        )
    # Of a large zip the files are compared with what was signed when they are taken.
    is_small = path.is_file() and _size_bytes(path) <= MOST_LOOKED_INTO_BYTES
    signer = recognise_export(tools.bundles.keyring, tools.imports.limits, path, lambda name: is_small)
    return [_describe_part(tools, path, replace(part, signer=signer), dataset_id) for part in parts]


# what is in it


def _list_parts(path: Path, limits: ArchiveLimits) -> list[ArrivalPart]:
    if path.is_file() and path.suffix.lower() != ".zip":
        kind = kind_of_file(path.name)
        return [] if kind is None else [_names_in([path.name]) if kind is ExportKind.XMP else ArrivalPart(kind)]
    names = list_file_names(path, limits)
    # A bundle is a zip of parts, among them npz files that would each be offered as vectors.
    if not path.is_dir() and _MANIFEST in names:
        return [ArrivalPart(ExportKind.BUNDLE)]
    return _group_parts(names)


def list_file_names(path: Path, limits: ArchiveLimits) -> list[str]:
    """The names of all files in a folder or zip. Raises InputRefused when it is gone."""
    if path.is_dir():
        return [file.relative_to(path).as_posix() for file in list_files(path)]
    if not path.exists():
        raise InputRefused(marked("'{file}' is not there any more. Give it again.").format(file=path.name))
    with ZipMembers(path, limits) as members:
        return list(members.names)


def _group_parts(names: Iterable[str]) -> list[ArrivalPart]:
    """Sidecars and photos are one part wherever they lie; everything else counts at the top only."""
    kinds = {name: kind for name in names if (kind := kind_of_file(name)) is not None}
    parts = []
    for name, kind in kinds.items():
        # An export has the same vectors in both forms, and one of them is enough.
        twin = name.lower().endswith(".parquet") and f"{PurePosixPath(name).stem}.npz" in kinds
        # A log in a sub-folder belongs to what else lies there, and may be of another dataset.
        if kind is not ExportKind.XMP and "/" not in name and not twin:
            parts.append(ArrivalPart(kind, name))
    if sources := [name for name, kind in kinds.items() if kind is ExportKind.XMP]:
        parts.append(_names_in(sources))
    return sorted(parts, key=lambda part: _ORDER.index(part.kind))


def _names_in(sources: Sequence[str]) -> ArrivalPart:
    """Sidecars, and photos that may carry names inside."""
    sidecars = sum(name.lower().endswith(SIDECAR_ENDING) for name in sources)
    return ArrivalPart(ExportKind.XMP, count=sidecars, photos=len(sources) - sidecars)


def _with_photos(tools: ImportTools, path: Path, part: ArrivalPart) -> ArrivalPart:
    """The part with the photos that carry names, where they are few enough to look into while somebody waits."""
    if not part.photos or _size_bytes(path) > MOST_LOOKED_INTO_BYTES:
        return part
    return replace(part, photos=import_names.count_photos_with_names(read_name_sources(path, tools.limits)))


def _size_bytes(path: Path) -> int:
    return sum_bytes(list_files(path) if path.is_dir() else [path])


def kind_of_file(name: str) -> ExportKind | None:
    """What a file may be, by its name; None for what cannot be brought in."""
    lower = PurePosixPath(name).name.lower()
    # Asked first: a photo's ending says more than what stands before it.
    if may_say_names(name):
        return ExportKind.XMP
    endings = {".jsonl": ExportKind.LOG, ".npz": ExportKind.EMBEDDINGS, "bundle.zip": ExportKind.BUNDLE}
    # The table of faces of an export is for people and their programs; there is nothing in it to take.
    if lower.endswith(".parquet") and lower != "faces.parquet":
        return ExportKind.EMBEDDINGS
    return next((kind for ending, kind in endings.items() if lower.endswith(ending)), None)


# what can be said of it


def _describe_part(tools: ArrivalTools, path: Path, part: ArrivalPart, dataset_id: str | None) -> ArrivalPart:
    try:
        with open_part(tools, path, part.member) as file:
            if part.kind is ExportKind.BUNDLE:
                return _describe_bundle(tools.bundles, file, part)
            dataset = require_photos(tools, dataset_id)
            if part.kind is ExportKind.LOG:
                return _describe_log(tools.imports, file, part, dataset)
            return _describe_vectors(tools.imports, file, part, dataset) if part.kind is ExportKind.EMBEDDINGS else part
    # Told beside the part and not raised: of an export of everything the rest can be taken.
    except InputRefused as refusal:
        return replace(part, objection=str(refusal))


def require_photos(tools: ArrivalTools, dataset_id: str | None) -> Dataset:
    """The dataset that something is to be brought into. Raises InputRefused where it has no photos yet."""
    if dataset_id is None:
        raise InputRefused(marked("It belongs to photos, and there are none here yet. Add the photos first."))
    dataset = tools.imports.store.dataset(dataset_id)
    if not tools.imports.store.counts(dataset_id).photos:
        raise InputRefused(
            marked("It belongs to photos, and '{dataset}' holds none. Add them first.").format(dataset=dataset.name)
        )
    return dataset


def _describe_bundle(tools: BundleTools, file: Path, part: ArrivalPart) -> ArrivalPart:
    bundle, digest = bundles.read_usable_bundle(tools, file)
    if (earlier_run := bundles.find_imported(tools, digest)) is not None:
        name = tools.store.dataset(earlier_run.dataset_id).name
        raise InputRefused(marked("It is here already, as the dataset '{dataset}'.").format(dataset=name))
    n_faces = len(bundle.gallery) if bundle.gallery else 0
    return replace(
        part,
        count=len(bundle.people),
        origin=bundle.dataset,
        model_id=bundle.model_id,
        n_mentioned=n_faces,
        signer=tools.keyring.recognise(bundle.signature),
    )


def _describe_log(tools: ImportTools, file: Path, part: ArrivalPart, dataset: Dataset) -> ArrivalPart:
    lines = imports.read_log(file, tools.limits)
    photos = {line.photo_id for line in lines if isinstance(line, FaceLine)}
    n_present = len(photos & tools.transfer.photo_ids(dataset.id).keys())
    if photos and not n_present:
        raise InputRefused(
            marked("None of the {photos} photos that the log speaks of is in '{dataset}'.").format(
                photos=words.count(len(photos)), dataset=dataset.name
            )
        )
    n_active = sum(isinstance(line, EventLine) and line.active and line.undoes is None for line in lines)
    return replace(part, count=n_active, n_mentioned=len(photos), n_present=n_present)


def _describe_vectors(tools: ImportTools, file: Path, part: ArrivalPart, dataset: Dataset) -> ArrivalPart:
    embeddings = imports.read_fitting_vectors(tools, dataset.id, file)
    n_present = len(set(embeddings.face_ids) & set(tools.store.face_table(dataset.id).face_ids))
    if not n_present:
        raise InputRefused(
            marked("None of the {faces} faces that the vectors are of is in '{dataset}'.").format(
                faces=words.count(len(embeddings)), dataset=dataset.name
            )
        )
    return replace(part, count=len(embeddings), model_id=embeddings.model_id, n_present=n_present)


@contextmanager
def open_part(tools: ArrivalTools, path: Path, member: str) -> Iterator[Path]:
    """The file itself, one of a folder, or one of a zip, which is taken out for as long as it is needed."""
    if not member:
        yield path
    elif path.is_dir():
        yield path / member
    else:
        with (
            ZipMembers(path, tools.imports.limits) as members,
            tempfile.TemporaryDirectory(dir=tools.scratch_dir, prefix="part-") as folder,
        ):
            extracted = Path(folder) / PurePosixPath(member).name
            # A file of its own, as readers want to move about in it and the child that reads opens it by its path.
            extracted.write_bytes(members.read(member))
            yield extracted

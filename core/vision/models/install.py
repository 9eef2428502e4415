"""Install a pretrained model: fetch, verify, convert, verify, and put it in its place in one step.

Conversion needs TensorFlow and happens in a process of its own (``export.py``); this module imports none
of it. A finished model is a folder with a manifest (``manifest.py``).
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.base.errors import ModelUnavailable, NotFound
from core.base.machine import read_processor
from core.base.progress import UNWATCHED, Progress
from core.vision.models.catalogue import (
    EXPORT_MISSING_PACKAGE,
    DetectorModel,
    EmbeddingModel,
    SdistSource,
    Source,
    find_model,
)
from core.vision.models.fetch import fetch_source, require_sha256, take_weights
from core.vision.models.manifest import (
    INT8_FOLDER,
    ONNX_FOLDER,
    WEIGHTS_NAME,
    Manifest,
    describe_files,
    file_sha256,
    verify_model,
    weights_path,
    write_manifest,
)
from core.vision.models.sample import SAMPLE_NAME, install_sample
from core.vision.models.workspace import locked_workspace, replace_folder


@dataclass(frozen=True, slots=True)
class _Converter:
    """A program that writes networks in one form, and what it needs."""

    program: str
    packages: tuple[str, ...]
    """Whose versions the manifest notes."""
    imported: tuple[str, ...]
    requirements: str


_OPENVINO = _Converter(
    program="core.vision.models.export",
    packages=("tensorflow", "keras", "openvino", "mtcnn", "keras-facenet"),
    imported=("tensorflow", "openvino", "mtcnn", "keras_facenet", "cv2"),
    requirements="requirements.txt",
)
_ONNX = _Converter(
    program="core.vision.models.onnx_export",
    # Not onnxruntime: its package has another name for every kind of graphics card.
    packages=("tensorflow", "keras", "tf2onnx", "onnx", "mtcnn", "keras-facenet"),
    imported=("tensorflow", "tf2onnx", "onnx", "onnxruntime", "mtcnn", "keras_facenet", "cv2"),
    requirements="requirements-gpu.txt",
)
_INT8 = _Converter(
    program="core.vision.models.quantise",
    packages=("openvino", "nncf"),
    imported=("openvino", "nncf", "cv2"),
    requirements="requirements.txt",
)
_PROJECT_DIR = Path(__file__).resolve().parents[3]


def install_model(
    model_id: str, models_dir: Path, progress: Progress = UNWATCHED, from_file: Path | None = None
) -> Manifest:
    """Install a model, or give its manifest at once when it is there and intact.

    ``from_file`` is a source that was fetched by other means: the source distribution or the weights
    themselves, recognised by their hash.

    Raises ModelUnavailable when it cannot be fetched, verified or converted, NotFound for an unknown name
    or file, DataFolderBusy when another installation does not end. In every case nothing half-made stays.
    """
    model = find_model(model_id)
    if from_file is not None and not from_file.is_file():
        raise NotFound(f"There is no file '{from_file}'. Give the path of a file that was fetched before.")
    present = _intact(models_dir, model_id)
    if present and from_file is None:
        return present
    with locked_workspace(models_dir, model.install_bytes, progress) as scratch:
        # Another process may have installed it while we waited.
        present = _intact(models_dir, model_id)
        if isinstance(model, DetectorModel):
            return present or _install_detector(model, scratch, progress)
        if present and from_file:
            _add_sample(model, from_file, scratch)
        return present or _install_embedding(model, scratch, progress, from_file)


def _intact(models_dir: Path, model_id: str) -> Manifest | None:
    try:
        return verify_model(models_dir, model_id)
    except ModelUnavailable:
        return None


def _install_detector(model: DetectorModel, scratch: Path, progress: Progress) -> Manifest:
    _require_packages(_OPENVINO)
    digest = hashlib.sha256()
    for name, sha256 in model.weights_sha256:
        require_sha256(_package_dir(model.package) / "assets" / "weights" / name, sha256)
        digest.update(sha256.encode())
    folder = _new_folder(scratch)
    progress.report(0, 1, f"Converting {model.title}")
    _export(_OPENVINO, [model.id, str(folder)])
    return _finish(_OPENVINO, folder, model.id, f"{model.package} {model.version}", digest.hexdigest())


def _install_embedding(model: EmbeddingModel, scratch: Path, progress: Progress, from_file: Path | None) -> Manifest:
    _require_packages(_OPENVINO)
    folder = _new_folder(scratch)
    weights = folder / WEIGHTS_NAME
    origin = _take_file(model, from_file, weights) if from_file else _obtain(model, weights, progress)
    progress.report(0, 1, f"Converting {model.title}")
    _export(_OPENVINO, ["embedding", str(weights), str(model.dimension), str(folder)])
    return _finish(_OPENVINO, folder, model.id, origin, file_sha256(weights))


def install_for_onnx(model_id: str, models_dir: Path, progress: Progress = UNWATCHED) -> Manifest:
    """Convert an installed model for ONNX Runtime, or give that manifest at once when it is there and intact.

    Raises ModelUnavailable when the model is not installed or cannot be converted, DataFolderBusy when another
    installation does not end. In every case nothing half-made stays.
    """
    model, origin = find_model(model_id), verify_model(models_dir, model_id)
    with locked_workspace(models_dir / ONNX_FOLDER, model.install_bytes, progress) as scratch:
        present = _intact(models_dir / ONNX_FOLDER, model_id)
        if present and present.weights_sha256 == origin.weights_sha256:
            return present
        _require_packages(_ONNX)
        folder = _new_folder(scratch)
        progress.report(0, 1, f"Converting {model.title} for ONNX Runtime")
        if isinstance(model, DetectorModel):
            _export(_ONNX, [model_id, str(folder)])
        else:
            weights = weights_path(models_dir, model_id)
            _export(_ONNX, ["embedding", str(weights), str(model.dimension), str(folder)])
        return _finish(_ONNX, folder, model_id, origin.source, origin.weights_sha256)


def install_quantised(model_id: str, models_dir: Path, threads: int, progress: Progress = UNWATCHED) -> Manifest:
    """Quantise an installed embedding model with the sample's photos, or give that manifest when it is there already.

    Its folder holds the network only where it is faster on this machine. Raises ModelUnavailable when the model, the
    detector or the sample is not installed or it fails, DataFolderBusy when another installation does not end.
    """
    model, origin = find_model(model_id), verify_model(models_dir, model_id)
    source = f"{read_processor().name}, {threads} threads"
    with locked_workspace(models_dir / INT8_FOLDER, model.install_bytes, progress) as scratch:
        present = _intact(models_dir / INT8_FOLDER, model_id)
        # Another processor may find the other one faster.
        if present and (present.weights_sha256, present.source) == (origin.weights_sha256, source):
            return present
        _require_packages(_INT8)
        folder = _new_folder(scratch)
        progress.report(0, 1, f"Quantising {model.title}")
        _export(_INT8, [str(models_dir), model_id, str(threads), str(folder)])
        return _finish(_INT8, folder, model_id, source, origin.weights_sha256)


def _new_folder(scratch: Path) -> Path:
    folder = scratch / "model"
    folder.mkdir()
    return folder


def _finish(converter: _Converter, folder: Path, model_id: str, origin: str, weights_sha256: str) -> Manifest:
    """Write the manifest, put the folder in its place and read everything back."""
    manifest = Manifest(
        model_id=model_id,
        source=origin,
        weights_sha256=weights_sha256,
        files=describe_files(folder),
        versions={name: importlib.metadata.version(name) for name in converter.packages},
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    write_manifest(folder, manifest)
    models_dir = folder.parent.parent
    replace_folder(folder, models_dir / model_id)
    # Read back from its final place: what was written on a failing disk is told now, not at the next start.
    return verify_model(models_dir, model_id)


# Where the weights come from ----------------------------------------------------------------------------


def _obtain(model: EmbeddingModel, weights: Path, progress: Progress) -> str:
    """Put the weights at ``weights`` from the first source that gives them; says which that was."""
    scratch = weights.parent.parent
    installed_weights = scratch.parent / model.id / WEIGHTS_NAME
    if installed_weights.is_file() and file_sha256(installed_weights) in _accepted(model):
        # Only the converted network was damaged, or is of an older form: nothing has to be fetched.
        shutil.copyfile(installed_weights, weights)
        return "the weights that were installed before"
    failures = []
    for source in model.sources:
        try:
            archive = fetch_source(source, scratch, progress)
            _take_source(source, archive, weights, scratch)
            return source.title
        except ModelUnavailable as error:
            failures.append(str(error))
    raise ModelUnavailable(
        f"The model '{model.id}' could not be installed. {' '.join(failures)} On a computer without a "
        f"network, fetch {model.sources[0].file_name} elsewhere, bring it here and run "
        f"`python -m core models install {model.id} --from FILE`."
    )


def _take_source(source: Source, path: Path, weights: Path, scratch: Path) -> None:
    """Bring the weights out of a verified source; with a source distribution, the sample dataset too."""
    if isinstance(source, SdistSource):
        take_weights(path, source, weights)
        install_sample(path, source, scratch)
    else:
        shutil.copyfile(path, weights)


def _take_file(model: EmbeddingModel, path: Path, weights: Path) -> str:
    """Bring the weights out of the user's file, recognised by its hash; says what it was."""
    sha256 = file_sha256(path)
    for source in model.sources:
        if sha256 == source.sha256:
            _take_source(source, path, weights, weights.parent.parent)
            return f"{source.file_name} ({source.title})"
        if sha256 == source.weights_sha256:
            shutil.copyfile(path, weights)
            return f"the weights of {source.title}"
    raise ModelUnavailable(
        f"'{path.name}' (sha256 {sha256}) is no source of '{model.id}'. Expected one of: "
        + "; ".join(f"{source.file_name}, sha256 {source.sha256}" for source in model.sources)
        + ". Check the file's name, or fetch it again."
    )


def _add_sample(model: EmbeddingModel, path: Path, scratch: Path) -> None:
    """Make the sample dataset when an installed model is given its source distribution again."""
    if (scratch.parent / "sample" / SAMPLE_NAME).is_file():
        return
    sha256 = file_sha256(path)
    for source in model.sources:
        if isinstance(source, SdistSource) and sha256 == source.sha256:
            install_sample(path, source, scratch)


def _accepted(model: EmbeddingModel) -> set[str]:
    return {source.weights_sha256 for source in model.sources}


# Conversion ---------------------------------------------------------------------------------------------


def _export(converter: _Converter, arguments: list[str]) -> None:
    """Run a converting program and raise ModelUnavailable with its reason unless it ends well."""
    process = subprocess.run(
        [sys.executable, "-m", converter.program, *arguments],
        cwd=_PROJECT_DIR,
        env={**os.environ, "PYTHONPATH": str(_PROJECT_DIR)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode == 0:
        return
    lines = process.stderr.strip().splitlines()
    reason = lines[-1] if lines else "it gave no reason"
    if process.returncode == EXPORT_MISSING_PACKAGE:
        raise _missing(converter, reason)
    if process.returncode < 0:
        reason = f"it was ended by signal {-process.returncode}; the memory may be too small (2 GB are needed)"
    raise ModelUnavailable(f"Converting the network failed: {reason}. Nothing was installed; try again.")


def _require_packages(converter: _Converter) -> None:
    missing = [name for name in converter.imported if importlib.util.find_spec(name) is None]
    if missing:
        raise _missing(converter, f"not installed: {', '.join(missing)}")


def _missing(converter: _Converter, reason: str) -> ModelUnavailable:
    return ModelUnavailable(
        f"Converting a network needs TensorFlow and the packages of the networks ({reason}). Run "
        f"`python -m pip install -r {converter.requirements}` in the environment of Face Atlas and try again."
    )


def _package_dir(package: str) -> Path:
    """Where an installed package lies, found without importing it."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise _missing(_OPENVINO, f"not installed: {package}")
    return Path(spec.submodule_search_locations[0])

"""What an installed model says about itself: ``manifest.json`` beside its networks.

A model is installed when its folder holds a manifest and the files that the manifest lists. Layout::

    <models_dir>/mtcnn/{pnet,rnet,onet}.{xml,bin}  manifest.json
    <models_dir>/<embedding id>/embed.{xml,bin}  weights.h5  manifest.json
    <models_dir>/onnx/<id>/<network>.onnx  manifest.json         the same networks for ONNX Runtime, if asked for
    <models_dir>/int8/<id>/embed.{xml,bin}  speed.json  manifest.json    the embedder in 8 bits, if faster here
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from core.base.errors import ModelUnavailable
from core.language.texts import marked
from core.vision.models.catalogue import EXPORT_FORMAT, find_model

MANIFEST_NAME = "manifest.json"
WEIGHTS_NAME = "weights.h5"
ONNX_FOLDER = "onnx"
INT8_FOLDER = "int8"
SPEED_NAME = "speed.json"
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class InstalledFile:
    """One file of an installed model."""

    name: str
    n_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was installed, from where, and by which versions of the converting packages."""

    model_id: str
    source: str
    weights_sha256: str
    """Of the original weights; of the detector, the hashes of its three files joined and hashed."""
    files: tuple[InstalledFile, ...]
    versions: Mapping[str, str]
    created: str
    """ISO 8601, UTC."""
    export_format: int = EXPORT_FORMAT


@dataclass(frozen=True, slots=True)
class MeasuredSpeed:
    """How long an embedding network takes on this machine as it came, and quantised."""

    precision: str
    """Of the former: "f32" or "bf16"."""
    plain_ms: float
    """An image of a full batch."""
    int8_ms: float

    @property
    def speedup(self) -> float:
        """How many times as fast the quantised one is."""
        return self.plain_ms / self.int8_ms


def file_sha256(path: Path) -> str:
    """The sha256 of a file's content, 64 hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def describe_files(folder: Path) -> tuple[InstalledFile, ...]:
    """Size and hash of every file in ``folder`` but the manifest, by name."""
    paths = sorted(path for path in folder.iterdir() if path.name != MANIFEST_NAME)
    return tuple(InstalledFile(path.name, path.stat().st_size, file_sha256(path)) for path in paths)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write ``manifest.json`` into the model's folder."""
    text = json.dumps(asdict(manifest), indent=2, sort_keys=True)
    (folder / MANIFEST_NAME).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """The manifest in a model's folder. Raises ModelUnavailable when there is none that can be read."""
    try:
        fields = json.loads((folder / MANIFEST_NAME).read_text(encoding="utf-8"))
        fields["files"] = tuple(InstalledFile(**entry) for entry in fields["files"])
        return Manifest(**fields)
    except FileNotFoundError:
        raise ModelUnavailable(
            marked("The model '{model}' is not installed. {way_out}").format(
                model=folder.name, way_out=_way_out(folder)
            )
        ) from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelUnavailable(
            marked("The manifest of '{model}' cannot be read ({fault}). {way_out}").format(
                model=folder.name, fault=error, way_out=_way_out(folder)
            )
        ) from error


def verify_model(models_dir: Path, model_id: str) -> Manifest:
    """The manifest of a model whose every file has the hash that it was installed with.

    Reads all files (about 0.1 s per 100 MB). Raises ModelUnavailable naming the first damaged file.
    """
    folder = models_dir / model_id
    manifest = read_manifest(folder)
    _require_complete(folder, manifest)
    for entry in manifest.files:
        if file_sha256(folder / entry.name) != entry.sha256:
            raise _damaged(folder, marked("{file} has changed since it was installed").format(file=entry.name))
    return manifest


def installed_models(models_dir: Path) -> list[Manifest]:
    """The manifests of every model that is there with files of the right sizes, by name.

    Does not read the files' content: ``verify_model`` does.
    """
    return list(_installed(models_dir))


def network_path(models_dir: Path, model_id: str, network: str) -> Path:
    """The ``.xml`` of one network ('pnet', 'rnet', 'onet'; 'embed'). Raises ModelUnavailable."""
    known = find_model(model_id).networks
    if network not in known:
        raise ValueError(f"'{model_id}' has the networks {', '.join(known)}, not '{network}'")
    return _file(models_dir, model_id, f"{network}.xml", f"{network}.bin")


def weights_path(models_dir: Path, model_id: str) -> Path:
    """The Keras weights of an embedding model, for the reference engine. Raises ModelUnavailable."""
    return _file(models_dir, model_id, WEIGHTS_NAME)


def onnx_path(models_dir: Path, model_id: str, network: str) -> Path:
    """The ``.onnx`` file of one network. Raises ModelUnavailable."""
    return _file(models_dir / ONNX_FOLDER, model_id, f"{network}.onnx")


def quantised_networks(models_dir: Path) -> dict[str, Path]:
    """The ``.xml`` of each embedding network that is there in 8 bits, intact and of the weights that are installed."""
    paths = {}
    for manifest in installed_models(models_dir / INT8_FOLDER):
        try:
            origin = read_manifest(models_dir / manifest.model_id)
            is_faster = any(file.name == "embed.xml" for file in manifest.files)
            if is_faster and origin.weights_sha256 == manifest.weights_sha256:
                paths[manifest.model_id] = _file(models_dir / INT8_FOLDER, manifest.model_id, "embed.xml", "embed.bin")
        except ModelUnavailable:
            # The network in floats is there all the same, or says itself what it lacks.
            continue
    return paths


def read_speed(models_dir: Path, model_id: str) -> MeasuredSpeed | None:
    """What was measured when the model was quantised here; None where it was not, or cannot be read."""
    try:
        content = _file(models_dir / INT8_FOLDER, model_id, SPEED_NAME).read_text("utf-8")
        return MeasuredSpeed(**json.loads(content))
    except (ModelUnavailable, ValueError, TypeError):
        return None


def _file(models_dir: Path, model_id: str, name: str, *beside: str) -> Path:
    """A file that is about to be loaded, with those that are loaded with it: whole, by size and hash."""
    folder = models_dir / model_id
    manifest = read_manifest(folder)
    _require_complete(folder, manifest)
    for entry in manifest.files:
        if (
            entry.name in (name, *beside)
            and _sha256_of_state(folder / entry.name, _state(folder / entry.name)) != entry.sha256
        ):
            raise _damaged(
                folder, marked("{file} is damaged: it has changed since it was installed").format(file=entry.name)
            )
    return folder / name


def _state(path: Path) -> tuple[int, int, int]:
    """What changes when a file is written: its size in bytes, time of writing in ns, and inode."""
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


# The state is a part of the key only: a file that was written again is read again.
@lru_cache(maxsize=64)
def _sha256_of_state(path: Path, _state: tuple[int, int, int]) -> str:
    """Read once a process and state. It tells damage, not somebody who can write the manifest too."""
    return file_sha256(path)


def _installed(models_dir: Path) -> Iterator[Manifest]:
    # Not the hidden ones: a workspace may hold a manifest before its model is in place.
    for path in sorted(models_dir.glob(f"[!.]*/{MANIFEST_NAME}")):
        try:
            manifest = read_manifest(path.parent)
            _require_complete(path.parent, manifest)
        except ModelUnavailable:
            continue
        yield manifest


def _require_complete(folder: Path, manifest: Manifest) -> None:
    if manifest.export_format != EXPORT_FORMAT:
        raise _damaged(folder, marked("it was converted by another version of Face Atlas"))
    for entry in manifest.files:
        path = folder / entry.name
        if not path.is_file():
            raise _damaged(folder, marked("{file} is missing").format(file=entry.name))
        if path.stat().st_size != entry.n_bytes:
            raise _damaged(
                folder,
                marked("{file} has {size} bytes, not {expected}").format(
                    file=entry.name, size=path.stat().st_size, expected=entry.n_bytes
                ),
            )


def _damaged(folder: Path, problem: str) -> ModelUnavailable:
    return ModelUnavailable(
        marked("The model '{model}' cannot be used: {problem}. {way_out}").format(
            model=folder.name, problem=problem, way_out=_way_out(folder)
        )
    )


def _way_out(folder: Path) -> str:
    engine = " --engine onnx" if folder.parent.name == ONNX_FOLDER else ""
    return marked("Run `python -m core models install {model}{engine}`.").format(model=folder.name, engine=engine)

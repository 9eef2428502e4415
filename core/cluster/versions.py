"""What decides the faces that a node finds: Python, packages, the program's code and the networks.

Two nodes that differ in any of it would write vectors that look alike and are not the same.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib import metadata
from pathlib import Path

from core.base.errors import ClusterUnavailable
from core.base.settings import Settings
from core.vision.models.manifest import INT8_FOLDER, ONNX_FOLDER, SPEED_NAME, installed_models

PACKAGES = ("numpy", "opencv-python-headless", "pillow", "simplejpeg", "pillow-heif", "openvino", "onnxruntime", "ray")
_CORE = Path(__file__).resolve().parents[1]
_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Versions:
    """Of one machine; what is compared has a name that people read."""

    python: str
    packages: tuple[tuple[str, str], ...]
    code: str
    """A hash of the program's modules."""
    networks: tuple[tuple[str, str], ...]
    """The installed models with a hash of what they are."""

    def items(self) -> Iterator[tuple[str, str]]:
        """Everything that is compared, by its name."""
        yield "Python", self.python
        yield "Face Atlas", self.code
        yield from self.packages
        yield from ((f"model {model_id}", digest) for model_id, digest in self.networks)


def read_versions(settings: Settings, model_ids: Sequence[str]) -> Versions:
    """Those of this machine, with the networks of these models as far as they are installed."""
    return Versions(
        python=platform.python_version(),
        packages=_package_versions(settings.engine),
        code=hash_code(),
        networks=tuple(_hash_networks(settings, model_ids)),
    )


def require_same(here: Versions, there: Versions, node: str) -> None:
    """Raises ClusterUnavailable with both versions of what differs."""
    ours, theirs = dict(here.items()), dict(there.items())
    differences = [
        f"{name} is {theirs.get(name, 'missing')} there and {ours.get(name, 'missing')} here"
        for name in dict.fromkeys((*ours, *theirs))
        if ours.get(name) != theirs.get(name)
    ]
    if differences:
        raise ClusterUnavailable(
            f"The node {node} of the Ray cluster would compute something else: {'; '.join(differences)}. Install the "
            "same on all nodes, start that node anew, and resume the job."
        )


def _hash_networks(settings: Settings, model_ids: Sequence[str]) -> Iterator[tuple[str, str]]:
    """By the manifests: whether the files are what those say is asked when they are loaded."""
    folders = {"onnx": (ONNX_FOLDER,), "openvino": (".", INT8_FOLDER)}.get(settings.engine, (".",))
    for folder in folders[: 1 if not settings.quantised else None]:
        for manifest in installed_models(settings.models_dir / folder):
            if manifest.model_id in model_ids:
                # How fast the machine was that quantised it is no part of what it computes.
                files = sorted((file.name, file.sha256) for file in manifest.files if file.name != SPEED_NAME)
                name = manifest.model_id if folder == "." else f"{manifest.model_id} ({folder})"
                yield name, sha256(repr(files).encode()).hexdigest()[:_DIGITS]


def _package_versions(engine: str) -> tuple[tuple[str, str], ...]:
    other_engine = "onnxruntime" if engine == "openvino" else "openvino"
    return tuple((name, _version(name)) for name in PACKAGES if name != other_engine)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "missing"


@lru_cache(maxsize=1)
def hash_code() -> str:
    """A hash over the program's modules, by their names."""
    digest = sha256()
    for path in sorted(_CORE.rglob("*.py")):
        digest.update(path.relative_to(_CORE).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:_DIGITS]

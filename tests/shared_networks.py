"""Networks are loaded and compiled once by each process of the tests, and converted once for many runs of them.

Commands that a test gives in its own process make an engine each, and compiling an embedder for three sizes of batches
takes two processor seconds. What is shared is the real network; its file is known by where it lies and when it was
written, so that one that is replaced or damaged is loaded anew.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from core.vision.engine.openvino import OpenVinoEngine, OpenVinoNetwork
from core.vision.models import catalogue
from core.vision.models.manifest import MANIFEST_NAME

PROJECT_DIR = Path(__file__).resolve().parents[1]


def share_networks(patch: pytest.MonkeyPatch) -> None:
    """From now on engines of the same settings have their networks together."""
    load = OpenVinoEngine._load
    loaded: dict[tuple[object, ...], OpenVinoNetwork] = {}

    def load_once(engine: OpenVinoEngine, path: Path, network: str) -> OpenVinoNetwork:
        files = [file.resolve() for file in (path, path.with_suffix(".bin")) if file.exists()]
        written = tuple((file, file.stat().st_mtime_ns, file.stat().st_size) for file in files)
        key = (written, network, engine.threads, engine.streams, engine._float_precision)
        if key not in loaded:
            loaded[key] = load(engine, path, network)
        return loaded[key]

    patch.setattr(OpenVinoEngine, "_load", load_once)


def converted_by(models_dir: Path) -> list[Path]:
    """Everything on which it hangs what networks for ONNX Runtime become."""
    vision = PROJECT_DIR / "core" / "vision"
    return [
        *(vision / "models").glob("*.py"),
        vision / "engine" / "keras.py",
        *PROJECT_DIR.glob("requirements*.txt"),
        *(models_dir / model_id / MANIFEST_NAME for model_id in catalogue.DEFAULT_MODEL_IDS),
    ]

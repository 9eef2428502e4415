"""Other packages on the same photos: what ``python -m core bench --peers PYTHON`` compares Face Atlas with. By hand::

    python tests/benchmarks/peers/measure.py PHOTOS.zip

PYTHON is the interpreter of an environment with the requirements beside this file, or as many as install. Every package
works in a process of its own, one photo after another as its own documentation does it: the file's bytes are decoded,
faces detected and embedded. Answers with one JSON document: for each package milliseconds a photo and photos without a
face, or the reason why it cannot be measured.

The weights of two of the networks are downloaded when they are first used, which closed networks do not allow: they
run with random weights here, which is as fast and useless for recognising. The detectors' weights are the real ones.
"""

from __future__ import annotations

import importlib.metadata
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

WARM_UP = 3
TIMEOUT_S = 900

Embed = Callable[[Any], int]
"""From (height, width, 3) uint8 RGB pixels to how many faces were embedded."""


def face_recognition() -> tuple[Embed, str]:
    import face_recognition

    return lambda pixels: len(face_recognition.face_encodings(pixels)), "dlib: HOG detector, ResNet"


def facenet_pytorch() -> tuple[Embed, str]:
    import torch
    from facenet_pytorch import MTCNN, InceptionResnetV1
    from PIL import Image

    torch.set_flush_denormal(True)  # random weights fade to numbers near zero that take a processor ten times as long
    detector, network = MTCNN(device="cpu"), InceptionResnetV1(pretrained=None).eval()

    def embed(pixels: Any) -> int:
        with torch.inference_mode():
            face = detector(Image.fromarray(pixels))
            return 0 if face is None else len(network(face[None]))

    return embed, "MTCNN, InceptionResnetV1 with random weights"


def deepface() -> tuple[Embed, str]:
    home = tempfile.TemporaryDirectory(prefix="peers-deepface-")
    os.environ["DEEPFACE_HOME"] = home.name
    from deepface import DeepFace
    from deepface.models.facial_recognition.tf.Facenet import InceptionResNetV1
    from deepface.modules.exceptions import FaceNotDetected

    folder = Path(home.name) / ".deepface" / "weights"
    folder.mkdir(parents=True, exist_ok=True)
    InceptionResNetV1().save(folder / "facenet_weights.h5")

    def embed(pixels: Any, _home: Any = home) -> int:
        try:
            return len(
                DeepFace.represent(
                    pixels[:, :, ::-1], model_name="Facenet", detector_backend="mtcnn", normalization="Facenet"
                )
            )
        except FaceNotDetected:
            return 0

    return embed, "mtcnn, Facenet with random weights"


PEERS: dict[str, Callable[[], tuple[Embed, str]]] = {
    "face_recognition": face_recognition,
    "facenet-pytorch": facenet_pytorch,
    "deepface": deepface,
}


def photos(archive: Path) -> list[bytes]:
    with zipfile.ZipFile(archive) as opened:
        return [opened.read(name) for name in opened.namelist() if not name.endswith("/")]


def decode(content: bytes) -> Any:
    import numpy as np
    from PIL import Image

    return np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))


def measure(archive: Path, peer: str) -> dict[str, Any]:
    """Time one package on all photos, after a few that do not count."""
    embed, what = PEERS[peer]()
    contents = photos(archive)
    for content in contents[:WARM_UP]:
        embed(decode(content))
    began = time.perf_counter()
    faces = [embed(decode(content)) for content in contents]
    seconds = time.perf_counter() - began
    return {
        "version": importlib.metadata.version(peer),
        "what": what,
        "photos": len(contents),
        "missed": faces.count(0),
        "ms_per_photo": seconds * 1000 / len(contents),
    }


def apart(archive: Path, peer: str) -> dict[str, Any]:
    """One package in a process of its own; the last line of its complaint where it fails."""
    command = [sys.executable, __file__, str(archive), peer]
    quiet = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=quiet, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return {"reason": f"not done after {TIMEOUT_S} seconds"}
    if done.returncode:
        return {"reason": (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def main(archive: str, *peers: str) -> None:
    answer = measure(Path(archive), *peers) if peers else {peer: apart(Path(archive), peer) for peer in PEERS}
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:])

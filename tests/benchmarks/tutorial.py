"""The tutorial's pipeline, measured: what ``python -m core bench`` compares Face Atlas with. Run by it as a program::

    python tests/benchmarks/tutorial.py WEIGHTS.h5 SAMPLE.zip [LARGER.zip ...]

One photo at a time through the ``mtcnn`` package, one face at a time through ``model.predict`` of keras-facenet's
network, then scikit-learn's ``SVC(kernel="linear", probability=True)``. Answers with one JSON document.

References
----------
J. Brownlee, "How to Develop a Face Recognition System Using FaceNet in Keras", 2019.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
import time
import warnings
import zipfile
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
STARTED = time.perf_counter()

import numpy as np  # noqa: E402
from keras_facenet.inception_resnet_v1 import InceptionResNetV1  # noqa: E402
from mtcnn import MTCNN  # noqa: E402
from PIL import Image  # noqa: E402
from sklearn.preprocessing import LabelEncoder, Normalizer  # noqa: E402
from sklearn.svm import SVC  # noqa: E402

SIDE_PX = 160


def photos(archive: Path) -> list[tuple[str, str, bytes]]:
    """(split, person, file) of every photo of a zip of ``split/person/photo``."""
    with zipfile.ZipFile(archive) as opened:
        names = [name for name in opened.namelist() if not name.endswith("/")]
        return [(*name.split("/")[-3:-1], opened.read(name)) for name in names]


def extract_face(detector: MTCNN, content: bytes) -> Any:
    """The first face, squeezed to the network's square, or None."""
    pixels = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"))
    found = detector.detect_faces(pixels)
    if not found:
        return None
    left, top, width, height = found[0]["box"]
    left, top = abs(left), abs(top)
    return np.asarray(Image.fromarray(pixels[top : top + height, left : left + width]).resize((SIDE_PX, SIDE_PX)))


def embed(model: Any, face: Any) -> Any:
    values = face.astype("float32")
    return model.predict(((values - values.mean()) / values.std())[None], verbose=0)[0]


def take(detector: MTCNN, model: Any, archive: Path) -> tuple[dict[str, float], list[tuple[str, str, Any]]]:
    """Time and embeddings of a zip."""
    began = time.perf_counter()
    faces = [(split, person, extract_face(detector, content)) for split, person, content in photos(archive)]
    detected = time.perf_counter()
    embedded = [(split, person, embed(model, face)) for split, person, face in faces if face is not None]
    ended = time.perf_counter()
    times = {
        "photos": len(faces),
        "faces": len(embedded),
        "detect_ms_per_photo": (detected - began) * 1000 / len(faces),
        "embed_ms_per_face": (ended - detected) * 1000 / max(1, len(embedded)),
        "ingest_ms_per_photo": (ended - began) * 1000 / len(faces),
    }
    return times, embedded


def train(embedded: list[tuple[str, str, Any]]) -> tuple[Any, Any, dict[str, float]]:
    began = time.perf_counter()
    scale, people = Normalizer(norm="l2"), LabelEncoder()
    known = [(person, vector) for split, person, vector in embedded if split == "train"]
    asked = [(person, vector) for split, person, vector in embedded if split == "val"]
    classifier = SVC(kernel="linear", probability=True)
    classifier.fit(
        scale.fit_transform([vector for _, vector in known]), people.fit_transform([name for name, _ in known])
    )
    seconds = time.perf_counter() - began
    named = people.inverse_transform(classifier.predict(scale.transform([vector for _, vector in asked])))
    accuracy = float(np.mean(named == np.array([name for name, _ in asked])))
    return scale, classifier, {"train_s": seconds, "accuracy": accuracy}


def identify(detector: MTCNN, model: Any, scale: Any, classifier: Any, contents: list[bytes]) -> dict[str, float]:
    times = []
    for content in contents:
        began = time.perf_counter()
        face = extract_face(detector, content)
        if face is not None:
            classifier.predict_proba(scale.transform([embed(model, face)]))
        times.append((time.perf_counter() - began) * 1000)
    return {"identify_p50_ms": float(np.percentile(times, 50)), "identify_p95_ms": float(np.percentile(times, 95))}


def peak_mb() -> float:
    """Most memory that this process held, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def main(weights: str, sample: str, *larger: str) -> None:
    warnings.filterwarnings("ignore", category=FutureWarning)  # scikit-learn deprecates probability=True
    detector = MTCNN()
    model = InceptionResNetV1(input_shape=(SIDE_PX, SIDE_PX, 3), classes=128)
    model.load_weights(weights)
    contents = [content for split, _, content in photos(Path(sample)) if split == "val"]
    embed(model, extract_face(detector, contents[0]))
    start_s = time.perf_counter() - STARTED
    times, embedded = take(detector, model, Path(sample))
    scale, classifier, trained = train(embedded)
    answer = {**times, **trained, **identify(detector, model, scale, classifier, contents), "start_s": start_s}
    sizes = {Path(path).stem: take(detector, model, Path(path))[0]["ingest_ms_per_photo"] for path in larger}
    print(json.dumps({**answer, "larger_ms_per_photo": sizes, "peak_mb": peak_mb()}))


if __name__ == "__main__":
    main(*sys.argv[1:])

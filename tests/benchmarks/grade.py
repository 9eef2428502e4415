"""Fits the weights of the quality grade: ``python -m tests.benchmarks.grade ZIP`` prints them.

Takes a zip of photos, a folder a person (the development part of LFW was used), spoils every photo a few times at
random, finds and names the face again by the nearest centroid of the others' clean faces, and fits a logistic
regression of "named rightly" on the measures. A face that is not found again says nothing about the grade and is left
out.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict

from core.archives.opening import open_source
from core.base.settings import settings_from_env
from core.base.types import Detection, RgbImage
from core.base.vectors import normalise_rows
from core.imaging.decoding import decode_image
from core.imaging.geometry import box_centrality
from core.services import Services
from core.vision import quality
from core.vision.models.catalogue import DEFAULT_VECTORS_ID

BATCH = 32


def largest(found: list[Detection], image: RgbImage) -> Detection | None:
    height, width = image.shape[:2]
    return max(found, key=lambda face: box_centrality(face.box, width, height), default=None)


def spoiled(image: RgbImage, face: Detection, rng: np.random.Generator) -> RgbImage:
    """The photo, made worse in one or two ways at random."""
    ways = [shrunk, smeared, dark, covered, cut]
    for way in rng.choice(len(ways), size=rng.integers(1, 3), replace=False):
        image = ways[way](image, face, rng)
    return image


def shrunk(image: RgbImage, face: Detection, rng: np.random.Generator) -> RgbImage:
    scale = float(np.exp(rng.uniform(np.log(12), np.log(70)))) / face.box.width
    small = cv2.resize(image, None, fx=min(1.0, scale), fy=min(1.0, scale), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (image.shape[1], image.shape[0])) if rng.random() < 0.5 else small


def smeared(image: RgbImage, face: Detection, rng: np.random.Generator) -> RgbImage:
    return cv2.GaussianBlur(image, (0, 0), face.box.width * float(rng.uniform(0.01, 0.09)))


def dark(image: RgbImage, face: Detection, rng: np.random.Generator) -> RgbImage:
    gain, lift = float(rng.uniform(0.08, 0.7)), float(rng.choice([0, 0, rng.uniform(60, 160)]))
    noise = rng.normal(0, rng.uniform(0, 10), image.shape)
    return np.clip(image * gain + lift + noise, 0, 255).astype(np.uint8)


def covered(image: RgbImage, face: Detection, rng: np.random.Generator) -> RgbImage:
    box, image = face.box, image.copy()
    share = float(rng.uniform(0.2, 0.55))
    colour = rng.integers(0, 255, 3)
    sides = {
        "low": (box.left, box.bottom - box.height * share, box.right, box.bottom),
        "left": (box.left, box.top, box.left + box.width * share, box.bottom),
        "eyes": (box.left, box.top + box.height * 0.2, box.right, box.top + box.height * (0.2 + share / 2)),
    }
    left, top, right, bottom = (max(0, int(side)) for side in sides[str(rng.choice(list(sides)))])
    image[top:bottom, left:right] = colour
    return image


def cut(image: RgbImage, face: Detection, rng: np.random.Generator) -> RgbImage:
    box, share = face.box, float(rng.uniform(0.05, 0.5))
    width = image.shape[1]
    if rng.random() < 0.5:
        return np.ascontiguousarray(image[:, : max(24, int(min(width, box.right - share * box.width)))])
    return np.ascontiguousarray(image[: max(24, int(box.bottom - share * box.height))])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("zip", type=Path)
    parser.add_argument("--times", type=int, default=2)
    given = parser.parse_args()
    services = Services(settings_from_env())
    embedder, rng = services.embedder(DEFAULT_VECTORS_ID), np.random.default_rng(0)
    with open_source(given.zip, services.settings.archives) as source:
        photos = [
            (entry.person, decode_image(source.read(entry), services.settings.images)) for entry in source.entries
        ]
    faces = []
    for start in range(0, len(photos), BATCH):
        part = photos[start : start + BATCH]
        for (person, image), found in zip(part, services.detector.detect([image for _, image in part]), strict=True):
            if (face := largest(found, image)) is not None:
                faces.append((person, image, face))
    people = sorted({person for person, _, _ in faces})
    labels = np.array([people.index(person) for person, _, _ in faces])
    clean = embedder.embed([(image, face) for _, image, face in faces])
    sums = np.zeros((len(people), clean.shape[1]), np.float32)
    np.add.at(sums, labels, clean)
    rows, right, groups = [], [], []
    for start in range(0, len(faces) * given.times, BATCH):
        numbers = [number % len(faces) for number in range(start, min(start + BATCH, len(faces) * given.times))]
        worse = [spoiled(faces[number][1], faces[number][2], rng) for number in numbers]
        found = [largest(each, image) for each, image in zip(services.detector.detect(worse), worse, strict=True)]
        there = [(number, image, face) for number, image, face in zip(numbers, worse, found, strict=True) if face]
        if not there:
            continue
        vectors = embedder.embed([(image, face) for _, image, face in there])
        for (number, image, face), vector in zip(there, vectors, strict=True):
            others = sums.copy()
            others[labels[number]] -= clean[number]
            named = int(np.argmax(normalise_rows(others) @ vector))
            rows.append(quality.grade_features(quality.measure_quality(image, face)))
            right.append(named == labels[number])
            groups.append(number)
    x, y, group = np.array(rows), np.array(right), np.array(groups)
    model = LogisticRegression(C=1.0, max_iter=1000)
    probs = cross_val_predict(model, x, y, groups=group, cv=GroupKFold(5), method="predict_proba")[:, 1]
    model.fit(x, y)
    print(f"{len(faces)} faces, {len(y)} spoiled and found again, {y.mean():.3f} named rightly")
    print(f"AUC out of fold {roc_auc_score(y, probs):.3f}")
    for name, weight in zip(quality.FEATURES, model.coef_[0], strict=True):
        print(f"  {name:15s} {weight:8.3f}   AUC alone {roc_auc_score(y, x[:, quality.FEATURES.index(name)]):.3f}")
    print(f"  intercept       {model.intercept_[0]:8.3f}")
    for low, high in zip(np.arange(0, 1, 0.1), np.arange(0.1, 1.01, 0.1), strict=True):
        inside = (probs >= low) & (probs < high)
        if inside.any():
            print(f"  grade {low:.1f}..{high:.1f}: {inside.sum():5d} faces, {y[inside].mean():.3f} named rightly")


if __name__ == "__main__":
    main()

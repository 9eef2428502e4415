"""Quantise an installed embedding network to 8-bit integers, and measure whether that is faster on this machine.

Run as a program, so that its caller never imports NNCF::

    python -m core.vision.models.quantise MODELS_DIR MODEL_ID THREADS OUT_DIR

Writes ``embed.xml`` and ``embed.bin`` where they are faster, and ``speed.json`` in any case. Exit status: 0 done, 1 it
failed, 2 wrong usage, 3 a package is missing; the reason is on standard error.

References
----------
B. Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", 2018.
"""

from __future__ import annotations

import json
import sys
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from core.base.errors import FaceAtlasError
from core.base.privacy import forbid_telemetry
from core.base.settings import ImageLimits
from core.base.types import Floats, RgbImage
from core.base.vectors import normalise_rows
from core.imaging.decoding import decode_image
from core.vision.detect.mtcnn import Detector
from core.vision.embed.embedder import Embedder
from core.vision.engine.openvino import OpenVinoEngine, OpenVinoNetwork
from core.vision.models.catalogue import EXPORT_MISSING_PACKAGE, find_embedding_model
from core.vision.models.manifest import SPEED_NAME, MeasuredSpeed, network_path
from core.vision.models.sample import sample_path

CALIBRATION_STEP = 3
"""Every third photo of the sample calibrates; the others are what the vectors are compared on."""
FLOAT_CONVOLUTIONS = 2
"""So many of the first convolutions stay in floats. The second one holds weights of very different sizes: quantised, it
turns vectors five times as far as all others together, for 4 % of the work."""
LEAST_COSINE, LEAST_MEAN_COSINE = 0.97, 0.995
"""Of a face's vector to that of the network in floats: the worst, and the mean."""
LEAST_SPEEDUP = 1.2
"""What is not faster by this is not used: rounding for nothing."""
TIMED_IMAGES, TIMED_ROUNDS = 32, 5


def cut_sample(models_dir: Path, embedder: Embedder, detector: Detector) -> list[RgbImage]:
    """What the network sees of the largest face of each of the sample's photos, in the order of their names."""
    crops = []
    with zipfile.ZipFile(sample_path(models_dir)) as photos:
        for name in sorted(photos.namelist()):
            image = decode_image(photos.read(name), ImageLimits())
            if faces := detector.detect([image])[0]:
                crops.append(embedder.crop(image, max(faces, key=lambda face: face.box.area)))
    return crops


def quantise_network(path: Path, images: Floats) -> Any:
    """The network at ``path`` with weights and activations in 8 bits, as an OpenVINO model.

    Parameters
    ----------
    images : (n, size, size, 3) standardised crops, whose activations set the ranges
    """
    import nncf
    import openvino as ov
    from nncf.quantization.advanced_parameters import AdvancedQuantizationParameters

    model = ov.Core().read_model(path)
    convolutions = [node for node in model.get_ordered_ops() if node.get_type_name() == "Convolution"]
    float_names = [node.get_friendly_name() for node in convolutions[:FLOAT_CONVOLUTIONS]]
    return nncf.quantize(
        model,
        nncf.Dataset([image[None] for image in images]),
        preset=nncf.QuantizationPreset.MIXED,
        subset_size=len(images),
        ignored_scope=nncf.IgnoredScope(names=float_names),
        # Its correction of biases is estimated on these few images, and took the vectors twice as far away.
        advanced_parameters=AdvancedQuantizationParameters(disable_bias_correction=True),
    )


def require_same_vectors(plain: Callable[[Floats], Any], quantised: Callable[[Floats], Any], images: Floats) -> None:
    """Raises ValueError where the quantised network sees somebody else."""
    one, other = (normalise_rows(np.asarray(network(images)[0])) for network in (plain, quantised))
    cosines = np.einsum("ij,ij->i", one, other)
    if cosines.min() < LEAST_COSINE or cosines.mean() < LEAST_MEAN_COSINE:
        raise ValueError(
            f"the quantised network's vectors are too far from the others: cosine {cosines.min():.4f} at the worst, "
            f"{cosines.mean():.4f} in the mean"
        )


def measure_speed(plain: OpenVinoNetwork, quantised: OpenVinoNetwork, images: Floats, precision: str) -> MeasuredSpeed:
    """Milliseconds an image takes in full batches, each network's best of several rounds in turn."""
    best = {"plain": float("inf"), "quantised": float("inf")}
    batch = np.resize(images, (TIMED_IMAGES, *images.shape[1:])).astype(np.float32)
    # In turn, so that what else the machine does meets both; the first round, which compiles, is the slowest.
    for _ in range(TIMED_ROUNDS):
        for name, network in (("plain", plain), ("quantised", quantised)):
            began = time.perf_counter()
            network(batch)
            best[name] = min(best[name], (time.perf_counter() - began) / TIMED_IMAGES * 1e3)
    return MeasuredSpeed(precision=precision, plain_ms=best["plain"], int8_ms=best["quantised"])


def write_quantised(models_dir: Path, model_id: str, threads: int, out_dir: Path) -> None:
    """Quantise, compare, measure and write. Raises ValueError where the result is no good."""
    import openvino as ov

    path = network_path(models_dir, model_id, "embed")
    engine = OpenVinoEngine(lambda model, network: network_path(models_dir, model, network), threads)
    embedder = Embedder(engine, find_embedding_model(model_id))
    images = embedder.standardise(np.stack(cut_sample(models_dir, embedder, Detector(engine))))
    ov.save_model(quantise_network(path, images[::CALIBRATION_STEP]), out_dir / "embed.xml")
    compared = images[1::CALIBRATION_STEP]
    plain = engine.network(model_id, "embed")
    quantised = OpenVinoEngine(lambda model, network: out_dir / "embed.xml", threads).network(model_id, "embed")
    require_same_vectors(plain, quantised, compared)
    speed = measure_speed(plain, quantised, compared, engine.precision)
    if speed.speedup < LEAST_SPEEDUP:
        for suffix in ("xml", "bin"):
            (out_dir / f"embed.{suffix}").unlink()
    (out_dir / SPEED_NAME).write_text(json.dumps(asdict(speed)), "utf-8")


def quantise_model(arguments: Sequence[str]) -> int:
    """Quantise as the arguments say; gives the exit status."""
    forbid_telemetry()
    if len(arguments) != 4:
        sys.stderr.write(__doc__ or "")
        return 2
    models_dir, model_id, threads, out_dir = arguments
    try:
        write_quantised(Path(models_dir), model_id, int(threads), Path(out_dir))
    except ImportError as error:
        sys.stderr.write(f"{error}\n")
        return EXPORT_MISSING_PACKAGE
    except (FaceAtlasError, OSError, ValueError, RuntimeError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(quantise_model(sys.argv[1:]))

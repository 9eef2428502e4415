"""The contract of engines: each gives the numbers of the original Keras networks, for batches of any size.

Required: within 1e-3 at float32; embeddings with a cosine of at least 0.9999 at float32 and 0.999 at bfloat16.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from core.base.settings import usable_processors
from core.base.types import Detection, Floats, RgbImage
from core.vision.detect.mtcnn import MODEL_ID as DETECTOR_ID
from core.vision.embed.embedder import Embedder
from core.vision.engine.base import Engine
from core.vision.engine.keras import KerasEngine
from core.vision.engine.openvino import BATCH_SIZES, MOST_STREAMS, OpenVinoEngine, OpenVinoNetwork
from core.vision.models import catalogue
from core.vision.models.manifest import network_path, quantised_networks
from tests.conftest import MODEL_ID, PROJECT_DIR, openvino_engine

TOLERANCE = 1e-3
PLANES_WH = [(12, 12), (31, 47), (200, 64), (512, 512), (640, 333)]
N_FACES = BATCH_SIZES["embed"][-1] + 3  # more than the largest fixed batch


@pytest.fixture(scope="module", params=["engine", "onnx_engine"])
def candidate(request: pytest.FixtureRequest) -> Engine:
    """Every engine but the reference, at the precision that it would choose."""
    engine: Engine = request.getfixturevalue(request.param)
    return engine


@pytest.fixture(scope="module", params=["exact_engine", "onnx_engine"])
def exact_candidate(request: pytest.FixtureRequest) -> Engine:
    """Every engine but the reference, in float32."""
    engine: Engine = request.getfixturevalue(request.param)
    return engine


def differences(ours: tuple[Floats, ...], theirs: tuple[Floats, ...]) -> list[float]:
    assert [array.shape for array in ours] == [array.shape for array in theirs]
    assert all(array.dtype == np.float32 for array in ours)
    return [float(np.abs(a - b).max(initial=0)) for a, b in zip(ours, theirs, strict=True)]


def resized(images: list[RgbImage], count: int, width: int, height: int) -> npt.NDArray[np.uint8]:
    """(count, height, width, 3): the photos in turn, each shrunk to this size."""
    chosen = (images[number % len(images)] for number in range(count))
    return np.stack([cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA) for image in chosen])


@pytest.fixture(scope="module")
def images(sample_images: Mapping[str, RgbImage]) -> list[RgbImage]:
    return list(sample_images.values())


@pytest.fixture(scope="module")
def crops(exact_engine: Engine, sample_images: Mapping[str, RgbImage], sample_faces: Mapping[str, list[Detection]]):
    """Standardised crops of real faces, (N_FACES, 160, 160, 3)."""
    embedder = Embedder(exact_engine, catalogue.find_embedding_model(MODEL_ID))
    shown = [(sample_images[name], faces[0]) for name, faces in sample_faces.items() if faces][:N_FACES]
    return embedder.standardise(np.stack([embedder.crop(image, face) for image, face in shown]))


HELD_TO_AVX2 = """
import sys
from pathlib import Path
import numpy as np
from core.vision.engine.openvino import OpenVinoEngine
from core.vision.models.manifest import network_path
engine = OpenVinoEngine(lambda model_id, network: network_path(Path(sys.argv[1]), model_id, network), 2)
vectors = engine.network(sys.argv[2], "embed")(np.ones((1, 160, 160, 3), np.float32))[0]
print(engine.precision, *vectors[0].tolist())
"""


def test_where_bfloat16_cannot_be_computed_though_the_processor_has_it_float32_is(
    models_dir: Path, exact_engine: Engine
) -> None:
    command = [sys.executable, "-c", HELD_TO_AVX2, str(models_dir), MODEL_ID]
    environment = {**os.environ, "ONEDNN_MAX_CPU_ISA": "AVX2"}
    ended = subprocess.run(command, cwd=PROJECT_DIR, env=environment, capture_output=True, text=True, check=False)
    precision, *vector = ended.stdout.split()
    assert precision == "f32", ended.stderr
    (expected,) = exact_engine.network(MODEL_ID, "embed")(np.ones((1, 160, 160, 3), np.float32))[0]
    assert np.allclose(np.array(vector, dtype=np.float64), expected, atol=TOLERANCE)


@pytest.mark.parametrize("spare", [0, 1])
def test_threads_are_pinned_only_where_an_engine_has_all_processors(models_dir: Path, spare: int) -> None:
    threads = usable_processors() - spare
    if not threads:
        pytest.skip("one processor: an engine has it all")
    engine = OpenVinoEngine(lambda model_id, network: network_path(models_dir, model_id, network), threads)
    assert is_pinned(engine.network(DETECTOR_ID, "onet")) is (spare == 0)


def is_pinned(network: OpenVinoNetwork) -> bool:
    idle = network._requests((1, 48, 48, 3))
    request = idle.get()
    # Networks are shared by the tests of a process: without this request the next call would wait for ever.
    idle.put(request)
    return bool(request.get_compiled_model().get_property("ENABLE_CPU_PINNING"))


def test_calls_side_by_side_give_what_calls_one_after_another_give(engine: OpenVinoEngine, crops: Floats) -> None:
    beside = engine.side_by_side
    assert beside.streams == min(engine.threads, MOST_STREAMS)
    assert beside.side_by_side is beside
    batches = [crops[:8], crops[8:10], crops[2:10], crops[:1], crops[1:9]]
    network = beside.network(MODEL_ID, "embed")
    with ThreadPoolExecutor(beside.streams + 1) as pool:
        answers = list(pool.map(network, batches))
    for (vectors,), batch in zip(answers, batches, strict=True):
        np.testing.assert_array_equal(vectors, engine.network(MODEL_ID, "embed")(batch)[0])
    assert beside.streams == 1 or not is_pinned(beside.network(DETECTOR_ID, "onet"))


def test_standardising_does_not_hang_on_how_the_crops_lie_in_memory(engine: OpenVinoEngine) -> None:
    embedder = Embedder(engine, catalogue.find_embedding_model(MODEL_ID))
    crops = np.random.default_rng(0).integers(0, 256, (2, 160, 160, 3), dtype=np.uint8)
    plain, seen_otherwise = embedder.standardise(crops), embedder.standardise(np.asfortranarray(crops))
    assert np.array_equal(plain, seen_otherwise)
    assert np.allclose(plain.mean(axis=(1, 2, 3)), 0, atol=1e-4)
    assert np.allclose(plain.std(axis=(1, 2, 3)), 1, atol=1e-4)


@pytest.fixture(scope="module")
def reference(keras_engine: KerasEngine, crops: Floats) -> Floats:
    return keras_engine.network(MODEL_ID, "embed")(crops)[0]


@pytest.mark.parametrize("size_wh", PLANES_WH, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("count", [1, 3])
def test_pnet_gives_the_keras_outputs_for_planes_of_any_size(
    candidate: Engine, keras_engine: KerasEngine, images: list[RgbImage], size_wh: tuple[int, int], count: int
) -> None:
    planes = resized(images, count, *size_wh)
    ours, theirs = (each.network(DETECTOR_ID, "pnet")(planes) for each in (candidate, keras_engine))
    assert max(differences(ours, theirs)) < TOLERANCE


@pytest.mark.parametrize("count", [0, 1, 7, BATCH_SIZES["rnet"][-1] + 5])
def test_rnet_gives_the_keras_outputs_for_batches_of_any_size(
    candidate: Engine, keras_engine: KerasEngine, images: list[RgbImage], count: int
) -> None:
    patches = resized(images, max(count, 1), 24, 24)[:count]
    ours, theirs = (each.network(DETECTOR_ID, "rnet")(patches) for each in (candidate, keras_engine))
    assert max(differences(ours, theirs)) < TOLERANCE


@pytest.mark.parametrize("count", [0, 1, 5, BATCH_SIZES["onet"][-1] + 3])
def test_onet_gives_the_keras_outputs_for_batches_of_any_size(
    candidate: Engine, keras_engine: KerasEngine, images: list[RgbImage], count: int
) -> None:
    patches = resized(images, max(count, 1), 48, 48)[:count]
    ours, theirs = (each.network(DETECTOR_ID, "onet")(patches) for each in (candidate, keras_engine))
    assert [array.shape[-1] for array in ours] == [4, 10, 2]
    assert max(differences(ours, theirs)) < TOLERANCE


@pytest.mark.parametrize("network", ["pnet", "rnet", "onet"])
def test_detector_networks_agree_on_black_white_and_noise(
    candidate: Engine, keras_engine: KerasEngine, network: str
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (48, 48, 3), dtype=np.uint8)
    patches = np.stack([np.zeros_like(noise), np.full_like(noise, 255), noise])
    side = {"pnet": 48, "rnet": 24, "onet": 48}[network]
    ours, theirs = (each.network(DETECTOR_ID, network)(patches[:, :side, :side]) for each in (candidate, keras_engine))
    assert max(differences(ours, theirs)) < TOLERANCE


@pytest.mark.parametrize("count", [0, 1, 5, N_FACES])
def test_facenet_gives_the_keras_vectors_at_full_precision(
    exact_candidate: Engine, crops: Floats, reference: Floats, count: int
) -> None:
    assert exact_candidate.precision == exact_candidate.placement("embed").precision == "f32"
    (vectors,) = exact_candidate.network(MODEL_ID, "embed")(crops[:count])
    assert max(differences((vectors,), (reference[:count],))) < TOLERANCE
    assert cosines(vectors, reference[:count]).min(initial=1) >= 0.9999


@pytest.fixture(scope="module")
def quantised(models_dir: Path) -> Mapping[str, Path]:
    quantised = quantised_networks(models_dir)
    if MODEL_ID not in quantised:
        pytest.skip("8 bits are not faster on this machine: the network was not kept")
    return quantised


@pytest.mark.parametrize("count", [1, 5, N_FACES])
def test_facenet_gives_nearly_the_keras_vectors_in_8_bits(
    engine: OpenVinoEngine, quantised: Mapping[str, Path], crops: Floats, reference: Floats, count: int
) -> None:
    assert engine.quantised == quantised, "the app's engine has them"
    assert engine.precision == engine.placement("embed").precision == "int8"
    assert engine.placement("pnet").precision == "f32"
    (vectors,) = engine.network(MODEL_ID, "embed")(crops[:count])
    assert cosines(vectors, reference[:count]).min() >= 0.98


def test_facenet_is_computed_at_full_precision_though_there_are_8_bits(
    models_dir: Path, quantised: Mapping[str, Path], crops: Floats, reference: Floats
) -> None:
    exact = openvino_engine(models_dir, full_precision=True, quantised=quantised)
    assert exact.precision == "f32"
    assert cosines(exact.network(MODEL_ID, "embed")(crops[:2])[0], reference[:2]).min() >= 0.9999


@pytest.fixture(scope="module")
def half_engine(models_dir: Path) -> OpenVinoEngine:
    engine = openvino_engine(models_dir)
    if engine.precision != "bf16":
        pytest.skip("this processor does not compute in bfloat16: only float32 could be compared")
    return engine


@pytest.mark.parametrize("count", [1, 5, N_FACES])
def test_facenet_gives_the_keras_vectors_at_bfloat16(
    half_engine: OpenVinoEngine, crops: Floats, reference: Floats, count: int
) -> None:
    (vectors,) = half_engine.network(MODEL_ID, "embed")(crops[:count])
    assert cosines(vectors, reference[:count]).min() >= 0.999


def cosines(vectors: Floats, others: Floats) -> Floats:
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(others, axis=1)
    return (vectors * others).sum(axis=1) / lengths


def test_a_batch_gives_the_vectors_of_its_faces_alone(engine: OpenVinoEngine, crops: Floats) -> None:
    network = engine.network(MODEL_ID, "embed")
    alone = np.concatenate([network(crops[row : row + 1])[0] for row in range(3)])
    # Another batch size is planned otherwise, and bfloat16 rounds to 3 digits.
    assert cosines(network(crops)[0][:3], alone).min() >= 0.9995

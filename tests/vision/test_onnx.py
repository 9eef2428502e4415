"""Which of ONNX Runtime's providers runs the networks, and what is said where that is not the fastest.

A graphics card is stood for by the processor under the name of one: ``_Runtime`` has the providers that a test says,
and gives sessions of the real runtime.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from core.base.errors import EngineUnavailable, ModelUnavailable
from core.base.settings import settings_from_env
from core.base.types import RgbImage
from core.services import Services
from core.vision.detect.mtcnn import Detector
from core.vision.engine.base import PROCESSOR_LOAD
from core.vision.engine.onnx import GRAPHICS_LOAD, OnnxEngine, OnnxNetwork, load_runtime
from core.vision.engine.onnx_providers import find_providers
from core.vision.engine.openvino import OpenVinoEngine
from core.vision.models.manifest import onnx_path
from tests.conftest import MODEL_ID, PROJECT_DIR, new_data_dir

PHOTOS = 12
onnxruntime = load_runtime()


@dataclass
class _Session:
    """A session of the processor that says another provider's name."""

    inner: Any
    name: str

    def __getattr__(self, attribute: str) -> Any:
        return getattr(self.inner, attribute)

    def get_providers(self) -> list[str]:
        return [self.name, "CPUExecutionProvider"]


@dataclass
class _Runtime:
    """ONNX Runtime with other providers than this machine has."""

    provider: str
    """That it has besides the processor's."""
    fault: str = ""
    """What it raises when that is used."""
    in_silence: bool = False
    """Whether the processor computes in its place."""
    options: list[Mapping[str, str]] = field(default_factory=list)

    SessionOptions = onnxruntime.SessionOptions

    def get_available_providers(self) -> list[str]:
        return [self.provider, "CPUExecutionProvider"]

    def preload_dlls(self) -> None:
        print("Failed to load libcudnn.so")

    def InferenceSession(  # noqa: N802
        self, path: Path, options: Any, providers: Sequence[Any], enable_fallback: int
    ) -> Any:
        assert not enable_fallback
        (name, chosen), *_ = providers
        self.options.append(chosen)
        if name == self.provider and self.fault:
            raise RuntimeError(self.fault)
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        return session if self.in_silence else _Session(session, name)


def engine_on(models: Path, *keys: str, runtime: Any = onnxruntime) -> OnnxEngine:
    return OnnxEngine(lambda model_id, network: onnx_path(models, model_id, network), 1, keys, runtime)


# choosing


def test_the_processor_alone_is_chosen_without_a_word(onnx_models: Path, caplog: pytest.LogCaptureFixture) -> None:
    engine = engine_on(onnx_models, "cpu")
    assert (engine.name, engine.precision, engine.load) == ("onnx", "f32", PROCESSOR_LOAD)
    assert (engine.placement("embed").device, engine.placement("embed").reason) == ("processor", "")
    assert not caplog.records


def test_falling_back_on_the_processor_is_logged_with_what_the_faster_one_needs(
    onnx_models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        placement = engine_on(onnx_models, "coreml", "cpu").placement("pnet")
    assert placement.device == "processor"
    assert "CoreML" in placement.reason
    assert "onnxruntime from requirements-gpu.txt" in placement.reason
    assert placement.reason in caplog.text


def test_a_provider_that_was_asked_for_alone_and_is_not_there_is_an_error_with_the_way_out(onnx_models: Path) -> None:
    with pytest.raises(EngineUnavailable, match=r"'cuda'.*does not have it.*requirements-gpu\.txt.*Add cpu") as caught:
        engine_on(onnx_models, "cuda").network("mtcnn", "pnet")
    assert "\n" not in str(caught.value)


def test_a_provider_that_nobody_knows_is_refused_with_those_there_are() -> None:
    with pytest.raises(EngineUnavailable, match="'gpu'; the providers are cuda, coreml, directml, cpu"):
        find_providers(["gpu"])


@pytest.mark.parametrize(
    ("platform", "keys"),
    [("linux", ["cuda", "cpu"]), ("darwin", ["coreml", "cpu"]), ("win32", ["cuda", "directml", "cpu"])],
)
def test_what_is_looked_for_by_itself_is_what_the_system_may_have(
    monkeypatch: pytest.MonkeyPatch, platform: str, keys: list[str]
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert [provider.key for provider in find_providers([])] == keys


def test_a_graphics_card_that_works_gets_larger_batches_and_the_same_numbers(
    onnx_models: Path,
    onnx_engine: OnnxEngine,
    sample_images: Mapping[str, RgbImage],
    capsys: pytest.CaptureFixture[str],
) -> None:
    runtime = _Runtime("CUDAExecutionProvider")
    engine = engine_on(onnx_models, "cuda", "cpu", runtime=runtime)
    assert engine.placement("embed").device == "NVIDIA graphics card (CUDA)"
    assert engine.load == GRAPHICS_LOAD
    assert capsys.readouterr().out == ""
    images = list(sample_images.values())[:PHOTOS]
    on_card, on_processor = (Detector(each).detect(images) for each in (engine, onnx_engine))
    assert [[face.box for face in faces] for faces in on_card] == [
        [face.box for face in faces] for faces in on_processor
    ]
    assert all(options["use_tf32"] == "0" and int(options["gpu_mem_limit"]) <= 1 << 31 for options in runtime.options)


@pytest.mark.parametrize(
    "runtime",
    [_Runtime("CUDAExecutionProvider", fault="no device\nin CUDA"), _Runtime("CUDAExecutionProvider", in_silence=True)],
    ids=["raises", "in-silence"],
)
def test_a_graphics_card_that_does_not_start_is_passed_over_and_the_reason_told(
    onnx_models: Path, runtime: _Runtime
) -> None:
    engine = engine_on(onnx_models, "cuda", "cpu", runtime=runtime)
    assert engine.placement("embed").device == "processor"
    assert "it does not start" in engine.placement("embed").reason
    assert ("no device" in engine.placement("embed").reason) == bool(runtime.fault)
    assert engine.network("mtcnn", "pnet").sizes == (1,)


# batches


@dataclass
class _SmallCard:
    """A session that holds batches of 16 rows and no more."""

    rows: list[int] = field(default_factory=list)

    def get_inputs(self) -> list[Any]:
        return [SimpleNamespace(shape=["n", 160, 160, 3])]

    def run(self, _outputs: None, inputs: Mapping[str, Any]) -> list[Any]:
        self.rows.append(len(inputs["image"]))
        if self.rows[-1] > 16:
            raise RuntimeError("out of memory")
        return [inputs["image"].mean(axis=(1, 2))]


def test_batches_that_the_memory_of_a_card_does_not_hold_are_found_out_when_the_network_is_loaded() -> None:
    card = _SmallCard()
    network = OnnxNetwork(card, standardises=False, sizes=(4, 16, 64), least_filled=0.5)
    network.drop_sizes_beyond_memory((RuntimeError,))
    assert network.sizes == (4, 16)
    assert network(np.ones((40, 160, 160, 3), np.float32))[0].shape == (40, 3)
    assert card.rows == [64, 16, 16, 16, 16]


# the same faces


def test_onnx_runtime_finds_the_boxes_of_openvino(
    onnx_engine: OnnxEngine, engine: OpenVinoEngine, sample_images: Mapping[str, RgbImage]
) -> None:
    images = list(sample_images.values())[:PHOTOS]
    ours, theirs = (Detector(each).detect(images) for each in (onnx_engine, engine))
    assert [len(faces) for faces in ours] == [len(faces) for faces in theirs]
    for faces, expected in zip(ours, theirs, strict=True):
        for face, other in zip(faces, expected, strict=True):
            assert np.allclose(face.box.as_tuple(), other.box.as_tuple(), atol=0.05)
            assert np.allclose(face.landmarks, other.landmarks, atol=0.05)
            assert face.prob == pytest.approx(other.prob, abs=1e-3)


# the setting


def test_the_engine_is_chosen_by_the_environment(
    onnx_models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACE_ATLAS_ENGINE", "onnx")
    monkeypatch.setenv("FACE_ATLAS_ONNX_PROVIDERS", "CUDA, cpu")
    settings = settings_from_env(new_data_dir(onnx_models, tmp_path / "data"))
    assert settings.onnx_providers == ("cuda", "cpu")
    engine = Services(settings).engine
    assert isinstance(engine, OnnxEngine)
    assert engine.network(MODEL_ID, "embed")(np.zeros((1, 160, 160, 3), np.float32))[0].shape == (1, 128)


def test_networks_that_were_not_converted_are_asked_for_by_the_command_that_converts_them(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="models install mtcnn --engine onnx"):
        engine_on(tmp_path, "cpu").network("mtcnn", "pnet")


WITHOUT_THE_PACKAGE = """
import sys
sys.modules["onnxruntime"] = None
from pathlib import Path
from core.base.settings import Settings
from core.services import Services
Services(Settings(Path(sys.argv[1]), engine="onnx")).engine
"""


def test_without_the_package_the_error_says_what_to_install(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_THE_PACKAGE, str(tmp_path)]
    ended = subprocess.run(command, cwd=PROJECT_DIR, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "EngineUnavailable" in ended.stderr
    assert "pip install -r requirements-gpu.txt" in ended.stderr


REPORTING = """
import sys
from pathlib import Path
import numpy as np
from core.vision.engine.onnx import OnnxEngine
from core.vision.models.manifest import onnx_path
engine = OnnxEngine(lambda model_id, network: onnx_path(Path(sys.argv[1]), model_id, network), 1, ("cpu",))
engine.network("mtcnn", "pnet")(np.zeros((1, 12, 12, 3), np.uint8))
"""


def test_the_runtime_gives_the_computer_no_number_and_notes_nothing_to_send(onnx_models: Path, tmp_path: Path) -> None:
    # Without CI in the environment, where it is silent by itself.
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    command = [sys.executable, "-c", REPORTING, str(onnx_models)]
    subprocess.run(command, cwd=PROJECT_DIR, env=environment, check=True)
    assert list(tmp_path.rglob("*")) == []

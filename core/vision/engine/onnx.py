"""ONNX Runtime: a graphics card where one of its providers works here, else the processor (``FACE_ATLAS_ENGINE=onnx``).

Whether a provider works depends on the package, drivers and hardware: each is tried with the smallest network before it
is trusted, and why a faster one was passed over can be asked for. All compute in float32, so that results stay those of
the other engines.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from core.base.errors import EngineUnavailable
from core.base.privacy import forbid_telemetry
from core.base.types import Floats
from core.vision.engine.base import DETECTOR_MEAN, DETECTOR_SCALE, PROCESSOR_LOAD, Batch, DeviceLoad, Placement
from core.vision.engine.fixed_batches import cut_batch
from core.vision.engine.onnx_providers import PROCESSOR, Provider, find_providers

log = logging.getLogger("face_atlas")

PROCESSOR_SIZES = {"pnet": (1,), "rnet": (8, 32), "onet": (1, 4, 16), "embed": (1, 2, 8, 32)}
GRAPHICS_SIZES = {"pnet": (1, 4, 16), "rnet": (32, 256), "onet": (16, 128), "embed": (4, 16, 64)}
"""Batches are cut into these sizes. A graphics card is idle in a small one; 64 faces take it less than 1 GB."""
GRAPHICS_LOAD = DeviceLoad(canvases=16, photos=64)
GRAPHICS_LEAST_FILLED = 0.5
"""Padding costs a graphics card less than another call."""
SMALLEST_PX = 12
"""Side of the smallest plane that PNet takes."""


def load_runtime() -> Any:
    """The ``onnxruntime`` package. Raises EngineUnavailable."""
    # Before the import, at which it would give the computer a number.
    forbid_telemetry()
    try:
        runtime = importlib.import_module("onnxruntime")
    except ImportError as fault:
        raise EngineUnavailable(
            f"FACE_ATLAS_ENGINE is 'onnx', and ONNX Runtime cannot be loaded ({fault}). Run `python -m pip install -r "
            "requirements-gpu.txt` in the environment of Face Atlas, or start it without FACE_ATLAS_ENGINE."
        ) from fault
    # Windows has no such variable: there it is the system that may collect the events of every session.
    runtime.disable_telemetry_events()
    return runtime


def runtime_faults() -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises when a device cannot do what it was asked for."""
    state = importlib.import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    names = ("EPFail", "Fail", "RuntimeException", "EngineError", "NotImplemented", "InvalidGraph")
    return (RuntimeError, ValueError, *(getattr(state, name) for name in names))


@dataclass(frozen=True, slots=True)
class _Choice:
    """The provider that runs the networks, and why those before it do not."""

    provider: Provider
    reason: str


@dataclass
class OnnxEngine:
    """Networks from ``path_of(model_id, network)``, on the first of the providers that works here."""

    path_of: Callable[[str, str], Path]
    threads: int
    """Of the processor, where it computes."""
    provider_keys: tuple[str, ...] = ()
    runtime: Any = field(default_factory=load_runtime, repr=False)
    name: str = field(default="onnx", init=False)
    precision: str = field(default="f32", init=False)
    streams: int = field(default=1, init=False)
    _networks: dict[tuple[str, str], OnnxNetwork] = field(default_factory=dict, init=False, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, init=False, repr=False)

    def __post_init__(self) -> None:
        self._providers = find_providers(self.provider_keys)

    @property
    def load(self) -> DeviceLoad:
        """More at once where a graphics card works."""
        return PROCESSOR_LOAD if self._choice.provider is PROCESSOR else GRAPHICS_LOAD

    @property
    def side_by_side(self) -> OnnxEngine:
        """Itself: a graphics card is filled by one large batch."""
        return self

    def placement(self, network: str) -> Placement:
        """Where the networks run; all on the same device."""
        return Placement(self._choice.provider.title, self.precision, self._choice.reason)

    def network(self, model_id: str, network: str) -> OnnxNetwork:
        """The network, loaded when it is first asked for."""
        # Held while it loads, as its memory is taken but once.
        with self._lock:
            key = (model_id, network)
            if key not in self._networks:
                self._networks[key] = self._load(self.path_of(model_id, network), network)
            return self._networks[key]

    def _load(self, path: Path, network: str) -> OnnxNetwork:
        provider = self._choice.provider
        standardises = network != "embed"
        if provider is PROCESSOR:
            return OnnxNetwork(self._session(path, provider), standardises, PROCESSOR_SIZES[network])
        loaded = OnnxNetwork(
            self._session(path, provider), standardises, GRAPHICS_SIZES[network], GRAPHICS_LEAST_FILLED
        )
        loaded.drop_sizes_beyond_memory(runtime_faults())
        return loaded

    @cached_property
    def _choice(self) -> _Choice:
        reasons: list[str] = []
        for provider in self._providers:
            fault = self._fault_of(provider)
            if not fault:
                return self._announced(_Choice(provider, " ".join(reasons)))
            reasons.append(f"{provider.title}: {fault}. {provider.remedy}")
        raise EngineUnavailable(
            f"FACE_ATLAS_ONNX_PROVIDERS is '{','.join(self.provider_keys)}', and nothing of it works here. "
            f"{' '.join(reasons)} Add cpu behind the others to fall back on the processor."
        )

    def _announced(self, choice: _Choice) -> _Choice:
        """The choice; when it is a second one, the log says so, as everything takes longer from here on."""
        if choice.reason:
            log.warning("ONNX Runtime runs the networks on the %s. %s", choice.provider.title, choice.reason)
        return choice

    def _fault_of(self, provider: Provider) -> str:
        """Why a provider cannot be used; nothing when it ran the smallest network just now."""
        if provider.runtime_name not in self.runtime.get_available_providers():
            return "the installed onnxruntime does not have it"
        if provider.key == "cuda":
            # CUDA and cuDNN come as Python packages, which the system's loader does not know of. What is missing is
            # printed, and must not come between the answers of the command line.
            with contextlib.redirect_stdout(sys.stderr):
                self.runtime.preload_dlls()
        smallest = self.path_of("mtcnn", "pnet")
        try:
            session = self._session(smallest, provider)
            OnnxNetwork(session, standardises=True, sizes=(1,))(np.zeros((1, SMALLEST_PX, SMALLEST_PX, 3), np.uint8))
        except runtime_faults() as fault:
            return f"it does not start ({str(fault).splitlines()[0]})"
        # Without its libraries a provider is left out in silence, and the processor computes.
        if session.get_providers()[0] != provider.runtime_name:
            return "it does not start (its libraries or driver are missing; the log above says which)"
        return ""

    def _session(self, path: Path, provider: Provider) -> Any:
        options = self.runtime.SessionOptions()
        options.intra_op_num_threads = self.threads
        # Threads that wait in circles would take the processor from those that decode the next photos.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        if provider.key == "directml":
            # As its documentation asks: memory is not planned ahead there.
            options.enable_mem_pattern = False
        devices: list[Any] = [(provider.runtime_name, dict(provider.options))]
        if provider is not PROCESSOR:
            # For layers that a provider does not have.
            devices.append(PROCESSOR.runtime_name)
        # No fallback of its own: it would print to standard output, where answers go, and compute elsewhere.
        return self.runtime.InferenceSession(path, options, providers=devices, enable_fallback=0)


@dataclass
class OnnxNetwork:
    """One network on one device."""

    session: Any
    standardises: bool
    """Whether bytes come, which the network expects as standardised floats."""
    sizes: tuple[int, ...]
    least_filled: float = 1.0
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __call__(self, batch: Batch) -> tuple[Floats, ...]:
        """Run a batch of any length, cut into parts of the fixed ``sizes``."""
        cuts = cut_batch(batch, self.sizes, self.least_filled)
        with self._lock:
            parts = [[output[:n_real] for output in self._run(rows)] for rows, n_real in cuts]
        return tuple(np.concatenate(outputs) for outputs in zip(*parts, strict=True))

    def drop_sizes_beyond_memory(self, faults: tuple[type[Exception], ...]) -> None:
        """Run an empty batch of the largest size, and do without it where the device cannot.

        A card with little memory is found out here, and not in the middle of an ingest.
        """
        # Sides that stay open are PNet's, whose canvases take little in any number.
        sides = [side if isinstance(side, int) else SMALLEST_PX for side in self.session.get_inputs()[0].shape[1:]]
        while len(self.sizes) > 1:
            try:
                self._run(np.zeros((self.sizes[-1], *sides), np.float32))
            except faults:
                log.warning("The graphics card does not hold %d rows of a network; it gets fewer.", self.sizes[-1])
                self.sizes = self.sizes[:-1]
            else:
                return

    def _run(self, rows: Batch) -> list[Floats]:
        values = rows.astype(np.float32, copy=False)
        if self.standardises:
            values = (values - DETECTOR_MEAN) / DETECTOR_SCALE
        outputs: list[Floats] = self.session.run(None, {"image": values})
        return outputs

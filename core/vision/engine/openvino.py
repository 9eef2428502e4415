"""The default engine: OpenVINO on the processor, fixed input shapes, compiled once each.

A network with dynamic sizes is planned anew at every new size, so batches are padded to a few fixed sizes here and
callers hand over image planes of few sizes. Embedders run in 8 bits where they were quantised and found faster, else in
bfloat16 where the processor computes it; detectors stay in float32, so that every machine finds the same boxes.

A call that comes alone takes all threads, and is soonest done. Where several come at a time, each has a thread of its
own, which waits for no other at the end of a layer: 1.05 to 1.2 times as many faces or planes a second.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from queue import SimpleQueue

import numpy as np

from core.base.privacy import forbid_telemetry
from core.base.settings import usable_processors
from core.base.types import Floats
from core.vision.engine.base import DETECTOR_MEAN, DETECTOR_SCALE, PROCESSOR_LOAD, Batch, DeviceLoad, Placement
from core.vision.engine.fixed_batches import cut_batch

# Before the import, at which OpenVINO would report; hence the imports below it.
forbid_telemetry()
import openvino as ov  # noqa: E402
from openvino import opset8  # noqa: E402
from openvino.preprocess import PrePostProcessor  # noqa: E402

MOST_STREAMS = 4
"""Calls that are computed side by side, at most: each keeps a batch of photos in memory. Measured on two threads."""
BATCH_SIZES = {"pnet": (1,), "rnet": (8, 16, 32), "onet": (1, 2, 4, 8), "embed": (1, 2, 8)}
"""Batches are cut into these sizes, the rest padded up to one: larger ones take as long an item, and more memory."""


@dataclass
class OpenVinoEngine:
    """Networks from ``path_of(model_id, network)``, run on ``threads`` processor threads."""

    path_of: Callable[[str, str], Path]
    threads: int
    full_precision: bool = False
    """Never use bfloat16 or 8 bits: for comparing with the reference."""
    quantised: Mapping[str, Path] = field(default_factory=dict)
    """Embedding networks in 8 bits, by the names of their models; they run in place of the others."""
    streams: int = 1
    """Calls of a network that are computed at the same time; the threads are divided among them."""
    name: str = field(default="openvino", init=False)
    load: DeviceLoad = field(default=PROCESSOR_LOAD, init=False)
    _core: ov.Core = field(default_factory=ov.Core, init=False, repr=False)
    _networks: dict[tuple[str, str], OpenVinoNetwork] = field(default_factory=dict, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    @cached_property
    def side_by_side(self) -> OpenVinoEngine:
        """The same networks, compiled for as many calls at a time as there are threads."""
        streams = min(self.threads, MOST_STREAMS)
        return self if self.streams == streams else replace(self, streams=streams)

    @property
    def precision(self) -> str:
        """That of embedders: "int8" where any is quantised, "bf16" where the processor computes it, else "f32"."""
        return "int8" if self.quantised and not self.full_precision else self._float_precision

    @property
    def _float_precision(self) -> str:
        return "bf16" if not self.full_precision and self._computes_bf16 else "f32"

    @cached_property
    def _computes_bf16(self) -> bool:
        if "BF16" not in self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            return False
        # Tried, as oneDNN below may be held to less than the processor has (ONEDNN_MAX_CPU_ISA, some virtual machines):
        # OpenVINO does not ask it before a network of this precision fails to compile.
        try:
            self._core.compile_model(_smallest_network(), "CPU", {"INFERENCE_PRECISION_HINT": "bf16"})
        except RuntimeError:
            return False
        return True

    def placement(self, network: str) -> Placement:
        """The processor; detectors in float32."""
        return Placement("processor", self.precision if network == "embed" else "f32")

    def network(self, model_id: str, network: str) -> OpenVinoNetwork:
        """The network, loaded when it is first asked for."""
        # Held while it loads: two threads that ask at once must not compile the same network twice.
        with self._lock:
            key = (model_id, network)
            if key not in self._networks:
                self._networks[key] = self._load(self._path(model_id, network), network)
            return self._networks[key]

    def _path(self, model_id: str, network: str) -> Path:
        if network == "embed" and not self.full_precision and model_id in self.quantised:
            return self.quantised[model_id]
        return self.path_of(model_id, network)

    def _load(self, path: Path, network: str) -> OpenVinoNetwork:
        model = self._core.read_model(path)
        # The detector looks at whole photos: as bytes they are a quarter of what they would be as standardised floats.
        if network != "embed":
            model = _standardising(_with_softmax_first(model))
        config = {
            # Alone, a call may have whatever suits it best, as the fast processors of a machine that has slow ones too.
            **({"PERFORMANCE_HINT": "LATENCY"} if self.streams == 1 else {"NUM_STREAMS": self.streams}),
            "INFERENCE_NUM_THREADS": self.threads,
            # Pinned, engines of several processes would all sit on the first processors, and leave the others idle; so
            # would the first streams of several networks.
            "ENABLE_CPU_PINNING": self.streams == 1 and self.threads >= usable_processors(),
            "INFERENCE_PRECISION_HINT": self._float_precision if network == "embed" else "f32",
        }
        return OpenVinoNetwork(
            core=self._core, model=model, config=config, batch_sizes=BATCH_SIZES[network], streams=self.streams
        )


def _smallest_network() -> ov.Model:
    """One with the kinds of layers that embedders have: convolutions, and a maximum between them."""
    picture = opset8.parameter([1, 1, 16, 16], ov.Type.f32)
    kernel = opset8.constant(np.ones((1, 1, 3, 3), np.float32))
    options = {"strides": [1, 1], "pads_begin": [0, 0], "pads_end": [0, 0], "dilations": [1, 1]}
    edges = opset8.convolution(picture, kernel, **options)
    highest = opset8.max_pool(edges, kernel_shape=[2, 2], **options)
    return ov.Model([opset8.convolution(highest.output(0), kernel, **options)], [picture], "smallest")


def _standardising(model: ov.Model) -> ov.Model:
    """The detector's network with uint8 input and its standardisation inside."""
    steps = PrePostProcessor(model)
    steps.input().tensor().set_element_type(ov.Type.u8).set_layout(ov.Layout("NHWC"))
    steps.input().model().set_layout(ov.Layout("NHWC"))
    steps.input().preprocess().convert_element_type(ov.Type.f32).mean(DETECTOR_MEAN).scale(DETECTOR_SCALE)
    return steps.build()


def _with_softmax_first(model: ov.Model) -> ov.Model:
    """The same network with probabilities computed before their axes are changed, where they are."""
    for layer in model.get_ordered_ops():
        if layer.get_type_name() == "Softmax" and layer.input_value(0).get_node().get_type_name() == "Transpose":
            # Over the last axis of (n, height, width, 2) it takes a sixth of all the time of the first network.
            axes = layer.input_value(0).get_node()
            probs = opset8.softmax(axes.input_value(0), axis=1)
            layer.output(0).replace(opset8.transpose(probs, axes.input_value(1)).output(0))
    return model


@dataclass
class OpenVinoNetwork:
    """One network, compiled for each input shape when it is first met."""

    core: ov.Core
    model: ov.Model
    config: dict[str, object]
    batch_sizes: tuple[int, ...]
    streams: int = 1
    _idle: dict[tuple[int, ...], SimpleQueue[ov.InferRequest]] = field(default_factory=dict, init=False, repr=False)
    """The requests of each shape that compute nothing now."""
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __call__(self, batch: Batch) -> tuple[Floats, ...]:
        """Run a batch of any length, cut into parts of the fixed ``batch_sizes``."""
        parts = [self._run(rows, n_real) for rows, n_real in cut_batch(batch, self.batch_sizes)]
        return tuple(np.concatenate(rows) for rows in zip(*parts, strict=True))

    def _run(self, rows: Batch, n_real: int) -> tuple[Floats, ...]:
        idle = self._requests(rows.shape)
        request = idle.get()
        try:
            # Named, as the request reads from this very memory; handed over as arrays, it would be looked at first.
            values = np.ascontiguousarray(rows)
            request.set_input_tensor(ov.Tensor(values, shared_memory=True))
            request.infer(share_outputs=True)
            outputs = range(len(self.model.outputs))
            # Copied, because the request writes its next answer into the same memory.
            return tuple(np.array(request.get_output_tensor(output).data[:n_real]) for output in outputs)
        finally:
            idle.put(request)

    def _requests(self, shape: tuple[int, ...]) -> SimpleQueue[ov.InferRequest]:
        # Held while it compiles: two threads that meet a shape at once must not both do so.
        with self._lock:
            if shape not in self._idle:
                # Reshaping changes a model in place, and each size keeps a compiled one of its own.
                fixed = self.model.clone()
                fixed.reshape(list(shape))
                compiled = self.core.compile_model(fixed, "CPU", self.config)
                self._idle[shape] = SimpleQueue()
                for _ in range(self.streams):
                    self._idle[shape].put(compiled.create_infer_request())
            return self._idle[shape]

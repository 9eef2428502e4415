"""The reference engine: the networks of the ``mtcnn`` and ``keras-facenet`` packages as they are, in float32.

It is slow and large, and there to compare with (``FACE_ATLAS_ENGINE=keras``). TensorFlow is imported when the first
network is asked for, never before.
"""

from __future__ import annotations

import importlib.resources
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from core.base.types import Floats
from core.vision.engine.base import DETECTOR_MEAN, DETECTOR_SCALE, PROCESSOR_LOAD, Batch, DeviceLoad, Placement

EMBEDDER_SHAPE = (160, 160, 3)
ROWS_AT_ONCE = 256
"""Longer batches are cut: the memory of all layers together grows with the batch."""


@dataclass
class KerasEngine:
    """The packages' own networks, with an embedder's weights from ``weights_of(model_id)``."""

    weights_of: Callable[[str], Path]
    dimension_of: Callable[[str], int]
    name: str = field(default="keras", init=False)
    precision: str = field(default="f32", init=False)
    load: DeviceLoad = field(default=PROCESSOR_LOAD, init=False)
    streams: int = field(default=1, init=False)
    _networks: dict[tuple[str, str], KerasNetwork] = field(default_factory=dict, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    @property
    def side_by_side(self) -> KerasEngine:
        """Itself: TensorFlow shares one call out among all threads."""
        return self

    def placement(self, network: str) -> Placement:
        """The processor: graphics cards are hidden from TensorFlow."""
        return Placement("processor", self.precision)

    def network(self, model_id: str, network: str) -> KerasNetwork:
        """The network, loaded when it is first asked for."""
        with self._lock:
            key = (model_id, network)
            if key not in self._networks:
                self._networks[key] = self._load(model_id, network)
            return self._networks[key]

    def _load(self, model_id: str, network: str) -> KerasNetwork:
        if network == "embed":
            weights = self.weights_of(model_id)
            return KerasNetwork(load_embedding_network(weights, self.dimension_of(model_id)), standardises=False)
        return KerasNetwork(load_detector_network(network), standardises=True)


@dataclass
class KerasNetwork:
    """One Keras model, called eagerly: ``predict`` and ``tf.function`` keep memory for every new input size."""

    model: Any
    standardises: bool
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __call__(self, batch: Batch) -> tuple[Floats, ...]:
        """Run a batch of any length, at most ``ROWS_AT_ONCE`` rows at once."""
        # Of no rows there is a part too, so that the outputs have their widths.
        starts = range(0, len(batch), ROWS_AT_ONCE) or (0,)
        with self._lock:
            parts = [self._run(batch[start : start + ROWS_AT_ONCE]) for start in starts]
        return tuple(np.concatenate(rows) for rows in zip(*parts, strict=True))

    def _run(self, rows: Batch) -> list[Floats]:
        values = rows.astype(np.float32)
        # The packages standardise outside of their networks; this engine is asked with bytes, as the default one is.
        if self.standardises:
            values = (values - DETECTOR_MEAN) / DETECTOR_SCALE
        outputs = self.model(values, training=False)
        return [output.numpy() for output in (outputs if isinstance(outputs, list | tuple) else [outputs])]


def silence_tensorflow() -> None:
    """Silence TensorFlow, hide GPUs from it, and have it sum in a fixed order; it listens only before its import."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    import tensorflow

    tensorflow.get_logger().setLevel(logging.ERROR)


def load_detector_network(network: str) -> Any:
    """``pnet``, ``rnet`` or ``onet`` with the package's own weights; it takes RGB, (x - 127.5) / 128."""
    silence_tensorflow()
    from mtcnn.network.onet import ONet
    from mtcnn.network.pnet import PNet
    from mtcnn.network.rnet import RNet
    from mtcnn.utils.tensorflow import load_weights

    model = {"pnet": PNet, "rnet": RNet, "onet": ONet}[network]()
    model.build()
    # An absolute path: the package would otherwise prefer a file of that name in the working folder.
    packaged = importlib.resources.files("mtcnn.assets.weights") / f"{network}.lz4"
    with importlib.resources.as_file(packaged) as path:
        model.set_weights(load_weights(str(path)))
    return model


def load_embedding_network(weights: Path, dimension: int) -> Any:
    """The Inception-ResNet of keras-facenet, which takes standardised RGB crops.

    It ends in a normalisation of its own: its vectors have length 1.
    """
    silence_tensorflow()
    from keras_facenet.inception_resnet_v1 import InceptionResNetV1

    model = InceptionResNetV1(input_shape=EMBEDDER_SHAPE, classes=dimension)
    model.load_weights(str(weights))
    return model

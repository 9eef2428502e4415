"""What a runtime must offer: named networks that turn arrays into arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from core.base.types import Floats

Batch = npt.NDArray[np.uint8] | npt.NDArray[np.float32]

DETECTOR_MEAN, DETECTOR_SCALE = 127.5, 128.0
"""The detector's networks were trained on (x - mean) / scale."""


@dataclass(frozen=True, slots=True)
class DeviceLoad:
    """How much work should come at once, so that the device does not wait for the next call."""

    canvases: int
    """Planes of the detector's image pyramid in one call, at most."""
    photos: int
    """Whose faces are embedded together, at least; more where the processor's threads can take up more."""


PROCESSOR_LOAD = DeviceLoad(canvases=1, photos=1)
"""A processor is busy with one plane, which stays in its cache, and with what its threads take up."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a network runs, and in which precision."""

    device: str
    """In words: "processor", or the kind of graphics card."""
    precision: str
    reason: str = ""
    """Why not on something faster, where that was looked for; sentences."""


class Network(Protocol):
    """One network, ready to run; safe to call from several threads, ``Engine.streams`` calls at a time."""

    def __call__(self, batch: Batch) -> tuple[Floats, ...]:
        """Run the network.

        Parameters
        ----------
        batch : (n, height, width, 3) RGB
            uint8 for the detector's networks, which standardise for themselves; float32, already standardised,
            for an embedder.

        Returns
        -------
        float32 arrays in this order: ``pnet`` and ``rnet`` (offsets, probs); ``onet`` (offsets, landmarks,
        probs); ``embed`` (vectors,), not of unit length.
        """


class Engine(Protocol):
    """Loads the installed networks."""

    @property
    def name(self) -> str:
        """How settings and measurements call it: "openvino", "keras" or "onnx"."""

    @property
    def precision(self) -> str:
        """What the embedder computes in: "f32", "bf16" or "int8"."""

    @property
    def load(self) -> DeviceLoad:
        """What suits the device that the networks run on."""

    @property
    def streams(self) -> int:
        """How many calls, of several threads, it computes at the same time."""

    @property
    def side_by_side(self) -> Engine:
        """The same networks for work that comes from several threads: each call takes longer, all together less.

        Answers are the same to the last bit. Itself where the device has nothing to gain by it.
        """

    def placement(self, network: str) -> Placement:
        """Where ``pnet``, ``rnet``, ``onet`` or ``embed`` runs. Raises as ``network``."""

    def network(self, model_id: str, network: str) -> Network:
        """The network ``pnet``, ``rnet``, ``onet`` (of "mtcnn") or ``embed`` (of an embedding model).

        Raises
        ------
        ModelUnavailable
            It is not installed.
        """

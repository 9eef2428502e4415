"""What a runtime must offer: named networks that turn arrays into arrays."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from core.base.types import Floats

Batch = npt.NDArray[np.uint8] | npt.NDArray[np.float32]


class Network(Protocol):
    """One network, ready to run; safe to call from several threads, one call at a time."""

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
        """How settings and measurements call it: "openvino" or "keras"."""

    @property
    def precision(self) -> str:
        """What the embedder computes in: "f32" or "bf16"."""

    def network(self, model_id: str, network: str) -> Network:
        """The network ``pnet``, ``rnet``, ``onet`` (of "mtcnn") or ``embed`` (of an embedding model).

        Raises
        ------
        ModelUnavailable
            It is not installed.
        """

"""The networks on the engine of the settings, and the pipeline that they make."""

from __future__ import annotations

import threading
from functools import cached_property

from core.base.errors import EngineUnavailable
from core.base.settings import Settings
from core.composition.stores import Stores
from core.isolation.photos import decode_photo
from core.vision.detect.mtcnn import Detector
from core.vision.embed.embedder import Embedder
from core.vision.engine.base import Engine
from core.vision.models import catalogue
from core.vision.models.manifest import (
    network_path,
    onnx_path,
    quantised_networks,
    weights_path,
)
from core.vision.pipeline import FacePipeline
from core.workflows.photos.face_finding import FaceFinder, LocalFinder


class Networks(Stores):
    """Stores, and the networks that look at photos, each loaded when it is first asked for."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._lock = threading.RLock()
        self._embedders: dict[str, Embedder] = {}

    @cached_property
    def engine(self) -> Engine:
        """See ``build_engine``."""
        return build_engine(self.settings)

    @cached_property
    def detector(self) -> Detector:
        """MTCNN, on the engine of the settings."""
        return Detector(self.engine)

    def embedder(self, model_id: str) -> Embedder:
        """Raises NotFound for a model that the catalogue does not know."""
        with self._lock:
            if model_id not in self._embedders:
                self._embedders[model_id] = Embedder(self.engine, catalogue.find_vectors_model(model_id))
            return self._embedders[model_id]

    def pipeline(self, model_id: str) -> FacePipeline:
        """What turns photos into faces with a model's vectors. Raises NotFound as ``embedder``."""
        return FacePipeline(self.detector, self.embedder(model_id), decode_photo, self.settings.images)

    def face_finder(self, pipeline: FacePipeline) -> FaceFinder:
        """What finds faces on batches of photos: ``pipeline`` here, or its like on a cluster's nodes."""
        if not self.settings.ray_address:
            return LocalFinder(pipeline)
        # Imported here: Ray loads with it, which is installed on few machines.
        from core.cluster.finder import ClusterFinder

        return ClusterFinder(self.settings, pipeline.model.vectors_id, load_pipeline)


def build_engine(settings: Settings) -> Engine:
    """OpenVINO, or what ``FACE_ATLAS_ENGINE`` says: "onnx", or "keras" for the original packages.

    Raises EngineUnavailable where that is not installed.
    """
    models = settings.models_dir
    # Imported here, in every branch: one needs TensorFlow, one a package that few have, and none is loaded by a
    # page or a command that looks at no photo.
    if settings.engine == "keras":
        from core.vision.engine.keras import KerasEngine

        return KerasEngine(
            lambda model_id: weights_path(models, model_id),
            lambda model_id: catalogue.find_embedding_model(model_id).dimension,
        )
    if settings.engine == "onnx":
        from core.vision.engine.onnx import OnnxEngine

        return OnnxEngine(
            lambda model_id, network: onnx_path(models, model_id, network),
            settings.threads,
            settings.onnx_providers,
        )
    if settings.engine != "openvino":
        raise EngineUnavailable(
            f"FACE_ATLAS_ENGINE is '{settings.engine}'; the engines are 'openvino', 'onnx' and 'keras'."
        )
    from core.vision.engine.openvino import OpenVinoEngine

    return OpenVinoEngine(
        lambda model_id, network: network_path(models, model_id, network),
        settings.threads,
        quantised=quantised_networks(models) if settings.quantised else {},
    )


def load_pipeline(settings: Settings, model_id: str) -> FacePipeline:
    """A pipeline without a data folder, which a node of a cluster has none of; ``Services.pipeline`` is one with."""
    engine = build_engine(settings)
    embedder = Embedder(engine, catalogue.find_vectors_model(model_id))
    # A worker there has several batches in hand.
    return FacePipeline(Detector(engine), embedder, decode_photo, settings.images).side_by_side

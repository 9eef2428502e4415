"""A trained recogniser goes to another installation and comes from one.

An imported recogniser is a run in a dataset of its own that holds no photos: everything that works with runs works with
it, and the faces that it learned from are known by their vectors only.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from core.base.errors import ModelMismatch
from core.base.face_table import Embeddings
from core.base.json_values import JsonRecord
from core.base.types import Ints
from core.formats import bundle as bundle_files
from core.formats.bundle import Bundle, BundledRun
from core.isolation.files import read_bundle_isolated
from core.language.texts import marked
from core.learn.metrics.run_values import ImportOrigin
from core.signing.keyring import UNSIGNED, Keyring, Signer
from core.store.artifacts import ArtifactKind, Artifacts
from core.store.protocols import FaceStore, RunStore
from core.store.values.runs import Run
from core.workflows.training.train import load_predictions, load_recogniser, run_to_json

MOST_GALLERY_FACES = 20_000
"""Of more faces the vectors stay at home: they take 10 MB, and serve for the evidence only."""


@dataclass(frozen=True)
class BundleTools:
    """What bundles work with."""

    store: FaceStore
    runs: RunStore
    artifacts: Artifacts
    models: Mapping[str, str]
    """The sha256 of the weights of every network that this installation knows, by the network's id."""
    keyring: Keyring
    """What bundles are signed with, and their signers are told by."""


@dataclass(frozen=True, slots=True)
class WrittenBundle:
    """What went into a bundle."""

    people: int
    evidence_faces: int
    """Faces that came along with their vectors."""
    sha256: str
    """Of the file."""


@dataclass(frozen=True, slots=True)
class ImportedBundle(JsonRecord):
    """What came with a bundle."""

    dataset: str
    """The name of the dataset that it became."""
    run: str
    people: tuple[str, ...]
    model: str
    evidence_faces: int
    sha256: str
    known: bool
    """It had been taken before, and was there still."""
    signer: Signer = UNSIGNED


def export_bundle(tools: BundleTools, run: Run, path: Path, *, gallery: bool = True) -> WrittenBundle:
    """Write a run as a bundle; without its gallery when there are more than ``MOST_GALLERY_FACES``, or on request."""
    dataset = tools.store.dataset(run.dataset_id)
    recogniser = load_recogniser(tools.artifacts, run)
    # Of a bundle that is passed on the faces are of no dataset here: they are those that came with it.
    faces = load_gallery(tools.store, tools.artifacts, run).faces
    exported_faces = faces if gallery and 0 < len(faces) <= MOST_GALLERY_FACES else None
    n_evidence = len(exported_faces) if exported_faces else 0
    card = {
        **run_to_json(run),
        "dataset": dataset.name,
        "model_id": run.model_id,
        "people": list(recogniser.people),
        "calibration": {"temperature": recogniser.classifier.temperature, "doubt": recogniser.classifier.doubt},
        "classifier": recogniser.classifier.kind.value,
        "C": recogniser.classifier.C,
        "evidence_faces": n_evidence,
    }
    bundle = Bundle(
        dataset=dataset.name,
        model_id=run.model_id,
        model_sha256=tools.models[run.model_id],
        # Where this installation had it from is its own affair.
        run=BundledRun(run.created, run.seconds, replace(run.params, imported=None), run.metrics),
        card=card,
        recogniser=tools.artifacts.read(run.dataset_id, ArtifactKind.RUN, run.id),
        predictions=tools.artifacts.read(run.dataset_id, ArtifactKind.PREDICTIONS, run.id),
        gallery=exported_faces,
    )
    digest = bundle_files.write_bundle(path, bundle, tools.keyring.open_own())
    return WrittenBundle(len(recogniser.people), n_evidence, digest)


def import_bundle(tools: BundleTools, path: Path, name: str | None = None) -> ImportedBundle:
    """Take a bundle into a new dataset, called as it was at home unless another name is given.

    One that was taken before, and is there still, is not taken twice, unless another name is given.

    Raises
    ------
    InputRefused
        The file is no whole, unchanged bundle of this version.
    ModelMismatch
        It is for a network that this installation does not have in the same form.
    NameTaken
        There is a dataset of that name.
    """
    bundle, digest = read_usable_bundle(tools, path)
    # Found by the file's hash: the same bundle under another name is the same bundle. With a name somebody says that
    # they want it twice.
    if (earlier_run := find_imported(tools, digest, name)) is not None:
        return _imported(tools, earlier_run, bundle, digest, known=True)
    dataset = tools.store.create_dataset(name or bundle.dataset, bundle.model_id)
    run = Run(
        id=uuid.uuid4().hex[:12],
        dataset_id=dataset.id,
        created=bundle.run.created,
        revision=dataset.revision,
        model_id=bundle.model_id,
        params=replace(bundle.run.params, imported=ImportOrigin(digest, bundle.dataset)),
        metrics=bundle.run.metrics,
        seconds=bundle.run.seconds,
    )
    try:
        _store(tools, run, bundle)
    # Also on Ctrl+C: a dataset without its recogniser could neither be used nor told from a broken one, and its name
    # would be taken.
    except BaseException:
        tools.store.delete_dataset(dataset.id)
        tools.artifacts.delete_dataset(dataset.id)
        raise
    return _imported(tools, run, bundle, digest, known=False)


def _imported(tools: BundleTools, run: Run, bundle: Bundle, digest: str, *, known: bool) -> ImportedBundle:
    return ImportedBundle(
        dataset=tools.store.dataset(run.dataset_id).name,
        run=run.id,
        people=bundle.people,
        model=bundle.model_id,
        evidence_faces=len(bundle.gallery) if bundle.gallery else 0,
        sha256=digest,
        known=known,
        signer=tools.keyring.recognise(bundle.signature),
    )


def find_imported(tools: BundleTools, digest: str, name: str | None = None) -> Run | None:
    """The run that came in with the bundle of this sha256, where it is there still; of a dataset's name, or of any."""
    for dataset in tools.store.datasets():
        for run in tools.runs.runs(dataset.id) if name in (None, dataset.name) else ():
            if run.params.imported is not None and run.params.imported.sha256 == digest:
                return run
    return None


def read_usable_bundle(tools: BundleTools, path: Path) -> tuple[Bundle, str]:
    """A bundle that can be used here, and the file's sha256.

    Raises
    ------
    InputRefused
        The file is no whole, unchanged bundle of this version.
    ModelMismatch
        It is for a network that this installation does not have in the same form.
    """
    bundle, digest = read_bundle_isolated(path)
    _require_model(tools.models, bundle)
    return bundle, digest


def _require_model(models: Mapping[str, str], bundle: Bundle) -> None:
    if bundle.model_id not in models:
        raise ModelMismatch(
            marked(
                "The bundle is for the network '{model}'; this installation knows {known}. Update it, or train "
                "with one of these."
            ).format(model=bundle.model_id, known=", ".join(sorted(models)))
        )
    # By the weights: vectors of two trainings of one network look alike and mean nothing to each other.
    if models[bundle.model_id] != bundle.model_sha256:
        raise ModelMismatch(
            marked(
                "The bundle was trained with other weights of '{model}' than this installation has. Vectors of "
                "two networks cannot be compared; export it from an installation of the same version."
            ).format(model=bundle.model_id)
        )


def _store(tools: BundleTools, run: Run, bundle: Bundle) -> None:
    parts = {ArtifactKind.RUN: bundle.recogniser, ArtifactKind.PREDICTIONS: bundle.predictions}
    if bundle.gallery is not None:
        parts[ArtifactKind.GALLERY] = bundle_files.encode_gallery(bundle.gallery)
    for kind, content in parts.items():
        tools.artifacts.put(run.dataset_id, kind, run.id, content)
    # The row last: a run that is listed has its files.
    tools.runs.add_run(run)


@dataclass(frozen=True, slots=True, eq=False)
class LearnedFaces:
    """Faces that a run learned from."""

    faces: Embeddings
    labels: Ints | None
    """(n,) whom the run's classifier names each; None where that is not written down"""


def load_gallery(store: FaceStore, artifacts: Artifacts, run: Run) -> LearnedFaces:
    """The faces that a run learned from, as far as they are there: of an imported run those that came along."""
    if run.params.imported is not None and artifacts.exists(run.dataset_id, ArtifactKind.GALLERY, run.id):
        content = artifacts.read(run.dataset_id, ArtifactKind.GALLERY, run.id)
        return LearnedFaces(bundle_files.decode_gallery(content), None)
    embeddings, predictions = store.embeddings(run.dataset_id), load_predictions(artifacts, run)
    # Faces that were erased or removed since are missing; the classifier itself does not need them.
    indices, rows = embeddings.match(predictions.learned_ids)
    labels = None if predictions.learned_as is None else predictions.learned_as[indices]
    return LearnedFaces(embeddings.take(rows), labels)

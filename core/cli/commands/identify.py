"""Who is this, and is it the same person: ``identify``, ``verify``, ``verify-pairs``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.base.errors import ImageRefused, InputRefused
from core.cli import audit, resolution
from core.cli.job_runner import console_progress
from core.cli.parser import Answer, Commands, accept_zip_names, require_dataset
from core.learn.verification.pair_rule import FARS
from core.services import Services
from core.store.audit_log import AuditAction
from core.store.values.datasets import Dataset
from core.vision.models import catalogue
from core.workflows.datasets import find_person
from core.workflows.identification.identify import identified_photo_json
from core.workflows.verification import pair_lists, verify, verify_pairs


def add_identify(commands: Commands) -> None:
    """``identify``."""
    command = commands.add("identify", _identify, "say who is in photos")
    command.add_argument("photo", nargs="+")
    require_dataset(command)
    command.add_argument("--run", help="default: the newest")
    command.add_argument(
        "--fpir", type=float, help="share of strangers that may be named, 0.001 to 0.05 (default 0.01)"
    )


def _identify(options: argparse.Namespace) -> Answer:
    services, run = resolution.open_run(options)
    identifier = services.identifier(run)
    threshold = identifier.threshold() if options.fpir is None else identifier.threshold(options.fpir)
    # A photo that cannot be read does not keep the others from an answer; all of them refused is a refusal.
    photos, refused = [], []
    for name in options.photo:
        try:
            photo = identifier.pipeline.decode_photo(resolution.read_photo_bytes(Path(name)))
        except ImageRefused as refusal:
            refused.append(f"'{name}': {refusal}")
            continue
        identified = identifier.identify_photo(photo)
        named = {person for face in identified.faces if (person := face.name(threshold)) is not None}
        audit.record_identified(services, run.dataset_id, "photo", named)
        photos.append(identified_photo_json(name, identified, threshold))
    if refused and not photos:
        raise InputRefused(" ".join(refused))
    for line in refused:
        print(f"Refused {line}", file=sys.stderr)
    return {"photos": photos}


def add_verify(commands: Commands) -> None:
    """``verify``."""
    command = commands.add("verify", _verify, "same person? two photos, or a photo and a person of a dataset")
    command.add_argument("photo", nargs="+", metavar="PHOTO")
    command.add_argument(
        "--dataset", metavar="NAME", help="where the person is, who is judged by its own people; its model is used"
    )
    command.add_argument("--person", metavar="NAME", help="compare one photo with this person of the dataset")
    command.add_argument(
        "--far",
        type=float,
        default=min(FARS),
        metavar="X",
        help="the share of different people that may pass: 0.1 to 0.00002, as far as the pairs tell (default: "
        "%(default)s)",
    )


def _verify(options: argparse.Namespace) -> Answer:
    services = resolution.open_services(options)
    if options.person is None and len(options.photo) != 2:
        raise InputRefused("Give two photos, or one photo with --dataset NAME and --person NAME.")
    if options.person is not None and (len(options.photo) != 1 or not options.dataset):
        raise InputRefused("A person is compared with one photo, and --dataset NAME says where the person is.")
    # Vectors of two models cannot be compared: with a dataset, its model turns the photos into vectors.
    dataset = services.store.dataset(options.dataset) if options.dataset else None
    pipeline = services.pipeline(dataset.model_id if dataset else catalogue.DEFAULT_VECTORS_ID)
    photos = [
        verify.read_photo_with_face(pipeline, resolution.read_photo_bytes(Path(name)), name) for name in options.photo
    ]
    face_counts = dict(zip(options.photo, (len(photo.faces) for photo in photos), strict=True))
    doubts = {name: photo.faces[photo.main].doubt for name, photo in zip(options.photo, photos, strict=True)}
    if dataset and options.person is not None:
        person = find_person(services.store, dataset.id, options.person)
        audit.record(services, AuditAction.COMPARED, "two faces", dataset.id, person.id)
        cosine = verify.compare_with_person(services.store, dataset, person, photos[0], photos[0].main).cosine
        # A face and the mean of a person's faces are not as two faces are to each other: a threshold of their own.
        verifier = verify.build_person_verifier(dataset.model_id, _own_faces(services, dataset).with_people())
    else:
        audit.record(services, AuditAction.COMPARED, "two faces", dataset.id if dataset else "")
        cosine = verify.compare_faces(photos[0], photos[0].main, photos[1], photos[1].main)
        verifier = verify.build_face_verifier(
            pipeline.model.vectors_id, lambda: _own_faces(services, dataset).pairs() if dataset else None
        )
    return verify.verdict_json(
        verifier(cosine, options.far), face_counts, {name: why for name, why in doubts.items() if why}
    )


def _own_faces(services: Services, dataset: Dataset) -> verify.NamedFaces:
    return verify.select_named_faces(services.store.face_table(dataset.id), services.store.embeddings(dataset.id))


def add_verify_pairs(commands: Commands) -> None:
    """``verify-pairs``."""
    text = "measure same-or-different on a list of pairs (LFW protocol)"
    command = accept_zip_names(commands.add("verify-pairs", _verify_pairs, text))
    command.add_argument(
        "pairs", metavar="LIST", help="a table photo_a,photo_b,same (and fold; dealt without it), or pairs.txt of LFW"
    )
    command.add_argument("--photos", required=True, metavar="ZIP_OR_DIR")
    command.add_argument("--curves", action="store_true", help="the DET curve and the histograms too")
    command.add_argument(
        "--model",
        choices=[model.id for model in catalogue.EMBEDDING_MODELS],
        default=catalogue.DEFAULT_EMBEDDING_ID,
    )


def _verify_pairs(options: argparse.Namespace) -> Answer:
    services = resolution.open_services(options)
    pairs = pair_lists.read_pairs(Path(options.pairs))
    tools = services.main_face_tools(catalogue.find_embedding_model(options.model).vectors_id)
    with services.open_source(Path(options.photos).resolve(), zip_names=options.zip_names) as source:
        compared = verify_pairs.compare_pairs(tools, source, pairs, console_progress())
    curves = compared.curves() if options.curves else {}
    folds = {"folds": len(set(pairs.fold.tolist())), "folds_dealt": pairs.folds_dealt}
    return {**compared.verification().to_json(), **folds, **curves}

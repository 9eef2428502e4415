"""The report of a real run: gathered from the store, written whole or not at all, the same each time."""

from __future__ import annotations

import base64
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from pypdf import PdfReader

from core.__main__ import main
from core.base.errors import Cancelled, InputRefused, NotFound
from core.base.progress import CancelToken, Progress
from core.learn.classification.training_material import TrainOptions
from core.store.artifacts import ArtifactKind
from core.store.values.runs import Run
from core.workflows.evaluation import study
from core.workflows.evaluation.report import MISTAKES_SHOWN, WrittenReport, make_report, save_report
from core.workflows.evaluation.study import StudyRequest
from core.workflows.training.train import load_predictions
from core.workflows.verification.verify import select_named_faces
from tests import prepared
from tests.conftest import new_data_dir, services_on
from tests.report.made import jpeg
from tests.stored_faces import add_faces
from tests.workflows.training.test_train import trained

PEOPLE = {"Ann_Lee": 12, "Bob": 8, "Cat": 8, "Impostor": 4}


def made(services, run, *, faces=True):
    return make_report(services.report_tools(), run.id, faces=faces)


@dataclass(frozen=True)
class Reported:
    """A run that takes Impostor for Ann, and its report, in a folder that nobody changes."""

    folder: Path
    run: Run
    report: WrittenReport


@pytest.fixture(scope="module")
def reported(models_dir, engine, tmp_path_factory):
    folder = new_data_dir(models_dir, tmp_path_factory.mktemp("reported") / "data")
    services = services_on(folder, engine)
    dataset = add_faces(services, "Family", PEOPLE, looks_like={"Impostor": "Ann_Lee"})
    for row, crop_id in enumerate(services.store.face_table(dataset.id).crop_ids):
        services.artifacts.put(dataset.id, ArtifactKind.CROP, crop_id, jpeg(60 + 5 * row))
    run = trained(services, dataset, TrainOptions(c=1.0))
    return Reported(folder, run, made(services, run))


@pytest.fixture
def erring(reported):
    return reported.run


@pytest.fixture
def services(reported, engine, tmp_path):
    """On a folder of the test's own with that run; every face has a picture of its own."""
    return services_on(prepared.copy(reported.folder, tmp_path / "data"), engine)


def test_a_run_gives_the_same_bytes_each_time(services, reported):
    first, again = reported.report, made(services, reported.run)
    assert first == again and first.html.startswith(b"<!doctype html>") and first.pdf.startswith(b"%PDF")
    assert first.name == f"report-Family-{reported.run.id}"
    assert dict(first.facts)["people"].startswith("4")


def test_the_same_photos_learned_again_give_the_same_figures(services, reported):
    again = trained(services, services.store.dataset(reported.run.dataset_id), TrainOptions(c=1.0))

    def figures(run, report):
        text = report.html.decode().replace(run.id, "")
        return re.sub(r"[0-9-]{10} [0-9:]{5} UTC|in under a second|in \d+ seconds?", "", text)

    assert figures(again, made(services, again)) == figures(reported.run, reported.report)


def test_beside_an_error_stands_the_learned_face_most_like_it(services, erring, reported):
    said = load_predictions(services.artifacts, erring)
    row = int(np.flatnonzero(said.wrong)[np.argmax(said.probs[said.wrong])])
    table, vectors = (
        services.store.face_table(erring.dataset_id),
        services.store.embeddings(erring.dataset_id).vectors,
    )
    own, given = table.face_ids.index(said.face_ids[row]), said.people[said.given[row]]
    others = [at for at in range(len(table)) if table.person(at) == given and at != own]
    like = others[int(np.argmax(vectors[others] @ vectors[own]))]
    pictures = [
        base64.b64encode(services.artifacts.read(erring.dataset_id, ArtifactKind.CROP, table.crop_ids[at])).decode()
        for at in (own, like)
    ]
    html = reported.report.html.decode()
    found = re.findall(r"src='data:image/jpeg;base64,([^']+)'", html)
    assert found[:2] == pictures and 2 <= len(found) <= 2 * MISTAKES_SHOWN
    assert not any(picture in made(services, erring, faces=False).html.decode() for picture in pictures)


def test_pictures_that_are_gone_are_left_out(services, erring):
    for crop_id in services.store.face_table(erring.dataset_id).crop_ids:
        services.artifacts.delete(erring.dataset_id, ArtifactKind.CROP, crop_id)
    report = made(services, erring)
    assert b"data:image" not in report.html and b"taken for" in report.html


def test_hashes_change_with_what_was_tested_and_learned(services, erring, reported):
    def hashes(report):
        text = report.html.decode()
        return re.findall(r"faces(?: with their names)?, sha256</th><td class='code'>([0-9a-f]{64})", text)

    before = hashes(reported.report)
    assert len(before) == 3 and len(set(before)) >= 2
    add_faces(services, "Family", {"Bob": 3})
    assert hashes(made(services, erring)) == before[:2]  # of names that may have changed since, nothing is promised
    again = trained(services, services.store.dataset(erring.dataset_id), TrainOptions(c=1.0))
    after = hashes(made(services, again))
    assert not set(after) & set(before)


def test_what_changed_since_is_told_and_faces_that_left_are_counted(services, erring):
    add_faces(services, "Family", {"Dora": 3})
    html = made(services, erring).html.decode()
    assert "Photos or names changed since the training" in html
    assert "of the run left the dataset since" not in html


def test_networks_are_named_by_the_hashes_of_their_installed_files(services, erring, reported):
    html = reported.report.html.decode()
    networks = services.report_tools().networks(erring.model_id)
    files = [sha256 for network in networks for _, sha256 in network.files]
    assert [network.id for network in networks] == ["mtcnn", "facenet-128"]
    assert len(files) >= 8 and all(sha256 in html for sha256 in files)


def test_a_study_is_told_where_there_is_one(services, erring, reported):
    document = study.study_run(services.run_tools(), StudyRequest(erring.id, repeats=1))
    report = made(services, erring)
    assert b"Measured again and again" not in reported.report.html and b"Measured again and again" in report.html
    assert document.protocol in report.html.decode()
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(report.pdf)).pages)
    assert "Measured again and again" in text and "Classifiers compared" in text


def test_two_people_without_a_pair_of_one_of_them_have_no_pairs(services):
    dataset = add_faces(services, "Two", {"Ann": 1, "Bob": 1})
    table, embeddings = services.store.face_table(dataset.id), services.store.embeddings(dataset.id)
    assert select_named_faces(table, embeddings).measure_pairs() is None
    run = trained(services, add_faces(services, "Two", {"Ann": 1, "Bob": 2}))
    assert b"Same person? (1:1)" in made(services, run).html


def test_both_files_are_written_or_none(reported, tmp_path):
    report = reported.report
    html, pdf = save_report(report, tmp_path / "new")
    assert (html.read_bytes(), pdf.read_bytes()) == (report.html, report.pdf)
    assert sorted(path.suffix for path in (tmp_path / "new").iterdir()) == [".html", ".pdf"]
    blocked = tmp_path / "blocked"
    (blocked / f"{report.name}.pdf").mkdir(parents=True)
    with pytest.raises(InputRefused, match="cannot be written"):
        save_report(report, blocked)
    assert [path.name for path in blocked.iterdir()] == [f"{report.name}.pdf"]
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputRefused, match="cannot be written"):
        save_report(report, tmp_path / "file")


def test_it_stops_when_it_is_told_to_and_refuses_what_is_not_there(services, erring):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        make_report(services.report_tools(), erring.id, faces=True, progress=Progress(token=token))
    with pytest.raises(NotFound):
        make_report(services.report_tools(), "0" * 12, faces=True)


def test_the_command_line_writes_both_files(services, erring, tmp_path, capsys):
    arguments = ["report", "--dataset", "Family", "--out", str(tmp_path / "out"), "--no-faces", "--json"]
    assert main([*arguments, "--data", str(services.settings.data_dir)]) == 0
    answer = json.loads(capsys.readouterr().out)
    report = made(services, erring, faces=False)
    assert answer["run"] == erring.id and answer["seconds"] > 0
    for name, content in (("html", report.html), ("pdf", report.pdf)):
        assert (tmp_path / "out" / f"{report.name}.{name}").read_bytes() == content
        assert answer[name].endswith(f"{report.name}.{name}")
    assert main([*arguments, "--language", "de", "--data", str(services.settings.data_dir)]) == 0
    assert b"<html lang='de'>" in (tmp_path / "out" / f"{report.name}.html").read_bytes()

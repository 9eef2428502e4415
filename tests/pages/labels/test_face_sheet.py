"""A face's sheet says what the newest training made of it, where that was tested on it."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from core.base.types import Split
from core.store.artifacts import ArtifactKind
from core.store.values.datasets import Dataset
from core.ui import data, words
from core.ui.labels import face_sheet
from core.workflows.neighbours import face_index
from core.workflows.neighbours.search import IndexedSearch
from tests.pages.conftest import open_explanations, texts


def open_sheet(dataset_id: str, face_id: str) -> AppTest:
    """The sheet alone, as a page of its own."""

    def script(dataset_id: str, face_id: str) -> None:
        from core.ui import data
        from core.ui.labels.face_sheet import show_face_sheet

        show_face_sheet(data.services().store.dataset(dataset_id), face_id)

    app = AppTest.from_function(script, args=(dataset_id, face_id), default_timeout=60).run()
    assert not app.exception, app.exception
    return app


def face_on(services, dataset: Dataset, split: Split) -> tuple[str, str]:
    table = services.store.face_table(dataset.id)
    row = next(row for row in range(len(table)) if table.splits[row] is split)
    return table.face_ids[row], words.display_name(table.person(row))


def bars(app: AppTest) -> list[str]:
    return [html.proto.body for html in app.get("html") if "fa-certainty" in html.proto.body]


def test_a_tested_face_has_the_word_the_bar_and_its_numbers(trained):
    (dataset,) = trained.store.datasets()
    face_id, name = face_on(trained, dataset, Split.VAL)
    app = open_sheet(dataset.id, face_id)
    assert f"In the test it was taken for **{name}**." in texts(app)
    assert "Sure: likeness" in bars(app)[0]
    numbers = dict(open_explanations(app).table[0].value.to_numpy().tolist())
    assert numbers["Taken for"] == name
    assert numbers["Nearest face of the dataset"].startswith(f"of {name}, at distance 0.")


def test_the_sheet_does_without_a_run_whose_file_is_gone(trained):
    (dataset,) = trained.store.datasets()
    trained.artifacts.delete(dataset.id, ArtifactKind.RUN, trained.runs.runs(dataset.id)[0].id)
    face_id, _ = face_on(trained, dataset, Split.VAL)
    app = open_sheet(dataset.id, face_id)
    assert bars(app) == [] and "Most like it" in texts(app)


def test_a_face_that_was_learned_from_has_none(trained):
    (dataset,) = trained.store.datasets()
    face_id, _ = face_on(trained, dataset, Split.TRAIN)
    assert bars(open_sheet(dataset.id, face_id)) == []


def test_an_index_finds_the_same_faces_for_the_sheet(trained, monkeypatch):
    def similar(face_id: str) -> list[tuple[int, float]]:
        faces = data.dataset_faces(dataset.id, dataset.revision)
        return face_sheet.find_similar_faces(faces, faces.table.index(face_id))

    (dataset,) = trained.store.datasets()
    face_id, _ = face_on(trained, dataset, Split.VAL)
    monkeypatch.setattr(data, "services", lambda: trained)
    exact = similar(face_id)
    monkeypatch.setattr(face_index, "INDEXED_FROM", 1)
    face_index.index_faces(trained.store, trained.artifacts, dataset.id)
    assert isinstance(data.face_search(data.dataset_faces(dataset.id, dataset.revision)), IndexedSearch)
    assert [row for row, _ in similar(face_id)] == [row for row, _ in exact]
    assert "Most like it" in texts(open_sheet(dataset.id, face_id))

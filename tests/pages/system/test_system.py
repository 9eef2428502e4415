"""The pages of jobs, of words, and about the installation."""

from __future__ import annotations

from datetime import timedelta

from core.store.job_model import JobKind
from core.store.object_store import ObjectStore
from core.store.retention.model import RetentionTerms
from core.ui import data as ui_data
from core.ui import state
from core.ui.menu import ENTRIES, GLOSSARY, SECTIONS
from core.ui.system.glossary import SEARCH_FIELD, TERMS, find_terms
from core.vision.engine.onnx import OnnxEngine
from core.vision.models.manifest import onnx_path
from core.workflows.erasure.erase_dataset import erase_dataset
from core.workflows.retention import terms as retention
from tests.pages.conftest import texts
from tests.stored_faces import add_faces


def test_jobs_with_nothing_done_yet_lead_on(app_data, open_page):
    assert "No work has been done yet." in texts(open_page("pages/system/jobs.py"))


def test_jobs_lists_what_ended_and_what_runs(trained, open_page):
    (dataset,) = trained.store.datasets()
    job = trained.jobs.submit(dataset.id, JobKind.TRAIN, {})
    app = open_page("pages/system/jobs.py")
    assert len(app.dataframe[0].value) == 2
    assert app.button(key=f"cancel_{job.id}")


def test_about_tells_engine_models_and_versions(trained, open_page):
    app = open_page("pages/system/about.py")
    assert "OpenVINO" in texts(app)
    engine, models, _, versions = (table.value for table in app.dataframe)
    assert list(engine["Runs on"]) == ["processor"] * 4
    assert list(engine["Precision"]) == ["f32"] * 3 + [trained.engine.precision]
    installed = models.set_index("Name")["Installed"]
    assert (installed["mtcnn"], installed["facenet-128"], installed["facenet-512-casia"]) == ("yes", "yes", "no")
    assert "streamlit" in set(versions["Package"])


def test_about_tells_why_onnx_runtime_runs_on_nothing_faster(trained, open_page, onnx_models):
    runtime = OnnxEngine(lambda model_id, network: onnx_path(onnx_models, model_id, network), 1, ("coreml", "cpu"))
    trained.__dict__["engine"] = runtime
    app = open_page("pages/system/about.py")
    assert list(app.dataframe[0].value["Runs on"]) == ["processor"] * 4
    (reason,) = [info.value for info in app.info]
    assert "Nothing faster runs here. Apple graphics" in reason
    assert "requirements-gpu.txt" in reason


def test_about_tells_what_an_engine_lacks_and_all_else(trained, open_page, tmp_path):
    trained.__dict__["engine"] = OnnxEngine(lambda model_id, network: onnx_path(tmp_path, model_id, network), 1)
    app = open_page("pages/system/about.py")
    assert "models install mtcnn --engine onnx" in app.error[0].value
    assert "mtcnn" in set(app.dataframe[0].value["Name"])


def test_words_are_found_by_either_name_and_lead_to_where_they_are_seen(app_data, open_page):
    app = open_page("pages/system/glossary.py")
    assert "Confusion matrix" in texts(app)
    app.text_input(key=SEARCH_FIELD).set_value("how often STRANGER").run()
    assert "False-accept rate, FPIR" in texts(app)
    assert "Confusion matrix" not in texts(app)
    app.text_input(key=SEARCH_FIELD).set_value("no such word").run()
    assert "No such word here." in texts(app)


def test_the_words_have_one_link_and_light_up_no_section(app_data, open_page):
    app = open_page("pages/system/jobs.py")
    assert GLOSSARY not in {entry.script for section in SECTIONS for entry in section.entries}
    links = [element.proto for element in app.sidebar.get("page_link")]
    assert [link.label for link in links] == ["Words explained"]


def test_every_word_is_said_once_and_leads_to_a_page():
    assert len({term.term.casefold() for term in TERMS}) == len(TERMS)
    assert {term.page_path for term in TERMS} <= {entry.script for entry in ENTRIES}
    assert find_terms("svm")[0].term == "Linear SVM"


def test_a_page_of_a_dataset_that_is_gone_says_which_it_shows_instead(trained, open_page):
    app = open_page("pages/model/train.py")
    app.query_params["dataset"] = "0123456789ab"
    app.run()
    assert "is gone. This is **Five celebrities**." in texts(app)
    assert "is gone" not in texts(app.run())


def test_about_tells_where_photos_lie_and_pages_what_the_store_says(app_data, open_page, monkeypatch):
    add_faces(app_data, "Family", {"Ann": 6})
    monkeypatch.setenv("FACE_ATLAS_ARTIFACTS", "memory://atlas")
    ui_data.whole_services.clear()
    about = open_page("pages/system/about.py")
    assert "arrays lie in memory" in texts(about)
    assert "crops lie in memory" in texts(open_page("pages/system/privacy.py"))
    assert about.dataframe[2].value["Size"].iloc[0] == ""

    def refuse(store: ObjectStore, *part: object) -> bytes:
        raise store._unavailable("read", "the key was withdrawn")

    monkeypatch.setattr(ObjectStore, "read", refuse)
    people = open_page("pages/data/people.py")
    assert "//atlas' cannot be read just now" in texts(people) and not people.exception


def test_privacy_tells_this_installations_own_figures_and_offers_its_receipts(trained, open_page):
    (dataset,) = trained.store.datasets()
    person = trained.store.people(dataset.id)[0]
    tomorrow = retention.local_today() + timedelta(days=1)
    trained.retention.set_person_terms(dataset.id, person.id, RetentionTerms(until=tomorrow))
    app = open_page("pages/system/privacy.py")
    said = texts(app)
    assert app.dataframe[0].value.iloc[0]["Dataset"] == dataset.name
    assert "1 person has a last day" in said and "Nothing was erased yet" in said
    assert trained.keyring.open_own().public.fingerprint in said
    assert "1 person of" in texts(open_page("pages/home/datasets.py"))
    erase_dataset(trained.erase_tools(), dataset.id, by="me")
    said = texts(open_page("pages/system/privacy.py"))
    assert "A dataset, erased on" in said and "there is no dataset" in said


def test_a_language_is_chosen_for_every_page_of_the_tab(app_data, open_page):
    app = open_page("pages/system/jobs.py")
    app.radio(key=state.LANGUAGE_CHOICE).set_value("de").run()
    assert "Noch wurde keine Arbeit erledigt." in texts(app)
    assert [element.proto.label for element in app.sidebar.get("page_link")] == ["Wörter erklärt"]
    app.radio(key=state.LANGUAGE_CHOICE).set_value("en").run()
    assert "No work has been done yet." in texts(app)

"""The pages of jobs, of words, and about the installation."""

from __future__ import annotations

from core.store.job_model import JobKind
from core.ui.menu import ENTRIES, GLOSSARY, SECTIONS
from core.ui.system.glossary import SEARCH_FIELD, TERMS, find_terms
from tests.pages.conftest import texts


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
    assert "openvino" in texts(app)
    installed = app.dataframe[0].value.set_index("Name")["Installed"]
    assert (installed["mtcnn"], installed["facenet-128"], installed["facenet-512-casia"]) == ("yes", "yes", "no")
    assert "streamlit" in set(app.dataframe[2].value["Package"])


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

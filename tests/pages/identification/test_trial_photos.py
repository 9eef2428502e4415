"""Photos to try the sample's recogniser on: offered on its pages alone, and named as any photo."""

from __future__ import annotations

from core.store.job_model import JobKind
from core.workflows.exchange.prepared_sample import adopt_sample
from tests import prepared
from tests.conftest import unprepare_sample
from tests.pages.conftest import button, texts

IDENTIFY = "pages/identify/photo.py"
TRIALS = ["Photo 1", "Photo 2", "Photo 3", "Photo 4", "Photo 5", "A stranger"]


def offered(app) -> list[str]:
    return [entry.label for entry in app.button if entry.label in TRIALS]


def test_a_click_on_a_photo_names_who_is_on_it_and_a_stranger_nobody(with_sample, open_page):
    adopt_sample(with_sample.adoption_tools(), with_sample.prepared_sample(), "Stars")
    app = open_page(IDENTIFY)
    assert offered(app) == TRIALS
    button(app, "Photo 2").click().run()
    assert not app.exception
    assert "1 face: 1 named, 0 unknown" in texts(app)
    app = open_page("pages/data/ingest.py")
    assert offered(app) == TRIALS
    button(app, "A stranger").click().run()
    assert not app.exception
    assert "1 face: 0 named, 1 unknown" in texts(app)


def test_a_dataset_without_all_of_these_photos_is_offered_none(with_sample, open_page):
    sample = with_sample.prepared_sample()
    dataset = adopt_sample(with_sample.adoption_tools(), sample, "Stars")
    missing = sample.read_picture().photos[0].photo_id
    labels = with_sample.store.photo_labels(dataset.id)
    others = prepared.refile(
        with_sample,
        dataset.id,
        "Others",
        lambda photo: None if photo.id == missing else (photo.name, labels[photo.id]),
    )
    prepared.carry(with_sample, others, JobKind.TRAIN)
    app = open_page(IDENTIFY, dataset=others)
    assert "It knows **5 people**" in texts(app)
    assert offered(app) == []


def test_without_the_prepared_sample_none_are_there_to_offer(trained, open_page):
    unprepare_sample(trained.settings.data_dir)
    assert offered(open_page(IDENTIFY)) == []

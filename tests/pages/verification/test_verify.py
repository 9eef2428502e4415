"""Same person? Two photos, a photo and a person, several faces, no face, the same file twice, no photo at all."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.learn.open_set.certainty import Certainty, Sureness
from core.learn.verification.pair_rule import MEASURED
from core.store.job_model import JobKind
from core.ui.verification.pair_answer import describe_basis, describe_conclusion
from core.vision.models import catalogue
from core.vision.models.catalogue import DEFAULT_VECTORS_ID
from core.workflows.verification.verify import PairVerdict
from tests.pages.conftest import button, open_explanations, texts
from tests.stored_faces import add_faces

VERIFY = "pages/identify/verify.py"
LEFT, RIGHT = 0, 1


@pytest.fixture
def photos(sample_files):
    """Photos of the sample by the beginning of their names, the first of each."""

    def photo(prefix: str, number: int = 0) -> bytes:
        return sample_files[sorted(name for name in sample_files if name.startswith(prefix))[number]]

    return photo


@pytest.fixture
def crowded(shared_dir: Path) -> bytes:
    """A photo with several faces."""
    with zipfile.ZipFile(shared_dir / "faces" / "group-photos.zip") as archive:
        names = [info for info in archive.infolist() if info.filename.lower().endswith(".jpg")]
        return archive.read(min(names, key=lambda info: info.file_size))


def empty_photo() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((300, 400, 3), 90, np.uint8)).save(buffer, "JPEG")
    return buffer.getvalue()


def give(app, side: int, content: bytes, name: str = "photo.jpg"):
    app.get("file_uploader")[side].upload(name, content, "image/jpeg").run()
    assert not app.exception, app.exception
    return app


def way(app, name: str):
    next(group for group in app.segmented_control if group.key == "verify_way").set_value(name).run()
    assert not app.exception, app.exception
    return app


def numbers(app) -> dict[str, str]:
    """The numbers behind the answer, opened where they are not yet."""
    if not app.table:
        open_explanations(app)
    return dict(app.table[0].value.to_numpy().tolist())


PROBABILITY, DISTANCE = "Probability of one person (calibrated)", "Distance (Euclidean; 0 the same, 2 opposite)"


def test_without_any_dataset_two_photos_can_be_compared(app_data, open_page, photos):
    app = open_page(VERIFY)
    assert "Give a photo on each side" in texts(app)
    give(app, LEFT, photos("val/madonna/"))
    give(app, RIGHT, photos("train/madonna/"))
    assert "he same person" in texts(app)
    assert numbers(app)[PROBABILITY].startswith(("9", "over"))
    assert "1 in 1\u202f000 different people pass, measured on 79 people on press photos" in texts(app)
    (certainty,) = [html.proto.body for html in app.get("html") if "fa-certainty" in html.proto.body]
    assert "the threshold is 52." in certainty


def test_two_people_are_told_apart_and_a_looser_limit_moves(app_data, open_page, photos):
    app = open_page(VERIFY)
    give(app, LEFT, photos("val/madonna/"))
    give(app, RIGHT, photos("val/jerry_seinfeld/"))
    assert "Different people" in texts(app)
    assert numbers(app)[PROBABILITY] == "below 1\u00a0%"
    strict = float(numbers(app)["The threshold"])
    next(group for group in app.segmented_control if group.key == "verify_far").set_value(1e-2).run()
    assert float(numbers(app)["The threshold"]) > strict
    (control,) = (group for group in app.segmented_control if group.key == "verify_far")
    assert control.options == ["1 in 100", "1 in 1\u202f000", "1 in 10\u202f000"]


def test_the_same_file_twice_says_so(app_data, open_page, photos):
    app = open_page(VERIFY)
    give(app, LEFT, photos("val/madonna/"))
    give(app, RIGHT, photos("val/madonna/"))
    assert "Both are the same photo" in texts(app)


def test_a_photo_without_a_face_and_a_file_that_is_none_are_said_and_nothing_is_decided(app_data, open_page, photos):
    app = open_page(VERIFY)
    give(app, LEFT, empty_photo())
    give(app, RIGHT, b"these are not pixels", "letter.jpg")
    said = texts(app)
    assert "No face could be found" in said and "letter.jpg" in said
    assert "Probably" not in said and "Different people" not in said and "he same person" not in said


def test_of_several_faces_one_is_chosen(app_data, open_page, photos, crowded):
    app = open_page(VERIFY)
    give(app, LEFT, crowded)
    give(app, RIGHT, photos("val/madonna/"))
    choice = next(group for group in app.segmented_control if "which one" in group.label)
    before = numbers(app)[DISTANCE]
    other = next(face for face in range(len(choice.options)) if face != choice.value)
    choice.set_value(other).run()
    assert not app.exception
    assert numbers(app)[DISTANCE] != before


def test_a_photo_is_compared_with_a_person_without_itself(trained, open_page, photos):
    app = way(open_page(VERIFY), "A photo and a person")
    give(app, LEFT, photos("val/madonna/"))
    app.selectbox(key=f"verify_person_{trained.store.dataset('Five celebrities').id}").set_value("madonna").run()
    said = texts(open_explanations(app))
    assert ":material/check_circle: madonna" in said
    (dataset,) = trained.store.datasets()
    faces = next(person.faces for person in trained.store.people(dataset.id) if person.name == "madonna")
    assert f"centre of {faces - 1} faces" in said


def test_a_photo_of_another_is_not_the_person(trained, open_page, photos):
    (dataset,) = trained.store.datasets()
    app = open_page(VERIFY, person="madonna")
    give(app, LEFT, photos("val/elton_john/"))
    assert app.selectbox(key=f"verify_person_{dataset.id}").value == "madonna"
    assert "Not madonna" in texts(app)


def a_verdict(distance: float, prob: float, sureness: Sureness) -> PairVerdict:
    return PairVerdict(
        distance=distance,
        prob=prob,
        same=distance <= 0.98,
        threshold=0.98,
        far=1e-3,
        prior=0.5,
        rule=MEASURED[DEFAULT_VECTORS_ID],
        own_rule=False,
        certainty=Certainty(sureness, 50.0, 52.0),
    )


@pytest.mark.parametrize(
    ("distance", "prob", "sureness", "said", "of_person"),
    [
        (0.7, 0.99, Sureness.SURE, "The same person", "ann"),
        (0.95, 0.9, Sureness.LIKELY, "Probably the same person", "Probably ann"),
        (0.97, 0.7, Sureness.UNSURE, "Perhaps the same person", "Perhaps ann"),
        (1.0, 0.8, Sureness.UNSURE, "Perhaps the same person, but not surely", "Perhaps ann, but not surely"),
        (1.1, 0.3, Sureness.UNSURE, "Perhaps different people", "Perhaps not ann"),
        (1.2, 0.1, Sureness.LIKELY, "Probably different people", "Probably not ann"),
        (1.3, 0.01, Sureness.SURE, "Different people", "Not ann"),
    ],
)
def test_an_answer_is_worded_as_sure_as_it_is(distance, prob, sureness, said, of_person):
    verdict = a_verdict(distance, prob, sureness)
    assert describe_conclusion(verdict).split(": ", 1)[1].startswith(said)
    assert describe_conclusion(verdict, "ann").split(": ", 1)[1].startswith(of_person)


def test_what_it_rests_on_is_told_with_the_people_it_was_measured_on():
    told = " ".join(describe_basis(a_verdict(0.7, 0.99, Sureness.SURE), n_faces=3))
    assert "1 in 1\u202f000" in told and "press photos" in told and "79 people" in told and "3 faces" in told


def test_an_earlier_versions_dataset_says_so_and_is_embedded_again(app_data, open_page):
    dataset = app_data.store.create_dataset("Old", catalogue.EARLIER[-1].vectors_id)
    assert "earlier version" not in texts(open_page(VERIFY)), "it holds no face yet"
    add_faces(app_data, "Old", {"Ann": 2})
    assert "earlier version" not in texts(open_page("pages/system/about.py"))
    app = open_page(VERIFY)
    assert "embedded by an earlier version" in texts(app)
    button(app, "Embed again").click().run()
    assert not app.exception
    assert "are being embedded again" in texts(app)
    (job,) = app_data.jobs.jobs(dataset.id)
    assert (job.kind, job.params) == (JobKind.CHANGE_MODEL, {"model": catalogue.DEFAULT_EMBEDDING_ID})
    app_data.store.create_dataset("New", catalogue.DEFAULT_VECTORS_ID)
    assert "earlier version" not in texts(open_page(VERIFY))

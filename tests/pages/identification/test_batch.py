"""The page of many photos: nothing learned, nothing looked at, at work, stopped, the table, what is kept."""

from __future__ import annotations

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from core.store.artifacts import ArtifactKind
from core.store.job_model import JobKind, JobState
from core.ui.components.lookups import FaceRow, FilterChip, LookupTable, LookupView, PhotoRow, read_table_state
from core.workflows.identification.lookups import kept_lookups
from core.workflows.identification.lookups.values import LookupRequest
from tests.pages.conftest import button, texts, work

BATCH = "pages/identify/batch.py"


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def a_few(sample_files) -> bytes:
    """A zip of three photos of people who are known, and a picture of nothing."""
    known = [content for name, content in sample_files.items() if name.startswith("val/")][:3]
    nothing = io.BytesIO()
    Image.fromarray(np.full((300, 400, 3), 90, np.uint8)).save(nothing, "JPEG")
    files = {f"{number}.jpg": content for number, content in enumerate(known)}
    return zipped({**files, "nothing.jpg": nothing.getvalue()})


def looked_at(trained, content: bytes, title: str = "box.zip"):
    """A lookup in the inbox's name, done; its job."""
    dataset = trained.store.datasets()[0]
    archive = trained.settings.inbox_dir / title
    archive.write_bytes(content)
    run = trained.runs.runs(dataset.id)[0]
    trained.jobs.submit(dataset.id, JobKind.LOOKUP, LookupRequest(str(archive), title, run.id).to_json())
    (job,) = work(trained)
    assert job.state is JobState.DONE, job.error + job.detail
    return job


def test_without_a_run_the_page_leads_to_training(app_data, open_page):
    app_data.store.create_dataset("Family", "facenet-128")
    assert "Nothing has been learned" in texts(open_page(BATCH))


def test_before_the_first_photos_the_page_says_what_is_kept(trained, open_page):
    said = texts(open_page(BATCH))
    assert "until you forget it" in said
    assert "Kept" not in said


def test_an_uploaded_zip_ends_in_its_table(trained, open_page, a_few):
    app = open_page(BATCH)
    app.get("file_uploader")[0].upload("box.zip", a_few, "application/zip").run()
    assert "**box.zip**: 4 photos" in texts(app)
    button(app, "Look at them").click().run()
    assert not app.exception
    (job,) = work(trained)
    assert (job.state, job.result["photos"], job.result["without_face"]) == (JobState.DONE, 4, 1)
    app.run()
    assert not app.exception
    assert app.query_params["lookup"] == job.id
    assert "4 photos, " in texts(app) and "a copy of its photos are kept" in texts(app)
    assert list(trained.settings.uploads_dir.iterdir()) == []


def component(app, part: str) -> dict:
    """What the component whose data have this part was given."""
    (found,) = [json.loads(each.proto.json) for each in app.get("bidi_component") if f'"{part}"' in each.proto.json]
    return found


def test_the_table_holds_every_photo_with_its_marks_for_every_limit(trained, open_page, a_few):
    job = looked_at(trained, a_few)
    given = component(open_page(BATCH, lookup=job.id), "photos")
    assert [photo[0] for photo in given["photos"]] == ["0.jpg", "1.jpg", "2.jpg", "nothing.jpg"]
    assert sorted(given["marks"], key=float) == ["0.001", "0.002", "0.005", "0.01", "0.02", "0.05"]
    assert len(given["faces"]) == job.result["faces"] >= 3


def test_another_limit_and_the_filters_of_a_link_reach_the_browser_apart_from_the_photos(trained, open_page, a_few):
    job = looked_at(trained, a_few)
    app = open_page(BATCH, lookup=job.id, show="unknown", who="madonna")
    before = component(app, "limit")
    assert (before["limit"], before["first"]) == ("0.01", {"chip": "unknown", "person": "madonna"})
    app.select_slider[0].set_value(0.001).run()
    assert not app.exception
    assert component(app, "limit")["limit"] == "0.001"
    assert component(app, "photos")["of"] == before["of"], "the photos are the same and need not travel again"


def test_sorting_is_done_by_the_worker_and_offered(trained, open_page, a_few):
    job = looked_at(trained, a_few)
    app = open_page(BATCH, lookup=job.id)
    button(app, "Sort by person").click().run()
    (sorting,) = work(trained)
    assert (sorting.kind, sorting.state, sorting.result["photos"]) == (JobKind.SORT, JobState.DONE, 4)
    app.run()
    assert "Sorted by person" in texts(app)
    button(app, "Delete").click().run()
    assert not app.exception
    assert "Sorted by person" not in texts(app)


def test_what_is_kept_is_listed_opened_and_forgotten(trained, open_page, a_few):
    job = looked_at(trained, a_few)
    app = open_page(BATCH)
    assert "box.zip" in texts(app) and "Kept" in texts(app)
    button(app, "Open result").click().run()
    assert app.query_params["lookup"] == job.id
    button(app, "Forget it").click().run()
    assert not app.exception
    assert "box.zip" not in texts(app)
    assert kept_lookups.list_lookups(trained.artifacts, job.dataset_id) == []


def test_a_result_that_is_gone_is_said_to_be(trained, open_page):
    assert "not kept any more" in texts(open_page(BATCH, lookup="abc123"))


def test_a_result_outlives_the_recogniser(trained, open_page, a_few):
    job = looked_at(trained, a_few)
    trained.runs.delete_run(trained.runs.runs(job.dataset_id)[0].id)
    said = texts(open_page(BATCH, lookup=job.id))
    assert "was deleted since" in said


def test_a_damaged_result_says_so_and_can_be_forgotten(trained, open_page, a_few):
    job = looked_at(trained, a_few)
    path = trained.artifacts.path(job.dataset_id, ArtifactKind.LOOKUP, job.id)
    path.write_bytes(path.read_bytes()[:500])
    app = open_page(BATCH)
    assert "damaged" in texts(app)
    button(app, "Forget it").click().run()
    assert "damaged" not in texts(app)


def test_work_that_was_interrupted_is_resumed_and_work_that_is_left_leaves_nothing(trained, open_page, a_few):
    dataset = trained.store.datasets()[0]
    run = trained.runs.runs(dataset.id)[0]
    archive = trained.settings.inbox_dir / "box.zip"
    archive.write_bytes(a_few)
    request = LookupRequest(str(archive), "box.zip", run.id)
    job = trained.jobs.submit(dataset.id, JobKind.LOOKUP, request.to_json())
    trained.jobs.claim()
    trained.jobs.locks.release(job.id)  # as the system does when the worker dies
    trained.artifacts.put(dataset.id, ArtifactKind.LOOKUP_PHOTOS, job.id, a_few)
    app = open_page(BATCH, lookup=job.id)
    assert "interrupted" in texts(app)
    assert trained.artifacts.ids(dataset.id, ArtifactKind.LOOKUP_PHOTOS) == [job.id]
    button(app, "Leave it").click().run()
    assert not app.exception
    assert trained.artifacts.ids(dataset.id, ArtifactKind.LOOKUP_PHOTOS) == []


# what comes back from the browser

TABLE = LookupTable(
    of="f00 1.0",
    people=("ann", "bob"),
    photos=(PhotoRow("1.jpg", "", 1),),
    faces=(FaceRow(candidates=((0, 0.9, 0.4),), likeness=75.0, margin=0.8, rival=-1, trusted=True),),
    chips=(FilterChip("all", "All", 0, ""), FilterChip("unknown", "Unknown", 2, "")),
    marks={},
)


@pytest.mark.parametrize(
    ("view", "asked", "expected"),
    [
        ({"of": "f00 1.0", "chip": "unknown", "person": "ann"}, None, (LookupView("unknown", "ann"), ())),
        ({"of": "f00 1.0", "chip": "unknown", "person": "carl"}, None, (LookupView("unknown", ""), ())),
        ({"of": "f00 1.0", "chip": "other"}, None, (None, ())),
        ({"of": "another"}, {"of": "another", "rows": [0]}, (None, ())),
        (None, {"of": "f00 1.0", "rows": [0, 1, -1]}, (None, (0,))),
    ],
    ids=["a chip and a person", "nobody known", "no chip of these", "other photos", "rows that are there"],
)
def test_what_the_browser_says_counts_as_far_as_it_is_about_these_photos(view, asked, expected):
    looked = read_table_state(view, asked, TABLE)
    assert (looked.view, looked.asked) == expected

"""The page of groups: made by the worker, and counted for the slider."""

from __future__ import annotations

from core.store.job_model import JobKind
from core.ui.clustering import groups
from tests.pages.conftest import button, corrector_of, texts, work
from tests.stored_faces import add_faces

GROUPS = "pages/explore/clusters.py"


def test_without_faces_the_way_leads_to_adding_photos(app_data, open_page):
    app_data.store.create_dataset("Family", "facenet-128")
    assert button(open_page(GROUPS), "Add photos")


def test_groups_are_made_by_the_worker_and_counted_for_the_slider(app_data, open_page):
    dataset = add_faces(app_data, "Shoebox", {None: 1})
    for look in ("Ann", "Bob", "Cleo"):
        add_faces(app_data, "Shoebox", {look: 6})
    dataset = app_data.store.dataset("Shoebox")
    table = app_data.store.face_table(dataset.id)
    corrector_of(app_data, dataset).unname(list(table.face_ids))
    app = open_page(GROUPS)
    button(app, "Group 19 faces").click().run()
    (job,) = work(app_data)
    assert (job.kind, job.error) == (JobKind.CLUSTER, "")
    app.run()
    assert "**3 groups**, 1 face alone" in texts(app)
    dataset = app_data.store.dataset(dataset.id)
    unnamed = groups.read_unnamed_groups(
        dataset.id, dataset.revision, groups.grouping_time(dataset), groups.DEFAULT_THRESHOLD
    )
    assert unnamed is not None and unnamed.sizes.tolist() == [6, 6, 6, 1]
    corrector_of(app_data, dataset).move(unnamed.groups.members(0), "Ann")
    assert "**2 groups**, 1 face alone" in texts(open_page(GROUPS))

"""The page of suspects: looked for by the worker, and gone from the list when dealt with."""

from __future__ import annotations

from core.corrections.model import Change, Correction, Editor, Entity, EventKind, Field
from core.store.job_model import JobKind
from tests.pages.conftest import button, corrector_of, texts, work
from tests.stored_faces import add_faces

REVIEW, SUSPECTS = "pages/data/review.py", "pages/data/suspects.py"


def test_without_faces_the_way_leads_to_adding_photos(app_data, open_page):
    app_data.store.create_dataset("Family", "facenet-128")
    assert button(open_page(SUSPECTS), "Add photos")


def test_suspects_are_looked_for_by_the_worker_and_leave_the_list_when_dealt_with(app_data, open_page):
    people = {"Ann": 12, "Bob": 12, "Cleo": 12}
    dataset = add_faces(app_data, "Family", people)
    table = app_data.store.face_table(dataset.id)
    wrong = next(face_id for row, face_id in enumerate(table.face_ids) if table.person(row) == "Ann")
    move_silently(app_data, dataset, wrong, "Bob")
    app = open_page(SUSPECTS)
    button(app, "Look for suspects").click().run()
    (job,) = work(app_data)
    assert (job.kind, job.error) == (JobKind.SUSPECTS, "")
    app.run()
    (chips,) = app.get("button_group")
    assert any(option.content.startswith("Wrong name") for option in chips.proto.options)
    (among_all,) = open_page(REVIEW).get("button_group")
    assert any(option.content.startswith("Suspects") for option in among_all.proto.options)
    corrector_of(app_data, dataset).move([wrong], "Ann")
    assert "Nothing looks wrong." in texts(open_page(SUSPECTS))


def move_silently(services, dataset, face_id, name):
    """Give a face a wrong name without anybody having looked at it."""
    person = services.log.find_or_add_person(dataset.id, name)
    change = Change(Entity.FACE, face_id, Field.PERSON, person)
    services.log.record(dataset.id, Editor("an import", "import"), Correction(EventKind.IMPORT, [change], person))

"""The page of suspects: looked for by the worker, and gone from the list when dealt with."""

from __future__ import annotations

from core.corrections.model import Change, Correction, Editor, Entity, EventKind, Field
from core.learn.label_errors.review_queue import SuspectKind
from core.store.job_model import JobKind
from core.ui.labels import review_queue
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
    kind = SuspectKind.WRONG_PERSON.value
    assert open_page(SUSPECTS, kind=kind).query_params["kind"] == kind
    (among_all,) = open_page(REVIEW).get("button_group")
    assert any(option.content.startswith("Suspects") for option in among_all.proto.options)
    corrector_of(app_data, dataset).move([wrong], "Ann")
    said = texts(open_page(SUSPECTS))
    assert "All dealt with. Look again to see whether the changes brought up something new." in said
    assert "Nothing looks wrong." not in said and "changed since" not in said


def test_where_nothing_was_found_the_page_says_so_and_asks_to_look_again_after_a_change(app_data, open_page):
    dataset = add_faces(app_data, "Family", {"Ann": 12, "Bob": 12})
    app = open_page(SUSPECTS)
    button(app, "Look for suspects").click().run()
    work(app_data)
    assert "Nothing looks wrong." in texts(open_page(SUSPECTS))
    corrector_of(app_data, dataset).confirm([app_data.store.face_table(dataset.id).face_ids[0]])
    said = texts(open_page(SUSPECTS))
    assert "Nothing looked wrong" in said and "look again to be sure" in said
    assert "Nothing looks wrong." not in said


def test_a_suspect_is_named_with_its_file(app_data):
    dataset = add_faces(app_data, "Family", {"Ann": 12})
    table = app_data.store.face_table(dataset.id)
    assert review_queue.name_source_files(table, table.face_ids[:1]) == f"File: {table.photo_names[0]}"
    names = ", ".join(table.photo_names[row] for row in table.match(table.face_ids[:5])[1][:3])
    assert review_queue.name_source_files(table, table.face_ids[:5]) == f"Files: {names}, and 2 more"


def move_silently(services, dataset, face_id, name):
    """Give a face a wrong name without anybody having looked at it."""
    person = services.log.find_or_add_person(dataset.id, name)
    change = Change(Entity.FACE, face_id, Field.PERSON, person)
    services.log.record(dataset.id, Editor("an import", "import"), Correction(EventKind.IMPORT, [change], person))

"""The page of two reviewers, from the drawing to a difference that is settled."""

from __future__ import annotations

from core.workflows.labels import agreement
from tests.pages.conftest import button, texts
from tests.stored_faces import add_faces

AGREEMENT = "pages/data/agreement.py"


def test_two_people_name_faces_and_what_they_differ_on_becomes_a_correction(app_data, open_page):
    dataset = add_faces(app_data, "Family", {"Ann": 2})
    app = open_page(AGREEMENT)
    app.text_input(key="first_reviewer").input("Ada")
    app.text_input(key="second_reviewer").input("Ben")
    app.number_input(key="sample_faces").set_value(2)
    button(app, "Draw faces").click().run()
    (sample,) = agreement.list_samples(app_data.artifacts, dataset.id)
    assert sample.reviewers == ("Ada", "Ben") and len(sample.face_ids) == 2
    app.session_state[f"reviewer_{sample.id}"] = "Ada"
    app.run()
    app.selectbox(key=f"said_{sample.face_ids[0]}").set_value("Ann").run()
    button(app, "Nobody of these people").click().run()
    assert "What they said is shown when both have named every face." in texts(app)
    for face_id in sample.face_ids:
        ann = next(iter(app_data.store.names(dataset.id)))
        agreement.give_answer(app_data.artifacts, sample, "Ben", face_id, str(ann))
    said = texts(app.run())
    assert "The same answer for 1 of 2 faces" in said and "Cohen's kappa" in said
    app.button(key=f"settle_{sample.face_ids[1]}_0").click().run()
    assert "Settled by" in texts(app)
    (event,) = app_data.log.events(dataset.id)
    assert (event.kind.value, event.n_faces) == ("stranger", 1)

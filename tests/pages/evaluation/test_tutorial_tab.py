"""The tab for students: the run as a tutorial prints it, a face as numbers, and the code to take home."""

from __future__ import annotations

from tests.pages.conftest import corrector_of, open_tab, texts

TAB = "For students"


def codes(app) -> list[str]:
    return [code.value for code in app.code]


def test_the_run_is_printed_with_shapes_classes_c_and_both_accuracies(trained, open_page):
    run = trained.runs.runs(trained.store.datasets()[0].id)[0]
    printed, numbers, code = codes(open_tab(open_page, TAB))
    n_train, n_test = run.metrics.n_train, run.metrics.n_test
    assert f"X_train ({n_train}, 128)  y_train ({n_train},)" in printed
    assert f"X_test ({n_test}, 128)  y_test ({n_test},)" in printed
    assert "classes 5: ben afflek, elton john" in printed
    assert (
        f"Accuracy: train={100 * run.metrics.train_accuracy:.3f}, validation={100 * run.metrics.accuracy:.3f}"
        in printed
    )
    assert len(numbers.strip("[]").split()) == 128
    assert "LinearSVC" in code and "dataset.npz" in code


def test_another_persons_face_is_shown_when_asked_for(trained, open_page):
    app = open_tab(open_page, TAB)
    before = codes(app)[1]
    app.selectbox(key="tutorial_person").set_value(3).run()
    assert not app.exception, app.exception
    assert codes(app)[1] != before
    assert "Mean of the faces of" in "".join(html.proto.body for html in app.get("html"))


def test_a_run_that_cannot_be_repeated_is_not_offered(trained, open_page):
    assert open_tab(open_page, TAB).get("download_button")
    (dataset,) = trained.store.datasets()
    face = trained.store.face_table(dataset.id).face_ids[0]
    corrector_of(trained, dataset).mark_strangers([face])
    app = open_tab(open_page, TAB)
    assert "cannot be taken home" in texts(app) and not app.get("download_button")

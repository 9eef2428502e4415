"""The tabs of a thorough measurement: asked for, followed, shown, and the faces behind a slice."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from core.charts.shares import build_slice_intervals
from core.learn.classification.classifier_kinds import ClassifierKind
from core.learn.metrics.bootstrap import Interval
from core.learn.model_selection.baselines import list_contenders
from core.learn.model_selection.study import LearningPoint, MeasuredClassifier, SliceAccuracy
from core.store.artifacts import ArtifactKind
from core.store.job_model import JobKind
from core.ui.evaluation import baselines, slice_metrics, study_charts
from core.workflows.evaluation import study
from core.workflows.evaluation.study import StudyRequest
from tests.conftest import new_data_dir, services_on
from tests.pages.conftest import EVALUATE, app_services, button, open_tab, texts, work
from tests.report.made import study as study_of
from tests.stored_faces import add_faces

PEOPLE = {"Ann_Lee": 14, "Bob": 8, "Cat": 8, "Impostor": 3}


@pytest.fixture(scope="module")
def studied_dir(models_dir, tmp_path_factory, engine):
    """A data folder with a studied run that errs: Impostor looks like Ann. Copied for each test."""
    folder = new_data_dir(models_dir, tmp_path_factory.mktemp("studied") / "data")
    services = services_on(folder, engine)
    dataset = add_faces(services, "Family", PEOPLE, looks_like={"Impostor": "Ann_Lee"})
    services.jobs.submit(dataset.id, JobKind.TRAIN, {"c": 1.0})
    work(services)
    (run,) = services.runs.runs(dataset.id)
    services.jobs.submit(dataset.id, JobKind.STUDY, {"run": run.id})
    work(services)
    return folder


@pytest.fixture
def studied(studied_dir, tmp_path, monkeypatch, engine):
    """The app's services on a copy of it."""
    folder = tmp_path / "data"
    shutil.copytree(studied_dir, folder, symlinks=True)
    return app_services(folder, monkeypatch, engine)


def run_of(services):
    return services.runs.runs(services.store.datasets()[0].id)[0]


def document_of(services):
    return study.load_study(services.artifacts, run_of(services))


def chart(app, place=0):
    return json.loads(app.get("plotly_chart")[place].proto.spec)


def whole_photos(app) -> int:
    return len([found for found in app.button if found.label == "Whole photo"])


@pytest.mark.parametrize("tab", ["Slices", "Classifiers"])
def test_without_a_study_one_button_asks_for_it_and_it_is_followed(studied, open_page, tab):
    run = run_of(studied)
    studied.artifacts.delete(run.dataset_id, ArtifactKind.STUDY, run.id)
    app = open_tab(open_page, tab)
    assert "not measured thoroughly yet" in texts(app)
    button(app, "Measure it thoroughly").click().run()
    assert not app.exception
    job = studied.jobs.jobs(run.dataset_id)[0]
    assert (job.kind, job.params) == (JobKind.STUDY, StudyRequest(run.id).to_json())
    assert "not measured thoroughly yet" not in texts(app) and button(app, "Cancel")
    work(studied)
    app.run()
    assert "dealt 5 times into 5 folds" in texts(app)


def test_the_slices_show_the_figures_both_charts_and_how_it_was_measured(studied, open_page):
    app, made = open_tab(open_page, "Slices"), document_of(studied)
    labels = [metric.label for metric in app.metric]
    assert labels[-4:] == ["Right (accuracy)", "Balanced accuracy", "Macro F1", "Among the first three"]
    assert made.protocol in texts(app) and "Crops." in texts(app)
    slices = chart(app)["data"][0]
    assert [tuple(one) for one in slices["customdata"]] == [(one.by, one.slice) for one in made.slices]
    curve = chart(app, 1)["data"][0]
    assert [int(one) for one in curve["x"]] == [point.photos for point in made.learning_curve]


def test_the_faces_behind_a_slice_are_shown_with_both_names(studied, open_page):
    app, made = open_tab(open_page, "Slices"), document_of(studied)
    assert whole_photos(app) == min(6, len(made.errors)) > 0
    chooser = app.selectbox(key=f"slice_of_{run_of(studied).id}")
    assert chooser.options[0] == f"All: {len(made.errors)} faces"
    few = next(one for one in made.slices if (one.by, one.slice) == ("training photos", "1 or 2"))
    behind = [one for one in made.errors if one.slices["training photos"] == "1 or 2"]
    assert few.n == 3 and {one.person for one in behind} == {"Impostor"}
    chooser.select(("training photos", "1 or 2")).run()
    assert not app.exception and whole_photos(app) == len(behind)
    assert "taken for **Ann Lee**" in texts(app) and "taken for **Impostor**" not in texts(app)


def test_the_classifiers_stand_side_by_side_with_a_recommendation(studied, open_page):
    app, made = open_tab(open_page, "Classifiers"), document_of(studied)
    assert made.why in texts(app)
    table = app.dataframe[0].value
    assert table["Classifier"].tolist() == [one.title for one in list_contenders()]
    assert table["Difference"].tolist()[0] == table["Difference"].tolist()[-1] == ""
    assert all(" (" in difference for difference in table["Difference"][1:-1])


def test_another_classifier_is_taken_with_one_click_and_its_run_is_named_after_it(studied, open_page):
    app, run = open_tab(open_page, "Classifiers"), run_of(studied)
    chooser = app.selectbox(key=f"other_classifier_{run.id}")
    assert sorted(chooser.options) == ["Logistic regression", "Nearest centroid"]
    assert "sets the thresholds for strangers anew: about" in texts(app)
    assert "Linear SVM, one-versus-one cannot be taken" in texts(app) and "k nearest neighbours cannot" in texts(app)
    chooser.select("nearest-centroid").run()
    button(app, "Use this one").click().run()
    assert not app.exception
    job = studied.jobs.jobs(run.dataset_id)[0]
    # Asked for with a C, which was the SVM's.
    assert job.kind is JobKind.TRAIN and (job.params["classifier"], job.params["c"]) == ("nearest-centroid", None)
    work(studied)
    assert run_of(studied).params.kind is ClassifierKind.NEAREST_CENTROID
    chooser = open_page(EVALUATE).selectbox(key=f"evaluated_run_{run.dataset_id}")
    assert "nearest centroid" in chooser.options[0] and "nearest centroid" not in chooser.options[1]
    trained = open_page("pages/model/train.py")
    assert "nearest centroid" in trained.dataframe[0].value["trained"].iloc[0]
    # What comes next is trained like it.
    assert trained.selectbox(key="classifier_nearest-centroid").value is ClassifierKind.NEAREST_CENTROID


def test_a_study_of_earlier_photos_is_marked_and_still_shown(studied, open_page):
    add_faces(studied, "Family", {"Dan": 3})
    app = open_tab(open_page, "Slices")
    assert "changed since this was measured" in texts(app) and app.get("plotly_chart")
    button(app, "Measure again").click().run()
    work(studied)
    app.run()
    assert "changed since this was measured" not in texts(app)
    assert document_of(studied).people == 5


def test_crops_that_look_wrong_are_said_first(studied, open_page):
    run, made = run_of(studied), document_of(studied)
    made = replace(made, check=replace(made.check, ok=False, sentence="Everybody is upside down."))
    studied.artifacts.replace(run.dataset_id, ArtifactKind.STUDY, run.id, json.dumps(made.to_json()).encode())
    app = open_tab(open_page, "Slices")
    assert app.warning[0].value == "**The crops look wrong.** Everybody is upside down."


# sentences and charts by themselves


def share(mean, low, high):
    return Interval(mean, low, high)


def test_a_kind_of_face_is_called_hard_only_when_it_is_for_sure():
    slices = (
        SliceAccuracy("quality", "below 50 %", 9, share(0.5, 0.3, 0.7)),
        SliceAccuracy("pose", "frontal", 90, share(0.4, 0.1, 0.95)),
    )
    made = replace(study_of(), accuracy=share(0.9, 0.8, 1.0), slices=slices)
    assert (
        slice_metrics.describe_hardest_slice(made)
        == "Hardest is quality of the face, below 50 %: 50\u00a0% right, against 90\u00a0% of all"
    )
    easy = replace(made, slices=slices[1:])
    assert slice_metrics.describe_hardest_slice(easy).startswith("No kind of face is harder")


def test_the_curve_says_from_when_on_more_photos_hardly_help():
    points = [LearningPoint(n, 5, share(m, m, m)) for n, m in ((1, 0.8), (3, 0.95), (8, 0.953))]
    assert (
        slice_metrics.describe_learning_curve(points)
        == "80\u00a0% right with 1 face of everybody, 95\u00a0% right with 3 faces; more hardly helped"
    )
    assert (
        slice_metrics.describe_learning_curve(points[:2])
        == "80\u00a0% right with 1 face of everybody, 95\u00a0% right with 3 faces"
    )
    assert slice_metrics.describe_learning_curve(points[:1]) == "80\u00a0% right with 1 face of everybody"


def test_a_clicked_slice_is_read_and_nothing_is_nothing():
    event = {"selection": {"points": [{"customdata": ["pose", "frontal"]}]}}
    assert study_charts.read_picked_slice(event) == ("pose", "frontal")
    assert study_charts.read_picked_slice({"selection": {"points": []}}) is None
    assert study_charts.read_picked_slice(None) is None


def test_the_chart_of_slices_has_a_heading_a_group_and_an_interval_a_dot():
    one = SliceAccuracy("pose", "frontal", 1200, share(0.9, 0.7, 0.95))
    drawn = json.loads(study_charts.slices_json(build_slice_intervals([one]), {"pose": "Pose"}, 0.92, ink="#000"))
    dots = drawn["data"][0]
    assert drawn["layout"]["yaxis"]["ticktext"] == ["<b>Pose</b>", "frontal (1\u202f200)"]
    assert (dots["x"], dots["y"]) == ([0.9], [1])
    assert dots["error_x"]["array"] == pytest.approx([0.05]) and dots["error_x"]["arrayminus"] == pytest.approx([0.2])
    assert drawn["layout"]["xaxis"]["range"][0] < 0.7 and drawn["layout"]["xaxis"]["range"][1] > 1


def test_differences_and_times_read_well():
    whole = share(1, 1, 1)
    row = MeasuredClassifier(
        accuracy=share(0.9, 0.8, 1.0),
        balanced_accuracy=whole,
        macro_f1=whole,
        top3=whole,
        id="k-nn",
        title="k",
        settings="",
        fit_s=0.0021,
        predict_ms=250.0,
        difference=share(-0.0123, -0.02, 0.00001),
    )
    in_use = study_of().classifiers[0]
    _, told = baselines.build_classifiers_table(replace(study_of(), classifiers=(in_use, row))).to_dict("records")
    assert told["Right"] == "90.00 (80.00 to 100)"
    assert told["Difference"] == "\u22121.23 (\u22122.00 to 0)"
    assert (told["Learns in"], told["Names one in"]) == ("2.1 ms", "0.25 s")

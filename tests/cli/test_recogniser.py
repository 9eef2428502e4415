"""Trainings on the command line: what would take part, the limits of quality, the runs and their end."""

from __future__ import annotations

from core.services import Services
from core.store.artifacts import ArtifactKind
from tests.cli.conftest import Command, Refusal


def test_a_plan_says_who_takes_part_and_trains_nothing(command: Command) -> None:
    runs = [run["run"] for run in command("runs")["runs"]]
    plan = command("train", "--plan")
    assert plan["people"] == ["ben_afflek", "elton_john", "jerry_seinfeld", "madonna", "mindy_kaling"]
    assert (plan["tested"], plan["left_out"]) == (25, [])
    tested = next(face["face"] for face in command("faces")["faces"] if face["split"] == "val")
    command("move", tested, "--to", "Ada")
    (left_out,) = command("train", "--plan")["left_out"]
    assert left_out["person"] == "Ada"
    command("undo")
    assert [run["run"] for run in command("runs")["runs"]] == runs
    assert command("runs")["runs"][0]["stale"], "names changed since"


def test_limits_of_quality_and_size_leave_faces_out(command: Command, refusal: Refusal) -> None:
    everybody = command("train", "--plan", "--min-grade", 0)
    good = command("train", "--plan", "--min-grade", 0.98)
    large = command("train", "--plan", "--min-grade", 0, "--min-size", 100)
    assert 0 < max(good["faces"], large["faces"]) < everybody["faces"]
    assert any("quality is below 98" in entry["reason"] for entry in good["not_used"])
    assert any("smaller than 100 pixels" in entry["reason"] for entry in large["not_used"])
    trained = command("train", "--min-grade", 0.95, "--min-size", 60)
    assert trained["n_train"] + trained["n_test"] < everybody["faces"]
    for grade in ("1.5", "-0.1", "nan"):
        assert "from 0 to 1" in refusal("train", "--min-grade", grade)


def test_runs_are_listed_and_one_is_deleted_with_its_files(command: Command, refusal: Refusal, app: Services) -> None:
    command("train")
    newest, *others = command("runs")["runs"]
    assert others and not newest["stale"]
    assert newest["accuracy"] == command("evaluate")["accuracy"]
    (dataset,) = app.store.datasets()
    assert app.artifacts.path(dataset.id, ArtifactKind.RUN, newest["run"]).exists()
    assert command("delete-run", newest["run"]) == {"run": newest["run"], "runs": len(others)}
    assert command("runs")["runs"] == others
    assert not app.artifacts.path(dataset.id, ArtifactKind.RUN, newest["run"]).exists()
    for words in (("delete-run", newest["run"]), ("evaluate", "--run", "nothing")):
        assert "There is no run '" in refusal(*words)

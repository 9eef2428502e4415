"""Two runs of a dataset compared: by today's names, by who people are, and with what happened in between."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from core.__main__ import main
from core.base.errors import InputRefused
from core.base.types import TRUSTED_GRADE
from core.corrections.model import Editor
from core.learn.classification.training_material import TrainOptions
from core.store.artifacts import ArtifactKind
from core.workflows.evaluation import compare
from core.workflows.evaluation.compare import compare_runs
from core.workflows.labels.correct import Corrector
from core.workflows.training import train
from tests.stored_faces import add_faces
from tests.workflows.training.test_train import trained

PEOPLE = {"Ann": 8, "Bob": 8, "Cat": 8, "Misfiled": 4}


@pytest.fixture
def dataset(services):
    """Four people, one of whom is Ann under another name."""
    return add_faces(services, "Family", PEOPLE, looks_like={"Misfiled": "Ann"})


def corrector(services, dataset) -> Corrector:
    return Corrector(services.store, services.log, dataset.id, Editor("somebody", "a sitting"))


def person(services, dataset, name: str) -> int:
    return next(one.id for one in services.store.people(dataset.id) if one.name == name)


def faces_of(services, dataset, name: str) -> list[str]:
    table = services.store.face_table(dataset.id)
    return [table.face_ids[row] for row in range(len(table)) if table.person(row) == name]


def compared(services, first, second):
    pair = compare.order_runs(first, second)
    return compare_runs(
        services.store, services.log, *((run, train.load_predictions(services.artifacts, run)) for run in pair)
    )


def test_faces_whose_name_was_corrected_are_judged_by_it_in_both_runs(services, dataset):
    before = trained(services, dataset)
    said = train.load_predictions(services.artifacts, before)
    moved = faces_of(services, dataset, "Misfiled")
    corrector(services, dataset).move(moved, "Ann")
    found = compared(services, before, trained(services, dataset))
    named_ann = {said.face_ids[row] for row in np.flatnonzero(said.wrong) if said.people[said.given[row]] == "Ann"}
    assert {one.face_id for one in found.cleared} == named_ann & {*moved}
    assert {one.face_id for one in found.newly_right} >= {*moved} - named_ann
    assert found.counts.both + found.counts.only_new == found.counts.faces == 28
    assert found.between.people_removed == ("Misfiled",) and found.between.people_added == ()
    assert [event.kind for event in found.between.events] == ["move"]


def test_a_person_who_was_renamed_or_merged_since_is_still_the_same(services, dataset):
    before = trained(services, dataset)
    mine = corrector(services, dataset)
    mine.rename(person(services, dataset, "Bob"), "Robert")
    mine.merge(person(services, dataset, "Misfiled"), person(services, dataset, "Ann"))
    found = compared(services, before, trained(services, dataset))
    assert found.counts.neither == found.counts.only_old == found.counts.only_new == 0
    assert found.counts.both == 28, "Ann taken for who was Misfiled is right now that both are one"
    assert found.newly_right == ()


def test_a_run_from_before_people_were_kept_by_id_is_compared_by_name(services, dataset):
    before = trained(services, dataset)
    old = replace(before, params=replace(before.params, person_ids=None))
    after = trained(services, dataset)
    assert compared(services, old, after).counts == compared(services, before, after).counts


def test_left_out_and_hidden_faces_are_not_compared(services, dataset):
    before, after = trained(services, dataset), trained(services, dataset)
    assert compared(services, before, after).counts.faces == 28
    mine = corrector(services, dataset)
    mine.exclude(faces_of(services, dataset, "Bob")[:3])
    mine.hide(person(services, dataset, "Cat"))
    assert compared(services, before, after).counts.faces == 28 - 3 - 8


def test_settings_that_differ_are_told_and_what_was_undone_is_not(services, dataset):
    before = trained(services, dataset)
    mine = corrector(services, dataset)
    mine.move(faces_of(services, dataset, "Bob")[:1], "Ann")
    mine.undo()
    after = trained(services, dataset, TrainOptions(seed=3, min_grade=0.1))
    between = compared(services, before, after).between
    assert between.events == ()
    assert {(one.name, one.old, one.new) for one in between.settings} == {
        ("seed", 0, 3),
        ("min_grade", TRUSTED_GRADE, 0.1),
    }


def test_a_correction_that_was_taken_back_later_is_told(services, dataset):
    mine = corrector(services, dataset)
    mine.move(faces_of(services, dataset, "Bob")[:1], "Ann")
    before = trained(services, dataset)
    mine.undo()
    between = compared(services, before, trained(services, dataset)).between
    assert [event.kind for event in between.events] == ["undo"]


def test_runs_without_a_face_in_common_are_refused(services, dataset):
    before, after = trained(services, dataset), trained(services, dataset)
    said = train.load_predictions(services.artifacts, after)
    others = replace(said, face_ids=tuple(f"{number:024x}" for number in range(900, 900 + len(said.face_ids))))
    services.artifacts.replace(dataset.id, ArtifactKind.PREDICTIONS, after.id, others.to_bytes())
    with pytest.raises(InputRefused, match="no face in common"):
        compared(services, before, after)


def test_a_run_is_compared_with_another_of_its_dataset_only(services, dataset):
    run = trained(services, dataset)
    other = trained(services, add_faces(services, "Others", {"Dan": 4, "Eve": 4}))
    with pytest.raises(InputRefused, match="with itself"):
        compare.order_runs(run, run)
    with pytest.raises(InputRefused, match="different datasets"):
        compare.order_runs(run, other)


def test_the_command_line_compares_the_two_newest_runs(services, dataset, data_dir, capsys):
    arguments = ["compare", "--dataset", "Family", "--data", str(data_dir), "--json"]
    before = trained(services, dataset)
    assert main(arguments) == 1 and "not been trained twice" in capsys.readouterr().err
    after = trained(services, dataset, TrainOptions(seed=1))
    assert main(arguments) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["old"], answer["new"], answer["faces"]) == (before.id, after.id, 28)
    assert answer["both_right"] + answer["only_old"] + answer["only_new"] + answer["neither"] == 28
    assert answer["settings"] == [{"name": "seed", "old": 0, "new": 1}]
    assert main([*arguments, "--old", after.id, "--new", before.id]) == 0
    assert json.loads(capsys.readouterr().out)["old"] == before.id, "the older run is the old one"
    others = add_faces(services, "Others", {"Dan": 4, "Eve": 4})
    pair = [trained(services, others).id, trained(services, others, TrainOptions(seed=1)).id]
    assert main([*arguments, "--old", pair[0], "--new", pair[1]]) == 1
    assert f"no run '{pair[0]}' of 'Family'" in capsys.readouterr().err

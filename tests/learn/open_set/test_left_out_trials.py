"""What a trial's classifier never sees."""

from dataclasses import replace

import numpy as np
import pytest

from core.base.progress import UNWATCHED
from core.learn.classification import row_learners
from core.learn.labelled_faces import LabelledFaces
from core.learn.open_set import left_out_trials
from tests.learn.faces import clusters
from tests.learn.open_set.test_rule_fitting import learned


def test_a_part_is_tried_without_its_people_and_held_out_shots(monkeypatch):
    """What a part's classifier learns from is watched: neither the strangers nor the shots that it is tried on."""
    faces = clusters(48, 6, spread=0.4)
    of = learned(replace(faces, shots=faces.shots // 2))
    seen = []
    real = row_learners.fit_one_versus_rest

    def watched(vectors, *rest, **options):
        seen.append({row.tobytes() for row in vectors})
        return real(vectors, *rest, **options)

    monkeypatch.setattr(row_learners, "fit_one_versus_rest", watched)
    left_out, held_out = of.faces.labels % 8 == 3, (of.faces.shots % 3 == 1)
    genuine, strange = left_out_trials._try_part(of, 3, left_out, held_out)
    (train,) = seen
    assert train == {row.tobytes() for row in of.faces.vectors[~left_out & ~held_out]}
    assert set(strange.who) == {3, 11, 19, 27, 35, 43} and not set(strange.named) & set(strange.who)
    assert len(genuine.who) == int((held_out & ~left_out).sum())


@pytest.mark.parametrize(
    ("case", "n_people", "n_each", "n_parts"),
    [
        ("a small dataset needs everybody", 40, 6, 8),
        ("many people", 105, 32, 4),
        ("many people of few faces", 105, 6, 7),
        ("a large dataset", 1000, 16, 1),
    ],
)
def test_so_many_parts_are_enough_for_weights(case, n_people, n_each, n_parts):
    labels = np.repeat(np.arange(n_people), n_each)
    faces = left_out_trials.LabelledFaces(np.empty((len(labels), 0), np.float32), labels, np.arange(len(labels)))
    assert left_out_trials.count_parts_for_weights(faces) == n_parts


def test_no_more_parts_are_tried_than_are_asked_for():
    everybody = learned(clusters(48, 6, spread=0.4))
    strange = left_out_trials.try_everybody(replace(everybody, most_parts=2), UNWATCHED)[1]
    assert len(np.unique(strange.who)) == 12


def test_a_stranger_is_matched_with_a_shot_less_of_whoever_lost_none():
    train = LabelledFaces(np.eye(7, dtype=np.float32), np.array([0, 0, 0, 1, 1, 2, 3]), np.array([0, 0, 1, 2, 3, 4, 5]))
    thinned = left_out_trials._thin_out(train, lost_some=np.array([1]))
    # The first shot of person 0, with both of its faces; 1 lost one to the trial, and 2 and 3 have no other.
    assert thinned.labels.tolist() == [0, 1, 1, 2, 3]


def test_of_very_many_people_some_are_tried_and_all_of_the_part_left_out(monkeypatch):
    faces = clusters(48, 6, spread=0.4)
    everybody = learned(faces)
    monkeypatch.setattr(left_out_trials, "MOST_TRIED", 4)
    left_out = faces.labels % 2 == 1
    genuine, strange = left_out_trials._try_part(everybody, 0, left_out, faces.shots % 3 == 1)
    assert [len(np.unique(trials.who)) for trials in (genuine, strange)] == [4, 4]
    assert not set(strange.named.tolist()) & set(np.unique(faces.labels[left_out]).tolist()), "learned without any"

"""The solver against scikit-learn's, and what must not decide what it finds."""

import numpy as np
import pytest
from sklearn.svm import LinearSVC

from core.base.errors import Cancelled
from core.learn.classification import solver
from core.learn.classification.solver import fit_one_versus_rest, weigh_people
from tests.learn.faces import clusters
from tests.shares import hear_shares


@pytest.mark.parametrize("n_people", [2, 3, 8])
@pytest.mark.parametrize("C", [0.1, 1.0, 100.0])
@pytest.mark.parametrize("spread", [0.3, 1.5])
def test_the_solver_finds_what_scikit_learns_linear_svc_finds(n_people, C, spread):
    faces = clusters(n_people, 9, spread=spread)
    faces = faces.take(np.arange(4, len(faces)))  # the first person has fewer faces
    found = fit_one_versus_rest(faces.vectors, faces.labels, n_people, C)
    for person in range(n_people):
        reference = LinearSVC(C=C, tol=1e-8, max_iter=500_000, random_state=0)
        weights = weigh_people(faces.labels, n_people)
        reference.fit(faces.vectors, faces.labels == person, sample_weight=weights)
        assert np.allclose(found.coef[person], reference.coef_[0], atol=2e-3)
        assert np.allclose(found.intercept[person], reference.intercept_, atol=2e-3)


@pytest.mark.parametrize("C", [0.3, 10.0])
def test_working_sets_find_the_minimum_over_all_faces(monkeypatch, C):
    faces = clusters(12, 30, spread=1.2)
    at_once = fit_one_versus_rest(faces.vectors, faces.labels, 12, C)
    monkeypatch.setattr(solver, "HARDEST", 3)
    piece_by_piece = fit_one_versus_rest(faces.vectors, faces.labels, 12, C)
    assert np.allclose(at_once.coef, piece_by_piece.coef, atol=1e-3)
    assert np.allclose(at_once.intercept, piece_by_piece.intercept, atol=1e-3)


def test_where_the_solver_starts_decides_nothing(monkeypatch):
    faces = clusters(6, 20, spread=1.2)
    astray = fit_one_versus_rest(faces.vectors, (faces.labels + 1) % 6, 6, 30.0)
    fresh = fit_one_versus_rest(faces.vectors, faces.labels, 6, 1.0)
    monkeypatch.setattr(solver, "HARDEST_NEAR", 3)
    led = fit_one_versus_rest(faces.vectors, faces.labels, 6, 1.0, start=astray)
    assert np.allclose(fresh.coef, led.coef, atol=1e-3)
    assert np.allclose(fresh.intercept, led.intercept, atol=1e-3)


@pytest.mark.parametrize("n_faces", [0, 1, 40, 128])
def test_a_step_by_faces_is_the_step_by_dimensions(n_faces):
    rng = np.random.default_rng(0)
    rows, penalty = rng.normal(size=(n_faces, 129)), rng.uniform(0.5, 3, n_faces)
    signs = np.where(rng.random(n_faces) < 0.5, -1.0, 1.0)
    by_dimensions = np.linalg.solve(np.eye(129) + 2 * (penalty * rows.T) @ rows, 2 * (penalty * signs) @ rows)
    by_faces = solver._newton_by_faces(*(column.astype(np.float32) for column in (rows, penalty, signs)))
    assert np.allclose(by_faces, by_dimensions, atol=1e-4)


def test_a_watch_that_raises_stops_the_work():
    def stop(share: float) -> None:
        raise Cancelled("enough")

    faces = clusters(40, 4)
    with pytest.raises(Cancelled):
        fit_one_versus_rest(faces.vectors, faces.labels, 40, 1.0, progress=hear_shares(stop))


def test_every_person_weighs_the_same():
    assert weigh_people(np.array([0, 1, 1, 1]), 2) == pytest.approx([2, 2 / 3, 2 / 3, 2 / 3])


def beside_very_many(monkeypatch, nearest):
    monkeypatch.setattr(solver, "COMPARED_WITH_ALL", 2)
    monkeypatch.setattr(solver, "NEAREST_PEOPLE", nearest)


def test_held_against_everybody_near_the_minimum_is_that_over_all_faces(monkeypatch):
    faces = clusters(9, 12, spread=1.2)
    whole = fit_one_versus_rest(faces.vectors, faces.labels, 9, 1.0)
    beside_very_many(monkeypatch, nearest=100)
    near = fit_one_versus_rest(faces.vectors, faces.labels, 9, 1.0)
    assert np.allclose(whole.coef, near.coef, atol=1e-3) and np.allclose(whole.intercept, near.intercept, atol=1e-3)


def test_held_against_those_who_are_like_them_people_are_told_apart_as_well(monkeypatch):
    faces = clusters(60, 6, spread=0.5)
    train, probes = faces.take(np.arange(len(faces)) % 6 > 0), faces.take(np.arange(len(faces)) % 6 == 0)
    whole = fit_one_versus_rest(train.vectors, train.labels, 60, 1.0)
    beside_very_many(monkeypatch, nearest=30)
    near = fit_one_versus_rest(train.vectors, train.labels, 60, 1.0)
    right = [float(np.mean(rows.predict(probes.vectors) == probes.labels)) for rows in (whole, near)]
    assert right[1] >= right[0] - 0.02 and not np.allclose(whole.coef, near.coef, atol=1e-3)


def test_who_is_held_against_the_nearest_is_solved_again_where_one_of_them_changed(monkeypatch):
    faces = clusters(20, 8, spread=0.9)
    beside_very_many(monkeypatch, nearest=5)
    before = fit_one_versus_rest(faces.vectors, faces.labels, 20, 1.0)
    untouched, changed = solver.refit_changed(faces.vectors, faces.labels, 1.0, before)
    assert not len(changed) and (untouched.coef == before.coef).all()
    # Half of the first person's faces go: what is solved again comes to what learning anew does.
    remaining = faces.take(~((faces.labels == 0) & (np.arange(len(faces)) % 2 == 0)))
    after, changed = solver.refit_changed(remaining.vectors, remaining.labels, 1.0, before)
    anew = fit_one_versus_rest(remaining.vectors, remaining.labels, 20, 1.0)
    assert 0 in changed
    assert np.allclose(after.coef, anew.coef, atol=5e-3)

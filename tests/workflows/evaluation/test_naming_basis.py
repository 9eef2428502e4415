"""How tested faces came to their names, as the correction log tells."""

from __future__ import annotations

from core.corrections.model import Editor
from core.workflows.evaluation.naming_basis import NamingBasis, count_naming_basis
from core.workflows.labels.correct import Corrector
from core.workflows.training import train
from tests.stored_faces import add_faces
from tests.workflows.training.test_train import trained


def basis_of(services, run) -> NamingBasis:
    return count_naming_basis(services.log, run, train.load_predictions(services.artifacts, run))


def test_a_group_a_single_face_and_folders_are_told_apart(services):
    dataset = add_faces(services, "Family", {"Ann": 6, "Bob": 5, None: 7})
    corrector = Corrector(services.store, services.log, dataset.id, Editor("somebody", "a sitting"))
    table = services.store.face_table(dataset.id)
    unnamed = [table.face_ids[row] for row in range(len(table)) if table.person(row) is None]
    corrector.move(unnamed[:6], "Cat")
    corrector.move(unnamed[6:], "Cat")
    corrector.move(unnamed[:1], "Cat")  # looked at once more by itself: the last that named it counts
    run = trained(services, services.store.dataset(dataset.id))
    assert basis_of(services, run) == NamingBasis(by_folder=11, one_by_one=2, in_groups=5)


def test_what_was_named_after_the_run_or_taken_back_says_nothing_of_it(services):
    dataset = add_faces(services, "Family", {"Ann": 6, "Bob": 5})
    corrector = Corrector(services.store, services.log, dataset.id, Editor("somebody", "a sitting"))
    table = services.store.face_table(dataset.id)
    event = corrector.move(table.face_ids[:3], "Bob")
    services.log.undo(dataset.id, corrector.editor, [event.id])
    run = trained(services, services.store.dataset(dataset.id))
    corrector.move(table.face_ids[3:6], "Bob")
    assert basis_of(services, run) == NamingBasis(by_folder=11, one_by_one=0, in_groups=0)

"""How the faces that a run was tested on came to their names: by folders, one by one, or many at once."""

from __future__ import annotations

from dataclasses import dataclass

from core.corrections.model import CorrectionLog
from core.learn.metrics.predictions import Predictions
from core.store.values.runs import Run


@dataclass(frozen=True, slots=True)
class NamingBasis:
    """Counts of tested faces by how they were named; together they are all of them."""

    by_folder: int
    """By the folder that their photo came in, or by what a photo program had written into it."""
    one_by_one: int
    in_groups: int
    """With others at once: faces that are easy to put together are easy to recognise, too."""

    @property
    def tested(self) -> int:
        """All of them."""
        return self.by_folder + self.one_by_one + self.in_groups


def count_naming_basis(log: CorrectionLog, run: Run, predictions: Predictions) -> NamingBasis:
    """Count the tested faces of a run by how they had been named when it was trained."""
    named_at_once = log.count_faces_named_at_once(run.dataset_id, run.revision)
    sizes = [named_at_once.get(face_id, 0) for face_id in predictions.face_ids]
    return NamingBasis(by_folder=sizes.count(0), one_by_one=sizes.count(1), in_groups=sum(size > 1 for size in sizes))

"""Whether a dataset keeps its photos: chosen before any came, and said in words where a photo would be needed."""

from __future__ import annotations

from core.base.errors import InputRefused
from core.language.texts import marked
from core.store.protocols import FaceStore
from core.store.values.datasets import Dataset


def choose_photo_keeping(store: FaceStore, dataset_id: str, *, keeps_photos: bool) -> None:
    """Say whether the photos that will come are kept.

    Raises
    ------
    InputRefused
        Photos came already: those that are kept go by ``discard_photos`` alone, and those that are not cannot come
        back.
    """
    dataset = store.dataset(dataset_id)
    if dataset.keeps_photos == keeps_photos:
        return
    if store.photo_count(dataset_id):
        if keeps_photos:
            raise InputRefused(
                marked(
                    "'{dataset}' keeps no photos, and those that came cannot be brought back. Make another dataset "
                    "for photos that are to be kept."
                ).format(dataset=dataset.name)
            )
        raise InputRefused(
            marked(
                "'{dataset}' keeps its photos, and there are some already. `python -m core discard-photos`, or *Keep "
                "no photos* on *Start*, deletes them and keeps none from then on."
            ).format(dataset=dataset.name)
        )
    store.set_photo_keeping(dataset_id, keeps_photos)


def require_kept_photos(dataset: Dataset, objection: str, **values: str) -> None:
    """Refuse what needs the photos of a dataset that keeps none.

    Parameters
    ----------
    objection : what cannot be done, why, and what can; with "{dataset}" for its name, and names of ``values``

    Raises
    ------
    InputRefused
        With the objection.
    """
    if not dataset.keeps_photos:
        raise InputRefused(objection.format(dataset=dataset.name, **values))

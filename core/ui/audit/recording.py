"""Where pages say who looks at whom: a line each for the access log, which costs the page nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

import streamlit as st

from core.access.permissions import Action
from core.store.audit_log import AuditAction, AuditEntry
from core.store.values.datasets import Dataset
from core.ui import data, state
from core.ui.access.signed_in import answering

THIS_COMPUTER: Final = "this computer"
"""Who looks and corrects where nobody signs in."""
PERSON: Final = "person"
FACE: Final = "face"
PHOTO: Final = "photo"
CAMERA: Final = "camera"
MANY_PHOTOS: Final = "many photos"
TWO_FACES: Final = "two faces"
Content = TypeVar("Content", bound=str | bytes)


def current_viewer() -> str:
    """Who uses the page: the address of who is signed in, or this computer."""
    return data.access().principal.address or THIS_COMPUTER


def record_view(dataset: Dataset, occasion: str, person_id: int | None = None) -> None:
    """Somebody looks at a person, or at a page that shows everybody."""
    _record(current_viewer(), AuditAction.VIEWED, occasion, dataset.id, person_id)


def record_comparison(dataset: Dataset | None, person_id: int | None = None) -> None:
    """Somebody asks whether two faces are one person, or whether a face is somebody."""
    dataset_id = dataset.id if dataset else ""
    _record(current_viewer(), AuditAction.COMPARED, TWO_FACES, dataset_id, person_id)


def record_names(dataset: Dataset, occasion: str, seen_key: str, names: Iterable[str]) -> None:
    """Somebody learns who is on a photo; a name counts once for each ``seen_key`` of a tab, and nobody named does too.

    Parameters
    ----------
    seen_key : what was looked at, as the tab tells it from others; it is not written down
    """
    logged_names: set[tuple[str, str | None]] = st.session_state.setdefault(state.LOGGED_NAMES, set())
    fresh = {(seen_key, name) for name in names} | {(seen_key, None)}
    fresh -= logged_names
    people = data.dataset_people(dataset.id, dataset.revision) if any(name for _, name in fresh) else None
    for _, name in fresh:
        person = people.find_named(name) if people is not None and name else None
        if name is None or person is not None:
            person_id = person.id if person else None
            _record(current_viewer(), AuditAction.IDENTIFIED, occasion, dataset.id, person_id)
    logged_names |= fresh


def record_export(dataset: Dataset, occasion: str, person_id: int | None = None) -> None:
    """Somebody asks for a file to take along."""
    _record(current_viewer(), AuditAction.EXPORTED, occasion, dataset.id, person_id)


def recorded_download(
    dataset_id: str, occasion: str, content: Callable[[], Content], person_id: int | None = None
) -> Callable[[], Content]:
    """The same function for a download's button, which is called at the click, and says that it was.

    Raises
    ------
    AccessRefused
        Whoever acts may take no copies of the dataset.
    """
    # Asked here: the click is answered outside of the page's run.
    access, viewer = data.access(), current_viewer()
    # Whoever may identify has brought those photos; all else is a copy of what is in the dataset.
    if dataset_id and occasion != MANY_PHOTOS:
        access.require(Action.EXPORT, dataset_id)

    def record_and_give() -> Content:
        with answering(access.principal):
            _record(viewer, AuditAction.EXPORTED, occasion, dataset_id, person_id)
            return content()

    return record_and_give


def _record(viewer: str, action: AuditAction, occasion: str, dataset_id: str, person_id: int | None) -> None:
    entry = AuditEntry(
        at=time.time(),
        viewer=viewer,
        action=action,
        occasion=occasion,
        dataset_id=dataset_id,
        person_id=person_id,
    )
    # Of everybody: a download is answered outside of the run of a page, and who asked is known by then.
    data.whole_services().audit_recorder.record(entry)

"""Photos on their way in: uploads copied to disk, archives of the inbox, the sample; each starts an ingest job."""

from __future__ import annotations

import shutil
import unicodedata
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.access.permissions import Action
from core.access.view import quotas_of
from core.base.errors import ArchiveRefused
from core.base.types import FacePolicy
from core.jobs.registry import submit_job
from core.language.texts import gettext as _
from core.language.texts import marked
from core.store.values.datasets import Dataset
from core.ui import data, frame, menu, state, words
from core.ui.access import quota_notice
from core.ui.components import folders
from core.ui.photos.source_titles import SAMPLE_TITLE, count_files
from core.vision.models.catalogue import DEFAULT_VECTORS_ID
from core.workflows.photos.requests import IngestRequest
from core.workflows.uploads import discard_upload

CHUNK_BYTES = 1 << 20
MOST_UPLOAD_BYTES = 500_000_000
"""Of one drop in all: until it is copied to disk, it is in memory."""
MOST_NAME_BYTES = 200
"""File systems take 255; ``free_path`` may add a number."""
DROP_LABEL = marked("Drop zips with one folder a person, folders, or photos")
POLICIES = {
    FacePolicy.LARGEST: marked("take the largest and most central one"),
    FacePolicy.ONLY_SINGLE: marked("take none of them"),
    FacePolicy.KEEP_OTHERS: marked("take that one, and keep the others without a name"),
}


@dataclass(frozen=True, slots=True)
class Offer:
    """Photos that are on this computer and could be taken."""

    path: Path
    title: str


def choose_offers(dataset: Dataset, label: str = "", waiting: str = state.OFFER) -> list[Offer]:
    """The ways in, side by side: a drop, and the inbox.

    Parameters
    ----------
    label : what the drop says; "" for photos of people
    waiting : under which key of the session what was dropped waits

    Returns
    -------
    What waits to be taken, one after another.
    """
    drop_side, inbox_side = st.columns([3, 2], gap="large")
    with drop_side:
        offers = _dropped(dataset, label or _(DROP_LABEL), waiting)
    with inbox_side:
        from_inbox = _from_inbox()
    return [*offers, from_inbox] if from_inbox else offers


def _dropped(dataset: Dataset, label: str, waiting: str) -> list[Offer]:
    """What was dropped: copied at once, offered until it is taken or left."""
    files = drop_files(label)
    offers = waiting_offers(dataset, waiting)
    if files:
        store_waiting_offers(dataset, [*offers, *save_offers(files)], waiting)
        # With the next run the uploader is another, empty one: nothing is copied twice.
        st.rerun()
    return offers


def store_waiting_offers(dataset: Dataset, offers: Sequence[Offer], waiting: str = state.OFFER) -> None:
    """Let offers wait in this tab until they are taken or left."""
    st.session_state[waiting] = (dataset.id, [(str(offer.path), offer.title) for offer in offers])


def waiting_offers(dataset: Dataset, waiting: str = state.OFFER) -> list[Offer]:
    """What was dropped for a dataset and is still there."""
    of_dataset, offers = st.session_state.get(waiting) or ("", [])
    if of_dataset != dataset.id:
        return []
    # An ingest removes the copy that it was given when it is done.
    return [Offer(Path(path), title) for path, title in offers if Path(path).exists()]


def withdraw_offer(offer: Offer, waiting: str = state.OFFER) -> None:
    """Forget an upload that cannot be used; what lies in the inbox stays."""
    of_dataset, offers = st.session_state.get(waiting) or ("", [])
    st.session_state[waiting] = (of_dataset, [(path, title) for path, title in offers if path != str(offer.path)])
    discard_copy(offer)


def leave_offer(offer: Offer, waiting: str) -> None:
    """The same for what is not wanted; nothing of the inbox is chosen any more."""
    st.session_state.pop("inbox", None)
    withdraw_offer(offer, waiting)


def describe_excess() -> str:
    """What is said of a drop that is larger than what is taken at once."""
    return _(
        "more than {size}, and not taken. Put it into the folder data/inbox and choose it there.",
        size=words.format_size(MOST_UPLOAD_BYTES),
    )


def drop_files(label: str) -> list[UploadedFile]:
    """A place to drop files and folders, empty again after each drop; what comes is refused in words elsewhere."""
    if refusal := st.session_state.pop(state.UPLOAD_REFUSED, None):
        st.error(words.plain(refusal), icon=":material/error:")
    # An uploader cannot be emptied from here; one with another key is another one.
    turn = st.session_state.setdefault(state.UPLOAD_ROUND, 0)
    folders.keep_folder_paths("folders", MOST_UPLOAD_BYTES, describe_excess())
    # Any ending: what is no photo is refused by what it holds, with a line in the report, and not by its name.
    files = list(st.file_uploader(label, accept_multiple_files=True, key=f"upload_{turn}") or [])
    with st.popover(_("Choose a folder"), icon=":material/folder_open:"):
        folder = _("A folder, with all folders in it")
        files += st.file_uploader(folder, accept_multiple_files="directory", key=f"folder_{turn}") or []
    st.caption(
        _(
            "Up to {size} at once. More: put it into the folder `data/inbox`.",
            size=words.format_size(MOST_UPLOAD_BYTES),
        )
    )
    require_room(sum(file.size for file in files))
    return files


def require_room(n_bytes: int) -> None:
    """Begin anew with words on it when more came than is taken at once."""
    if n_bytes <= MOST_UPLOAD_BYTES:
        return
    st.session_state[state.UPLOAD_REFUSED] = _(
        "What you gave has {size} in all; at most {most} can be given at once. Nothing of it was taken. "
        "Put it into the folder data/inbox, or give it in parts.",
        size=words.format_size(n_bytes),
        most=words.format_size(MOST_UPLOAD_BYTES),
    )
    st.session_state[state.UPLOAD_ROUND] += 1
    st.rerun()


@dataclass(frozen=True, slots=True)
class SavedUploads:
    """Uploads on disk: a folder of their own, and where each of them lies in it."""

    folder: Path
    paths: tuple[Path, ...]


def save_uploads(files: Sequence[UploadedFile]) -> SavedUploads:
    """Copy uploads into a folder of their own, in the folders that they came in; two of one name are both kept."""
    folder = data.services().settings.uploads_dir / uuid.uuid4().hex[:12]
    folder.mkdir(parents=True)
    paths = []
    for file in files:
        path = free_path(folder.joinpath(*_safe_parts(file.name)))
        path.parent.mkdir(parents=True, exist_ok=True)
        # "x": a file that is there already is never written over, whatever the name was made of.
        with path.open("xb") as target:
            shutil.copyfileobj(file, target, CHUNK_BYTES)
        paths.append(path)
    st.session_state[state.UPLOAD_ROUND] += 1
    return SavedUploads(folder, tuple(paths))


def _safe_parts(name: str) -> list[str]:
    """The folders and the name of an upload, as a file system takes them; nothing leads out of where they are put."""
    # Parts of dots and spaces alone go, "..", too; a file without any part left is "file".
    parts = [_safe(part) for part in name.replace("\\", "/").split("/") if part.strip(" .")]
    return parts or ["file"]


def _safe(part: str) -> str:
    # Control characters, and halves of surrogate pairs, which UTF-8 cannot write: the next line would fail at one.
    visible = "".join("_" if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in part)
    if len(visible.encode()) <= MOST_NAME_BYTES:
        return visible
    # Cut by bytes, as file systems count; a letter that is cut in half is left out. The ending stays, it says the kind.
    ending = PurePath(visible).suffix[:10]
    return visible.encode()[: MOST_NAME_BYTES - len(ending.encode())].decode(errors="ignore") + ending


def free_path(path: Path) -> Path:
    """The path, or the next like it at which nothing lies; names that differ only in case count as the same."""
    used_names = {sibling.name.casefold() for sibling in path.parent.iterdir()} if path.parent.is_dir() else set()
    number = 1
    free = path
    while free.name.casefold() in used_names:
        number += 1
        free = path.with_name(f"{path.stem} ({number}){path.suffix}")
    return free


def save_offers(files: Sequence[UploadedFile]) -> list[Offer]:
    """Copy uploads: every zip is an offer of its own, everything else together is one."""
    # A zip inside of a dropped folder is a file of that folder.
    zips = [file for file in files if _is_zip(file.name) and len(_safe_parts(file.name)) == 1]
    loose_files = [file for file in files if file not in zips]
    offers = [Offer(save_uploads([file]).paths[0], PurePath(file.name).name) for file in zips]
    if loose_files:
        offers.append(Offer(save_uploads(loose_files).folder, _title(loose_files)))
    return offers


def _title(files: Sequence[UploadedFile]) -> str:
    """The folder that all came in, the name of the only one, or how many there are."""
    names = [_safe_parts(file.name) for file in files]
    if len({parts[0] for parts in names}) == 1 and all(len(parts) > 1 for parts in names):
        return names[0][0]
    return names[0][-1] if len(files) == 1 else count_files(len(files))


def _is_zip(name: str) -> bool:
    return name.lower().endswith(".zip")


def _from_inbox() -> Offer | None:
    """Archives and folders that lie in ``data/inbox``; admins alone choose there, as they may be anybody's."""
    if not data.access().may(Action.ADMINISTER):
        return None
    paths = sorted(path for path in data.services().settings.inbox_dir.iterdir() if path.is_dir() or _is_zip(path.name))
    st.markdown(_("Large archives and folders: put them into the folder `data/inbox` and choose them here."))
    if not paths:
        st.caption(_("The inbox is empty."))
        return None
    names = [path.name for path in paths]
    name = st.selectbox(_("From the inbox"), names, index=None, placeholder=_("Choose an archive"), key="inbox")
    return Offer(paths[names.index(name)], name) if name else None


def discard_copy(offer: Offer) -> None:
    """Remove the copy of an upload; what lies in the inbox stays."""
    discard_upload(data.services().settings.uploads_dir, offer.path)


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """What is done with photos; the defaults suit most."""

    policy: FacePolicy
    """What becomes of photos with several faces."""
    answer: bool
    """Whether the steps that photos lead to follow by themselves."""


def choose_ingest_options() -> IngestOptions:
    """The options."""
    policy = st.radio(
        _("A photo of one person shows several faces"),
        list(POLICIES),
        format_func=lambda policy: _(POLICIES[policy]),
        key="policy",
    )
    answer = st.toggle(_("Afterwards: train, group, look for suspects, lay the map"), value=True, key="answer")
    return IngestOptions(policy, answer)


def submit_ingests(dataset: Dataset, requests: Sequence[IngestRequest]) -> None:
    """Queue ingests, one after another, and show the first. Raises AccessRefused where there is no room for them."""
    quota_notice.require_quota(dataset, requests)
    for request in requests:
        submit_job(data.services().jobs, dataset.id, request)
    st.session_state.pop(state.OFFER, None)
    st.session_state.pop("inbox", None)
    # Ends the run: ``open_page`` does not come back.
    frame.open_page(menu.INGEST, dataset.id)


def submit_sample_ingest(dataset: Dataset) -> None:
    """Queue the sample, which goes the way of every zip."""
    submit_ingests(dataset, [IngestRequest(str(data.services().sample_zip()), SAMPLE_TITLE, answer=True)])


def create_dataset_of(files: Sequence[UploadedFile], *, keeps_photos: bool) -> None:
    """Name a new dataset after what was dropped, and take it.

    What could be understood in two ways is shown on the page that takes photos, and waits there.
    """
    # Before anything is copied.
    quotas_of(data.whole_services()).require_dataset(data.access().principal.address)
    offers = save_offers(files)
    has_title = len(offers) == 1 and offers[0].title != count_files(len(files))
    names_in_use = data.services().store.dataset_names()
    name = words.number_name((Path(offers[0].title).stem if has_title else _("My photos"))[:76], names_in_use)
    dataset = data.services().store.create_dataset(name, DEFAULT_VECTORS_ID, keeps_photos=keeps_photos)
    # Where there is no room for it, it waits on the page that takes photos.
    store_waiting_offers(dataset, offers)
    # All or none: half of a drop in work and the other half waiting would be two different states of one dataset.
    if all(is_unambiguous(offer) for offer in offers):
        submit_ingests(dataset, [IngestRequest(str(offer.path), offer.title, answer=True) for offer in offers])
    frame.open_page(menu.INGEST, dataset.id)


def is_unambiguous(offer: Offer) -> bool:
    """Whether an offer can be understood in one way only, and nothing in it is refused."""
    try:
        with data.services().open_source(offer.path) as source:
            layout = source.layout
            return bool(layout.photos) and not (layout.notes or layout.local_names or source.refused)
    except ArchiveRefused:
        return False

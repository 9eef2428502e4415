"""Photos on their way in: uploads copied to disk, archives of the inbox, the sample; each starts an ingest job."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from core.errors import ArchiveRefused
from core.jobs.handlers import IngestRequest
from core.jobs.model import JobKind
from core.layout import EXTENSIONS_TO_SHOW
from core.models.catalogue import DEFAULT_VECTORS_ID
from core.store.base import Dataset
from core.types import FacePolicy
from core.ui import data, frame, state, words

CHUNK_BYTES = 1 << 20
SAMPLE_TITLE = "the sample"
ACCEPTED = ["zip", *EXTENSIONS_TO_SHOW]
TO_TAKE = "Drop a zip with one folder a person, or several photos"
POLICIES = {
    FacePolicy.LARGEST: "take the largest and most central one",
    FacePolicy.ONLY_SINGLE: "take none of them",
    FacePolicy.KEEP_OTHERS: "take that one, and keep the others without a name",
}


@dataclass(frozen=True, slots=True)
class Offer:
    """Photos that are on this computer and could be taken."""

    path: Path
    title: str


def choose(dataset: Dataset, label: str = TO_TAKE, waiting: str = state.OFFER) -> Offer | None:
    """The ways in, side by side: a drop, and the inbox.

    Parameters
    ----------
    waiting : under which key of the session what was dropped waits
    """
    drop, shelf = st.columns([3, 2], gap="large")
    with drop:
        offer = _dropped(dataset, label, waiting)
    with shelf:
        return _from_inbox() or offer


def _dropped(dataset: Dataset, label: str, waiting: str) -> Offer | None:
    """What was dropped: copied at once, offered until it is taken or dropped anew."""
    files = drop(label, ACCEPTED)
    if files:
        path, title = _keep(files)
        st.session_state[waiting] = (dataset.id, str(path), title)
        st.rerun()
    offered = st.session_state.get(waiting)
    if offered and offered[0] == dataset.id and Path(offered[1]).exists():
        return Offer(Path(offered[1]), offered[2])
    return None


def drop(label: str, endings: Sequence[str]) -> list[UploadedFile]:
    """A place to drop files, empty again after each drop."""
    turn = st.session_state.setdefault(state.UPLOAD_ROUND, 0)
    files = st.file_uploader(label, type=endings, accept_multiple_files=True, key=f"upload_{turn}")
    return list(files or [])


def keep(files: Sequence[UploadedFile]) -> Path:
    """Copy uploads into a folder of their own, by their names."""
    folder = data.services().settings.uploads_dir / uuid.uuid4().hex[:12]
    folder.mkdir(parents=True)
    for file in files:
        with (folder / PurePath(file.name).name).open("wb") as target:
            shutil.copyfileobj(file, target, CHUNK_BYTES)
    st.session_state[state.UPLOAD_ROUND] += 1
    return folder


def _keep(files: Sequence[UploadedFile]) -> tuple[Path, str]:
    """Copy uploads; give what is to be ingested, and its title.

    One zip is ingested as the archive it is; anything else together, as a folder.
    """
    folder = keep(files)
    if len(files) == 1:
        name = PurePath(files[0].name).name
        return (folder / name if _is_zip(name) else folder), name
    return folder, words.count(len(files), "file")


def _is_zip(name: str) -> bool:
    return name.lower().endswith(".zip")


def _from_inbox() -> Offer | None:
    """Archives and folders that lie in ``data/inbox``."""
    lying = sorted(path for path in data.services().settings.inbox_dir.iterdir() if path.is_dir() or _is_zip(path.name))
    st.markdown("Larger than 500 MB? Put the zip into the folder `data/inbox` and choose it here.")
    if not lying:
        st.caption("The inbox is empty.")
        return None
    names = [path.name for path in lying]
    chosen = st.selectbox("From the inbox", names, index=None, placeholder="Choose an archive", key="inbox")
    return Offer(lying[names.index(chosen)], chosen) if chosen else None


def preview(offer: Offer, folders_are_people: bool) -> bool:
    """How the folders of an offer are read, before anything is taken; False when it cannot be taken at all."""
    try:
        with data.services().open_source(offer.path, folders_are_people=folders_are_people) as source:
            layout, refused = source.layout, len(source.refused)
    except ArchiveRefused as refusal:
        st.error(words.plain(refusal), icon=":material/error:")
        _withdraw(offer)
        return False
    if not layout.photos:
        st.warning(
            f"There are no photos in {words.plain(offer.title)}. "
            "Add JPEG, PNG, WebP, HEIC or other photos, one folder a person.",
            icon=":material/info:",
        )
        _withdraw(offer)
        return False
    names = ", ".join(words.person(name) for name in layout.people[:8])
    more = f" and {len(layout.people) - 8} more" if len(layout.people) > 8 else ""
    st.markdown(f"**{words.plain(offer.title)}**: {words.count(layout.photos, 'photo')}; {words.plain(layout)}.")
    if layout.people:
        st.caption(f"People: {words.plain(names)}{more}.")
    if len(layout.people) == 1:
        st.info("Only one person. A recogniser tells people apart: add a folder of somebody else, too.")
    if refused:
        st.caption(f"{words.count(refused, 'file')} in it cannot be taken; the report will say why.")
    return True


def _withdraw(offer: Offer) -> None:
    """Forget an upload that cannot be used; what lies in the inbox stays."""
    st.session_state.pop(state.OFFER, None)
    discard(offer)


def discard(offer: Offer) -> None:
    """Remove the copy of an upload; what lies in the inbox stays."""
    uploads = data.services().settings.uploads_dir
    if uploads in offer.path.parents:
        shutil.rmtree(uploads / offer.path.relative_to(uploads).parts[0], ignore_errors=True)


def options() -> tuple[FacePolicy, bool]:
    """How to read the photos; the defaults suit most."""
    with st.popover("Options", icon=":material/tune:"):
        policy = st.radio(
            "A photo of one person shows several faces", list(POLICIES), format_func=POLICIES.__getitem__, key="policy"
        )
        named = st.toggle("Folders are people", value=True, key="folders", help="Off: every face comes without a name.")
    return policy, named


def start(dataset: Dataset, request: IngestRequest) -> None:
    """Queue an ingest and show it."""
    data.services().jobs.submit(dataset.id, JobKind.INGEST, request.params())
    st.session_state.pop(state.OFFER, None)
    frame.go(frame.INGEST, dataset.id)


def start_sample(dataset: Dataset) -> None:
    """Queue the sample, which goes the way of every zip."""
    start(dataset, IngestRequest(str(data.services().sample_zip()), SAMPLE_TITLE))


def first_dataset() -> None:
    """Drop a zip: the dataset is named after it and its photos are taken."""
    files = drop("Drop a zip, or several photos", ACCEPTED)
    if not files:
        return
    path, title = _keep(files)
    name = Path(title).stem if len(files) == 1 else "My photos"
    made = data.services().store.create_dataset(name[:80], DEFAULT_VECTORS_ID)
    start(made, IngestRequest(str(path), title))

"""Bringing something in: what was dropped, what is in it, what came of it, and the way back."""

from __future__ import annotations

from pathlib import Path, PurePath

import pandas as pd
import streamlit as st

from core.base.errors import InputRefused, NotFound
from core.jobs.model import Job, JobKind, JobState
from core.jobs.transfers import ImportParams
from core.store.protocols import Dataset
from core.ui import data, frame, jobs, state, words
from core.ui.labels import corrections
from core.ui.photos import uploads
from core.ui.photos.uploads import Offer
from core.workflows.exchange import arrivals as arriving
from core.workflows.exchange import imports
from core.workflows.exchange.arrivals import Delivery, Part
from core.workflows.exchange.export import What

SHOWN = 5
TO_DROP = "Drop a bundle, a correction log, XMP sidecars, photos that carry names inside, or embeddings"
TITLES = {
    What.BUNDLE: "A recogniser (bundle)",
    What.LOG: "A correction log",
    What.XMP: "Names from photo programs (XMP)",
    What.EMBEDDINGS: "Embeddings",
}


def bring_in(dataset: Dataset | None) -> bool:
    """The way in, and what came of it; True while something waits to be started."""
    job = data.newest_job(dataset, JobKind.IMPORT) if dataset else None
    jobs.follow(job)
    offer = _choose(dataset) if job is None or not job.state.active else None
    if offer:
        _look_and_start(dataset, offer)
    elif dataset and not (job and job.state.active):
        _offer_own_photos(dataset)
    if dataset:
        _results(dataset)
    return offer is not None


# what is offered


def _choose(dataset: Dataset | None) -> Offer | None:
    """What was dropped, else what was chosen in the inbox."""
    where = dataset.id if dataset else ""
    files = uploads.drop(TO_DROP)
    if files:
        kept = uploads.keep(files)
        alone = len(files) == 1
        title = PurePath(files[0].name).name if alone else words.count(len(files), "file")
        st.session_state[state.ARRIVAL] = (where, str(kept.paths[0] if alone else kept.folder), title)
        st.rerun()
    waiting = st.session_state.get(state.ARRIVAL)
    chosen = _from_inbox()
    if waiting and waiting[0] == where and Path(waiting[1]).exists():
        return Offer(Path(waiting[1]), waiting[2])
    return chosen


def _offer_own_photos(dataset: Dataset) -> None:
    """Photo programs may have written names into the photos that are here."""
    if not data.counts(dataset.id, dataset.revision).photos:
        return
    st.button(
        "Read the names inside of these photos",
        key="names_inside",
        icon=":material/badge:",
        type="tertiary",
        help="Some photo programs write the names of faces into the photos. What they say here is read from the files.",
        on_click=_start_own_photos,
        args=(dataset,),
    )


def _start_own_photos(dataset: Dataset) -> None:
    by = imports.hand(corrections.hand().author)
    asked = ImportParams(
        path="",
        title="Names inside of the photos",
        what=What.XMP,
        member="",
        author=by.author,
        session=by.session,
    )
    data.services().jobs.submit(dataset.id, JobKind.IMPORT, asked.params())


def _from_inbox() -> Offer | None:
    inbox = data.services().settings.inbox_dir
    lying = {
        path.name: path
        for path in sorted(inbox.iterdir())
        if path.is_dir() or path.suffix.lower().removeprefix(".") in arriving.ENDINGS
    }
    if not lying:
        return None
    chosen = st.selectbox(
        "Or from the inbox", list(lying), index=None, placeholder="Choose a file or folder", key="arrival_inbox"
    )
    return Offer(lying[chosen], chosen) if chosen else None


def _look_and_start(dataset: Dataset | None, offer: Offer) -> None:
    """Say what is in it; the button starts taking it."""
    try:
        parts = _parts(str(offer.path), offer.path.stat().st_mtime_ns, dataset)
    except InputRefused as refusal:
        st.error(words.plain(f"{offer.title}: {refusal}" if offer.title not in str(refusal) else refusal))
        _let_go(offer)
        return
    with st.container(border=True):
        st.markdown(f"**{words.plain(offer.title)}**")
        part = parts[0] if len(parts) == 1 else _one_of(parts)
        st.markdown(words.plain(sentence(part)))
        if part.objection:
            st.warning(words.plain(part.objection), icon=":material/info:")
        name = _name(part) if part.what is What.BUNDLE and not part.objection else None
        with st.container(horizontal=True):
            usable = not part.objection and name != ""
            if st.button("Bring it in", type="primary", icon=":material/login:", disabled=not usable):
                _start(dataset, offer, part, name)
            st.button("Leave it", key="leave_arrival", on_click=_let_go, args=(offer,))


def _parts(path: str, modified_ns: int, dataset: Dataset | None) -> list[Part]:
    return _looked(path, modified_ns, dataset.id if dataset else None, dataset.revision if dataset else 0)


@st.cache_data(show_spinner="Looking at what is in it", max_entries=8)
def _looked(path: str, modified_ns: int, dataset_id: str | None, revision: int) -> list[Part]:
    return arriving.look(data.services().arrival_tools(), Path(path), dataset_id)


def _one_of(parts: list[Part]) -> Part:
    """A zip may hold several things; one is taken at a time."""
    kinds = [part.what for part in parts]
    labels = [
        f"{TITLES[part.what]}: {part.member}" if kinds.count(part.what) > 1 else TITLES[part.what] for part in parts
    ]
    chosen = st.radio(
        "It holds several things. What shall be taken from it?", labels, format_func=words.plain, key="arrival_part"
    )
    return parts[labels.index(chosen)]


def sentence(part: Part) -> str:
    """What is known of it before it is taken."""
    if part.objection:
        return f"{TITLES[part.what]}."
    match part.what:
        case What.BUNDLE:
            people = words.count(part.count, "person", "people")
            faces = f" {words.count(part.speaks_of, 'face')} come along as evidence." if part.speaks_of else ""
            return (
                f"A recogniser of {people}, trained on '{part.origin}' with {part.model_id}. It becomes a dataset of "
                f"its own, without photos.{faces}"
            )
        case What.LOG:
            photos = f"{words.count(part.found)} of the {words.count(part.speaks_of, 'photo')} that it speaks of"
            return f"A log of {words.count(part.count, 'correction')}; {photos} are in this dataset."
        case What.XMP:
            photos = f"{words.count(part.photos, 'photo')} with names inside" if part.photos else ""
            sidecars = words.count(part.count, "XMP sidecar") if part.count or not photos else ""
            there = " and ".join(each for each in (sidecars, photos) if each)
            return f"{there}. Faces at the places they tell get the names they tell."
    return (
        f"{words.count(part.count, 'vector')} of {part.model_id}; {words.count(part.found)} of them are of faces in "
        "this dataset, and take the place of those here. This cannot be undone."
    )


def _name(part: Part) -> str:
    """Of the dataset that a bundle becomes; empty while it cannot be."""
    taken = {dataset.name for dataset in data.services().store.datasets()}
    numbers = range(1, len(taken) + 2)
    free = next(name for n in numbers if (name := f"{part.origin} {n}" if n > 1 else part.origin) not in taken)
    name = st.text_input("Name of the dataset", free, max_chars=80, key=f"bundle_{part.origin}_{len(taken)}").strip()
    if name in taken:
        st.caption(f"There is a dataset '{words.plain(name)}' already. Choose another name.")
        return ""
    return name


def _let_go(offer: Offer) -> None:
    st.session_state.pop(state.ARRIVAL, None)
    st.session_state.pop("arrival_inbox", None)
    uploads.discard(offer)


def _start(dataset: Dataset | None, offer: Offer, part: Part, name: str | None) -> None:
    """Queue it; a bundle for an installation without a dataset is taken at once, since a job needs one."""
    by = imports.hand(corrections.hand().author)
    if dataset is None:
        given = Delivery(offer.path, part.what, part.member, name)
        came = arriving.take(data.services().arrival_tools(), None, given, by)
        _let_go(offer)
        frame.say_next(f"'{words.plain(came['dataset'])}' knows {words.count(came['people'], 'person', 'people')}.")
        frame.go(frame.IDENTIFY, data.services().runs.run(came["run"]).dataset_id)
    else:
        asked = ImportParams(
            path=str(offer.path),
            title=offer.title,
            what=part.what,
            member=part.member,
            author=by.author,
            session=by.session,
            name=name,
        )
        data.services().jobs.submit(dataset.id, JobKind.IMPORT, asked.params())
        st.session_state.pop(state.ARRIVAL, None)
        st.session_state.pop("arrival_inbox", None)
        st.rerun()


# what came of it


def _results(dataset: Dataset) -> None:
    """The last imports: what was taken, what was refused, and the way back."""
    if refusal := st.session_state.pop(state.REFUSED, None):
        st.warning(words.plain(refusal), icon=":material/info:")
    known = [job for job in data.services().jobs.jobs(dataset.id) if job.kind is JobKind.IMPORT]
    ended = [job for job in known if not job.state.active and (job.state is JobState.DONE or _holding(dataset, job))]
    if ended:
        st.header("Brought in", anchor=False)
    for job in ended[:SHOWN]:
        with st.container(border=True):
            _result(dataset, job)


def _result(dataset: Dataset, job: Job) -> None:
    st.markdown(f"**{words.plain(job.params['title'])}**, {words.ago(job.finished or job.created)}")
    if job.state is JobState.DONE:
        st.markdown(words.plain(came_of(What(job.params["what"]), job.result)))
        _refused(job)
        _recogniser(job)
    else:
        st.markdown("It stopped before it was done. What it had taken until then holds.")
    _way_back(dataset, job)


def came_of(what: What, came: dict[str, int | str]) -> str:
    """What was taken, in words."""
    match what:
        case What.BUNDLE:
            if came.get("known"):
                return f"It is here already, as '{came['dataset']}'. Nothing was changed."
            return f"'{came['dataset']}' knows {words.count(int(came['people']), 'person', 'people')}."
        case What.EMBEDDINGS:
            parts = [f"{_were(came, 'taken', 'vector')} put in the place of those here."]
            parts += [f"{_were(came, 'unchanged', 'vector')} the same as here."] * bool(came.get("unchanged"))
            parts += [f"{_were(came, 'unknown', 'vector')} of no face of this dataset."] * bool(came["unknown"])
        case What.LOG:
            parts = [f"{_were(came, 'events', 'correction')} repeated, on {_n(came, 'faces', 'face')}."]
            parts += [f"{_n(came, 'faces_missing', 'face')} of the log could not be found."] * bool(
                came["faces_missing"]
            )
            parts += [f"{_were(came, 'undone', 'entry', 'entries')} undone at home, and passed over."] * bool(
                came["undone"]
            )
            parts += [f"{_were(came, 'empty', 'correction')} of nothing that is here."] * bool(came["empty"])
            parts += [f"{_were(came, 'known', 'correction')} here already."] * bool(came.get("known"))
        case _:
            parts = [f"{_were(came, 'files', 'file')} read: {_n(came, 'named', 'face')} got a name."]
            parts += [f"{_n(came, 'renamed', 'face')} of them had another one."] * bool(came.get("renamed"))
            parts += [f"{_n(came, 'unchanged', 'face')} had it already."] * bool(came["unchanged"])
            parts += [f"At {_n(came, 'unmatched', 'place')} no face was found here."] * bool(came["unmatched"])
            parts += [f"{_were(came, 'conflicts_count', 'face')} called otherwise."] * bool(came.get("conflicts_count"))
    return " ".join(parts)


def _n(came: dict[str, int | str], key: str, one: str, many: str = "") -> str:
    return words.count(int(came[key]), one, many)


def _were(came: dict[str, int | str], key: str, one: str, many: str = "") -> str:
    return f"{_n(came, key, one, many)} {'was' if came[key] == 1 else 'were'}"


def _refused(job: Job) -> None:
    """What was not taken, each kind in a table with the reasons."""
    noun = "correction" if job.params["what"] == What.LOG else "file"
    kinds = {
        "conflicts": "{} called otherwise, by somebody here or by two files",
        "refused_regions": "{} refused",
        "refused": "{} refused",
    }
    nouns = {"conflicts": "face", "refused_regions": "region", "refused": noun}
    for kind, title in kinds.items():
        if lines := job.result.get(kind):
            with st.expander(words.plain(title.format(words.count(job.result[f"{kind}_count"], nouns[kind])))):
                table = pd.DataFrame(lines).rename(columns={"name": "What", "reason": "Why"})
                st.dataframe(table, hide_index=True, alt="What was not taken, and why")


def _recogniser(job: Job) -> None:
    """The way to a recogniser that came in, as long as it is there."""
    if job.params["what"] != What.BUNDLE:
        return
    try:
        run = data.services().runs.run(job.result["run"])
    except NotFound:
        st.caption("It was deleted since.")
        return
    if st.button("Who is this?", key=f"use_{job.id}", icon=":material/person_search:"):
        frame.go(frame.IDENTIFY, run.dataset_id)


def _way_back(dataset: Dataset, job: Job) -> None:
    if job.params["what"] not in (What.LOG, What.XMP):
        return
    if _holding(dataset, job):
        session = job.params["session"]
        st.button(
            "Undo the import",
            key=f"undo_{job.id}",
            icon=":material/undo:",
            on_click=corrections.do,
            args=(dataset.id, lambda: corrections.corrector(dataset).undo_session(session)),
        )
    elif job.result.get("events") or job.result.get("named"):
        st.caption("It was undone.")


def _holding(dataset: Dataset, job: Job) -> int:
    return _events_holding(dataset.id, dataset.revision, job.params["session"])


@st.cache_data(show_spinner=False, max_entries=64)
def _events_holding(dataset_id: str, revision: int, session: str) -> int:
    """How many events of a sitting were not undone."""
    events = data.services().log.events(dataset_id, session=session)
    return sum(event.active and event.target_id is None for event in events)

"""The table of a lookup: photos with the faces on them and their names, filters, downloads."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import streamlit as st

from core.base.files.folders import read_state
from core.jobs.registry import submit_job
from core.language.texts import gettext as _
from core.language.texts import marked, ngettext, pgettext
from core.learn.open_set.certainty import LIKELY_PROB
from core.learn.open_set.rejection_rule import RATES
from core.store.job_model import Job, JobKind, JobState
from core.store.values.datasets import Dataset
from core.ui import address, data, gallery, jobs, words
from core.ui.access import kept
from core.ui.audit import recording
from core.ui.components import lookups
from core.ui.components.lookups import FaceRow, FilterChip, LookupTable, LookupView, PhotoRow
from core.ui.identification import lookup_page
from core.ui.identification.photo_answer import choose_rate, describe_promise, format_one_in
from core.ui.keeping import photo_choice
from core.ui.photos.exports import LARGEST_DOWNLOAD_BYTES
from core.ui.photos.source_titles import say_title
from core.workflows.exchange.export import export_path
from core.workflows.identification.lookups import kept_lookups, outputs
from core.workflows.identification.lookups.marks import LookupMark, mark_faces
from core.workflows.identification.lookups.values import Lookup, LookupInfo, SortedCounts, SortRequest

CHIPS = (
    FilterChip("all", marked("All"), 0, marked("Every photo")),
    FilterChip("named", marked("Named"), LookupMark.NAMED, marked("Photos with somebody who has a name")),
    FilterChip(
        "unknown", marked("Unknown"), LookupMark.UNKNOWN, marked("Photos with a face that is like nobody known")
    ),
    FilterChip(
        "uncertain",
        marked("Unsure"),
        LookupMark.UNSURE,
        marked("Photos with a face that one step of the slider would decide otherwise"),
    ),
    FilterChip(
        "two-names",
        marked("Two names for one person"),
        LookupMark.TWO_NAMES,
        marked("The same person, it seems, by two names"),
    ),
    FilterChip(
        "again",
        marked("One name twice in a photo"),
        LookupMark.AGAIN,
        marked("Photos on which two faces have the same name"),
    ),
    FilterChip("no-face", marked("No face"), LookupMark.NO_FACE, marked("Photos in which no face could be found")),
    FilterChip(
        "refused",
        marked("Could not be read"),
        LookupMark.REFUSED,
        marked("Files that are no photo that can be read"),
    ),
)


def _chip_label(chip: FilterChip) -> str:
    # Of photos; elsewhere the word is said of one face, which other languages write in another way.
    return pgettext("photos", "Unknown") if chip.bit == LookupMark.UNKNOWN else _(chip.label)


# A result is never changed, but may be written once more under its id when a job is repeated: when it was made tells.
@kept.cache_resource(show_spinner=False, max_entries=4)
def _load_result(dataset_id: str, lookup_id: str, created: float) -> Lookup:
    return kept_lookups.load_lookup(data.services().artifacts, dataset_id, lookup_id)


@kept.cache_resource(show_spinner=False, max_entries=4)
def _table(dataset_id: str, lookup_id: str, created: float) -> LookupTable:
    """What the browser gets, with the marks for every limit."""
    result = _load_result(dataset_id, lookup_id, created)
    # Names travel once and faces refer to them by number; figures are rounded to what is shown of them. Of thousands of
    # faces with five candidates each, most of what travels would be the same names and digits that nobody reads.
    index_of = {name: number for number, name in enumerate(result.people)}
    certainty_rule = result.certainty_rule
    faces = tuple(
        FaceRow(
            candidates=tuple(
                (index_of[candidate.person], round(candidate.prob, 4), round(candidate.distance, 3))
                for candidate in face.candidates
            ),
            likeness=round(certainty_rule.likeness(face.score), 1),
            margin=round(face.margin, 3),
            rival=rival,
            trusted=face.trusted,
        )
        for face, rival in zip(result.faces(), result.rivals, strict=True)
    )
    # For every rate beforehand: the browser counts and filters at once when the slider moves, and decides nothing.
    marks = {rate: mark_faces(result, rate) for rate in RATES}
    return LookupTable(
        of=f"{lookup_id} {created}",
        people=result.people,
        photos=tuple(PhotoRow(photo.name, photo.reason, len(photo.faces)) for photo in result.photos),
        faces=faces,
        chips=CHIPS,
        marks={
            f"{rate:g}": (round(certainty_rule.likeness(each.threshold.score), 1), each.faces, each.photos)
            for rate, each in marks.items()
        },
    )


@kept.cache_resource(show_spinner=False, max_entries=4)
def _names(dataset_id: str, lookup_id: str, created: float) -> frozenset[str]:
    """Everybody who is named on a photo, wherever the slider stands."""
    result = _load_result(dataset_id, lookup_id, created)
    is_named = mark_faces(result, max(RATES)).faces & LookupMark.NAMED > 0
    return frozenset(face.candidates[0].person for face, named in zip(result.faces(), is_named, strict=True) if named)


def show_lookup(dataset: Dataset, info: LookupInfo) -> None:
    """The head of a result, its table, and what can be taken of it."""
    with st.spinner(_("Reading the result")):
        result = _load_result(dataset.id, info.id, info.created)
    recording.record_names(dataset, recording.MANY_PHOTOS, result.id, _names(dataset.id, info.id, info.created))
    text, ways = st.columns([3, 2])
    with text:
        st.header(words.plain(say_title(result.title)), anchor=False)
        st.caption(
            _(
                "{counts}. {storage} {recogniser}",
                counts=lookup_page.describe_lookup(info),
                storage=lookup_page.describe_storage(result.source, keeps_photos=dataset.keeps_photos),
                recogniser=lookup_page.describe_recogniser(dataset, result.run_id),
            )
        )
    with ways, st.container(horizontal=True, horizontal_alignment="right"):
        st.button(_("Other photos"), icon=":material/arrow_back:", on_click=lookup_page.close_lookup)
        lookup_page.offer_forgetting(dataset, info)
    sorting = _newest_sorting(dataset, info)
    jobs.follow_job(sorting)
    if sorting is not None and sorting.state is JobState.DONE:
        _show_sorted_copies(dataset, result, sorting)
    _photos(dataset, info)


@st.fragment
def _photos(dataset: Dataset, info: LookupInfo) -> None:
    key = dataset.id, info.id, info.created
    result, table = _load_result(*key), _table(*key)
    limit, ways = st.columns([3, 2])
    with limit:
        rate = _ask_for_rate(result)
    with ways, st.container(horizontal=True, horizontal_alignment="right"):
        _downloads(dataset, result, rate)
    first = LookupView(address.query_value("show") or "", address.query_value("who") or "")
    chips = tuple(replace(chip, label=_chip_label(chip), hint=_(chip.hint)) for chip in table.chips)
    table_state = lookups.draw_lookup_table(f"lookup_{info.id}", replace(table, chips=chips))
    # Pictures of those on the screen alone: all of a large lookup would be too much for one message to the browser.
    faces = list(result.faces())
    pictures = {row: gallery.jpeg_data_url(faces[row].crop) for row in table_state.asked}
    lookups.send_lookup_pictures(f"lookup_{info.id}", table.of, f"{rate:g}", first, pictures)
    if table_state.view is not None:
        view = table_state.view
        # What everybody sees at first is not written into the address.
        address.set_query_values(show=view.chip if view.chip != CHIPS[0].id else None, who=view.person or None)
    st.caption(
        _(
            "Choose a face to see who else it may be. Unsure: one step of the slider would decide otherwise, or the "
            "name is less than {percentage} probable.",
            percentage=words.percent(LIKELY_PROB),
        )
    )


def _ask_for_rate(result: Lookup) -> float:
    """How many strangers may get a name, and what that rate is worth."""
    rate = choose_rate(f"lookup_rate_{result.id}")
    st.caption(describe_promise(result.threshold(rate)))
    return rate


# taking it along


def _downloads(dataset: Dataset, result: Lookup, rate: float) -> None:
    name = Path(result.title).stem
    # Each content is a function that is called when its button is pressed: three files are not written at every run.
    with st.popover(_("Download"), icon=":material/download:"):
        contents: tuple[tuple[str, str, str, Callable[[], str | bytes]], ...] = (
            (_("Table (CSV)"), "csv", "text/csv", partial(outputs.lookup_csv, result, rate)),
            (_("Document (JSON)"), "json", "application/json", partial(_json, result, rate)),
            (_("Names for photo programs (XMP)"), "xmp.zip", "application/zip", partial(_sidecars, result, rate)),
        )
        for label, ending, mime, content in contents:
            st.download_button(
                words.plain(label),
                recording.recorded_download(dataset.id, recording.MANY_PHOTOS, content),
                f"{name}.{ending}",
                mime,
                key=f"take_{ending}_{result.id}",
                on_click="ignore",
                width="stretch",
            )
    if st.button(
        _("Sort by person"),
        key=f"sort_{result.id}",
        icon=":material/folder_shared:",
        disabled=not (result.source or dataset.keeps_photos),
        help=_(
            "A zip of the photos, byte for byte, with a folder for each person, one for unknown and one for no face."
        )
        if result.source or dataset.keeps_photos
        else photo_choice.explain_absence(),
    ):
        submit_job(data.services().jobs, dataset.id, SortRequest(result.id, rate))
        st.rerun()


def _json(result: Lookup, rate: float) -> str:
    return json.dumps(outputs.lookup_json(result, rate), ensure_ascii=False, indent=1)


def _sidecars(result: Lookup, rate: float) -> bytes:
    # Zips are written to files, and what is downloaded goes through memory: so it is read back.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "xmp.zip"
        outputs.write_sidecars(result, path, rate)
        return path.read_bytes()


# sorted copies


def _newest_sorting(dataset: Dataset, info: LookupInfo) -> Job | None:
    sortings = data.jobs_of(dataset, JobKind.SORT)
    return next((job for job in sortings if SortRequest.of(job).lookup == info.id), None)


def _show_sorted_copies(dataset: Dataset, result: Lookup, job: Job) -> None:
    """The zip that lies ready, until it is deleted or the result is forgotten."""
    path = export_path(data.services().settings.exports_dir, dataset.id, job.id)
    if not (state := read_state(path)):
        return
    counts, size = SortedCounts.of(job), state.st_size
    with st.container(border=True):
        st.markdown(
            ngettext(
                "**Sorted by person**: {number} photo of {people} in {size}, with {one_in} strangers named.",
                "**Sorted by person**: {number} photos of {people} in {size}, with {one_in} strangers named.",
                counts.photos,
                people=words.format_people_count(counts.people),
                size=words.format_size(size),
                one_in=format_one_in(SortRequest.of(job).rate),
            )
        )
        if counts.missing:
            st.caption(
                ngettext(
                    "{number} photo could not be found any more, or changed since.",
                    "{number} photos could not be found any more, or changed since.",
                    counts.missing,
                )
            )
        if size > LARGEST_DOWNLOAD_BYTES:
            st.caption(_("It is too large to go through the browser. Copy it from where it lies:"))
            st.code(str(path), language=None, wrap_lines=True)
        with st.container(horizontal=True):
            if size <= LARGEST_DOWNLOAD_BYTES:
                name = f"{Path(result.title).stem}-by-person.zip"
                st.download_button(
                    _("Download the sorted photos"),
                    recording.recorded_download(dataset.id, recording.MANY_PHOTOS, path.read_bytes),
                    name,
                    "application/zip",
                    key=f"take_sorted_{job.id}",
                    icon=":material/download:",
                    on_click="ignore",
                )
            st.button(
                _("Delete"), key=f"unsort_{job.id}", icon=":material/delete:", on_click=_delete, args=(path, job.id)
            )


def _delete(path: Path, job_id: str) -> None:
    # The file first: a row whose file is gone shows nothing, a file without a row would be found by nobody.
    path.unlink(missing_ok=True)
    data.services().jobs.forget_job(job_id)

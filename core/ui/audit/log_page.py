"""The access log as its page shows it: filters, the newest lines with today's names, and files of all of them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

import pandas as pd
import streamlit as st

from core.base.words import DAY_S
from core.language.dates import format_moment
from core.language.texts import gettext as _
from core.language.texts import marked, ngettext, pgettext
from core.services import Services
from core.store.audit_log import AuditAction, AuditFilter, AuditLine
from core.ui import menu, words
from core.ui.audit import recording
from core.ui.photos.exports import CHOICES
from core.workflows.audit.listing import AuditFormat, DatasetNames, encode_audit_log, read_todays_names

NEWEST = 500
PERIODS = {marked("One day"): 1, marked("7 days"): 7, marked("30 days"): 30, marked("All"): 0}
ACTIONS = {
    AuditAction.VIEWED: marked("Saw"),
    AuditAction.IDENTIFIED: marked("Identified"),
    AuditAction.COMPARED: marked("Compared"),
    AuditAction.EXPORTED: marked("Exported"),
}
OCCASIONS = {
    recording.PERSON: marked("A person's page"),
    recording.FACE: marked("A face"),
    recording.PHOTO: marked("A photo"),
    recording.CAMERA: marked("The camera"),
    recording.MANY_PHOTOS: marked("Many photos"),
    recording.TWO_FACES: marked("Same person?"),
    "access log": marked("Access log"),
    "backup": marked("Backup"),
    "chosen faces": marked("Chosen faces"),
    "report": marked("Report"),
    "report on photos": marked("Report on photos"),
    "table of people": marked("Table of people"),
    "tutorial": marked("For students"),
    **{kind.value: title for kind, (title, _described) in CHOICES.items()},
}
"""What an occasion is called; a page by its title, and what is not listed as it was written."""
OURS = {recording.THIS_COMPUTER: marked("this computer"), "command line": marked("command line")}
"""Who acts where nobody signs in."""
MIMES = {AuditFormat.CSV: "text/csv", AuditFormat.JSONL: "application/x-ndjson"}


def show_access_log(services: Services) -> None:
    """Filters, then lines, or why there are none."""
    log_filter = _ask_for_filter(services)
    count = services.audit_log.count(log_filter)
    lines = services.audit_log.read_newest(log_filter, NEWEST)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(_describe_count(count, log_filter), width="content")
        if count:
            with st.container(horizontal=True, width="content"):
                _offer_files(services, log_filter)
    if lines:
        table = _table(lines, read_todays_names(services.store, lines))
        st.dataframe(
            table,
            hide_index=True,
            height=min(620, 40 + 36 * len(lines)),
            # By itself it is as wide as the first names, and cuts off those further down.
            column_config={_("Whom"): st.column_config.TextColumn(width=170)},
            alt=_("Who saw whom, newest first"),
        )
    _say_how_long(services)


def _ask_for_filter(services: Services) -> AuditFilter:
    datasets = {dataset.id: dataset.name for dataset in services.store.datasets()}
    with st.container(horizontal=True):
        viewer = st.selectbox(
            _("Who"),
            services.audit_log.viewers(),
            format_func=_name_viewer,
            index=None,
            placeholder=_("Everybody"),
            width=220,
        )
        action = st.selectbox(
            _("Did"),
            list(ACTIONS),
            format_func=lambda key: _(ACTIONS[key]),
            index=None,
            placeholder=_("Anything"),
            width=160,
        )
        dataset_id = st.selectbox(
            _("Dataset"),
            list(datasets),
            format_func=datasets.__getitem__,
            index=None,
            placeholder=pgettext("datasets", "All"),
            width=200,
            key="log_dataset",
        )
        people = services.store.names(dataset_id) if dataset_id else {}
        # Only then: what cannot be chosen yet would be grey on white, which few can read.
        name = _ask_for_person(people) if dataset_id else None
        period = st.segmented_control(
            _("Of the last"),
            [*PERIODS],
            format_func=lambda period: words.plain(_(period)),
            default="30 days",
            required=True,
        )
    days = PERIODS[period or "All"]
    return AuditFilter(
        viewer=viewer,
        action=action,
        dataset_id=dataset_id,
        # All who ever had the name: somebody who was merged was seen too.
        person_ids=frozenset(key for key, known in people.items() if known == name) if name else None,
        since=time.time() - days * DAY_S if days else 0.0,
    )


def _ask_for_person(people: Mapping[int, str]) -> str | None:
    return st.selectbox(
        _("Person"),
        sorted(set(people.values())),
        format_func=words.display_name,
        index=None,
        placeholder=_("Everybody"),
        width=220,
    )


def _describe_count(count: int, asked: AuditFilter) -> str:
    if not count and not (asked.viewer or asked.action or asked.dataset_id):
        return _("Nothing is in the log of this time.")
    if not count:
        return _("Nothing of that kind is in the log.")
    if count > NEWEST:
        return _("**{lines}**, the newest {number} below", lines=_count_lines(count), number=words.count(NEWEST))
    return f"**{_count_lines(count)}**"


def _count_lines(count: int) -> str:
    return ngettext("{number} line", "{number} lines", count)


def _offer_files(services: Services, asked: AuditFilter) -> None:
    for file_format, mime in MIMES.items():
        content = partial(encode_audit_log, services.audit_log, asked, file_format)
        st.download_button(
            words.plain(file_format.value.upper()),
            recording.recorded_download(asked.dataset_id or "", "access log", content),
            f"access-log.{file_format.value}",
            mime,
            key=f"log_{file_format.value}",
            icon=":material/download:",
            help=_("All lines of this choice. People and datasets are numbers in it, never names."),
            on_click="ignore",
        )


def _table(lines: Sequence[AuditLine], names: Mapping[str, DatasetNames]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                _("When"): format_moment(datetime.fromtimestamp(line.entry.at).astimezone(), with_seconds=True),
                _("Who"): _name_viewer(line.entry.viewer),
                _("Did"): _(ACTIONS[line.entry.action]),
                _("Whom"): _describe_subject(line, names),
                _("Where"): _describe_occasion(line.entry.occasion),
                _("Dataset"): (
                    names[line.entry.dataset_id].title if line.entry.dataset_id in names else _("deleted or none")
                ),
            }
            for line in lines
        ]
    )


def _name_viewer(viewer: str) -> str:
    return _(OURS[viewer]) if viewer in OURS else viewer


def _describe_occasion(occasion: str) -> str:
    if occasion in OCCASIONS:
        return _(OCCASIONS[occasion])
    page = next((entry for entry in menu.ENTRIES if entry.url_path == occasion), None)
    return _("The page {page}", page=_(page.title)) if page else occasion.capitalize()


def _describe_subject(line: AuditLine, names: Mapping[str, DatasetNames]) -> str:
    if line.is_erased:
        return _("erased")
    dataset, person_id = names.get(line.entry.dataset_id), line.entry.person_id
    if person_id is None or dataset is None:
        return ""
    return words.display_name(dataset.people.get(person_id))


def _say_how_long(services: Services) -> None:
    days = services.settings.audit_days
    if days:
        how_long = ngettext("Lines are kept for {number} day.", "Lines are kept for {number} days.", days)
    else:
        how_long = _("No log is kept ({setting}).", setting="FACE_ATLAS_ACCESS_LOG_DAYS=0")
    how = _(
        "A look at the same page or person counts once in ten minutes. Who is erased from the data loses their name "
        "here too: that somebody looked stays, whom they saw goes."
    )
    st.caption(f"{how_long} {how}")

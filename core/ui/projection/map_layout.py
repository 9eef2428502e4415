"""Which map is shown: its method and dimensions, how far it can be believed, and when a new one is made or offered."""

from __future__ import annotations

import streamlit as st

from core.base.types import Revision
from core.jobs.registry import submit_job
from core.language.texts import gettext as _
from core.language.texts import localise_decimals, marked, ngettext
from core.store.job_model import Job, JobKind
from core.store.values.datasets import Dataset
from core.store.values.runs import MapInfo
from core.ui import data, jobs, state, words
from core.ui.access import kept, offers
from core.workflows.projection.project import DIMENSIONS, FEWEST_TO_LAY_OUT, MapOptions, Method

MANY_NEW_SHARE = 0.2
"""The share of faces that came after a map from which on it is made anew unasked; fewer are placed on it."""
TITLES = {Method.UMAP: "UMAP", Method.TSNE: "t-SNE", Method.PCA: "PCA"}
TWO_D, THREE_D = marked("2-D"), marked("3-D")
MAP_CAVEAT = marked(
    "Near means alike; distances between far groups mean little. The axes have no unit, and a map can tear apart or "
    "press together what was not so in the 128 numbers of each face (its embedding)."
)
_HOW_LAID_OUT = {
    Method.UMAP: marked("Laid out by UMAP, a manifold projection."),
    Method.TSNE: marked("Laid out by t-SNE, a neighbour embedding."),
    Method.PCA: marked("Laid out by PCA, a linear projection."),
}


def describe_map(map_info: MapInfo | None) -> str:
    """What a map can and cannot say, how it was laid out in the field's words, and how far it can be believed."""
    measured = map_info.params.faithfulness if map_info else None
    sentences = [_(MAP_CAVEAT), _(_HOW_LAID_OUT[Method(map_info.method) if map_info else Method.PCA])]
    if measured:
        # The share is a mean over faces; as a number of neighbours it can be imagined.
        sentences.append(
            ngettext(
                "On this one, {part} of the {number} face nearest to a face are among its {most} nearest in truth "
                "(cosine).",
                "On this one, {part} of the {number} faces nearest to a face are among its {most} nearest in truth "
                "(cosine).",
                measured.neighbours,
                part=f"{measured.kept * measured.neighbours:.0f}",
                most=words.count(measured.neighbours),
            )
        )
    if measured and measured.trustworthiness:
        sentences.append(
            _(
                "Its trustworthiness is {trustworthiness}: 1 when nobody lies among strangers, {chance} by chance.",
                trustworthiness=localise_decimals(f"{measured.trustworthiness:.2f}"),
                chance=localise_decimals("0.5"),
            )
        )
    return " ".join(sentences)


# what is asked for


def choose_layout(dataset: Dataset, n_faces: int) -> tuple[Method, int]:
    """Choose the method of the layout and its dimensions, and how the next one is to be made."""
    with st.popover(_("Layout"), icon=":material/tune:"):
        method, settings = _choose_method(n_faces), st.container()
    dimensions = _choose_dimensions(method)
    if method is not Method.PCA and offers.may_edit(dataset.id):
        with settings:
            _ask_next_map(dataset, method, dimensions)
    return method, dimensions


def _choose_method(n_faces: int) -> Method:
    """The method; of fewer faces than have neighbourhoods there is only PCA."""
    if n_faces < FEWEST_TO_LAY_OUT:
        st.caption(_("Of so few faces there is only PCA, the flat shadow in the two widest directions."))
        return Method.PCA
    method = st.segmented_control(
        _("Layout"),
        list(TITLES),
        default=Method.UMAP,
        required=True,
        format_func=TITLES.__getitem__,
        key="layout",
        bind="query-params",
        help=_(
            "UMAP and t-SNE keep neighbours together, t-SNE at the price of all other distances and on a plane only. "
            "PCA is the flat shadow in the two widest directions."
        ),
    )
    return Method(method)


def _choose_dimensions(method: Method) -> int:
    if len(DIMENSIONS[method]) == 1:
        return DIMENSIONS[method][0]
    choice = st.segmented_control(
        _("Dimensions"),
        [TWO_D, THREE_D],
        default=TWO_D,
        required=True,
        format_func=_,
        key="dimensions",
        bind="query-params",
        label_visibility="collapsed",
    )
    return 3 if choice == THREE_D else 2


def _ask_next_map(dataset: Dataset, method: Method, dimensions: int) -> None:
    """What the next map of this layout is made with."""
    job = data.newest_job(dataset, JobKind.MAP)
    neighbours = st.slider(
        _("Neighbours that count (n_neighbors)") if method is Method.UMAP else _("Neighbours that count (perplexity)"),
        5, 100, 15, key="map_neighbours", help=_("Few show small groups, many the large picture."),
    )  # fmt: skip
    min_dist = 0.1
    if method is Method.UMAP:
        min_dist = st.slider(_("How close points may come (min_dist)"), 0.0, 1.0, 0.1, 0.05, key="map_min_dist")
    seed = st.number_input(_("Seed"), 0, 9999, 0, key="map_seed", help=_("The same seed gives the same map."))
    afresh = st.checkbox(
        _("Lay out afresh"),
        key="map_afresh",
        help=_("Otherwise it begins where everybody is now, and keeps its looks."),
    )
    if st.button(_("Make it"), key="make_map", type="primary", disabled=job is not None and job.state.active):
        _submit_map(
            dataset,
            MapOptions(
                method=method,
                n_neighbors=neighbours,
                min_dist=min_dist,
                seed=int(seed),
                afresh=afresh,
                dimensions=dimensions,
            ),
        )


# when one is made


def load_or_start_map(dataset: Dataset, method: Method, dimensions: int, n_faces: int) -> MapInfo | None:
    """The stored map of a layout, or None for PCA; where none holds any more, start one, follow it, or offer it."""
    if n_faces < FEWEST_TO_LAY_OUT or method is Method.PCA:
        return None
    # Made unasked with the defaults: what the settings say is for the map that somebody asks for there.
    options = MapOptions(method, dimensions=dimensions)
    newest = data.newest_map(dataset, options.method, options.dimensions)
    job, n_new = data.newest_job(dataset, JobKind.MAP), _count_newcomers(dataset.id, dataset.revision, newest)
    if newest is None or n_new > MANY_NEW_SHARE * n_faces:
        _renew_map(dataset, options, newest, job)
    elif n_new:
        _offer_new_map(dataset, options, job)
    else:
        jobs.follow_job(job)
    return newest


# Kept, as it compares the ids of all faces with those of the map.
@kept.cache_data(show_spinner=False, max_entries=32)
def _count_newcomers(dataset_id: str, revision: Revision, map_info: MapInfo | None) -> int:
    """How many faces came after a map was made; all, when they were embedded anew since."""
    table, model_id = (
        data.dataset_faces(dataset_id, revision).table,
        data.services().store.dataset(dataset_id).model_id,
    )
    # Vectors of two models have nothing to do with each other: nobody can be placed on a map of the earlier ones.
    # Maps of earlier versions do not say whose they show (None), and are taken for the dataset's own.
    if map_info is None or map_info.params.model_id not in (None, model_id):
        return len(table)
    face_map = data.face_map(dataset_id, revision, map_info.id)
    # Where most are new, nobody is placed and there are no newcomers: then those who are not on the map are counted.
    return len(face_map.newcomers) + len(table) - len(table.match(face_map.face_ids)[0])


def _renew_map(dataset: Dataset, options: MapOptions, newest: MapInfo | None, job: Job | None) -> None:
    title = _layout_title(options)
    may_edit = offers.may_edit(dataset.id)
    if may_edit and _should_start_map(dataset, options, job):
        _submit_map(dataset, options)
    working = job is not None and job.state.active
    st.caption(_describe_renewal(title, newest, working=working))
    if not may_edit and not working:
        st.caption(_("It is made when somebody opens this page who may change the dataset."))
    _offer_new_map(dataset, options, job, again=newest is not None)


def _describe_renewal(title: str, newest: MapInfo | None, *, working: bool) -> str:
    if newest is None and working:
        return _(
            "For now PCA, the quick layout. {layout}, which keeps alike faces closer together, is being made; "
            "the first one takes about half a minute.",
            layout=title,
        )
    if newest is None:
        return _(
            "For now PCA, the quick layout. {layout}, which keeps alike faces closer together, was not made yet.",
            layout=title,
        )
    status = _(
        ":material/update: This {layout} was made {when}, before most of these photos came.",
        layout=title,
        when=words.ago(newest.created),
    )
    return _("{status} A new one is being made.", status=status) if working else status


def _layout_title(options: MapOptions) -> str:
    title = TITLES[options.method]
    return title if options.dimensions == 2 else _("{layout} in 3-D", layout=title)


def _offer_new_map(dataset: Dataset, options: MapOptions, job: Job | None, *, again: bool = True) -> None:
    jobs.follow_job(job)
    working = job is not None and job.state.active
    layout = _layout_title(options)
    label = _("Make a new {layout}", layout=layout) if again else _("Make a {layout}", layout=layout)
    if not working and offers.may_edit(dataset.id) and st.button(label, icon=":material/refresh:"):
        _submit_map(dataset, options)


def _should_start_map(dataset: Dataset, options: MapOptions, job: Job | None) -> bool:
    """Whether to start a map unasked: once a session, kind of map and revision.

    Not while one is under way or photos are coming in, and not when the last one failed or was stopped.
    """
    # The page runs again at every click: without this a map that fails at once would be started over and over.
    asked_revisions = st.session_state.setdefault(state.MAP_ASKED, {})
    kind = (dataset.id, options.method, options.dimensions)
    if asked_revisions.get(kind) == dataset.revision:
        return False
    # Half of the photos would make a map that is stale when the other half is there; the end of the ingest asks again.
    ingest = data.newest_job(dataset, JobKind.INGEST)
    if ingest is not None and ingest.state.active:
        return False
    # A map that was stopped before the present photos were in says nothing about them, and may be tried once more.
    if job is not None and (job.state.active or (job.state.resumable and job.created >= _photos_settled_at(ingest))):
        return False
    asked_revisions[kind] = dataset.revision
    return True


def _photos_settled_at(ingest: Job | None) -> float:
    """When the dataset got its present photos, in seconds since 1970; 0 when that is not known."""
    return (ingest.finished or ingest.created) if ingest else 0.0


def _submit_map(dataset: Dataset, options: MapOptions) -> None:
    submit_job(data.services().jobs, dataset.id, options)
    st.rerun()

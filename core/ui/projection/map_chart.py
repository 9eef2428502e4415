"""What the map draws: the faces that are there, grouped by what colours mean, and what is said of them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from core.base.face_table import take_items
from core.base.types import Floats, Ints, Revision, Split
from core.charts.palette import GREY
from core.language.languages import Language
from core.language.texts import gettext as _
from core.language.texts import marked, ngettext
from core.learn.metrics.predictions import Predictions
from core.learn.open_set.certainty import Sureness
from core.ui import data, gallery, words
from core.ui.access import kept
from core.ui.certainty import bar, tested_face
from core.ui.components import scatter
from core.ui.components.scatter import FaceCard, NearFaces, PointCloud, PointGroup, PointNames
from core.ui.data import Faces
from core.ui.labels import face_sheet
from core.ui.projection import map_detail, map_groups
from core.workflows.clustering import cluster, hierarchy
from core.workflows.clustering.cluster import FaceGroups

PERSON, SPLIT, PREDICTION = marked("Person"), marked("Split"), marked("Prediction")
CORRECT, CONFIDENCE, QUALITY = marked("Right or wrong"), marked("How sure"), marked("Quality")
DATE, CLUSTER = marked("Date"), marked("Group")


MOST_NAMED = 5_000
"""People whose names stand on the map where there is room; those of others come with the pointer."""


@dataclass(frozen=True, slots=True)
class MapView:
    """What the map shows; all of it stands in the address."""

    map_id: str | None
    """A stored map, or None for the quick one."""
    run_id: str | None
    colour: str = PERSON
    people: tuple[str, ...] = ()
    """Those who are looked for."""
    dimensions: int = 2
    grouped_at: float = 0.0
    """When the groups that there are were made; 0 where they are not shown."""
    plane_id: str | None = None
    """The map by which people get their colours; None for the quick one."""


@dataclass(frozen=True, slots=True, eq=False)
class MapChart:
    """The points to draw, the finding, and how many faces are not among them."""

    cloud: PointCloud
    finding: str
    left_out: int
    """Faces of the dataset that are newer than the map and not on it."""
    placed: int
    """Faces that are newer than the map and were placed beside those most like them."""
    undrawn: int = 0
    """Faces that are on the map, and not drawn because there are too many of them."""


# A shared object, as everything here that holds arrays: a cache of data would copy megabytes at every rerun.
@kept.cache_resource(show_spinner=False, max_entries=8)
def build_map_chart(dataset_id: str, revision: Revision, view: MapView, language: Language) -> MapChart:
    """The points of a layout, coloured by what the view asks for; its words are of the language that is spoken."""
    faces = data.dataset_faces(dataset_id, revision)
    face_map = data.face_map(dataset_id, revision, view.map_id, view.dimensions)
    # A map outlives corrections: it may hold faces that are gone, and lack others that came. Drawn is who is on both.
    map_rows, rows = faces.table.match(face_map.face_ids)
    # In the order of the table on every map, so that a face can be followed from one map to another.
    in_order = np.argsort(rows)
    map_rows, rows = map_rows[in_order], rows[in_order]
    predictions, points = load_face_predictions(dataset_id, revision, view.run_id), face_map.points[map_rows]
    sought = np.flatnonzero(np.isin(faces.table.labels[rows], _sought_people(faces, view.people)))
    drawn = map_detail.choose_drawn(points, sought)
    colouring, summary = _choose_colouring(faces, predictions, rows, view)
    if colouring is None:
        groups, clusters = _other_groups(faces, predictions, rows, view.colour), []
    else:
        labels, plane, plane_rows = colouring.labels[rows], *_plane_points(view, faces)
        looks = map_groups.choose_looks(plane, colouring.labels[plane_rows], colouring.coloured)
        groups = map_groups.group_people(labels, colouring.names, colouring.coloured, looks, colouring.other_names)
        named = colouring.coloured[:MOST_NAMED]
        clusters = map_groups.find_clusters(points[drawn], labels[drawn], colouring.names, named)
    groups = map_detail.keep_drawn(_spotlight(groups, faces, rows, view.people), drawn, len(points))
    undrawn, rows, points = len(points) - len(drawn), rows[drawn], points[drawn]
    face_ids = take_items(faces.table.face_ids, rows)
    # What somebody circled holds for these faces in these places, whatever their colours are. Checksums say so in a
    # few bytes; the identifiers of a hundred thousand faces would travel with every answer.
    cloud_id = f"{view.map_id} {zlib.crc32(''.join(face_ids).encode()):08x} {zlib.crc32(points.tobytes()):08x}"
    people = [words.display_name(name) for name in faces.table.people]
    names = PointNames(faces.table.labels[rows], people)
    cloud = scatter.pack_points(cloud_id, face_ids, points, groups, clusters, names)
    return MapChart(
        cloud=cloud.with_moments(map_groups.find_moments(faces.table.taken[rows])),
        finding=summary,
        left_out=len(faces.table) - len(rows) - undrawn,
        placed=len(face_map.newcomers),
        undrawn=undrawn,
    )


def build_face_cards(
    dataset_id: str, faces: Faces, predictions: FacePredictions, cloud: PointCloud, pointed_at: tuple[int, ...]
) -> list[FaceCard]:
    """What is shown of the faces that are pointed at."""
    return [_card(dataset_id, faces, predictions, row, faces.table.index(cloud.face_ids[row])) for row in pointed_at]


def find_near_faces(faces: Faces, cloud: PointCloud, face_id: str) -> NearFaces | None:
    """The faces most like one, as far as they are on the map."""
    row = faces.table.find(face_id)
    if row is None:
        return None
    neighbours = face_sheet.find_similar_faces(faces, row)
    likenesses = {faces.table.face_ids[near]: bar.distance_to_likeness(distance) for near, distance in neighbours}
    _, cloud_rows = cloud.match(likenesses)
    return NearFaces(
        row=cloud.index(face_id),
        rows=tuple(cloud_rows.tolist()),
        likenesses=tuple(likenesses[cloud.face_ids[near]] for near in cloud_rows.tolist()),
    )


def _card(dataset_id: str, faces: Faces, predictions: FacePredictions, cloud_row: int, row: int) -> FaceCard:
    name = words.display_name(faces.table.person(row))
    crop = gallery.crop_address(dataset_id, faces.table.crop_ids[row])
    return FaceCard(cloud_row, crop, _("Face of {name}", name=name), tuple(_face_lines(faces, predictions, row)))


@kept.cache_resource(show_spinner=False, max_entries=4)
def load_face_predictions(dataset_id: str, revision: Revision, run_id: str | None) -> FacePredictions:
    """What a run said of the faces of a dataset; nothing of any without a run."""
    faces, predictions = data.dataset_faces(dataset_id, revision), data.run_predictions(run_id) if run_id else None
    known = FacePredictions.of(faces, predictions)
    if run_id is None or predictions is None:
        return known
    indices, rows = faces.table.match(predictions.face_ids)
    known.sureness[rows] = tested_face.rate_tested_faces(run_id, predictions)[indices]
    return known


@dataclass(frozen=True, slots=True, eq=False)
class FacePredictions:
    """What the newest run said of every face of the dataset, row by row."""

    predicted: Ints
    """(n,) indices in ``people``, or -1 for a face that was not tested"""
    wrong: Ints
    """(n,) 1 wrong, 0 right, -1 not tested"""
    sureness: Ints
    """(n,) the ``Sureness`` of the predicted name, or -1 for a face that was not tested or is not rated yet"""
    people: tuple[str, ...]

    @classmethod
    def of(cls, faces: Faces, predictions: Predictions | None) -> FacePredictions:
        """Lay what a run said of the faces that it tested beside all faces of the dataset."""
        n = len(faces.table)
        predicted, wrong, sureness = np.full(n, -1), np.full(n, -1), np.full(n, -1)
        if predictions is None:
            return cls(predicted, wrong, sureness, ())
        # A run never changes, the dataset does: faces that the run tested may be gone, others came since.
        indices, rows = faces.table.match(predictions.face_ids)
        predicted[rows], wrong[rows] = predictions.given[indices], predictions.wrong[indices]
        return cls(predicted, wrong, sureness, predictions.people)


def _face_lines(faces: Faces, predictions: FacePredictions, row: int) -> list[str]:
    """What is said of a face that is pointed at: name, photo, prediction."""
    lines = [words.display_name(faces.table.person(row)), photo_name(faces, row)]
    return [*lines, _prediction_text(predictions, row)] if predictions.predicted[row] >= 0 else lines


def photo_name(faces: Faces, row: int, longest: int = 40) -> str:
    """The file name of a face's photo, without its folders."""
    name = faces.table.photo_names[row].rpartition("/")[2]
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def _prediction_text(predictions: FacePredictions, row: int) -> str:
    """What the run said of a tested face."""
    predicted = words.display_name(predictions.people[predictions.predicted[row]])
    word = bar.sureness_word(Sureness(predictions.sureness[row]))
    if predictions.wrong[row]:
        return _("✗ taken for {name}, {word}", name=predicted, word=word)
    return _("✓ recognised, {word}", word=word)


@dataclass(frozen=True, slots=True, eq=False)
class _Colouring:
    """Who is whom on the map, where colours tell people or groups of faces apart."""

    labels: Ints
    """(n_faces,) indices into ``names``, or -1"""
    names: list[str]
    coloured: Ints
    """Those who have a colour, the most important first."""
    other_names: tuple[str, str]
    """What those are called who have no colour, and those without a name."""


def _choose_colouring(
    faces: Faces, predictions: FacePredictions, rows: Ints, view: MapView
) -> tuple[_Colouring | None, str]:
    """Who is whom, where colours tell that, and what the map shows in a sentence."""
    if view.colour == CLUSTER:
        clusters = _load_clusters(faces.dataset_id, faces.revision, view.grouped_at)
        return _cluster_colouring(faces, clusters), _cluster_summary(clusters)
    summary = _map_summary(faces, predictions, rows, view.colour, view.people)
    if view.colour in (PERSON, PREDICTION):
        return _person_colouring(faces, predictions, view.colour, view.people), summary
    return None, summary


def _person_colouring(
    faces: Faces, predictions: FacePredictions, colour: str, people_sought: tuple[str, ...]
) -> _Colouring:
    people, labels, other_names = faces.table.people, faces.table.labels, (_("everyone else"), _("no name"))
    if colour == PREDICTION:
        # The run numbers the people whom it learned, the dataset those whom it has now: a person may have been renamed
        # or be gone. The -1 of a face that was not tested is, as an index, the last: there stands a -1 again.
        index_of = {name: index for index, name in enumerate(people)}
        known = np.array([index_of.get(name, -1) for name in predictions.people] + [-1])
        labels, other_names = known[predictions.predicted], (_("given another name"), _("not tested"))
    # Whoever is looked for has a colour of their own; all others step back.
    order = map_groups.order_by_size(labels, len(people))
    coloured = order[np.isin(order, _sought_people(faces, people_sought))] if people_sought else order
    return _Colouring(labels, [words.display_name(name) for name in people], coloured, other_names)


def _cluster_colouring(faces: Faces, clusters: FaceGroups | None) -> _Colouring:
    """The groups, numbered as on the page of groups."""
    # The group with the most clear faces has the first number.
    labels, n_groups = np.full(len(faces.table), -1), 0
    if clusters is not None:
        labels[faces.table.indices(clusters.face_ids)] = clusters.labels
        n_groups = len(clusters)
    names = [_("group {which}", which=number) for number in range(1, n_groups + 1)]
    return _Colouring(labels, names, np.arange(n_groups), (_("other groups"), _("in no group")))


def _plane_points(view: MapView, faces: Faces) -> tuple[Floats, Ints]:
    """Where everybody lies on the map by which looks are chosen, and the rows of the faces that are on it."""
    # On all maps of a dataset people keep their colours, which are chosen on the plane that is seen most.
    face_map = data.face_map(faces.dataset_id, faces.revision, view.plane_id, 2)
    map_rows, rows = faces.table.match(face_map.face_ids)
    return face_map.points[map_rows], rows


def _other_groups(faces: Faces, predictions: FacePredictions, rows: Ints, colour: str) -> list[PointGroup]:
    if colour == SPLIT:
        return map_groups.group_splits(faces.table, rows)
    if colour == CORRECT:
        return map_groups.group_correct(predictions.wrong[rows])
    if colour == QUALITY:
        return map_groups.group_steps(faces.table.grades[rows], _("unknown"))
    if colour == CONFIDENCE:
        return map_groups.group_sureness(predictions.sureness[rows])
    return map_groups.group_dates(faces.table.taken[rows])


def _sought_people(faces: Faces, people_sought: tuple[str, ...]) -> Ints:
    """The labels of those who are looked for."""
    return np.array([label for label, name in enumerate(faces.table.people) if name in people_sought], dtype=np.int64)


@kept.cache_resource(show_spinner=False, max_entries=3)
def _load_clusters(dataset_id: str, revision: Revision, grouped_at: float) -> FaceGroups | None:
    """The newest groups that are stored, at the default threshold."""
    # Grouping changes no face, so it raises no revision: ``grouped_at`` is there to tell this from earlier groups.
    services, faces = data.services(), data.dataset_faces(dataset_id, revision)
    dataset = services.store.dataset(dataset_id)
    stored = [hierarchy.load_hierarchy(services.artifacts, dataset, everyone) for everyone in (False, True)]
    newest = max((tree for tree in stored if tree is not None), key=lambda tree: tree.created, default=None)
    if newest is None:
        return None
    apart_pairs = services.log.pairs_kept_apart(dataset_id)
    return cluster.open_clustering(newest, faces.table, faces.embeddings, apart_pairs).cut()


def _cluster_summary(clusters: FaceGroups | None) -> str:
    if clusters is None or not len(clusters):
        return _("No two faces are so alike that they are a group")
    return ngettext(
        "{number} group of {faces}, {alone} in none",
        "{number} groups of {faces}, {alone} in none",
        len(clusters),
        faces=ngettext("{number} face", "{number} faces", len(clusters.face_ids)),
        alone=words.count(clusters.alone),
    )


def _spotlight(groups: list[PointGroup], faces: Faces, rows: Ints, people_sought: tuple[str, ...]) -> list[PointGroup]:
    """When people are looked for, everybody else steps back; of each group only their faces stay in front."""
    if not people_sought:
        return groups
    is_sought = np.isin(faces.table.labels[rows], _sought_people(faces, people_sought))
    front = [PointGroup(group.name, group.rows[is_sought[group.rows]], group.colour, group.symbol) for group in groups]
    behind = PointGroup(_("everyone else"), np.flatnonzero(~is_sought), GREY, faded=True)
    return [group for group in (behind, *front) if len(group.rows)]


def _map_summary(
    faces: Faces, predictions: FacePredictions, rows: Ints, colour: str, people_sought: tuple[str, ...]
) -> str:
    """Say in one sentence what the chart shows: its title, and its text for those who do not see it."""
    table = faces.table
    labels = table.labels[rows]
    has_name = labels >= 0
    n_people = len(np.unique(labels[has_name]))
    n_rated = int((predictions.predicted[rows] >= 0).sum())
    if people_sought:
        n_sought = int(np.isin(labels, _sought_people(faces, people_sought)).sum())
        names = _list_names(people_sought)
        return ngettext("{number} face of {names}", "{number} faces of {names}", n_sought, names=names)
    if colour == CORRECT:
        tested, wrong = int((predictions.wrong[rows] >= 0).sum()), int((predictions.wrong[rows] == 1).sum())
        return _summarise_errors(tested, wrong)
    if colour == QUALITY:
        n_poor = int((~table.trusted[rows]).sum())
        return ngettext("{number} face of poor quality", "{number} faces of poor quality", n_poor)
    if colour == CONFIDENCE:
        return ngettext(
            "How sure the recogniser was of {number} tested face",
            "How sure the recogniser was of {number} tested faces",
            n_rated,
        )
    if colour == DATE:
        n_dated = int((~np.isnan(table.taken[rows])).sum())
        return ngettext("{number} face with a date", "{number} faces with a date", n_dated)
    if colour == SPLIT:
        n_learned, n_tested = (int(table.is_on(side)[rows].sum()) for side in (Split.TRAIN, Split.VAL))
        return ngettext(
            "{number} face to learn from, {n_tested} to test on",
            "{number} faces to learn from, {n_tested} to test on",
            n_learned,
            n_tested=words.count(n_tested),
        )
    if colour == PREDICTION:
        return ngettext("The names given to {number} tested face", "The names given to {number} tested faces", n_rated)
    return describe_faces_of_people(len(rows), n_people, int((~has_name).sum()))


def _summarise_errors(tested: int, wrong: int) -> str:
    if not wrong:
        return ngettext(
            "None of {number} tested face got a wrong name", "None of {number} tested faces got a wrong name", tested
        )
    return ngettext(
        "{wrong} of {number} tested face got a wrong name",
        "{wrong} of {number} tested faces got a wrong name",
        tested,
        wrong=words.count(wrong),
    )


def describe_faces_of_people(n_faces: int, n_people: int, n_nameless: int) -> str:
    """How many faces of how many people, and how many without a name: "34 faces of 3 people"."""
    if not n_people:
        return ngettext("{number} face without a name", "{number} faces without a name", n_faces)
    people = words.format_people_count(n_people)
    if not n_nameless:
        return ngettext("{number} face of {people}", "{number} faces of {people}", n_faces, people=people)
    return ngettext(
        "{number} face of {people}, {nameless} without a name",
        "{number} faces of {people}, {nameless} without a name",
        n_faces,
        people=people,
        nameless=words.count(n_nameless),
    )


def _list_names(names: tuple[str, ...], most: int = 4) -> str:
    listed = ", ".join(words.display_name(name) for name in names[:most])
    if len(names) <= most:
        return listed
    return ngettext("{names} and {number} more", "{names} and {number} more", len(names) - most, names=listed)
